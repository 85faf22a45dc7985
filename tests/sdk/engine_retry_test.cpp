// Failures: how long the engine waits, who else waits with it, and how often it tries.
#include <gtest/gtest.h>

#include <array>

#include "tests/sdk/engine_driver.h"

namespace lockstep::engine {
namespace {

// Lets the one batch in flight fail until it has no attempt left; returns the waits in between.
std::vector<Duration> waits(EngineDriver& driver) {
  std::vector<Duration> result;
  while (!driver.in_flight.empty()) {
    const Instant failed = driver.now();
    driver.answer(trouble());
    if (driver.pending() == 0) break;
    driver.until(driver.engine.next_wake(driver.now()));
    result.push_back(driver.now() - failed);
  }
  return result;
}

TEST(EngineRetry, TheBackoffDoublesUpToItsCap) {
  Config config = small_config();
  config.max_retries = 6;
  EngineDriver driver(config);
  driver.capture_many(3);
  const std::vector<Duration> expected{seconds{1}, seconds{2}, seconds{4},
                                       seconds{8}, seconds{8}, seconds{8}};
  EXPECT_EQ(waits(driver), expected);
  EXPECT_EQ(driver.stats().dropped(DropReason::attempts_exhausted), 3u);
}

TEST(EngineRetry, ABackoffThatIsNotAMultipleStillMeetsItsCap) {
  Config config = small_config();
  config.max_retries = 3;
  config.retry_initial_backoff = seconds{3};
  EngineDriver driver(config);
  driver.capture_many(3);
  EXPECT_EQ(waits(driver), (std::vector<Duration>{seconds{3}, seconds{6}, seconds{8}}));
}

TEST(EngineRetry, AttemptsAreBoundedAndCountedAndTold) {
  EngineDriver driver;
  driver.capture_many(3);
  waits(driver);
  ASSERT_EQ(driver.sent.size(), 3u) << "max_retries + 1";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(driver.batch(i).attempt, static_cast<std::uint32_t>(i) + 1);
    EXPECT_EQ(driver.batch(i).number, driver.batch(0).number);
    EXPECT_EQ(driver.batch(i).created_at, driver.batch(0).created_at);
    EXPECT_EQ(text_of(driver.events(i)), "0 1 2");
  }
  const Ended& end = driver.end_of(1);
  EXPECT_EQ(end.reason, DropReason::attempts_exhausted);
  EXPECT_EQ(end.attempts, 3u);
  EXPECT_EQ(end.status, 503);
  EXPECT_EQ(end.detail, "3 attempts failed, the last with status 503");
  ASSERT_EQ(driver.errors.size(), 1u);
  EXPECT_EQ(driver.errors[0].events, 3u);
  EXPECT_EQ(driver.stats().requests, 3u);
  EXPECT_EQ(driver.stats().retries, 2u);
}

TEST(EngineRetry, WithoutRetriesAFailureIsTheEnd) {
  Config config = small_config();
  config.max_retries = 0;
  EngineDriver driver(config);
  driver.capture_many(3);
  driver.answer(trouble());
  EXPECT_EQ(driver.end_of(0).reason, DropReason::attempts_exhausted);
  EXPECT_EQ(driver.sent.size(), 1u);
}

TEST(EngineRetry, ARefusalIsFinal) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(refused());
  EXPECT_EQ(driver.sent.size(), 1u);
  EXPECT_EQ(driver.stats().dropped(DropReason::rejected), 3u);
  EXPECT_EQ(driver.end_of(2).status, 400);
  EXPECT_EQ(driver.end_of(2).attempts, 1u);
  ASSERT_EQ(driver.errors.size(), 1u);
  EXPECT_EQ(driver.errors[0].message, "status 400");
}

TEST(EngineRetry, JitterSpreadsEachBackoffWithinItsBounds) {
  Config config = small_config();
  config.retry_jitter_percent = 20;
  Duration least = Duration::max();
  Duration most{0};
  for (std::uint64_t client = 0; client < 400; ++client) {
    config.cause = client;
    EngineDriver driver(config);
    driver.capture_many(3);
    driver.answer(trouble());
    const Duration wait = driver.next_wake();
    EXPECT_GE(wait, milliseconds{800});
    EXPECT_LE(wait, milliseconds{1200});
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_LT(least, milliseconds{820}) << "the whole range is used";
  EXPECT_GT(most, milliseconds{1180});
}

TEST(EngineRetry, JitterKeepsItsBoundsForTinyAndForHugeBackoffs) {
  for (const Duration backoff : {Duration{10}, Duration{999}, Duration{50'000}, Duration{150'001},
                                 Duration{hours{24 * 365 * 200}}, Duration::max()}) {
    for (std::uint64_t client = 0; client < 50; ++client) {
      Config config = small_config();
      config.retry_initial_backoff = backoff;
      config.retry_max_backoff = backoff;
      config.retry_jitter_percent = 20;
      config.cause = client;
      EngineDriver driver(config);
      driver.capture_many(3);
      driver.answer(trouble());
      const Duration wait = driver.next_wake();
      EXPECT_GE(wait, backoff / 5 * 4) << backoff.count();
      EXPECT_LE(wait, saturating_add(backoff, backoff / 5 + Duration{1})) << backoff.count();
    }
  }
}

TEST(EngineRetry, TwoClientsDrawDifferentDelaysAndOneDrawsTheSameAgain) {
  Config config = small_config();
  config.retry_jitter_percent = 50;
  const auto wait_of = [&](std::uint64_t client) {
    config.cause = client;
    EngineDriver driver(config);
    driver.capture_many(3);
    driver.answer(trouble());
    return driver.next_wake();
  };
  EXPECT_NE(wait_of(1), wait_of(2));
  EXPECT_EQ(wait_of(1), wait_of(1));
}

TEST(EngineRetry, RequestsThatFailTogetherAreOneRound) {
  Config config = small_config();
  config.max_in_flight = 3;
  EngineDriver driver(config);
  driver.capture_many(9);
  ASSERT_EQ(driver.in_flight.size(), 3u);
  driver.after(milliseconds{100});
  for (int i = 0; i < 3; ++i) driver.answer(trouble());
  EXPECT_EQ(driver.next_wake(), seconds{1}) << "three failures of one round do not make it 4 s";
  driver.after(seconds{1});
  EXPECT_EQ(driver.in_flight.size(), 3u);
  driver.answer(trouble());
  EXPECT_EQ(driver.next_wake(), seconds{2});
}

TEST(EngineRetry, AFreshBatchDuringAnOutageWaitsTheOutagesBackoff) {
  Config config = small_config();
  config.max_retries = 10;
  EngineDriver driver(config);
  driver.capture_many(3);
  driver.answer(trouble());
  driver.after(seconds{1});
  driver.answer(trouble());
  driver.capture_many(3);
  EXPECT_EQ(driver.sent.size(), 2u) << "the pause belongs to the endpoint, not to a batch";
  EXPECT_EQ(driver.next_wake(), seconds{2});
  driver.after(seconds{2});
  driver.answer(trouble());
  EXPECT_EQ(driver.next_wake(), seconds{4}) << "the third round, whichever batch failed in it";
}

TEST(EngineRetry, AnySuccessStartsTheBackoffOver) {
  EngineDriver driver;
  driver.capture_many(6);
  driver.answer(trouble());
  driver.after(seconds{1});
  driver.answer(delivered());
  driver.answer(delivered());
  driver.capture_many(3);
  driver.answer(trouble());
  EXPECT_EQ(driver.next_wake(), seconds{1});
}

TEST(EngineRetry, RetryAfterIsTheLeastAndTheBackoffToo) {
  EngineDriver longer;
  longer.capture_many(3);
  longer.answer(trouble(seconds{20}));
  EXPECT_EQ(longer.next_wake(), seconds{20});

  EngineDriver shorter;
  shorter.capture_many(3);
  shorter.answer(trouble(milliseconds{1}));
  EXPECT_EQ(shorter.next_wake(), seconds{1}) << "the backoff is longer";
}

TEST(EngineRetry, ARetryAfterOfZeroLeavesTheBackoff) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(trouble(Duration{0}));
  EXPECT_EQ(driver.next_wake(), seconds{1});
}

TEST(EngineRetry, AnAbsurdRetryAfterIsCutToTheMaximum) {
  for (const Duration absurd : {Duration{hours{24 * 365}}, Duration::max()}) {
    EngineDriver driver;
    driver.capture_many(3);
    driver.answer(trouble(absurd));
    EXPECT_EQ(driver.next_wake(), hours{1});
    driver.after(hours{1});
    EXPECT_EQ(driver.sent.size(), 2u);
  }
}

TEST(EngineRetry, RetryAfterPausesTheEndpointEvenWhenTheEventsAreLost) {
  EngineDriver driver;
  driver.capture_many(3);
  Verdict verdict = refused();
  verdict.pause = seconds{9};
  driver.answer(verdict);
  driver.capture_many(3);
  EXPECT_EQ(driver.sent.size(), 1u);
  EXPECT_EQ(driver.next_wake(), seconds{9});
}

TEST(EngineRetry, AShorterPauseDoesNotCutALongerOne) {
  Config config = small_config();
  config.max_in_flight = 2;
  EngineDriver driver(config);
  driver.capture_many(6);
  driver.answer(1, trouble(seconds{30}));
  driver.answer(2, trouble(seconds{5}));
  EXPECT_EQ(driver.next_wake(), seconds{30});
}

TEST(EngineRetry, ASuccessOfARequestInFlightDoesNotEndAPause) {
  Config config = small_config();
  config.max_in_flight = 2;
  EngineDriver driver(config);
  driver.capture_many(9);
  driver.answer(1, trouble(seconds{30}));
  driver.answer(2, delivered());
  EXPECT_EQ(driver.sent.size(), 2u);
  EXPECT_EQ(driver.next_wake(), seconds{30});
}

TEST(EngineRetry, ARetryWithoutTroubleDelaysItsBatchAlone) {
  EngineDriver driver;
  driver.capture_many(3);
  driver.answer(per_event("drd"));
  driver.capture_many(3);
  ASSERT_EQ(driver.sent.size(), 2u) << "the endpoint lives, fresh events go on";
  driver.answer(delivered());
  EXPECT_EQ(driver.next_wake(), seconds{1});
}

TEST(EngineRetry, RetriesGoInTheOrderInWhichTheyAreDue) {
  Config config = small_config();
  config.max_in_flight = 2;
  EngineDriver driver(config);
  driver.capture_many(6);
  driver.answer(2, per_event("rrr"));
  driver.after(milliseconds{100});
  driver.answer(1, per_event("rrr"));
  driver.after(seconds{2});
  ASSERT_EQ(driver.sent.size(), 4u);
  EXPECT_EQ(text_of(driver.events(2)), "3 4 5");
  EXPECT_EQ(text_of(driver.events(3)), "0 1 2");
}

TEST(EngineRetry, LastSuccessIsThatOfA2xx) {
  EngineDriver driver;
  EXPECT_EQ(driver.engine.last_success(), Instant::min());
  driver.capture_many(3);
  driver.answer(trouble());
  EXPECT_EQ(driver.engine.last_success(), Instant::min());
  driver.after(seconds{1});
  driver.answer(delivered());
  EXPECT_EQ(driver.engine.last_success(), Instant{} + seconds{1});
}

}  // namespace
}  // namespace lockstep::engine
