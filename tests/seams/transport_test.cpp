// What hosts ask of a transport: which transfers are started and cancelled, when, and with what
// limits.

#include <boost/test/unit_test.hpp>
#include <optional>
#include <set>

#include "sdk/host/manual_host.h"
#include "tests/seams/bench.h"

namespace lockstep {

using namespace std::chrono_literals;
using trompeloeil::_;

BOOST_AUTO_TEST_SUITE(TransportSeam)

BOOST_AUTO_TEST_CASE(ShutdownCancelsExactlyWhatIsInFlightAtItsDeadline) {
  SeamBench bench;
  Client client(quiet_options(), bench.host);
  for (int i = 0; i < 3; ++i) static_cast<void>(client.capture("u", "e"));
  const FlushHandle flush = client.begin_flush(1h);
  bench.host->settle();
  BOOST_REQUIRE(bench.started.size() == 3u);
  bench.finish(bench.started[1].id, 200);

  const Instant deadline = bench.clock->now() + 2s;
  trompeloeil::sequence order;
  auto first = NAMED_REQUIRE_CALL(bench.transport, cancel(bench.started[0].id))
                   .LR_WITH(bench.clock->now() == deadline)
                   .IN_SEQUENCE(order);
  auto third = NAMED_REQUIRE_CALL(bench.transport, cancel(bench.started[2].id))
                   .LR_WITH(bench.clock->now() == deadline)
                   .IN_SEQUENCE(order);
  const FlushReport report = client.shutdown(2s);

  BOOST_CHECK(first->is_satisfied());
  BOOST_CHECK(third->is_satisfied());
  BOOST_CHECK(bench.clock->now() == deadline);
  BOOST_CHECK(report.status == FlushStatus::timed_out);
  BOOST_CHECK(report.delivered == 1u && report.dropped == 2u && report.pending == 0u);
}

BOOST_AUTO_TEST_CASE(NothingIsStartedAfterShutdownReturned) {
  SeamBench bench;
  Client client(quiet_options(), bench.host);
  static_cast<void>(client.capture("u", "e"));
  ALLOW_CALL(bench.transport, cancel(_));
  static_cast<void>(client.shutdown(1s));
  BOOST_CHECK(bench.started.size() == 1u);

  FORBID_CALL(bench.transport, start(_, _, _));
  BOOST_CHECK(client.capture("u", "late").admission == Admission::closed);
  static_cast<void>(client.begin_flush(1s));
  FlagRequest flag;
  flag.key = "k";
  flag.distinct_id = "u";
  BOOST_CHECK(client.get_feature_flag(flag).error == "closed");
  bench.host->run_for(24h);
}

BOOST_AUTO_TEST_CASE(ShutdownWithoutTimeStartsNothing) {
  SeamBench bench;
  Client client(quiet_options(), bench.host);
  static_cast<void>(client.capture("u", "e"));
  FORBID_CALL(bench.transport, start(_, _, _));
  const FlushReport report = client.shutdown(0s);
  BOOST_CHECK(report.dropped == 1u);
  BOOST_CHECK(client.stats().total().requests == 0u);
}

BOOST_AUTO_TEST_CASE(WhatIsCancelledBeforeTheHostTookItIsNeverStarted) {
  SeamBench bench;
  Client client(quiet_options(), bench.host);
  static_cast<void>(client.capture("u", "e"));
  const FlushHandle patient = client.begin_shutdown(10s);  // decides to send
  FORBID_CALL(bench.transport, start(_, _, _));
  const FlushReport report = client.shutdown(0s);  // and changes its mind before the next turn
  BOOST_CHECK(report.dropped == 1u);
  BOOST_CHECK(patient.done());
}

BOOST_AUTO_TEST_CASE(AtTheDeadlineNoRetryIsStartedThatBecomesDueThen) {
  SeamBench bench;
  Options options = quiet_options();
  options.retry_initial_backoff = 1s;
  Client client(std::move(options), bench.host);
  static_cast<void>(client.capture("u", "e"));
  const FlushHandle shutdown = client.begin_shutdown(1s);
  bench.host->settle();
  BOOST_REQUIRE(bench.started.size() == 1u);
  bench.finish(bench.started[0].id, 503);  // its retry would leave exactly at the deadline
  bench.host->run_for(2s);
  BOOST_CHECK(shutdown.done());
  BOOST_CHECK(bench.started.size() == 1u);
}

BOOST_AUTO_TEST_CASE(ACompletionAfterTheCancelIsNobodysAnymore) {
  SeamBench bench;
  Client client(quiet_options(), bench.host);
  static_cast<void>(client.capture("u", "e"));
  REQUIRE_CALL(bench.transport, cancel(_));
  static_cast<void>(client.shutdown(1s));
  bench.finish(bench.started.at(0).id, 200);
  bench.host->settle();
  BOOST_CHECK(client.stats().total().delivered == 0u);
  BOOST_CHECK(client.stats().total().dropped(DropReason::shutdown_deadline) == 1u);
}

// Destroyed inside a callback a client cannot wait; nothing of it may go on, nothing of others may
// stop.
BOOST_AUTO_TEST_CASE(ADetachedClientsTransfersAreCancelledAndNobodyElses) {
  SeamBench bench;
  std::optional<Client> doomed(std::in_place, quiet_options(), bench.host);
  Options options = quiet_options();
  options.on_outcome = [&](const Outcome&) { doomed.reset(); };
  Client survivor(std::move(options), bench.host);

  static_cast<void>(doomed->capture("u", "doomed"));
  static_cast<void>(survivor.capture("u", "first"));
  static_cast<void>(survivor.capture("u", "second"));
  static_cast<void>(doomed->begin_flush(1h));
  static_cast<void>(survivor.begin_flush(1h));
  bench.host->settle();
  BOOST_REQUIRE(bench.started.size() == 3u);

  auto cancelled = NAMED_REQUIRE_CALL(bench.transport, cancel(bench.started[0].id));
  bench.finish(bench.started[1].id, 200);
  bench.host->settle();
  BOOST_CHECK(!doomed.has_value());
  BOOST_CHECK(cancelled->is_satisfied());
  bench.finish(bench.started[2].id, 200);
  bench.host->settle();
  BOOST_CHECK(survivor.stats().total().delivered == 2u);
}

BOOST_AUTO_TEST_CASE(StartGetsTheDeadlineAndLimitsOfTheOptions) {
  SeamBench bench;
  Options options = quiet_options();
  options.request_timeout = 7s;
  options.connect_timeout = 3s;
  options.max_response_bytes = 12'345;
  options.flags_timeout = 2s;
  options.flags_max_retries = 0;
  Client client(std::move(options), bench.host);
  bench.host->run_for(5s);
  static_cast<void>(client.capture("u", "e"));
  static_cast<void>(client.begin_flush(1h));
  bench.host->settle();
  BOOST_REQUIRE(bench.started.size() == 1u);
  const SeamBench::Started& ingestion = bench.started[0];
  BOOST_CHECK(ingestion.request.url.path == "/batch/");
  BOOST_CHECK(ingestion.limits.deadline == bench.clock->now() + 7s);
  BOOST_CHECK(ingestion.limits.connect_timeout == 3s);
  BOOST_CHECK(ingestion.limits.max_body_bytes == 12'345u);

  FlagRequest flag;
  flag.key = "k";
  flag.distinct_id = "u";
  const Instant asked = bench.clock->now();
  REQUIRE_CALL(bench.transport, cancel(_)).LR_WITH(_1 == bench.started.at(1).id);
  BOOST_CHECK(!client.get_feature_flag(flag).error.empty());
  bench.host->settle();
  BOOST_REQUIRE(bench.started.size() == 2u);
  BOOST_CHECK(bench.started[1].request.url.path == "/flags");
  BOOST_CHECK(bench.started[1].limits.deadline == asked + 2s);
  BOOST_CHECK(bench.started[1].limits.max_body_bytes == 12'345u);
  bench.finish(bench.started[0].id, 200);
}

BOOST_AUTO_TEST_CASE(EachAttemptIsATransferOfItsOwnWithItsOwnDeadline) {
  SeamBench bench;
  Options options = quiet_options();
  options.retry_initial_backoff = 1s;
  Client client(std::move(options), bench.host);
  static_cast<void>(client.capture("u", "e"));
  static_cast<void>(client.begin_flush(1h));
  std::set<TransferId> ids;
  Instant last = Instant::min();
  for (std::size_t attempt = 0; attempt < 4; ++attempt) {
    bench.host->run_for(10s);
    BOOST_REQUIRE(bench.started.size() == attempt + 1);
    const SeamBench::Started& started = bench.started[attempt];
    BOOST_CHECK(ids.insert(started.id).second);
    BOOST_CHECK(started.limits.deadline > last);
    last = started.limits.deadline;
    bench.finish(started.id, http::TransportError{http::TransportErrorKind::reset, "reset"});
  }
  bench.host->run_for(1h);
  BOOST_CHECK(bench.started.size() == 4u);
}

BOOST_AUTO_TEST_CASE(NoMoreTransfersAreStartedThanMayBeInFlight) {
  SeamBench bench;
  Options options = quiet_options();
  options.max_in_flight = 2;
  Client client(std::move(options), bench.host);
  for (int i = 0; i < 5; ++i) static_cast<void>(client.capture("u", "e"));
  static_cast<void>(client.begin_flush(1h));
  bench.host->settle();
  for (std::size_t done = 0; done < 5; ++done) {
    BOOST_CHECK(bench.started.size() == std::min<std::size_t>(5, done + 2));
    bench.finish(bench.started.at(done).id, 200);
    bench.host->settle();
  }
  BOOST_CHECK(client.stats().total().delivered == 5u);
}

// A manual host under a mock: its own waits can be seen.
struct ManualBench {
  std::shared_ptr<VirtualClock> clock = std::make_shared<VirtualClock>();
  std::unique_ptr<MockTransport> owned = std::make_unique<MockTransport>();
  MockTransport& transport = *owned;
  std::shared_ptr<ManualHost> host =
      std::make_shared<ManualHost>(clock, std::make_shared<const Chance>(1), std::move(owned));
  std::unique_ptr<trompeloeil::expectation> wakes = NAMED_ALLOW_CALL(transport, wake());
  std::unique_ptr<trompeloeil::expectation> collects =
      NAMED_ALLOW_CALL(transport, collect()).RETURN(std::vector<Completion>{});
};

BOOST_AUTO_TEST_CASE(PollNeverWaitsInTheTransport) {
  ManualBench bench;
  Client client(quiet_options(), bench.host);
  ALLOW_CALL(bench.transport, next_instant()).RETURN(kNever);
  FORBID_CALL(bench.transport, wait(_));
  static_cast<void>(client.capture("u", "e"));
  const FlushHandle flush = client.begin_flush(1h);
  {
    REQUIRE_CALL(bench.transport, start(_, _, _)).TIMES(1);
    client.poll();
    client.poll();
  }
  REQUIRE_CALL(bench.transport, cancel(_));
  static_cast<void>(client.begin_shutdown(0s));
  client.poll();
  BOOST_CHECK(flush.done());
}

// It waits until whatever comes first: the transport's next instant, the engine's, the call's
// deadline.
BOOST_AUTO_TEST_CASE(ABlockingCallWaitsUntilTheEarliestInstantAtWhichSomethingIsDue) {
  ManualBench bench;
  Options options = quiet_options();
  options.flush_interval = 3s;
  Client client(std::move(options), bench.host);
  static_cast<void>(client.capture_ai({.name = "e", .distinct_id = "u"}));
  const FlushHandle flush = client.begin_flush(5s);
  static_cast<void>(client.capture("u", "after the flush"));

  ALLOW_CALL(bench.transport, start(_, _, _));
  Instant transport_next = Instant{1s};
  ALLOW_CALL(bench.transport, next_instant()).LR_RETURN(transport_next);
  trompeloeil::sequence order;
  REQUIRE_CALL(bench.transport, wait(Instant{1s}))
      .IN_SEQUENCE(order)
      .LR_SIDE_EFFECT(bench.clock->advance_to(_1))
      .LR_SIDE_EFFECT(transport_next = kNever);
  REQUIRE_CALL(bench.transport, wait(Instant{3s}))
      .IN_SEQUENCE(order)
      .LR_SIDE_EFFECT(bench.clock->advance_to(_1));
  REQUIRE_CALL(bench.transport, wait(Instant{5s}))
      .IN_SEQUENCE(order)
      .LR_SIDE_EFFECT(bench.clock->advance_to(_1));
  BOOST_CHECK(flush.wait().status == FlushStatus::timed_out);
  BOOST_CHECK(bench.clock->now() == Instant{5s});

  ALLOW_CALL(bench.transport, cancel(_));
  static_cast<void>(client.shutdown(0s));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
