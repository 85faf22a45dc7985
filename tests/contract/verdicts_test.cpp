// Every action once: where it passes, and where it does not. The finer points are in the tests of
// its theme.
#include <set>

#include "bench.h"

namespace lockstep::contract {
namespace {

using World = void (*)(Bench&);

void nothing(Bench&) {}

void adapter_down(Bench& bench) { bench.stage.answers = {{500, "{}", ""}}; }

void one_batch(Bench& bench) { bench.batch({event_of(1)}, {{"X-Extra", "7"}}); }

void two_batches(Bench& bench) {
  bench.batch({event_of(1)});
  bench.batch({event_of(2)});
}

void one_v1(Bench& bench) { bench.v1({event_of(1)}); }

// A batch of two, of which the second comes again a second later.
void partial_retry(Bench& bench) {
  mock::Step step;
  step.v1_event_results = {"ok", "retry"};
  bench.stage.server().enqueue({step}, bench.stage.test_id());
  bench.v1({event_of(1), event_of(2)});
  bench.stage.wait(std::chrono::seconds{1});
  bench.v1({event_of(2)});
}

// The same batch of one, a second later.
void whole_retry(Bench& bench) {
  bench.script(503);
  bench.v1({event_of(1)});
  bench.stage.wait(std::chrono::seconds{1});
  bench.v1({event_of(1)});
}

// Neither events, headers nor times are what they were.
void bad_retry(Bench& bench) {
  bench.script(503);
  bench.v1({event_of(1)});
  bench.script(503);
  bench.v1({event_of(2, R"("timestamp":"2025-01-01T00:00:09Z",)")},
           {{"PostHog-Attempt", "1"}, {"PostHog-Request-Id", uuid_of(998)}});
}

void one_flags(Bench& bench) { bench.post("/flags?v=2", R"({"api_key":"k","groups":{"g":1}})"); }

void odd_v1(Bench& bench) {
  bench.script(503, R"({"error":1})", {{"PostHog-Request-Id", "another"}});
  bench.v1({R"({"uuid":"no uuid","timestamp":"yesterday","distinct_id":7,"properties":{"o":1}})"},
           {{"PostHog-Request-Timestamp", "now"}, {"Authorization", "Basic x"}});
}

void flag_result(Bench& bench) {
  bench.stage.answers = {{200, R"({"value":"b","uuid":")" + uuid_of(1) + R"("})", ""}};
  bench.run("get_feature_flag", "{key: k, distinct_id: ann}");
  one_batch(bench);
}

void adapter_state(Bench& bench) {
  bench.stage.answers = {{200,
                          R"({"pending_events":0,"total_events_captured":1,"total_events_sent":0,)"
                          R"("total_retries":0,"last_error":"server said 413"})",
                          ""}};
}

struct Verdict {
  const char* action;
  const char* params;
  World passing;
  World failing;  // nullptr: it never fails
};

const Verdict kVerdicts[] = {
    {"init", "{}", nothing, adapter_down},
    {"capture", "{distinct_id: a, event: b}", nothing, adapter_down},
    {"capture_ai", "{distinct_id: a, event: b}", nothing, adapter_down},
    {"capture_multiple", "{count: 1, params: {distinct_id: a, event: b}}", nothing, adapter_down},
    {"get_feature_flag", "{key: k, distinct_id: a}", nothing, adapter_down},
    {"flush", "{}", nothing, adapter_down},
    {"reset", "{}", nothing, adapter_down},
    {"configure_mock_responses", "{responses: [{}]}", adapter_down, nullptr},
    {"wait", "{duration_ms: 1}", adapter_down, nullptr},

    {"assert_request_count", "{expected: 1}", one_batch, two_batches},
    {"assert_request_count_gte", "{expected: 2}", two_batches, one_batch},
    {"assert_request_path", "{expected: /batch}", two_batches, partial_retry},
    {"assert_no_requests_to_paths", "{paths: [/e, /batch]}", one_v1, one_batch},
    {"assert_request_has_header", "{header: x-extra, expected: '7'}", one_batch, one_v1},
    {"assert_header_value_matches", "{header: Authorization, pattern: 'Bearer \\S+'}", one_v1,
     odd_v1},
    {"assert_header_is_uuid", "{header: posthog-request-id}", one_v1, one_batch},
    {"assert_header_is_rfc3339", "{header: posthog-request-timestamp}", one_v1, odd_v1},
    {"assert_header_is_integer", "{header: X-Extra, expected: 7}", one_batch, one_v1},
    {"assert_header_absent", "{header: x-extra}", one_v1, one_batch},
    {"assert_authorization_bearer_token", "{expected: phc_test_key}", one_v1, odd_v1},
    {"assert_batch_format", "{has_api_key_field: true, has_batch_array: true}", one_batch, one_v1},
    {"assert_body_field", "{field: api_key, expected: phc_test_key}", one_batch, one_v1},
    {"assert_body_field_absent", "{fields: [token, api_key]}", one_v1, one_batch},
    {"assert_compressed_body_decompressible", "{}",
     [](Bench& bench) {
       bench.batch({event_of(1)}, {{"Content-Encoding", "br"}});
     },
     one_batch},
    {"assert_v1_body_format", "{}", one_v1, one_batch},
    {"assert_v1_created_at_recent", "{}", one_v1,
     [](Bench& bench) {
       one_v1(bench);
       bench.stage.wait(std::chrono::seconds{6});
     }},
    {"assert_token_present", "{expected: phc_test_key}", one_batch, one_v1},

    {"assert_event_field", "{field: distinct_id, expected: ann}", one_batch, odd_v1},
    {"assert_event_has_field", "{field: event}", one_batch, odd_v1},
    {"assert_event_property", "{property: $lib, exists: true, expected: x}", one_batch, odd_v1},
    {"assert_event_option", "{option: a, expected: true}",
     [](Bench& bench) { bench.batch({event_of(1, R"("options":{"a":true},)")}); }, one_batch},
    {"assert_event_field_is_rfc3339", "{field: timestamp, expected: '2025-01-01T00:00:00.0Z'}",
     one_batch, odd_v1},
    {"assert_event_field_is_string", "{field: distinct_id}", one_batch, odd_v1},
    {"assert_event_field_not_in_properties", "{field: distinct_id}", one_batch,
     [](Bench& bench) { bench.batch({R"({"distinct_id":1,"properties":{"distinct_id":1}})"}); }},
    {"assert_event_property_is_object", "{property: o}",
     [](Bench& bench) { bench.batch({R"({"properties":{"o":{}}})"}); }, odd_v1},
    {"assert_events_in_batch_count", "{expected: 2}", partial_retry, one_batch},
    {"assert_event_count_with_name", "{name: signed up, expected: 2}", two_batches, one_batch},
    {"assert_event_property_in_named_event", "{event_name: signed up, property: $lib, expected: x}",
     two_batches, odd_v1},
    {"assert_event_field_client", "{field: distinct_id, expected: ann}",
     [](Bench& bench) { bench.batch({R"({"properties":{"$distinct_id":"ann"}})"}); }, one_batch},
    {"assert_uuid_format", "{field: uuid}", one_batch, odd_v1},
    {"assert_all_uuids_unique", "{}", two_batches, whole_retry},
    {"assert_different_uuids", "{}", two_batches, whole_retry},
    {"assert_no_duplicate_events_in_batch", "{}", whole_retry,
     [](Bench& bench) {
       bench.batch({event_of(1), event_of(2), event_of(1)});
     }},
    {"assert_v1_event_format", "{}", one_batch, odd_v1},
    {"assert_token_present_client", "{expected: k}",
     [](Bench& bench) { bench.batch({R"({"properties":{"token":"k"}})"}); }, one_batch},

    {"assert_final_success", "{}", whole_retry, bad_retry},
    {"assert_retry_delay", "{min_delay_ms: 1000}", whole_retry, bad_retry},
    {"assert_backoff_implemented", "{min_first_delay_ms: 1000}", whole_retry, bad_retry},
    {"assert_sdk_did_not_retry", "{}", one_batch, whole_retry},
    {"assert_attempt_header_increments", "{}", whole_retry, bad_retry},
    {"assert_request_id_preserved_on_retry", "{}", whole_retry, bad_retry},
    {"assert_request_timestamp_changes_on_retry", "{}", whole_retry, bad_retry},
    {"assert_different_request_ids", "{}", bad_retry, whole_retry},
    {"assert_uuid_preserved_on_retry", "{}", whole_retry, bad_retry},
    {"assert_timestamp_preserved_on_retry", "{}", whole_retry, partial_retry},
    {"assert_partial_batch_retry_pruning", "{}", partial_retry, whole_retry},

    {"assert_v1_error_response_format", "{}", whole_retry, odd_v1},
    {"assert_v1_error_tag", "{expected: service_unavailable}", whole_retry, odd_v1},
    {"assert_v1_per_event_result",
     "{uuid: 01941f29-7c00-7aaa-8aaa-000000000002, expected_result: retry, "
     "expected_details: not_persisted}",
     partial_retry, one_v1},
    {"assert_v1_all_events_result", "{expected_result: ok}", one_v1, partial_retry},
    {"assert_v1_response_has_results_map", "{}", one_v1, whole_retry},
    {"assert_v1_response_results_count", "{expected: 2}", partial_retry, one_v1},
    {"assert_v1_response_status", "{expected: 503}", whole_retry, one_v1},
    {"assert_v1_retry_after_present", "{}", whole_retry, one_v1},
    {"assert_v1_retry_after_absent", "{}", one_v1, partial_retry},
    {"assert_v1_response_echoes_request_id", "{}", one_v1, odd_v1},

    {"assert_flags_request_count", "{expected: 1}", one_flags, one_batch},
    {"assert_flags_request_field", "{field: groups.g, expected: 1}", one_flags, one_batch},
    {"assert_flags_request_query_param", "{param: v, expected: '2'}", one_flags,
     [](Bench& bench) { bench.post("/flags?v=3", "{}"); }},
    {"assert_action_result", "{field: value, expected: b}", flag_result, one_batch},
    {"assert_action_result_uuid_matches_event", "{}", flag_result,
     [](Bench& bench) {
       flag_result(bench);
       bench.stage.server().clear_requests();
       bench.batch({event_of(2)});
     }},
    {"assert_response_status", "{expected: 413}", adapter_state, nothing},
    {"assert_capture_fails", "{}", nothing, nullptr},
};

TEST(ContractVerdicts, EveryActionPassesWhereItShouldAndFailsWhereItShould) {
  std::set<std::string_view> tried;
  for (const Verdict& verdict : kVerdicts) {
    tried.insert(verdict.action);
    Bench good;
    verdict.passing(good);
    EXPECT_TRUE(passes(good, verdict.action, verdict.params));
    if (verdict.failing == nullptr) continue;
    Bench bad;
    verdict.failing(bad);
    EXPECT_TRUE(fails(bad, verdict.action, verdict.params));
  }
  for (const Action* action : all_actions()) {
    EXPECT_EQ(tried.count(action->name), 1u) << action->name << " is not tried";
  }
}

// What says that something is, or how it is, needs something to look at.
TEST(ContractVerdicts, WithoutRequestsOnlyThoseThatDoNotLookAtOnePass) {
  const std::set<std::string_view> pass = {"assert_request_count_gte",  // of 0
                                           "assert_no_requests_to_paths", "assert_all_uuids_unique",
                                           "assert_capture_fails"};
  for (const Verdict& verdict : kVerdicts) {
    const std::string_view action = verdict.action;
    if (!action.starts_with("assert_") || action == "assert_response_status") continue;
    Bench bench;
    const std::string params =
        action == "assert_request_count_gte" ? "{expected: 0}" : verdict.params;
    EXPECT_EQ(!bench.run(action, params), pass.count(action) > 0) << action;
  }
}

// What a foreign SDK sends must not stop the run.
TEST(ContractVerdicts, NoBodyMakesACheckThrow) {
  const char* bodies[] = {"",
                          "null",
                          "7",
                          "\"text\"",
                          "[]",
                          "[7]",
                          "[null,{}]",
                          "{}",
                          R"({"batch":7})",
                          R"({"batch":{"a":1}})",
                          R"({"batch":[7,"x",null,[],true]})",
                          R"({"batch":[{"uuid":[],"properties":7,"options":[1],"event":{}}]})",
                          R"({"batch":[{"uuid":{},"properties":[],"options":"x","token":[]}]})",
                          R"({"created_at":7,"batch":[{"properties":null,"options":null}]})",
                          R"({"data":[[]]})",
                          "\xff\xfe",
                          "{"};
  const char* answers[] = {"null",
                           "7",
                           "[]",
                           R"({"results":7})",
                           R"({"results":[7]})",
                           R"({"results":{"a":7}})",
                           R"({"results":[{"result":"retry"},{}]})",
                           R"({"error":[]})",
                           "{"};
  for (const char* body : bodies) {
    for (const char* answer : answers) {
      Bench bench;
      for (int request = 0; request < 2; ++request) {
        bench.script(200, answer);
        bench.post(request == 0 ? "/i/v1/analytics/events" : "/batch", body);
      }
      bench.post("/flags", body);
      bench.stage.answers.assign(1, {200, body, ""});
      bench.run("get_feature_flag", "{key: k, distinct_id: ann}");
      for (const Verdict& verdict : kVerdicts) {
        if (!std::string_view(verdict.action).starts_with("assert_")) continue;
        bench.stage.answers.assign(1, {200, body, ""});
        EXPECT_NO_THROW(bench.run(verdict.action, verdict.params))
            << verdict.action << " " << body << " " << answer;
      }
    }
  }
}

}  // namespace
}  // namespace lockstep::contract
