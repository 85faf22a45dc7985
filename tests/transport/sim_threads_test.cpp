// wait() and wake() with real threads on virtual time. A missing wake-up shows as a deadlock, which
// the clock reports at once.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "sim_bench.h"

namespace lockstep::test {
namespace {

TEST(SimThreads, AWaitLastsUntilTheNextThingIsDue) {
  SimBench bench;
  bench.network.start(1, request_to("/"), {});
  const Participant self(bench.clock);
  bench.network.wait(kNever);
  EXPECT_EQ(bench.clock.now(), at(milliseconds{3}));
  EXPECT_TRUE(bench.network.collect().empty());
  bench.network.wait(kNever);
  EXPECT_EQ(bench.clock.now(), at(milliseconds{8}));
  EXPECT_EQ(bench.network.collect().size(), 1u);
}

TEST(SimThreads, AWaitEndsAtItsOwnInstantWhenNothingIsDueBefore) {
  SimBench bench;
  bench.network.start(1, request_to("/"), {});
  const Participant self(bench.clock);
  bench.network.wait(at(milliseconds{2}));
  EXPECT_EQ(bench.clock.now(), at(milliseconds{2}));
  bench.network.wait(at(milliseconds{1}));
  EXPECT_EQ(bench.clock.now(), at(milliseconds{2}));
}

TEST(SimThreads, AWaitWithSomethingDueReturnsAtOnce) {
  SimBench bench;
  bench.network.start(1, request_to("/"), {});
  bench.clock.advance(seconds{1});
  const Participant self(bench.clock);
  bench.network.wait(kNever);
  EXPECT_EQ(bench.clock.now(), at(seconds{1}));
  EXPECT_EQ(bench.clock.jumps(), 0u);
}

TEST(SimThreads, AWakeMakesTheNextWaitReturnAndOnlyThatOne) {
  SimBench bench;
  const Participant self(bench.clock);
  bench.network.wake();
  bench.network.wake();
  bench.network.wait(at(seconds{1}));
  EXPECT_EQ(bench.clock.now(), Instant{});
  bench.network.wait(at(seconds{1}));
  EXPECT_EQ(bench.clock.now(), at(seconds{1}));
}

TEST(SimThreads, AWakeFromAnotherThreadEndsTheWaitAtItsInstant) {
  SimBench bench;
  std::mutex mutex;
  Condition condition;
  const Participant self(bench.clock);
  std::thread waker([&, seat = Seat(bench.clock)]() mutable {
    const Participant other(std::move(seat));
    std::unique_lock lock(mutex);
    bench.clock.await(lock, condition, at(milliseconds{250}), [] { return false; });
    bench.network.wake();
  });
  bench.network.wait(kNever);
  EXPECT_EQ(bench.clock.now(), at(milliseconds{250}));
  waker.join();
}

TEST(SimThreads, NoWakeIsLostHoweverItRacesWithTheWait) {
  SimBench bench;
  std::optional<Participant> self(bench.clock);
  constexpr int kRounds = 2000;
  std::atomic<int> seen{0};
  std::thread waker([&, seat = Seat(bench.clock)]() mutable {
    const Participant other(std::move(seat));
    for (int round = 0; round < kRounds; ++round) {
      bench.network.wake();
      while (seen.load() == round) std::this_thread::yield();
    }
  });
  for (int round = 0; round < kRounds; ++round) {
    bench.network.wait(kNever);
    ++seen;
  }
  self.reset();
  waker.join();
  EXPECT_EQ(bench.clock.now(), Instant{});
}

}  // namespace
}  // namespace lockstep::test
