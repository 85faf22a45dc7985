// What the tool tells of an exploration: of one that goes on, and of its failures.
#include "scenarios/explore/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scenarios/load.h"

namespace lockstep::explore {
namespace {

using nlohmann::json;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

FoundFailure failure_of(const std::string& steps) {
  const auto catalogue = scenario::load_text("scenario: a\nsteps:\n" + steps, "f.yaml");
  EXPECT_TRUE(catalogue.problems.empty()) << catalogue.problems.front().to_text();
  FoundFailure failure;
  failure.seed = 17;
  failure.from_seed = true;
  failure.scenario = catalogue.scenarios.front();
  failure.result = run_twice(failure.scenario);
  EXPECT_TRUE(failure.result.failed);
  failure.behaviour = failure.result.failed->action;
  return failure;
}

// One event would do, and it is never answered; the second burst has nothing to do with it.
FoundFailure not_converging() {
  return failure_of(
      "  - { action: script_server, params: { default: { fault: no_answer } } }\n"
      "  - { action: init, params: { flush_at: 1, request_timeout_ms: 600000 } }\n"
      "  - { action: capture_burst, params: { count: 3 } }\n"
      "  - { action: advance, params: { by: 1s } }\n"
      "  - { action: capture_burst, params: { count: 2 } }\n"
      "  - { action: assert_converges, params: { within: 1m } }\n");
}

// A date that the law of time's beginning takes for none, and the SDK does not.
FoundFailure breaking_a_law() {
  return failure_of(
      "  - action: script_server\n"
      "    params: { responses: [{ status: 503, headers:"
      " { Retry-After: \"\\tWed, 01 Jan 2025 00:00:30 GMT\" } }] }\n"
      "  - { action: init, params: { flush_at: 1 } }\n"
      "  - { action: capture_burst, params: { count: 2 } }\n"
      "  - { action: advance, params: { by: 1m } }\n"
      "  - { action: opt_in }\n");
}

TEST(ExplorerReport, AFailuresFileIsSmallerAndFailsAlike) {
  for (const FoundFailure& failure : {not_converging(), breaking_a_law()}) {
    const FailureFile file = file_of(failure, 1000);
    EXPECT_EQ(file.name, "seed-17.yaml");
    EXPECT_LT(file.steps, failure.scenario.steps.size());
    EXPECT_TRUE(file.text.starts_with("# Found by lockstep explore, run 17; shrunk from "));
    const auto catalogue = scenario::load_text(file.text, file.name);
    ASSERT_TRUE(catalogue.problems.empty()) << file.text;
    ASSERT_EQ(catalogue.scenarios.size(), 1u);
    EXPECT_EQ(catalogue.scenarios[0].name, failure.behaviour + " (seed 17)");
    const scenario::Result again = run_twice(catalogue.scenarios[0]);
    ASSERT_TRUE(again.failed) << file.text;
    EXPECT_EQ(again.failed->action, failure.behaviour);
  }
}

TEST(ExplorerReport, ARunThatNoSeedMakesIsNamedForWhatItIsAndKeepsItsTape) {
  FoundFailure failure = not_converging();
  failure.tape.put({Stream("s"), 1, 2}, 3);
  failure.from_seed = false;
  const FailureFile file = file_of(failure, 0);
  EXPECT_EQ(file.name, "run-17.yaml");
  EXPECT_EQ(file.tape_name, "run-17.tape");
  EXPECT_EQ(ChoiceTape::from_text(file.tape), failure.tape);
  EXPECT_NE(file.text.find("(run 17)"), std::string::npos) << file.text;
}

TEST(ExplorerReport, AFailureInJsonSaysWhatWasExpectedSeenAndWritten) {
  const FoundFailure failure = not_converging();
  const FailureFile file{"seed-17.yaml", "", 4, "", ""};
  const json told = json::parse(to_json(failure, file, "out/seed-17.yaml"));
  EXPECT_EQ(told["run"], 17);
  EXPECT_EQ(told["behaviour"], "assert_converges");
  EXPECT_EQ(told["expected"], failure.result.failed->failure.expected);
  EXPECT_EQ(told["seen"], failure.result.failed->failure.seen);
  EXPECT_EQ(told["steps"], 6);
  EXPECT_EQ(told["shrunk_steps"], 4);
  EXPECT_EQ(told["file"], "out/seed-17.yaml");
  EXPECT_TRUE(json::parse(to_json(failure, file, ""))["file"].is_null());
}

std::size_t reachable_pairs(const ExploreOptions& options) {
  for (const Coverage::Table& table : tables_of(explore(options))) {
    if (table.name.find("pairs") != std::string_view::npos) return table.reachable();
  }
  return 0;
}

TEST(ExplorerReport, RunsOfOneProtocolAreNotAskedForFamiliesOfFlags) {
  ExploreOptions options;
  options.seeds = 1;
  options.capture = Capture::v1;
  const std::size_t forced = reachable_pairs(options);
  options.workload = Workload::events;
  EXPECT_GT(forced, 0u);
  EXPECT_EQ(forced, reachable_pairs(options));
  options.capture.reset();
  options.workload.reset();
  EXPECT_GT(reachable_pairs(options), forced);
}

TEST(ExplorerReport, TheLineOfProgressKnowsTheShareThatIsDone) {
  ExploreOptions options;
  options.seeds = 4000;
  Progress progress;
  EXPECT_EQ(
      progress_line(progress, options, {}),
      "[....................]   0 %, 0 runs, 0/s, 0.0 virtual hours, 0 transitions, 0 failed, "
      "0 s left");
  progress.runs = 1000;
  progress.transitions = 77;
  progress.failures = 2;
  progress.virtual_time = hours{36};
  progress.real_time = seconds{2};
  EXPECT_EQ(progress_line(progress, options, seconds{2}),
            "[#####...............]  25 %, 1000 runs, 500/s, 36.0 virtual hours, 77 transitions, 2 "
            "failed, 6 s left");
  options.budget = milliseconds{2500};
  EXPECT_EQ(progress_line(progress, options, seconds{2}).substr(0, 29),
            "[################....]  80 %,");
  EXPECT_EQ(progress_line(progress, options, seconds{9}).substr(0, 29),
            "[####################] 100 %,");
}

}  // namespace
}  // namespace lockstep::explore
