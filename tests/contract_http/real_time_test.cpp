// Contract tests over loopback in real time. Real time cannot be asserted exactly, and no test here
// waits for more than a moment of it.
#include <gtest/gtest.h>

#include "tests/contract_http/bench.h"

namespace lockstep::contract {
namespace {

using namespace std::chrono_literals;

class RealTime : public testing::Test {
 protected:
  AdapterProcess adapter_{false};
  HttpTarget target_{adapter_.url()};
};

TEST_F(RealTime, ATestRunsAgainstTheAdapter) {
  EXPECT_FALSE(target_.health().has_virtual_clock);
  Play play(target_);
  play.answers({{.status = 503}});
  play.init({{"retry_initial_backoff_ms", 1}});
  play.capture("e");
  EXPECT_EQ(play.flush()["events_flushed"], 1);
  const auto journal = play.journal();
  ASSERT_EQ(journal.size(), 2u);
  EXPECT_EQ(journal[0].status, 503);
  EXPECT_GE(journal[1].arrival.at - journal[0].arrival.at, 1ms);
  EXPECT_EQ(journal[0].test_id, play.stage().test_id());
  EXPECT_LT(SystemClock().now() - play.stage().now().at, 60s);
}

TEST_F(RealTime, WaitingReallyWaitsAndSettlingSaysNothing) {
  Play play(target_);
  const Instant start = SystemClock().now();
  play.stage().wait(2ms);
  EXPECT_GE(SystemClock().now() - start, 2ms);
  EXPECT_EQ(play.stage().settle(1h), std::nullopt);
}

TEST_F(RealTime, APartitionIsEmptyWhenItsTestBeginsAndAfterItEnded) {
  HttpOptions options;
  options.concurrency = 1;
  HttpTarget target(adapter_.url(), options);
  mock::Server* server = nullptr;
  {
    Play play(target);
    server = &play.stage().server();
    play.answers({{.status = 500}});
    play.init({{"max_retries", 0}});
    play.capture("e");
    play.flush();
    play.answers({{.status = 500}});
    EXPECT_EQ(server->request_count(""), 1u);
  }
  EXPECT_EQ(server->request_count(""), 0u);
  Play next(target);
  next.init();
  next.capture("e");
  EXPECT_EQ(next.flush()["events_flushed"], 1) << "no answer was left over";
}

TEST_F(RealTime, TheMockIsWhereItIsToldToBe) {
  HttpOptions options;
  options.mock_url = "http://localhost:1/behind-a-proxy";
  HttpTarget elsewhere(adapter_.url(), options);
  EXPECT_EQ(elsewhere.mock_url(), "http://localhost:1/behind-a-proxy");
  options.mock_url.clear();
  options.mock_listen = "0.0.0.0";
  HttpTarget everywhere(adapter_.url(), options);
  EXPECT_EQ(everywhere.mock_url().substr(0, 17), "http://127.0.0.1:");
}

}  // namespace
}  // namespace lockstep::contract
