#include "clock/time.h"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

using std::chrono::seconds;

TEST(Time, AdditionIsHeldAtBothEndsOfTheRange) {
  EXPECT_EQ(saturating_add(Duration::max(), Duration{1}), Duration::max());
  EXPECT_EQ(saturating_add(Duration::min(), Duration{-1}), Duration::min());
  EXPECT_EQ(saturating_add(Duration::max(), Duration::min()), Duration{-1});
  EXPECT_EQ(saturating_add(seconds{2}, seconds{-3}), seconds{-1});
}

TEST(Time, ADeadlinePastTheEndOfTimeNeverComes) {
  EXPECT_EQ(saturating_add(Instant{seconds{5}}, Duration::max()), kNever);
  EXPECT_EQ(saturating_add(WallTime{seconds{5}}, Duration::max()), WallTime::max());
}

TEST(Time, MultiplicationIsHeldAtTheTop) {
  EXPECT_EQ(saturating_multiply(seconds{3}, 4), seconds{12});
  EXPECT_EQ(saturating_multiply(seconds{1}, ~0ULL), Duration::max());
  EXPECT_EQ(saturating_multiply(Duration{0}, ~0ULL), Duration{0});
}

}  // namespace
}  // namespace lockstep
