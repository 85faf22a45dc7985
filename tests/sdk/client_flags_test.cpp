// Feature flags, asked of the server: values, retries, and the event that says a flag was used.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sdk/json.h"
#include "tests/sdk/client_bench.h"

namespace lockstep {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

// --- calls
// ----------------------------------------------------------------------------------------

TEST(ClientFlags, ARequestSaysEverythingThatIsAskedFor) {
  ClientBench bench([](Options& options) { options.disable_geoip = true; });
  bench.server.then_flags(200, R"({"flags":{"f":{"enabled":true}}})");
  FlagRequest request{"f", "user \"1\""};
  request.groups = {{"company", "acme"}};
  request.person_properties = {{"plan", "pro"}, {"raw", Json{R"({"a":[1]})"}}};
  request.group_properties = {{"company", {{"seats", 7}}}};
  EXPECT_TRUE(bench.client->get_feature_flag(request).enabled());
  ASSERT_EQ(bench.server.flags_seen.size(), 1u);
  const http::Request& sent = bench.server.flags_seen[0].request;
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.url.to_string(), "http://ingest.test/flags?v=2");
  EXPECT_FALSE(sent.headers.has("Authorization"));
  EXPECT_EQ(json::parse(sent.body),
            (json{{"token", "phc_test"},
                  {"distinct_id", "user \"1\""},
                  {"groups", {{"company", "acme"}}},
                  {"person_properties",
                   {{"plan", "pro"}, {"raw", {{"a", {1}}}}, {"distinct_id", "user \"1\""}}},
                  {"group_properties", {{"company", {{"seats", 7}}}}},
                  {"geoip_disable", true},
                  {"flag_keys_to_evaluate", {"f"}}}));
  bench.server.then_flags(200, "{}");
  request.disable_geoip = false;
  request.person_properties.set("distinct_id", "someone else");
  static_cast<void>(bench.client->get_feature_flag(request));
  const json second = json::parse(bench.server.flags_seen[1].request.body);
  EXPECT_EQ(second["geoip_disable"], false);
  EXPECT_EQ(second["person_properties"]["distinct_id"], "someone else");
}

TEST(ClientFlags, GatewayErrorsAreRetriedAfterTheExactBackoff) {
  for (const int status : {502, 504}) {
    ClientBench bench([](Options& options) { options.flags_max_retries = 2; });
    bench.server.then_flags(status, "");
    bench.server.then_flags(status, "");
    bench.server.then_flags(200, R"({"flags":{"f":{"enabled":true,"variant":"b"}}})");
    EXPECT_EQ(bench.client->get_feature_flag({"f", "u"}).value, FlagValue(std::string("b")));
    const auto& seen = bench.server.flags_seen;
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_EQ(seen[1].at - seen[0].at, milliseconds{300} + 2 * kLatency);
    EXPECT_EQ(seen[2].at - seen[1].at, milliseconds{600} + 2 * kLatency);
    EXPECT_EQ(seen[2].request, seen[0].request);
  }
}

TEST(ClientFlags, OtherErrorsAreFinal) {
  for (const int status : {400, 401, 402, 404, 429, 500, 503}) {
    ClientBench bench;
    bench.server.then_flags(status, "");
    const FlagResult result = bench.client->get_feature_flag({"f", "u"});
    EXPECT_EQ(result.error, "status " + std::to_string(status));
    EXPECT_EQ(result.value, std::nullopt);
    EXPECT_EQ(bench.server.flags_seen.size(), 1u) << status;
    EXPECT_EQ(bench.client->stats().total().captured, 0u) << "an error is no answer to report";
  }
}

TEST(ClientFlags, RetriesAreBounded) {
  ClientBench bench;
  for (int i = 0; i < 5; ++i) bench.server.then_flags(502, "");
  EXPECT_EQ(bench.client->get_feature_flag({"f", "u"}).error, "status 502");
  EXPECT_EQ(bench.server.flags_seen.size(), 2u);
}

TEST(ClientFlags, AServerThatNeverAnswersCostsItsTimeoutsAndNoMore) {
  class Silent final : public http::Handler {
   public:
    http::Reply handle(const http::Request&, Now) override {
      ++requests;
      http::Reply reply;
      reply.fault = http::Fault::no_answer;
      return reply;
    }
    int requests = 0;
  } server;
  const auto host = std::make_shared<SimHost>(server);
  Client client(ClientBench::options(), host);
  const FlagResult result = client.get_feature_flag({"f", "u"});
  EXPECT_TRUE(result.error.starts_with("timeout")) << result.error;
  EXPECT_EQ(host->clock().now() - Instant{}, seconds{3} + milliseconds{300} + seconds{3});
  EXPECT_EQ(server.requests, 2);
}

TEST(ClientFlags, AStalledEventDoesNotHoldUpAFlag) {
  ClientBench bench;
  bench.server.then(http::Fault::no_answer);
  for (int i = 0; i < 3; ++i) bench.capture("e");
  bench.server.then_flags(200, R"({"flags":{"f":{"enabled":true}}})");
  EXPECT_TRUE(bench.client->get_feature_flag({"f", "u"}).enabled());
  EXPECT_EQ(bench.now(), 2 * kLatency);
}

TEST(ClientFlags, EmptyRequestsAreRefused) {
  ClientBench bench;
  EXPECT_EQ(bench.client->get_feature_flag({"", "u"}).error, "no flag key");
  EXPECT_EQ(bench.client->get_feature_flag({"f", ""}).error, "no distinct_id");
  EXPECT_TRUE(bench.server.flags_seen.empty());
}

// --- $feature_flag_called
// -------------------------------------------------------------------------

// Asks for a flag that the server answers with `answer`; returns the events captured for it.
std::vector<json> asked(ClientBench& bench, const std::string& answer,
                        const FlagRequest& request = {"f", "u"}) {
  bench.server.then_flags(200, answer);
  static_cast<void>(bench.client->get_feature_flag(request));
  const std::size_t before = bench.server.seen.size();
  static_cast<void>(bench.client->flush());
  std::vector<json> events;
  for (std::size_t i = before; i < bench.server.seen.size(); ++i) {
    const json batch = bench.server.body(i)["batch"];
    events.insert(events.end(), batch.begin(), batch.end());
  }
  return events;
}

constexpr const char* kOn = R"({"flags":{"f":{"enabled":true}}})";
constexpr const char* kOff = R"({"flags":{"f":{"enabled":false}}})";
constexpr const char* kVariantTrue = R"({"flags":{"f":{"enabled":true,"variant":"true"}}})";

TEST(ClientFlags, AnAnswerIsReportedOnce) {
  ClientBench bench;
  const std::vector<json> first = asked(bench, kOn);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0]["event"], "$feature_flag_called");
  EXPECT_EQ(first[0]["distinct_id"], "u");
  EXPECT_EQ(first[0]["properties"]["$feature_flag"], "f");
  EXPECT_EQ(first[0]["properties"]["$feature_flag_response"], true);
  EXPECT_FALSE(first[0]["properties"].contains("$groups"));
  EXPECT_TRUE(asked(bench, kOn).empty());
  EXPECT_EQ(asked(bench, kOff).size(), 1u) << "another answer";
  EXPECT_EQ(asked(bench, kVariantTrue).size(), 1u) << "a variant called true is not `true`";
  EXPECT_EQ(asked(bench, kOn, {"f", "u2"}).size(), 1u) << "another person";
  EXPECT_TRUE(asked(bench, kOff).empty());
}

TEST(ClientFlags, AnAnswerForAGroupNamesTheGroup) {
  ClientBench bench;
  FlagRequest request{"f", "u"};
  request.groups = {{"company", "acme"}};
  const std::vector<json> events = asked(bench, kOn, request);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["properties"]["$groups"], (json{{"company", "acme"}}));
}

TEST(ClientFlags, AMissingFlagIsReportedAsMissing) {
  ClientBench bench;
  const std::vector<json> events = asked(bench, "{}");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["properties"]["$feature_flag_response"], nullptr);
  EXPECT_EQ(events[0]["properties"]["$feature_flag_error"], "flag_missing");
}

TEST(ClientFlags, NoEventIsCapturedWhereNoneIsWanted) {
  ClientBench bench;
  FlagRequest request{"f", "u"};
  request.send_event = false;
  EXPECT_TRUE(asked(bench, kOn, request).empty());
  EXPECT_EQ(asked(bench, kOn).size(), 1u) << "and it does not count as reported";
}

TEST(ClientFlags, AReportThatWasNotAdmittedIsMadeAgain) {
  ClientBench bench;
  bench.client->opt_out();
  EXPECT_TRUE(asked(bench, kOn).empty());
  bench.client->opt_in();
  EXPECT_EQ(asked(bench, kOn).size(), 1u);
}

TEST(ClientFlags, TheCacheForgetsTheAnswerAskedForLongestAgo) {
  ClientBench bench([](Options& options) { options.flag_called_cache_size = 2; });
  EXPECT_EQ(asked(bench, kOn, {"f", "a"}).size(), 1u);
  EXPECT_EQ(asked(bench, kOn, {"f", "b"}).size(), 1u);
  EXPECT_EQ(asked(bench, kOn, {"f", "a"}).size(), 0u);
  EXPECT_EQ(asked(bench, kOn, {"f", "c"}).size(), 1u);
  EXPECT_EQ(asked(bench, kOn, {"f", "a"}).size(), 0u) << "asking kept it fresh";
  EXPECT_EQ(asked(bench, kOn, {"f", "b"}).size(), 1u) << "forgotten";
}

}  // namespace
}  // namespace lockstep
