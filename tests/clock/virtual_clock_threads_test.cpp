// Real threads on virtual time. No test here waits for real time to pass or reads it: what a wrong
// clock would do shows as a wrong virtual instant, or as a test that never ends.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "clock/chance.h"
#include "clock/virtual_clock.h"
#include "tests/clock/start.h"
#include "tests/clock/threads.h"

namespace lockstep {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(VirtualClockThreads, TwoThreadsTakeTurnsAtExactInstants) {
  VirtualClock clock;
  Gate gate(clock);
  std::vector<std::pair<char, Instant>> seen;
  const auto beat = [&](char name, Duration offset) {
    gate.pause(offset);
    for (int i = 0; i < 100; ++i) {
      gate.change([&] { seen.emplace_back(name, clock.now()); });
      gate.pause(milliseconds{20});
    }
  };
  Threads threads(clock);
  threads.start([&] { beat('a', milliseconds{10}); });
  threads.start([&] { beat('b', milliseconds{20}); });
  threads.join();

  ASSERT_EQ(seen.size(), 200u);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].first, i % 2 == 0 ? 'a' : 'b') << i;
    EXPECT_EQ(seen[i].second, kStart + milliseconds{10} * (i + 1)) << i;
  }
  EXPECT_EQ(clock.now(), kStart + milliseconds{2020});
}

TEST(VirtualClockThreads, TwoThreadsPlayPingPongAndNoTimePasses) {
  VirtualClock clock;
  Gate gate(clock);
  int ball = 0;
  const auto play = [&](int me) {
    for (int i = 0; i < 1000; ++i) {
      gate.wait([&] { return ball % 2 == me; });
      gate.change([&] { ++ball; });
    }
  };
  Threads threads(clock);
  threads.start([&] { play(0); });
  threads.start([&] { play(1); });
  threads.join();
  EXPECT_EQ(ball, 2000);
  EXPECT_EQ(clock.now(), kStart);
  EXPECT_EQ(clock.jumps(), 0u);
}

// The readers of the wall keep the clock's own mutex busy, which stretches the moment in which a
// player has asked and does not wait yet. A notify lost there would leave both waiting: a deadlock.
TEST(VirtualClockThreads, ANotifyBetweenAskingAndWaitingIsNotLost) {
  VirtualClock clock;
  Gate gate(clock);
  std::atomic<bool> finished{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!finished) static_cast<void>(clock.wall_now());
    });
  }
  int ball = 0;
  const auto play = [&](int me) {
    for (int i = 0; i < 2000; ++i) {
      gate.wait([&] { return ball % 2 == me; });
      gate.change([&] { ++ball; });
    }
  };
  Threads threads(clock);
  threads.start([&] { play(0); });
  threads.start([&] { play(1); });
  threads.join();
  finished = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(ball, 4000);
}

TEST(VirtualClockThreads, AConsumerGetsEverythingAtTheInstantItWasProduced) {
  VirtualClock clock;
  Gate gate(clock);
  std::vector<Instant> queue;
  std::vector<std::pair<Instant, Instant>> consumed;  // made at, taken at
  Threads threads(clock);
  threads.start([&] {
    for (int i = 1; i <= 500; ++i) {
      gate.pause(milliseconds{i % 7});
      gate.change_and_notify_locked([&] { queue.push_back(clock.now()); });
    }
  });
  threads.start([&] {
    while (consumed.size() < 500) {
      gate.wait([&] {
        for (const auto made : queue) consumed.emplace_back(made, clock.now());
        return !std::exchange(queue, {}).empty();
      });
    }
  });
  threads.join();
  ASSERT_EQ(consumed.size(), 500u);
  for (const auto& [made, taken] : consumed) EXPECT_EQ(made, taken);
}

// The waiter's deadline is the only other thing that could happen: a clock that let time pass
// between a notify and the wake-up it causes would reach it.
TEST(VirtualClockThreads, TimeCannotPassBetweenANotifyAndTheWakeUpItCauses) {
  for (int round = 0; round < 1000; ++round) {
    VirtualClock clock;
    Gate gate(clock);
    Gate own(clock);
    bool told = false;
    std::optional<Instant> woken;
    Threads threads(clock);
    threads.start([&] {
      EXPECT_TRUE(gate.await(kStart + seconds{10}, [&] { return told; }));
      woken = clock.now();
    });
    threads.start([&] {
      own.pause(seconds{1});
      gate.change([&] { told = true; });
      own.pause(seconds{1});
    });
    threads.join();
    ASSERT_EQ(woken, kStart + seconds{1});
    ASSERT_EQ(clock.now(), kStart + seconds{2});
  }
}

TEST(VirtualClockThreads, ANotifyWithoutAChangeLeavesTheDeadlineWhereItWas) {
  VirtualClock clock;
  Gate gate(clock);
  Gate own(clock);
  int asked = 0;
  Threads threads(clock);
  threads.start([&] {
    EXPECT_FALSE(gate.await(kStart + seconds{10}, [&] { return ++asked < 0; }));
    EXPECT_EQ(clock.now(), kStart + seconds{10});
  });
  threads.start([&] {
    for (int i = 0; i < 3; ++i) {
      own.pause(seconds{1});
      gate.notify();
    }
  });
  threads.join();
  EXPECT_EQ(asked, 5);  // before waiting, after each notify, at the deadline
}

// Both orders are right; what is not is a second chance, a later instant, or an answer that is not
// what ready() said under the mutex.
TEST(VirtualClockThreads, ANotifyAtTheInstantOfTheDeadlineIsSeenOrMissedButNeverLate) {
  for (int round = 0; round < 500; ++round) {
    VirtualClock clock;
    Gate gate(clock);
    Gate own(clock);
    const auto deadline = kStart + seconds{1};
    bool told = false;
    Threads threads(clock);
    threads.start([&] {
      bool last_answer = false;
      const bool result = gate.await(deadline, [&] { return last_answer = told; });
      ASSERT_EQ(clock.now(), deadline);
      ASSERT_EQ(result, last_answer);
    });
    threads.start([&] {
      own.await(deadline, [] { return false; });
      gate.change([&] { told = true; });
    });
    threads.join();
    ASSERT_EQ(clock.now(), deadline);
    ASSERT_EQ(clock.jumps(), 1u);
  }
}

TEST(VirtualClockThreads, EverybodyDueAtAnInstantRunsBeforeTimeMovesOn) {
  VirtualClock clock;
  std::vector<Instant> woken(8);
  Threads threads(clock);
  for (auto& at : woken) {
    threads.start([&clock, &at] {
      Gate own(clock);
      own.pause(seconds{1});
      at = clock.now();
      own.pause(seconds{1});
    });
  }
  threads.join();
  for (const auto at : woken) EXPECT_EQ(at, kStart + seconds{1});
  EXPECT_EQ(clock.jumps(), 2u);
}

TEST(VirtualClockThreads, ANotifyReachesAllWaitersOfItsConditionAndNoOther) {
  VirtualClock clock;
  Gate gate(clock);
  Gate other(clock);
  bool open = false;
  int through = 0;
  int asked_other = 0;
  Threads threads(clock);
  for (int i = 0; i < 5; ++i) {
    threads.start([&] {
      gate.wait([&] { return open; });
      gate.change([&] { ++through; });
    });
  }
  threads.start(
      [&] { EXPECT_FALSE(other.await(kStart + seconds{5}, [&] { return ++asked_other < 0; })); });
  threads.start([&] {
    Gate own(clock);
    own.pause(seconds{1});
    gate.change([&] { open = true; });
  });
  threads.join();
  EXPECT_EQ(through, 5);
  EXPECT_EQ(asked_other, 2);
  EXPECT_EQ(clock.now(), kStart + seconds{5});
}

TEST(VirtualClockThreads, AReservedSeatHoldsTimeUntilItsThreadIsThere) {
  for (int round = 0; round < 200; ++round) {
    VirtualClock clock;
    std::optional<Instant> arrived;
    std::optional<Seat> seat(std::in_place, clock);
    Threads threads(clock);
    threads.start([&] {
      Gate own(clock);
      own.pause(seconds{1});
    });
    std::thread late([&arrived, &clock, seat = std::move(*seat)]() mutable {
      const Participant self(std::move(seat));
      arrived = clock.now();
    });
    seat.reset();
    threads.join();
    late.join();
    ASSERT_EQ(arrived, kStart);
    ASSERT_EQ(clock.now(), kStart + seconds{1});
  }
}

TEST(VirtualClockThreads, ASeatGivenUpLetsTimeGoOn) {
  VirtualClock clock;
  Gate gate(clock);
  std::size_t asleep = 0;
  std::optional<Seat> seat(std::in_place, clock);
  std::thread waiter([&] { gate.pause_counted(seconds{1}, asleep); });
  gate.spin_until([&] { return asleep == 1; });
  EXPECT_EQ(clock.now(), kStart);
  seat.reset();
  waiter.join();
  EXPECT_EQ(clock.now(), kStart + seconds{1});
}

TEST(VirtualClockThreads, ARunningParticipantHoldsTimeAndItsEndLetsGo) {
  VirtualClock clock;
  Gate gate(clock);
  std::size_t asleep = 0;
  std::optional<Participant> self(std::in_place, clock);
  std::thread waiter([&] { gate.pause_counted(seconds{1}, asleep); });
  gate.spin_until([&] { return asleep == 1; });
  EXPECT_EQ(clock.now(), kStart);
  { const Participant inner(clock); }
  EXPECT_EQ(clock.now(), kStart) << "the end of an inner Participant is not the end of the outer";
  self.reset();
  waiter.join();
  EXPECT_EQ(clock.now(), kStart + seconds{1});
}

TEST(VirtualClockThreads, AParticipantWithinAParticipantCountsOnce) {
  VirtualClock clock;
  const Participant outer(clock);
  Gate own(clock);
  {
    const Participant inner(clock);
    own.pause(seconds{1});
  }
  own.pause(seconds{1});
  EXPECT_EQ(clock.now(), kStart + seconds{2});
}

TEST(VirtualClockThreads, AThreadThatIsNoParticipantCountsOnlyWhileItWaits) {
  VirtualClock clock;
  Gate gate(clock);
  std::optional<Participant> self(std::in_place, clock);
  std::vector<Instant> asked;
  bool finished = false;
  std::thread outsider([&] {
    gate.await(kStart + seconds{3}, [&] {
      asked.push_back(clock.now());
      return false;
    });
    gate.spin_until([&] { return finished; });  // runs, and holds no time by it
  });
  gate.spin_until([&] { return !asked.empty(); });
  gate.pause(seconds{5});
  EXPECT_EQ(clock.now(), kStart + seconds{5});
  gate.change([&] { finished = true; });
  outsider.join();
  EXPECT_EQ(asked, (std::vector{kStart, kStart + seconds{3}}));
}

TEST(VirtualClockThreads, ADriverThatTakesPartWakesWhoIsDueByAJump) {
  VirtualClock clock;
  std::optional<Participant> driver(std::in_place, clock);
  std::vector<Instant> woken(3);
  Gate gate(clock);
  std::size_t asleep = 0;
  std::size_t done = 0;
  Threads threads(clock);
  for (std::size_t i = 0; i < woken.size(); ++i) {
    threads.start([&, i] {
      gate.pause_counted(seconds{i + 1}, asleep);
      woken[i] = clock.now();
      gate.change([&] { ++done; });
    });
  }
  gate.spin_until([&] { return asleep == woken.size(); });
  clock.advance(seconds{2});
  gate.wait([&] { return done == 2; });
  EXPECT_EQ(woken[0], kStart + seconds{2});
  EXPECT_EQ(woken[1], kStart + seconds{2});
  EXPECT_EQ(clock.now(), kStart + seconds{2});
  EXPECT_EQ(clock.jumps(), 0u);
  driver.reset();
  threads.join();
  EXPECT_EQ(woken[2], kStart + seconds{3});
}

// The driver may move time past a deadline while its waiter is just about to wait.
TEST(VirtualClockThreads, TimeNeverGoesBackWhateverADriverDoes) {
  VirtualClock clock;
  std::atomic<bool> finished{false};
  std::thread waiter([&] {
    Gate own(clock);
    while (!finished) own.pause(Duration{1});
  });
  auto last = clock.now();
  for (int i = 0; i < 20'000; ++i) {
    clock.advance(Duration{1000});
    const auto next = clock.now();
    ASSERT_GT(next, last);
    last = next;
  }
  finished = true;
  waiter.join();
}

// The instants at which workers with periods of 3, 4 and 5 ms wake while a driver waits for 120 ms,
// in `steps` equal waits.
std::map<int, std::vector<Instant>> wake_ups(int steps) {
  VirtualClock clock;
  std::map<int, std::vector<Instant>> woken;
  Threads threads(clock);
  for (const int period : {3, 4, 5}) {
    auto& instants = woken[period];
    threads.start([&clock, &instants, period] {
      Gate own(clock);
      while (clock.now() < kStart + milliseconds{120}) {
        own.pause(milliseconds{period});
        instants.push_back(clock.now());
      }
    });
  }
  threads.start([&clock, steps] {
    Gate own(clock);
    for (int i = 0; i < steps; ++i) own.pause(milliseconds{120} / steps);
    EXPECT_EQ(clock.now(), kStart + milliseconds{120});
  });
  threads.join();
  return woken;
}

TEST(VirtualClockThreads, WaitingInManyStepsWakesOthersWhenOneLongWaitDoes) {
  const auto once = wake_ups(1);
  EXPECT_EQ(once.at(3).size(), 40u);
  for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(once.at(5)[i], kStart + milliseconds{5} * (i + 1));
  for (const int steps : {2, 7, 24, 120}) {
    if (120 % steps == 0) {
      EXPECT_EQ(wake_ups(steps), once) << steps;
    }
  }
}

TEST(VirtualClockThreads, EightThreadsWaitAThousandTimesEachAtExactInstants) {
  constexpr std::size_t kThreads = 8;
  constexpr std::uint64_t kWaits = 1000;
  VirtualClock clock;
  const Chance chance(11);
  Gate shared(clock);
  std::vector<Instant> ends(kThreads);
  std::vector<Instant> expected(kThreads);
  Threads threads(clock);
  for (std::uint64_t id = 0; id < kThreads; ++id) {
    for (std::uint64_t i = 0; i < kWaits; ++i) {
      expected[id] += Duration{chance.below({Stream{"pause"}, id, i}, 1000)};
    }
    threads.start([&, id] {
      auto mine = kStart;
      for (std::uint64_t i = 0; i < kWaits; ++i) {
        mine += Duration{chance.below({Stream{"pause"}, id, i}, 1000)};
        // All wait at one gate and disturb each other there.
        if (chance.ratio({Stream{"disturb"}, id, i}, 1, 4)) shared.notify();
        ASSERT_FALSE(shared.await(mine, [] { return false; }));
        ASSERT_EQ(clock.now(), mine);
      }
      ends[id] = clock.now();
    });
  }
  threads.join();
  EXPECT_EQ(ends, expected);
  EXPECT_EQ(clock.now(), *std::max_element(expected.begin(), expected.end()));
}

}  // namespace
}  // namespace lockstep
