// What is sent to the adapter, what the mock server is told, and how time passes.
#include <nlohmann/json.hpp>

#include "bench.h"

namespace lockstep::contract {
namespace {

using nlohmann::json;

// The one call that the step makes.
Call called(std::string_view action, const std::string& params = "{}") {
  Bench bench;
  EXPECT_TRUE(passes(bench, action, params));
  EXPECT_EQ(bench.stage.calls.size(), 1u);
  return bench.stage.calls.empty() ? Call{} : bench.stage.calls[0];
}

TEST(ContractDeeds, InitSendsKeyAndHostAndOnlyWhatIsSet) {
  const Call bare = called("init");
  EXPECT_EQ(bare.method + " " + bare.path, "POST /init");
  EXPECT_EQ(*bare.body, R"({"api_key":"phc_test_key","host":"http://mock.test"})");
  EXPECT_EQ(*called("init", "{host: 'http://other', api_key: k, max_retries: 0}").body,
            R"({"api_key":"k","host":"http://other","max_retries":0})");
  EXPECT_EQ(*called("init",
                    "{flush_at: 1, flush_interval_ms: 2, max_retries: 3, "
                    "enable_compression: true, disable_geoip: false, "
                    "historical_migration: true}")
                 .body,
            R"({"api_key":"phc_test_key","host":"http://mock.test","flush_at":1,)"
            R"("flush_interval_ms":2,"max_retries":3,"enable_compression":true,)"
            R"("disable_geoip":false,"historical_migration":true})");
}

TEST(ContractDeeds, CaptureAlwaysHasPropertiesAndTimestamp) {
  const Call bare = called("capture", "{distinct_id: ann, event: a}");
  EXPECT_EQ(bare.method + " " + bare.path, "POST /capture");
  EXPECT_EQ(*bare.body, R"({"distinct_id":"ann","event":"a","properties":null,"timestamp":null})");
  EXPECT_EQ(*called("capture",
                    "{distinct_id: ann, event: a, timestamp: '2025', "
                    "properties: {z: [1, {y: null}], a: 1.5}, options: {b: true}}")
                 .body,
            R"({"distinct_id":"ann","event":"a","properties":{"z":[1,{"y":null}],"a":1.5},)"
            R"("timestamp":"2025","options":{"b":true}})");
}

TEST(ContractDeeds, CaptureAiMayHaveAUuidAndKeepsItsResult) {
  Bench bench;
  bench.stage.answers = {{200, R"({"success":true,"uuid":"u"})", ""}};
  EXPECT_TRUE(passes(bench, "capture_ai", "{distinct_id: ann, event: a, uuid: u}"));
  EXPECT_EQ(bench.stage.calls[0].path, "/capture_ai");
  EXPECT_EQ(*bench.stage.calls[0].body,
            R"({"distinct_id":"ann","event":"a","properties":null,"timestamp":null,"uuid":"u"})");
  EXPECT_EQ(bench.context.result(), json::parse(R"({"success":true,"uuid":"u"})"));
}

TEST(ContractDeeds, CaptureMultipleCountsInTheTextsAtTheTop) {
  Bench bench;
  EXPECT_TRUE(passes(bench, "capture_multiple",
                     "{count: 2, params: {distinct_id: 'u{index}', event: '{{e}}', "
                     "timestamp: '{index}', properties: {p: 'u{index}'}}}"));
  ASSERT_EQ(bench.stage.calls.size(), 2u);
  EXPECT_EQ(bench.stage.calls[1].path, "/capture");
  EXPECT_EQ(*bench.stage.calls[1].body,
            R"({"distinct_id":"u1","event":"{e}","properties":{"p":"u{index}"},"timestamp":"1"})");
  EXPECT_EQ(json::parse(*bench.stage.calls[0].body)["distinct_id"], "u0");
}

TEST(ContractDeeds, CaptureMultipleStopsAtTheFirstFailure) {
  Bench bench;
  bench.stage.answers = {{200, "{}", ""}, {500, "{}", ""}};
  EXPECT_TRUE(fails(bench, "capture_multiple", "{count: 4, params: {distinct_id: u, event: e}}"));
  EXPECT_EQ(bench.stage.calls.size(), 2u);
}

TEST(ContractDeeds, CaptureMultipleOfNoneCallsNothing) {
  Bench bench;
  EXPECT_TRUE(passes(bench, "capture_multiple", "{count: 0, params: {distinct_id: u, event: e}}"));
  EXPECT_TRUE(bench.stage.calls.empty());
}

TEST(ContractDeeds, AmountsThatNobodyMeansAreMistakesInTheFile) {
  const std::string event = ", params: {distinct_id: u, event: e}}";
  for (const char* count : {"-1", "1000001"}) {
    EXPECT_EQ(complaint("capture_multiple", std::string("{count: ") + count + event),
              std::string("step.yaml:1:9: found the number ") + count +
                  "; expected a whole number from 0 to 1000000 as \"count\" of action "
                  "\"capture_multiple\"");
  }
  EXPECT_NE(complaint("wait", "{duration_ms: -5}"), "");
}

TEST(ContractDeeds, AWrongPlaceholderIsAMistakeInTheFile) {
  EXPECT_EQ(complaint("capture_multiple", "{count: 1, params: {distinct_id: 'u{i}', event: e}}"),
            "step.yaml:1:34: found the placeholder \"{i}\"; expected {index}, and \"{{\" and "
            "\"}}\" for braces, in \"distinct_id\"");
  EXPECT_EQ(complaint("capture_multiple",
                      "{count: 1, params: {distinct_id: u, event: e, properties: {p: '{i}'}}}"),
            "");
}

TEST(ContractDeeds, GetFeatureFlagSendsWhatIsSetAndKeepsItsResult) {
  Bench bench;
  bench.stage.answers = {{200, R"({"success":true,"value":"b"})", ""}};
  EXPECT_TRUE(passes(bench, "get_feature_flag", "{key: k, distinct_id: ann}"));
  EXPECT_EQ(bench.stage.calls[0].method + " " + bench.stage.calls[0].path,
            "POST /get_feature_flag");
  EXPECT_EQ(*bench.stage.calls[0].body, R"({"key":"k","distinct_id":"ann"})");
  EXPECT_EQ(bench.context.result()["value"], "b");
  EXPECT_EQ(*called("get_feature_flag",
                    "{key: k, distinct_id: ann, person_properties: {a: 1}, groups: {}, "
                    "group_properties: {g: {b: 2}}, disable_geoip: true, force_remote: false}")
                 .body,
            R"({"key":"k","distinct_id":"ann","person_properties":{"a":1},"groups":{},)"
            R"("group_properties":{"g":{"b":2}},"disable_geoip":true,"force_remote":false})");
}

TEST(ContractDeeds, FlushAndResetHaveNoBody) {
  const Call flush = called("flush");
  EXPECT_EQ(flush.method + " " + flush.path, "POST /flush");
  EXPECT_EQ(flush.body, std::nullopt);
  const Call reset = called("reset");
  EXPECT_EQ(reset.method + " " + reset.path, "POST /reset");
  EXPECT_EQ(reset.body, std::nullopt);
}

TEST(ContractDeeds, ResetEmptiesTheMockBeforeTheAdapterIsTold) {
  Bench bench;
  bench.stage.answers = {{200, R"({"value":1})", ""}};
  EXPECT_TRUE(passes(bench, "get_feature_flag", "{key: k, distinct_id: ann}"));
  bench.batch({event_of(1)});
  bench.script(503);
  // What the SDK still sends while it resets stays.
  bench.stage.on_call = [&](const Call& call) {
    EXPECT_EQ(call.path, "/reset");
    EXPECT_TRUE(bench.context.requests().empty());
    bench.batch({event_of(2)});
  };
  EXPECT_TRUE(passes(bench, "reset"));
  ASSERT_EQ(bench.context.requests().size(), 1u);
  EXPECT_EQ(bench.context.requests()[0].entry.status, 200) << "the queue was forgotten too";
  EXPECT_TRUE(bench.context.result().is_null());
}

TEST(ContractDeeds, ConfiguredAnswersReplaceThoseStillQueued) {
  Bench bench;
  bench.post("/batch", "{}", {{"X-Test-Id", "another"}});
  EXPECT_TRUE(passes(bench, "configure_mock_responses",
                     "{responses: [{status_code: 500}, {status_code: 501}]}"));
  EXPECT_TRUE(passes(bench, "configure_mock_responses",
                     "{responses: [{status_code: 429, headers: {Retry-After: '3'}, "
                     "body: '{\"a\": 1}'}, {}]}"));
  const auto answer = bench.post("/batch", "{}");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.headers.get("Retry-After"), "3");
  EXPECT_EQ(answer.body, "{\"a\": 1}");
  EXPECT_EQ(bench.post("/batch", "{}").status, 200);
  EXPECT_TRUE(passes(bench, "configure_mock_responses", "{responses: [{status_code: 500}]}"));
  EXPECT_TRUE(passes(bench, "configure_mock_responses", "{responses: []}"));
  EXPECT_EQ(bench.post("/batch", "{}").status, 200);
}

TEST(ContractDeeds, AnAnswerThatTheMockDoesNotTakeIsAMistakeInTheFile) {
  const auto place = [](const std::string& params) {
    return complaint("configure_mock_responses", params).substr(0, 15);
  };
  EXPECT_EQ(place("{responses: [{}, {status_code: ok}]}"), "step.yaml:1:32:");
  EXPECT_EQ(place("{responses: [{}, {status_code: 99}]}"), "step.yaml:1:18:") << "the answer";
  EXPECT_EQ(place("{responses: [{v1_event_results: [ok, {details: x}]}]}"), "step.yaml:1:38:");
  EXPECT_EQ(place("{responses: [{v1_event_results: [ok, retry, {result: drop, details: x}]}]}"),
            "");
}

TEST(ContractDeeds, WaitLetsTimePass) {
  Bench bench;
  const Instant start = bench.stage.now().at;
  EXPECT_TRUE(passes(bench, "wait", "{duration_ms: 1500}"));
  EXPECT_EQ(bench.stage.now().at - start, std::chrono::milliseconds{1500});
  EXPECT_TRUE(passes(bench, "wait", "{duration_ms: 9223372036854775807}"));
  EXPECT_GT(bench.stage.now().at, start + std::chrono::hours{24 * 365});
}

TEST(ContractDeeds, ParametersOfAWrongTypeAreMistakesInTheFile) {
  const std::pair<const char*, const char*> wrong[] = {
      {"init", "{flush_at: '1'}"},
      {"init", "{enable_compression: 1}"},
      {"init", "{nonsense: 1}"},
      {"capture", "{event: a}"},
      {"capture", "{distinct_id: 1, event: a}"},
      {"capture", "{distinct_id: ann, event: a, uuid: u}"},
      {"capture", "{distinct_id: ann, event: a, properties: []}"},
      {"capture_multiple", "{count: 1}"},
      {"capture_multiple", "{count: 1, params: {event: e}}"},
      {"get_feature_flag", "{key: k}"},
      {"flush", "{a: 1}"},
      {"configure_mock_responses", "{}"},
      {"wait", "{duration_ms: soon}"},
  };
  for (const auto& [action, params] : wrong) {
    EXPECT_NE(complaint(action, params), "") << action << " " << params;
  }
}

}  // namespace
}  // namespace lockstep::contract
