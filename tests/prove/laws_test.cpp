// The laws must see a broken engine. There is none at hand, so a sound one is judged by the rules
// of a stricter scope: to those it is broken.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "clock/chance.h"
#include "scenarios/prove/laws.h"
#include "scenarios/prove/world.h"

namespace lockstep::prove {
namespace {

using std::chrono::milliseconds;

constexpr Move kCapture{};
constexpr Move answer(Answer what, std::uint8_t verdicts = 0) {
  return {.kind = Move::Kind::answer, .answer = what, .verdicts = verdicts};
}
Move wait_until(Duration at) { return {.kind = Move::Kind::wait, .time = at.count()}; }
Move flush(Duration time) { return {.kind = Move::Kind::flush, .time = time.count()}; }
Move shutdown(Duration time) { return {.kind = Move::Kind::shutdown, .time = time.count()}; }

// The first law that the steps break, for an engine of `made` that `judged` is the rule for.
std::optional<std::string> first_broken(const Scope& made, const Scope& judged,
                                        const std::vector<Move>& steps) {
  const Chance chance(1);
  World world(made, chance);
  for (const Move& step : steps) {
    if (Broken broken = carry_out(judged, step, world)) return broken;
  }
  return std::nullopt;
}

Scope sound() {
  Scope scope = standard_scopes().front();
  return scope;
}

struct Case {
  const char* name;
  std::function<void(engine::Config&)> stricter;
  std::vector<Move> steps;
  std::string law;
};

engine::LaneConfig& lane(engine::Config& config) { return config.lanes[0]; }

class LawsOfThePast : public testing::TestWithParam<Case> {};

TEST_P(LawsOfThePast, AreSeenToBeBrokenByAStricterRuleOnly) {
  const Case& one = GetParam();
  const Scope made = sound();
  Scope judged = made;
  one.stricter(judged.config);
  EXPECT_EQ(first_broken(made, made, one.steps), std::nullopt);
  EXPECT_EQ(first_broken(made, judged, one.steps), one.law);
}

INSTANTIATE_TEST_SUITE_P(
    All, LawsOfThePast,
    testing::Values(
        Case{"Backoff",
             [](auto& config) { config.retry_initial_backoff = milliseconds{12}; },
             {kCapture, kCapture, answer(Answer::unavailable), wait_until(milliseconds{10})},
             "a request was sent inside the endpoint's pause"},
        Case{"BackoffOfOneBatch",
             [](auto& config) { config.retry_initial_backoff = milliseconds{12}; },
             {kCapture, kCapture, answer(Answer::partial, 2), wait_until(milliseconds{10})},
             "event 0 was sent inside its backoff"},
        Case{"RetryAfter",
             [](auto& config) { config.max_retry_after = milliseconds{25}; },
             {kCapture, kCapture, answer(Answer::slow_down), wait_until(milliseconds{20})},
             "a request was sent inside the endpoint's pause"},
        Case{"Attempts",
             [](auto& config) { config.max_retries = 0; },
             {kCapture, kCapture, answer(Answer::unavailable), wait_until(milliseconds{10})},
             "event 0 was sent once too often"},
        Case{"GivingUpEarly",
             [](auto& config) { config.max_retries = 3; },
             {kCapture, kCapture, answer(Answer::unavailable), wait_until(milliseconds{10}),
              answer(Answer::unavailable), wait_until(milliseconds{25}),
              answer(Answer::unavailable)},
             "event 0 was dropped for a reason that is not true: attempts_exhausted"},
        Case{"BatchSize",
             [](auto& config) { lane(config).max_batch_size = 1; },
             {kCapture, kCapture},
             "a batch is too large"},
        Case{"InFlight",
             [](auto& config) { config.max_in_flight = 1; },
             {kCapture, kCapture, kCapture, kCapture},
             "too many requests in flight"},
        Case{"Interval",
             [](auto& config) { lane(config).flush_interval = milliseconds{60}; },
             {kCapture, wait_until(milliseconds{50})},
             "event 0 was sent before it was due"},
        Case{"BackoffThatIsTooLong",
             [](auto& config) { config.retry_initial_backoff = milliseconds{9}; },
             {kCapture, kCapture, answer(Answer::unavailable)},
             "event 0 will be due before the engine wakes"},
        Case{"RetryAfterThatIsNotCut",
             [](auto& config) { config.max_retry_after = milliseconds{19}; },
             {kCapture, kCapture, answer(Answer::slow_down)},
             "event 0 will be due before the engine wakes"},
        Case{"IntervalThatIsTooLong",
             [](auto& config) { lane(config).flush_interval = milliseconds{49}; },
             {kCapture},
             "event 0 will be due before the engine wakes"},
        Case{"FullBatchThatStays",
             [](auto& config) { lane(config).flush_at = 1; },
             {kCapture},
             "event 0 is due, and does not leave"},
        Case{"QueueSize",
             [](auto& config) { lane(config).max_queue_size = 1; },
             {kCapture, kCapture},
             "the queue is overfull"}),
    [](const testing::TestParamInfo<Case>& one) { return one.param.name; });

// What an engine must not do, done to the world by hand.
class LawsOfEffects : public testing::Test {
 protected:
  LawsOfEffects() {
    for (int i = 0; i < 2; ++i) carry_out(scope_, kCapture, world_);
  }
  engine::Ended end_of_first(bool delivered, DropReason reason = DropReason::rejected) const {
    return {world_.flights[0].batch->events[0], delivered, false, reason, 1, 0, {}};
  }
  Broken end(const engine::Ended& how) {
    engine::Effects effects;
    effects.ended.push_back(how);
    return take_up(scope_, effects, world_);
  }
  void land() {
    for (Fate& fate : world_.fates) fate.flying = false;
  }

  const Scope scope_ = sound();
  const Chance chance_{1};
  World world_{scope_, chance_};
};

TEST_F(LawsOfEffects, AnEventEndsOnceOutOfFlightAndForATrueReason) {
  EXPECT_EQ(end(end_of_first(true)), "event 0 ended in flight");
  land();
  EXPECT_EQ(end(end_of_first(true)), "event 0 counts as delivered and never arrived");
  EXPECT_EQ(end(end_of_first(false)),
            "event 0 was dropped for a reason that is not true: rejected");
  EXPECT_EQ(end(end_of_first(false, DropReason::shutdown_deadline)),
            "event 0 was dropped for a reason that is not true: shutdown_deadline");
  world_.fates[0].arrivals = 1;
  EXPECT_EQ(end(end_of_first(true)), std::nullopt);
  EXPECT_EQ(end(end_of_first(true)), "event 0 ended twice");
}

TEST_F(LawsOfEffects, ARequestIsNotRepeatedWhileItIsInFlightNorAfterItsEnd) {
  engine::Effects again;
  again.sends.push_back({9, 0, world_.flights[0].batch, kNever});
  EXPECT_EQ(take_up(scope_, again, world_), "event 0 is in flight twice");
  land();
  world_.fates[0].rejected = true;
  EXPECT_EQ(take_up(scope_, again, world_),
            "event 0 was sent again after the server had refused it");
  world_.fates[0].ended = true;
  EXPECT_EQ(take_up(scope_, again, world_), "event 0 was sent after it had ended");
}

TEST_F(LawsOfEffects, NothingIsCancelledBeforeTheShutdownsDeadline) {
  engine::Effects effects;
  effects.cancels.push_back(world_.flights[0].request);
  EXPECT_EQ(take_up(scope_, effects, world_),
            "a request was cancelled before the shutdown's deadline");
}

TEST_F(LawsOfEffects, FirstAttemptsLeaveInTheOrderOfCapture) {
  world_.fates[0].sent = false;
  land();
  world_.flights[0].batch = nullptr;
  auto batch = std::make_shared<engine::Batch>();
  engine::Effects effects;
  World other(scope_, chance_);
  for (int i = 0; i < 2; ++i) carry_out(scope_, kCapture, other);
  batch->events = {other.flights[0].batch->events[1]};
  batch->requests = 2;
  effects.sends.push_back({9, 0, batch, kNever});
  world_.fates[1].sent = false;
  EXPECT_EQ(take_up(scope_, effects, world_), "event 1 left before event 0");
}

TEST_F(LawsOfEffects, AWorldInWhichTheLedgerIsNotWhatHappenedIsBroken) {
  world_.fates[0].ended = true;
  EXPECT_EQ(at_rest(scope_, world_), "the ledger is not what happened");
}

TEST_F(LawsOfEffects, AFlushMustReportWhatIsSoAndReturnInTime) {
  carry_out(scope_, flush(milliseconds{5}), world_);
  World late = world_;
  late.now = Instant{milliseconds{5}};
  EXPECT_EQ(at_rest(scope_, late), "flush did not return by its deadline");
  World wrong = world_;
  wrong.drains[0].covered.push_back(7);
  wrong.fates.resize(8, {.ended = true});
  EXPECT_NE(at_rest(scope_, wrong), std::nullopt);
}

TEST_F(LawsOfEffects, WhatWasShutDownSendsNothing) {
  const auto batch = world_.flights[0].batch;
  EXPECT_EQ(carry_out(scope_, shutdown(Duration{0}), world_), std::nullopt);
  EXPECT_TRUE(world_.drains[0].done);
  engine::Effects effects;
  effects.sends.push_back({9, 0, batch, kNever});
  EXPECT_EQ(take_up(scope_, effects, world_), "a request was sent after the shutdown's end");
}

TEST_F(LawsOfEffects, EventsThatNothingIsDueForDoNotConverge) {
  // A request that the world forgot: its answer never comes.
  world_.flights.clear();
  EXPECT_NE(converges(scope_, world_), std::nullopt);
}

}  // namespace
}  // namespace lockstep::prove
