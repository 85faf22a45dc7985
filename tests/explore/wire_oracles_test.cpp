// The oracles of the wire, shown histories in which it is broken, and some in which it is kept:
// what stays over attempts and what counts up, dates that ask for patience, questions for flags.
#include "tests/explore/oracle_stand.h"

namespace lockstep::scenario {
namespace {

constexpr const char* kBatch = "0f0f0f0f-0000-4000-8000-000000000001";
constexpr const char* kOther = "0f0f0f0f-0000-4000-8000-000000000002";
constexpr const char* kSent = "2025-01-01T00:00:01.000Z";

// A v1 request that says of its batch and its attempt what is given.
struct Said {
  std::string id = kBatch;
  std::string attempt = "1";
  std::string created = "2025-01-01T00:00:00.500Z";
  std::string sent = kSent;
};

Seen v1(const Said& said, std::size_t carried, int status = 503) {
  Seen seen = request({kOne, kTwo}, seconds{1}, status);
  seen.request.url.path = "/i/v1/analytics/events";
  seen.request.headers.set("PostHog-Request-Id", said.id);
  seen.request.headers.set("PostHog-Attempt", said.attempt);
  seen.request.headers.set("PostHog-Request-Timestamp", said.sent);
  seen.decoded = R"({"created_at":")" + said.created + R"(","batch":[]})";
  seen.left = VirtualClock::kDefaultStart + seconds{1};
  seen.attempt = carried;
  return seen;
}

TEST(WireOracle, AnAttemptIsCountedOnceAndByOne) {
  Stand stand;
  const auto oracle = make_wire_oracle();
  EXPECT_FALSE(oracle->arrived(stand.world, v1({}, 1)));
  EXPECT_FALSE(oracle->arrived(stand.world, v1({.attempt = "2"}, 2)));
  EXPECT_TRUE(oracle->arrived(stand.world, v1({.attempt = "2"}, 3)));
  EXPECT_TRUE(oracle->arrived(stand.world, v1({.attempt = "4"}, 3)));
  EXPECT_TRUE(oracle->arrived(stand.world, v1({.attempt = "many"}, 3)));
  EXPECT_FALSE(oracle->request_ended(stand.world, no_answer("3", seconds{2})));
  EXPECT_FALSE(oracle->arrived(stand.world, v1({.attempt = "4"}, 3))) << "one never arrived";
}

TEST(WireOracle, ABatchKeepsItsIdAndWhenItWasMade) {
  Stand stand;
  const auto oracle = make_wire_oracle();
  EXPECT_FALSE(oracle->arrived(stand.world, v1({}, 1)));
  EXPECT_TRUE(oracle->arrived(stand.world, v1({.id = kOther, .attempt = "2"}, 2)));
  EXPECT_TRUE(
      oracle->arrived(stand.world, v1({.attempt = "2", .created = "2025-01-01T00:00:00.600Z"}, 2)));
  EXPECT_TRUE(oracle->arrived(stand.world, v1({.attempt = "2"}, 1))) << "of another batch";
  EXPECT_TRUE(oracle->arrived(stand.world, v1({.id = "none"}, 1)));
}

TEST(WireOracle, WhatA413SplitsIsANewBatch) {
  Stand stand;
  const auto oracle = make_wire_oracle();
  EXPECT_FALSE(oracle->arrived(stand.world, v1({}, 1, 413)));
  EXPECT_FALSE(oracle->arrived(stand.world, v1({.id = kOther}, 2)));
  const std::string third = "0f0f0f0f-0000-4000-8000-000000000003";
  EXPECT_TRUE(oracle->arrived(stand.world, v1({.id = third}, 3))) << "once";
}

TEST(WireOracle, ABatchForSegmentKeepsItsId) {
  Stand stand;
  const auto oracle = make_wire_oracle();
  const auto sent = [](const std::string& id, std::size_t carried) {
    Seen seen = request({kOne}, seconds{1}, 503);
    seen.request.url.path = "/v1/batch";
    seen.decoded = R"({"messageId":")" + id + R"(","sentAt":")" + kSent + R"(","batch":[]})";
    seen.left = VirtualClock::kDefaultStart + seconds{1};
    seen.attempt = carried;
    return seen;
  };
  EXPECT_FALSE(oracle->arrived(stand.world, sent(kBatch, 1)));
  EXPECT_FALSE(oracle->arrived(stand.world, sent(kBatch, 2)));
  EXPECT_TRUE(oracle->arrived(stand.world, sent(kOther, 3)));
}

TEST(WireOracle, EachAttemptSaysWhenItLeft) {
  Stand stand;
  const auto oracle = make_wire_oracle();
  EXPECT_FALSE(oracle->arrived(stand.world, v1({}, 1)));
  EXPECT_TRUE(oracle->arrived(stand.world, v1({.attempt = "2", .sent = ""}, 2)));
  EXPECT_TRUE(
      oracle->arrived(stand.world, v1({.attempt = "2", .sent = "2025-01-01T00:00:01.001Z"}, 2)));
  for (const char* path : {"/batch/", "/v1/events:publish"}) {
    Seen frozen = request({kOne}, seconds{2});
    frozen.request.url.path = path;
    const std::string name = frozen.is_confidence() ? "sendTime" : "sent_at";
    frozen.decoded = R"({")" + name + R"(":")" + kSent + R"(","batch":[]})";
    frozen.left = VirtualClock::kDefaultStart + seconds{1};
    EXPECT_FALSE(oracle->arrived(stand.world, frozen)) << path;
    frozen.left = VirtualClock::kDefaultStart + seconds{2};
    EXPECT_TRUE(oracle->arrived(stand.world, frozen)) << path;
  }
}

TEST(WireOracle, ATimeWithoutAnOffsetIsABreach) {
  Stand stand;
  const auto oracle = make_wire_oracle();
  Seen seen = v1({}, 1);
  seen.times_have_offsets = false;
  EXPECT_TRUE(oracle->arrived(stand.world, seen));
}

TEST(SecretsOracle, AKeyInWhatAClientTellsIsABreach) {
  Stand stand;
  ASSERT_FALSE(
      stand.world.init("main", R"({"api_key":"phc_secret","host":"http://ingest.test"})", {}));
  const auto oracle = make_secrets_oracle();
  Outcome outcome = dropped(DropReason::rejected);
  outcome.detail = "status 401: no project of [api key]";
  EXPECT_FALSE(oracle->ended(stand.world, {"main", outcome, {}}));
  EXPECT_FALSE(oracle->said(stand.world, "main", outcome.detail));
  outcome.detail = "status 401: no project of phc_secret";
  EXPECT_TRUE(oracle->ended(stand.world, {"main", outcome, {}}));
  EXPECT_TRUE(oracle->said(stand.world, "main", outcome.detail));
  ErrorReport report;
  report.message = outcome.detail;
  EXPECT_TRUE(oracle->told(stand.world, {"main", report, Instant{}}));
}

// --- dates ---------------------------------------------------------------------------------------

// Answered at 1 s, by whose wall the date is 9 s away.
EndedRequest asked_until(Seen& seen, World& world, const char* date) {
  seen.reply.response.headers.set("Retry-After", date);
  world.clock().advance(Instant{seconds{1}} - world.clock().now());
  return answer_to(seen, world);
}

TEST(WireOracle, ARetryAfterThatIsADateIsReadByTheWallClock) {
  Stand stand;
  Seen seen = request({kOne}, seconds{1}, 503);
  const auto wait = [&](const char* date) {
    return plain_retry_after(asked_until(seen, stand.world, date), stand.world);
  };
  EXPECT_EQ(wait("Wed, 01 Jan 2025 00:00:10 GMT"), seconds{9});
  EXPECT_EQ(wait("Wed, 01 Jan 2025 00:00:00 GMT"), seconds{0});
  EXPECT_EQ(wait("Sat, 01 Feb 2025 00:00:01 GMT"), std::chrono::hours{24 * 31});
  for (const char* doubtful :
       {"Wed, 01 Foo 2025 00:00:10 GMT", "Wed, 31 Feb 2025 00:00:10 GMT",
        "Wednesday, 01-Jan-25 00:00:20 GMT", "Wed, -1 Jan 2025 00:00:10 GMT", "soon", ""}) {
    EXPECT_FALSE(wait(doubtful)) << doubtful;
  }
}

TEST(WireOracle, ARequestBeforeTheDateIsABreachOfPatience) {
  Stand stand;
  const auto oracle = make_patience_oracle();
  Seen seen = request({kOne}, seconds{1}, 503);
  const EndedRequest ended = asked_until(seen, stand.world, "Wed, 01 Jan 2025 00:00:10 GMT");
  EXPECT_FALSE(oracle->request_ended(stand.world, ended));
  EXPECT_TRUE(oracle->sent(stand.world, sent("2", seconds{10})));
  EXPECT_FALSE(oracle->sent(stand.world, sent("2", seconds{10} + milliseconds{1})));
}

// --- questions for flags -------------------------------------------------------------------------

struct Asking : Stand {
  Asking() { EXPECT_FALSE(oracle->asking(world, "main")); }
  Finding request_at(Duration at, int status, http::Fault fault = http::Fault::none) {
    Seen seen = request({}, at, status);
    seen.request.url.path = "/flags";
    seen.reply.fault = fault;
    seen_.push_back(std::make_unique<Seen>(std::move(seen)));
    return oracle->arrived(world, *seen_.back());
  }
  Finding asked() { return oracle->asked(world, {"main", "{}", "{}"}); }
  std::unique_ptr<Oracle> oracle = make_questions_oracle();

 private:
  std::vector<std::unique_ptr<Seen>> seen_;
};

TEST(QuestionsOracle, OnlyABadGatewayOrNoAnswerIsAskedAgain) {
  for (const int status : {200, 400, 429, 500, 503, 502, 504}) {
    Asking stand;
    const bool is_final = status != 502 && status != 504;
    EXPECT_FALSE(stand.request_at(seconds{1}, status));
    EXPECT_EQ(stand.request_at(seconds{2}, 200).has_value(), is_final) << status;
    EXPECT_FALSE(stand.asked());
  }
  Asking stand;
  EXPECT_FALSE(stand.request_at(seconds{1}, 200, http::Fault::no_answer));
  EXPECT_FALSE(stand.request_at(seconds{5}, 200));
}

TEST(QuestionsOracle, AnotherQuestionIsNoSecondRequest) {
  Asking stand;
  EXPECT_FALSE(stand.request_at(seconds{1}, 200));
  EXPECT_FALSE(stand.asked());
  EXPECT_FALSE(stand.oracle->asking(stand.world, "main"));
  EXPECT_FALSE(stand.request_at(seconds{1}, 200));
}

TEST(QuestionsOracle, AQuestionIsAskedTwiceAndNotAtOnce) {
  Asking stand;
  EXPECT_FALSE(stand.request_at(seconds{1}, 502));
  EXPECT_TRUE(stand.request_at(seconds{1} + milliseconds{301}, 502)) << "0.3 s after the answer";
  Asking other;
  EXPECT_FALSE(other.request_at(seconds{1}, 502));
  EXPECT_FALSE(other.request_at(seconds{1} + milliseconds{302}, 502));
  EXPECT_TRUE(other.request_at(seconds{3}, 200));
}

TEST(QuestionsOracle, AQuestionWithoutAnAnswerHasToBeAskedAgain) {
  Asking stand;
  EXPECT_FALSE(stand.request_at(seconds{1}, 504));
  EXPECT_TRUE(stand.asked());
  Asking closing;
  EXPECT_FALSE(closing.request_at(seconds{1}, 504));
  EXPECT_FALSE(closing.oracle->closing(closing.world, "main"));
  EXPECT_FALSE(closing.asked());
}

}  // namespace
}  // namespace lockstep::scenario
