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

}  // namespace
}  // namespace lockstep::explore
