// A virtual clock that is moved by a driver beside real threads: what it tells him.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "clock/virtual_clock.h"
#include "tests/clock/threads.h"

namespace lockstep {
namespace {

using std::chrono::seconds;

constexpr Instant kStart{};

TEST(VirtualClockDriver, TimeDoesNotMoveWithoutHimAlthoughEverybodyWaits) {
  VirtualClock clock;
  const Seat driver(clock);
  Gate gate(clock);
  std::atomic<int> hook_calls{0};
  clock.on_wait([&] { ++hook_calls; });
  std::thread sleeper([&] { gate.pause(seconds{5}); });
  while (hook_calls == 0) std::this_thread::yield();

  EXPECT_EQ(clock.waiting(), 1u) << "the hook is called when the thread waits, not before";
  EXPECT_EQ(clock.next_deadline(), kStart + seconds{5});
  clock.advance_to(kStart + seconds{4});
  EXPECT_EQ(clock.waiting(), 1u);
  clock.advance_to(kStart + seconds{5});
  EXPECT_EQ(clock.waiting(), 0u) << "due is as good as running";
  sleeper.join();
  EXPECT_EQ(clock.jumps(), 0u);
  EXPECT_EQ(clock.next_deadline(), kNever);
}

TEST(VirtualClockDriver, WhoWasNotifiedDoesNotWaitAnyMore) {
  VirtualClock clock;
  const Seat driver(clock);
  Gate gate(clock);
  bool open = false;
  std::atomic<int> hook_calls{0};
  clock.on_wait([&] { ++hook_calls; });
  std::thread waiter([&] { gate.wait([&] { return open; }); });
  while (hook_calls == 0) std::this_thread::yield();
  EXPECT_EQ(clock.next_deadline(), kNever);
  gate.change([&] { open = true; });
  EXPECT_EQ(clock.waiting(), 0u);
  waiter.join();
}

}  // namespace
}  // namespace lockstep
