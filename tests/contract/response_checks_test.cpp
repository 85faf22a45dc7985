// The finer points of checks of what the mock answered.
#include "bench.h"

namespace lockstep::contract {
namespace {

// Whether the check passes on this answer to the first request, others following.
bool verdict(const std::string& answer, std::string_view action, const std::string& params = "{}") {
  Bench bench;
  bench.script(200, answer);
  bench.v1({event_of(1)});
  bench.v1({event_of(2)});
  return !bench.run(action, params);
}

TEST(ContractResponseChecks, NeedABodyThatWasAskedFor) {
  const std::pair<const char*, const char*> checks[] = {
      {"assert_v1_error_response_format", "{}"},
      {"assert_v1_error_tag", "{expected: Server error}"},
      {"assert_v1_per_event_result", "{uuid: u, expected_result: ok}"},
      {"assert_v1_all_events_result", "{expected_result: ok}"},
      {"assert_v1_response_has_results_map", "{}"},
      {"assert_v1_response_results_count", "{expected: 0}"},
  };
  for (const auto& [action, params] : checks) {
    Bench filled_in;
    filled_in.post("/i/v1/analytics/events", "{");  // {"results":{}}
    EXPECT_TRUE(fails(filled_in, action, params, "", "an answer without a JSON body"));
    Bench server_error;
    server_error.script(503);
    server_error.batch({event_of(1)});  // {"error":"Server error"}
    EXPECT_TRUE(fails(server_error, action, params));
    for (const char* answer : {"not JSON", "[]", "7", "null"}) {
      EXPECT_FALSE(verdict(answer, action, params)) << action << " " << answer;
    }
  }
}

TEST(ContractResponseChecks, AnErrorHasThreeTexts) {
  const char* action = "assert_v1_error_response_format";
  EXPECT_TRUE(verdict(R"({"error":"","error_description":"","error_uri":""})", action));
  EXPECT_FALSE(verdict(R"({"error":"a","error_description":"b"})", action));
  EXPECT_FALSE(verdict(R"({"error":"a","error_description":"b","error_uri":null})", action));
  EXPECT_TRUE(verdict(R"({"error":"a"})", "assert_v1_error_tag", "{expected: a}"));
  EXPECT_FALSE(verdict(R"({"error":"b"})", "assert_v1_error_tag", "{expected: a}"));
  EXPECT_FALSE(verdict(R"({})", "assert_v1_error_tag", "{expected: a}"));
}

TEST(ContractResponseChecks, AResultHasDetailsWhereTheyAreAskedFor) {
  const char* action = "assert_v1_per_event_result";
  const char* answer = R"({"results":{"u":{"result":"drop","details":"d"},"v":"ok"}})";
  EXPECT_TRUE(verdict(answer, action, "{uuid: u, expected_result: drop}"));
  EXPECT_TRUE(verdict(answer, action, "{uuid: u, expected_result: drop, expected_details: d}"));
  EXPECT_FALSE(verdict(answer, action, "{uuid: u, expected_result: drop, expected_details: e}"));
  EXPECT_FALSE(verdict(answer, action, "{uuid: u, expected_result: ok, expected_details: d}"));
  EXPECT_FALSE(verdict(answer, action, "{uuid: v, expected_result: ok}"));
  EXPECT_FALSE(verdict(answer, action, "{uuid: w, expected_result: ok}"));
}

TEST(ContractResponseChecks, AllResultsMayBeInEitherForm) {
  const char* action = "assert_v1_all_events_result";
  const std::string params = "{expected_result: ok}";
  EXPECT_TRUE(verdict(R"({"results":{"u":{"result":"ok"},"v":"ok"}})", action, params));
  EXPECT_TRUE(verdict(R"({"results":{}})", action, params));
  EXPECT_FALSE(verdict(R"({"results":{"u":{"result":"ok"},"v":{}}})", action, params));
  EXPECT_FALSE(verdict(R"({"results":{"u":"drop"}})", action, params));
  EXPECT_FALSE(verdict(R"({"results":["ok"]})", action, params));
}

TEST(ContractResponseChecks, ResultsAreAMapAndAreCounted) {
  EXPECT_TRUE(verdict(R"({"results":{}})", "assert_v1_response_has_results_map"));
  EXPECT_FALSE(verdict(R"({"results":null})", "assert_v1_response_has_results_map"));
  EXPECT_FALSE(verdict(R"({"results":[]})", "assert_v1_response_has_results_map"));
  const char* count = "assert_v1_response_results_count";
  EXPECT_TRUE(verdict(R"({"results":{"u":1,"v":2}})", count, "{expected: 2}"));
  EXPECT_TRUE(verdict(R"({"results":[1,2]})", count, "{expected: 2}"));
  EXPECT_TRUE(verdict(R"({})", count, "{expected: 0}"));
  EXPECT_FALSE(verdict(R"({"results":null})", count, "{expected: 0}"));
  EXPECT_FALSE(verdict(R"({"results":7})", count, "{expected: 7}"));
}

TEST(ContractResponseChecks, HeadersOfTheFirstAnswerCount) {
  Bench bench;
  bench.script(429, "{}", {{"retry-after", "3"}});
  bench.v1({event_of(1)});
  bench.v1({event_of(2)});
  EXPECT_TRUE(passes(bench, "assert_v1_retry_after_present"));
  EXPECT_TRUE(
      fails(bench, "assert_v1_retry_after_absent", "{}", "no Retry-After", "Retry-After: 3"));
  EXPECT_TRUE(passes(bench, "assert_v1_response_status", "{expected: 429}"));
  EXPECT_TRUE(
      fails(bench, "assert_v1_response_status", "{expected: 200}", "the status to be 200", "429"));
  EXPECT_TRUE(passes(bench, "assert_v1_response_echoes_request_id"));
  Bench empty;
  empty.script(429, "{}", {{"Retry-After", ""}});
  empty.v1({event_of(1)});
  EXPECT_TRUE(passes(empty, "assert_v1_retry_after_absent"));
  EXPECT_TRUE(fails(empty, "assert_v1_retry_after_present"));
}

TEST(ContractResponseChecks, AnIdIsRecordedAsEchoedEvenToABodyThatCannotBeRead) {
  Bench bench;
  const auto answer = bench.post("/i/v1/analytics/events", "{", {{"PostHog-Request-Id", "a"}});
  EXPECT_FALSE(answer.headers.has("PostHog-Request-Id"));
  EXPECT_TRUE(passes(bench, "assert_v1_response_echoes_request_id"));
  Bench scripted;
  scripted.script(200, "", {{"PostHog-Request-Id", "b"}});
  scripted.post("/i/v1/analytics/events", "{", {{"PostHog-Request-Id", "a"}});
  EXPECT_TRUE(fails(scripted, "assert_v1_response_echoes_request_id", "{}",
                    "PostHog-Request-Id: a in the answer", "PostHog-Request-Id: b"));
}

TEST(ContractResponseChecks, AnIdThatWasNotSentCannotBeEchoed) {
  Bench bench;
  bench.batch({event_of(1)});
  EXPECT_TRUE(fails(bench, "assert_v1_response_echoes_request_id", "{}",
                    "PostHog-Request-Id in the request", "none"));
  Bench not_echoed;
  not_echoed.batch({event_of(1)}, {{"PostHog-Request-Id", "a"}});
  EXPECT_TRUE(fails(not_echoed, "assert_v1_response_echoes_request_id", "{}",
                    "PostHog-Request-Id: a in the answer", "no PostHog-Request-Id header"));
}

}  // namespace
}  // namespace lockstep::contract
