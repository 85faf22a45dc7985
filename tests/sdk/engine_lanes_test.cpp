// Lanes have buffers of their own; those that share an endpoint share its slots and its pause.
#include <gtest/gtest.h>

#include "tests/sdk/engine_driver.h"

namespace lockstep::engine {
namespace {

TEST(EngineLanes, EachLaneFillsItsOwnBatch) {
  EngineDriver driver;
  driver.capture_many(2, Lane::analytics);
  driver.capture_many(2, Lane::historical);
  driver.capture_many(2, Lane::ai);
  EXPECT_TRUE(driver.sent.empty());
  driver.capture(Lane::historical);
  ASSERT_EQ(driver.sent.size(), 1u);
  EXPECT_EQ(driver.batch().lane, Lane::historical);
  EXPECT_EQ(text_of(driver.events()), "2 3 6");
}

TEST(EngineLanes, AStalledAnalyticsEndpointDoesNotHoldUpAi) {
  EngineDriver driver;
  driver.capture_many(6, Lane::analytics);
  ASSERT_EQ(driver.in_flight.size(), 1u) << "no answer will come";
  driver.capture_many(3, Lane::ai);
  ASSERT_EQ(driver.sent.size(), 2u);
  EXPECT_EQ(driver.batch().lane, Lane::ai);
  EXPECT_EQ(driver.sent[1].send.endpoint, 1);
  driver.answer(driver.sent[1].send.request, delivered());
  EXPECT_EQ(driver.stats(Lane::ai).delivered, 3u);
  EXPECT_EQ(driver.stats(Lane::analytics).delivered, 0u);
}

TEST(EngineLanes, APauseOfTheAnalyticsEndpointDoesNotPauseAi) {
  EngineDriver driver;
  driver.capture_many(3, Lane::analytics);
  driver.answer(trouble(minutes{10}));
  driver.capture_many(3, Lane::ai);
  EXPECT_EQ(driver.batch().lane, Lane::ai);
  EXPECT_EQ(driver.sent_at(), seconds{0});
}

TEST(EngineLanes, HistoricalAndAnalyticsShareThePauseAndTheSlots) {
  EngineDriver driver;
  driver.capture_many(3, Lane::analytics);
  driver.capture_many(3, Lane::historical);
  EXPECT_EQ(driver.sent.size(), 1u) << "one request at a time to the endpoint";
  driver.answer(trouble(seconds{30}));
  driver.after(seconds{30} - Duration{1});
  EXPECT_EQ(driver.sent.size(), 1u);
  driver.after(Duration{1});
  driver.answer_all(delivered());
  EXPECT_EQ(driver.stats(Lane::historical).delivered, 3u);
  EXPECT_EQ(driver.sent_at(), seconds{30});
}

TEST(EngineLanes, LanesThatShareAnEndpointTakeTurns) {
  EngineDriver driver;
  driver.capture_many(30, Lane::analytics);
  driver.capture_many(9, Lane::historical);
  driver.answer_all(delivered());
  // The first one left while it was alone.
  std::string lanes;
  for (int i = 0; i < 7; ++i) lanes += driver.batch(i).lane == Lane::historical ? 'h' : 'a';
  EXPECT_EQ(lanes, "ahahaha");
}

TEST(EngineLanes, RetriesAndFreshEventsTakeTurns) {
  Config config = small_config();
  config.max_retries = 20;
  config.retry_max_backoff = config.retry_initial_backoff;
  EngineDriver driver(config);
  driver.capture_many(6);
  // The first two batches fail over and over, without trouble of the endpoint; fresh events never
  // end.
  std::string kinds;
  for (int i = 0; i < 14; ++i) {
    kinds += driver.batch().attempt > 1 ? 'r' : 'f';
    const bool fails = driver.batch().events.front().sequence() < 6;
    driver.answer(fails ? per_event("rrr") : delivered());
    driver.after(seconds{1});
    driver.capture_many(3);
  }
  EXPECT_NE(kinds.find("rfrfrf"), std::string::npos) << kinds;
  EXPECT_EQ(kinds.find("rr"), std::string::npos) << kinds;
  EXPECT_EQ(kinds.find("fff"), std::string::npos) << kinds;
}

TEST(EngineLanes, LimitsAreEachLanesOwn) {
  Config config = small_config();
  config.lanes[static_cast<std::size_t>(Lane::ai)].max_event_bytes = 50'000;
  config.lanes[static_cast<std::size_t>(Lane::ai)].max_batch_bytes = 60'000;
  config.lanes[static_cast<std::size_t>(Lane::ai)].max_queue_size = 1;
  EngineDriver driver(config);
  EXPECT_EQ(driver.capture(Lane::analytics, 40'000).reason, DropReason::too_large);
  EXPECT_EQ(driver.capture(Lane::ai, 40'000).admission, Admission::accepted);
  EXPECT_EQ(driver.capture(Lane::ai).reason, DropReason::queue_full);
  EXPECT_EQ(driver.capture(Lane::analytics).admission, Admission::accepted);
}

}  // namespace
}  // namespace lockstep::engine
