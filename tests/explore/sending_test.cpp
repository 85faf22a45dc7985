// What the oracles know of when a client sends what, each shown a history in which it does so, and
// one in which it does not.
#include <deque>
#include <functional>

#include "tests/explore/oracle_stand.h"

namespace lockstep::scenario {
namespace {

std::string id(std::size_t number) {
  std::string text = kOne;
  text[text.size() - 2] = static_cast<char>('0' + number / 10);
  text[text.size() - 1] = static_cast<char>('0' + number % 10);
  return text;
}

// A client whose events were captured at 0 s, and what it does with them.
class Sending : public Stand {
 public:
  explicit Sending(const std::string& more = R"(,"max_batch_size":1,"flush_at":1)") {
    EXPECT_FALSE(world.init("main",
                            R"({"api_key":"k","host":"http://ingest.test","max_retries":3,)"
                            R"("retry_initial_backoff_ms":1000,"retry_jitter_percent":0)" +
                                more + "}",
                            {}));
    for (std::size_t i = 1; i <= 20; ++i) {
      EXPECT_FALSE(oracle->captured(world, captured(id(i), i)));
    }
  }
  // That request leaves, and arrives. Whether it is late is not asked here.
  Finding leave(const std::vector<std::size_t>& events, Duration at, int status = 200,
                const std::function<void()>& meanwhile = nullptr) {
    std::vector<std::string> uuids;
    for (const std::size_t number : events) uuids.push_back(id(number));
    const std::string number = std::to_string(requests_.size() + 1);
    static_cast<void>(oracle->sent(world, sent(number, at)));
    Seen& seen = requests_.emplace_back(request(uuids, at, status));
    seen.sent_as = number;
    if (meanwhile) meanwhile();
    return oracle->arrived(world, seen);
  }
  // The request of that number is answered.
  void answer(std::size_t number, Duration at) {
    const Seen& seen = requests_[number - 1];
    EndedRequest ended = answer_to(seen, world, seen.sent_as);
    ended.sent = seen.at;
    ended.at = Instant{at};
    EXPECT_FALSE(oracle->request_ended(world, ended));
  }
  void exchange(const std::vector<std::size_t>& events, Duration at, int status = 200) {
    EXPECT_FALSE(leave(events, at, status));
    answer(requests_.size(), at + milliseconds{1});
  }
  std::unique_ptr<Oracle> oracle = make_promptness_oracle();

 private:
  std::deque<Seen> requests_;
};

TEST(SendingOracles, ABatchThatLeavesBeforeItIsDueIsABreach) {
  const std::string lazy = R"(,"max_batch_size":20,"flush_at":50,"flush_interval_ms":5000)";
  std::vector<std::size_t> all(20);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i + 1;
  EXPECT_TRUE(Sending(lazy).leave(all, milliseconds{4999}));
  EXPECT_FALSE(Sending(lazy).leave(all, seconds{5}));
  EXPECT_FALSE(Sending(R"(,"max_batch_size":20,"flush_at":20)").leave(all, seconds{1}));
  for (const bool is_shutdown : {false, true}) {
    Sending drained(lazy);
    drained.oracle->draining(drained.world,
                             {"main", is_shutdown, {}, Instant{seconds{9}}, 20, std::nullopt});
    EXPECT_FALSE(drained.leave(all, seconds{1}));
  }
  Sending later(lazy);
  later.oracle->draining(later.world, {"main", false, {}, Instant{seconds{9}}, 0, std::nullopt});
  EXPECT_TRUE(later.leave(all, seconds{1})) << "the flush came before its events";
}

// It may have been due for the bytes of what it left in the queue.
TEST(SendingOracles, WhatABatchLeftMayGiveWayBeforeItArrives) {
  const std::string lazy = R"(,"max_batch_size":20,"flush_at":50,"flush_interval_ms":5000)";
  std::vector<std::size_t> all_but_one(19);
  for (std::size_t i = 0; i < all_but_one.size(); ++i) all_but_one[i] = i + 1;
  const Outcome evicted = dropped(DropReason::evicted, id(20), 0);
  Sending stand(lazy);
  EXPECT_FALSE(stand.leave(all_but_one, seconds{1}, 200, [&] {
    EXPECT_FALSE(stand.oracle->ended(stand.world, {"main", evicted, Instant{seconds{2}}}));
  }));
  Sending before(lazy);
  EXPECT_FALSE(before.oracle->ended(before.world, {"main", evicted, Instant{milliseconds{500}}}));
  EXPECT_TRUE(before.leave(all_but_one, seconds{1}));
}

TEST(SendingOracles, TwoFreshBatchesInARowWhileARetryIsDueAreABreach) {
  Sending stand;
  stand.exchange({1}, seconds{0}, 503);
  stand.exchange({2}, seconds{2});
  EXPECT_TRUE(stand.leave({3}, seconds{3}));
  Sending fair;
  fair.exchange({1}, seconds{0}, 503);
  fair.exchange({2}, seconds{2});
  fair.exchange({1}, seconds{3});
  fair.exchange({3}, seconds{4});
  EXPECT_FALSE(fair.leave({4}, seconds{5})) << "no retry is left";
}

TEST(SendingOracles, TwoRetriesInARowWhileAFreshEventIsDueAreABreach) {
  Sending stand;
  stand.exchange({1}, seconds{0}, 503);
  stand.exchange({2}, seconds{1}, 503);
  stand.exchange({1}, seconds{10});
  EXPECT_TRUE(stand.leave({2}, seconds{11}));
  Sending fair;
  fair.exchange({1}, seconds{0}, 503);
  fair.exchange({2}, seconds{1}, 503);
  fair.exchange({1}, seconds{10});
  fair.exchange({3}, seconds{11});
  EXPECT_FALSE(fair.leave({2}, seconds{12}));
}

TEST(SendingOracles, ANewEventThatGivesWayBeforeAnOldRetryIsABreach) {
  const Outcome fresh = dropped(DropReason::evicted, id(2), 0);
  const Outcome stale = dropped(DropReason::evicted, id(1));
  Sending stand;
  stand.exchange({1}, seconds{0}, 503);
  EXPECT_TRUE(stand.oracle->ended(stand.world, {"main", fresh, Instant{seconds{1}}}));
  Sending right;
  right.exchange({1}, seconds{0}, 503);
  EXPECT_FALSE(right.oracle->ended(right.world, {"main", stale, Instant{seconds{1}}}));
  EXPECT_FALSE(right.oracle->ended(right.world, {"main", fresh, Instant{seconds{1}}}));
}

// Of four, a 413 makes two, and four batches of two make four again.
TEST(SendingOracles, ABatchThatLeavesOutWhatWouldFitIsABreach) {
  for (const std::size_t good : {3U, 4U}) {
    Sending stand(R"(,"max_batch_size":4,"flush_at":1)");
    stand.exchange({1, 2, 3, 4}, seconds{1}, 413);
    stand.exchange({1, 2}, seconds{2});
    std::size_t next = 5;
    for (std::size_t i = 1; i < good; ++i, next += 2) {
      stand.exchange({next, next + 1}, seconds{2 + i});
    }
    stand.exchange({next, next + 1}, seconds{10});
    EXPECT_EQ(stand.leave({next + 2, next + 3}, seconds{11}).has_value(), good == 4);
  }
}

TEST(SendingOracles, RequestsThatFailTogetherExcuseForOneBackoff) {
  for (const bool together : {true, false}) {
    Sending stand(R"(,"max_batch_size":1,"flush_at":1,"max_in_flight":9)");
    for (const std::size_t i : {1U, 2U, 3U}) {
      EXPECT_FALSE(stand.leave({i}, seconds{together ? 0 : i}, 503));
      if (!together) stand.answer(i, seconds{i});
    }
    for (const std::size_t i : {1U, 2U, 3U}) {
      if (together) stand.answer(i, seconds{3});
    }
    stand.world.clock().advance(seconds{5});
    EXPECT_EQ(stand.oracle->turned(stand.world).has_value(), together);
  }
}

EndedRequest failure(const Seen& seen, const World& world, Duration sent) {
  EndedRequest ended = answer_to(seen, world);
  ended.sent = Instant{sent};
  return ended;
}

TEST(SendingOracles, ABackoffThatDoesNotGrowIsABreach) {
  Stand stand;
  const auto oracle = make_patience_oracle();
  const Seen first = request({kOne}, seconds{1}, 503);
  const Seen beside = request({kTwo}, seconds{1}, 503);
  const Seen second = request({kOne}, seconds{3}, 503);
  const Seen healthy = request({kTwo}, seconds{6});
  const Seen third = request({kOne}, seconds{7}, 503);
  EXPECT_FALSE(oracle->request_ended(stand.world, failure(first, stand.world, seconds{1})));
  EXPECT_FALSE(oracle->request_ended(stand.world, failure(beside, stand.world, seconds{1})));
  EXPECT_FALSE(oracle->sent(stand.world, sent("2", milliseconds{2001}))) << "they were one round";
  EXPECT_FALSE(oracle->request_ended(stand.world, failure(second, stand.world, seconds{3})));
  EXPECT_TRUE(oracle->sent(stand.world, sent("3", seconds{5})));
  EXPECT_FALSE(oracle->sent(stand.world, sent("4", milliseconds{5001})));
  EXPECT_FALSE(oracle->request_ended(stand.world, failure(healthy, stand.world, seconds{6})));
  EXPECT_FALSE(oracle->request_ended(stand.world, failure(third, stand.world, seconds{7})));
  EXPECT_FALSE(oracle->sent(stand.world, sent("5", milliseconds{8001}))) << "it began again";
}

TEST(SendingOracles, ABackoffOfOneEventThatDoesNotGrowIsABreach) {
  Stand stand;
  const auto oracle = make_patience_oracle();
  for (const auto at : {seconds{1}, seconds{3}}) {
    Seen seen = request({kOne}, at);
    seen.request.url.path = "/i/v1/analytics/events";
    seen.reply.response.body = result_of_one("retry");
    EXPECT_FALSE(oracle->request_ended(stand.world, failure(seen, stand.world, at)));
  }
  EXPECT_TRUE(oracle->arrived(stand.world, request({kOne}, seconds{5})));
  EXPECT_FALSE(oracle->arrived(stand.world, request({kOne}, milliseconds{5002})));
}

// Five retries, the third so much sooner than its backoff is without jitter.
bool is_taken_for_unspread(Duration sooner, const char* retry_after) {
  Stand stand;
  EXPECT_FALSE(stand.world.init("main",
                                R"({"api_key":"k","host":"http://ingest.test","max_retries":9,)"
                                R"("retry_initial_backoff_ms":1000,"retry_jitter_percent":20})",
                                {}));
  const auto oracle = make_patience_oracle();
  std::deque<Seen> requests;
  Duration at{0};
  Duration backoff = seconds{1};
  for (int i = 1; i <= 5; ++i, backoff *= 2) {
    Seen& seen = requests.emplace_back(request({kOne}, at + stand.world.settings().latency, 503));
    if (i > 1 && oracle->arrived(stand.world, seen)) return true;
    EndedRequest ended = failure(seen, stand.world, at);
    if (retry_after != nullptr) ended.pause = seconds{1};
    EXPECT_FALSE(oracle->request_ended(stand.world, ended));
    at = ended.at - Instant{} + backoff - (i == 2 ? sooner : Duration{0});
  }
  return oracle->arrived(stand.world, request({kOne}, at + stand.world.settings().latency))
      .has_value();
}

TEST(SendingOracles, BackoffsThatAreNeverSpreadAreABreach) {
  EXPECT_TRUE(is_taken_for_unspread(Duration{0}, nullptr));
  EXPECT_FALSE(is_taken_for_unspread(milliseconds{1}, nullptr));
  EXPECT_FALSE(is_taken_for_unspread(Duration{0}, "1")) << "the server may have asked for it";
}

TEST(SendingOracles, AFullQueueThatIsNotWarnedOfIsABreach) {
  const ErrorReport full{"the analytics queue is full (3 events, 9 bytes); 1 dropped", 1};
  const ErrorReport other{"the ai queue is full (3 events, 9 bytes); 1 dropped", 1};
  const auto drop_at = [](Stand& stand, Oracle& oracle, seconds at) {
    const Outcome lost = dropped(DropReason::queue_full, kOne, 0);
    stand.world.clock().advance(Instant{at} - stand.world.clock().now());
    EXPECT_FALSE(oracle.ended(stand.world, {"main", lost, Instant{at}}));
    EXPECT_FALSE(oracle.turned(stand.world)) << "the warning may still come";
    stand.world.clock().advance(milliseconds{1});
    return oracle.turned(stand.world);
  };
  const std::string client = "main";
  Stand stand;
  const auto oracle = make_warnings_oracle();
  EXPECT_FALSE(oracle->told(stand.world, {client, full, Instant{seconds{1}}}));
  EXPECT_FALSE(drop_at(stand, *oracle, seconds{1}));
  EXPECT_FALSE(drop_at(stand, *oracle, seconds{30}));
  EXPECT_TRUE(drop_at(stand, *oracle, seconds{31}));
  Stand silent;
  const auto alone = make_warnings_oracle();
  EXPECT_FALSE(alone->told(silent.world, {client, other, Instant{seconds{1}}}));
  EXPECT_TRUE(drop_at(silent, *alone, seconds{1}));
}

TEST(SendingOracles, AnEventInAnotherLaneThanItWasMeantForIsABreach) {
  for (const Lane lane : {Lane::analytics, Lane::historical}) {
    Stand stand;
    const auto oracle = make_order_oracle();
    CapturedEvent event = captured(kOne, 1);
    event.lane = lane;
    EXPECT_FALSE(oracle->captured(stand.world, event));
    EXPECT_EQ(oracle->meant(stand.world, event.uuid, Lane::historical).has_value(),
              lane == Lane::analytics);
  }
}

TEST(SendingOracles, ADropThatTheLedgerDoesNotCountIsABreach) {
  Stand stand;
  const auto law = std::find_if(
      World::laws().begin(), World::laws().end(),
      [](const World::Law& one) { return one.name == "outcomes agree with the ledger"; });
  ASSERT_NE(law, World::laws().end());
  EXPECT_FALSE(law->holds(stand.world));
  stand.world.log("main").outcomes.push_back(dropped(DropReason::queue_full));
  EXPECT_TRUE(law->holds(stand.world));
  Stand other;
  other.world.log("main").note({Admission::dropped, DropReason::hook, *Uuid::parse(kOne)});
  EXPECT_TRUE(law->holds(other.world)) << "capture() said that it was dropped";
}

}  // namespace
}  // namespace lockstep::scenario
