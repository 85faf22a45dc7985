// The engine is a value: copies part and stay equal as their inputs do. And its laws of time.
#include <gtest/gtest.h>

#include "tests/sdk/engine_driver.h"

namespace lockstep::engine {
namespace {

EngineDriver busy() {
  Config config = small_config();
  config.max_in_flight = 2;
  config.retry_jitter_percent = 20;
  EngineDriver driver(config);
  driver.capture_many(8);
  driver.capture_many(2, Lane::ai);
  driver.answer(1, trouble());
  driver.after(milliseconds{500});
  driver.flush(seconds{20});
  return driver;
}

void go_on(EngineDriver& driver) {
  driver.capture_many(4);
  driver.after(seconds{3});
  driver.answer(per_event("drx"));
  driver.after(seconds{10});
  driver.shutdown(seconds{5});
  driver.after(seconds{5});
}

TEST(EngineValue, CopiesGivenTheSameInputsStayEqual) {
  EngineDriver one = busy();
  EngineDriver other = one;
  EXPECT_EQ(one.engine.digest(), other.engine.digest());
  go_on(one);
  go_on(other);
  EXPECT_EQ(one.engine.digest(), other.engine.digest());
  EXPECT_EQ(one.engine.to_text(), other.engine.to_text());
  ASSERT_EQ(one.sent.size(), other.sent.size());
  for (std::size_t i = 0; i < one.sent.size(); ++i) EXPECT_EQ(one.sent[i].at, other.sent[i].at);
}

TEST(EngineValue, WhatHappensToACopyDoesNotReachTheOriginal) {
  EngineDriver original = busy();
  const std::uint64_t digest = original.engine.digest();
  const std::string text = original.engine.to_text();
  {
    EngineDriver copy = original;
    go_on(copy);
    EXPECT_NE(copy.engine.digest(), digest);
  }
  EXPECT_EQ(original.engine.digest(), digest);
  EXPECT_EQ(original.engine.to_text(), text);
  go_on(original);
  EXPECT_EQ(original.pending(), 0u);
}

TEST(EngineValue, AnEventThatGivesWayInACopyStaysInTheOriginal) {
  Config config = small_config();
  config.queue_full = QueueFullPolicy::drop_oldest;
  all_lanes(config, &LaneConfig::max_queue_size, std::size_t{3});
  EngineDriver original(config);
  original.capture_many(3);
  original.answer(trouble());
  const std::uint64_t digest = original.engine.digest();
  {
    EngineDriver copy = original;
    copy.capture_many(2);
    EXPECT_TRUE(copy.has_ended(1));
  }
  EXPECT_EQ(original.engine.digest(), digest);
  original.after(seconds{1});
  EXPECT_EQ(text_of(original.events()), "0 1 2");
}

TEST(EngineValue, EachDifferentInputMakesADifferentState) {
  const EngineDriver start = busy();
  const RequestNumber flying = start.in_flight.begin()->first;
  std::map<std::uint64_t, std::string> seen;
  const auto branch = [&](const std::string& name, auto&& input) {
    EngineDriver copy = start;
    input(copy);
    const auto [found, fresh] = seen.emplace(copy.engine.digest(), name);
    EXPECT_TRUE(fresh) << name << " and " << found->second << " look the same";
  };
  branch("nothing", [](EngineDriver&) {});
  branch("capture", [](EngineDriver& d) { d.capture(); });
  branch("a later capture", [](EngineDriver& d) { d.after(Duration{1}), d.capture(); });
  branch("a larger capture", [](EngineDriver& d) { d.capture(Lane::analytics, 101); });
  branch("capture, other lane", [](EngineDriver& d) { d.capture(Lane::historical); });
  branch("delivered", [&](EngineDriver& d) { d.answer(flying, delivered()); });
  branch("unconfirmed", [&](EngineDriver& d) { d.answer(flying, per_event("uuu")); });
  branch("refused", [&](EngineDriver& d) { d.answer(flying, refused()); });
  branch("trouble", [&](EngineDriver& d) { d.answer(flying, trouble()); });
  branch("longer trouble", [&](EngineDriver& d) { d.answer(flying, trouble(minutes{1})); });
  branch("partial", [&](EngineDriver& d) { d.answer(flying, per_event("ddr")); });
  branch("too large", [&](EngineDriver& d) { d.answer(flying, too_large()); });
  branch("flush", [](EngineDriver& d) { d.flush(seconds{20}); });
  branch("a longer flush", [](EngineDriver& d) { d.flush(seconds{21}); });
  branch("shutdown", [](EngineDriver& d) { d.shutdown(seconds{20}); });
  branch("a longer shutdown", [](EngineDriver& d) { d.shutdown(seconds{21}); });
  branch("two shutdowns",
         [](EngineDriver& d) { d.shutdown(seconds{21}), d.shutdown(seconds{20}); });
  branch("hook drop", [](EngineDriver& d) { d.engine.count_drop(Lane::ai, DropReason::hook); });
}

TEST(EngineValue, AdvanceInStepsEqualsOneAdvance) {
  EngineDriver one = busy();
  EngineDriver steps = one;
  one.after(seconds{12});
  for (int i = 0; i < 12'000; ++i) steps.after(milliseconds{1});
  EXPECT_EQ(one.engine.digest(), steps.engine.digest());
  ASSERT_EQ(one.sent.size(), steps.sent.size());
  for (std::size_t i = 0; i < one.sent.size(); ++i) EXPECT_EQ(one.sent[i].at, steps.sent[i].at);
}

TEST(EngineValue, AdvancingMoreOftenThanAskedChangesNothing) {
  EngineDriver driver = busy();
  const std::uint64_t before = driver.engine.digest();
  Effects out;
  for (int i = 0; i < 10; ++i) driver.engine.advance(driver.reading(), out);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(driver.engine.digest(), before);
}

TEST(EngineValue, AShiftedEpochChangesNothing) {
  const auto run = [](Instant start) {
    Config config = small_config();
    config.retry_jitter_percent = 20;
    EngineDriver driver(config, start);
    driver.capture_many(5);
    for (int i = 0; i < 3; ++i) {
      driver.answer(trouble());
      driver.after(seconds{20});
    }
    driver.shutdown(seconds{5});
    driver.after(seconds{5});
    std::string trace;
    for (int i = 0; i < static_cast<int>(driver.sent.size()); ++i) {
      trace += std::to_string(driver.sent_at(i).count()) + ":" + text_of(driver.events(i)) + "\n";
    }
    return trace + driver.engine.to_text();
  };
  const std::string zero = run(Instant{});
  EXPECT_EQ(run(Instant{} + hours{24 * 365 * 100}), zero);
  EXPECT_EQ(run(Instant{} - hours{24 * 365 * 100}), zero);
}

// --- the end of time
// ------------------------------------------------------------------------------

TEST(EngineTime, OptionsWithoutEndMeanNever) {
  Config config = small_config();
  all_lanes(config, &LaneConfig::flush_interval, Duration::max());
  config.retry_initial_backoff = Duration::max();
  config.retry_max_backoff = Duration::max();
  config.max_retry_after = Duration::max();
  config.request_timeout = Duration::max();
  config.retry_jitter_percent = 100;
  EngineDriver driver(config, Instant{} + hours{1});
  driver.capture();
  EXPECT_EQ(driver.next_wake(), Duration::max());
  const Ticket flush = driver.flush(Duration::max());
  ASSERT_EQ(driver.sent.size(), 1u);
  EXPECT_EQ(driver.sent[0].send.deadline, kNever);
  driver.answer(trouble(Duration::max()));
  EXPECT_EQ(driver.sent.size(), 1u) << "a wait without end is not a wait that wrapped round";
  driver.after(hours{24 * 365 * 100});
  EXPECT_EQ(driver.sent.size(), 1u);
  EXPECT_FALSE(driver.done(flush));
  const Ticket shutdown = driver.shutdown(Duration::max());
  EXPECT_TRUE(driver.done(shutdown)) << "nothing can be sent any more, ever";
  EXPECT_TRUE(driver.done(flush));
}

TEST(EngineTime, NearTheEndOfTimeNothingWrapsRound) {
  EngineDriver driver(small_config(), kNever - seconds{10});
  driver.capture_many(3);
  driver.answer(trouble(seconds{5}));
  EXPECT_EQ(driver.next_wake(), seconds{5});
  driver.after(seconds{5});
  EXPECT_EQ(driver.sent.size(), 2u);
  EXPECT_EQ(driver.sent[1].send.deadline, kNever);
  driver.answer(trouble(hours{1}));
  EXPECT_EQ(driver.next_wake(), Duration::max());
  driver.capture();
  EXPECT_EQ(driver.pending(), 4u);
  driver.shutdown(seconds{1});
  EXPECT_EQ(driver.pending(), 0u);
}

TEST(EngineTime, AWallThatJumpsChangesNoWait) {
  const Chance chance(1);
  Engine engine(small_config(), chance);
  Effects out;
  const WallTime wall{hours{1000}};
  engine.admit(EventRef(Uuid{}.to_string(), 0, Lane::analytics), {Instant{}, wall}, out);
  engine.advance({Instant{} + seconds{4}, wall + hours{500}}, out);
  engine.advance({Instant{} + seconds{4}, wall - hours{500}}, out);
  EXPECT_TRUE(out.sends.empty());
  engine.advance({Instant{} + seconds{5}, wall - hours{500}}, out);
  ASSERT_EQ(out.sends.size(), 1u);
  EXPECT_EQ(out.sends[0].batch->created_at, wall - hours{500});
}

}  // namespace
}  // namespace lockstep::engine
