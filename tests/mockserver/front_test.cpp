#include "mockserver/http_front.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "clock/system_clock.h"
#include "requests.h"
#include "socket_client.h"

namespace lockstep::mock {
namespace {

// Answers with what it is told, and keeps what it was asked.
class Echo final : public http::Handler {
 public:
  http::Reply handle(const http::Request& request, Now now) override {
    const std::scoped_lock lock(mutex_);
    requests.push_back(request);
    arrivals.push_back(now);
    if (request.url.path == "/throw") throw std::runtime_error("broken handler");
    http::Reply copy = reply;
    if (copy.response.body.empty()) copy.response.body = request.body;
    return copy;
  }

  http::Reply reply;
  std::vector<http::Request> requests;
  std::vector<Now> arrivals;

 private:
  std::mutex mutex_;
};

class FrontTest : public testing::Test {
 protected:
  void SetUp() override { front_.listen(); }

  Echo echo_;
  SystemClock clock_;
  HttpFront front_{echo_, clock_};
};

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post_text(const std::string& body, const std::string& fields = "") {
  return "POST /batch HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + fields + "\r\n" + body;
}

TEST_F(FrontTest, ARequestReachesTheHandlerAsItWasSent) {
  SocketClient client(front_.port());
  const std::string body("\x1f\x8b\x00\xff", 4);
  client.send(post_text(body, "Content-Encoding: gzip\r\nx-odd: 1\r\nX-Odd: 2\r\n"));
  EXPECT_EQ(client.read_response(), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + body);
  ASSERT_EQ(echo_.requests.size(), 1U);
  EXPECT_EQ(echo_.requests[0].body, body);
  EXPECT_EQ(echo_.requests[0].headers.get("Content-Encoding"), "gzip");
  EXPECT_EQ(echo_.requests[0].headers.all("X-Odd"), (std::vector<std::string_view>{"1", "2"}));
}

TEST_F(FrontTest, TheReplysHeadersLeaveAsTheyAreWithNoneAdded) {
  echo_.reply.response = {429, {{"Retry-After", "3"}, {"Date", "one"}, {"Date", "two"}}, "{}"};
  SocketClient client(front_.port());
  client.send(kGet);
  EXPECT_EQ(client.read_response(),
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nDate: one\r\nDate: two\r\n"
            "Content-Length: 2\r\n\r\n{}");
}

TEST_F(FrontTest, AConnectionServesManyRequestsAlsoPipelined) {
  SocketClient client(front_.port());
  for (int i = 0; i < 10; ++i) {
    client.send(post_text(std::to_string(i)));
    EXPECT_TRUE(client.read_response().ends_with("\r\n\r\n" + std::to_string(i)));
  }
  client.send(post_text("a") + post_text("b") + post_text("c"));
  for (const char* body : {"a", "b", "c"}) EXPECT_TRUE(client.read_response().ends_with(body));
  EXPECT_EQ(front_.connections(), 1U);
}

TEST_F(FrontTest, AClientThatWantsToCloseGetsIt) {
  SocketClient client(front_.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_to_end(),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_FALSE(client.was_reset());
}

TEST_F(FrontTest, HeadAndNoContentHaveNoBody) {
  echo_.reply.response.body = "four";
  SocketClient client(front_.port());
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_to_end(),
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n");
  echo_.reply.response.status = 204;
  SocketClient other(front_.port());
  other.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(other.read_to_end(), "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

TEST_F(FrontTest, ABadRequestIsRefusedAndTheFrontLivesOn) {
  SocketClient client(front_.port());
  client.send("nonsense\r\n\r\n");
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 400 Bad Request\r\n"));
  SocketClient next(front_.port());
  next.send(kGet);
  EXPECT_TRUE(next.read_response().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(echo_.requests.size(), 1U);
}

TEST_F(FrontTest, WhatItRefusesByItselfIsRefusedInJson) {
  const auto body_of = [](const std::string& response) {
    EXPECT_NE(response.find("\r\nContent-Type: application/json\r\n"), std::string::npos)
        << response;
    return Json::parse(response.substr(response.find("\r\n\r\n")));
  };
  SocketClient wrong(front_.port());
  wrong.send("GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_FALSE(body_of(wrong.read_response())["error"].get<std::string>().empty());
  SocketClient client(front_.port());
  client.send("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(body_of(client.read_response())["error"], "the handler failed: broken handler");
}

TEST_F(FrontTest, AHandlerThatThrowsIsA500) {
  SocketClient client(front_.port());
  client.send("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string response = client.read_response();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 500"));
  EXPECT_NE(response.find("broken handler"), std::string::npos);
}

TEST_F(FrontTest, ArrivalIsReadFromTheClock) {
  SocketClient client(front_.port());
  const Instant before = clock_.now();
  client.send(kGet);
  client.read_response();
  EXPECT_LE(before, echo_.arrivals.at(0).at);
  EXPECT_LE(echo_.arrivals.at(0).at, clock_.now());
}

TEST_F(FrontTest, ATakenPortIsAnError) {
  HttpFront second(echo_, clock_);
  EXPECT_THROW(second.listen("127.0.0.1", front_.port()), std::runtime_error);
  EXPECT_THROW(second.listen("no such host", 0), std::runtime_error);
  EXPECT_THROW(front_.listen(), std::logic_error);
  second.listen();
  EXPECT_NE(second.port(), front_.port());
}

TEST_F(FrontTest, StopsWithIdleHalfReadAndDelayedConnectionsOpen) {
  echo_.reply.delay = std::chrono::hours{1};
  SocketClient idle(front_.port());
  SocketClient half(front_.port());
  half.send("POST / HTTP/1.1\r\nContent-");
  SocketClient delayed(front_.port());
  delayed.send(kGet);
  SocketClient quick(front_.port());
  quick.send("POST / HTTP/1.1\r\n\r\n");
  quick.read_to_end(1);  // refused, so the others have been accepted
  front_.stop();
  EXPECT_EQ(delayed.read_to_end(), "");
  EXPECT_EQ(idle.read_to_end(), "");
  front_.stop();
}

TEST_F(FrontTest, ListensAgainAfterAStop) {
  front_.stop();
  front_.listen();
  SocketClient client(front_.port());
  client.send(kGet);
  EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 200"));
}

TEST(FrontLimits, TooLongBodiesAreRefusedEvenWhileTheClientStillSends) {
  Echo echo;
  SystemClock clock;
  FrontOptions options;
  options.max_body_bytes = 1000;
  HttpFront front(echo, clock, options);
  front.listen();
  SocketClient client(front.port());
  client.send(post_text(std::string(5'000'000, 'x')));
  EXPECT_TRUE(client.read_response().starts_with("HTTP/1.1 413"));
  EXPECT_TRUE(echo.requests.empty());
}

TEST(FrontLimits, AConnectionThatIsIdleMakesRoomForANewOne) {
  Echo echo;
  SystemClock clock;
  FrontOptions options;
  options.max_connections = 1;
  HttpFront front(echo, clock, options);
  front.listen();
  SocketClient first(front.port());
  first.send(kGet);
  first.read_response();
  SocketClient second(front.port());
  second.send(kGet);
  EXPECT_TRUE(second.read_response().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(first.read_to_end(), "");
  second.send(kGet);
  EXPECT_TRUE(second.read_response().starts_with("HTTP/1.1 200"));
}

// One has sent nothing, one half a request, and one does not go away after a refusal.
TEST(FrontLimits, ConnectionsThatStaySilentDoNotKeepOthersOut) {
  Echo echo;
  SystemClock clock;
  FrontOptions options;
  options.max_connections = 3;
  HttpFront front(echo, clock, options);
  front.listen();
  SocketClient silent(front.port());
  SocketClient halting(front.port());
  halting.send("GET / HTTP/1.1\r\nHos");
  SocketClient refused(front.port());
  refused.send("nonsense\r\n\r\n");
  EXPECT_TRUE(refused.read_response().starts_with("HTTP/1.1 400"));
  std::vector<std::unique_ptr<SocketClient>> others;
  for (int i = 0; i < 3; ++i) {
    others.push_back(std::make_unique<SocketClient>(front.port()));
    others.back()->send(kGet);
    EXPECT_TRUE(others.back()->read_response().starts_with("HTTP/1.1 200"));
  }
}

TEST(FrontLimits, ABusyServerServesTheRestLater) {
  Echo echo;
  SystemClock clock;
  FrontOptions options;
  options.max_connections = 1;
  HttpFront front(echo, clock, options);
  front.listen();
  std::vector<std::thread> clients;
  std::atomic<int> served{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      SocketClient client(front.port());
      client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      if (client.read_to_end().starts_with("HTTP/1.1 200")) ++served;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(served, 8);
}

// --- with a client that others wrote -------------------------------------------------------------

struct Curl {
  CURL* handle = curl_easy_init();
  std::string received;
  Curl() = default;
  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;
  ~Curl() { curl_easy_cleanup(handle); }

  CURLcode perform(const std::string& url) {
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &received);
    curl_easy_setopt(
        handle, CURLOPT_WRITEFUNCTION,
        +[](char* data, std::size_t, std::size_t size, std::string* out) {
          out->append(data, size);
          return size;
        });
    return curl_easy_perform(handle);
  }
};

TEST_F(FrontTest, CurlSendsABodyThatExpectsContinue) {
  const std::string body(3'000'000, 'b');
  Curl curl;
  curl_easy_setopt(curl.handle, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(curl.handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  ASSERT_EQ(curl.perform(front_.origin() + "/batch"), CURLE_OK);
  EXPECT_TRUE(curl.received == body);
  EXPECT_TRUE(echo_.requests.at(0).headers.has("Expect"));
}

TEST_F(FrontTest, CurlSendsAChunkedBodyAndReusesTheConnection) {
  Curl curl;
  curl_slist* headers = curl_slist_append(nullptr, "Transfer-Encoding: chunked");
  headers = curl_slist_append(headers, "Expect:");
  std::size_t left = 200'000;
  curl_easy_setopt(curl.handle, CURLOPT_POST, 1L);
  curl_easy_setopt(curl.handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl.handle, CURLOPT_READDATA, &left);
  curl_easy_setopt(
      curl.handle, CURLOPT_READFUNCTION,
      +[](char* data, std::size_t size, std::size_t count, std::size_t* rest) {
        const std::size_t part = std::min(size * count, *rest);
        std::fill_n(data, part, 'c');
        *rest -= part;
        return part;
      });
  ASSERT_EQ(curl.perform(front_.origin() + "/batch"), CURLE_OK);
  EXPECT_EQ(curl.received, std::string(200'000, 'c'));
  left = 5;
  ASSERT_EQ(curl.perform(front_.origin() + "/batch"), CURLE_OK);
  EXPECT_EQ(front_.connections(), 1U);
  curl_slist_free_all(headers);
}

TEST(FrontWithServer, TheMockIsServedAsItIs) {
  Server server;
  SystemClock clock;
  HttpFront front(server, clock);
  front.listen();
  const http::Request request = v1(batch_of(2));
  Curl curl;
  curl_slist* headers = curl_slist_append(nullptr, "X-Test-Id: t-1");
  headers = curl_slist_append(headers, ("PostHog-Request-Id: " + uuid_of(5)).c_str());
  curl_easy_setopt(curl.handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl.handle, CURLOPT_POSTFIELDS, request.body.c_str());
  ASSERT_EQ(curl.perform(front.origin() + "/i/v1/analytics/events"), CURLE_OK);
  EXPECT_EQ(Json::parse(curl.received)["results"].size(), 2U);
  EXPECT_EQ(server.stored("t-1").size(), 2U);
  EXPECT_EQ(server.journal("t-1").at(0).headers.get("posthog-request-id"), uuid_of(5));
  curl_slist_free_all(headers);
}

}  // namespace
}  // namespace lockstep::mock
