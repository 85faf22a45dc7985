#include "scenarios/runner.h"

#include <gtest/gtest.h>

#include <set>

#include "clock/virtual_clock.h"
#include "scenarios/load.h"

namespace lockstep::scenario {
namespace {

Result run_text(const std::string& steps, const RunOptions& options = {},
                const std::string& settings = "{}") {
  const Catalogue catalogue =
      load_text("scenario: a\noptions: " + settings + "\nsteps:\n" + steps, "f.yaml");
  EXPECT_TRUE(catalogue.problems.empty()) << catalogue.problems.front().to_text();
  return catalogue.problems.empty() ? run(catalogue.scenarios.front(), options) : Result{};
}

constexpr const char* kJittered =
    "  - {action: configure_mock_responses, params: {responses: [{status: 503}]}}\n"
    "  - {action: init}\n"
    "  - {action: capture, params: {distinct_id: u, event: e}}\n"
    "  - {action: flush, params: {timeout: 1m}}\n";

TEST(Runner, StopsAtTheFirstStepThatFails) {
  const Result result = run_text(
      "  - {action: init}\n  - {action: assert_request_count, params: {expected: 1}}\n"
      "  - {action: advance, params: {by: 1h}}\n");
  ASSERT_FALSE(result.passed());
  EXPECT_EQ(result.failed->number, 2u);
  EXPECT_EQ(result.failed->at.line, 5);
  EXPECT_EQ(result.virtual_time, Duration{0});
}

TEST(Runner, AFailureHoldsTheRequestsThatWereSeen) {
  const Result result = run_text(
      std::string(kJittered) + "  - {action: assert_request_count, params: {expected: 1}}\n",
      {.seed = 1});
  ASSERT_EQ(result.requests.size(), 2u);
  EXPECT_EQ(result.requests[0], "#1  0.001000s  POST /batch/  503  attempt 1  1 event");
  EXPECT_NE(result.requests[1].find("  200  attempt 2  1 event"), std::string::npos);
}

TEST(Runner, OfAFailedCheckTheNearestRequestIsNamed) {
  const std::string steps =
      std::string(kJittered) +
      "  - {action: assert_event_property_in_named_event, params: {event_name: "
      "e, property: $lib, expected: someone}}\n";
  const Result result = run_text(steps);
  ASSERT_FALSE(result.passed());
  EXPECT_NE(result.nearest.find("#1  0.001000s  POST /batch/"), std::string::npos);
  EXPECT_NE(result.nearest.find("lacks \"someone\""), std::string::npos) << result.nearest;
}

TEST(Runner, SaysHowToRunJustThisScenarioAgain) {
  EXPECT_EQ(run_text("  - {action: init}\n").replay, "lockstep run f.yaml --only a");
  EXPECT_EQ(run_text("  - {action: init}\n", {.seed = 7}).replay,
            "lockstep run f.yaml --only a --seed 7");
  EXPECT_EQ(run_text("  - {action: init}\n", {.seed = 7}, "{seed: 5}").replay,
            "lockstep run f.yaml --only a");
  EXPECT_EQ(shell_quoted("it's $x"), "'it'\\''s $x'");
  EXPECT_EQ(shell_quoted(""), "''");
}

TEST(Runner, TellsOfEachScenarioAsItEnds) {
  const Catalogue catalogue = load_text(
      "scenarios:\n  - {scenario: a, steps: [{action: init}]}\n"
      "  - {scenario: b, steps: [{action: flush}]}\n",
      "f.yaml");
  std::vector<std::string> told;
  run(catalogue.scenarios, {.progress = [&](const Result& result) {
        told.push_back(result.name + (result.passed() ? " passed" : " failed"));
      }});
  EXPECT_EQ(told, (std::vector<std::string>{"a passed", "b failed"}));
}

TEST(Runner, TheSeedDecidesTheTraceAndTheScenariosOwnSeedComesFirst) {
  const auto digest = [](std::uint64_t seed, const char* settings) {
    return run_text(kJittered, {.seed = seed}, settings).digest;
  };
  EXPECT_EQ(digest(1, "{}"), digest(1, "{}"));
  EXPECT_NE(digest(1, "{}"), digest(2, "{}"));
  EXPECT_EQ(digest(1, "{seed: 5}"), digest(2, "{seed: 5}"));
}

TEST(Runner, KeepsTheTraceOnlyWhereItIsAskedFor) {
  EXPECT_TRUE(run_text(kJittered).entries.empty());
  const Result result = run_text(kJittered, {.keep_trace = true});
  std::set<std::string> labels;
  for (const TraceEntry& entry : result.entries) labels.insert(entry.label);
  EXPECT_TRUE(labels.contains("request"));
  EXPECT_TRUE(labels.contains("outcome"));
  EXPECT_TRUE(labels.contains("ledger"));
}

// Of the first entry with the label, from `from` on; "" where it has no such field.
std::string field_of(const Result& result, std::string_view label, std::string_view name,
                     std::size_t from = 0) {
  for (std::size_t i = from; i < result.entries.size(); ++i) {
    if (result.entries[i].label != label) continue;
    for (const auto& [field, value] : result.entries[i].fields) {
      if (field == name) return value;
    }
    return "";
  }
  return "no entry " + std::string(label);
}

TEST(Runner, TheTraceSaysWhyAndHowLongTheClientWaits) {
  const Result result = run_text(
      "  - {action: configure_mock_responses, client: second, params: {responses: [{status: 503, "
      "headers: "
      "{Retry-After: 7}}]}}\n"
      "  - {action: init, client: second}\n"
      "  - {action: capture, client: second, params: {distinct_id: u, event: e}}\n"
      "  - {action: flush, client: second, params: {timeout: 1m}}\n",
      {.keep_trace = true});
  ASSERT_TRUE(result.passed());
  EXPECT_EQ(field_of(result, "send", "client"), "second");
  EXPECT_EQ(field_of(result, "request", "retry_after"), "7");
  EXPECT_EQ(field_of(result, "answer", "retry_after"), "7.000000000");
  EXPECT_EQ(field_of(result, "pause", "until"), "7.002000000");
  EXPECT_EQ(field_of(result, "retry", "until"), "7.002000000");
  EXPECT_EQ(field_of(result, "flush", "deadline"), "60.000000000");
  EXPECT_EQ(field_of(result, "report", "status"), "complete");
  std::vector<std::string> timers;
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  for (const TraceEntry& entry : result.entries) {
    if (entry.label == "timer") timers.push_back(entry.fields.back().second);
    if (entry.label == "send" && sent == 0) sent = entry.number;
    if (entry.label == "answer" && answered == 0) {
      answered = entry.number;
      EXPECT_EQ(entry.cause, sent);
    }
    if (entry.label == "pause" || entry.label == "retry") {
      EXPECT_EQ(entry.cause, answered);
    }
  }
  EXPECT_EQ(timers,
            (std::vector<std::string>{"60.000000000", "7.002000000", "60.000000000", "never"}));
}

TEST(Runner, TheTraceNamesTheHalvesOfASplitAndWhatAShutdownCancelled) {
  const Result result = run_text(
      "  - {action: configure_mock_responses, params: {responses: [{status: 413}, {status: 200}, "
      "{fault: no_answer}]}}\n"
      "  - {action: init}\n"
      "  - {action: capture_multiple, params: {count: 4, params: {distinct_id: u, event: e}}}\n"
      "  - {action: shutdown, params: {timeout: 1s}}\n"
      "  - {action: capture, params: {distinct_id: u, event: late}}\n",
      {.keep_trace = true});
  ASSERT_FALSE(result.entries.empty());
  EXPECT_EQ(field_of(result, "split", "first_half"), "2");
  EXPECT_EQ(field_of(result, "split", "second_half"), "3");
  EXPECT_EQ(field_of(result, "cancel", "request"), "3");
  EXPECT_EQ(field_of(result, "report", "status"), "timed_out");
  std::size_t refused = 0;
  for (const TraceEntry& entry : result.entries) {
    refused += entry.label == "capture" && entry.fields.back().second == "closed" ? 1 : 0;
  }
  EXPECT_EQ(refused, 1u);
}

// v1 event names longer than 200 bytes are what real ingestion refuses.
TEST(Runner, ABreachOfTheProtocolFailsAStrictScenarioAndNoOther) {
  const std::string steps =
      "  - {action: init, params: {capture: v1}}\n"
      "  - {action: capture, params: {distinct_id: u, event: " +
      std::string(300, 'x') +
      "}}\n"
      "  - {action: flush}\n";
  const Result strict = run_text(steps);
  ASSERT_FALSE(strict.passed());
  EXPECT_EQ(strict.failed->number, 0u);
  EXPECT_EQ(strict.failed->action, "the protocol is kept");
  EXPECT_TRUE(run_text(steps, {}, "{strict: false}").passed());
  EXPECT_TRUE(run_text(steps + "  - {action: assert_violations}\n").passed());
}

TEST(Runner, MeasuresRealTimeWithTheStopwatchItIsGiven) {
  VirtualClock stopwatch;
  EXPECT_EQ(
      run_text("  - {action: advance, params: {by: 3h}}\n", {.stopwatch = &stopwatch}).real_time,
      Duration{0});
  EXPECT_EQ(run_text("  - {action: advance, params: {by: 3h}}\n").virtual_time,
            std::chrono::hours{3});
}

// The world's end is the client's end, whose outcomes call hooks that ask the world for the client.
TEST(Runner, AHookThatIsCalledAtTheWorldsEndHarmsNobody) {
  for (const char* hook :
       {"flush_in_on_outcome", "shutdown_in_on_outcome", "capture_in_on_outcome",
        "end_another_in_on_request", "end_another_in_before_send", "another_ends_itself"}) {
    EXPECT_TRUE(run_text("  - {action: init, params: {hooks: [" + std::string(hook) +
                         "]}}\n  - {action: capture, params: {distinct_id: u, event: e}}\n")
                    .passed())
        << hook;
  }
}

TEST(Runner, ARunsDigestCoversNamesAndOrder) {
  const Catalogue both = load_text(
      "scenarios:\n  - {scenario: a, steps: [{action: advance, params: {by: 1s}}]}\n"
      "  - {scenario: b, steps: [{action: advance, params: {by: 1s}}]}\n",
      "f.yaml");
  ASSERT_EQ(both.scenarios.size(), 2u);
  const std::vector<Scenario> reversed(both.scenarios.rbegin(), both.scenarios.rend());
  EXPECT_NE(run(both.scenarios).digest, run(reversed).digest);
}

}  // namespace
}  // namespace lockstep::scenario
