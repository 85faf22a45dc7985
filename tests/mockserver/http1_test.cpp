#include "mockserver/http1.h"

#include <gtest/gtest.h>

namespace lockstep::mock {
namespace {

using State = RequestReader::State;

constexpr ReadLimits kLimits{1000, 100};

std::string simple(const std::string& fields, const std::string& body = "") {
  return "POST /batch?x=1 HTTP/1.1\r\nHost: a.test:8080\r\n" + fields + "\r\n" + body;
}

TEST(RequestReader, ReadsARequest) {
  RequestReader reader(kLimits);
  ASSERT_EQ(reader.feed(simple("X-a:  b c\t\r\nx-A: d\r\nContent-Length: 4\r\n", "a\r\nb")),
            State::done);
  EXPECT_TRUE(reader.keep_alive());
  const http::Request request = reader.take();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url.to_string(), "http://a.test:8080/batch?x=1");
  EXPECT_EQ(request.headers,
            (http::Headers{
                {"Host", "a.test:8080"}, {"X-a", "b c"}, {"x-A", "d"}, {"Content-Length", "4"}}));
  EXPECT_EQ(request.body, "a\r\nb");
  EXPECT_EQ(reader.state(), State::head);
  EXPECT_FALSE(reader.has_begun());
}

TEST(RequestReader, ByteAtATimeEqualsOnePiece) {
  const std::string requests[] = {
      simple("Content-Length: 10\r\n", "0123456789"), simple(""),
      simple("Transfer-Encoding: chunked\r\n",
             "4;x=y\r\nabcd\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"),
      simple("Content-Length: ten\r\n"), "\r\n\r\n" + simple("Content-Length: 1\r\n", "x")};
  for (const std::string& text : requests) {
    RequestReader whole(kLimits);
    RequestReader bytes(kLimits);
    whole.feed(text);
    for (const char byte : text) bytes.feed({&byte, 1});
    ASSERT_EQ(whole.state(), bytes.state()) << text;
    EXPECT_EQ(whole.refusal(), bytes.refusal()) << text;
    if (whole.state() == State::done) {
      const http::Request request = whole.take();
      EXPECT_EQ(request, bytes.take()) << text;
    }
  }
}

TEST(RequestReader, ChunksAreJoined) {
  RequestReader reader(kLimits);
  reader.feed(simple("Transfer-Encoding: Chunked\r\n",
                     "4\r\nabcd\r\n00a;q\r\n0123456789\r\n0\r\nT: t\r\n\r\n"));
  ASSERT_EQ(reader.state(), State::done);
  EXPECT_EQ(reader.take().body, "abcd0123456789");
}

TEST(RequestReader, PipelinedRequestsFollowEachOther) {
  RequestReader reader(kLimits);
  const std::string chunked = simple("Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\n\r\n");
  const std::string fixed = simple("Content-Length: 2\r\n", "bc");
  ASSERT_EQ(reader.feed(chunked + fixed + simple("") + "POST"), State::done);
  EXPECT_EQ(reader.take().body, "a");
  ASSERT_EQ(reader.state(), State::done);
  EXPECT_EQ(reader.take().body, "bc");
  ASSERT_EQ(reader.state(), State::done);
  EXPECT_EQ(reader.take().body, "");
  EXPECT_EQ(reader.state(), State::head);
  EXPECT_TRUE(reader.has_begun());
}

TEST(RequestReader, TheConnectionIsKeptUnlessSomebodyObjects) {
  const auto kept = [](const std::string& text) {
    RequestReader reader(kLimits);
    reader.feed(text);
    return reader.state() == State::done && reader.keep_alive();
  };
  EXPECT_TRUE(kept(simple("")));
  EXPECT_TRUE(kept(simple("Connection: keep-alive\r\n")));
  EXPECT_FALSE(kept(simple("Connection: TE, Close\r\n")));
  EXPECT_FALSE(kept("GET / HTTP/1.0\r\n\r\n"));
}

TEST(RequestReader, AClientMayWaitBeforeItsBody) {
  RequestReader reader(kLimits);
  EXPECT_EQ(reader.feed(simple("Content-Length: 1\r\nExpect: 100-Continue\r\n")), State::body);
  EXPECT_TRUE(reader.expects_continue());
  EXPECT_EQ(reader.feed("x"), State::done);
}

TEST(RequestReader, AnAbsoluteTargetIsTakenAsItIs) {
  RequestReader reader(kLimits);
  reader.feed("GET http://other.test/x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(reader.take().url.to_string(), "http://other.test/x");
}

TEST(RequestReader, WhatIsWrongIsRefused) {
  const std::pair<std::string, int> cases[] = {
      {"GET\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"GET / HTTP/2\r\n\r\n", 400},
      {"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"GET /#f HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {simple("no colon\r\n"), 400},
      {simple("Space : x\r\n"), 400},
      {simple(" folded\r\n"), 400},
      {simple("A: b\x01\r\n"), 400},
      {simple("Content-Length: -1\r\n"), 400},
      {simple("Content-Length: \r\n"), 400},
      {simple("Content-Length: 99999999999999999999999\r\n"), 400},
      {simple("Content-Length: 1\r\nContent-Length: 2\r\n"), 400},
      {simple("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400},
      {simple("Transfer-Encoding: gzip, chunked\r\n"), 501},
      {simple("Content-Length: 101\r\n"), 413},
      {simple("Transfer-Encoding: chunked\r\n", "65\r\n"), 413},
      {simple("Transfer-Encoding: chunked\r\n", "60\r\n" + std::string(96, 'x') + "\r\n5\r\n"),
       413},
      {simple("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n"), 413},
      {simple("Transfer-Encoding: chunked\r\n", "x\r\n"), 400},
      {simple("Transfer-Encoding: chunked\r\n", "1\r\nabc"), 400},
      {simple("Transfer-Encoding: chunked\r\n", std::string(2000, '0')), 400},
      {"GET / HTTP/1.1\r\nA: " + std::string(2000, 'x'), 431},
      {simple("Transfer-Encoding: chunked\r\n",
              "0\r\n" + std::string(600, 'x') + "\r\n" + std::string(600, 'x') + "\r\n"),
       431},
  };
  for (const auto& [text, status] : cases) {
    RequestReader reader(kLimits);
    EXPECT_EQ(reader.feed(text), State::refused) << text;
    EXPECT_EQ(reader.refusal(), status) << text;
    EXPECT_FALSE(reader.problem().empty()) << text;
  }
}

TEST(RequestReader, ABodyOfExactlyTheLimitPasses) {
  RequestReader reader(kLimits);
  EXPECT_EQ(reader.feed(simple("Content-Length: 100\r\n", std::string(100, 'x'))), State::done);
  RequestReader chunked(kLimits);
  EXPECT_EQ(chunked.feed(simple("Transfer-Encoding: chunked\r\n",
                                "64\r\n" + std::string(100, 'x') + "\r\n0\r\n\r\n")),
            State::done);
}

TEST(ResponseHead, HasTheHeadersAndItsOwnFraming) {
  const http::Response response{
      503, {{"Retry-After", "1"}, {"content-length", "999"}, {"Connection", "x"}}, "abc"};
  ResponseFraming framing;
  framing.content_length = 3;
  EXPECT_EQ(response_head(response, framing),
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 3\r\n\r\n");
  framing = {};
  framing.chunked = true;
  framing.close = true;
  EXPECT_EQ(response_head({200, {}, ""}, framing),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
}

TEST(ResponseHead, LeavesOutWhatWouldBreakIt) {
  const http::Response response{200, {{"A", "x\r\nB: y"}, {"C D", "z"}, {"E", "f"}}, ""};
  EXPECT_EQ(response_head(response, {}), "HTTP/1.1 200 OK\r\nE: f\r\n\r\n");
}

}  // namespace
}  // namespace lockstep::mock
