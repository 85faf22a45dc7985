// The explorer as a whole: one result for a range of seeds, laws that can fail, findings that
// count.
#include "scenarios/explore/explorer.h"

#include <gtest/gtest.h>

#include "scenarios/action.h"
#include "scenarios/explore/laws.h"
#include "scenarios/load.h"

namespace lockstep::explore {
namespace {

ExploreOptions small(std::uint64_t seeds) {
  ExploreOptions options;
  options.seeds = seeds;
  options.verify_one_in = 40;
  options.round = 100;
  return options;
}

void expect_none_failed(const Exploration& found) {
  for (const FoundFailure& failure : found.failures) {
    ADD_FAILURE() << "run " << failure.seed << ": " << failure.behaviour << ": expected "
                  << failure.result.failed->failure.expected << "; saw "
                  << failure.result.failed->failure.seen;
  }
}

TEST(Explorer, NoRunOfTheSdkBreaksABehaviour) {
  const Exploration found = explore(small(400));
  expect_none_failed(found);
  EXPECT_EQ(found.runs, 400u);
  EXPECT_GT(found.verified, 5u);
  EXPECT_TRUE(found.missing_families().empty());
  EXPECT_GT(found.transitions, 500u);
  EXPECT_LT(found.singletons, found.transitions);
  EXPECT_GT(found.virtual_time, std::chrono::hours{1});
}

TEST(Explorer, NorDoesOneOfAProtocolThatIsSeldomDrawn) {
  for (const Capture capture : {Capture::segment, Capture::confidence}) {
    ExploreOptions options = small(200);
    options.capture = capture;
    const Exploration found = explore(options);
    expect_none_failed(found);
    EXPECT_TRUE(found.missing_families().empty()) << to_string(capture);
  }
}

TEST(Explorer, TheResultDoesNotDependOnTheNumberOfJobs) {
  ExploreOptions options = small(300);  // three rounds, so that the corpus is used
  options.verify_one_in = 0;
  const Exploration one = explore(options);
  options.jobs = 4;
  const Exploration four = explore(options);
  EXPECT_EQ(one.digest, four.digest);
  EXPECT_EQ(one.transitions, four.transitions);
  EXPECT_EQ(one.singletons, four.singletons);
  EXPECT_EQ(one.corpus, four.corpus);
  EXPECT_EQ(one.families, four.families);
}

TEST(Explorer, GoodAndTuringCountWhatWasSeenOnce) {
  Exploration found;
  EXPECT_EQ(found.unseen_probability(), 1.0);
  found.runs = 1000;
  found.singletons = 25;
  EXPECT_DOUBLE_EQ(found.unseen_probability(), 0.025);
}

// The canary: a behaviour that is really broken must come out as a failure, with the step at which
// it broke.
TEST(Explorer, ARunThatBreaksABehaviourFails) {
  const auto catalogue = scenario::load_text(
      "scenario: a\nsteps:\n"
      "  - { action: script_server, params: { default: { fault: no_answer } } }\n"
      "  - { action: init, params: { flush_at: 1, request_timeout_ms: 600000 } }\n"
      "  - { action: capture_burst, params: { count: 1 } }\n"
      "  - { action: advance, params: { by: 1s } }\n"
      "  - { action: assert_converges, params: { within: 1m } }\n",
      "f");
  const scenario::Result result = run_twice(catalogue.scenarios.front());
  ASSERT_TRUE(result.failed);
  EXPECT_EQ(result.failed->action, "assert_converges");
  EXPECT_NE(result.failed->failure.seen.find("1 events of main pending"), std::string::npos)
      << result.failed->failure.seen;
}

TEST(Explorer, ADigestThatChangesBreaksTheLawOfDeterminism) {
  const scenario::Scenario scenario = scenario_of_seed(5);
  scenario::Result first = scenario::run(scenario);
  EXPECT_FALSE(broken_law(scenario, first));
  first.digest ^= 1;
  const auto broken = broken_law(scenario, first);
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->action, "the same run leaves the same trace");
}

}  // namespace
}  // namespace lockstep::explore
