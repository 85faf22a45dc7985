// Which readings of the clock a call takes. A reading costs a system call on some machines, and two
// wall readings for one event could disagree about when it happened.

#include <boost/test/unit_test.hpp>

#include "clock/timestamp.h"
#include "sdk/client.h"
#include "sdk/host/manual_host.h"
#include "tests/seams/bench.h"

namespace lockstep {

using namespace std::chrono_literals;
using trompeloeil::_;

namespace {

constexpr WallTime kWall{std::chrono::seconds{1'700'000'000}};

// A client on a manual host whose clock is a mock; the transport lets nothing happen.
struct ClockBench {
  explicit ClockBench(Options options = quiet_options())
      : client(std::make_unique<Client>(std::move(options), host)) {}
  ~ClockBench() {
    ALLOW_CALL(*clock, now()).RETURN(Instant{1s});
    ALLOW_CALL(*clock, wall_now()).RETURN(kWall);
    static_cast<void>(client->begin_shutdown(0s));
    client.reset();
  }

  std::shared_ptr<MockClock> clock = std::make_shared<MockClock>();
  std::unique_ptr<MockTransport> owned = std::make_unique<MockTransport>();
  MockTransport& transport = *owned;
  std::unique_ptr<trompeloeil::expectation> wakes = NAMED_ALLOW_CALL(transport, wake());
  std::unique_ptr<trompeloeil::expectation> collects =
      NAMED_ALLOW_CALL(transport, collect()).RETURN(std::vector<Completion>{});
  std::unique_ptr<trompeloeil::expectation> instants =
      NAMED_ALLOW_CALL(transport, next_instant()).RETURN(kNever);
  std::unique_ptr<trompeloeil::expectation> starts = NAMED_ALLOW_CALL(transport, start(_, _, _));
  std::unique_ptr<trompeloeil::expectation> cancels = NAMED_ALLOW_CALL(transport, cancel(_));
  std::unique_ptr<trompeloeil::expectation> notifies = NAMED_ALLOW_CALL(*clock, notify(_));
  std::shared_ptr<ManualHost> host =
      std::make_shared<ManualHost>(clock, std::make_shared<const Chance>(1), std::move(owned));
  std::unique_ptr<Client> client;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ClockSeam)

BOOST_AUTO_TEST_CASE(CaptureReadsEachOfTheTwoTimesOnce) {
  ClockBench bench;
  REQUIRE_CALL(*bench.clock, wall_now()).TIMES(1).RETURN(kWall);
  REQUIRE_CALL(*bench.clock, now()).TIMES(1).RETURN(Instant{1s});
  BOOST_CHECK(bench.client->capture("u", "e", {{"n", 1}}).ok());
}

BOOST_AUTO_TEST_CASE(HooksAndTimestampsOfOnesOwnAddNoReading) {
  Options options = quiet_options();
  options.before_send.assign(3, [](Event&) { return true; });
  ClockBench bench(std::move(options));
  REQUIRE_CALL(*bench.clock, wall_now()).TIMES(1).RETURN(kWall);
  REQUIRE_CALL(*bench.clock, now()).TIMES(1).RETURN(Instant{1s});
  BOOST_CHECK(
      bench.client->capture({.name = "e", .distinct_id = "u", .timestamp = kWall - 24h}).ok());
}

BOOST_AUTO_TEST_CASE(ACaptureThatIsRefusedReadsNoClock) {
  ClockBench bench;
  FORBID_CALL(*bench.clock, wall_now());
  FORBID_CALL(*bench.clock, now());
  BOOST_CHECK(bench.client->capture("", "e").admission == Admission::invalid);
  BOOST_CHECK(bench.client->capture({.name = "e"}).admission == Admission::invalid);
  bench.client->opt_out();
  BOOST_CHECK(bench.client->capture("u", "e").admission == Admission::disabled);
}

BOOST_AUTO_TEST_CASE(TheUuidAndTheTimestampComeFromTheOneWallReading) {
  std::string body;
  ClockBench bench;
  auto reading = NAMED_REQUIRE_CALL(*bench.clock, wall_now()).TIMES(1).RETURN(kWall);
  auto instant = NAMED_REQUIRE_CALL(*bench.clock, now()).TIMES(1).RETURN(Instant{1s});
  const CaptureResult captured = bench.client->capture("u", "e");
  reading.reset();
  instant.reset();
  BOOST_CHECK(captured.uuid.version() == 7);
  BOOST_CHECK(captured.uuid == make_uuid_v7(kWall, 0) ||
              captured.uuid.to_string().substr(0, 13) ==
                  make_uuid_v7(kWall, 0).to_string().substr(0, 13));

  // Sent an hour later: the event still carries the time of its capture.
  ALLOW_CALL(*bench.clock, now()).RETURN(Instant{1h});
  ALLOW_CALL(*bench.clock, wall_now()).RETURN(kWall + 1h);
  REQUIRE_CALL(bench.transport, start(_, _, _)).LR_SIDE_EFFECT(body = _2.body);
  static_cast<void>(bench.client->begin_flush(1s));
  bench.client->poll();
  BOOST_CHECK(body.find(R"("timestamp":")" + to_rfc3339(kWall) + '"') != std::string::npos);
  BOOST_CHECK(body.find(R"("sent_at":")" + to_rfc3339(kWall + 1h) + '"') != std::string::npos);
}

BOOST_AUTO_TEST_CASE(AnIdleTurnReadsTheWallOnceHoweverManyClientsThereAre) {
  ClockBench bench;
  std::vector<std::unique_ptr<Client>> others;
  for (int i = 0; i < 9; ++i) {
    others.push_back(std::make_unique<Client>(quiet_options(), bench.host));
  }
  {
    REQUIRE_CALL(*bench.clock, wall_now()).TIMES(1).RETURN(kWall);
    REQUIRE_CALL(*bench.clock, now()).TIMES(1).RETURN(Instant{1s});
    bench.client->poll();
  }
  ALLOW_CALL(*bench.clock, now()).RETURN(Instant{1s});
  ALLOW_CALL(*bench.clock, wall_now()).RETURN(kWall);
  others.clear();
}

BOOST_AUTO_TEST_CASE(AskingForStatsReadsNoClock) {
  ClockBench bench;
  FORBID_CALL(*bench.clock, wall_now());
  FORBID_CALL(*bench.clock, now());
  BOOST_CHECK(bench.client->stats().total().balances());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
