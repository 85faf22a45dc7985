// A queue that is full: who gives way, in events and in bytes, and who is told.
#include <gtest/gtest.h>

#include "tests/sdk/engine_driver.h"

namespace lockstep::engine {
namespace {

Config full_at(std::size_t events, QueueFullPolicy policy) {
  Config config = small_config();
  config.queue_full = policy;
  all_lanes(config, &LaneConfig::max_queue_size, events);
  return config;
}

TEST(EngineQueue, RefusesTheNewestByDefault) {
  EngineDriver driver(full_at(4, QueueFullPolicy::drop_newest));
  driver.capture_many(4);
  const Admitted result = driver.capture();
  EXPECT_EQ(result.admission, Admission::dropped);
  EXPECT_EQ(result.reason, DropReason::queue_full);
  EXPECT_EQ(driver.end_of(4).reason, DropReason::queue_full);
  EXPECT_EQ(driver.stats().pending, 4u) << "in flight included";
  EXPECT_EQ(driver.stats().captured, 5u);
  driver.answer(delivered());
  EXPECT_EQ(driver.capture().admission, Admission::accepted);
}

TEST(EngineQueue, HasRoomSaysWhatAdmitWouldDo) {
  Config config = full_at(2, QueueFullPolicy::block);
  EngineDriver driver(config);
  EXPECT_TRUE(driver.engine.has_room(Lane::analytics, 100));
  driver.capture_many(2);
  EXPECT_FALSE(driver.engine.has_room(Lane::analytics, 100));
  EXPECT_TRUE(driver.engine.has_room(Lane::ai, 100));
  EXPECT_TRUE(driver.engine.has_room(Lane::analytics, 20'000))
      << "too large is not a matter of room: waiting would not help";
}

TEST(EngineQueue, BytesBoundItToo) {
  Config config = full_at(100, QueueFullPolicy::drop_newest);
  all_lanes(config, &LaneConfig::max_queue_bytes, std::size_t{10'000});
  EngineDriver driver(config);
  driver.capture(Lane::analytics, 6000);
  EXPECT_EQ(driver.capture(Lane::analytics, 4001).reason, DropReason::queue_full);
  EXPECT_EQ(driver.capture(Lane::analytics, 4000).admission, Admission::accepted);
  EXPECT_EQ(driver.stats().pending_bytes, 10'000u);
}

TEST(EngineQueue, DropOldestMakesRoomForTheNewest) {
  Config config = full_at(4, QueueFullPolicy::drop_oldest);
  all_lanes(config, &LaneConfig::flush_at, std::size_t{10});
  EngineDriver driver(config);
  driver.capture_many(6);
  EXPECT_EQ(driver.end_of(0).reason, DropReason::evicted);
  EXPECT_EQ(driver.end_of(1).reason, DropReason::evicted);
  EXPECT_EQ(driver.end_of(0).attempts, 0u);
  driver.flush();
  EXPECT_EQ(text_of(driver.events()), "2 3 4");
}

TEST(EngineQueue, DropOldestAgesOutRetriesBeforeFreshEvents) {
  Config config = full_at(5, QueueFullPolicy::drop_oldest);
  EngineDriver driver(config);
  driver.capture_many(3);
  driver.answer(trouble());
  driver.capture_many(4);
  EXPECT_EQ(driver.end_of(0).reason, DropReason::evicted);
  EXPECT_EQ(driver.end_of(0).attempts, 1u) << "one request carried it";
  EXPECT_TRUE(driver.has_ended(1));
  EXPECT_FALSE(driver.has_ended(2));
  driver.after(seconds{1});
  driver.answer_all(delivered());
  EXPECT_EQ(text_of(driver.events(1)), "2") << "what is left of the batch keeps its number";
  EXPECT_EQ(driver.batch(1).attempt, 2u);
  EXPECT_EQ(driver.batch(1).number, driver.batch(0).number);
}

TEST(EngineQueue, DropOldestGoesByAgeAndNotByWhichRetryIsDueFirst) {
  Config config = full_at(6, QueueFullPolicy::drop_oldest);
  config.max_in_flight = 2;
  EngineDriver driver(config);
  driver.capture_many(6);
  driver.answer(2, per_event("rrr"));
  driver.after(milliseconds{10});
  driver.answer(1, per_event("rrr"));
  driver.capture();
  EXPECT_TRUE(driver.has_ended(0));
  EXPECT_FALSE(driver.has_ended(3));
}

TEST(EngineQueue, DropOldestNeverTakesWhatIsInFlight) {
  EngineDriver driver(full_at(3, QueueFullPolicy::drop_oldest));
  driver.capture_many(3);
  EXPECT_EQ(driver.capture().reason, DropReason::queue_full) << "everything is in flight";
  EXPECT_EQ(driver.stats().pending, 3u);
  driver.answer(delivered());
  EXPECT_EQ(driver.stats().delivered, 3u);
}

TEST(EngineQueue, DropOldestGivesNothingUpForAnEventThatWillNotFit) {
  Config config = full_at(100, QueueFullPolicy::drop_oldest);
  all_lanes(config, &LaneConfig::max_queue_bytes, std::size_t{10'000});
  EngineDriver driver(config);
  driver.capture_many(3, Lane::analytics, 2000);
  driver.capture_many(2, Lane::analytics, 1000);
  EXPECT_EQ(driver.capture(Lane::analytics, 5000).reason, DropReason::queue_full)
      << "6000 bytes are in flight";
  EXPECT_EQ(driver.stats().dropped(DropReason::evicted), 0u);
  EXPECT_EQ(driver.stats().pending, 5u);
}

TEST(EngineQueue, DropOldestEvictsAsManyAsTheBytesNeed) {
  Config config = full_at(100, QueueFullPolicy::drop_oldest);
  all_lanes(config, &LaneConfig::flush_at, std::size_t{100});
  all_lanes(config, &LaneConfig::max_queue_bytes, std::size_t{10'000});
  EngineDriver driver(config);
  driver.capture_many(10, Lane::analytics, 1000);
  EXPECT_EQ(driver.capture(Lane::analytics, 2500).admission, Admission::accepted);
  EXPECT_EQ(driver.stats().dropped(DropReason::evicted), 3u);
  EXPECT_EQ(driver.stats().pending_bytes, 9500u);
}

TEST(EngineQueue, WarnsOnceAnEpisodeAndEveryThirtySecondsWhileItLasts) {
  EngineDriver driver(full_at(4, QueueFullPolicy::drop_newest));
  driver.capture_many(4);
  driver.capture_many(3);
  ASSERT_EQ(driver.errors.size(), 1u);
  EXPECT_EQ(driver.errors[0].message,
            "the analytics queue is full (4 events, 400 bytes); 1 dropped since it filled");
  driver.after(seconds{30} - Duration{1});
  driver.capture();
  EXPECT_EQ(driver.errors.size(), 1u);
  driver.after(Duration{1});
  driver.capture();
  ASSERT_EQ(driver.errors.size(), 2u);
  EXPECT_NE(driver.errors[1].message.find("5 dropped"), std::string::npos)
      << driver.errors[1].message;
}

TEST(EngineQueue, ANewEpisodeStartsOnlyAfterTheQueueHasHalfEmptied) {
  EngineDriver driver(full_at(6, QueueFullPolicy::drop_newest));
  driver.capture_many(7);
  EXPECT_EQ(driver.errors.size(), 1u);
  driver.answer(delivered());  // 3 of 6 are left: half empty
  driver.capture_many(4);
  ASSERT_EQ(driver.errors.size(), 2u);
  EXPECT_NE(driver.errors[1].message.find("1 dropped"), std::string::npos);

  EngineDriver flutter(full_at(7, QueueFullPolicy::drop_newest));
  flutter.capture_many(8);
  flutter.answer(delivered());  // 4 of 7 are left
  flutter.capture_many(4);
  EXPECT_EQ(flutter.errors.size(), 1u) << "the same episode";
}

TEST(EngineQueue, EvictionsAreWarnedOfLikeRefusals) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{4}}) {
    Config config = full_at(size, QueueFullPolicy::drop_oldest);
    all_lanes(config, &LaneConfig::flush_at, std::size_t{100});
    EngineDriver driver(config);
    driver.capture_many(size + 5);
    EXPECT_EQ(driver.errors.size(), 1u) << "once for the whole episode, queue of " << size;
    driver.after(seconds{1});
  }
}

TEST(EngineQueue, ThoseWhoWaitForRoomHearOfEachEnd) {
  const Chance chance(1);
  Engine engine(full_at(1, QueueFullPolicy::block), chance);
  Effects out;
  engine.admit(EventRef(Uuid{}.to_string(), 0, Lane::analytics), {}, out);
  engine.flush({}, kNever, out);
  out = {};
  engine.completed(1, delivered(), {}, out);
  EXPECT_TRUE(out.waiters_changed);
  EXPECT_TRUE(engine.has_room(Lane::analytics, 100));
}

}  // namespace
}  // namespace lockstep::engine
