#include "clock/system_clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace lockstep {
namespace {

TEST(SystemClock, MonotonicTimeDoesNotGoBack) {
  const SystemClock clock;
  auto last = clock.now();
  for (int i = 0; i < 1000; ++i) {
    const auto next = clock.now();
    EXPECT_GE(next, last);
    last = next;
  }
}

TEST(SystemClock, AConditionThatHoldsIsNotWaitedFor) {
  SystemClock clock;
  std::mutex mutex;
  Condition condition;
  std::unique_lock lock(mutex);
  EXPECT_TRUE(clock.await(lock, condition, kNever, [] { return true; }));
  EXPECT_TRUE(lock.owns_lock());
}

TEST(SystemClock, ADeadlineInThePastOnlyAsks) {
  SystemClock clock;
  std::mutex mutex;
  Condition condition;
  std::unique_lock lock(mutex);
  int asked = 0;
  EXPECT_FALSE(clock.await(lock, condition, Instant::min(), [&] { return ++asked > 1; }));
  EXPECT_EQ(asked, 1);
}

TEST(SystemClock, WithoutANotifyTheDeadlineEndsTheWaitAndNotBefore) {
  SystemClock clock;
  std::mutex mutex;
  Condition condition;
  std::unique_lock lock(mutex);
  const auto deadline = clock.now() + std::chrono::milliseconds{2};
  EXPECT_FALSE(clock.await(lock, condition, deadline, [] { return false; }));
  EXPECT_GE(clock.now(), deadline);
  EXPECT_TRUE(lock.owns_lock());
}

TEST(SystemClock, ANotifyEndsAWaitWithoutDeadline) {
  SystemClock clock;
  std::mutex mutex;
  Condition condition;
  bool done = false;
  std::thread other([&] {
    {
      const std::scoped_lock lock(mutex);
      done = true;
    }
    clock.notify(condition);
  });
  std::unique_lock lock(mutex);
  EXPECT_TRUE(clock.await(lock, condition, kNever, [&] { return done; }));
  lock.unlock();
  other.join();
}

TEST(SystemEntropy, DiffersFromCallToCall) { EXPECT_NE(system_entropy(), system_entropy()); }

}  // namespace
}  // namespace lockstep
