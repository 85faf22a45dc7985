// The finer points of checks of several requests together.
#include "bench.h"

namespace lockstep::contract {
namespace {

void two(Bench& bench, const http::Headers& first, const http::Headers& second) {
  bench.post("/batch", "{}", first);
  bench.post("/batch", "{}", second);
}

TEST(ContractRetryChecks, NeedTwoRequests) {
  for (const char* action :
       {"assert_attempt_header_increments", "assert_request_id_preserved_on_retry",
        "assert_request_timestamp_changes_on_retry", "assert_different_request_ids",
        "assert_uuid_preserved_on_retry", "assert_timestamp_preserved_on_retry",
        "assert_partial_batch_retry_pruning"}) {
    Bench bench;
    bench.v1({event_of(1)});
    EXPECT_TRUE(fails(bench, action, "{}", "at least 2 requests", "1 request"));
  }
  Bench bench;
  bench.v1({event_of(1)});
  EXPECT_TRUE(fails(bench, "assert_retry_delay", "{min_delay_ms: 0}", "at least 2 requests"));
}

TEST(ContractRetryChecks, SuccessIsAnyRequestsWithOneOfTheStatuses) {
  Bench bench;
  bench.script(503);
  bench.script(204);
  bench.batch({});
  bench.batch({});
  EXPECT_TRUE(fails(bench, "assert_final_success", "{}", "one of [200]", "[503,204]"));
  EXPECT_TRUE(passes(bench, "assert_final_success", "{success_statuses: [200, 204]}"));
  EXPECT_TRUE(fails(bench, "assert_final_success", "{success_statuses: []}"));
  bench.batch({});
  bench.script(500);
  bench.batch({});
  EXPECT_TRUE(passes(bench, "assert_final_success")) << "not the last: any";
  EXPECT_EQ(complaint("assert_final_success", "{success_statuses: [200, ok]}"),
            "step.yaml:1:26: found the text \"ok\"; expected an HTTP status in "
            "\"success_statuses\"");
}

TEST(ContractRetryChecks, ADelayIsBetweenMillisecondsOfTheFirstTwoArrivals) {
  Bench bench;
  bench.stage.wait(std::chrono::microseconds{900});  // arrives in millisecond 0
  bench.batch({});
  bench.stage.wait(std::chrono::microseconds{99'100});  // in millisecond 100, 99.1 ms later
  bench.batch({});
  bench.stage.wait(std::chrono::seconds{9});
  bench.batch({});
  EXPECT_TRUE(passes(bench, "assert_retry_delay", "{min_delay_ms: 100}"));
  EXPECT_TRUE(fails(bench, "assert_retry_delay", "{min_delay_ms: 101}",
                    "a retry delay of at least 101ms", "100ms"));
  EXPECT_TRUE(passes(bench, "assert_backoff_implemented", "{min_first_delay_ms: 100}"));
  EXPECT_TRUE(fails(bench, "assert_backoff_implemented", "{min_first_delay_ms: 101}",
                    "a first delay of at least 101ms", "100ms"));
}

TEST(ContractRetryChecks, AnAttemptIsEveryRequestOfTheTest) {
  Bench bench;
  two(bench, {{"posthog-attempt", "1"}}, {{"PostHog-Attempt", " 2 "}});
  EXPECT_TRUE(passes(bench, "assert_attempt_header_increments"));
  bench.post("/flags", "{}");
  EXPECT_TRUE(fails(bench, "assert_attempt_header_increments", "{}",
                    "PostHog-Attempt: 3 in request 2", "no PostHog-Attempt header"));
  for (const char* second : {"1", "3", "two", "", "2.0"}) {
    Bench other;
    two(other, {{"PostHog-Attempt", "1"}}, {{"PostHog-Attempt", second}});
    EXPECT_TRUE(fails(other, "assert_attempt_header_increments", "{}", "in request 1")) << second;
  }
}

TEST(ContractRetryChecks, ARequestIdIsTheSameInAllRequests) {
  Bench bench;
  two(bench, {{"PostHog-Request-Id", "a"}}, {{"posthog-request-id", "a"}});
  EXPECT_TRUE(passes(bench, "assert_request_id_preserved_on_retry"));
  EXPECT_TRUE(fails(bench, "assert_different_request_ids", "{}", "", "a in both"));
  bench.post("/batch", "{}", {{"PostHog-Request-Id", "A"}});
  EXPECT_TRUE(fails(bench, "assert_request_id_preserved_on_retry", "{}",
                    "PostHog-Request-Id: a in each", "PostHog-Request-Id: A"));
  EXPECT_TRUE(fails(bench, "assert_different_request_ids")) << "of the first two";
  Bench empty;
  two(empty, {{"PostHog-Request-Id", ""}}, {{"PostHog-Request-Id", ""}});
  EXPECT_TRUE(fails(empty, "assert_request_id_preserved_on_retry"));
  EXPECT_TRUE(fails(empty, "assert_different_request_ids"));
  Bench half;
  two(half, {{"PostHog-Request-Id", "a"}}, {});
  EXPECT_TRUE(fails(half, "assert_request_id_preserved_on_retry"));
  EXPECT_TRUE(
      fails(half, "assert_different_request_ids", "{}", "", "no PostHog-Request-Id header"));
}

TEST(ContractRetryChecks, ARequestTimestampChangesFromTheFirstToTheSecond) {
  const char* action = "assert_request_timestamp_changes_on_retry";
  Bench bench;
  two(bench, {{"PostHog-Request-Timestamp", "1"}}, {{"PostHog-Request-Timestamp", "2"}});
  bench.post("/batch", "{}", {{"PostHog-Request-Timestamp", "2"}});
  EXPECT_TRUE(passes(bench, action));
  Bench same;
  two(same, {{"PostHog-Request-Timestamp", "1"}}, {{"PostHog-Request-Timestamp", "1"}});
  EXPECT_TRUE(fails(same, action, "{}", "another PostHog-Request-Timestamp", "1 in both"));
  Bench none;
  two(none, {}, {{"PostHog-Request-Timestamp", "1"}});
  EXPECT_TRUE(fails(none, action));
}

TEST(ContractRetryChecks, OneCaptureRequestIsNoRetry) {
  Bench bench;
  bench.post("/flags", "{}");
  bench.post("/flags/", "{}");
  EXPECT_TRUE(fails(bench, "assert_sdk_did_not_retry", "{}", "1 capture request", "0 capture"));
  bench.batch({});
  EXPECT_TRUE(passes(bench, "assert_sdk_did_not_retry"));
}

TEST(ContractRetryChecks, WhatIsPreservedIsTheListOfTheFirstTwoRequests) {
  const auto verdict = [](const std::string& first, const std::string& second, const char* action) {
    Bench bench;
    bench.post("/batch", first);
    bench.post("/batch", second);
    bench.batch({event_of(9)});
    return !bench.run(action);
  };
  for (const std::string field : {"uuid", "timestamp"}) {
    const std::string action = "assert_" + field + "_preserved_on_retry";
    const auto events = [&](const std::string& a, const std::string& b) {
      return "[{\"" + field + "\":" + a + "},{\"" + field + "\":" + b + "},{\"other\":1}]";
    };
    EXPECT_TRUE(verdict(events("1", "2"), events("1.0", "2"), action.c_str()));
    EXPECT_FALSE(verdict(events("1", "2"), events("2", "1"), action.c_str())) << "the order";
    EXPECT_FALSE(verdict(events("1", "2"), "[{\"" + field + "\":1}]", action.c_str()));
    EXPECT_TRUE(verdict(events("null", "1"), events("null", "1"), action.c_str()));
    EXPECT_FALSE(verdict(events("null", "1"), "[{},{\"" + field + "\":1}]", action.c_str()))
        << "null is a value";
    EXPECT_TRUE(verdict("", "{", action.c_str())) << "no events are as many";
    EXPECT_TRUE(verdict("[{\"other\":1}]", "[]", action.c_str()));
    EXPECT_FALSE(verdict("{\"batch\":[7]}", "{\"batch\":[7]}", action.c_str()));
  }
}

// The check on a first request of events 1, 2, 3 with this answer, and a second one of `again`.
Finding pruned(const std::string& answer, const std::vector<std::string>& again) {
  Bench bench;
  bench.script(200, answer);
  bench.batch({event_of(1), event_of(2), event_of(3)});
  bench.batch(again);
  return bench.run("assert_partial_batch_retry_pruning");
}

TEST(ContractRetryChecks, ARetriedBatchIsPrunedByUuid) {
  const std::string answer = R"({"results":{")" + uuid_of(1) + R"(":{"result":"ok"},")" +
                             uuid_of(2) + R"(":{"result":"retry"},")" + uuid_of(3) +
                             R"(":"retry"}})";
  EXPECT_FALSE(pruned(answer, {event_of(2)}));
  EXPECT_FALSE(pruned(answer, {event_of(2), event_of(2), "{}", R"({"uuid":7})"}))
      << "others may come along";
  const Finding kept = pruned(answer, {event_of(2), event_of(1)});
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->seen, "\"" + uuid_of(1) + "\"");
  EXPECT_TRUE(pruned(answer, {event_of(2), event_of(3)})) << "only an object says retry";
  const Finding missing = pruned(answer, {"{}"});
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->expected, "\"" + uuid_of(2) + "\" in the second request");
  EXPECT_TRUE(pruned(answer, {event_of(2), "7"}));
  EXPECT_TRUE(pruned(answer, {event_of(2), R"({"uuid":[]})"}));
}

TEST(ContractRetryChecks, ARetriedBatchIsPrunedByPlace) {
  const std::string answer = R"({"results":[{"result":"retry"},{"result":"ok"},{}]})";
  EXPECT_FALSE(pruned(answer, {event_of(1)}));
  EXPECT_TRUE(pruned(answer, {event_of(1), event_of(2)}));
  EXPECT_TRUE(pruned(answer, {event_of(1), event_of(3)}));
  EXPECT_TRUE(pruned(answer, {}));
  EXPECT_TRUE(pruned(R"({"results":["retry"]})", {event_of(1)}));
  // A result beyond the batch is one for the uuid "".
  const std::string longer = R"({"results":[{},{},{},{"result":"retry"}]})";
  EXPECT_TRUE(pruned(longer, {}));
  EXPECT_FALSE(pruned(longer, {R"({"uuid":""})"}));
}

TEST(ContractRetryChecks, APartialAnswerHasResults) {
  for (const char* answer : {"", "not JSON", "[]", "7", "{}", R"({"results":null})",
                             R"({"results":{}})", R"({"results":[]})", R"({"results":0})"}) {
    const Finding finding = pruned(answer, {event_of(1)});
    ASSERT_TRUE(finding) << answer;
    EXPECT_EQ(finding->expected, "\"results\" in the first answer") << answer;
  }
  EXPECT_FALSE(pruned(R"({"results":"x"})", {event_of(1)})) << "it says of no event what to do";
}

TEST(ContractRetryChecks, ParametersOfAWrongTypeAreMistakesInTheFile) {
  const std::pair<const char*, const char*> wrong[] = {
      {"assert_final_success", "{success_statuses: 200}"},
      {"assert_retry_delay", "{}"},
      {"assert_retry_delay", "{min_delay_ms: 1s}"},
      {"assert_backoff_implemented", "{min_delay_ms: 1}"},
      {"assert_sdk_did_not_retry", "{expected: 1}"},
  };
  for (const auto& [action, params] : wrong) {
    EXPECT_NE(complaint(action, params), "") << action << " " << params;
  }
}

}  // namespace
}  // namespace lockstep::contract
