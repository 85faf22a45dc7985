// What an answer means for each event.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "clock/timestamp.h"
#include "sdk/protocol/common.h"
#include "tests/sdk/protocol_bench.h"

namespace lockstep {
namespace {

using engine::EventVerdict;
using engine::Verdict;
using nlohmann::json;
using std::chrono::hours;
using std::chrono::seconds;
using Kind = Verdict::Kind;

std::unique_ptr<Protocol> make(std::string_view name) {
  const ProtocolConfig config = protocol_config(protocol_options());
  if (name == "v0") return make_posthog_v0(config);
  if (name == "v1") return make_posthog_v1(config);
  if (name == "client") return make_posthog_client(config);
  return make_posthog_ai(config);
}

Verdict verdict(std::string_view name, const http::Response& answer, std::size_t events = 2) {
  const auto protocol = make(name);
  return protocol->interpret(make_batch(*protocol, events), answer, kMidnight);
}

TEST(ProtocolAnswers, EachStatusHasItsClass) {
  for (const char* name : {"v0", "v1", "client", "ai"}) {
    for (const int status :
         {400, 401, 402, 403, 404, 405, 415, 422, 100, 301, 302, 304, 307, 308}) {
      const Verdict got = verdict(name, response(status));
      EXPECT_EQ(got.kind, Kind::drop) << name << " " << status;
      EXPECT_EQ(got.reason, DropReason::rejected);
      EXPECT_FALSE(got.endpoint_trouble);
      EXPECT_EQ(got.status, status);
      EXPECT_EQ(got.detail, "status " + std::to_string(status));
    }
    for (const int status : {408, 429, 500, 501, 502, 503, 504, 599}) {
      const Verdict got = verdict(name, response(status));
      EXPECT_EQ(got.kind, Kind::retry) << name << " " << status;
      EXPECT_TRUE(got.endpoint_trouble) << name << " " << status;
    }
    const Verdict large = verdict(name, response(413));
    EXPECT_EQ(large.kind, Kind::too_large);
    EXPECT_FALSE(large.endpoint_trouble);
  }
  for (const char* name : {"v0", "client", "ai"}) {
    for (const int status : {200, 201, 202, 204, 299}) {
      EXPECT_EQ(verdict(name, response(status)).kind, Kind::delivered) << name << " " << status;
    }
  }
}

class Unreadable final : public Protocol {
 public:
  std::string_view name() const noexcept override { return "unreadable"; }
  std::size_t render(const EventView&, JsonWriter&) const override { return kNoUuid; }
  http::Request encode(const BatchContext&) const override { return {}; }
  Verdict interpret(const engine::Batch&, const http::Response&, WallTime) const override {
    throw std::runtime_error("no memory left");
  }
};

TEST(ProtocolAnswers, AnAnswerThatCannotBeInterpretedIsAsGoodAsNone) {
  const Verdict got = interpret_or_retry(Unreadable(), {}, response(200), kMidnight);
  EXPECT_EQ(got.kind, Kind::retry);
  EXPECT_TRUE(got.endpoint_trouble);
  EXPECT_EQ(got.status, 0);
  EXPECT_EQ(got.detail, "malformed: no memory left");
}

TEST(ProtocolAnswers, TheKeyIsBlackedOutOnceWhateverItsMaskSays) {
  EXPECT_EQ(protocol::excerpt("no phc_a, phc_a", "phc_a"), "no [api key], [api key]");
  EXPECT_EQ(protocol::excerpt("no api key here", "api key"), "no [api key] here");
  EXPECT_EQ(protocol::excerpt("[api key]", "[api key]"), "[api key]");
}

TEST(ProtocolAnswers, AKeyOfThreeCharactersIsNoSecret) {
  for (const char* key : {"key", "api", "k", " ", ""}) {
    EXPECT_EQ(protocol::excerpt("bad api key", key), "bad api key") << key;
  }
}

TEST(ProtocolAnswers, NoAnswerIsTroubleOfTheEndpoint) {
  const Verdict got = transport_verdict({http::TransportErrorKind::timeout, "no answer"});
  EXPECT_EQ(got.kind, Kind::retry);
  EXPECT_TRUE(got.endpoint_trouble);
  EXPECT_EQ(got.status, 0);
  EXPECT_EQ(got.detail, "timeout: no answer");
  EXPECT_EQ(transport_verdict({http::TransportErrorKind::reset, ""}).detail, "reset");
}

// --- v0, client, ai
// -------------------------------------------------------------------------------------------

TEST(ProtocolAnswers, ABatchIsGoneWhereTheServerSaysItIsOverItsQuota) {
  for (const char* name : {"v0", "client", "ai"}) {
    const Verdict got = verdict(name, response(200, R"({"status":1,"quota_limited":["events"]})"));
    EXPECT_EQ(got.kind, Kind::drop) << name;
    EXPECT_EQ(got.reason, DropReason::quota_limited);
    EXPECT_EQ(got.status, 200);
    EXPECT_FALSE(got.detail.empty());
  }
}

TEST(ProtocolAnswers, V0IsDeliveredWhateverElseTheBodySays) {
  for (const char* body :
       {"", "1", "null", R"({"status":1})", "quota_limited", R"(["quota_limited"])",
        R"({"quota_limited":null})", R"({"quota_limited":"events"})", R"({"quota_limited":[]})",
        R"({"quota_limited":["recordings"]})", R"({"quota_limited":[1,{},["events"]]})", "{\"quota",
        R"({"note":"quota_limited"})"}) {
    EXPECT_EQ(verdict("v0", response(200, body)).kind, Kind::delivered) << body;
  }
}

// --- v1
// -------------------------------------------------------------------------------------------

json results_of(std::initializer_list<std::pair<std::size_t, json>> entries) {
  json results = json::object();
  for (const auto& [event, entry] : entries) results[nth_uuid(event).to_string()] = entry;
  return {{"results", results}};
}

TEST(ProtocolAnswers, V1ReadsOneResultForEachEvent) {
  const json body =
      results_of({{0, {{"result", "ok"}}},
                  {1, {{"result", "drop"}, {"details", "event_too_big"}}},
                  {2, {{"result", "retry"}, {"details", "not_persisted"}}},
                  {3, {{"result", "warning"}}},
                  {4, {{"result", "limited"}}},
                  {5, {{"result", "from the future"}}},
                  {6, {{"result", "ok"}, {"details", "person_processing_disabled"}}}});
  const Verdict got = verdict("v1", response(200, body.dump()), 8);
  ASSERT_EQ(got.kind, Kind::per_event);
  ASSERT_EQ(got.events.size(), 8u);
  const std::vector<EventVerdict::Kind> kinds{
      EventVerdict::Kind::delivered, EventVerdict::Kind::drop,       EventVerdict::Kind::retry,
      EventVerdict::Kind::delivered, EventVerdict::Kind::delivered,  EventVerdict::Kind::delivered,
      EventVerdict::Kind::delivered, EventVerdict::Kind::unconfirmed};
  for (std::size_t i = 0; i < kinds.size(); ++i) EXPECT_EQ(got.events[i].kind, kinds[i]) << i;
  EXPECT_EQ(got.events[1].reason, DropReason::rejected);
  EXPECT_EQ(got.events[1].detail, "drop: event_too_big");
  EXPECT_EQ(got.events[2].detail, "retry: not_persisted");
  EXPECT_FALSE(got.endpoint_trouble) << "the endpoint lives";
  EXPECT_EQ(got.status, 200);
}

TEST(ProtocolAnswers, V1FindsResultsInAnyOrderAndIgnoresForeignOnes) {
  json body = results_of({{1, {{"result", "drop"}}}, {0, {{"result", "ok"}}}});
  body["results"]["someone else"] = {{"result", "drop"}};
  const Verdict got = verdict("v1", response(200, body.dump()));
  EXPECT_EQ(got.events[0].kind, EventVerdict::Kind::delivered);
  EXPECT_EQ(got.events[1].kind, EventVerdict::Kind::drop);
}

TEST(ProtocolAnswers, V1CallsEventsUnconfirmedThatTheAnswerDoesNotName) {
  for (const std::string& body :
       {std::string(), std::string("not json"), std::string("{"), std::string("[]"),
        std::string("null"), std::string("{}"), std::string(R"({"results":null})"),
        std::string(R"({"results":[]})"), std::string(R"({"results":"ok"})"),
        std::string(R"({"results":{}})"),
        json{{"results", {{nth_uuid(0).to_string(), "ok"}, {nth_uuid(1).to_string(), 1}}}}
            .dump()}) {
    const Verdict got = verdict("v1", response(200, body));
    ASSERT_EQ(got.kind, Kind::per_event) << body;
    ASSERT_EQ(got.events.size(), 2u);
    for (const EventVerdict& one : got.events) {
      EXPECT_EQ(one.kind, EventVerdict::Kind::unconfirmed) << body;
    }
    EXPECT_EQ(got.pause, std::nullopt);
  }
}

TEST(ProtocolAnswers, V1HeedsRetryAfterOnlyWhenSomethingIsToBeRetried) {
  const http::Headers headers{{"Retry-After", "7"}};
  const json fine = results_of({{0, {{"result", "ok"}}}, {1, {{"result", "drop"}}}});
  EXPECT_EQ(verdict("v1", response(200, fine.dump(), headers)).pause, std::nullopt);
  const json partial = results_of({{0, {{"result", "ok"}}}, {1, {{"result", "retry"}}}});
  EXPECT_EQ(verdict("v1", response(200, partial.dump(), headers)).pause, seconds{7});
}

TEST(ProtocolAnswers, ADeepBodyIsJustABody) {
  const std::size_t depth = 500'000;
  const std::string deep = std::string(depth, '[') + std::string(depth, ']');
  for (const std::string& body :
       {deep, std::string(depth, '['), R"({"results":)" + deep + "}",
        R"({"results":{")" + nth_uuid(0).to_string() + R"(":)" + deep + "}}",
        R"({"results":{")" + nth_uuid(0).to_string() + R"(":{"result":)" + deep + "}}}",
        R"({"quota_limited":)" + deep + "}", R"({"quota_limited":[)" + deep + "]}"}) {
    EXPECT_EQ(verdict("v0", response(200, body)).kind, Kind::delivered);
    EXPECT_EQ(verdict("v1", response(200, body)).kind, Kind::per_event);
  }
}

// --- Retry-After
// ----------------------------------------------------------------------------------

std::optional<Duration> wait_of(http::Headers headers) {
  return verdict("v0", response(503, "", std::move(headers))).pause;
}
std::optional<Duration> wait_of(const std::string& value) {
  return wait_of(http::Headers{{"retry-after", value}});
}

TEST(ProtocolAnswers, RetryAfterIsSecondsOrADate) {
  EXPECT_EQ(wait_of("0"), seconds{0});
  EXPECT_EQ(wait_of("120"), seconds{120});
  EXPECT_EQ(wait_of(" 120\t"), seconds{120});
  EXPECT_EQ(wait_of(to_http_date(kMidnight + seconds{90})), seconds{90});
  EXPECT_EQ(wait_of("Wednesday, 01-Jan-25 00:01:30 GMT"), seconds{90});
  EXPECT_EQ(wait_of("Wed Jan  1 00:01:30 2025"), seconds{90});
}

TEST(ProtocolAnswers, ARetryAfterInThePastIsZero) {
  EXPECT_EQ(wait_of(to_http_date(kMidnight - seconds{90})), seconds{0});
  EXPECT_EQ(wait_of("Sun, 06 Nov 1994 08:49:37 GMT"), seconds{0});
}

TEST(ProtocolAnswers, AnAbsurdRetryAfterIsLongAndDoesNotOverflow) {
  EXPECT_EQ(wait_of(std::string(40, '9')), Duration::max());
  EXPECT_EQ(wait_of("18446744073709551615"), Duration::max());
  EXPECT_EQ(wait_of("99999999999"), Duration::max());
  EXPECT_GE(wait_of("Thu, 01 Jan 2250 00:00:00 GMT"), hours{24 * 365});
}

TEST(ProtocolAnswers, ARetryAfterThatCannotBeReadIsNone) {
  for (const char* value : {"", " ", "-1", "1.5", "soon", "0x10", "12 s", "1e3", "+5",
                            "Wed, 01 Jan 2025", "Wed, 32 Jan 2025 00:00:00 GMT"}) {
    EXPECT_EQ(wait_of(value), std::nullopt) << value;
  }
  EXPECT_EQ(wait_of(http::Headers{}), std::nullopt);
}

TEST(ProtocolAnswers, OfTwoRetryAfterTheLongerCounts) {
  EXPECT_EQ(wait_of({{"Retry-After", "5"}, {"RETRY-AFTER", "60"}}), seconds{60});
  EXPECT_EQ(wait_of({{"Retry-After", "60"}, {"Retry-After", "5"}}), seconds{60});
  EXPECT_EQ(wait_of({{"Retry-After", "soon"}, {"Retry-After", "5"}}), seconds{5});
}

// --- what is shown of an answer
// -------------------------------------------------------------------

TEST(ProtocolAnswers, TheApiKeyIsNeverInADetail) {
  const std::string key(kKey);
  for (const std::size_t before : {0, 1, 180, 190, 195, 199, 200, 250}) {
    const std::string body = std::string(before, 'x') + key + key + " denied " + key;
    for (const char* name : {"v0", "v1", "client", "ai"}) {
      for (const int status : {400, 401, 413, 503}) {
        const std::string detail = verdict(name, response(status, body)).detail;
        EXPECT_EQ(detail.find("secret"), std::string::npos) << detail;
        EXPECT_EQ(detail.find("phc_"), std::string::npos) << detail;
      }
    }
    const json results = results_of(
        {{0, {{"result", "drop"}, {"details", body}}}, {1, {{"result", body}, {"details", key}}}});
    const Verdict got = verdict("v1", response(200, results.dump()));
    EXPECT_EQ((got.detail + got.events[0].detail + got.events[1].detail).find("phc_"),
              std::string::npos);
  }
}

TEST(ProtocolAnswers, ADetailIsShortAndOnOneLine) {
  const std::string body = "first\r\nsecond\x1b[31m\n" + std::string(10'000, 'x');
  const std::string detail = verdict("v0", response(400, body)).detail;
  EXPECT_LT(detail.size(), 240u);
  EXPECT_TRUE(detail.starts_with("status 400: first  second")) << detail;
  for (const char c : detail) EXPECT_GE(c, ' ');
}

}  // namespace
}  // namespace lockstep
