// From capture() to the outcome, through the whole client: retries, reports, flush and shutdown.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "clock/trace.h"
#include "tests/sdk/client_bench.h"

namespace lockstep {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Names = std::vector<std::string>;

void use_v1(Options& options) { options.capture = Capture::v1; }

TEST(ClientDelivery, OutcomesComeInOrderWithWhatTheServerSaid) {
  ClientBench bench(use_v1);
  bench.server.then_results("odr");
  for (const char* name : {"a", "b", "c"}) bench.capture(name);
  EXPECT_EQ(bench.client->flush().delivered, 2u);
  EXPECT_EQ(bench.ends(), (Names{"a: delivered", "b: rejected", "c: unconfirmed"}));
  EXPECT_EQ(bench.outcomes[1].status, 200);
  EXPECT_EQ(bench.outcomes[1].attempts, 1u);
  EXPECT_EQ(bench.outcomes[2].attempts, 2u);
  EXPECT_EQ(bench.server.names(1), (Names{"c"})) << "only what is to be retried";
}

TEST(ClientDelivery, TheRequestIdStaysAndTheAttemptCounts) {
  ClientBench bench(use_v1);
  bench.server.then(503);
  bench.server.then(http::Fault::reset_after);
  for (int i = 0; i < 4; ++i) bench.capture("e");
  static_cast<void>(bench.client->flush(minutes{1}));
  ASSERT_EQ(bench.server.seen.size(), 4u);
  const auto header = [&](std::size_t i, const char* name) {
    return std::string(bench.server.seen[i].request.headers.get(name).value_or("?"));
  };
  std::map<std::string, std::string> attempts;
  for (std::size_t i = 0; i < 4; ++i) {
    attempts[header(i, "PostHog-Request-Id")] += header(i, "PostHog-Attempt");
  }
  std::vector<std::string> all;
  for (const auto& [id, counted] : attempts) all.push_back(counted);
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, (Names{"1", "123"}));
}

TEST(ClientDelivery, RequestReportsSayHowEachRequestEnded) {
  ClientBench bench;
  bench.server.delay = milliseconds{40};
  bench.server.then(503);
  bench.server.then(http::Fault::reset_before);
  const Uuid uuid = bench.capture("e");
  static_cast<void>(bench.client->flush());
  ASSERT_EQ(bench.requests.size(), 3u);
  EXPECT_EQ(bench.requests[0].status, 503);
  EXPECT_EQ(bench.requests[0].duration, milliseconds{42});
  EXPECT_EQ(bench.requests[0].sent_at, VirtualClock::kDefaultStart);
  EXPECT_EQ(bench.requests[0].body_bytes, bench.server.seen[0].request.body.size());
  EXPECT_EQ(bench.requests[1].status, 0);
  EXPECT_TRUE(bench.requests[1].error.starts_with("reset")) << bench.requests[1].error;
  EXPECT_EQ(bench.requests[2].attempt, 3u);
  EXPECT_EQ(bench.requests[2].status, 200);
  EXPECT_EQ(bench.requests[2].error, "");
  EXPECT_EQ(bench.requests[2].uuids, std::vector<Uuid>{uuid});
}

TEST(ClientDelivery, ARequestThatShutdownCancelsIsReportedToo) {
  ClientBench bench;
  bench.server.then(http::Fault::no_answer);
  bench.capture("e");
  static_cast<void>(bench.client->shutdown(seconds{1}));
  ASSERT_EQ(bench.requests.size(), 1u);
  EXPECT_EQ(bench.requests[0].status, 0);
  EXPECT_TRUE(bench.requests[0].error.starts_with("cancelled")) << bench.requests[0].error;
  EXPECT_EQ(bench.requests[0].duration, seconds{1});
}

TEST(ClientDelivery, ACompressedBodySaysSoAndIsReportedAsSent) {
  ClientBench bench([](Options& options) { options.compression = Compression::gzip; });
  const std::string text(5000, 'x');
  EXPECT_TRUE(bench.client->capture("u", "e", {{"a", text}}).ok());
  static_cast<void>(bench.client->flush());
  const http::Request& request = bench.server.seen[0].request;
  EXPECT_EQ(request.headers.get("Content-Encoding"), "gzip");
  EXPECT_LT(request.body.size(), 1000u);
  EXPECT_TRUE(request.body.starts_with("\x1f\x8b"));
  EXPECT_EQ(bench.requests[0].body_bytes, request.body.size());
}

TEST(ClientDelivery, RetryAfterIsKeptToTheInstant) {
  ClientBench bench;
  bench.server.then(503, {{"Retry-After", "7"}});
  bench.capture("e");
  EXPECT_TRUE(bench.client->flush(minutes{1}).ok());
  EXPECT_EQ(bench.server.seen[1].at - bench.server.seen[0].at, seconds{7} + 2 * kLatency);
}

TEST(ClientDelivery, RetryAfterDatesAreReadByTheInjectedClock) {
  ClientBench bench;
  bench.host->clock().jump_wall(std::chrono::hours{24 * 365});
  bench.server.then(503, {{"Retry-After", "Thu, 01 Jan 2026 00:00:30 GMT"}});
  bench.capture("e");
  static_cast<void>(bench.client->flush(minutes{5}));
  EXPECT_EQ(bench.server.seen[1].at - Instant{}, seconds{30} + kLatency);
}

TEST(ClientDelivery, WithoutAnyCallTheIntervalSends) {
  ClientBench bench;
  bench.capture("e");
  bench.host->run_for(seconds{5} + kLatency);
  EXPECT_EQ(bench.server.all_names(), (Names{"e"}));
  EXPECT_EQ(bench.server.seen[0].at, Instant{} + seconds{5} + kLatency);
  EXPECT_TRUE(bench.host->run_until_idle(minutes{1}));
  EXPECT_EQ(bench.ends(), (Names{"e: delivered"}));
}

TEST(ClientDelivery, RunningToTheEndOfTimeEndsWhenNothingIsDue) {
  ClientBench bench;
  bench.capture("e");
  bench.host->run_for(Duration::max());
  EXPECT_EQ(bench.ends(), (Names{"e: delivered"}));
}

TEST(ClientDelivery, AFlushReturnsByItsDeadlineWhateverTheServerDoes) {
  ClientBench bench;
  bench.server.then(http::Fault::no_answer);
  bench.capture("e");
  const FlushReport report = bench.client->flush(milliseconds{1500});
  EXPECT_EQ(report.status, FlushStatus::timed_out);
  EXPECT_EQ(report.pending, 1u);
  EXPECT_EQ(bench.now(), milliseconds{1500});
  EXPECT_TRUE(bench.client->flush(minutes{1}).ok()) << "it is still queued and still sent";
}

TEST(ClientDelivery, AFlushWithoutEndEndsWithItsEvents) {
  ClientBench bench;
  bench.server.then(503);
  bench.capture("e");
  EXPECT_TRUE(bench.client->flush(Duration::max()).ok());
}

TEST(ClientDelivery, AShutdownEndsEverythingByItsDeadline) {
  ClientBench bench;
  bench.server.then(http::Fault::no_answer);
  for (int i = 0; i < 5; ++i) bench.capture("e" + std::to_string(i));
  const FlushReport report = bench.client->shutdown(seconds{2});
  EXPECT_EQ(report.status, FlushStatus::timed_out);
  EXPECT_EQ(report.dropped, 5u);
  EXPECT_EQ(bench.now(), seconds{2});
  EXPECT_EQ(bench.outcomes.size(), 5u) << "told before shutdown returned";
  EXPECT_EQ(bench.client->capture("u", "late").admission, Admission::closed);
  EXPECT_EQ(bench.client->flush().status, FlushStatus::closed);
  EXPECT_EQ(bench.client->get_feature_flag({"f", "u"}).error, "closed");
  const std::size_t seen = bench.server.seen.size();
  EXPECT_TRUE(bench.host->run_until_idle(minutes{10}));
  EXPECT_EQ(bench.server.seen.size(), seen) << "nothing is sent after shutdown returned";
}

TEST(ClientDelivery, AShutdownWithoutTimeSendsNothing) {
  ClientBench bench;
  bench.capture("e");
  EXPECT_EQ(bench.client->shutdown(Duration{0}).dropped, 1u);
  bench.host->run_for(minutes{1});
  EXPECT_TRUE(bench.server.seen.empty());
}

TEST(ClientDelivery, AShutdownRightAfterAFlushBeganSendsNothingLater) {
  ClientBench bench;
  bench.capture("e");
  const FlushHandle flush = bench.client->begin_flush();
  EXPECT_EQ(bench.client->shutdown(Duration{0}).dropped, 1u);
  bench.host->run_for(minutes{1});
  EXPECT_TRUE(bench.server.seen.empty());
  EXPECT_EQ(flush.report().dropped, 1u);
}

TEST(ClientDelivery, ASecondShutdownIsDoneAtOnce) {
  ClientBench bench;
  bench.capture("e");
  EXPECT_TRUE(bench.client->shutdown().ok());
  const Duration before = bench.now();
  EXPECT_EQ(bench.client->shutdown().pending, 0u);
  EXPECT_EQ(bench.now(), before);
}

TEST(ClientDelivery, TheDestructorDrains) {
  ClientBench bench;
  bench.capture("e");
  bench.client.reset();
  EXPECT_EQ(bench.server.all_names(), (Names{"e"}));
  EXPECT_EQ(bench.ends(), (Names{"e: delivered"}));
}

TEST(ClientDelivery, TheDestructorWaitsNoLongerThanShutdownTimeout) {
  ClientBench bench([](Options& options) { options.shutdown_timeout = seconds{3}; });
  bench.server.then(http::Fault::no_answer);
  bench.capture("e");
  bench.client.reset();
  EXPECT_EQ(bench.now(), seconds{3});
  EXPECT_EQ(bench.ends(), (Names{"e: shutdown_deadline"}));
}

TEST(ClientDelivery, TheDestructorFinishesAShutdownThatWasOnlyBegun) {
  ClientBench bench;
  for (int i = 0; i < 7; ++i) bench.capture("e");
  const FlushHandle handle = bench.client->begin_shutdown(minutes{1});
  bench.client.reset();
  EXPECT_TRUE(handle.done());
  EXPECT_EQ(handle.report().delivered, 7u);
  EXPECT_EQ(bench.outcomes.size(), 7u);
}

TEST(ClientDelivery, AHandleOutlivesItsClient) {
  ClientBench bench;
  bench.capture("e");
  const FlushHandle flush = bench.client->begin_flush();
  EXPECT_FALSE(flush.done());
  const FlushHandle copy = flush;
  bench.client.reset();
  EXPECT_TRUE(copy.done());
  const Duration before = bench.now();
  EXPECT_EQ(copy.wait().delivered, 1u);
  EXPECT_EQ(bench.now(), before);
  bench.host.reset();
  EXPECT_EQ(flush.report().delivered, 1u);
}

TEST(ClientDelivery, AHandleThatIsThrownAwayLeavesItsFlushGoing) {
  ClientBench bench;
  for (int i = 0; i < 8; ++i) bench.capture("e");
  static_cast<void>(bench.client->begin_flush());
  bench.host->run_for(seconds{1});
  EXPECT_EQ(bench.outcomes.size(), 8u);
}

TEST(ClientDelivery, AMovedClientGoesOn) {
  ClientBench bench;
  bench.capture("a");
  Client moved = std::move(*bench.client);
  bench.client.reset();
  EXPECT_TRUE(moved.capture("user", "b").ok());
  EXPECT_TRUE(moved.flush().ok());
  EXPECT_EQ(bench.server.all_names(), (Names{"a", "b"}));

  Options options = ClientBench::options();
  Client other(options, bench.host);
  EXPECT_TRUE(other.capture("user", "c").ok());
  other = std::move(moved);
  EXPECT_EQ(bench.server.all_names(), (Names{"a", "b", "c"})) << "what it was is drained";
  EXPECT_TRUE(other.capture("user", "d").ok());
  EXPECT_TRUE(other.flush().ok());
}

TEST(ClientDelivery, StatsBalanceAtEveryInstant) {
  ClientBench bench([](Options& options) {
    options.max_queue_size = 6;
    options.before_send = {[](Event& event) { return event.name != "hooked"; }};
  });
  bench.server.then(503);
  bench.server.then(http::Fault::no_answer);
  bench.server.then(400);
  for (int i = 0; i < 40; ++i) {
    static_cast<void>(bench.client->capture("u", i % 7 == 0 ? "hooked" : "e"));
    bench.host->run_for(milliseconds{700});
    for (const LaneStats& lane : bench.client->stats().lanes) ASSERT_TRUE(lane.balances());
  }
  static_cast<void>(bench.client->shutdown(minutes{1}));
  const LaneStats total = bench.client->stats().total();
  EXPECT_EQ(total.captured, 40u);
  EXPECT_EQ(total.pending, 0u);
  EXPECT_EQ(bench.outcomes.size(), 40u) << "one outcome each";
  EXPECT_EQ(total.requests, bench.server.seen.size());
  EXPECT_EQ(bench.requests.size(), bench.server.seen.size());
  EXPECT_TRUE(bench.client->stats().closed);
}

TEST(ClientDelivery, TwoClientsOnOneHostDoNotMix) {
  ScriptedServer server;
  const auto host = std::make_shared<SimHost>(server);
  Client one(ClientBench::options(), host);
  Client other(ClientBench::options(), host);
  EXPECT_TRUE(one.capture("u", "one").ok());
  EXPECT_TRUE(other.capture("u", "other").ok());
  EXPECT_EQ(one.flush().delivered, 1u);
  EXPECT_EQ(server.all_names(), (Names{"one"}));
  EXPECT_EQ(other.stats().total().pending, 1u);
}

TEST(ClientDelivery, TheSameRunLeavesTheSameTrace) {
  const auto run = [](std::uint64_t seed) {
    Trace trace;
    {
      ScriptedServer server;
      server.then(503);
      server.then(413);
      Options options = ClientBench::options();
      options.trace = &trace;
      options.retry_jitter_percent = 20;
      Client client(options, std::make_shared<SimHost>(server, seed));
      for (int i = 0; i < 10; ++i) static_cast<void>(client.capture("u", "e"));
      static_cast<void>(client.flush(minutes{1}));
    }
    return trace.to_text();
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
  EXPECT_NE(run(1).find("outcome"), std::string::npos);
}

TEST(ClientDelivery, NoSecretReachesALogOrATrace) {
  Trace trace;
  {
    ClientBench bench([&](Options& options) {
      options.api_key = "phc_very_secret";
      options.trace = &trace;
      options.max_retries = 0;
    });
    bench.server.then(401, {}, "unknown key phc_very_secret");
    bench.server.then(503, {}, "phc_very_secret again");
    for (int i = 0; i < 6; ++i) bench.capture("e");
    static_cast<void>(bench.client->shutdown());
    std::string all = trace.to_text();
    for (const std::string& line : bench.logged) all += line;
    for (const ErrorReport& error : bench.errors) all += error.message;
    for (const Outcome& outcome : bench.outcomes) all += outcome.detail;
    for (const RequestReport& request : bench.requests) all += request.error;
    EXPECT_FALSE(bench.errors.empty());
    EXPECT_EQ(all.find("secret"), std::string::npos) << all;
  }
}

}  // namespace
}  // namespace lockstep
