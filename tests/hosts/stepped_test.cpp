// A host whose requests go over real sockets and whose time a driver moves. Asserted are virtual
// instants; no test waits for real time to pass.
#include "sdk/host/stepped_host.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "sdk/client.h"
#include "tests/hosts/worlds.h"
#include "tests/transport/loopback.h"

namespace lockstep {
namespace {

using namespace std::chrono_literals;
using test::Connection;
using test::Loopback;

constexpr WallTime kStart{std::chrono::seconds{1'800'000'000}};
// Nothing here takes so long; a test that fails ends by it.
constexpr Duration kPatience = 60s;

Instant at(Duration time) { return Instant{time}; }

std::shared_ptr<SteppedHost> make_host() {
  return SteppedHost::create(kStart, test::CurlBench::direct({}));
}

Options stepped_options(const Loopback& server) {
  Options options = world_options();
  options.host = server.origin();
  options.retry_jitter_percent = 0;
  options.retry_initial_backoff = 200ms;
  return options;
}

// Answers each request with the next of these, the last one again and again.
Loopback::Script answer_each(std::vector<std::string> answers) {
  auto next = std::make_shared<std::atomic<std::size_t>>(0);
  return [answers = std::move(answers), next](Connection& connection) {
    while (connection.read_request()) {
      connection.note("request");
      connection.send(answers[std::min(next->fetch_add(1), answers.size() - 1)]);
    }
  };
}

const std::string kUnavailable = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
const std::string kComeBackIn3 =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n";

// A call on a thread of its own, as a server of calls has it.
template <typename Result>
class CallInProgress {
 public:
  CallInProgress(std::shared_ptr<SteppedHost> host, std::function<Result()> call)
      : result_(std::async(std::launch::async, [host = std::move(host), call = std::move(call)] {
          const SteppedHost::Call in_progress(host);
          return call();
        })) {}
  Result result() { return result_.get(); }

 private:
  std::future<Result> result_;
};

TEST(SteppedHost, TimeStandsStillUntilItIsMovedAndStopsWhereSomethingIsDue) {
  Loopback server(answer_each({test::ok(R"({"status": 1})")}));
  const auto host = make_host();
  Options options = stepped_options(server);
  options.flush_interval = 500ms;
  Client client(options, host);
  ASSERT_TRUE(client.capture("u", "e").ok());

  SteppedHost::State state = host->settle({}, kPatience);
  EXPECT_TRUE(state.quiet);
  EXPECT_EQ(state.now.at, at(0s));
  EXPECT_EQ(state.now.wall, kStart);
  EXPECT_EQ(state.next, at(500ms));
  EXPECT_EQ(server.notes().size(), 0u);

  state = host->advance_to(at(499ms), {}, kPatience);
  EXPECT_EQ(state.now.at, at(499ms));
  EXPECT_EQ(server.notes().size(), 0u);

  state = host->advance_to(at(1h), {}, kPatience);
  EXPECT_EQ(state.now.at, at(500ms)) << "not beyond what is due";
  EXPECT_EQ(server.notes().size(), 1u) << "it was sent and answered";
  EXPECT_EQ(state.in_flight, 0u);
  EXPECT_EQ(client.stats().total().delivered, 1u);
  EXPECT_EQ(state.next, kNever);

  state = host->advance_to(at(1h), {}, kPatience);
  EXPECT_EQ(state.now.at, at(1h));
  EXPECT_EQ(state.now.wall, kStart + 1h);
  state = host->advance_to(at(1min), {}, kPatience);
  EXPECT_EQ(state.now.at, at(1h)) << "never back";
}

TEST(SteppedHost, ABlockingCallReturnsWhenItsTimeHasCome) {
  Loopback server(answer_each({kUnavailable, kComeBackIn3, test::ok(R"({"status": 1})")}));
  const auto host = make_host();
  Client client(stepped_options(server), host);
  ASSERT_TRUE(client.capture("u", "e").ok());
  CallInProgress<FlushReport> flush(host, [&] { return client.flush(1min); });

  const SteppedHost::Outside one_call{1, 0};
  std::vector<Instant> stops;
  SteppedHost::State state = host->settle(one_call, kPatience);
  while (state.quiet && state.waiting == 1) {
    state = host->advance_to(state.next, one_call, kPatience);
    stops.push_back(state.now.at);
  }
  EXPECT_TRUE(flush.result().ok());
  EXPECT_EQ(stops, (std::vector<Instant>{at(200ms), at(3200ms)}));
  EXPECT_EQ(server.notes().size(), 3u);
}

TEST(SteppedHost, TimeDoesNotSlipWhileACallIsOnItsWayOrAtWork) {
  Loopback server(answer_each({test::ok()}));
  const auto host = make_host();
  const SteppedHost::Outside one_call{1, 0};
  EXPECT_FALSE(host->advance_to(at(1s), one_call, 0s).quiet);
  EXPECT_EQ(host->state({}).now.at, at(0s)) << "the call is not here yet";
  {
    const SteppedHost::Call at_work(host);
    EXPECT_FALSE(host->advance_to(at(1s), one_call, 0s).quiet);
    EXPECT_EQ(host->state({}).now.at, at(0s)) << "it runs";
  }
  EXPECT_TRUE(host->advance_to(at(1s), one_call, kPatience).quiet);
  EXPECT_EQ(host->state({}).now.at, at(1s));
  EXPECT_EQ(host->state({}).calls, 1u);
}

TEST(SteppedHost, ARequestWithoutAnAnswerTimesOutInVirtualTime) {
  Loopback server([](Connection& connection) {
    if (connection.read_request()) connection.note("request");
    connection.await_close();
  });
  const auto host = make_host();
  Options options = stepped_options(server);
  options.request_timeout = 10s;
  options.max_retries = 0;
  Client client(options, host);
  ASSERT_TRUE(client.capture("u", "e").ok());
  CallInProgress<FlushReport> flush(host, [&] { return client.flush(1h); });
  ASSERT_TRUE(server.await_notes(1));

  EXPECT_FALSE(host->settle({1, 0}, 0s).quiet) << "an answer may come";
  const SteppedHost::Outside held{1, 1};
  SteppedHost::State state = host->settle(held, kPatience);
  EXPECT_TRUE(state.quiet);
  EXPECT_EQ(state.in_flight, 1u);
  EXPECT_EQ(state.next, at(10s));
  state = host->advance_to(at(1h), held, kPatience);
  EXPECT_EQ(state.now.at, at(10s));
  EXPECT_EQ(state.in_flight, 0u);
  const FlushReport report = flush.result();
  EXPECT_EQ(report.dropped, 1u);
}

TEST(SteppedHost, AClientEndsWithoutTimePassing) {
  Loopback server(answer_each({kUnavailable}));
  const auto host = make_host();
  auto client = std::make_unique<Client>(stepped_options(server), host);
  ASSERT_TRUE(client->capture("u", "e").ok());
  CallInProgress<FlushReport> flush(host, [&] { return client->flush(1h); });
  ASSERT_TRUE(host->settle({1, 0}, kPatience).quiet);
  EXPECT_EQ(client->shutdown(0s).dropped, 1u);
  EXPECT_EQ(flush.result().dropped, 1u);
  client.reset();
  EXPECT_EQ(host->state({}).now.at, at(0s));
}

TEST(SteppedHost, WhatIsDueBetweenTwoMillisecondsIsDoneAtTheLaterOne) {
  Loopback server(answer_each({test::ok(R"({"status": 1})")}));
  const auto host = make_host();
  Options options = stepped_options(server);
  options.flush_interval = 1500us;
  Client client(options, host);
  ASSERT_TRUE(client.capture("u", "e").ok());
  EXPECT_EQ(host->advance_to(at(1s), {}, kPatience).now.at, at(2ms));
  EXPECT_EQ(client.stats().total().delivered, 1u);
}

TEST(SteppedHost, TheWallCanBeSet) {
  const auto host = make_host();
  host->set_wall(kStart - 24h);
  host->advance_to(at(1s), {}, kPatience);
  EXPECT_EQ(host->state({}).now.wall, kStart - 24h + 1s);
  EXPECT_EQ(host->state({}).now.at, at(1s));
}

TEST(SteppedHost, ClosingEndsWhoWaitsForQuiet) {
  const auto host = make_host();
  const SteppedHost::Outside never{1, 0};
  auto waiting = std::async(std::launch::async, [&] { return host->settle(never, 1h); });
  host->close();
  EXPECT_FALSE(waiting.get().quiet);
  EXPECT_FALSE(host->advance_to(at(1s), never, 1h).quiet);
}

}  // namespace
}  // namespace lockstep
