// Answers that differ from event to event, and 413: a batch that becomes smaller.
#include <gtest/gtest.h>

#include "tests/sdk/engine_driver.h"

namespace lockstep::engine {
namespace {

// --- an answer per event
// --------------------------------------------------------------------------

TEST(EnginePartial, OnlyTheEventsToRetryAreSentAgain) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(per_event("drx"));
  EXPECT_TRUE(driver.end_of(0).delivered);
  EXPECT_FALSE(driver.has_ended(1));
  EXPECT_EQ(driver.end_of(2).reason, DropReason::rejected);
  EXPECT_EQ(driver.end_of(2).detail, "x");
  driver.after(seconds{1});
  ASSERT_EQ(driver.sent.size(), 2u);
  EXPECT_EQ(text_of(driver.events()), "1");
  EXPECT_EQ(driver.batch().number, driver.batch(0).number);
  EXPECT_EQ(driver.batch().attempt, 2u);
  EXPECT_EQ(driver.batch().created_at, driver.batch(0).created_at);
  EXPECT_EQ(driver.batch().events[0].json().data(), driver.batch(0).events[1].json().data())
      << "the very bytes, not a copy";
  driver.answer(delivered());
  EXPECT_EQ(driver.end_of(1).attempts, 2u);
  EXPECT_EQ(driver.end_of(0).attempts, 1u);
}

TEST(EnginePartial, RefusedEventsOfAnAcceptedRequestAreTold) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(per_event("xdx"));
  ASSERT_EQ(driver.errors.size(), 1u);
  EXPECT_EQ(driver.errors[0].events, 2u);
}

TEST(EnginePartial, UnconfirmedEventsCountApartAndAreNotSentAgain) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(per_event("udu"));
  EXPECT_EQ(driver.stats().delivered, 3u);
  EXPECT_EQ(driver.stats().unconfirmed, 2u);
  EXPECT_TRUE(driver.end_of(0).unconfirmed);
  EXPECT_FALSE(driver.end_of(1).unconfirmed);
  EXPECT_EQ(driver.next_wake(), Duration::max());
}

TEST(EnginePartial, EventsWithoutAVerdictAreUnconfirmed) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(per_event("d"));
  EXPECT_EQ(driver.stats().delivered, 3u);
  EXPECT_EQ(driver.stats().unconfirmed, 2u);
}

TEST(EnginePartial, MoreVerdictsThanEventsDoNoHarm) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(per_event("dddxxrr"));
  EXPECT_EQ(driver.stats().delivered, 3u);
  EXPECT_EQ(driver.pending(), 0u);
}

TEST(EnginePartial, AnEventThatIsRefusedForeverExhaustsItsAttempts) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(per_event("drr"));
  driver.after(seconds{1});
  driver.answer(per_event("rd"));
  driver.after(seconds{2});
  EXPECT_EQ(text_of(driver.events()), "1");
  driver.answer(per_event("r"));
  EXPECT_EQ(driver.end_of(1).reason, DropReason::attempts_exhausted);
  EXPECT_EQ(driver.end_of(1).attempts, 3u);
  EXPECT_EQ(driver.stats().delivered, 2u);
  EXPECT_EQ(driver.pending(), 0u);
}

TEST(EnginePartial, APartialAnswersRetryAfterHoldsForTheEndpoint) {
  EngineDriver driver;
  driver.capture_many(3);
  Verdict verdict = per_event("rdd");
  verdict.pause = seconds{7};
  driver.answer(verdict);
  driver.capture_many(3);
  EXPECT_EQ(driver.sent.size(), 1u);
  EXPECT_EQ(driver.next_wake(), seconds{7});
}

// --- 413
// ------------------------------------------------------------------------------------------

TEST(EngineSplit, TheHalvesGoAtOnceInOrder) {
  Config config = small_config();
  all_lanes(config, &LaneConfig::max_batch_size, std::size_t{5});
  all_lanes(config, &LaneConfig::flush_at, std::size_t{5});
  EngineDriver driver(config);
  driver.capture_many(5);
  driver.after(seconds{1});
  driver.answer(too_large());
  driver.answer_all(delivered());
  ASSERT_EQ(driver.sent.size(), 3u);
  EXPECT_EQ(text_of(driver.events(1)), "0 1");
  EXPECT_EQ(text_of(driver.events(2)), "2 3 4");
  EXPECT_EQ(driver.sent_at(1), seconds{1});
  EXPECT_EQ(driver.batch(1).attempt, 1u) << "a half is a request of its own";
  EXPECT_NE(driver.batch(1).number, driver.batch(0).number);
  EXPECT_NE(driver.batch(1).number, driver.batch(2).number);
  EXPECT_EQ(driver.batch(1).created_at, driver.batch(0).created_at);
  EXPECT_EQ(driver.stats().delivered, 5u);
  EXPECT_EQ(driver.end_of(0).attempts, 2u) << "two requests carried it";
  EXPECT_EQ(driver.stats().retries, 0u) << "a split is no retry";
}

TEST(EngineSplit, OneEventIsTooLargeAndTheOthersAreNot) {
  Config config = small_config();
  all_lanes(config, &LaneConfig::max_batch_size, std::size_t{8});
  all_lanes(config, &LaneConfig::flush_at, std::size_t{8});
  EngineDriver driver(config);
  driver.capture_many(8);
  while (!driver.in_flight.empty()) {
    const Batch& batch = *driver.in_flight.begin()->second.batch;
    bool has_it = false;
    for (const EventRef& event : batch.events) has_it = has_it || event.sequence() == 5;
    driver.answer(has_it ? too_large() : delivered());
  }
  EXPECT_EQ(driver.stats().delivered, 7u);
  EXPECT_EQ(driver.end_of(5).reason, DropReason::too_large);
  EXPECT_EQ(driver.end_of(5).status, 413);
  EXPECT_EQ(driver.end_of(5).attempts, 4u) << "in 8, 4, 2 and 1";
  ASSERT_EQ(driver.errors.size(), 1u);
  EXPECT_EQ(driver.errors[0].events, 1u);
}

TEST(EngineSplit, ASingleEventIsSentOnce) {
  EngineDriver driver;
  driver.capture();
  driver.flush();
  driver.answer(too_large());
  EXPECT_EQ(driver.sent.size(), 1u);
  EXPECT_EQ(driver.stats().dropped(DropReason::too_large), 1u);
  driver.after(hours{1});
  EXPECT_EQ(driver.sent.size(), 1u);
}

TEST(EngineSplit, ASplitKeepsTheFailuresOfItsEvents) {
  EngineDriver driver;
  driver.capture_many(2);
  driver.flush();
  driver.answer(trouble());
  driver.after(seconds{1});
  driver.answer(trouble());
  driver.after(seconds{2});
  driver.answer(too_large());
  driver.answer(trouble());
  EXPECT_EQ(driver.end_of(0).reason, DropReason::attempts_exhausted)
      << "splitting gives no new attempts";
  EXPECT_EQ(driver.end_of(0).attempts, 4u);
}

TEST(EngineSplit, LaterBatchesAreSmallerUntilFourOfThemWereDelivered) {
  Config config = small_config();
  all_lanes(config, &LaneConfig::max_batch_size, std::size_t{8});
  all_lanes(config, &LaneConfig::flush_at, std::size_t{8});
  EngineDriver driver(config);
  driver.capture_many(8);
  driver.capture_many(60);
  driver.answer(too_large());
  driver.flush();
  driver.answer_all(delivered());
  std::string sizes;
  for (int i = 0; i < static_cast<int>(driver.sent.size()); ++i) {
    sizes += std::to_string(driver.batch(i).events.size()) + " ";
  }
  // The two halves count too; after four of 4 the size doubles, which is the configured one.
  EXPECT_TRUE(sizes.starts_with("8 4 4 4 4 8 8 ") || sizes.starts_with("8 4 4 4 4 4 8 8 "))
      << sizes;
}

TEST(EngineSplit, ASecond413ShrinksFurtherAndCountsAnew) {
  Config config = small_config();
  all_lanes(config, &LaneConfig::max_batch_size, std::size_t{8});
  all_lanes(config, &LaneConfig::flush_at, std::size_t{8});
  EngineDriver driver(config);
  driver.capture_many(90);
  const auto fits = [](std::size_t events) { return events <= 2; };
  for (int i = 0; i < 60 && !driver.in_flight.empty(); ++i) {
    driver.answer(fits(driver.in_flight.begin()->second.batch->events.size()) ? delivered()
                                                                              : too_large());
  }
  driver.flush();
  while (!driver.in_flight.empty()) {
    driver.answer(fits(driver.in_flight.begin()->second.batch->events.size()) ? delivered()
                                                                              : too_large());
  }
  EXPECT_EQ(driver.stats().delivered, 90u);
  EXPECT_EQ(driver.stats().dropped(), 0u);
}

TEST(EngineSplit, AShrunkLaneDoesNotShrinkTheOthers) {
  EngineDriver driver;
  driver.capture_many(3, Lane::analytics);
  driver.answer(too_large());
  driver.capture_many(3, Lane::ai);
  EXPECT_EQ(driver.batch().lane, Lane::ai);
  EXPECT_EQ(driver.batch().events.size(), 3u);
}

}  // namespace
}  // namespace lockstep::engine
