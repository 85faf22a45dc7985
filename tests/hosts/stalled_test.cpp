// A server that takes requests and never answers, under each of the three hosts: every call keeps
// its deadline, exactly, and whatever does not depend on the stalled request goes on.

#include <gtest/gtest.h>

#include "tests/hosts/worlds.h"

namespace lockstep {

namespace {

using namespace std::chrono_literals;

class Stalled : public testing::TestWithParam<HostKind> {};

TEST_P(Stalled, ShutdownReturnsAtItsDeadlineAndDropsTheRest) {
  FunctionServer server([](const auto&, std::size_t) { return no_answer(); });
  World world(GetParam(), server);
  Client client(world_options(), world.host);
  for (int i = 0; i < 10; ++i) static_cast<void>(client.capture("u", "e"));
  const Instant start = world.now();
  const FlushReport report = client.shutdown(1s);
  EXPECT_EQ(world.now(), start + 1s);
  EXPECT_EQ(report.status, FlushStatus::timed_out);
  EXPECT_EQ(report.dropped, 10u);
  EXPECT_EQ(server.arrivals("/batch/").size(), 4u);  // as many as may be in flight
  EXPECT_TRUE(client.stats().total().balances());
  EXPECT_EQ(client.stats().total().pending, 0u);
}

TEST_P(Stalled, FlushReturnsAtItsDeadlineAndKeepsTheRest) {
  FunctionServer server([](const auto&, std::size_t) { return no_answer(); });
  World world(GetParam(), server);
  Client client(world_options(), world.host);
  for (int i = 0; i < 3; ++i) static_cast<void>(client.capture("u", "e"));
  const Instant start = world.now();
  const FlushReport report = client.flush(2s);
  EXPECT_EQ(world.now(), start + 2s);
  EXPECT_EQ(report.status, FlushStatus::timed_out);
  EXPECT_EQ(report.pending, 3u);
  EXPECT_EQ(client.stats().total().pending, 3u);
  static_cast<void>(client.shutdown(0s));
  EXPECT_EQ(world.now(), start + 2s);
}

TEST_P(Stalled, AFlushWithoutTimeReturnsAtOnce) {
  FunctionServer server([](const auto&, std::size_t) { return no_answer(); });
  World world(GetParam(), server);
  Client client(world_options(), world.host);
  static_cast<void>(client.capture("u", "e"));
  const Instant start = world.now();
  EXPECT_EQ(client.flush(0s).status, FlushStatus::timed_out);
  EXPECT_EQ(world.now(), start);
  static_cast<void>(client.shutdown(0s));
}

TEST_P(Stalled, TheDestructorWaitsNoLongerThanShutdownTimeout) {
  FunctionServer server([](const auto&, std::size_t) { return no_answer(); });
  World world(GetParam(), server);
  Options options = world_options();
  options.shutdown_timeout = 3s;
  const Instant start = world.now();
  {
    Client client(std::move(options), world.host);
    static_cast<void>(client.capture("u", "e"));
  }
  EXPECT_EQ(world.now(), start + 3s);
}

TEST_P(Stalled, AnotherEndpointIsNotHeldUp) {
  FunctionServer server([](const http::Request& request, std::size_t) {
    return request.url.path == "/batch/" ? no_answer() : answer();
  });
  World world(GetParam(), server);
  Client client(world_options(), world.host);
  for (int i = 0; i < 10; ++i) static_cast<void>(client.capture("u", "e"));
  Event generation;
  generation.name = "$ai_generation";
  generation.distinct_id = "u";
  for (int i = 0; i < 5; ++i) static_cast<void>(client.capture_ai(generation));
  const Instant start = world.now();
  static_cast<void>(client.flush(1s));
  EXPECT_EQ(client.stats().lane(Lane::ai).delivered, 5u);
  EXPECT_EQ(client.stats().lane(Lane::analytics).pending, 10u);
  for (const Instant at : server.arrivals("/i/v0/ai/batch/")) EXPECT_LE(at, start + 10ms);
  static_cast<void>(client.shutdown(0s));
}

TEST_P(Stalled, FreshEventsPassTheOneThatIsStuck) {
  FunctionServer server(
      [](const auto&, std::size_t number) { return number == 0 ? no_answer() : answer(); });
  World world(GetParam(), server);
  Client client(world_options(), world.host);
  static_cast<void>(client.capture("u", "stuck"));
  static_cast<void>(client.flush(1s));
  const Instant start = world.now();
  for (int i = 0; i < 20; ++i) static_cast<void>(client.capture("u", "fresh"));
  static_cast<void>(client.flush(1s));
  EXPECT_EQ(client.stats().total().delivered, 20u);
  EXPECT_EQ(client.stats().total().pending, 1u);
  EXPECT_LE(server.arrivals("/batch/").back(), start + 100ms);
  static_cast<void>(client.shutdown(0s));
}

TEST_P(Stalled, AnotherClientIsNotHeldUp) {
  FunctionServer server([](const http::Request& request, std::size_t) {
    return request.body.find("phc_stuck") != std::string::npos ? no_answer() : answer();
  });
  World world(GetParam(), server);
  Options options = world_options();
  options.api_key = "phc_stuck";
  Client stuck(std::move(options), world.host);
  Client healthy(world_options(), world.host);
  for (int i = 0; i < 10; ++i) static_cast<void>(stuck.capture("u", "e"));
  const FlushHandle hopeless = stuck.begin_flush(1h);
  static_cast<void>(healthy.capture("u", "e"));
  const Instant start = world.now();
  EXPECT_TRUE(healthy.flush(1h).ok());
  EXPECT_LE(world.now(), start + 10ms);
  EXPECT_FALSE(hopeless.done());
  static_cast<void>(stuck.shutdown(0s));
}

TEST_P(Stalled, AFlagIsAnsweredWhileEventsAreStuck) {
  FunctionServer server([](const http::Request& request, std::size_t) {
    return request.url.path == "/flags" ? answer(200, R"({"featureFlags": {"beta": true}})")
                                        : no_answer();
  });
  World world(GetParam(), server);
  Client client(world_options(), world.host);
  for (int i = 0; i < 10; ++i) static_cast<void>(client.capture("u", "e"));
  static_cast<void>(client.flush(100ms));
  FlagRequest flag;
  flag.key = "beta";
  flag.distinct_id = "u";
  const Instant start = world.now();
  EXPECT_TRUE(client.get_feature_flag(flag).enabled());
  EXPECT_LE(world.now(), start + 10ms);
  static_cast<void>(client.shutdown(0s));
}

TEST_P(Stalled, AFlagRequestKeepsItsOwnDeadline) {
  FunctionServer server([](const auto&, std::size_t) { return no_answer(); });
  World world(GetParam(), server);
  Options options = world_options();
  options.flags_timeout = 2s;
  options.flags_max_retries = 1;
  options.flags_retry_backoff = 500ms;
  Client client(std::move(options), world.host);
  FlagRequest flag;
  flag.key = "beta";
  flag.distinct_id = "u";
  const Instant start = world.now();
  EXPECT_TRUE(client.get_feature_flag(flag).error.starts_with("timeout"));
  EXPECT_EQ(world.now(), start + 4500ms);
}

INSTANTIATE_TEST_SUITE_P(Hosts, Stalled,
                         testing::Values(HostKind::sim, HostKind::manual, HostKind::thread),
                         testing::PrintToStringParamName());

}  // namespace

}  // namespace lockstep
