// What a response that is as it should be comes to, however oddly it is written.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "loopback.h"
#include "sdk/codec/codec.h"

namespace lockstep::test {
namespace {

http::Response answer(std::string bytes) {
  Loopback server(answer_once(std::move(bytes)));
  CurlBench bench;
  return response_of(bench.carry(server.request()));
}

TEST(CurlResponses, StatusHeadersAndBodyComeBackInOrder) {
  const auto response = answer(
      "HTTP/1.1 429 Slow Down\r\nB: 1\r\nContent-Length: 5\r\nA:2\r\nEmpty:\r\nb:  3  "
      "\r\n\r\nabcde");
  EXPECT_EQ(response.status, 429);
  const http::Headers expected{
      {"B", "1"}, {"Content-Length", "5"}, {"A", "2"}, {"Empty", ""}, {"b", "3"}};
  EXPECT_EQ(response.headers, expected);
}

TEST(CurlResponses, ABodyIsBytes) {
  const std::string body("\0\r\n\xff", 4);
  EXPECT_EQ(answer(ok(body)).body, body);
}

TEST(CurlResponses, BothOfTwoRetryAfterHeadersAreThere) {
  const auto response = answer(ok("", "Retry-After: 7\r\nRetry-After: 30\r\n"));
  EXPECT_EQ(response.headers.all("retry-after"), (std::vector<std::string_view>{"7", "30"}));
}

TEST(CurlResponses, InterimResponsesLeaveNothingBehind) {
  const auto response = answer(
      "HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n"
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nRetry-After: 99\r\n\r\n" +
      ok("{}", "X-Final: 1\r\n"));
  EXPECT_EQ(response.status, 200);
  const http::Headers expected{{"Content-Length", "2"}, {"X-Final", "1"}};
  EXPECT_EQ(response.headers, expected);
  EXPECT_EQ(response.body, "{}");
}

TEST(CurlResponses, ChunksBecomeOneBodyAndTrailersAreNoHeaders) {
  const auto response = answer(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Retry-After\r\n\r\n"
      "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nRetry-After: 99\r\nHTTP/1.1 500: trailer\r\n\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "abcde");
  EXPECT_FALSE(response.headers.has("Retry-After"));
}

TEST(CurlResponses, ABodyWithoutALengthGoesToTheEndOfTheConnection) {
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\n\r\nto the end").body, "to the end");
  EXPECT_EQ(answer("HTTP/1.0 200 OK\r\n\r\nas long ago").body, "as long ago");
}

TEST(CurlResponses, AFoldedHeaderIsJoinedByASpace) {
  const auto response = answer(ok("", "A: one\r\n \t two\r\nB: 1\r\n"));
  EXPECT_EQ(response.headers.get("A"), "one two");
  EXPECT_EQ(response.headers.get("B"), "1");
}

TEST(CurlResponses, ARedirectIsTheResultAndNobodyGoesThere) {
  Loopback elsewhere(answer_all(ok()));
  for (const int status : {301, 302, 303, 307, 308}) {
    const auto response =
        answer("HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + elsewhere.origin() +
               "/stolen\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.headers.get("Location"), elsewhere.origin() + "/stolen");
  }
  EXPECT_EQ(elsewhere.connections(), 0u);
}

TEST(CurlResponses, ARefreshOrACookieHasNoEffect) {
  Loopback server(answer_all(ok("{}", "Set-Cookie: a=1\r\nRefresh: 0; url=/x\r\n")));
  CurlBench bench;
  response_of(bench.carry(server.request()));
  response_of(bench.carry(server.request()));
  ASSERT_EQ(server.notes().size(), 2u);
  EXPECT_EQ(server.notes()[1].find("Cookie"), std::string::npos);
}

TEST(CurlResponses, ACompressedBodyStaysTheBytesItIs) {
  Compressor compressor;
  const auto bomb = compressor.compress(Compression::gzip, std::string(20 << 20, '\0'));
  ASSERT_LT(bomb.size(), 100'000u);
  const auto response = answer(ok(bomb, "Content-Encoding: gzip\r\n"));
  EXPECT_TRUE(response.body == bomb);
  EXPECT_EQ(response.headers.get("Content-Encoding"), "gzip");
}

TEST(CurlResponses, AnAnswerBeforeTheEndOfTheBodyCounts) {
  Loopback server([](Connection& connection) {
    connection.read_header();
    connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    connection.await_close();
  });
  CurlBench bench;
  const auto request = server.request("/", "POST", std::string(8 << 20, 'x'));
  EXPECT_EQ(response_of(bench.carry(request)).status, 413);
}

TEST(CurlResponses, ALargeBodyArrivesWhole) {
  std::string body;
  while (body.size() < (3 << 20)) body += std::to_string(body.size()) + ",";
  EXPECT_TRUE(answer(ok(body)).body == body);
}

TEST(CurlResponses, AnAnswerThatComesByteByByteIsTheSameAnswer) {
  Loopback server([](Connection& connection) {
    connection.read_request();
    for (const char byte : ok("{\"status\":1}", "Retry-After: 3\r\n")) {
      connection.send(std::string_view(&byte, 1));
    }
  });
  CurlBench bench;
  const auto response = response_of(bench.carry(server.request()));
  EXPECT_EQ(response.body, "{\"status\":1}");
  EXPECT_EQ(response.headers.get("Retry-After"), "3");
}

}  // namespace
}  // namespace lockstep::test
