// Connections: kept alive, shared out, refused, and never used for a second try behind our back.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "loopback.h"

namespace lockstep::test {
namespace {

using Kind = http::TransportErrorKind;

TEST(CurlConnections, OneAfterTheOtherGoesOverOneConnection) {
  Loopback server(answer_all(ok()));
  CurlBench bench;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(response_of(bench.carry(server.request())).status, 200);
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(server.notes().size(), 5u);
}

TEST(CurlConnections, AfterAClosedConnectionComesANewOne) {
  Loopback server(answer_once(ok("{}", "Connection: close\r\n")));
  CurlBench bench;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(response_of(bench.carry(server.request())).status, 200);
  EXPECT_EQ(server.connections(), 3u);
}

// The server answers nobody before all have asked.
TEST(CurlConnections, FiftyRequestsAreUnderWayAtOnce) {
  constexpr std::size_t kMany = 50;
  Loopback server([](Connection& connection) {
    const auto request = connection.read_request();
    connection.note("arrived");
    if (connection.await_notes(kMany)) connection.send(ok(request->substr(0, 10)));
  });
  CurlBench bench;
  for (std::size_t id = 10; id < 10 + kMany; ++id) {
    bench.transport.start(id, server.request("/" + std::to_string(id)), {});
  }
  std::set<TransferId> seen;
  for (const auto& [id, result] : bench.run(kMany)) {
    EXPECT_EQ(response_of(result).body, "POST /" + std::to_string(id) + " H");
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), kMany);
}

TEST(CurlConnections, NoMoreConnectionsAreOpenedThanAllowedAndTheOthersWaitTheirTurn) {
  for (const bool per_host : {false, true}) {
    CurlOptions options;
    (per_host ? options.max_connections_per_host : options.max_connections) = 2;
    CurlBench bench(options);
    Loopback server(answer_all(ok()));
    for (TransferId id = 0; id < 20; ++id) bench.transport.start(id, server.request(), {});
    for (const auto& [id, result] : bench.run(20)) EXPECT_EQ(response_of(result).status, 200);
    EXPECT_LE(server.connections(), 2u);
  }
}

TEST(CurlConnections, AnIdleConnectionMakesRoomForAnotherHost) {
  CurlOptions options;
  options.max_connections = 1;
  CurlBench bench(options);
  Loopback first(answer_all(ok("first")));
  Loopback second(answer_all(ok("second")));
  EXPECT_EQ(response_of(bench.carry(first.request())).body, "first");
  EXPECT_EQ(response_of(bench.carry(second.request())).body, "second");
}

// The server may have processed it. libcurl by itself would send it again on a new connection.
TEST(CurlConnections, ARequestLostOnAKeptConnectionIsNotSentTwice) {
  CurlBench bench;
  Loopback server([](Connection& connection) {
    if (!connection.read_request()) return;
    connection.note("answered");
    connection.send(ok());
    if (connection.read_request()) connection.note("dropped");
  });
  EXPECT_EQ(response_of(bench.carry(server.request())).status, 200);
  const auto result = bench.carry(server.request());
  EXPECT_EQ(error_of(result), Kind::reset);
  EXPECT_EQ(std::get<http::TransportError>(result).detail,
            "the connection broke before the answer");
  EXPECT_EQ(server.notes(), (std::vector<std::string>{"answered", "dropped"}));
  // And the next one finds a connection that works.
  EXPECT_EQ(response_of(bench.carry(server.request())).status, 200);
}

TEST(CurlConnections, ARefusedConnectionSaysSo) {
  CurlBench bench;
  Loopback anywhere(answer_all(ok()));
  auto request = anywhere.request();
  request.url.port = unused_port();
  const auto result = bench.carry(request);
  EXPECT_EQ(error_of(result), Kind::connect);
  EXPECT_NE(std::get<http::TransportError>(result).detail.find("refused"), std::string::npos);
}

// No resolver need be asked to know that a label of 64 characters is none (RFC 1035 section 2.3.4),
// so this holds without a network.
TEST(CurlConnections, ANameThatDoesNotResolveSaysSo) {
  CurlBench bench;
  Loopback anywhere(answer_all(ok()));
  auto request = anywhere.request();
  request.url.host = std::string(64, 'a') + ".invalid";
  EXPECT_EQ(error_of(bench.carry(request)), Kind::resolve);
}

TEST(CurlConnections, AnInterfaceThatIsNotThereIsAConnectError) {
  CurlOptions options;
  options.interface = "if!no-such-interface";
  CurlBench bench(options);
  Loopback server(answer_all(ok()));
  EXPECT_EQ(error_of(bench.carry(server.request())), Kind::connect);
  EXPECT_EQ(server.connections(), 0u);
}

TEST(CurlConnections, AProxyThatRefusesTheTunnelIsAConnectError) {
  Loopback proxy([](Connection& connection) {
    connection.note(connection.read_header().value_or(""));
    connection.send("HTTP/1.1 403 No\r\nRetry-After: 99\r\nContent-Length: 0\r\n\r\n");
  });
  CurlOptions options;
  options.proxy = proxy.origin();
  CurlBench bench(options);
  auto request = proxy.request();
  request.url.scheme = "https";
  request.url.host = "ingest.invalid";
  request.url.port = 443;
  EXPECT_EQ(error_of(bench.carry(request)), Kind::connect);
  EXPECT_TRUE(proxy.notes().at(0).starts_with("CONNECT ingest.invalid:443 "));
}

}  // namespace
}  // namespace lockstep::test
