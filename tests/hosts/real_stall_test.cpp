// The same silence on real sockets. Real time cannot be asserted exactly: these tests only say that
// a call with a short deadline does not wait for the request's own timeout of a minute. The bound
// of a few seconds is far from both, so that a busy machine cannot turn a pass into a failure.

#include <gtest/gtest.h>

#include "clock/system_clock.h"
#include "sdk/client.h"
#include "sdk/host/manual_host.h"
#include "sdk/host/thread_host.h"
#include "tests/hosts/worlds.h"
#include "tests/transport/loopback.h"

namespace lockstep {

namespace {

using namespace std::chrono_literals;
using test::Connection;
using test::Loopback;

constexpr Duration kSoon = 5s;

// Reads what comes and says nothing; notes each request.
void stay_silent(Connection& connection) {
  if (connection.read_request()) connection.note("request");
  connection.await_close();
}

std::shared_ptr<Host> make_host(HostKind kind) {
  const CurlOptions direct = test::CurlBench::direct({});
  if (kind == HostKind::manual) return ManualHost::create(direct);
  return ThreadHost::create(direct);
}

Options options_for(const Loopback& server) {
  Options options = world_options();
  options.host = server.origin();
  return options;
}

class RealStall : public testing::TestWithParam<HostKind> {
 protected:
  Instant now() const { return SystemClock().now(); }
};

TEST_P(RealStall, ShutdownDoesNotWaitForTheAnswer) {
  Loopback server(stay_silent);
  const std::shared_ptr<Host> host = make_host(GetParam());
  Client client(options_for(server), host);
  for (int i = 0; i < 10; ++i) static_cast<void>(client.capture("u", "e"));
  const Instant start = now();
  const FlushReport report = client.shutdown(100ms);
  EXPECT_LT(now() - start, kSoon);
  EXPECT_EQ(report.status, FlushStatus::timed_out);
  EXPECT_EQ(report.dropped, 10u);
}

TEST_P(RealStall, FlushDoesNotWaitForTheAnswer) {
  Loopback server(stay_silent);
  const std::shared_ptr<Host> host = make_host(GetParam());
  Client client(options_for(server), host);
  static_cast<void>(client.capture("u", "e"));
  const Instant start = now();
  EXPECT_EQ(client.flush(100ms).status, FlushStatus::timed_out);
  EXPECT_LT(now() - start, kSoon);
  EXPECT_EQ(client.stats().total().pending, 1u);
  static_cast<void>(client.shutdown(0s));
}

TEST_P(RealStall, AHealthyEndpointGoesOnBesideASilentOne) {
  Loopback silent(stay_silent);
  Loopback healthy(test::answer_all(test::ok(R"({"status": 1})")));
  const std::shared_ptr<Host> host = make_host(GetParam());
  Client stuck(options_for(silent), host);
  Client fine(options_for(healthy), host);
  for (int i = 0; i < 10; ++i) static_cast<void>(stuck.capture("u", "e"));
  const FlushHandle hopeless = stuck.begin_flush(1h);
  for (int i = 0; i < 10; ++i) static_cast<void>(fine.capture("u", "e"));
  EXPECT_TRUE(fine.flush(60s).ok());
  EXPECT_FALSE(hopeless.done());
  static_cast<void>(stuck.shutdown(0s));
}

INSTANTIATE_TEST_SUITE_P(Hosts, RealStall, testing::Values(HostKind::manual, HostKind::thread),
                         testing::PrintToStringParamName());

}  // namespace

}  // namespace lockstep
