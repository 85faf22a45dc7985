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

TEST(Explorer, NorDoesOneAboutFlagProviders) {
  ExploreOptions options = small(300);
  options.workload = Workload::flags;
  const Exploration found = explore(options);
  expect_none_failed(found);
  EXPECT_TRUE(found.missing_families().empty());
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
  found.runs = 2000;
  found.seed_runs = 1000;
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

// Waits of all kinds, of which those until a date would be others on a clock that began elsewhere.
constexpr const char* kUntilADate =
    "scenario: a\nsteps:\n"
    "  - action: script_server\n"
    "    params: { responses: [{ status: 503, headers: { Retry-After: DATE } }] }\n"
    "  - { action: init, params: { flush_at: 1 } }\n"
    "  - { action: capture_burst, params: { count: 2 } }\n"
    "  - { action: start_flush, params: { timeout: 7s, as: f } }\n"
    "  - { action: advance, params: { by: 1m } }\n";

std::optional<scenario::FailedStep> law_broken_by(std::string_view date) {
  std::string text = kUntilADate;
  text.replace(text.find("DATE"), 4, date);
  const auto catalogue = scenario::load_text(text, "f");
  EXPECT_TRUE(catalogue.problems.empty()) << catalogue.problems.front().to_text();
  const scenario::Scenario& scenario = catalogue.scenarios.front();
  return broken_law(scenario, scenario::run(scenario));
}

TEST(Explorer, TheSameRunYearsLaterIsTheSameRun) {
  const auto broken = law_broken_by("\"Wed, 01 Jan 2025 00:00:30 GMT\"");
  EXPECT_FALSE(broken) << broken->action << broken->failure.seen;
}

// A date that the law takes for none, and the SDK does not: it stays where it was, and so does not
// lie ahead of a clock that began later.
TEST(Explorer, ADateThatDoesNotMoveWithTheClockBreaksTheLawOfItsBeginning) {
  const auto broken = law_broken_by("\"\\tWed, 01 Jan 2025 00:00:30 GMT\"");
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->action, "time has no beginning");
}

}  // namespace
}  // namespace lockstep::explore
