// The oracle of reasons, shown ends that are true and ends that are not.
#include <deque>

#include "tests/explore/oracle_stand.h"

namespace lockstep::scenario {
namespace {

// One event, of a client that tries twice, and what was said of it.
struct Reasoning : Stand {
  Reasoning() { EXPECT_FALSE(oracle->captured(world, captured(kOne, 1))); }
  void answer(const Seen& seen) {
    arrived.push_back(seen);
    EXPECT_FALSE(oracle->request_ended(world, answer_to(arrived.back(), world)));
  }
  void answer(int status) { answer(request({kOne}, seconds{1}, status)); }
  void answer(const std::string& result) {
    Seen seen = request({kOne}, seconds{1});
    seen.request.url.path = "/i/v1/analytics/events";
    seen.reply.response.body = result;
    answer(seen);
  }
  bool is_true(const Outcome& outcome) {
    return !oracle->ended(world, {"main", outcome, Instant{seconds{2}}});
  }
  std::deque<Seen> arrived;  // which stay where they are
  std::unique_ptr<Oracle> oracle = make_reasons_oracle();
};

TEST(Reasons, WhatMayBeSentAgainIsNotRejected) {
  for (const int status : {200, 408, 413, 429, 500, 503}) {
    Reasoning stand;
    stand.answer(status);
    EXPECT_FALSE(stand.is_true(dropped(DropReason::rejected))) << status;
  }
  for (const int status : {301, 400, 401, 404}) {
    Reasoning stand;
    stand.answer(status);
    EXPECT_TRUE(stand.is_true(dropped(DropReason::rejected))) << status;
  }
}

TEST(Reasons, AnAnswerThatWasNotHeardRejectsNothing) {
  Reasoning stand;
  Seen lost = request({kOne}, seconds{1}, 400);
  lost.reply.fault = http::Fault::reset_after;
  stand.answer(lost);
  EXPECT_FALSE(stand.is_true(dropped(DropReason::rejected)));
}

TEST(Reasons, OnlyTheResultDropRejectsAnEvent) {
  for (const char* result : {"retry", "ok", "limited", "drop"}) {
    Reasoning stand;
    stand.answer(result_of_one(result));
    EXPECT_EQ(stand.is_true(dropped(DropReason::rejected)), result == std::string("drop"));
  }
  Reasoning stand;
  stand.answer(R"({"results":{}})");
  EXPECT_FALSE(stand.is_true(dropped(DropReason::rejected)));
}

TEST(Reasons, WhatIsUnconfirmedIsWhatASuccessDoesNotName) {
  Outcome unconfirmed = delivered(kOne);
  unconfirmed.unconfirmed = true;
  for (const bool is_named : {false, true}) {
    Reasoning stand;
    stand.answer(is_named ? result_of_one("ok") : R"({"results":{}})");
    EXPECT_EQ(stand.is_true(unconfirmed), !is_named);
    Reasoning other;
    other.answer(is_named ? result_of_one("ok") : R"({"results":{}})");
    EXPECT_EQ(other.is_true(delivered(kOne)), is_named);
  }
  Reasoning stand;
  stand.answer(503);
  EXPECT_FALSE(stand.is_true(unconfirmed));
  EXPECT_FALSE(stand.is_true(delivered(kOne)));
}

TEST(Reasons, AttemptsAreExhaustedWhenAllHaveFailed) {
  const Outcome exhausted = dropped(DropReason::attempts_exhausted);
  Reasoning stand;
  stand.answer(503);
  stand.answer(413);
  EXPECT_FALSE(stand.is_true(exhausted));
  Reasoning other;
  other.answer(503);
  other.answer(503);
  EXPECT_TRUE(other.is_true(exhausted));
}

TEST(Reasons, TooLargeIsWhatIsTooLargeAlone) {
  Reasoning stand;
  stand.answer(request({kOne, kTwo}, seconds{1}, 413));
  EXPECT_FALSE(stand.is_true(dropped(DropReason::too_large)));
  Reasoning alone;
  alone.answer(413);
  EXPECT_TRUE(alone.is_true(dropped(DropReason::too_large)));
}

TEST(Reasons, AQueueIsFullWhenItHoldsAsManyAsItMay) {
  for (const int limit : {1, 2}) {
    Reasoning stand;
    EXPECT_FALSE(stand.world.init("main",
                                  R"({"api_key":"k","host":"http://ingest.test",)"
                                  R"("max_queue_size":)" +
                                      std::to_string(limit) + "}",
                                  {}));
    CapturedEvent refused = captured(kTwo, 2);
    refused.accepted = false;
    EXPECT_FALSE(stand.oracle->captured(stand.world, refused));
    EXPECT_EQ(stand.is_true(dropped(DropReason::queue_full, kTwo, 0)), limit == 1);
    EXPECT_FALSE(stand.is_true(dropped(DropReason::queue_full, kOne, 0))) << "it was taken";
  }
}

TEST(Reasons, AnEventGivesWayToANewerOneOnly) {
  Reasoning stand;
  EXPECT_FALSE(stand.world.init("main",
                                R"({"api_key":"k","host":"http://ingest.test",)"
                                R"("max_queue_size":1,"queue_full":"drop_oldest"})",
                                {}));
  EXPECT_FALSE(stand.is_true(dropped(DropReason::evicted, kOne, 0)));
  Reasoning full;
  EXPECT_FALSE(full.world.init("main",
                               R"({"api_key":"k","host":"http://ingest.test",)"
                               R"("max_queue_size":1,"queue_full":"drop_oldest"})",
                               {}));
  EXPECT_FALSE(full.oracle->captured(full.world, captured(kTwo, 2)));
  EXPECT_TRUE(full.is_true(dropped(DropReason::evicted, kOne, 0)));
  EXPECT_FALSE(full.is_true(dropped(DropReason::evicted, kTwo, 0))) << "one for one";
}

}  // namespace
}  // namespace lockstep::scenario
