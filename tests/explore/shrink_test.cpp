// The shrinker, over failures whose smallest form is known.
#include "scenarios/explore/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "scenarios/action.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/params.h"
#include "scenarios/explore/write.h"
#include "scenarios/load.h"

namespace lockstep::explore {
namespace {

scenario::Scenario read(const std::string& steps) {
  const scenario::Catalogue catalogue = scenario::load_text("scenario: a\nsteps:\n" + steps, "f");
  EXPECT_TRUE(catalogue.problems.empty()) << catalogue.problems.front().to_text();
  return catalogue.scenarios.front();
}

std::int64_t captured(const scenario::Scenario& scenario) {
  std::int64_t count = 0;
  for (const scenario::Step& step : scenario.steps) {
    if (step.action->name == "capture_burst")
      count += scenario::Params(step.params).integer("count");
  }
  return count;
}

TEST(Shrink, RemovesStepsPartsAndAmountsThatDoNotMatter) {
  const auto failing = read(
      "  - { action: init, params: { flush_at: 3, max_retries: 2 } }\n"
      "  - { action: capture_burst, params: { count: 50, event: x, every: 10ms } }\n"
      "  - { action: advance, params: { by: 1h } }\n"
      "  - { action: script_server, params: { responses: [{ status: 503 }, { status: 200 }] } }\n"
      "  - { action: capture_burst, params: { count: 7 } }\n");
  const auto fails = [](const scenario::Scenario& one) { return captured(one) >= 5; };
  const Shrunk small = shrink(failing, fails, 10'000);
  EXPECT_TRUE(small.finished);
  EXPECT_EQ(to_yaml(small.scenario),
            "scenario: \"a\"\nsteps:\n  - { action: capture_burst, params: {\"count\":5} }\n");
}

TEST(Shrink, StopsAtItsLimitWithSomethingThatStillFails) {
  const scenario::Scenario failing = scenario_of_seed(3);
  const auto fails = [](const scenario::Scenario& one) { return captured(one) >= 1; };
  const Shrunk small = shrink(failing, fails, 3);
  EXPECT_FALSE(small.finished);
  EXPECT_LE(small.runs, 3u);
  EXPECT_TRUE(fails(small.scenario));
}

// Nothing that a person could not write: a parameter that is required stays.
TEST(Shrink, EveryCandidateIsAValidScenario) {
  const scenario::Scenario failing = scenario_of_seed(11);
  const auto fails = [](const scenario::Scenario& one) {
    const scenario::Catalogue back = scenario::load_text(to_yaml(one), "f");
    // Steps may all go, which the loader refuses as a file; everything else it must take.
    EXPECT_TRUE(back.problems.empty() || one.steps.empty())
        << back.problems.front().to_text() << to_yaml(one);
    return captured(one) >= 1;
  };
  const Shrunk small = shrink(failing, fails, 5'000);
  EXPECT_EQ(small.scenario.steps.size(), 1u);
}

// What people keep of a failure is its file. One is stored here, as explore wrote it.
TEST(Shrink, AStoredFileLeavesTheSameTraceAHundredTimes) {
  const scenario::Catalogue stored = scenario::load_files({LOCKSTEP_SHRUNK});
  ASSERT_TRUE(stored.problems.empty()) << stored.problems.front().to_text();
  ASSERT_EQ(stored.scenarios.size(), 1u);
  const scenario::Scenario& shrunk = stored.scenarios.front();
  const std::uint64_t digest = scenario::run(shrunk).digest;
  for (int i = 0; i < 100; ++i) ASSERT_EQ(scenario::run(shrunk).digest, digest) << "run " << i;
  // And written once more it is the same run.
  const scenario::Catalogue again = scenario::load_text(to_yaml(shrunk), "f");
  EXPECT_EQ(scenario::run(again.scenarios.front()).digest, digest);
}

}  // namespace
}  // namespace lockstep::explore
