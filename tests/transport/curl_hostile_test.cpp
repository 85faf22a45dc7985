// Responses that are wrong, cut off or meant to do harm.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "loopback.h"
#include "sdk/codec/codec.h"

namespace lockstep::test {
namespace {

using Kind = http::TransportErrorKind;

std::optional<Kind> error_for(Loopback::Script script, const TransferLimits& limits = {}) {
  Loopback server(std::move(script));
  CurlBench bench;
  return error_of(bench.carry(server.request(), limits));
}

TEST(CurlHostile, WhatBreaksOffIsAnErrorThatSaysWhere) {
  const std::string header = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::vector<std::pair<std::string, Kind>> cases{
      {"", Kind::reset},
      {"HTTP/1.1", Kind::reset},
      {"HTTP/1.1 200 OK\r\n", Kind::reset},
      {"HTTP/1.1 200 OK\r\nContent-Le", Kind::reset},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n", Kind::reset},
      {"HTTP/1.1 100 Continue\r\n\r\n", Kind::reset},
      {header, Kind::truncated},
      {header + "123456789", Kind::truncated},
      {chunked, Kind::truncated},
      {chunked + "5", Kind::truncated},
      {chunked + "5\r\nab", Kind::truncated},
      {chunked + "2\r\nab\r\n", Kind::truncated},
      {chunked + "2\r\nab\r\n0\r\n", Kind::truncated},
  };
  for (const auto& [bytes, kind] : cases) {
    EXPECT_EQ(error_for(answer_once(bytes)), kind) << bytes;
  }
}

TEST(CurlHostile, AConnectionThatIsResetInsteadOfAnAnswerIsAReset) {
  EXPECT_EQ(error_for([](Connection& connection) {
              connection.read_request();
              connection.reset();
            }),
            Kind::reset);
}

// The client has read the first piece, and says so by its next request, before the connection
// breaks.
TEST(CurlHostile, AConnectionThatIsResetInTheMiddleOfTheBodyIsATruncatedBody) {
  CurlBench bench;
  Loopback server(
      [](Connection& connection) {
        const auto request = connection.read_request();
        if (request->find("POST /signal ") != std::string::npos) {
          connection.note("signal");
          connection.send(ok());
          return;
        }
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
        connection.note("sent");
        connection.await_notes(2);
        connection.reset();
      },
      bench.wake());
  bench.transport.start(1, server.request("/cut"), {});
  bench.run_until_notes(server, 1);
  // What was sent before the note is read now.
  EXPECT_TRUE(bench.transport.collect().empty());
  bench.transport.start(2, server.request("/signal"), {});
  auto completions = bench.run(2);
  for (const auto& [id, result] : completions) {
    if (id == 1) {
      EXPECT_EQ(error_of(result), Kind::truncated);
    }
  }
}

TEST(CurlHostile, AServerThatBreaksOffDuringTheUploadIsAnErrorAndNoSignal) {
  CurlBench bench;
  Loopback server([](Connection& connection) {
    connection.read_header();
    connection.reset();
  });
  const auto request = server.request("/", "POST", std::string(16 << 20, 'x'));
  EXPECT_EQ(error_of(bench.carry(request)), Kind::reset);
}

TEST(CurlHostile, WhatIsNotHttpIsMalformed) {
  for (const auto* bytes : {
           "garbage\r\n\r\n",
           "SSH-2.0-OpenSSH_9.2\r\n",
           "\x15\x03\x01\x00\x02\x02\x46",
           "<html>hello</html>",
           "HTTP/9.9 200 OK\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
       }) {
    EXPECT_EQ(error_for(answer_once(bytes)), Kind::malformed) << bytes;
  }
}

// --- size ----------------------------------------------------------------------------------------

TEST(CurlHostile, ABodyIsTooLargeOneByteBeyondItsLimit) {
  const std::string body(1000, 'x');
  Loopback server(answer_all(ok(body)));
  Loopback unsized(answer_once("HTTP/1.1 200 OK\r\n\r\n" + body));
  CurlBench bench;
  TransferLimits limits;
  for (auto* each : {&server, &unsized}) {
    limits.max_body_bytes = 1000;
    EXPECT_EQ(response_of(bench.carry(each->request(), limits)).body, body);
    limits.max_body_bytes = 999;
    EXPECT_EQ(error_of(bench.carry(each->request(), limits)), Kind::response_too_large);
    limits.max_body_bytes = 0;
    EXPECT_EQ(error_of(bench.carry(each->request(), limits)), Kind::response_too_large);
  }
}

TEST(CurlHostile, AClaimOfTenGigabytesIsNotWaitedFor) {
  const auto claim = [](const char* length) {
    return [length](Connection& connection) {
      connection.read_request();
      connection.send(std::string("HTTP/1.1 200 OK\r\nContent-Length: ") + length + "\r\n\r\n");
      connection.await_close();
    };
  };
  EXPECT_EQ(error_for(claim("10737418240")), Kind::response_too_large);
  EXPECT_EQ(error_for(claim("99999999999999999999999999")), Kind::response_too_large);
}

// Ten gigabytes are ready; the client hangs up after its limit, and what the system's buffers hold.
TEST(CurlHostile, AnEndlessBodyIsReadUpToItsLimitOnly) {
  constexpr std::uint64_t kReady = 10'000'000'000;
  const std::string piece(65536, 'x');
  for (const auto* framing : {"", "Transfer-Encoding: chunked\r\n"}) {
    CurlBench bench;
    Loopback server([&](Connection& connection) {
      connection.read_request();
      connection.send(std::string("HTTP/1.1 200 OK\r\n") + framing + "\r\n");
      if (*framing != '\0') connection.send("fffffffff\r\n");
      connection.note(std::to_string(connection.send_until_closed(piece, kReady)));
    });
    TransferLimits limits;
    limits.max_body_bytes = 1 << 20;
    EXPECT_EQ(error_of(bench.carry(server.request(), limits)), Kind::response_too_large);
    ASSERT_TRUE(server.await_notes(1));
    EXPECT_LT(std::stoull(server.notes()[0]), 64u << 20);
  }
}

TEST(CurlHostile, ACompressedTransferCodingCannotGoBeyondTheLimitEither) {
  Compressor compressor;
  const auto bomb = compressor.compress(Compression::gzip, std::string(50 << 20, '\0'));
  EXPECT_EQ(error_for(answer_once("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n" + bomb)),
            Kind::response_too_large);
}

TEST(CurlHostile, AHundredThousandHeadersAreTooLarge) {
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 100'000; ++i) many += "A:\r\n";
  EXPECT_EQ(error_for(answer_once(many + "\r\n")), Kind::response_too_large);
}

TEST(CurlHostile, ManyTinyHeadersAreTooLargeBeforeTheirTextIs) {
  std::string many = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
  for (int i = 0; i < 1000; ++i) many += "A:\r\n";
  TransferLimits limits;
  limits.max_header_bytes = 40'000;
  Loopback server(answer_all(many + "\r\n"));
  CurlBench bench;
  EXPECT_EQ(response_of(bench.carry(server.request(), limits)).headers.size(), 1001u);
  limits.max_header_bytes = 30'000;
  EXPECT_EQ(error_of(bench.carry(server.request(), limits)), Kind::response_too_large);
}

TEST(CurlHostile, ASingleHugeHeaderIsTooLarge) {
  for (const std::size_t size : {std::size_t{1} << 20, std::size_t{150'000}}) {
    EXPECT_EQ(
        error_for(answer_once("HTTP/1.1 200 OK\r\nA: " + std::string(size, 'x') + "\r\n\r\n")),
        Kind::response_too_large)
        << size;
  }
  EXPECT_EQ(error_for(answer_once("HTTP/1.1 200 " + std::string(1 << 20, 'x') + "\r\n\r\n")),
            Kind::response_too_large);
}

TEST(CurlHostile, InterimResponsesMayNotGoOnForEver) {
  EXPECT_EQ(error_for([](Connection& connection) {
              connection.read_request();
              const std::string hint = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
              connection.send_until_closed(hint, 1 << 30);
            }),
            Kind::response_too_large);
}

TEST(CurlHostile, TrailersMayNotGoOnForEver) {
  EXPECT_EQ(error_for([](Connection& connection) {
              connection.read_request();
              connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
              connection.send_until_closed("X-Trailer: 1\r\n", 1 << 30);
            }),
            Kind::response_too_large);
}

// --- what an error says --------------------------------------------------------------------------

TEST(CurlHostile, AnErrorTellsNothingOfTheRequestOrTheResponse) {
  for (const auto* bytes :
       {"", "secret garbage\r\n", "HTTP/1.1 200 OK\r\nContent-Length: secret\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nsecret"}) {
    Loopback server(answer_once(bytes));
    CurlBench bench;
    auto request = server.request("/secret?token=secret", "POST", "secret");
    request.headers.add("Authorization", "Bearer secret");
    const auto result = bench.carry(request);
    ASSERT_TRUE(error_of(result).has_value());
    const auto& detail = std::get<http::TransportError>(result).detail;
    EXPECT_FALSE(detail.empty());
    EXPECT_EQ(detail.find("secret"), std::string::npos) << detail;
  }
}

}  // namespace
}  // namespace lockstep::test
