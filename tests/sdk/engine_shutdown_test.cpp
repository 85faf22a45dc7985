// shutdown(): drains, keeps its deadline, ends every event, and then the engine is closed for good.
#include <gtest/gtest.h>

#include "tests/sdk/engine_driver.h"

namespace lockstep::engine {
namespace {

TEST(EngineShutdown, DrainsWhatIsQueued) {
  EngineDriver driver;
  driver.capture_many(7);
  const Ticket ticket = driver.shutdown();
  driver.answer_all(delivered());
  EXPECT_TRUE(driver.done(ticket));
  EXPECT_EQ(driver.report(ticket).status, FlushStatus::complete);
  EXPECT_EQ(driver.report(ticket).delivered, 7u);
  EXPECT_TRUE(driver.engine.closed());
  EXPECT_EQ(driver.now(), Instant{}) << "as soon as the last answer is there";
  EXPECT_TRUE(driver.errors.empty());
}

TEST(EngineShutdown, WithNothingPendingItIsDoneAtOnce) {
  EngineDriver driver;
  const Ticket ticket = driver.shutdown();
  EXPECT_TRUE(driver.done(ticket));
  EXPECT_TRUE(driver.engine.closed());
  EXPECT_EQ(driver.next_wake(), Duration::max());
}

TEST(EngineShutdown, AtTheDeadlineCancelsWhatFliesAndDropsTheRest) {
  Config config = small_config();
  config.max_in_flight = 2;
  EngineDriver driver(config);
  driver.capture_many(8);
  const Ticket ticket = driver.shutdown(seconds{3});
  EXPECT_EQ(driver.next_wake(), seconds{3});
  driver.after(seconds{3} - Duration{1});
  EXPECT_FALSE(driver.done(ticket));
  driver.after(Duration{1});
  EXPECT_TRUE(driver.done(ticket));
  EXPECT_EQ(driver.report(ticket).status, FlushStatus::timed_out);
  EXPECT_EQ(driver.report(ticket).dropped, 8u);
  EXPECT_EQ(driver.cancelled, (std::vector<RequestNumber>{1, 2}));
  EXPECT_EQ(driver.stats().dropped(DropReason::shutdown_deadline), 8u);
  EXPECT_EQ(driver.end_of(0).attempts, 1u);
  EXPECT_EQ(driver.end_of(7).attempts, 0u);
  ASSERT_EQ(driver.errors.size(), 1u);
  EXPECT_EQ(driver.errors[0].events, 8u);
  driver.answer(1, delivered());
  EXPECT_EQ(driver.stats().delivered, 0u) << "a late answer changes nothing";
}

TEST(EngineShutdown, WithoutAnyTimeNothingIsSent) {
  EngineDriver driver;
  driver.capture_many(2);
  const Ticket ticket = driver.shutdown(Duration{0});
  EXPECT_TRUE(driver.done(ticket));
  EXPECT_TRUE(driver.sent.empty());
  EXPECT_EQ(driver.end_of(0).attempts, 0u);
  EXPECT_EQ(driver.stats().requests, 0u);
}

TEST(EngineShutdown, ADeadlineInThePastIsNow) {
  EngineDriver driver;
  driver.after(seconds{10});
  driver.capture_many(2);
  EXPECT_TRUE(driver.done(driver.shutdown(seconds{-5})));
  EXPECT_TRUE(driver.sent.empty());
  EXPECT_EQ(driver.pending(), 0u);
}

TEST(EngineShutdown, ARequestThatNobodyHasTakenYetIsWithdrawn) {
  const Chance chance(1);
  Engine engine(small_config(), chance);
  Effects outbox;  // as a host that is busy leaves it
  for (int i = 0; i < 3; ++i) {
    engine.admit(EventRef(Uuid{}.to_string(), 0, Lane::analytics), {}, outbox);
  }
  engine.flush({}, Instant{} + seconds{9}, outbox);
  ASSERT_EQ(outbox.sends.size(), 1u);
  engine.shutdown({}, Instant{}, outbox);
  EXPECT_TRUE(outbox.sends.empty()) << "nothing is sent after shutdown";
  EXPECT_TRUE(outbox.cancels.empty());
  ASSERT_EQ(outbox.ended.size(), 3u);
  EXPECT_EQ(outbox.ended[0].attempts, 0u);
  EXPECT_EQ(engine.ledger()[0].requests, 0u);
}

TEST(EngineShutdown, RetriesThatFitAreMade) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(trouble());
  const Ticket ticket = driver.shutdown(seconds{10});
  EXPECT_FALSE(driver.done(ticket));
  driver.after(seconds{1});
  driver.answer(trouble());
  driver.after(seconds{2});
  driver.answer(delivered());
  EXPECT_EQ(driver.report(ticket).status, FlushStatus::complete);
  EXPECT_EQ(driver.now(), Instant{} + seconds{3});
}

TEST(EngineShutdown, EndsEarlyWhenThePauseOutlastsTheDeadline) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(trouble(minutes{5}));
  const Ticket ticket = driver.shutdown(minutes{1});
  EXPECT_TRUE(driver.done(ticket)) << "waiting would change nothing";
  EXPECT_EQ(driver.report(ticket).status, FlushStatus::timed_out);
  EXPECT_EQ(driver.end_of(0).reason, DropReason::shutdown_deadline);
  EXPECT_EQ(driver.end_of(0).attempts, 1u);
}

TEST(EngineShutdown, EndsEarlyOnlyWhenNoLaneCanGoOn) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(trouble(minutes{5}));
  driver.capture(Lane::ai);
  const Ticket ticket = driver.shutdown(minutes{1});
  EXPECT_FALSE(driver.done(ticket));
  ASSERT_EQ(driver.in_flight.size(), 1u);
  driver.answer(delivered());
  EXPECT_TRUE(driver.done(ticket));
  EXPECT_EQ(driver.report(ticket).delivered, 1u);
  EXPECT_EQ(driver.report(ticket).dropped, 3u);
}

TEST(EngineShutdown, ARetryAfterThatComesDuringItEndsItEarly) {
  EngineDriver driver;
  driver.capture_many(3);
  const Ticket ticket = driver.shutdown(seconds{30});
  driver.after(seconds{1});
  driver.answer(trouble(seconds{60}));
  EXPECT_TRUE(driver.done(ticket));
  EXPECT_EQ(driver.now(), Instant{} + seconds{1});
}

TEST(EngineShutdown, AnEarlierDeadlineOfASecondCallWins) {
  EngineDriver driver;
  driver.capture_many(3);
  const Ticket first = driver.shutdown(seconds{30});
  driver.after(seconds{1});
  const Ticket second = driver.shutdown(seconds{2});
  driver.after(seconds{2});
  EXPECT_TRUE(driver.done(first));
  EXPECT_TRUE(driver.done(second));
  EXPECT_EQ(driver.report(second).dropped, 3u);
  EXPECT_EQ(driver.report(first).status, FlushStatus::timed_out);
}

TEST(EngineShutdown, ALaterDeadlineOfASecondCallDoesNotProlongIt) {
  EngineDriver driver;
  driver.capture_many(3);
  const Ticket first = driver.shutdown(seconds{2});
  const Ticket second = driver.shutdown(seconds{30});
  driver.after(seconds{2});
  EXPECT_TRUE(driver.done(first));
  EXPECT_TRUE(driver.done(second));
}

TEST(EngineShutdown, AgainAfterItIsClosedIsDoneAtOnce) {
  EngineDriver driver;
  driver.shutdown();
  const Ticket again = driver.shutdown();
  EXPECT_TRUE(driver.done(again));
  EXPECT_EQ(driver.report(again).pending, 0u);
}

TEST(EngineShutdown, EveryFlushEndsWhateverItRacesWith) {
  for (const bool flush_first : {true, false}) {
    EngineDriver driver;
    driver.capture_many(5);
    const Ticket early = flush_first ? driver.flush(minutes{5}) : 0;
    driver.shutdown(seconds{3});
    const Ticket late = driver.flush(minutes{5});
    driver.after(seconds{3});
    if (flush_first) {
      EXPECT_TRUE(driver.done(early));
    }
    EXPECT_TRUE(driver.done(late));
    EXPECT_EQ(driver.report(late).dropped, 5u);
    EXPECT_EQ(driver.report(late).pending, 0u);
  }
}

TEST(EngineShutdown, AFlushOfAClosedEngineSaysSo) {
  EngineDriver driver;
  driver.shutdown();
  const Ticket ticket = driver.flush();
  EXPECT_TRUE(driver.done(ticket));
  EXPECT_EQ(driver.report(ticket).status, FlushStatus::closed);
}

TEST(EngineShutdown, ClosedMeansClosed) {
  EngineDriver driver;
  driver.capture_many(2);
  driver.shutdown();
  EXPECT_EQ(driver.capture().admission, Admission::closed) << "from the moment it began";
  driver.answer_all(delivered());
  EXPECT_EQ(driver.capture().admission, Admission::closed);
  EXPECT_EQ(driver.stats().captured, 2u) << "a refused event is not captured";
  const std::uint64_t before = driver.engine.digest();
  driver.after(hours{1});
  driver.answer(1, trouble());
  EXPECT_EQ(driver.engine.digest(), before);
  EXPECT_EQ(driver.sent.size(), 1u);
}

TEST(EngineShutdown, AsksToBeWokenOnceTheLastAnswerIsThere) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.shutdown();
  Effects out;
  driver.engine.completed(1, delivered(), driver.reading(), out);
  EXPECT_EQ(driver.next_wake(), Duration{0})
      << "it can end now; it must not sleep until its deadline";
}

TEST(EngineShutdown, WaitersForRoomAreWoken) {
  const Chance chance(1);
  Engine engine(small_config(), chance);
  Effects out;
  engine.shutdown({}, Instant{} + seconds{1}, out);
  EXPECT_TRUE(out.waiters_changed);
}

TEST(EngineShutdown, RetriesStillTakeTurnsWithFreshEvents) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(trouble());
  driver.capture_many(6);
  driver.shutdown(seconds{30});
  driver.after(seconds{1});
  driver.answer_all(delivered());
  EXPECT_EQ(driver.stats().delivered, 9u);
}

}  // namespace
}  // namespace lockstep::engine
