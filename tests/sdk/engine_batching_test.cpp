// When a batch leaves, what it holds, and how many leave at a time.
#include <gtest/gtest.h>

#include "tests/sdk/engine_driver.h"

namespace lockstep::engine {
namespace {

constexpr std::size_t kEnvelope = Config{}.envelope_bytes;

TEST(EngineBatching, ABatchLeavesAtOnceWhenFlushAtEventsWait) {
  EngineDriver driver;
  driver.capture_many(2);
  EXPECT_TRUE(driver.sent.empty());
  const Admitted third = driver.capture();
  EXPECT_TRUE(third.wake);
  ASSERT_EQ(driver.sent.size(), 1u);
  EXPECT_EQ(text_of(driver.events()), "0 1 2");
  EXPECT_EQ(driver.sent_at(), seconds{0});
  EXPECT_EQ(driver.batch().attempt, 1u);
}

TEST(EngineBatching, TheIntervalCountsFromTheOldestEvent) {
  EngineDriver driver;
  EXPECT_EQ(driver.next_wake(), Duration::max());
  driver.after(seconds{7});
  EXPECT_TRUE(driver.capture().wake);
  EXPECT_EQ(driver.next_wake(), seconds{5});
  driver.after(seconds{2});
  EXPECT_FALSE(driver.capture().wake) << "nothing the host waits for has changed";
  EXPECT_EQ(driver.next_wake(), seconds{3});
  driver.after(seconds{3} - Duration{1});
  EXPECT_TRUE(driver.sent.empty());
  driver.after(Duration{1});
  ASSERT_EQ(driver.sent.size(), 1u);
  EXPECT_EQ(text_of(driver.events()), "0 1");
  EXPECT_EQ(driver.sent_at(), seconds{12});
  EXPECT_EQ(driver.next_wake(), Duration::max()) << "a request in flight needs no wake";
}

// Beyond what an instant can say there is no instant in the past.
TEST(EngineBatching, AnIntervalLongerThanTimeItselfNeverComes) {
  Config config = small_config();
  all_lanes(config, &LaneConfig::flush_interval, Duration::max());
  EngineDriver driver(config);
  driver.after(seconds{7});
  driver.capture();
  EXPECT_TRUE(driver.sent.empty());
  EXPECT_EQ(driver.next_wake(), Duration::max());
}

TEST(EngineBatching, ABatchLeavesWhenItsBytesAreReached) {
  Config config = small_config();
  all_lanes(config, &LaneConfig::flush_at, std::size_t{100});
  all_lanes(config, &LaneConfig::max_batch_size, std::size_t{100});
  all_lanes(config, &LaneConfig::max_batch_bytes, std::size_t{3000});
  EngineDriver driver(config);
  driver.capture(Lane::analytics, 1000);
  EXPECT_FALSE(driver.capture(Lane::analytics, 1999).wake);
  EXPECT_TRUE(driver.sent.empty()) << "2999 bytes wait";
  driver.answer_all(delivered());
  EXPECT_TRUE(driver.capture(Lane::analytics, 100).wake);
  ASSERT_EQ(driver.sent.size(), 1u);
}

TEST(EngineBatching, ABatchTakesWhatFitsWithItsCommasAndItsEnvelope) {
  Config config = small_config();
  all_lanes(config, &LaneConfig::max_batch_bytes, kEnvelope + 3 * 101);
  EngineDriver driver(config);
  driver.capture_many(3, Lane::analytics, 100);
  ASSERT_EQ(driver.sent.size(), 1u);
  EXPECT_EQ(driver.batch().events.size(), 3u) << "exactly full";
  EXPECT_EQ(driver.batch().bytes, kEnvelope + 3 * 101);
  driver.answer_all(delivered());

  all_lanes(config, &LaneConfig::max_batch_bytes, kEnvelope + 3 * 101 - 1);
  EngineDriver tighter(config);
  tighter.capture_many(3, Lane::analytics, 100);
  ASSERT_EQ(tighter.sent.size(), 1u);
  EXPECT_EQ(tighter.batch().events.size(), 2u) << "one byte too few for the third";
}

TEST(EngineBatching, AFullQueueLeavesInBatchesOfTheMaximum) {
  Config config = small_config();
  all_lanes(config, &LaneConfig::max_batch_size, std::size_t{2});
  EngineDriver driver(config);
  driver.capture_many(7);
  driver.flush();
  driver.answer_all(delivered());
  ASSERT_EQ(driver.sent.size(), 4u);
  EXPECT_EQ(text_of(driver.events(0)), "0 1");
  EXPECT_EQ(text_of(driver.events(1)), "2 3");
  EXPECT_EQ(text_of(driver.events(2)), "4 5");
  EXPECT_EQ(text_of(driver.events(3)), "6");
}

TEST(EngineBatching, WhatRemainsAfterAFullBatchWaitsForItsOwnInterval) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.after(seconds{2});
  driver.capture();
  driver.answer_all(delivered());
  EXPECT_EQ(driver.sent.size(), 1u);
  EXPECT_EQ(driver.next_wake(), seconds{5});
}

TEST(EngineBatching, SeveralRequestsAreInFlightUpToTheLimit) {
  Config config = small_config();
  config.max_in_flight = 3;
  EngineDriver driver(config);
  driver.capture_many(15);
  ASSERT_EQ(driver.sent.size(), 3u);
  EXPECT_EQ(driver.stats().in_flight, 9u);
  EXPECT_EQ(driver.next_wake(), Duration::max()) << "no slot is free: time changes nothing";
  driver.answer(2, delivered());
  ASSERT_EQ(driver.sent.size(), 4u) << "a slot came free, in whatever order the answers come";
  EXPECT_EQ(text_of(driver.events()), "9 10 11");
  driver.answer(3, delivered());
  driver.answer(1, delivered());
  driver.answer_all(delivered());
  EXPECT_EQ(driver.stats().delivered, 15u);
  EXPECT_EQ(driver.stats().requests, 5u);
  EXPECT_EQ(driver.stats().retries, 0u);
}

TEST(EngineBatching, AnAnswerToAnUnknownRequestIsIgnored) {
  EngineDriver driver;
  driver.capture_many(3);
  const std::uint64_t before = driver.engine.digest();
  driver.answer(99, delivered());
  EXPECT_EQ(driver.engine.digest(), before);
  driver.answer(delivered());
  driver.answer(1, delivered());
  EXPECT_EQ(driver.stats().delivered, 3u);
}

TEST(EngineBatching, AnEventLargerThanTheLimitEndsAtAdmission) {
  EngineDriver driver;
  const Admitted result = driver.capture(Lane::analytics, 10'001);
  EXPECT_EQ(result.admission, Admission::dropped);
  EXPECT_EQ(result.reason, DropReason::too_large);
  EXPECT_TRUE(result.wake) << "its outcome waits to be told";
  ASSERT_EQ(driver.ended.size(), 1u);
  EXPECT_FALSE(driver.ended[0].ended.delivered);
  EXPECT_EQ(driver.ended[0].ended.reason, DropReason::too_large);
  EXPECT_EQ(driver.capture(Lane::analytics, 10'000).admission, Admission::accepted);
  EXPECT_EQ(driver.stats().captured, 2u);
  EXPECT_EQ(driver.stats().dropped(DropReason::too_large), 1u);
  EXPECT_EQ(driver.pending(), 1u);
}

TEST(EngineBatching, CountedDropsBalanceTheLedger) {
  EngineDriver driver;
  driver.engine.count_drop(Lane::ai, DropReason::hook);
  EXPECT_EQ(driver.stats(Lane::ai).captured, 1u);
  EXPECT_EQ(driver.stats(Lane::ai).dropped(DropReason::hook), 1u);
  EXPECT_TRUE(driver.stats(Lane::ai).balances());
  EXPECT_EQ(driver.engine.broken_invariant(), std::nullopt);
}

TEST(EngineBatching, TheQueueEmptiesWithoutAnyCall) {
  EngineDriver driver;
  for (int i = 0; i < 50; ++i) {
    driver.capture(static_cast<Lane>(i % 3));
    driver.after(milliseconds{300});
    driver.answer_all(delivered());
  }
  for (int i = 0; i < 3; ++i) {
    driver.after(seconds{5});
    driver.answer_all(delivered());
  }
  EXPECT_EQ(driver.pending(), 0u);
  EXPECT_EQ(driver.next_wake(), Duration::max());
}

}  // namespace
}  // namespace lockstep::engine
