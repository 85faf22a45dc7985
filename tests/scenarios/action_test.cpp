// Every assertion passes when it should and fails when it should, with the text a person gets to
// read. A row is a few steps that set something up, an assertion that holds, and one that does not.
#include <gtest/gtest.h>

#include <set>

#include "scenarios/action.h"
#include "scenarios/load.h"
#include "scenarios/runner.h"

namespace lockstep::scenario {
namespace {

struct Row {
  const char* setup;  // the name of one of kSetups
  const char* action;
  const char* holds;  // its params, where it holds
  const char* fails;  // its params, where it fails; the setup of `fails_after` where that is set
  const char* expected;
  const char* seen;
  const char* fails_after = nullptr;
};

// Steps in flow style, one a line, without the dash.
const std::map<std::string, std::string> kSetups{
    {"nothing", "{action: init}\n"},
    {"one",
     "{action: init}\n{action: capture, params: {distinct_id: u, event: e}}\n{action: flush}\n"},
    {"two",
     "{action: init, params: {flush_at: 1}}\n"
     "{action: capture, params: {distinct_id: u, event: first, properties: {n: 1}}}\n"
     "{action: advance, params: {by: 1s}}\n"
     "{action: capture, params: {distinct_id: u, event: second}}\n{action: advance, params: {by: "
     "1s}}\n"},
    {"v1",
     "{action: init, params: {capture: v1}}\n"
     "{action: capture, params: {distinct_id: u, event: e, options: {cookieless_mode: true}}}\n"
     "{action: flush}\n"},
    {"retried",
     "{action: configure_mock_responses, params: {responses: [{status: 503, repeat: 2}]}}\n"
     "{action: init, params: {capture: v1, retry_jitter_percent: 0}}\n"
     "{action: capture, params: {distinct_id: u, event: e}}\n{action: flush, params: {timeout: "
     "1m}}\n"},
    {"partial",
     "{action: configure_mock_responses, params: {responses: [{v1_event_results: [ok, "
     "retry]}]}}\n"
     "{action: init, params: {capture: v1}}\n"
     "{action: capture_burst, params: {count: 2}}\n{action: flush, params: {timeout: 1m}}\n"},
    {"refused",
     "{action: configure_mock_responses, params: {responses: [{status: 400}]}}\n"
     "{action: init}\n{action: capture, params: {distinct_id: u, event: e}}\n{action: flush}\n"},
    {"waiting", "{action: init}\n{action: capture, params: {distinct_id: u, event: e}}\n"},
    {"started",
     "{action: init}\n{action: capture, params: {distinct_id: u, event: e}}\n{action: "
     "start_flush}\n"},
    {"closed",
     "{action: init}\n{action: shutdown}\n{action: capture, params: {distinct_id: u, event: "
     "e}}\n"},
    {"flag",
     "{action: script_server, params: {sequences: [{path: /flags, steps: "
     "[{status: 200, body: {featureFlags: {beta: true}}}]}]}}\n"
     "{action: init}\n{action: get_feature_flag, params: {key: beta, distinct_id: u}}\n"
     "{action: flush}\n{action: get_feature_flag, params: {key: beta, distinct_id: u}}\n"},
    {"pair",
     "{action: init, client: other, params: {flush_at: 1}}\n{action: init, params: {flush_at: "
     "1}}\n"
     "{action: capture, client: other, params: {distinct_id: u, event: e}}\n"
     "{action: advance, params: {by: 1s}}\n{action: capture, params: {distinct_id: u, event: "
     "e}}\n"
     "{action: advance, params: {by: 1s}}\n"},
    {"gzip",
     "{action: init, params: {compression: gzip}}\n"
     "{action: capture, params: {distinct_id: u, event: e}}\n{action: flush}\n"},
    {"three",
     "{action: init, params: {flush_at: 1}}\n{action: capture, params: {distinct_id: u, event: "
     "e}}\n"
     "{action: advance, params: {by: 1s}}\n{action: capture, params: {distinct_id: u, event: "
     "e}}\n"
     "{action: advance, params: {by: 3s}}\n{action: capture, params: {distinct_id: u, event: "
     "e}}\n"
     "{action: advance, params: {by: 1s}}\n"},
    {"tool",
     "{action: tool_open}\n{action: tool_command, params: {command: import}}\n"
     "{action: tool_complete}\n{action: tool_close}\n"},
    {"provider",
     "{action: script_server, params: {flags: {a: {value: 7}}}}\n"
     "{action: flags_open, params: {backend: ofrep}}\n"
     "{action: evaluate_flag, params: {key: a, default: 1, targeting_key: u, value: 7}}\n"},
    {"bad event",
     "{action: init, params: {capture: v1}}\n"
     "{action: capture, params: {distinct_id: u, event: " +
         std::string(300, 'x') +
         "}}\n"
         "{action: flush}\n"},
};

std::string setup(const std::string& name) { return kSetups.at(name); }

std::string scenario_of(const std::string& steps) {
  std::string text = "scenario: a\noptions: {strict: false}\nsteps:\n";
  std::size_t begin = 0;
  while (begin < steps.size()) {
    const auto end = steps.find('\n', begin);
    text += "  - " + steps.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return text;
}

Result result_of(const std::string& steps) {
  const Catalogue catalogue = load_text(scenario_of(steps), "f.yaml");
  EXPECT_TRUE(catalogue.problems.empty()) << catalogue.problems.front().to_text();
  return catalogue.problems.empty() ? run(catalogue.scenarios.front()) : Result{};
}

std::string assertion(const Row& row, const char* params) {
  return "{action: " + std::string(row.action) + ", params: " + params + "}\n";
}

constexpr Row kRows[] = {
    // tools
    {"provider", "assert_provider_status", "{expected: READY}", "{expected: ERROR}", nullptr,
     nullptr},
    {"provider", "assert_flags_converge", "{}", nullptr, nullptr, nullptr},
    {"provider", "assert_provider_requests", "{expected: 1}", "{expected: 2}", nullptr, nullptr},
    {"tool", "assert_tool_sequence", "{count: 2, events: [Command Invoked, Command Completed]}",
     "{count: 3}", "3 events of one invocation", "2 of 1"},
    // requests
    {"two", "assert_request_count", "{expected: 2}", "{expected: 3}", "3 requests", "2 requests"},
    {"two", "assert_request_count_gte", "{expected: 1}", "{expected: 3}", "at least 3 requests",
     "2 requests"},
    {"one", "assert_request_path", "{expected: /batch}", "{expected: /other}",
     "only requests to /other", "one to /batch/"},
    {"one", "assert_no_requests_to_paths", "{paths: [/flags]}", "{paths: [/flags, /batch]}",
     "no request to /batch", "#1  0.001000s  POST /batch/  200  attempt 1  1 event"},
    {"one", "assert_request_has_header", "{header: content-type, expected: application/json}",
     "{header: Content-Type, expected: text/plain}",
     "a request with the header Content-Type \"text/plain\"", "Content-Type: application/json"},
    {"v1", "assert_header_value_matches", "{header: PostHog-Sdk-Info, pattern: '^.+/.+$'}",
     "{header: PostHog-Attempt, pattern: '^2$'}", "PostHog-Attempt to match ^2$",
     "PostHog-Attempt: 1"},
    {"v1", "assert_header_is_uuid", "{header: PostHog-Request-Id}", "{header: PostHog-Attempt}",
     "a UUID in PostHog-Attempt", "PostHog-Attempt: 1"},
    {"v1", "assert_header_is_rfc3339", "{header: PostHog-Request-Timestamp}",
     "{header: PostHog-Attempt}", "an RFC 3339 time in UTC in PostHog-Attempt",
     "PostHog-Attempt: 1"},
    {"v1", "assert_header_is_integer", "{header: PostHog-Attempt, expected: 1}",
     "{header: PostHog-Attempt, expected: 2}", "the whole number 2 in PostHog-Attempt",
     "PostHog-Attempt: 1"},
    {"one", "assert_header_absent", "{header: Authorization}", "{header: Content-Type}",
     "no header Content-Type", "Content-Type: application/json"},
    {"v1", "assert_authorization_bearer_token", "{expected: phc_test_key}", "{expected: other}",
     "Authorization: Bearer with the api key", "another value or none"},
    {"one", "assert_batch_format", "{has_api_key_field: true, has_batch_array: true}",
     "{has_api_key_field: true}", "api_key in the body",
     "none in #1  0.001000s  POST /i/v1/analytics/events  200  attempt 1  1 event", "v1"},
    {"v1", "assert_body_field", "{field: created_at, expected: '2025-01-01T00:00:00.000Z'}",
     "{field: sent_at}", "\"sent_at\" in the body", "no such member"},
    {"v1", "assert_body_field_absent", "{fields: [api_key, sent_at]}", "{fields: [created_at]}",
     "no \"created_at\" in the body", "\"2025-01-01T00:00:00.000Z\""},
    {"gzip", "assert_compressed_body_decompressible", "{}", "{}", "a request", "no request",
     "nothing"},
    {"one", "assert_event_field", "{field: event, expected: e}", "{field: event, expected: f}",
     "\"event\" to be \"f\"", "\"e\""},
    {"one", "assert_event_has_field", "{field: uuid}", "{field: uuid}", "an event", "0 events",
     "nothing"},
    {"two", "assert_event_property", "{property: n, expected: 1}", "{property: n, exists: false}",
     "the property n to be absent", "1"},
    {"v1", "assert_event_option", "{option: cookieless_mode, expected: true}",
     "{option: cookieless_mode, absent: true}", "the option cookieless_mode to be absent",
     "{\"cookieless_mode\":true}"},
    {"one", "assert_event_field_is_rfc3339", "{field: timestamp}", "{field: event}",
     "an RFC 3339 time in UTC", "e"},
    {"one", "assert_events_in_batch_count", "{expected: 1, operator: gte}", "{expected: 2}",
     "2 events", "1 event"},
    {"two", "assert_event_count_with_name", "{name: first, expected: 1}",
     "{name: first, expected: 2}", "2 events named first", "1 event"},
    {"two", "assert_event_property_in_named_event", "{event_name: first, property: n, expected: 1}",
     "{event_name: second, property: n, expected: 1}", "n to be 1", "null"},
    {"one", "assert_uuid_format", "{field: uuid}", "{field: event}", "a UUID in \"event\"",
     "\"e\""},
    {"two", "assert_all_uuids_unique", "{}", nullptr, nullptr, nullptr},
    {"one", "assert_token_present", "{expected: phc_test_key}", "{expected: other}",
     "the api key in each request", "#1  0.001000s  POST /batch/  200  attempt 1  1 event"},
    {"flag", "assert_flags_request_count", "{expected: 2}", "{expected: 1}", "1 request to /flags",
     "2 requests"},
    {"flag", "assert_flags_request_field", "{field: distinct_id, expected: u}",
     "{field: person_properties.distinct_id, expected: v}",
     "\"person_properties.distinct_id\" to be \"v\"", "\"u\""},
    {"flag", "assert_flags_request_query_param", "{param: v, expected: '2'}",
     "{param: v, expected: '3'}", "v=3", "2"},
    // retries
    {"retried", "assert_uuid_preserved_on_retry", "{}", "{}", "at least 2 requests", "1 request",
     "one"},
    {"retried", "assert_timestamp_preserved_on_retry", "{}", "{}", "at least 2 requests",
     "1 request", "one"},
    {"retried", "assert_retry_delay", "{min_delay_ms: 200}", "{min_delay_ms: 1003}",
     "a delay of at least 1s3ms", "1s2ms"},
    {"retried", "assert_backoff_implemented", "{min_first_delay_ms: 100}",
     "{min_first_delay_ms: 2000}", "a first delay of at least 2s", "1s2ms"},
    {"retried", "assert_final_success", "{}", "{success_statuses: [201]}",
     "a request that succeeded", "none"},
    {"one", "assert_sdk_did_not_retry", "{}", "{}", "exactly 1 request", "3 requests", "retried"},
    {"retried", "assert_attempt_header_increments", "{}", "{}", "PostHog-Attempt: 1 on request 1",
     "no PostHog-Attempt header", "two"},
    {"retried", "assert_request_id_preserved_on_retry", "{}", "{}", "at least 2 requests",
     "1 request", "v1"},
    {"retried", "assert_request_timestamp_changes_on_retry", "{}", "{}",
     "another time on each attempt", "no PostHog-Request-Timestamp header", "two"},
    {"retried", "assert_different_request_ids", nullptr, "{}", nullptr, nullptr},
    {"partial", "assert_partial_batch_retry_pruning", "{}", "{}",
     "an answer per event to the first request", nullptr, "retried"},
    {"two", "assert_requests",
     "{requests: [{at: 1ms, attempt: 1, status: 200, events: 1, path: /batch/}, {at: 1s, within: "
     "2ms}]}",
     "{requests: [{at: 1ms}, {at: 1s}]}", "request 2 at 1s", "at 1s1ms"},
    {"two", "assert_request_at", "{index: -1, at: 1s1ms}", "{index: 0, at: 5ms, within: 1ms}",
     "at 5ms give or take 1ms", "at 1ms"},
    {"two", "assert_gap", "{from: 0, to: 1, at_least: 1s, at_most: 1s}",
     "{from: 0, to: 1, at_most: 999ms}", "at most 999ms in between", "1s"},
    {"three", "assert_cadence", "{at_least: 1s, at_most: 3s}", "{at_most: 2s}",
     "at most 2s between any two requests",
     "3s before #3  4.001000s  POST /batch/  200  attempt 1  1 event"},
    {"three", "assert_spread", "{at_least: 2s}", "{at_least: 2001ms}",
     "gaps that differ by at least 2s1ms", "from 1s to 3s"},
    {"pair", "assert_requests_apart", "{from: other, index: 0, at_least: 1s}",
     "{from: other, index: 0, at_least: 2s}", "at least 2s apart", "1s"},
    {"retried", "assert_retry_within", "{at_most: 5s}", "{at_most: 1s}", "a retry within 1s",
     "1s2ms"},
    {"one", "assert_no_status", "{status: 503}", "{status: 200}", "no answer with status 200",
     "#1  0.001000s  POST /batch/  200  attempt 1  1 event"},
    {"retried", "assert_same_bytes", "{from: 0, to: 2}", "{from: 0, to: 1}", nullptr, nullptr,
     "two"},
    {"one", "assert_silent", "{for: 24h}", "{for: 10s}", "no request within 10s",
     "#1  0.501000s  POST /batch/  200  attempt 1  1 event", "waiting"},
    {"one", "assert_no_timer_pending", "{}", "{}", "nothing left to do",
     "something due at 0.500000s", "waiting"},
    {"one", "assert_converges", "{within: 1m}", "{within: 10ms}",
     "nothing pending within 10ms of a healthy server",
     "1 events of main pending, the next thing due at 0.500000s", "waiting"},
    // ledger
    {"one", "assert_ledger",
     "{captured: 1, delivered: 1, dropped: {}, pending: 0, lane: analytics}", "{delivered: 2}",
     "delivered 2", "delivered 1"},
    {"refused", "assert_ledger", "{dropped: {rejected: 1}}", "{dropped: {too_large: 1}}",
     "1 dropped as too_large", "0"},
    {"refused", "assert_outcomes",
     "{outcomes: [{delivered: false, reason: rejected, status: 400}]}",
     "{outcomes: [{delivered: true}]}", "1 outcome such as {\"delivered\":true}", nullptr},
    {"one", "assert_outcomes", "{outcomes: [{delivered: true, attempts: 1, lane: analytics}]}",
     "{outcomes: []}", "0 outcomes in all", "1 x delivered, 1 attempt, status 200"},
    {"one", "assert_flush_report", "{status: complete, delivered: 1, pending: 0}", "{dropped: 1}",
     "dropped 1", nullptr},
    {"started", "assert_flush_report", "{of: flush, done: false}", "{of: flush, done: true}",
     "it to be over", "it goes on"},
    {"waiting", "assert_captured", "{admission: accepted}", "{admission: dropped}",
     "capture to say dropped", "accepted"},
    {"closed", "assert_capture_refused", "{admission: closed}", "{admission: disabled}",
     "capture to say disabled", "closed"},
    {"one", "assert_elapsed", "{exactly: 2ms, at_least: 1ms, at_most: 3ms}", "{at_most: 1ms}",
     "to take at most 1ms", "2ms"},
    {"two", "assert_time", "{time: 2s}", "{time: 3s}", "it to be 3s", "2s"},
    {"one", "assert_action_result", "{field: delivered, expected: 1}",
     "{field: delivered, expected: 2}", "2", "1"},
    {"started", "assert_action_result_uuid_matches_event", nullptr, "{}", "an event", "none"},
    {"refused", "assert_warnings", "{count: 1, contains: status 400}", "{contains: status 401}",
     "a warning with \"status 401\"", nullptr},
    {"two", "assert_stored", "{count: 2, received: 2, events: [first, second]}", "{count: 1}",
     "stored: count 1", "count 2"},
    {"pair", "assert_no_shared_uuids", "{}", "{}", "stored events", "none", "nothing"},
    {"one", "assert_no_violations", "{}", nullptr, nullptr, nullptr},
    {"one", "assert_violations", "{count: 0}", "{}", "a breach of the protocol with \"\"", "none"},
    {"one", "assert_trace_contains", "{label: request, field: status, value: '200'}",
     "{label: request, field: status, value: '503'}",
     "a trace entry {\"label\":\"request\",\"field\":\"status\",\"value\":\"503\"}", "none"},
};

TEST(Actions, EveryAssertionHoldsWhereItShould) {
  for (const Row& row : kRows) {
    if (row.holds == nullptr) continue;
    SCOPED_TRACE(row.action);
    const Result result = result_of(setup(row.setup) + assertion(row, row.holds));
    EXPECT_TRUE(result.passed()) << result.failed->action << ": expected "
                                 << result.failed->failure.expected << "; saw "
                                 << result.failed->failure.seen;
  }
}

TEST(Actions, EveryAssertionFailsWhereItShouldAndSaysWhy) {
  for (const Row& row : kRows) {
    if (row.fails == nullptr) continue;
    SCOPED_TRACE(row.action);
    const std::string before = setup(row.fails_after != nullptr ? row.fails_after : row.setup);
    const Result result = result_of(before + assertion(row, row.fails));
    ASSERT_FALSE(result.passed());
    EXPECT_EQ(result.failed->action, row.action);
    if (row.expected != nullptr) {
      EXPECT_EQ(result.failed->failure.expected, row.expected);
    }
    if (row.seen != nullptr) {
      EXPECT_EQ(result.failed->failure.seen, row.seen);
    }
  }
}

TEST(Actions, TheTableLeavesNoAssertionOut) {
  std::set<std::string_view> tested;
  for (const Row& row : kRows) tested.insert(row.action);
  for (const Action* action : all_actions()) {
    if (action->name.starts_with("assert_")) {
      EXPECT_TRUE(tested.contains(action->name)) << action->name;
    }
  }
}

TEST(Actions, AStepForAClientThatDoesNotExistFails) {
  const Result result = result_of("{action: opt_out, client: nobody}\n");
  ASSERT_FALSE(result.passed());
  EXPECT_EQ(result.failed->failure.seen, "the client \"nobody\" does not exist");
}

TEST(Actions, WhatTheAdapterRefusesFails) {
  const Result result = result_of(
      "{action: init}\n"
      "{action: capture, params: {distinct_id: u, event: e, timestamp: noon}}\n");
  ASSERT_FALSE(result.passed());
  EXPECT_NE(result.failed->failure.seen.find("timestamp"), std::string::npos);
}

TEST(Actions, MillisecondsBeyondTheEndOfTimeAreItsEnd) {
  const Result waited = result_of("{action: wait, params: {duration_ms: 10000000000000}}\n");
  EXPECT_TRUE(waited.passed());
  EXPECT_GT(waited.virtual_time, std::chrono::hours{24 * 365 * 100});
  for (const char* check : {"{action: assert_retry_delay, params: {min_delay_ms: 10000000000000}}",
                            "{action: assert_backoff_implemented, params: {min_first_delay_ms: "
                            "10000000000000}}"}) {
    const Result result = result_of(
        std::string("{action: configure_mock_responses, params: {responses: [{status: 503}]}}\n"
                    "{action: init}\n{action: capture_burst, params: {count: 1}}\n"
                    "{action: flush}\n") +
        check + "\n");
    EXPECT_FALSE(result.passed()) << check;
  }
}

TEST(Actions, AdvancingIntoThePastFails) {
  const Result result =
      result_of("{action: advance, params: {by: 2s}}\n{action: advance_to, params: {at: 1s}}\n");
  ASSERT_FALSE(result.passed());
  EXPECT_EQ(result.failed->failure.seen, "that it is already 2s");
}

}  // namespace
}  // namespace lockstep::scenario
