// How transfers end by themselves, by a deadline, by a cancel and with the transport; and how a
// wait does.
//
// Lengths of time appear here only where the test holds whatever the machine does: no answer comes,
// so the deadline must, however late.
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "loopback.h"

namespace lockstep::test {
namespace {

using Kind = http::TransportErrorKind;

// Reads requests and answers none; notes each, and the end of the connection.
void stay_silent(Connection& connection) {
  while (connection.read_request()) connection.note("silent");
  connection.note("closed");
}

TransferLimits until(Instant deadline) {
  TransferLimits limits;
  limits.deadline = deadline;
  return limits;
}

// --- deadlines -----------------------------------------------------------------------------------

TEST(CurlEnds, NoAnswerByTheDeadlineIsATimeoutAndNotBefore) {
  Loopback server(stay_silent);
  CurlBench bench;
  const auto deadline = bench.in(milliseconds{30});
  EXPECT_EQ(error_of(bench.carry(server.request(), until(deadline))), Kind::timeout);
  EXPECT_GE(bench.clock.now(), deadline);
}

TEST(CurlEnds, HalfAnAnswerByTheDeadlineIsATimeoutToo) {
  Loopback server([](Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
    connection.await_close();
  });
  CurlBench bench;
  EXPECT_EQ(error_of(bench.carry(server.request(), until(bench.in(milliseconds{30})))),
            Kind::timeout);
}

TEST(CurlEnds, OnAKeptConnectionATimeoutIsATimeout) {
  Loopback server([](Connection& connection) {
    connection.read_request();
    connection.send(ok());
    stay_silent(connection);
  });
  CurlBench bench;
  response_of(bench.carry(server.request()));
  EXPECT_EQ(error_of(bench.carry(server.request(), until(bench.in(milliseconds{30})))),
            Kind::timeout);
  EXPECT_EQ(server.connections(), 1u);
}

TEST(CurlEnds, ADeadlineInThePastEndsTheTransferWithoutAConnection) {
  Loopback server(answer_all(ok()));
  CurlBench bench;
  EXPECT_EQ(error_of(bench.carry(server.request(), until(bench.clock.now()))), Kind::timeout);
  EXPECT_EQ(error_of(bench.carry(server.request(), until(Instant{}))), Kind::timeout);
  // Connections are accepted in their order: had there been another, it would have been counted.
  response_of(bench.carry(server.request()));
  EXPECT_EQ(server.connections(), 1u);
}

TEST(CurlEnds, ARequestThatWaitsForAConnectionHasItsDeadlineToo) {
  CurlOptions options;
  options.max_connections = 1;
  CurlBench bench(options);
  Loopback server(stay_silent, bench.wake());
  bench.transport.start(1, server.request(), {});
  bench.run_until_notes(server, 1);
  EXPECT_EQ(error_of(bench.carry(server.request(), until(bench.in(milliseconds{30})))),
            Kind::timeout);
}

// A TLS handshake that nobody answers: the connection is never complete.
TEST(CurlEnds, TheConnectTimeoutIsAConnectErrorAndTheEarlierDeadlineATimeout) {
  Loopback server([](Connection& connection) { connection.await_close(); });
  CurlBench bench;
  auto request = server.request();
  request.url.scheme = "https";
  TransferLimits limits;
  limits.connect_timeout = milliseconds{30};
  EXPECT_EQ(error_of(bench.carry(request, limits)), Kind::connect);
  limits.connect_timeout = std::chrono::hours{1};
  limits.deadline = bench.in(milliseconds{30});
  EXPECT_EQ(error_of(bench.carry(request, limits)), Kind::timeout);
}

TEST(CurlEnds, TheNextInstantIsTheEarliestDeadline) {
  Loopback server(stay_silent);
  CurlBench bench;
  EXPECT_EQ(bench.transport.next_instant(), kNever);
  const auto late = bench.in(std::chrono::hours{2});
  const auto soon = bench.in(std::chrono::hours{1});
  bench.transport.start(1, server.request(), {});
  EXPECT_EQ(bench.transport.next_instant(), kNever);
  bench.transport.start(2, server.request(), until(late));
  bench.transport.start(3, server.request(), until(soon));
  EXPECT_EQ(bench.transport.next_instant(), soon);
  bench.transport.cancel(3);
  EXPECT_EQ(bench.transport.next_instant(), late);
  bench.transport.start(4, server.request(), until(Instant{}));
  const auto at_once = bench.transport.next_instant();
  EXPECT_LE(at_once, bench.clock.now());
}

// --- cancelling ----------------------------------------------------------------------------------

TEST(CurlEnds, ACancelInTheMiddleClosesTheConnectionAndNothingCompletes) {
  CurlBench bench;
  Loopback server(
      [](Connection& connection) {
        const auto request = connection.read_request();
        if (request->starts_with("POST /next ")) {
          connection.send(ok("next"));
          return;
        }
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
        connection.note("half");
        connection.await_close();
        connection.note("closed");
      },
      bench.wake());
  bench.transport.start(1, server.request("/half"), {});
  bench.run_until_notes(server, 1);
  bench.transport.cancel(1);
  bench.transport.cancel(1);
  bench.transport.cancel(12345);
  ASSERT_TRUE(server.await_notes(2));
  EXPECT_EQ(server.notes()[1], "closed");
  EXPECT_EQ(response_of(bench.carry(server.request("/next"))).body, "next");
}

TEST(CurlEnds, ACancelBeforeTheFirstByteSendsNothing) {
  CurlBench bench;
  Loopback server(answer_all(ok()));
  bench.transport.start(1, server.request("/cancelled"), {});
  bench.transport.cancel(1);
  response_of(bench.carry(server.request("/sent")));
  ASSERT_EQ(server.notes().size(), 1u);
  EXPECT_TRUE(server.notes()[0].starts_with("POST /sent "));
}

TEST(CurlEnds, ACancelTakesBackACompletionThatWasNotCollected) {
  CurlBench bench;
  Loopback server(answer_all(ok()));
  bench.transport.start(1, server.request(), until(Instant{}));
  bench.transport.start(2, server.request(), until(Instant{}));
  bench.transport.cancel(1);
  const auto completions = bench.transport.collect();
  ASSERT_EQ(completions.size(), 1u);
  EXPECT_EQ(completions[0].id, 2u);
}

TEST(CurlEnds, ACancelWhileTheNameIsBeingResolvedReturns) {
  CurlBench bench;
  Loopback server(answer_all(ok()));
  for (TransferId id = 1; id <= 5; ++id) {
    auto request = server.request();
    request.url.host = "localhost";
    bench.transport.start(id, request, {});
    EXPECT_LE(bench.transport.collect().size(), 1u);
    bench.transport.cancel(id);
  }
}

TEST(CurlEnds, TheTransportMayGoWithTransfersInFlight) {
  auto bench = std::make_unique<CurlBench>();
  Loopback server(
      [](Connection& connection) {
        while (connection.read_request()) connection.note("silent");
      },
      bench->wake());
  for (TransferId id = 0; id < 10; ++id) bench->transport.start(id, server.request(), {});
  bench->run_until_notes(server, 10);
  auto named = server.request();
  named.url.host = "localhost";
  bench->transport.start(10, named, {});
  bench->transport.start(11, server.request(), until(Instant{}));
  EXPECT_LE(bench->transport.collect().size(), 1u);
  bench->transport.start(12, server.request(), {});
  bench.reset();
}

// --- waiting -------------------------------------------------------------------------------------

TEST(CurlEnds, AWakeFromAnotherThreadEndsTheWait) {
  CurlBench bench;
  std::thread waker([&] { bench.transport.wake(); });
  bench.transport.wait(kNever);
  waker.join();
}

TEST(CurlEnds, AWakeMakesTheNextWaitReturnAndOnlyThatOne) {
  CurlBench bench;
  bench.transport.wake();
  bench.transport.wake();
  bench.transport.wait(kNever);
  const auto end = bench.in(milliseconds{30});
  bench.transport.wait(end);
  EXPECT_GE(bench.clock.now(), end);
}

TEST(CurlEnds, ManyWakersAndTransfersDoNotGetInEachOthersWay) {
  CurlBench bench;
  Loopback server(answer_all(ok()));
  std::vector<std::thread> wakers;
  for (int i = 0; i < 4; ++i) {
    wakers.emplace_back([&] {
      for (int wakes = 0; wakes < 1000; ++wakes) bench.transport.wake();
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(response_of(bench.carry(server.request())).status, 200);
  for (auto& waker : wakers) waker.join();
}

TEST(CurlEnds, AWaitReturnsWhenACompletionIsThereAlready) {
  CurlBench bench;
  Loopback server(answer_all(ok()));
  bench.transport.start(1, server.request(), until(Instant{}));
  bench.transport.wait(kNever);
  EXPECT_EQ(bench.transport.collect().size(), 1u);
}

TEST(CurlEnds, AWaitUntilThePastOnlyLooks) {
  CurlBench bench;
  bench.transport.wait(Instant{});
  bench.transport.wait(bench.clock.now());
}

}  // namespace
}  // namespace lockstep::test
