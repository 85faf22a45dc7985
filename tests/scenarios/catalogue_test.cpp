// The catalogue, replayed, and the canary that must fail.
#include <gtest/gtest.h>

#include <set>

#include "scenarios/action.h"
#include "scenarios/load.h"
#include "scenarios/report.h"
#include "scenarios/runner.h"

namespace lockstep::scenario {
namespace {

const Catalogue& catalogue() {
  static const Catalogue loaded = load_files({LOCKSTEP_CATALOGUE});
  return loaded;
}

TEST(Catalogue, LoadsWithoutAProblem) {
  for (const Problem& problem : catalogue().problems) ADD_FAILURE() << problem.to_text();
  EXPECT_GT(catalogue().scenarios.size(), 150u);
}

TEST(Catalogue, EveryScenarioPasses) {
  for (const Result& result : run(catalogue().scenarios).results) {
    if (!result.passed()) ADD_FAILURE() << result.name << "\n" << explain(result);
  }
}

// Jitter and uuids come from the seed; what the scenarios claim must not.
TEST(Catalogue, EveryScenarioPassesWhateverTheSeed) {
  for (const std::uint64_t seed : {2u, 3u, 4u}) {
    for (const Result& result : run(catalogue().scenarios, {.seed = seed}).results) {
      if (!result.passed())
        ADD_FAILURE() << result.name << ", seed " << seed << "\n" << explain(result);
    }
  }
}

TEST(Catalogue, TwoRunsLeaveTheSameTrace) {
  const auto first = run(catalogue().scenarios);
  const auto second = run(catalogue().scenarios);
  EXPECT_EQ(first.digest, second.digest);
  for (std::size_t i = 0; i < first.results.size(); ++i) {
    EXPECT_EQ(first.results[i].digest, second.results[i].digest) << first.results[i].name;
  }
}

TEST(Catalogue, AnotherSeedLeavesAnotherTrace) {
  EXPECT_NE(run(catalogue().scenarios, {.seed = 1}).digest,
            run(catalogue().scenarios, {.seed = 2}).digest);
}

TEST(Catalogue, SpansHoursOfVirtualTime) {
  EXPECT_GT(run(catalogue().scenarios).virtual_time(), std::chrono::hours{24});
}

TEST(Canary, Fails) {
  const Catalogue canary = load_files({LOCKSTEP_CANARY});
  ASSERT_TRUE(canary.problems.empty()) << canary.problems.front().to_text();
  ASSERT_EQ(canary.scenarios.size(), 1u);
  const Result result = run(canary.scenarios.front());
  ASSERT_FALSE(result.passed()) << "a scenario that must fail has passed";
  EXPECT_EQ(result.failed->number, 4u);
  EXPECT_EQ(result.failed->failure.expected, "2 requests");
  EXPECT_EQ(result.failed->failure.seen, "1 request");
}

}  // namespace
}  // namespace lockstep::scenario
