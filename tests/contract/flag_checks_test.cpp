// The finer points of checks of requests to /flags, and of what calls came back with.
#include "bench.h"

namespace lockstep::contract {
namespace {

TEST(ContractFlagChecks, ARequestToFlagsIsOneWithFlagsInItsPath) {
  Bench bench;
  bench.batch({event_of(1)});
  bench.post("/flags/?v=2", R"({"a":1})");
  bench.post("/flags", R"({"a":2})");
  EXPECT_TRUE(passes(bench, "assert_flags_request_count", "{expected: 2}"));
  EXPECT_TRUE(fails(bench, "assert_flags_request_count", "{expected: 0}",
                    "the number of requests to /flags to be 0", "2"));
  EXPECT_TRUE(passes(bench, "assert_flags_request_field", "{field: a, expected: 1}"));
}

TEST(ContractFlagChecks, AFieldIsReachedThroughDots) {
  Bench bench;
  bench.post("/flags?v=2",
             R"({"person_properties":{"$device_id":"d","a.b":1},"groups":{},"list":[{"x":1}],)"
             R"("nothing":null,"":{"":5}})");
  const char* action = "assert_flags_request_field";
  EXPECT_TRUE(passes(bench, action, "{field: person_properties.$device_id, expected: d}"));
  EXPECT_TRUE(passes(bench, action, "{field: groups, expected: {}}"));
  EXPECT_TRUE(passes(bench, action, "{field: nothing, expected: null}"));
  EXPECT_TRUE(passes(bench, action, "{field: '.', expected: 5}"));
  EXPECT_TRUE(
      fails(bench, action, "{field: person_properties.a.b, expected: 1}", "", "no \"a\" in"));
  EXPECT_TRUE(fails(bench, action, "{field: missing, expected: null}", "", "no \"missing\" in"));
  EXPECT_TRUE(fails(bench, action, "{field: list.0.x, expected: 1}", "", "around 0"));
  EXPECT_TRUE(fails(bench, action, "{field: nothing.x, expected: null}", "", "null around x"));
  EXPECT_TRUE(fails(bench, action, "{field: groups, expected: {a: 1}}",
                    "\"groups\" of the request to /flags to be {\"a\":1}", "{}"));
}

TEST(ContractFlagChecks, ATokenMayBeCalledApiKeyButOnlyAtTheBeginning) {
  const char* action = "assert_flags_request_field";
  Bench bench;
  bench.post("/flags?v=2", R"({"api_key":"k","a":{"api_key":"k"}})");
  EXPECT_TRUE(passes(bench, action, "{field: token, expected: k}"));
  EXPECT_TRUE(fails(bench, action, "{field: a.token, expected: k}"));
  Bench both;
  both.post("/flags?v=2", R"({"api_key":"k","token":"t"})");
  EXPECT_TRUE(passes(both, action, "{field: token, expected: t}"));
  Bench neither;
  neither.post("/flags?v=2", "{}");
  EXPECT_TRUE(fails(neither, action, "{field: token, expected: null}"));
  for (const char* body : {"", "{", "[]", "7"}) {
    Bench odd;
    odd.post("/flags?v=2", body);
    EXPECT_TRUE(fails(odd, action, "{field: token, expected: k}")) << body;
  }
}

TEST(ContractFlagChecks, AQueryParameterIsTheFirstOfItsName) {
  Bench bench;
  bench.post("/flags?v=2&v=3&empty=&a%20b=c+d", "{}");
  const char* action = "assert_flags_request_query_param";
  EXPECT_TRUE(passes(bench, action, "{param: v, expected: '2'}"));
  EXPECT_TRUE(
      fails(bench, action, "{param: v, expected: '3'}", "v=3 in a request to /flags", "?v=2&v=3"));
  EXPECT_TRUE(passes(bench, action, "{param: empty, expected: ''}"));
  EXPECT_TRUE(passes(bench, action, "{param: a b, expected: c d}"));
  EXPECT_TRUE(fails(bench, action, "{param: missing, expected: ''}"));
}

// A bench whose last get_feature_flag came back with this.
void answered(Bench& bench, const std::string& answer) {
  bench.stage.answers = {{200, answer, ""}};
  EXPECT_TRUE(passes(bench, "get_feature_flag", "{key: k, distinct_id: ann}"));
}

TEST(ContractFlagChecks, AResultIsThatOfTheLastCallThatHasOne) {
  const char* action = "assert_action_result";
  Bench bench;
  EXPECT_TRUE(passes(bench, action, "{expected: null}")) << "none yet";
  EXPECT_TRUE(fails(bench, action, "{field: value, expected: null}", "", "none in null"));
  answered(bench, R"({"value":true,"more":[1]})");
  bench.stage.answers = {{200, R"({"value":"other"})", ""}};
  EXPECT_TRUE(passes(bench, "capture", "{distinct_id: ann, event: a}"));
  EXPECT_TRUE(passes(bench, "flush"));
  EXPECT_TRUE(passes(bench, action, "{field: value, expected: true}"));
  EXPECT_TRUE(passes(bench, action, "{field: value, expected: 1}"));
  EXPECT_TRUE(passes(bench, action, "{expected: {more: [1], value: true}}"));
  EXPECT_TRUE(fails(bench, action, "{field: value, expected: false}",
                    "\"value\" of the result to be false", "true"));
  EXPECT_TRUE(fails(bench, action, "{field: absent, expected: null}"));
  answered(bench, R"(["value"])");
  EXPECT_TRUE(fails(bench, action, "{field: value, expected: null}"));
  EXPECT_TRUE(passes(bench, action, "{expected: [value]}"));
}

TEST(ContractFlagChecks, AResultsUuidIsThatOfTheFirstEvent) {
  const char* action = "assert_action_result_uuid_matches_event";
  Bench bench;
  EXPECT_TRUE(fails(bench, action, "{}", "\"uuid\" of the result", "none in null"));
  answered(bench, R"({"uuid":"u"})");
  EXPECT_TRUE(fails(bench, action, "{}", "a uuid in the event", "no request"));
  bench.batch({R"({"uuid":"u"})", R"({"uuid":"v"})"});
  bench.batch({R"({"uuid":"v"})"});
  EXPECT_TRUE(passes(bench, action));
  answered(bench, R"({"uuid":"v"})");
  EXPECT_TRUE(fails(bench, action, "{}", "\"uuid\" of the result", "\"v\""));
  Bench empty;
  answered(empty, R"({"uuid":""})");
  empty.batch({R"({"uuid":""})"});
  EXPECT_TRUE(fails(empty, action)) << "an empty uuid is none";
}

TEST(ContractFlagChecks, AnErrorsStatusIsAnyPartOfItsText) {
  const auto verdict = [](const std::string& last_error, const char* params = "{expected: 500}") {
    Bench bench;
    bench.stage.answers = {
        {200,
         R"({"pending_events":0,"total_events_captured":0,"total_events_sent":0,)"
         R"("total_retries":0,"last_error":)" +
             last_error + "}",
         ""}};
    const bool passed = !bench.run("assert_response_status", params);
    EXPECT_EQ(bench.stage.calls.at(0).method + " " + bench.stage.calls.at(0).path, "GET /state");
    EXPECT_EQ(bench.stage.calls.at(0).body, std::nullopt);
    return passed;
  };
  EXPECT_TRUE(verdict("\"500, message\""));
  EXPECT_TRUE(verdict("\"waited 15000ms\""));
  EXPECT_TRUE(verdict("500"));
  EXPECT_FALSE(verdict("\"503\""));
  EXPECT_FALSE(verdict("null"));
  EXPECT_FALSE(verdict("0", "{expected: 0}")) << "zero is no error";
  EXPECT_FALSE(verdict("\"\""));
  Bench bench;
  bench.stage.answers = {{200, R"({"last_error":"500"})", ""}};
  EXPECT_TRUE(fails(bench, "assert_response_status", "{expected: 500}",
                    "\"pending_events\" in the adapter's state"));
}

TEST(ContractFlagChecks, ParametersOfAWrongTypeAreMistakesInTheFile) {
  const std::pair<const char*, const char*> wrong[] = {
      {"assert_flags_request_field", "{field: a}"},
      {"assert_flags_request_query_param", "{param: v, expected: 2}"},
      {"assert_action_result", "{field: a}"},
      {"assert_action_result", "{expected: 1, field: 1}"},
      {"assert_response_status", "{expected: '500'}"},
      {"assert_capture_fails", "{expected: true}"},
  };
  for (const auto& [action, params] : wrong) {
    EXPECT_NE(complaint(action, params), "") << action << " " << params;
  }
}

}  // namespace
}  // namespace lockstep::contract
