#include "scenarios/prove/prover.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "clock/chance.h"
#include "scenarios/prove/world.h"

namespace lockstep::prove {
namespace {

using std::chrono::milliseconds;

Scope scope_named(std::string_view name) {
  const std::vector<Scope> all = standard_scopes();
  return *std::find_if(all.begin(), all.end(),
                       [&](const Scope& scope) { return scope.name == name; });
}

TEST(Prover, EveryScopeClosesWithItsFaultsCutToOne) {
  for (Scope scope : standard_scopes()) {
    scope.events = std::min(scope.events, 2u);
    scope.faults = 1;
    const Proof proof = prove(scope);
    EXPECT_TRUE(proof.closed) << scope.name;
    EXPECT_FALSE(proof.counterexample) << scope.name << ": " << proof.counterexample->law;
    EXPECT_GT(proof.states, 100u) << scope.name;
    EXPECT_GT(proof.ends, 0u) << scope.name;
  }
}

TEST(Prover, ASecondRunMeetsTheSameStatesInTheSameOrder) {
  Scope scope = scope_named("retry");
  scope.events = 2;
  scope.faults = 1;
  const Proof first = prove(scope);
  const Proof second = prove(scope);
  EXPECT_EQ(first.digest, second.digest);
  EXPECT_EQ(first.states, second.states);
  scope.events = 1;
  EXPECT_NE(prove(scope).digest, first.digest);
}

// A jitter makes some pauses shorter than the laws, which know none, allow.
TEST(Prover, ACounterexampleIsTheShortestWayToTheBrokenLaw) {
  Scope scope = scope_named("retry");
  scope.config.retry_jitter_percent = 100;
  const Proof proof = prove(scope);
  ASSERT_TRUE(proof.counterexample);
  EXPECT_FALSE(proof.closed);
  EXPECT_NE(proof.counterexample->law.find("pause"), std::string::npos)
      << proof.counterexample->law;
  // Two captures fill a batch; a failure; the retry comes too soon.
  EXPECT_LE(proof.counterexample->steps.size(), 4u);
  EXPECT_EQ(proof.counterexample->steps.front(), "capture event 0");
}

TEST(Prover, GivesUpWhereItWasToldTo) {
  ProveOptions options;
  options.most_states = 50;
  const Proof proof = prove(scope_named("retry"), options);
  EXPECT_FALSE(proof.closed);
  EXPECT_FALSE(proof.counterexample);
}

TEST(Moves, ComeATickBeforeAtAndATickAfterWhatIsDue) {
  const Scope scope = scope_named("flush");
  const Chance chance(1);
  World world(scope, chance);
  ASSERT_EQ(carry_out(scope, {}, world), std::nullopt);
  std::vector<Duration> waits;
  for (const Move& move : moves(scope, world)) {
    if (move.kind == Move::Kind::wait) waits.push_back(Duration{move.time});
  }
  const Duration interval = milliseconds{50};
  EXPECT_EQ(waits, (std::vector<Duration>{interval - kTick, interval, interval + kTick}));
}

TEST(Moves, EachFlushAndShutdownIsCalledOnceAndNothingIsCapturedAfterwards) {
  const Scope scope = scope_named("shutdown");
  const Chance chance(1);
  World world(scope, chance);
  const auto count = [&](Move::Kind kind) {
    const std::vector<Move> all = moves(scope, world);
    return std::count_if(all.begin(), all.end(),
                         [&](const Move& move) { return move.kind == kind; });
  };
  EXPECT_EQ(count(Move::Kind::flush), 1);
  EXPECT_EQ(count(Move::Kind::shutdown), 3);
  EXPECT_EQ(count(Move::Kind::capture), 1);
  ASSERT_EQ(carry_out(scope, {.kind = Move::Kind::shutdown, .time = 0}, world), std::nullopt);
  EXPECT_EQ(count(Move::Kind::flush), 0);
  EXPECT_EQ(count(Move::Kind::shutdown), 0);
  EXPECT_EQ(count(Move::Kind::capture), 0);
}

// Without it the number of states would grow with every instant at which something happened.
TEST(Worlds, ThatDifferOnlyInWhenTheyCameAboutAreOne) {
  const Scope scope = scope_named("retry");
  const Chance chance(1);
  World early(scope, chance);
  ASSERT_EQ(carry_out(scope, {}, early), std::nullopt);
  World late(scope, chance);
  late.now += milliseconds{7};
  ASSERT_EQ(carry_out(scope, {}, late), std::nullopt);
  EXPECT_EQ(early.digest(), late.digest());
  late.now += kTick;
  EXPECT_NE(early.digest(), late.digest()) << "nearer to the interval's end";
}

}  // namespace
}  // namespace lockstep::prove
