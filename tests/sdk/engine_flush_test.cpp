// flush(): what it covers, how long it takes, and what it leaves alone.
#include <gtest/gtest.h>

#include "tests/sdk/engine_driver.h"

namespace lockstep::engine {
namespace {

TEST(EngineFlush, SendsWhatWaitsAtOnceAndReportsIt) {
  EngineDriver driver;
  driver.capture_many(2);
  const Ticket ticket = driver.flush();
  ASSERT_EQ(driver.sent.size(), 1u);
  EXPECT_FALSE(driver.done(ticket));
  EXPECT_EQ(driver.report(ticket).pending, 2u);
  driver.answer(per_event("dx"));
  EXPECT_TRUE(driver.done(ticket));
  EXPECT_EQ(driver.report(ticket).status, FlushStatus::complete);
  EXPECT_EQ(driver.report(ticket).delivered, 1u);
  EXPECT_EQ(driver.report(ticket).dropped, 1u);
  EXPECT_EQ(driver.report(ticket).pending, 0u);
}

TEST(EngineFlush, WithNothingToSendItIsDoneAtOnce) {
  EngineDriver driver;
  const Ticket ticket = driver.flush();
  EXPECT_TRUE(driver.done(ticket));
  EXPECT_EQ(driver.report(ticket).status, FlushStatus::complete);
}

TEST(EngineFlush, CoversAllLanesAndWhatIsInFlight) {
  EngineDriver driver;
  driver.capture_many(3, Lane::analytics);
  driver.capture(Lane::historical);
  driver.capture(Lane::ai);
  const Ticket ticket = driver.flush();
  EXPECT_EQ(driver.report(ticket).pending, 5u);
  driver.answer_all(delivered());
  EXPECT_EQ(driver.report(ticket).delivered, 5u);
  EXPECT_TRUE(driver.done(ticket));
}

TEST(EngineFlush, CoversOnlyEventsCapturedBeforeIt) {
  EngineDriver driver;
  driver.capture_many(3);
  const Ticket ticket = driver.flush();
  driver.capture();
  driver.answer(delivered());
  EXPECT_TRUE(driver.done(ticket));
  EXPECT_EQ(driver.report(ticket).delivered, 3u);
  EXPECT_EQ(driver.sent.size(), 1u) << "the later event waits for its interval";
  EXPECT_EQ(driver.next_wake(), seconds{5});
}

TEST(EngineFlush, DoesNotHurryALaterEventOfAnotherLane) {
  EngineDriver driver;
  driver.capture_many(3, Lane::analytics);
  driver.flush();
  driver.capture(Lane::ai);
  EXPECT_EQ(driver.sent.size(), 1u);
  EXPECT_EQ(driver.next_wake(), seconds{5});
}

TEST(EngineFlush, FinishesUnderSustainedTraffic) {
  EngineDriver driver;
  driver.capture_many(20);
  const Ticket ticket = driver.flush();
  int requests = 0;
  while (!driver.done(ticket) && requests < 100) {
    driver.capture_many(3);
    driver.answer(delivered());
    ++requests;
  }
  EXPECT_TRUE(driver.done(ticket));
  EXPECT_EQ(requests, 7) << "20 events in batches of 3";
}

TEST(EngineFlush, EndsAtItsDeadlineAndLeavesTheRestQueued) {
  EngineDriver driver;
  driver.capture_many(5);
  const Ticket ticket = driver.flush(seconds{2});
  EXPECT_EQ(driver.next_wake(), seconds{2});
  driver.after(seconds{2} - Duration{1});
  EXPECT_FALSE(driver.done(ticket));
  driver.after(Duration{1});
  EXPECT_TRUE(driver.done(ticket));
  EXPECT_EQ(driver.report(ticket).status, FlushStatus::timed_out);
  EXPECT_EQ(driver.report(ticket).pending, 5u);
  EXPECT_TRUE(driver.cancelled.empty());
  driver.answer_all(delivered());
  EXPECT_EQ(driver.stats().delivered, 3u) << "what was in flight still arrives";
  EXPECT_EQ(driver.report(ticket).delivered, 0u) << "a final report stays as it is";
  EXPECT_EQ(driver.pending(), 2u);
}

TEST(EngineFlush, InsideAPauseItBurnsNoAttempt) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(trouble(seconds{30}));
  for (int i = 0; i < 10; ++i) {
    driver.flush(milliseconds{100});
    driver.after(milliseconds{100});
  }
  EXPECT_EQ(driver.sent.size(), 1u);
  driver.after(seconds{29});
  ASSERT_EQ(driver.sent.size(), 2u);
  EXPECT_EQ(driver.sent_at(), seconds{30});
  EXPECT_EQ(driver.batch().attempt, 2u);
}

TEST(EngineFlush, WaitsOutAPauseThatItsDeadlineAllows) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(trouble(seconds{30}));
  driver.capture();
  const Ticket ticket = driver.flush(seconds{60});
  driver.after(seconds{30});
  driver.answer_all(delivered());
  EXPECT_TRUE(driver.done(ticket));
  EXPECT_EQ(driver.report(ticket).delivered, 4u);
  EXPECT_EQ(driver.now(), Instant{} + seconds{30}) << "no interval of 5 s on top";
}

TEST(EngineFlush, TwoFlushesEachCountTheirOwn) {
  EngineDriver driver;
  driver.capture_many(3);
  const Ticket first = driver.flush();
  driver.capture_many(2);
  const Ticket second = driver.flush();
  driver.answer(delivered());
  EXPECT_TRUE(driver.done(first));
  EXPECT_FALSE(driver.done(second));
  driver.answer(refused());
  EXPECT_EQ(driver.report(first).delivered, 3u);
  EXPECT_EQ(driver.report(second).delivered, 3u);
  EXPECT_EQ(driver.report(second).dropped, 2u);
}

TEST(EngineFlush, AForgottenFlushGoesOn) {
  EngineDriver driver;
  driver.capture_many(8);
  const Ticket ticket = driver.flush();
  driver.forget(ticket);
  EXPECT_EQ(driver.engine.report(ticket), std::nullopt);
  driver.answer_all(delivered());
  EXPECT_EQ(driver.stats().delivered, 8u) << "also the last two, which are less than flush_at";
  EXPECT_EQ(driver.next_wake(), Duration::max()) << "and nothing of it is left";
}

TEST(EngineFlush, AForgottenReportFreesItsPlace) {
  EngineDriver driver;
  const std::uint64_t before = driver.engine.digest();
  driver.forget(driver.flush());
  EXPECT_EQ(driver.engine.digest(), before);
}

TEST(EngineFlush, AnEvictedEventEndsItsFlush) {
  Config config = small_config();
  config.queue_full = QueueFullPolicy::drop_oldest;
  all_lanes(config, &LaneConfig::max_queue_size, std::size_t{4});
  EngineDriver driver(config);
  driver.capture_many(3);
  driver.answer(trouble(minutes{5}));
  const Ticket ticket = driver.flush(minutes{1});
  driver.capture_many(4);
  EXPECT_TRUE(driver.done(ticket));
  EXPECT_EQ(driver.report(ticket).dropped, 3u);
}

}  // namespace
}  // namespace lockstep::engine
