// What a client tells its user, in which order, and what happens when the user throws.

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "tests/seams/bench.h"

namespace lockstep {

using namespace std::chrono_literals;
using trompeloeil::_;

namespace {

struct CallbackBench : SeamBench {
  CallbackBench() : client(make_options(user), host) {}

  static Options make_options(MockUser& user) {
    Options options = quiet_options();
    options.max_batch_size = 2;
    user.connect_callbacks(options);
    return options;
  }

  // Captures so many events and gets their requests started.
  void send(int events) {
    for (int i = 0; i < events; ++i) static_cast<void>(client.capture("u", "e"));
    static_cast<void>(client.begin_flush(1h));
    host->settle();
  }

  MockUser user;
  Client client;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(CallbackSeam)

BOOST_AUTO_TEST_CASE(ARequestIsReportedBeforeTheErrorAndTheErrorBeforeTheOutcomes) {
  CallbackBench bench;
  bench.send(2);
  ALLOW_CALL(bench.user, log(_, _));
  trompeloeil::sequence order;
  REQUIRE_CALL(bench.user, on_request(_)).WITH(_1.status == 400).IN_SEQUENCE(order);
  REQUIRE_CALL(bench.user, on_error(_)).WITH(_1.events == 2).IN_SEQUENCE(order);
  REQUIRE_CALL(bench.user, on_outcome(_))
      .WITH(!_1.delivered && _1.reason == DropReason::rejected && _1.status == 400)
      .IN_SEQUENCE(order)
      .TIMES(2);
  bench.finish(bench.started.at(0).id, 400);
  bench.host->settle();
}

BOOST_AUTO_TEST_CASE(AnExceptionOutOfACallbackDoesNotStopTheTurn) {
  CallbackBench bench;
  Client bystander(quiet_options(), bench.host);
  static_cast<void>(bystander.capture("u", "e"));
  bench.send(2);
  static_cast<void>(bystander.begin_flush(1h));
  bench.host->settle();
  BOOST_REQUIRE(bench.started.size() == 2u);

  ALLOW_CALL(bench.user, on_request(_)).THROW(std::runtime_error("request"));
  trompeloeil::sequence order;
  REQUIRE_CALL(bench.user, on_outcome(_)).IN_SEQUENCE(order).THROW(std::runtime_error("outcome"));
  REQUIRE_CALL(bench.user, on_outcome(_)).IN_SEQUENCE(order).THROW(42);
  REQUIRE_CALL(bench.user, log(LogLevel::error, _)).TIMES(3);
  bench.finish(bench.started[0].id, 200);
  bench.finish(bench.started[1].id, 200);
  bench.host->settle();
  BOOST_CHECK(bench.client.stats().total().delivered == 2u);
  BOOST_CHECK(bystander.stats().total().delivered == 1u);
}

BOOST_AUTO_TEST_CASE(ALoggerThatThrowsIsNotHeardOf) {
  CallbackBench bench;
  bench.send(1);
  ALLOW_CALL(bench.user, on_request(_));
  ALLOW_CALL(bench.user, on_error(_));
  REQUIRE_CALL(bench.user, log(LogLevel::warning, _)).THROW(std::runtime_error("disk full"));
  REQUIRE_CALL(bench.user, on_outcome(_));
  bench.finish(bench.started.at(0).id, 400);
  bench.host->settle();
}

BOOST_AUTO_TEST_CASE(FlushReturnsAfterTheOutcomesWereTold) {
  CallbackBench bench;
  static_cast<void>(bench.client.capture("u", "e"));
  const FlushHandle flush = bench.client.begin_flush(1h);
  bench.host->settle();
  ALLOW_CALL(bench.user, on_request(_));
  auto told = NAMED_REQUIRE_CALL(bench.user, on_outcome(_)).WITH(_1.delivered);
  bench.finish(bench.started.at(0).id, 200);
  BOOST_CHECK(flush.wait().ok());
  BOOST_CHECK(told->is_satisfied());
}

BOOST_AUTO_TEST_CASE(ShutdownReturnsAfterTheOutcomesWereTold) {
  CallbackBench bench;
  bench.send(2);
  ALLOW_CALL(bench.user, log(_, _));
  trompeloeil::sequence order;
  auto cancelled =
      NAMED_REQUIRE_CALL(bench.transport, cancel(bench.started.at(0).id)).IN_SEQUENCE(order);
  auto request = NAMED_REQUIRE_CALL(bench.user, on_request(_))
                     .WITH(_1.error == "cancelled" && _1.status == 0)
                     .IN_SEQUENCE(order);
  auto error = NAMED_REQUIRE_CALL(bench.user, on_error(_)).IN_SEQUENCE(order);
  auto told = NAMED_REQUIRE_CALL(bench.user, on_outcome(_))
                  .WITH(_1.reason == DropReason::shutdown_deadline)
                  .IN_SEQUENCE(order)
                  .TIMES(2);
  static_cast<void>(bench.client.shutdown(1s));
  BOOST_CHECK(cancelled->is_satisfied());
  BOOST_CHECK(request->is_satisfied());
  BOOST_CHECK(error->is_satisfied());
  BOOST_CHECK(told->is_satisfied());
}

BOOST_AUTO_TEST_CASE(FlushAndShutdownInsideACallbackStartAndDoNotWait) {
  CallbackBench bench;
  bench.send(3);
  BOOST_REQUIRE(bench.started.size() == 2u);
  ALLOW_CALL(bench.user, on_request(_));
  ALLOW_CALL(bench.user, on_error(_));
  ALLOW_CALL(bench.user, log(_, _));
  FlushReport flushed;
  FlushReport shut;
  ALLOW_CALL(bench.user, on_outcome(_));
  REQUIRE_CALL(bench.user, on_outcome(_))
      .LR_SIDE_EFFECT(flushed = bench.client.flush(1h))
      .LR_SIDE_EFFECT(shut = bench.client.shutdown(1s));
  bench.finish(bench.started[0].id, 200);
  const Instant before = bench.clock->now();
  bench.host->settle();
  BOOST_CHECK(bench.clock->now() == before);
  BOOST_CHECK(flushed.status == FlushStatus::deferred);
  BOOST_CHECK(shut.status == FlushStatus::deferred);
  BOOST_CHECK(bench.client.stats().closed);
  REQUIRE_CALL(bench.transport, cancel(bench.started[1].id));
  bench.host->run_for(1s);
  BOOST_CHECK(bench.client.stats().total().pending == 0u);
}

// The ledger already counts an outcome when the callback hears of it.
BOOST_AUTO_TEST_CASE(StatsInsideACallbackAgreeWithIt) {
  CallbackBench bench;
  bench.send(1);
  ALLOW_CALL(bench.user, on_request(_));
  Stats seen;
  REQUIRE_CALL(bench.user, on_outcome(_)).LR_SIDE_EFFECT(seen = bench.client.stats());
  bench.finish(bench.started.at(0).id, 200);
  bench.host->settle();
  BOOST_CHECK(seen.total().delivered == 1u);
  BOOST_CHECK(seen.total().pending == 0u);
}

BOOST_AUTO_TEST_CASE(AnOutcomeAtCaptureTimeIsToldByTheHostNotByTheCapturer) {
  CallbackBench bench;
  Options options = CallbackBench::make_options(bench.user);
  options.before_send = {[](Event&) { return false; }};
  Client client(std::move(options), bench.host);
  {
    FORBID_CALL(bench.user, on_outcome(_));
    static_cast<void>(client.capture("u", "e"));
  }
  REQUIRE_CALL(bench.user, on_outcome(_)).WITH(_1.reason == DropReason::hook && _1.attempts == 0);
  bench.host->settle();
}

// Nothing of a client is called once its destructor has returned, wherever it ran.
BOOST_AUTO_TEST_CASE(ADestroyedClientSaysNothingAnymore) {
  SeamBench bench;
  std::optional<Client> doomed;
  int told = 0;
  bool destroyed = false;
  bool told_after = false;
  Options options = quiet_options();
  options.max_batch_size = 10;
  options.on_outcome = [&](const Outcome&) {
    told_after = told_after || destroyed;
    if (++told == 2) {
      doomed.reset();
      destroyed = true;
    }
  };
  doomed.emplace(std::move(options), bench.host);
  for (int i = 0; i < 5; ++i) static_cast<void>(doomed->capture("u", "e"));
  static_cast<void>(doomed->begin_flush(1h));
  bench.host->settle();
  bench.finish(bench.started.at(0).id, 200);
  bench.host->settle();
  BOOST_CHECK(destroyed);
  BOOST_CHECK(!told_after);
  BOOST_CHECK(told == 2);
}

// Another client's callback may destroy it: each event it still held gets its outcome first.
BOOST_AUTO_TEST_CASE(AClientDestroyedInAnothersCallbackTellsItsOutcomesBeforeItIsGone) {
  SeamBench bench;
  int told = 0;
  Options options = quiet_options();
  options.on_outcome = [&](const Outcome& outcome) {
    told += outcome.reason == DropReason::shutdown_deadline ? 1 : 100;
  };
  std::optional<Client> doomed(std::in_place, std::move(options), bench.host);
  static_cast<void>(doomed->capture("u", "in flight"));
  static_cast<void>(doomed->begin_flush(1h));
  bench.host->settle();
  static_cast<void>(doomed->capture("u", "queued"));

  Options killer_options = quiet_options();
  int told_by_then = 0;
  killer_options.on_outcome = [&](const Outcome&) {
    doomed.reset();
    told_by_then = told;
  };
  Client killer(std::move(killer_options), bench.host);
  static_cast<void>(killer.capture("u", "e"));
  static_cast<void>(killer.begin_flush(1h));
  bench.host->settle();
  REQUIRE_CALL(bench.transport, cancel(bench.started.at(0).id));
  bench.finish(bench.started.at(1).id, 200);
  bench.host->settle();
  BOOST_CHECK(told_by_then == 2);
  BOOST_CHECK(told == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
