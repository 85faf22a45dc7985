// What goes out on the wire, and what may not.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "loopback.h"

namespace lockstep::test {
namespace {

using Kind = http::TransportErrorKind;

// What the server reads of a request.
std::string wire_text(http::Request (*make)(const Loopback&)) {
  Loopback server(answer_all(ok()));
  CurlBench bench;
  EXPECT_EQ(response_of(bench.carry(make(server))).status, 200);
  const auto notes = server.notes();
  EXPECT_EQ(notes.size(), 1u);
  return notes.empty() ? "" : notes.front();
}

bool has_line(std::string_view text, std::string_view line) {
  return text.find("\r\n" + std::string(line) + "\r\n") != std::string_view::npos;
}

bool has_field(std::string_view text, std::string_view name) {
  return text.find("\r\n" + std::string(name) + ":") != std::string_view::npos;
}

TEST(CurlRequests, APostGoesOutWithItsTargetItsHeadersAndItsBody) {
  const auto text = wire_text([](const Loopback& server) {
    auto request = server.request("/batch/?b=2&a=%201");
    request.headers = {{"Content-Type", "application/json"},
                       {"X-Twice", "1"},
                       {"X-Twice", " 2 "},
                       {"X-Empty", ""}};
    request.body = std::string("{\"a\":\0}", 7);
    return request;
  });
  EXPECT_TRUE(text.starts_with("POST /batch/?b=2&a=%201 HTTP/1.1\r\nHost: 127.0.0.1:")) << text;
  EXPECT_TRUE(has_line(text, "Content-Type: application/json")) << text;
  EXPECT_NE(text.find("\r\nX-Twice: 1\r\nX-Twice: 2\r\n"), std::string::npos) << text;
  EXPECT_TRUE(has_line(text, "X-Empty:")) << text;
  EXPECT_TRUE(has_line(text, "Content-Length: 7")) << text;
  EXPECT_TRUE(text.ends_with(std::string("\r\n\r\n{\"a\":\0}", 11))) << text;
}

TEST(CurlRequests, NothingIsAddedThatChangesWhatIsSentOrAskedFor) {
  const auto text = wire_text([](const Loopback& server) {
    return server.request("/", "POST", std::string(3 << 20, 'x'));
  });
  for (const auto* name : {"Expect", "Accept-Encoding", "Content-Type", "Transfer-Encoding",
                           "Connection", "Upgrade", "Cookie", "Authorization"}) {
    EXPECT_FALSE(has_field(text, name)) << name;
  }
  EXPECT_EQ(text.size() - text.find("\r\n\r\n"), 4u + (3 << 20));
}

TEST(CurlRequests, FramingIsTheTransportsOwn) {
  const auto text = wire_text([](const Loopback& server) {
    auto request = server.request();
    request.headers = {{"content-length", "999"},
                       {"Transfer-Encoding", "chunked"},
                       {"EXPECT", "100-continue"},
                       {"Accept-Encoding", "gzip"}};
    return request;
  });
  EXPECT_TRUE(has_line(text, "Content-Length: 2")) << text;
  for (const auto* name : {"content-length", "Transfer-Encoding", "EXPECT", "Accept-Encoding"}) {
    EXPECT_FALSE(has_field(text, name)) << text;
  }
}

TEST(CurlRequests, EveryMethodGoesOutAsItIsWithTheBodyItHas) {
  struct Case {
    const char* method;
    const char* body;
    bool has_length;
  };
  for (const auto& [method, body, has_length] :
       {Case{"GET", "", false}, Case{"GET", "{}", true}, Case{"POST", "", true},
        Case{"PUT", "{}", true}, Case{"PUT", "", true}, Case{"PATCH", "", true},
        Case{"DELETE", "", false}, Case{"DELETE", "{}", true}, Case{"OPTIONS", "", false}}) {
    Loopback server(answer_all(ok("answer")));
    CurlBench bench;
    EXPECT_EQ(response_of(bench.carry(server.request("/", method, body))).body, "answer") << method;
    ASSERT_EQ(server.notes().size(), 1u);
    const auto text = server.notes()[0];
    EXPECT_TRUE(text.starts_with(std::string(method) + " / HTTP/1.1\r\n")) << text;
    EXPECT_EQ(has_field(text, "Content-Length"), has_length) << text;
    EXPECT_TRUE(text.ends_with(std::string("\r\n\r\n") + body)) << text;
  }
}

TEST(CurlRequests, AHeadDoesNotWaitForABody) {
  Loopback server(answer_all("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
  CurlBench bench;
  const auto response = response_of(bench.carry(server.request("/", "HEAD", "")));
  EXPECT_EQ(response.headers.get("Content-Length"), "5");
  EXPECT_EQ(response.body, "");
}

TEST(CurlRequests, AHandleThatIsUsedAgainRemembersNothing) {
  Loopback server(answer_all(ok()));
  CurlBench bench;
  auto first = server.request("/first", "PUT", "long body");
  first.headers.add("X-First", "1");
  TransferLimits narrow;
  narrow.max_body_bytes = 1;
  EXPECT_EQ(error_of(bench.carry(first, narrow)), Kind::response_too_large);
  EXPECT_EQ(response_of(bench.carry(server.request("/second", "POST", "short"))).body, "{}");
  EXPECT_EQ(response_of(bench.carry(server.request("/third", "GET", ""))).body, "{}");
  const auto notes = server.notes();
  ASSERT_EQ(notes.size(), 3u);
  EXPECT_TRUE(notes[1].starts_with("POST /second ")) << notes[1];
  EXPECT_TRUE(notes[1].ends_with("\r\n\r\nshort")) << notes[1];
  EXPECT_FALSE(has_field(notes[1], "X-First")) << notes[1];
  EXPECT_TRUE(notes[2].starts_with("GET /third ")) << notes[2];
  EXPECT_TRUE(notes[2].ends_with("\r\n\r\n")) << notes[2];
}

TEST(CurlRequests, DotsInThePathStay) {
  const auto text = wire_text([](const Loopback& server) { return server.request("/a/../b/./c"); });
  EXPECT_TRUE(text.starts_with("POST /a/../b/./c HTTP/1.1\r\n")) << text;
}

TEST(CurlRequests, ARequestThatWouldInjectAHeaderIsRefusedAndNobodyConnects) {
  Loopback server(answer_all(ok()));
  CurlBench bench;
  std::vector<http::Request> requests(10, server.request());
  requests[0].headers.add("X", "1\r\nInjected: 1");
  requests[1].headers.add("X", "1\nInjected: 1");
  requests[2].headers.add("X", "1\rInjected: 1");
  requests[3].headers.add("X", std::string("1\0", 2));
  requests[4].headers.add("X\r\nInjected", "1");
  requests[5].headers.add("", "1");
  requests[6].headers.add("X: 1", "1");
  requests[7].url.query = "a=1 HTTP/1.1\r\nInjected: 1";
  requests[8].url.host = "127.0.0.1\r\nInjected: 1";
  requests[9].method = "GET / HTTP/1.1\r\nInjected: 1\r\n\r\nGET";
  for (const auto& request : requests) EXPECT_EQ(error_of(bench.carry(request)), Kind::malformed);
  EXPECT_EQ(server.connections(), 0u);
}

TEST(CurlRequests, OnlyHttpIsSpoken) {
  CurlBench bench;
  http::Request request;
  request.url = {"file", "localhost", 80, "/etc/hostname", ""};
  EXPECT_EQ(error_of(bench.carry(request)), Kind::malformed);
}

TEST(CurlRequests, AProxyGetsTheAbsoluteUrl) {
  Loopback proxy(answer_all(ok("from the proxy")));
  CurlOptions options;
  options.proxy = proxy.origin();
  CurlBench bench(options);
  auto request = proxy.request("/batch/");
  request.url.host = "ingest.invalid";
  request.url.port = 80;
  EXPECT_EQ(response_of(bench.carry(request)).body, "from the proxy");
  ASSERT_EQ(proxy.notes().size(), 1u);
  EXPECT_TRUE(proxy.notes()[0].starts_with("POST http://ingest.invalid/batch/ HTTP/1.1\r\n"));
}

TEST(CurlRequests, HostsOnTheNoProxyListAreReachedDirectly) {
  Loopback server(answer_all(ok("direct")));
  CurlOptions options;
  options.proxy = "http://127.0.0.1:" + std::to_string(unused_port());
  options.no_proxy = "127.0.0.1";
  CurlBench bench(options);
  EXPECT_EQ(response_of(bench.carry(server.request())).body, "direct");
}

}  // namespace
}  // namespace lockstep::test
