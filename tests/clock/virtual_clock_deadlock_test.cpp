// When every thread waits and none has a deadline: how a VirtualClock says so.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "clock/virtual_clock.h"
#include "tests/clock/start.h"
#include "tests/clock/threads.h"

namespace lockstep {
namespace {

using std::chrono::seconds;

// Collects deadlocks and opens a gate, so that the threads of a test come free.
struct Rescue {
  explicit Rescue(VirtualClock& clock) : gate(clock) {
    clock.on_deadlock([this](const std::string& what) {
      gate.change([&] {
        reports.push_back(what);
        open = reports.size() >= reports_wanted;
      });
    });
  }
  Gate gate;
  std::vector<std::string> reports;
  std::size_t reports_wanted = 1;
  bool open = false;
};

TEST(VirtualClockDeadlock, ADeadlockIsReportedWithEveryWaiterAndHowLongItWaited) {
  VirtualClock clock;
  Rescue rescue(clock);
  Threads threads(clock);
  threads.start([&] { rescue.gate.wait([&] { return rescue.open; }); });
  threads.start([&] {
    Gate own(clock);
    own.pause(seconds{2});
    rescue.gate.wait([&] { return rescue.open; });
  });
  threads.join();
  ASSERT_EQ(rescue.reports.size(), 1u);
  const auto& text = rescue.reports[0];
  EXPECT_EQ(text.find("deadlock in virtual time at 2.000000000 s"), 0u) << text;
  EXPECT_NE(text.find("for 2.000000000 s by now\n"), std::string::npos) << text;
  EXPECT_NE(text.find("for 0.000000000 s by now\n"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_EQ(clock.now(), kStart + seconds{2});
}

TEST(VirtualClockDeadlock, ADeadlockThatALeavingThreadCompletesIsReportedByAWaiter) {
  VirtualClock clock;
  Rescue rescue(clock);
  Threads threads(clock);
  std::optional<Participant> self(std::in_place, clock);
  threads.start([&] { rescue.gate.wait([&] { return rescue.open; }); });
  self.reset();
  threads.join();
  EXPECT_EQ(rescue.reports.size(), 1u);
}

TEST(VirtualClockDeadlock, ADeadlockIsReportedOnceUntilSomebodyElseJoinsIt) {
  VirtualClock clock;
  Rescue rescue(clock);
  rescue.reports_wanted = 2;
  Threads threads(clock);
  threads.start([&] { rescue.gate.wait([&] { return rescue.open; }); });
  // The first report's change notifies, so its waiter waits anew: that is the second deadlock.
  threads.join();
  EXPECT_EQ(rescue.reports.size(), 2u);
}

TEST(VirtualClockDeadlock, TheSameDeadlockIsNotReportedAgainWhenOthersComeAndGo) {
  VirtualClock clock;
  Gate gate(clock);
  Gate reported(clock);
  bool open = false;
  int reports = 0;
  clock.on_deadlock([&](const std::string&) { reported.change([&] { ++reports; }); });
  std::thread stuck([&] { gate.wait([&] { return open; }); });
  reported.spin_until([&] { return reports > 0; });
  for (int i = 0; i < 10; ++i) {
    { const Participant visitor(clock); }
    { const Seat seat(clock); }
    reported.pause(seconds{1});
  }
  gate.change([&] { open = true; });
  stuck.join();
  EXPECT_EQ(reports, 1);
  EXPECT_EQ(clock.now(), kStart + seconds{10});
}

TEST(VirtualClockDeadlock, ADeadlineAnywhereMeansNoDeadlock) {
  VirtualClock clock;
  Rescue rescue(clock);
  Gate own(clock);
  Threads threads(clock);
  threads.start([&] { rescue.gate.wait([&] { return rescue.open; }); });
  threads.start([&] {
    own.pause(seconds{100});
    rescue.gate.change([&] { rescue.open = true; });
  });
  threads.join();
  EXPECT_TRUE(rescue.reports.empty());
}

}  // namespace
}  // namespace lockstep
