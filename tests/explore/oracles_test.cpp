// Each oracle, shown a history in which its behaviour is broken, and one in which it is kept.
#include "tests/explore/oracle_stand.h"

namespace lockstep::scenario {
namespace {

TEST(Oracles, AnEventThatEndsTwiceBreaksConservation) {
  Stand stand;
  const auto oracle = make_conservation_oracle();
  const Outcome outcome = delivered(kOne);
  EXPECT_FALSE(oracle->captured(stand.world, captured(kOne, 1)));
  EXPECT_FALSE(oracle->ended(stand.world, {"main", outcome, {}}));
  EXPECT_TRUE(oracle->ended(stand.world, {"main", outcome, {}}));
}

TEST(Oracles, AnEventThatWasNeverCapturedBreaksConservation) {
  Stand stand;
  const auto oracle = make_conservation_oracle();
  EXPECT_TRUE(oracle->ended(stand.world, {"main", delivered(kTwo), {}}));
}

TEST(Oracles, ADeliveryThatTheServerNeverSawIsABreach) {
  Stand stand;
  const auto oracle = make_envelope_oracle();
  EXPECT_TRUE(oracle->ended(stand.world, {"main", delivered(kOne), {}}));
}

TEST(Oracles, ARepeatWithAnotherContentIsABreach) {
  Stand stand;
  const auto oracle = make_envelope_oracle();
  EXPECT_FALSE(oracle->arrived(stand.world, request({kOne}, seconds{1})));
  EXPECT_FALSE(oracle->arrived(stand.world, request({kOne}, seconds{2})));
  Seen other = request({kOne}, seconds{3});
  json event{{"event", "e"}, {"uuid", kOne}, {"timestamp", "2025-01-01T00:00:03Z"}};
  set_body(other, {{"batch", json::array({std::move(event)})}});
  EXPECT_TRUE(oracle->arrived(stand.world, other));
}

TEST(Oracles, ARepeatOfWhatWasConfirmedIsABreach) {
  Stand stand;
  const auto oracle = make_repeats_oracle();
  EXPECT_FALSE(oracle->arrived(stand.world, request({kOne, kTwo}, seconds{1}, 503)));
  Seen lost = request({kOne, kTwo}, seconds{2});
  lost.reply.fault = http::Fault::reset_after;
  EXPECT_FALSE(oracle->arrived(stand.world, lost));
  Seen late = request({kOne, kTwo}, seconds{3});
  late.reply.delay = seconds{60};
  EXPECT_FALSE(oracle->arrived(stand.world, late));
  Seen heard = request({kOne, kTwo}, seconds{4});
  heard.reply.response.body = R"({"results":{")" + std::string(kTwo) + R"(":{"result":"retry"}}})";
  EXPECT_FALSE(oracle->arrived(stand.world, heard));
  EXPECT_FALSE(oracle->arrived(stand.world, request({kTwo}, seconds{5})));
  EXPECT_TRUE(oracle->arrived(stand.world, request({kOne}, seconds{6})));
}

TEST(Oracles, ARepeatOfWhatWasRefusedForGoodIsABreach) {
  for (const int status : {400, 401, 404, 301}) {
    Stand stand;
    const auto oracle = make_repeats_oracle();
    EXPECT_FALSE(oracle->arrived(stand.world, request({kOne}, seconds{1}, 413)));
    EXPECT_FALSE(oracle->arrived(stand.world, request({kOne}, seconds{2}, 429)));
    EXPECT_FALSE(oracle->arrived(stand.world, request({kOne}, seconds{3}, status)));
    EXPECT_TRUE(oracle->arrived(stand.world, request({kOne}, seconds{4}))) << status;
  }
}

TEST(Oracles, AnEventOfAToolThatSharesItsNumberIsABreach) {
  Stand stand;
  const auto oracle = make_sequence_oracle();
  const auto numbered = [](const char* id, const char* invocation, int sequence) {
    Seen seen = request({}, seconds{1});
    seen.request.url.path = "/v1/batch";
    const json message{{"messageId", id},
                       {"properties", {{"invocation_id", invocation}, {"sequence", sequence}}}};
    set_body(seen, {{"batch", json::array({message})}});
    return seen;
  };
  EXPECT_FALSE(oracle->arrived(stand.world, numbered(kOne, "a", 1)));
  EXPECT_FALSE(oracle->arrived(stand.world, numbered(kOne, "a", 1))) << "a repeat";
  EXPECT_FALSE(oracle->arrived(stand.world, numbered(kTwo, "b", 1))) << "another invocation";
  EXPECT_TRUE(oracle->arrived(stand.world, numbered(kTwo, "a", 1)));
}

TEST(Oracles, AnAttemptTooManyIsABreachAndA413IsNoAttempt) {
  Stand stand;
  const auto oracle = make_attempts_oracle();
  EXPECT_FALSE(oracle->arrived(stand.world, request({kOne}, seconds{1}, 500)));
  EXPECT_FALSE(oracle->arrived(stand.world, request({kOne, kTwo}, seconds{2}, 413)));
  EXPECT_FALSE(oracle->arrived(stand.world, request({kOne}, seconds{3}, 500)));
  EXPECT_TRUE(oracle->arrived(stand.world, request({kOne}, seconds{4}, 200)));
}

TEST(Oracles, AnEventGivenUpBeforeItsAttemptsIsABreach) {
  Stand stand;
  const auto oracle = make_attempts_oracle();
  Outcome given_up = delivered(kOne);
  given_up.delivered = false;
  given_up.reason = DropReason::attempts_exhausted;
  EXPECT_TRUE(oracle->ended(stand.world, {"main", given_up, {}}));
  given_up.attempts = 2;
  EXPECT_FALSE(oracle->ended(stand.world, {"main", given_up, {}}));
}

TEST(Oracles, AnEndThatTellsOfFewerAttemptsThanArrivedIsABreach) {
  Stand stand;
  const auto oracle = make_attempts_oracle();
  EXPECT_FALSE(oracle->arrived(stand.world, request({kOne, kTwo}, seconds{1}, 503)));
  EXPECT_FALSE(oracle->arrived(stand.world, request({kOne}, seconds{2})));
  EXPECT_FALSE(oracle->ended(stand.world, {"main", delivered(kTwo), {}}));
  EXPECT_TRUE(oracle->ended(stand.world, {"main", delivered(kOne), {}}));
}

// The stand's events may wait for 5 s, its retries for 2 s.
struct Waiting : Stand {
  Waiting() {
    init("");
    EXPECT_FALSE(oracle->captured(world, captured(kOne, 1)));
  }
  void init(const std::string& more) {
    EXPECT_FALSE(
        world.init("main",
                   R"({"api_key":"k","host":"http://ingest.test","flush_interval_ms":5000,)"
                   R"("retry_initial_backoff_ms":1000,"retry_max_backoff_ms":2000,)"
                   R"("retry_jitter_percent":0,"max_retry_after_ms":60000)" +
                       more + "}",
                   {}));
  }
  // Nothing but the passing of time.
  Finding at(Duration time) {
    world.clock().advance(Instant{time} - world.clock().now());
    return oracle->turned(world);
  }
  std::unique_ptr<Oracle> oracle = make_promptness_oracle();
};

TEST(Oracles, AnEventThatWaitsLongerThanTheIntervalIsABreach) {
  Waiting stand;
  EXPECT_FALSE(stand.at(seconds{5}));
  EXPECT_TRUE(stand.at(seconds{5} + Duration{1}));
  EXPECT_TRUE(stand.oracle->sent(stand.world, sent("1", seconds{6})));
  EXPECT_FALSE(stand.oracle->ended(stand.world, {"main", delivered(kOne), {}}));
  EXPECT_FALSE(stand.at(seconds{60}));
}

TEST(Oracles, ARequestInsideAPauseIsABreach) {
  Stand stand;
  const auto oracle = make_patience_oracle();
  Seen first = request({kOne}, seconds{1}, 503);
  first.reply.response.headers.add("Retry-After", "3");
  EXPECT_FALSE(oracle->sent(stand.world, sent("2", milliseconds{1001}))) << "it knows nothing yet";
  EXPECT_FALSE(oracle->request_ended(stand.world, answer_to(first, stand.world)));
  EXPECT_FALSE(oracle->sent(stand.world, sent("2", milliseconds{1001}))) << "it left before";
  EXPECT_TRUE(oracle->sent(stand.world, sent("3", milliseconds{4000})));
  EXPECT_FALSE(oracle->sent(stand.world, sent("4", milliseconds{4001})));
}

TEST(Oracles, ARetryAfterBeyondAllNumbersIsAsLongAsItMayBe) {
  Stand stand;
  const auto oracle = make_patience_oracle();
  Seen first = request({kOne}, seconds{1}, 429);
  first.reply.response.headers.add("Retry-After", "99999999999999999999");
  EXPECT_FALSE(oracle->request_ended(stand.world, answer_to(first, stand.world)));
  EXPECT_TRUE(oracle->sent(stand.world, sent("2", std::chrono::hours{1})));
  EXPECT_FALSE(oracle->sent(stand.world, sent("3", std::chrono::hours{1} + milliseconds{1001})));
}

TEST(Oracles, ARetryBeforeTheFirstBackoffIsABreach) {
  for (const auto fault : {http::Fault::none, http::Fault::reset_after, http::Fault::no_answer,
                           http::Fault::refuse_connection, http::Fault::truncate_body}) {
    Stand stand;
    const auto oracle = make_patience_oracle();
    Seen first = request({kOne}, seconds{1}, fault == http::Fault::none ? 500 : 200);
    first.reply.fault = fault;
    first.reply.response.body = "{}";
    EXPECT_FALSE(oracle->request_ended(stand.world, answer_to(first, stand.world)));
    EXPECT_TRUE(oracle->sent(stand.world, sent("2", seconds{2})));
    EXPECT_FALSE(oracle->sent(stand.world, sent("3", milliseconds{2001})));
  }
}

TEST(Oracles, AnEventThatV1WantsAgainWaitsAloneForItsBackoff) {
  Stand stand;
  const auto oracle = make_patience_oracle();
  Seen first = request({kOne, kTwo}, seconds{1});
  first.request.url.path = "/i/v1/analytics/events";
  first.reply.response.body = result_of_one("retry");
  EXPECT_FALSE(oracle->request_ended(stand.world, answer_to(first, stand.world)));
  EXPECT_FALSE(oracle->sent(stand.world, sent("2", milliseconds{1001})));
  EXPECT_FALSE(oracle->arrived(stand.world, request({kTwo}, seconds{2})));
  EXPECT_TRUE(oracle->arrived(stand.world, request({kOne}, seconds{2})));
  EXPECT_FALSE(oracle->arrived(stand.world, request({kOne}, milliseconds{2002})));
}

TEST(Oracles, ABackoffBeyondItsGrowthIsABreach) {
  Waiting stand;
  EXPECT_FALSE(stand.oracle->sent(stand.world, sent("1", seconds{5})));
  EXPECT_FALSE(stand.at(seconds{15}));  // the answer takes its time
  EXPECT_FALSE(stand.oracle->request_ended(stand.world, no_answer("1", seconds{15})));
  EXPECT_FALSE(stand.at(seconds{16}));
  EXPECT_FALSE(stand.oracle->sent(stand.world, sent("2", seconds{16})));
  EXPECT_FALSE(stand.oracle->request_ended(stand.world, no_answer("2", seconds{17})));
  EXPECT_FALSE(stand.at(seconds{19})) << "it has doubled";
  EXPECT_FALSE(stand.oracle->sent(stand.world, sent("3", seconds{19})));
  EXPECT_FALSE(stand.oracle->request_ended(stand.world, no_answer("3", seconds{20})));
  EXPECT_FALSE(stand.at(seconds{22})) << "which it does no more";
  EXPECT_TRUE(stand.at(seconds{22} + Duration{1}));
}

TEST(Oracles, AnAnswerExcusesForNoLongerThanItAsks) {
  Waiting stand;
  Seen answered = request({kOne}, seconds{5}, 429);
  answered.reply.response.headers.add("Retry-After", "3");
  EndedRequest asking = answer_to(answered, stand.world);
  asking.pause = seconds{3000};  // what an SDK that reads it wrongly would say
  EXPECT_FALSE(stand.oracle->sent(stand.world, sent("1", seconds{5})));
  EXPECT_FALSE(stand.oracle->request_ended(stand.world, asking));
  EXPECT_FALSE(stand.at(milliseconds{8001}));
  EXPECT_TRUE(stand.at(milliseconds{8002}));
}

// Another request, with `uuid`, is in flight and has arrived.
void fly(Waiting& stand, const std::string& uuid, Duration at) {
  EXPECT_FALSE(stand.oracle->sent(stand.world, sent("1", at)));
  Seen seen = request({uuid}, at);
  seen.sent_as = "1";
  EXPECT_FALSE(stand.oracle->arrived(stand.world, seen));
}

TEST(Oracles, AnEventThatWaitsWhileASlotIsFreeIsABreach) {
  Waiting stand;
  EXPECT_FALSE(stand.oracle->captured(stand.world, captured(kTwo, 2)));
  fly(stand, kTwo, seconds{1});
  EXPECT_FALSE(stand.at(seconds{5}));
  EXPECT_TRUE(stand.at(seconds{6}));
  Waiting sent;
  fly(sent, kOne, seconds{5});
  EXPECT_FALSE(sent.at(seconds{6})) << "it is in flight";
}

TEST(Oracles, ABatchThatIsFullIsDueAtOnce) {
  Waiting stand;
  stand.init(R"(,"flush_at":2)");
  EXPECT_FALSE(stand.at(seconds{1}));
  EXPECT_FALSE(stand.oracle->captured(stand.world, captured(kTwo, 2)));
  EXPECT_TRUE(stand.at(seconds{2}));
}

DrainCall drain(bool is_shutdown, Duration at, Duration deadline, std::uint64_t upto = 1) {
  return {"main", is_shutdown, Instant{at}, Instant{deadline}, upto, std::nullopt};
}

TEST(Oracles, WhatAFlushOrAShutdownCoversIsDueAtOnce) {
  for (const bool is_shutdown : {false, true}) {
    Waiting stand;
    stand.oracle->draining(stand.world, drain(is_shutdown, seconds{1}, seconds{4}));
    EXPECT_FALSE(stand.at(seconds{1}));
    EXPECT_TRUE(stand.at(seconds{2}));
    Waiting over;
    over.oracle->draining(over.world, drain(is_shutdown, seconds{1}, seconds{1}));
    EXPECT_FALSE(over.at(seconds{2})) << "its deadline has come";
  }
  Waiting stand;
  stand.oracle->draining(stand.world, drain(false, seconds{1}, seconds{4}, 0));
  EXPECT_FALSE(stand.at(seconds{2})) << "it was captured later";
}

TEST(Oracles, AShutdownThatGivesUpEarlyIsABreachUnlessAllMustWait) {
  const Outcome given_up = dropped(DropReason::shutdown_deadline);
  for (const auto at : {seconds{3}, seconds{4}}) {
    Waiting stand;
    stand.oracle->draining(stand.world, drain(true, seconds{1}, seconds{4}));
    const bool is_early = at < seconds{4};
    EXPECT_EQ(stand.oracle->ended(stand.world, {"main", given_up, Instant{at}}).has_value(),
              is_early);
  }
  Waiting paused;
  EXPECT_FALSE(paused.oracle->sent(paused.world, sent("1", seconds{1})));
  EndedRequest asking = no_answer("1", seconds{2});
  asking.pause = seconds{3};
  EXPECT_FALSE(paused.oracle->request_ended(paused.world, asking));
  paused.oracle->draining(paused.world, drain(true, seconds{2}, seconds{4}));
  EXPECT_FALSE(paused.oracle->ended(paused.world, {"main", given_up, Instant{seconds{2}}}));
}

TEST(Oracles, AnAnswerThatAsksForPatienceExcusesForAsLongAsItMayAsk) {
  Waiting stand;
  EXPECT_FALSE(stand.oracle->sent(stand.world, sent("1", seconds{5})));
  EndedRequest asking = no_answer("1", seconds{6});
  asking.pause = seconds{60};
  EXPECT_FALSE(stand.oracle->request_ended(stand.world, asking));
  EXPECT_FALSE(stand.at(seconds{66}));
  EXPECT_TRUE(stand.at(seconds{67}));
}

TEST(Oracles, WhatAnEarlierClientOfThatNameHeldIsNobodysDebt) {
  Waiting stand;
  EXPECT_FALSE(stand.oracle->sent(stand.world, sent("1", seconds{5})));
  EXPECT_FALSE(stand.oracle->opened(stand.world, "main"));
  EXPECT_FALSE(stand.at(seconds{60}));
}

TEST(Oracles, AnEarlierEventAfterALaterOneIsABreach) {
  Stand stand;
  const auto oracle = make_order_oracle();
  oracle->captured(stand.world, captured(kOne, 1));
  oracle->captured(stand.world, captured(kTwo, 2));
  EXPECT_FALSE(oracle->arrived(stand.world, request({kTwo}, seconds{1})));
  EXPECT_TRUE(oracle->arrived(stand.world, request({kOne}, seconds{2})));
  // A repeat is no first attempt.
  EXPECT_FALSE(oracle->arrived(stand.world, request({kTwo}, seconds{3})));
}

TEST(Oracles, ABatchOfTooManyEventsIsABreach) {
  Stand stand;
  const auto oracle = make_bounds_oracle();
  EXPECT_FALSE(oracle->arrived(stand.world, request({kOne, kTwo}, seconds{1})));
  EXPECT_TRUE(oracle->arrived(stand.world, request({kOne, kTwo, kOne}, seconds{1})));
}

TEST(Oracles, AnEventInTheWrongLaneIsABreach) {
  for (const bool is_historical : {false, true}) {
    Stand stand;
    const auto oracle = make_order_oracle();
    CapturedEvent old = captured(kOne, 1);
    old.lane = Lane::historical;
    EXPECT_FALSE(oracle->captured(stand.world, old));
    Seen seen = request({kOne}, seconds{1});
    seen.is_historical = is_historical;
    EXPECT_NE(oracle->arrived(stand.world, seen).has_value(), is_historical);
  }
}

TEST(Oracles, ARequestTooManyInFlightIsABreach) {
  Stand stand;
  const auto oracle = make_bounds_oracle();
  for (const char* number : {"1", "2", "3", "4"}) {
    EXPECT_FALSE(oracle->sent(stand.world, sent(number, seconds{1})));
  }
  EXPECT_FALSE(oracle->sent(stand.world, {"main", "5", Lane::ai, Instant{seconds{1}}}));
  EXPECT_FALSE(oracle->request_ended(stand.world, no_answer("1", seconds{2})));
  EXPECT_FALSE(oracle->sent(stand.world, sent("6", seconds{2})));
  EXPECT_TRUE(oracle->sent(stand.world, sent("7", seconds{2})));
}

TEST(Oracles, ALaneThatHoldsMoreThanItsQueueIsABreach) {
  Stand stand;
  const auto oracle = make_bounds_oracle();
  EXPECT_FALSE(stand.world.init(
      "main", R"({"api_key":"k","host":"http://ingest.test","max_queue_size":1})", {}));
  EXPECT_FALSE(oracle->captured(stand.world, captured(kOne, 1)));
  EXPECT_FALSE(oracle->captured(stand.world, captured(kTwo, 2)));
  EXPECT_FALSE(oracle->turned(stand.world)) << "one may give way at this instant";
  stand.world.clock().advance(seconds{1});
  EXPECT_TRUE(oracle->turned(stand.world));
  EXPECT_FALSE(oracle->ended(stand.world, {"main", dropped(DropReason::queue_full), {}}));
  EXPECT_TRUE(oracle->turned(stand.world)) << "what was refused was never held";
  EXPECT_FALSE(oracle->ended(stand.world, {"main", delivered(kOne), {}}));
  EXPECT_FALSE(oracle->turned(stand.world));
}

// One event before the drain, which begins at 1 s and returns at 2 s, and one after it.
struct Reporting : Stand {
  Reporting() {
    EXPECT_FALSE(oracle->captured(world, captured(kOne, 1)));
    EXPECT_FALSE(oracle->captured(world, captured(kTwo, 2)));
  }
  void end(const Outcome& outcome, Duration at) {
    EXPECT_FALSE(oracle->ended(world, {"main", outcome, Instant{at}}));
  }
  Finding returns(const FlushReport& report, Duration deadline = seconds{2}) {
    DrainCall call = drain(false, seconds{1}, deadline);
    call.report = report;
    world.clock().advance(seconds{2});
    EXPECT_FALSE(oracle->returned(world, call));
    EXPECT_FALSE(oracle->turned(world));
    world.clock().advance(seconds{1});
    return oracle->turned(world);
  }
  std::unique_ptr<Oracle> oracle = make_reports_oracle();
};

TEST(Oracles, AFlushThatIsCompleteTooEarlyIsABreach) {
  Reporting early;
  EXPECT_TRUE(early.returns({FlushStatus::complete, 1, 0, 0}));
  Reporting stand;
  stand.end(delivered(kOne), milliseconds{1500});
  EXPECT_FALSE(stand.returns({FlushStatus::complete, 1, 0, 0}));
}

TEST(Oracles, AFlushThatTimesOutEarlyIsABreach) {
  Reporting early;
  EXPECT_TRUE(early.returns({FlushStatus::timed_out, 0, 0, 1}, seconds{3}));
  Reporting stand;
  EXPECT_FALSE(stand.returns({FlushStatus::timed_out, 0, 0, 1}));
}

TEST(Oracles, AReportThatMiscountsIsABreach) {
  for (const FlushReport& report :
       {FlushReport{FlushStatus::complete, 2, 0, 0}, FlushReport{FlushStatus::complete, 0, 1, 0},
        FlushReport{FlushStatus::complete, 1, 0, 1}}) {
    Reporting stand;
    stand.end(delivered(kOne), milliseconds{1500});
    stand.end(delivered(kTwo), milliseconds{1500});
    EXPECT_TRUE(stand.returns(report));
  }
}

TEST(Oracles, ADrainThatReturnsLateIsABreach) {
  Stand stand;
  const auto oracle = make_deadlines_oracle();
  stand.world.clock().advance(seconds{5});
  EXPECT_FALSE(oracle->returned(stand.world, {"main", false, {}, Instant{seconds{5}}}));
  EXPECT_TRUE(oracle->returned(stand.world, {"main", false, {}, Instant{milliseconds{4999}}}));
}

TEST(Oracles, ARequestAfterShutdownReturnedIsABreach) {
  Stand stand;
  const auto oracle = make_deadlines_oracle();
  EXPECT_FALSE(oracle->arrived(stand.world, request({kOne}, seconds{1})));
  oracle->returned(stand.world, {"main", true, {}, Instant{seconds{1}}});
  EXPECT_TRUE(oracle->arrived(stand.world, request({kOne}, seconds{2})));
  oracle->opened(stand.world, "main");
  EXPECT_FALSE(oracle->arrived(stand.world, request({kOne}, seconds{3})));
}

TEST(Oracles, AShutdownForEverThatGivesUpIsABreach) {
  Stand stand;
  const auto oracle = make_deadlines_oracle();
  Outcome outcome;
  outcome.reason = DropReason::shutdown_deadline;
  const DrainCall for_ever{"main", true, {}, kNever};
  oracle->closing(stand.world, "main");
  EXPECT_FALSE(oracle->returned(stand.world, for_ever)) << "it had nothing to give up";
  oracle->ended(stand.world, {"main", outcome, {}});
  EXPECT_FALSE(oracle->returned(stand.world, {"main", true, {}, Instant{seconds{1}}}));
  EXPECT_TRUE(oracle->returned(stand.world, for_ever));
  oracle->closing(stand.world, "main");
  EXPECT_FALSE(oracle->returned(stand.world, for_ever)) << "another one may have had a deadline";
}

TEST(Oracles, ACaptureThatIsAcceptedAfterShutdownIsABreach) {
  Stand stand;
  const auto oracle = make_closed_oracle();
  EXPECT_FALSE(oracle->captured(stand.world, captured(kOne, 1)));
  oracle->closing(stand.world, "main");
  CapturedEvent refused = captured(kTwo, 2);
  refused.accepted = false;
  EXPECT_FALSE(oracle->captured(stand.world, refused));
  EXPECT_TRUE(oracle->captured(stand.world, captured(kTwo, 2)));
}

TEST(Oracles, ARefusalAsClosedBeforeShutdownIsABreach) {
  Stand stand;
  const auto oracle = make_closed_oracle();
  EXPECT_FALSE(oracle->refused(stand.world, "main", "invalid"));
  EXPECT_TRUE(oracle->refused(stand.world, "main", "closed"));
  oracle->closing(stand.world, "main");
  EXPECT_FALSE(oracle->refused(stand.world, "main", "closed"));
}

TEST(Oracles, AnEventThatPassesAHookThatThrowsIsABreach) {
  World world(Stand::settings(), 1);
  const char* body = R"({"api_key":"k","host":"http://ingest.test"})";
  ASSERT_FALSE(world.init("main", body, {"throw"}));
  ASSERT_FALSE(world.init("other", body, {"rename"}));
  const auto oracle = make_hooks_oracle();
  CapturedEvent event = captured(kOne, 1);
  EXPECT_TRUE(oracle->captured(world, event));
  event.accepted = false;
  EXPECT_FALSE(oracle->captured(world, event)) << "the hook ended it";
  event = captured(kTwo, 2);
  event.client = "other";
  EXPECT_FALSE(oracle->captured(world, event)) << "its hooks end none";
}

}  // namespace
}  // namespace lockstep::scenario
