// The line of progress, on a clock that the test moves.
#include "scenarios/progress.h"

#include <gtest/gtest.h>

#include <sstream>

#include "clock/virtual_clock.h"

namespace lockstep::scenario {
namespace {

Result failing() {
  Result result;
  result.failed = FailedStep{};
  return result;
}

TEST(Progress, RewritesOneLineAndRemovesItAtTheEnd) {
  VirtualClock clock;
  std::ostringstream out;
  {
    Progress progress(out, true, 3, clock);
    progress.ended(Result{});
    clock.advance(std::chrono::milliseconds{1500});
    progress.ended(failing());
    EXPECT_EQ(out.str(), "\r\x1b[K1/3, 0 failed, 0.0 s\r\x1b[K2/3, 1 failed, 1.5 s");
  }
  EXPECT_TRUE(out.str().ends_with("1.5 s\r\x1b[K"));
}

TEST(Progress, IsNotWrittenForEveryTestOfManyButForTheLast) {
  VirtualClock clock;
  std::ostringstream out;
  Progress progress(out, true, 1000, clock);
  for (int i = 0; i < 999; ++i) {
    progress.ended(Result{});
    clock.advance(std::chrono::milliseconds{1});
  }
  EXPECT_LT(out.str().size(), std::size_t{1000});
  progress.ended(Result{});
  EXPECT_TRUE(out.str().ends_with("1000/1000, 0 failed, 1.0 s")) << out.str();
}

TEST(Progress, IsSilentWhereThereIsNoTerminal) {
  VirtualClock clock;
  std::ostringstream out;
  {
    Progress progress(out, false, 1, clock);
    progress.ended(Result{});
  }
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace lockstep::scenario
