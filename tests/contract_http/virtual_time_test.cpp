// Contract tests over loopback in virtual time. Every time asserted here is exact, and none of them
// is real: hours pass in milliseconds.
#include <gtest/gtest.h>

#include <thread>

#include "clock/timestamp.h"
#include "tests/contract_http/bench.h"

namespace lockstep::contract {
namespace {

using namespace std::chrono_literals;
using Times = std::vector<Duration>;

class VirtualTime : public testing::Test {
 protected:
  AdapterProcess adapter_{true};
  HttpTarget target_{adapter_.url()};
};

TEST_F(VirtualTime, TheTargetIsWhatHealthSays) {
  EXPECT_TRUE(target_.health().has_virtual_clock);
  EXPECT_EQ(target_.name(), target_.health().sdk_name + " " + target_.health().sdk_version);
  EXPECT_TRUE(target_.capabilities().contains("capture_v0"));
  EXPECT_EQ(target_.concurrency(), 10u);
}

TEST_F(VirtualTime, RetriesComeAtExactTimes) {
  Play play(target_);
  play.answers({{.status = 503, .repeat = 2}});
  play.init({{"retry_initial_backoff_ms", 200}});
  play.capture("order placed");
  EXPECT_EQ(play.flush()["events_flushed"], 1);
  EXPECT_EQ(play.arrivals(), (Times{0ms, 200ms, 600ms}));
  EXPECT_EQ(play.now(), 600ms);
  EXPECT_EQ(play.stage().test_id().substr(0, 2), "t-");
}

TEST_F(VirtualTime, ARetryAfterOfThreeSecondsIsThreeSeconds) {
  Play play(target_);
  play.answers({{.status = 503, .headers = {{"Retry-After", "3"}}}});
  play.init();
  play.capture("e");
  play.flush();
  EXPECT_EQ(play.arrivals(), (Times{0s, 3s}));
  const auto journal = play.journal();
  EXPECT_EQ(journal[1].timestamp_ms() - journal[0].timestamp_ms(), 3000);
}

TEST_F(VirtualTime, WaitingLetsTheIntervalFlushHappenWhenItIsDue) {
  Play play(target_);
  play.init({{"flush_interval_ms", 750}});
  play.stage().wait(100ms);
  play.capture("e");
  play.stage().wait(10s);
  EXPECT_EQ(play.now(), 10'100ms);
  EXPECT_EQ(play.arrivals(), (Times{850ms}));
}

TEST_F(VirtualTime, WhatACallCausesAtOnceHasHappenedWhenItReturns) {
  Play play(target_);
  play.init({{"flush_at", 2}});
  play.capture("a");
  EXPECT_EQ(play.journal().size(), 0u);
  play.capture("b");
  EXPECT_EQ(play.arrivals(), (Times{0s}));
}

TEST_F(VirtualTime, AFlagsRequestIsRetriedInsideItsCall) {
  Play play(target_);
  play.answers({{.status = 502}, {.body = R"({"featureFlags": {"k": true}})"}});
  play.init();
  const Json answer = play.call("POST", "/get_feature_flag", {{"key", "k"}, {"distinct_id", "u"}});
  EXPECT_EQ(answer["value"], true);
  EXPECT_EQ(play.arrivals(), (Times{0s, 300ms}));
}

TEST_F(VirtualTime, SettlingSaysWhetherTheSdkCameToRest) {
  Play play(target_);
  play.answers({{.status = 503, .headers = {{"Retry-After", "60"}}}});
  play.init({{"flush_at", 1}});
  play.capture("e");
  EXPECT_EQ(play.stage().settle(59s), false);
  EXPECT_EQ(play.stage().settle(1h), true);
  EXPECT_EQ(play.arrivals(), (Times{0s, 60s}));
}

TEST_F(VirtualTime, AScriptedDelayPassesInVirtualTime) {
  Play play(target_);
  play.answers({{.status = 503, .delay = 5s}, {.delay = 2s}});
  play.init({{"retry_initial_backoff_ms", 200}});
  play.capture("e");
  EXPECT_EQ(play.flush()["events_flushed"], 1);
  EXPECT_EQ(play.arrivals(), (Times{0s, 5200ms}));
  EXPECT_EQ(play.now(), 7200ms);
}

TEST_F(VirtualTime, AnAnswerThatNeverComesTimesOutInVirtualTime) {
  Play play(target_);
  play.answers({{.delay = 1h},
                {.fault = http::Fault::no_answer},
                {.body = std::string(30, ' '), .fault = http::Fault::slow_body, .fault_bytes = 1}});
  play.init({{"request_timeout_ms", 10'000}, {"retry_initial_backoff_ms", 200}});
  play.capture("e");
  EXPECT_EQ(play.call("POST", "/flush", {{"timeout_ms", 60'000}})["events_flushed"], 1);
  EXPECT_EQ(play.arrivals(), (Times{0s, 10'200ms, 20'600ms, 31'400ms}));
}

TEST_F(VirtualTime, TheWallBeginsAtTheRealTimeAndMovesAlong) {
  Play play(target_);
  const WallTime begin = play.stage().now().wall;
  EXPECT_LT(SystemClock().wall_now() - begin, 60s);
  play.init();
  play.stage().wait(1h);
  play.capture("e");
  play.flush();
  EXPECT_EQ(play.stage().now().wall - begin, 1h);
  EXPECT_EQ(play.journal()[0].arrival.wall - begin, 1h);
  const Json body = Json::parse(play.journal()[0].body);
  EXPECT_EQ(parse_rfc3339(body["batch"][0]["timestamp"].get<std::string>()), begin + 1h)
      << "the SDK's wall and the mock's are one";
}

TEST_F(VirtualTime, ACallThatTheAdapterRefusesAtOnceDoesNotDisturbItsTime) {
  Play play(target_);
  play.answers({{.status = 503}});
  EXPECT_EQ(play.stage().call("POST", "/nowhere", std::nullopt).status, 404);
  EXPECT_EQ(play.stage().call("POST", "/capture", "{").status, 400);
  play.init({{"retry_initial_backoff_ms", 200}});
  play.capture("e");
  play.flush();
  EXPECT_EQ(play.arrivals(), (Times{0s, 200ms}));
}

TEST_F(VirtualTime, AFlushReturnsAtItsDeadline) {
  Play play(target_);
  play.answers({{.status = 503, .headers = {{"Retry-After", "100"}}}});
  play.init();
  play.capture("e");
  EXPECT_EQ(play.call("POST", "/flush", {{"timeout_ms", 2'000}})["status"], "timed_out");
  EXPECT_EQ(play.now(), 2s);
}

// Each waits for itself only, and sees only its own requests at its own times.
TEST_F(VirtualTime, TestsSideBySideLiveInTimesOfTheirOwn) {
  std::vector<Times> arrivals(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    threads.emplace_back([&, i] {
      Play play(target_);
      const auto seconds = std::to_string(i + 1);
      play.answers({{.status = 503, .headers = {{"Retry-After", seconds}}, .repeat = 3}});
      play.init();
      play.stage().wait(std::chrono::minutes{i});
      play.capture("e");
      play.flush();
      arrivals[i] = play.arrivals();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    const Duration begin = std::chrono::minutes{i};
    const Duration pause = std::chrono::seconds{i + 1};
    EXPECT_EQ(arrivals[i], (Times{begin, begin + pause, begin + 2 * pause, begin + 3 * pause}));
  }
  EXPECT_EQ(adapter_.clients(), 0u) << "a stage that ends takes its client along";
}

TEST_F(VirtualTime, OneAfterTheOtherWithoutTestIdsEachBeginsAfresh) {
  HttpOptions options;
  options.concurrency = 1;
  HttpTarget target(adapter_.url(), options);
  for (int round = 0; round < 2; ++round) {
    Play play(target);
    EXPECT_EQ(play.stage().test_id(), "");
    EXPECT_EQ(play.now(), 0s);
    play.init();
    EXPECT_EQ(play.journal().size(), 0u) << "the last test's event is gone with its client";
    play.stage().wait(300ms);
    play.capture("left pending");
  }
}

TEST_F(VirtualTime, AStrictMocksFindingIsABreach) {
  HttpOptions options;
  options.strict = true;
  HttpTarget target(adapter_.url(), options);
  Play play(target);
  play.init();
  play.capture("e");
  play.flush();
  EXPECT_FALSE(play.stage().breach().has_value());
  http::Request wrong;
  wrong.method = "POST";
  wrong.url = http::Url::parse(target.mock_url() + "/batch/").value();
  wrong.headers.add("X-Test-Id", play.stage().test_id());
  wrong.body = R"({"batch": []})";
  play.stage().server().handle(wrong, play.stage().now());
  const auto breach = play.stage().breach();
  ASSERT_TRUE(breach.has_value());
  EXPECT_NE(breach->failure.seen.find("request #2: "), std::string::npos) << breach->failure.seen;
}

}  // namespace
}  // namespace lockstep::contract
