// What one thread sees of a VirtualClock: time that a driver moves, and the wall.
#include "clock/virtual_clock.h"

#include <gtest/gtest.h>

#include "clock/timestamp.h"
#include "tests/clock/start.h"

namespace lockstep {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(VirtualClock, StartsAtItsEpochAndStandsStill) {
  const VirtualClock clock;
  EXPECT_EQ(clock.now(), kStart);
  EXPECT_EQ(to_rfc3339(clock.wall_now()), "2025-01-01T00:00:00.000Z");
  EXPECT_EQ(clock.now(), kStart);
  EXPECT_EQ(VirtualClock(WallTime{seconds{7}}).wall_now(), WallTime{seconds{7}});
}

TEST(VirtualClock, AdvancingMovesBothReadingsAndNeverBack) {
  VirtualClock clock;
  clock.advance(seconds{5});
  EXPECT_EQ(clock.now(), kStart + seconds{5});
  EXPECT_EQ(clock.wall_now(), VirtualClock::kDefaultStart + seconds{5});
  clock.advance_to(kStart + seconds{3});
  clock.advance(seconds{-1});
  EXPECT_EQ(clock.now(), kStart + seconds{5});
  EXPECT_EQ(clock.read().at, clock.now());
  EXPECT_EQ(clock.read().wall, clock.wall_now());
}

TEST(VirtualClock, AJumpOfTheWallLeavesMonotonicTimeAlone) {
  VirtualClock clock;
  clock.advance(seconds{1});
  clock.jump_wall(hours{-48});
  EXPECT_EQ(clock.now(), kStart + seconds{1});
  EXPECT_EQ(clock.wall_now(), VirtualClock::kDefaultStart + seconds{1} - hours{48});
  clock.advance(seconds{1});
  EXPECT_EQ(clock.wall_now(), VirtualClock::kDefaultStart + seconds{2} - hours{48});
}

TEST(VirtualClock, TheWallDriftsFromTheMomentItIsToldTo) {
  VirtualClock clock;
  clock.advance(seconds{1000});
  clock.set_wall_drift(500);
  EXPECT_EQ(clock.wall_now(), VirtualClock::kDefaultStart + seconds{1000});
  clock.advance(seconds{1000});
  EXPECT_EQ(clock.wall_now(), VirtualClock::kDefaultStart + seconds{2000} + milliseconds{500});
  clock.set_wall_drift(-500);
  clock.advance(seconds{1000});
  EXPECT_EQ(clock.wall_now(), VirtualClock::kDefaultStart + seconds{3000});
  clock.set_wall_drift(0);
  clock.advance(seconds{1000});
  EXPECT_EQ(clock.wall_now(), VirtualClock::kDefaultStart + seconds{4000});
}

TEST(VirtualClock, AWallThatIsAsSlowAsCanBeStandsStill) {
  VirtualClock clock;
  clock.set_wall_drift(-5'000'000);
  clock.advance(hours{24 * 365 * 200});
  EXPECT_EQ(clock.wall_now(), VirtualClock::kDefaultStart);
}

TEST(VirtualClock, AWallThatIsAsFastAsCanBeRunsTwiceAsFast) {
  VirtualClock clock;
  clock.set_wall_drift(5'000'000);
  clock.advance(hours{24});
  EXPECT_EQ(clock.wall_now(), VirtualClock::kDefaultStart + hours{48});
}

TEST(VirtualClock, ReadingsAreHeldAtTheEndsOfTheirRange) {
  VirtualClock clock;
  clock.set_wall_drift(1'000'000);
  clock.advance(Duration::max());
  EXPECT_EQ(clock.now(), kNever - Duration{1});
  EXPECT_EQ(clock.wall_now(), WallTime::max());
  clock.advance(seconds{1});
  EXPECT_LT(clock.now(), kNever);

  VirtualClock past(WallTime::min() + seconds{1});
  past.jump_wall(seconds{-5});
  EXPECT_EQ(past.wall_now(), WallTime::min());
}

TEST(VirtualClock, ManySmallStepsAreOneLargeStep) {
  constexpr int kSteps = 1000;
  for (const std::int64_t drift : {0, 333, -777, 1'000'000}) {
    VirtualClock once;
    VirtualClock often;
    once.set_wall_drift(drift);
    often.set_wall_drift(drift);
    once.advance(Duration{1'234'567} * kSteps);
    for (int i = 0; i < kSteps; ++i) often.advance(Duration{1'234'567});
    EXPECT_EQ(once.now(), often.now());
    EXPECT_EQ(once.wall_now(), often.wall_now()) << drift;
  }
}

TEST(VirtualClock, AwaitAsksOnceWhereThereIsNothingToWaitFor) {
  VirtualClock clock;
  clock.advance(seconds{1});
  std::mutex mutex;
  Condition condition;
  std::unique_lock lock(mutex);
  int asked = 0;
  EXPECT_FALSE(clock.await(lock, condition, clock.now(), [&] { return ++asked > 1; }));
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(clock.await(lock, condition, kStart, [] { return true; }));
  EXPECT_TRUE(clock.await(lock, condition, kNever, [] { return true; }));
  EXPECT_TRUE(lock.owns_lock());
  EXPECT_EQ(clock.jumps(), 0u);
}

TEST(VirtualClock, AThreadAloneWaitsUntilItsDeadlineInNoTime) {
  VirtualClock clock;
  std::mutex mutex;
  Condition condition;
  std::unique_lock lock(mutex);
  const auto deadline = kStart + hours{1000};
  EXPECT_FALSE(clock.await(lock, condition, deadline, [] { return false; }));
  EXPECT_EQ(clock.now(), deadline);
  EXPECT_EQ(clock.jumps(), 1u);
  EXPECT_TRUE(lock.owns_lock());
}

TEST(VirtualClock, WhatReadySaysAtTheDeadlineCounts) {
  VirtualClock clock;
  std::mutex mutex;
  Condition condition;
  std::unique_lock lock(mutex);
  const auto deadline = kStart + seconds{1};
  EXPECT_TRUE(clock.await(lock, condition, deadline, [&] { return clock.now() == deadline; }));
}

TEST(VirtualClock, ReadyMayThrowAndTheClockGoesOn) {
  VirtualClock clock;
  std::mutex mutex;
  Condition condition;
  std::unique_lock lock(mutex);
  const auto throw_later = [&]() -> bool {
    if (clock.now() > kStart) throw 1;
    return false;
  };
  EXPECT_THROW(clock.await(lock, condition, kStart + seconds{1}, throw_later), int);
  EXPECT_TRUE(lock.owns_lock());
  EXPECT_FALSE(clock.await(lock, condition, kStart + seconds{2}, [] { return false; }));
  EXPECT_EQ(clock.now(), kStart + seconds{2});
}

TEST(VirtualClockDeathTest, ADeadlockPrintsItsReasonAndAborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto wait_forever = [] {
    VirtualClock clock;
    clock.advance(seconds{3});
    std::mutex mutex;
    Condition condition;
    std::unique_lock lock(mutex);
    clock.await(lock, condition, kNever, [] { return false; });
  };
  EXPECT_DEATH(wait_forever(), "deadlock in virtual time at 3\\.000000000 s");
}

}  // namespace
}  // namespace lockstep
