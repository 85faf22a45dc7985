// An exploration that was stopped goes on from its state, and a state that is none is refused.
#include "scenarios/explore/state.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "scenarios/explore/explorer.h"

namespace lockstep::explore {
namespace {

ExploreOptions rounds_of_fifty(std::uint64_t seeds) {
  ExploreOptions options;
  options.seeds = seeds;
  options.round = 50;
  options.verify_one_in = 20;
  options.keep_every = Duration{0};
  return options;
}

// The last state that an exploration kept.
std::string state_after(ExploreOptions options) {
  std::string last;
  options.keep_state = [&](const std::string& state) { last = state; };
  explore(options);
  return last;
}

void expect_same(const Exploration& one, const Exploration& other) {
  EXPECT_EQ(one.runs, other.runs);
  EXPECT_EQ(one.digest, other.digest);
  EXPECT_EQ(one.virtual_time, other.virtual_time);
  EXPECT_EQ(one.verified, other.verified);
  EXPECT_EQ(one.failed_runs, other.failed_runs);
  EXPECT_EQ(one.seen, other.seen);
  EXPECT_EQ(one.singletons, other.singletons);
  EXPECT_EQ(one.corpus, other.corpus);
  EXPECT_EQ(one.families, other.families);
  EXPECT_EQ(one.coverage.counts(), other.coverage.counts());
  ASSERT_EQ(one.failures.size(), other.failures.size());
  for (std::size_t i = 0; i < one.failures.size(); ++i) {
    EXPECT_EQ(one.failures[i].seed, other.failures[i].seed);
    EXPECT_EQ(one.failures[i].from_seed, other.failures[i].from_seed);
    EXPECT_EQ(one.failures[i].behaviour, other.failures[i].behaviour);
    EXPECT_EQ(one.failures[i].result.digest, other.failures[i].result.digest);
  }
}

std::string refusal_of(const std::string& state, ExploreOptions options) {
  options.state = state;
  try {
    explore(options);
  } catch (const std::invalid_argument& problem) {
    return problem.what();
  }
  return "taken";
}

// The state with a line replaced, and the checksum of what it then says.
std::string with_line(const std::string& text, std::size_t number, const std::string& line) {
  std::string out;
  std::size_t at = 1;
  for (std::size_t begin = 0; begin < text.size(); ++at) {
    const std::size_t end = text.find('\n', begin);
    if (text.substr(begin, 9) == "checksum ") break;
    out += at == number ? line : text.substr(begin, end - begin);
    out += "\n";
    begin = end + 1;
  }
  return out + "checksum " + std::to_string(digest_bytes(kDigestStart, out)) + "\n";
}

TEST(ExplorerState, WhoGoesOnFindsWhatAnUnbrokenRunFinds) {
  const Exploration whole = explore(rounds_of_fifty(230));
  for (const std::uint64_t stop : {50, 100, 200}) {
    for (const unsigned jobs : {1u, 3u}) {
      ExploreOptions options = rounds_of_fifty(230);
      options.state = state_after(rounds_of_fifty(stop));
      options.jobs = jobs;
      const Exploration rest = explore(options);
      expect_same(rest, whole);
    }
  }
  EXPECT_GT(whole.corpus, 20u) << "runs are made from others, or the corpus is not tested";
}

// What ends in the middle of a round is the end of a range, and not where a longer range goes on.
TEST(ExplorerState, ALongerRangeGoesOnFromTheLastWholeRound) {
  ExploreOptions options = rounds_of_fifty(230);
  options.state = state_after(rounds_of_fifty(130));
  EXPECT_EQ(state_from_text(options.state).runs, 100u);
  expect_same(explore(options), explore(rounds_of_fifty(230)));
}

TEST(ExplorerState, AStopEndsAfterAWholeRound) {
  ExploreOptions options = rounds_of_fifty(230);
  options.keep_every = std::chrono::hours{1};
  int asked = 0;
  options.is_stopped = [&] { return ++asked > 3; };
  const std::string state = state_after(options);
  EXPECT_EQ(state_from_text(state).runs, 150u);
  options.is_stopped = nullptr;
  options.state = state;
  expect_same(explore(options), explore(rounds_of_fifty(230)));
}

TEST(ExplorerState, TheTextIsReadBack) {
  State state = state_from_text(state_after(rounds_of_fifty(100)));
  state.failed_runs = 3;
  state.failures.push_back({{77, std::nullopt}, 5});
  state.failures.push_back({{90, 2}, 6});
  state.capture = "segment";
  state.workload = "flags";
  EXPECT_EQ(state_from_text(to_text(state)), state);
}

TEST(ExplorerState, AFailureIsMadeAgainFromItsSeed) {
  const ExploreOptions options = rounds_of_fifty(100);
  State state = state_from_text(state_after(options));
  state.failed_runs = 1;
  // A run that does not fail is no failure to go on with.
  state.failures.push_back({{7, std::nullopt}, scenario::run(scenario_of_seed(7)).digest});
  const std::string refusal = refusal_of(to_text(state), options);
  EXPECT_NE(refusal.find("a run that is another when it is made again"), std::string::npos)
      << refusal;
}

TEST(ExplorerState, WhatIsNoStateIsRefusedWithItsLine) {
  const ExploreOptions options = rounds_of_fifty(100);
  const std::string state = state_after(options);
  const auto refused = [&](const std::string& text) { return refusal_of(text, options); };
  EXPECT_EQ(refused(state), "taken");
  EXPECT_EQ(refused("scenario: a\n"),
            "line 1: found \"scenario: a\"; expected \"lockstep exploration, version 3\"");
  EXPECT_EQ(refused(with_line(state, 1, "lockstep exploration, version 1")),
            "line 1: found \"lockstep exploration, version 1\"; expected \"lockstep exploration, "
            "version 3\"");
  EXPECT_EQ(refused(with_line(state, 4, "round fifty")),
            "line 4: found \"round fifty\"; expected a number of 64 bits");
  EXPECT_EQ(refused(with_line(state, 10, "lost 0")),
            "line 10: found \"lost 0\"; expected \"failed ...\"");
  const std::string cut = refused(state.substr(0, state.size() / 2));
  EXPECT_NE(cut.find("expected more lines: the file ends here"), std::string::npos) << cut;
  // One digit, as a disk that forgets would change it.
  std::string changed = state;
  char& digit = changed[changed.find("transition ") + 11];
  digit = digit == '1' ? '2' : '1';
  const std::string altered = refused(changed);
  EXPECT_NE(altered.find("expected the checksum of the lines above"), std::string::npos) << altered;
  EXPECT_NE(refused(state + "more\n").find("expected the end of the file"), std::string::npos);
}

TEST(ExplorerState, OneOfOtherOptionsOrAnotherBuildIsRefused) {
  const ExploreOptions options = rounds_of_fifty(100);
  const std::string state = state_after(options);
  const std::string other_build = refusal_of(with_line(state, 2, "build 1"), options);
  EXPECT_EQ(other_build.find("line 2: found build 1; expected build "), 0u) << other_build;
  ExploreOptions other = options;
  other.first_seed = 5;
  EXPECT_EQ(refusal_of(state, other), "line 3: found first 1; expected first 5, as in the options");
  other = options;
  other.novelty = false;
  EXPECT_EQ(refusal_of(state, other),
            "line 6: found novelty 1; expected novelty 0, as in the options");
  other = options;
  other.seeds = 60;
  EXPECT_EQ(refusal_of(state, other),
            "line 9: found 100 runs; expected at most the 60 that are asked for");
}

}  // namespace
}  // namespace lockstep::explore
