// The vocabulary: that it is the original's, and that the original's own files are written in it.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "bench.h"

namespace lockstep::contract {
namespace {

const std::set<std::string_view> kOriginal = {
    "init", "capture", "capture_ai", "capture_multiple", "get_feature_flag", "flush", "reset",
    "configure_mock_responses", "wait",
    // requests
    "assert_request_count", "assert_request_count_gte", "assert_request_path",
    "assert_no_requests_to_paths", "assert_request_has_header", "assert_header_value_matches",
    "assert_header_is_uuid", "assert_header_is_rfc3339", "assert_header_is_integer",
    "assert_header_absent", "assert_authorization_bearer_token", "assert_batch_format",
    "assert_body_field", "assert_body_field_absent", "assert_compressed_body_decompressible",
    "assert_v1_body_format", "assert_v1_created_at_recent", "assert_token_present",
    // events
    "assert_event_field", "assert_event_has_field", "assert_event_property", "assert_event_option",
    "assert_event_field_is_rfc3339", "assert_event_field_is_string",
    "assert_event_field_not_in_properties", "assert_event_property_is_object",
    "assert_events_in_batch_count", "assert_event_count_with_name",
    "assert_event_property_in_named_event", "assert_event_field_client", "assert_uuid_format",
    "assert_all_uuids_unique", "assert_different_uuids", "assert_no_duplicate_events_in_batch",
    "assert_v1_event_format", "assert_token_present_client",
    // retries
    "assert_final_success", "assert_retry_delay", "assert_backoff_implemented",
    "assert_sdk_did_not_retry", "assert_attempt_header_increments",
    "assert_request_id_preserved_on_retry", "assert_request_timestamp_changes_on_retry",
    "assert_different_request_ids", "assert_uuid_preserved_on_retry",
    "assert_timestamp_preserved_on_retry", "assert_partial_batch_retry_pruning",
    // answers
    "assert_v1_error_response_format", "assert_v1_error_tag", "assert_v1_per_event_result",
    "assert_v1_all_events_result", "assert_v1_response_has_results_map",
    "assert_v1_response_results_count", "assert_v1_response_status",
    "assert_v1_retry_after_present", "assert_v1_retry_after_absent",
    "assert_v1_response_echoes_request_id",
    // flags and results
    "assert_flags_request_count", "assert_flags_request_field", "assert_flags_request_query_param",
    "assert_action_result", "assert_action_result_uuid_matches_event", "assert_response_status",
    "assert_capture_fails"};

TEST(ContractActions, AreTheOriginals73) {
  EXPECT_EQ(kOriginal.size(), 73u);
  std::set<std::string_view> ours;
  for (const Action* action : all_actions()) {
    EXPECT_TRUE(ours.insert(action->name).second) << action->name << " twice";
    EXPECT_EQ(find_action(action->name), action);
    EXPECT_FALSE(action->help.empty()) << action->name;
    EXPECT_NE(action->run, nullptr) << action->name;
  }
  EXPECT_EQ(ours, kOriginal);
  EXPECT_EQ(find_action("capture_burst"), nullptr) << "a scenario's action is none of a contract";
}

TEST(ContractActions, SayOfWhatKindTheyAre) {
  const std::set<std::string_view> negative = {
      "assert_request_count",        "assert_request_path",
      "assert_no_requests_to_paths", "assert_header_absent",
      "assert_body_field_absent",    "assert_event_count_with_name",
      "assert_all_uuids_unique",     "assert_no_duplicate_events_in_batch",
      "assert_sdk_did_not_retry",    "assert_v1_retry_after_absent",
      "assert_flags_request_count",
  };
  for (const Action* action : all_actions()) {
    const Kind kind = !action->name.starts_with("assert_") ? Kind::deed
                      : negative.count(action->name) > 0   ? Kind::negative
                                                           : Kind::check;
    EXPECT_EQ(action->kind, kind) << action->name;
  }
}

// Every map in the document that has an "action", as the loader checks a step.
void check_steps(const scenario::Node& node, const std::string& file, std::size_t& steps,
                 std::vector<scenario::Problem>& problems) {
  for (const scenario::Node& item : node.items()) check_steps(item, file, steps, problems);
  for (const scenario::Node::Entry& entry : node.entries()) {
    check_steps(entry.value, file, steps, problems);
  }
  const scenario::Node* name = node.find("action");
  if (name == nullptr) return;
  ++steps;
  const Action* action = find_action(name->text());
  ASSERT_NE(action, nullptr) << file << ":" << name->at().line << ": " << name->text();
  const scenario::Node* params = node.find("params");
  const scenario::Node none;
  scenario::check_fields(params == nullptr ? none : *params, action->fields, name->text(),
                         node.at(), file, problems);
  if (params == nullptr || action->check == nullptr) return;
  if (const auto found = action->check(*params)) {
    problems.push_back({file, found->at, found->found, found->expected});
  }
}

TEST(ContractActions, TheSharedSuitesFilesAreWrittenInThem) {
  const std::filesystem::path folder = LOCKSTEP_SHARED_CONTRACT;
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no shared suite at " << folder;
  std::size_t steps = 0;
  std::vector<scenario::Problem> problems;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (!file.path().filename().string().ends_with("_tests.yaml")) continue;
    std::ifstream stream(file.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    const std::string name = file.path().filename().string();
    check_steps(scenario::parse_yaml(text, name, problems), name, steps, problems);
  }
  for (const scenario::Problem& problem : problems) ADD_FAILURE() << problem.to_text();
  EXPECT_GT(steps, 500u);
}

}  // namespace
}  // namespace lockstep::contract
