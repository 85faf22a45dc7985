// Confidence's events service: events, requests, and answers with errors of single events.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sdk/engine/config.h"
#include "tests/sdk/protocol_bench.h"

namespace lockstep {
namespace {

using engine::EventVerdict;
using engine::Verdict;
using nlohmann::json;
using std::chrono::seconds;

constexpr std::string_view kSecret = "client-secret";

Options confidence_options() {
  Options options = protocol_options();
  options.capture = Capture::confidence;
  options.api_key = kSecret;
  return options;
}

std::unique_ptr<Protocol> confidence(const Options& options = confidence_options()) {
  return make_protocol(Capture::confidence, protocol_config(options));
}

json event_json(const Protocol& protocol, const Event& event) {
  JsonWriter out;
  static_cast<void>(protocol.render(
      {event.name, event.distinct_id, nth_uuid(0), kMidnight, event.properties, &event.options},
      out));
  return json::parse(out.text());
}

Event event_of(Properties properties = {}) {
  Event event;
  event.name = "checkout";
  event.distinct_id = "user-1";
  event.properties = std::move(properties);
  return event;
}

engine::Batch batch_of(const Protocol& protocol, std::size_t count) {
  engine::Batch batch;
  for (std::size_t i = 0; i < count; ++i) {
    const Properties none;
    JsonWriter out;
    static_cast<void>(
        protocol.render({"checkout", "user", nth_uuid(i), kMidnight, none, nullptr}, out));
    batch.events.emplace_back(out.text(), nth_uuid(i), Lane::analytics);
    batch.bytes += out.size() + 1;
  }
  return batch;
}

TEST(ConfidenceEvent, IsADefinitionATimeAndAPayload) {
  EXPECT_EQ(event_json(*confidence(), event_of({{"total", 42.5}})),
            json({{"eventDefinition", "eventDefinitions/checkout"},
                  {"eventTime", "2025-01-01T00:00:00.000Z"},
                  {"payload", {{"total", 42.5}, {"context", {{"targeting_key", "user-1"}}}}}}));
}

TEST(ConfidenceEvent, APrefixThatIsThereIsNotDoubled) {
  Event event = event_of();
  event.name = "eventDefinitions/checkout";
  EXPECT_EQ(event_json(*confidence(), event)["eventDefinition"], "eventDefinitions/checkout");
}

TEST(ConfidenceEvent, WhoSaysWhomItIsAboutIsLeftAlone) {
  const json context{{"country", "SE"}};
  EXPECT_EQ(event_json(*confidence(), event_of({{"context", Json{context.dump()}}}))["payload"],
            json({{"context", context}}));
  EXPECT_EQ(event_json(*confidence(), event_of({{"targeting_key", "t"}}))["payload"],
            json({{"targeting_key", "t"}}));
  Event nobodys = event_of();
  nobodys.options.process_person_profile = false;
  EXPECT_EQ(event_json(*confidence(), nobodys)["payload"], json::object());
}

TEST(ConfidenceEvent, HasAnIdOnlyWhereOneIsWanted) {
  EXPECT_EQ(event_json(*confidence(), event_of()).dump().find(nth_uuid(0).to_string()),
            std::string::npos);
  Options options = confidence_options();
  options.event_id_field = "event_id";
  const auto protocol = confidence(options);
  Event event = event_of({{"event_id", "forged"}});
  EXPECT_EQ(rendered(*protocol, event)["payload"]["event_id"], nth_uuid(0).to_string());
}

TEST(ConfidenceEvent, TheRecordKnowsTheIdThatTheWireDoesNot) {
  const engine::Batch batch = batch_of(*confidence(), 3);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(batch.events[i].uuid(), nth_uuid(i));
    EXPECT_TRUE(json::accept(batch.events[i].json())) << "and its JSON ends before it";
  }
}

TEST(ConfidenceRequest, CarriesTheSecretInTheBodyAndTheTimeOfSending) {
  const auto protocol = confidence();
  const auto encoded = [&](WallTime now) {
    return protocol->encode({batch_of(*protocol, 2), nth_uuid(77), {Instant{}, now}});
  };
  const http::Request first = encoded(kMidnight);
  EXPECT_EQ(first.url.to_string(), "https://eu.example.com/v1/events:publish");
  EXPECT_FALSE(first.headers.has("Authorization"));
  json body = json::parse(first.body);
  EXPECT_EQ(body["clientSecret"], kSecret);
  EXPECT_EQ(body["sendTime"], "2025-01-01T00:00:00.000Z");
  EXPECT_EQ(body["sdk"], json({{"customId", "lockstep-cpp"}, {"version", "0.1.0"}}));
  EXPECT_EQ(body["events"].size(), 2u);
  EXPECT_EQ(body.size(), 4u);
  json later = json::parse(encoded(kMidnight + seconds{9}).body);
  EXPECT_EQ(later["sendTime"], "2025-01-01T00:00:09.000Z");
  later.erase("sendTime"), body.erase("sendTime");
  EXPECT_EQ(later, body);
}

TEST(ConfidenceRequest, TheEnvelopeFitsInWhatTheEngineReservesForIt) {
  Options options = confidence_options();
  options.api_key = std::string(Options::kMaxApiKeyLength, '"');
  options.validate();
  const auto protocol = confidence(options);
  const engine::Batch batch = batch_of(*protocol, 3);
  EXPECT_LE(protocol->encode({batch, nth_uuid(0), {Instant{}, WallTime::max()}}).body.size(),
            engine::config_from(options, 1).envelope_bytes + batch.bytes);
  for (const engine::LaneConfig& lane : engine::config_from(options, 1).lanes) {
    EXPECT_EQ(lane.max_batch_bytes, 1u << 20);
    EXPECT_LT(lane.max_event_bytes, 1u << 20);
  }
}

// --- answers ------------------------------------------------------------------------------------

class ConfidenceAnswer : public testing::Test {
 protected:
  Verdict verdict(int status, const std::string& body) {
    return protocol_->interpret(batch_of(*protocol_, 3), response(status, body), kMidnight);
  }

  // The events' ends as letters: delivered, unconfirmed, refused.
  std::string ends(const std::string& body) {
    const Verdict all = verdict(200, body);
    if (all.kind == Verdict::Kind::delivered) return "ddd";
    EXPECT_EQ(all.kind, Verdict::Kind::per_event) << body;
    std::string letters;
    for (const EventVerdict& one : all.events) {
      letters += one.kind == EventVerdict::Kind::delivered     ? 'd'
                 : one.kind == EventVerdict::Kind::unconfirmed ? 'u'
                                                               : 'r';
    }
    return letters;
  }

  std::unique_ptr<Protocol> protocol_ = confidence();
};

TEST_F(ConfidenceAnswer, WithoutErrorsEverythingIsTaken) {
  for (const char* body : {R"({"errors":[]})", "{}", R"({"errors":null})", R"({"other":1})"}) {
    EXPECT_EQ(ends(body), "ddd") << body;
  }
}

TEST_F(ConfidenceAnswer, AnErrorRefusesTheEventOfItsIndexAndNoOther) {
  EXPECT_EQ(ends(R"({"errors":[{"index":1,"reason":"EVENT_DEFINITION_NOT_FOUND"}]})"), "drd");
  EXPECT_EQ(ends(R"({"errors":[{"index":2},{"index":0},{"index":2}]})"), "rdr");
  const Verdict all = verdict(200, R"({"errors":[{"index":1,"reason":
      "EVENT_SCHEMA_VALIDATION_FAILED","message":"total is no number"}]})");
  EXPECT_EQ(all.events[1].reason, DropReason::rejected);
  EXPECT_EQ(all.events[1].detail, "EVENT_SCHEMA_VALIDATION_FAILED: total is no number");
  EXPECT_EQ(all.detail, all.events[1].detail);
  EXPECT_FALSE(all.endpoint_trouble);
}

// The JSON of proto3 leaves out what is 0, and readers of it take numbers as text.
TEST_F(ConfidenceAnswer, AnIndexThatIsLeftOutIsZero) {
  EXPECT_EQ(ends(R"({"errors":[{"reason":"EVENT_DEFINITION_NOT_FOUND"}]})"), "rdd");
  EXPECT_EQ(ends(R"({"errors":[{"index":"2"}]})"), "ddr");
  EXPECT_EQ(verdict(200, R"({"errors":[{}]})").events[0].detail, "REASON_UNSPECIFIED");
  EXPECT_EQ(verdict(200, R"({"errors":[{"reason":2}]})").events[0].detail, "2");
}

TEST_F(ConfidenceAnswer, AnErrorOfNoEventLeavesTheOthersUnconfirmed) {
  for (const char* error : {R"({"index":3})", R"({"index":-1})", R"({"index":1.5})",
                            R"({"index":"x"})", "7", "null", R"({"index":99999999999999999999})"}) {
    EXPECT_EQ(ends(R"({"errors":[)" + std::string(error) + "]}"), "uuu") << error;
  }
  EXPECT_EQ(ends(R"({"errors":[{"index":3},{"index":1}]})"), "uru");
}

TEST_F(ConfidenceAnswer, ErrorsThatAreNoListLeaveAllUnconfirmed) {
  for (const char* errors :
       {R"({"index":0})", R"({"0":{"index":0}})", "{}", R"("oh")", "1", "false"}) {
    EXPECT_EQ(ends(R"({"errors":)" + std::string(errors) + "}"), "uuu") << errors;
  }
}

// A captive portal says 200 too. Nobody confirmed these events, so they are kept.
TEST_F(ConfidenceAnswer, WhatIsNoAnswerOfTheServiceConfirmsNothing) {
  for (const std::string& body :
       {std::string("<html>log in</html>"), std::string(), std::string("[]"), std::string("null"),
        std::string(R"({"errors":)"), std::string(1000, '[')}) {
    const Verdict all = verdict(200, body);
    EXPECT_EQ(all.kind, Verdict::Kind::retry) << body;
    EXPECT_TRUE(all.endpoint_trouble);
  }
}

TEST_F(ConfidenceAnswer, TheStatusDecidesOtherwise) {
  for (const int status : {429, 500, 503}) {
    EXPECT_EQ(verdict(status, "").kind, Verdict::Kind::retry) << status;
  }
  for (const int status : {400, 401, 403, 404, 408}) {
    EXPECT_EQ(verdict(status, "").kind, Verdict::Kind::drop) << status;
    EXPECT_EQ(verdict(status, "").reason, DropReason::rejected) << status;
    EXPECT_FALSE(verdict(status, "").endpoint_trouble) << status;
  }
}

TEST_F(ConfidenceAnswer, TheSecretIsInNoDetail) {
  const std::string echo = "no client " + std::string(kSecret);
  EXPECT_EQ(verdict(401, echo).detail.find(kSecret), std::string::npos);
  EXPECT_EQ(verdict(200, echo).detail.find(kSecret), std::string::npos);
  const Verdict all = verdict(200, R"({"errors":[{"message":")" + echo + R"("}]})");
  EXPECT_EQ(all.events[0].detail.find(kSecret), std::string::npos);
}

}  // namespace
}  // namespace lockstep
