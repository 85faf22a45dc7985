// Faults on a real socket: what the client sees of each.

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "clock/virtual_clock.h"
#include "mockserver/http_front.h"
#include "requests.h"
#include "socket_client.h"

namespace lockstep::mock {
namespace {

// The clock is virtual: delays pass as soon as everybody waits, and nothing here takes real time.
class FrontFaults : public testing::Test {
 protected:
  void SetUp() override {
    clock_.on_deadlock([](const std::string&) {});
    front_.listen();
  }

  void answer_with(http::Fault fault, std::uint64_t fault_bytes = 0,
                   std::string body = "0123456789") {
    Step step;
    step.body = std::move(body);
    step.headers = {{"Content-Type", "text/plain"}};
    step.fault = fault;
    step.fault_bytes = fault_bytes;
    server_.enqueue({step});
  }

  std::string ask() {
    client_.send(request_);
    return client_.read_to_end();
  }

  CURLcode curl() const {
    CURL* handle = curl_easy_init();
    curl_easy_setopt(handle, CURLOPT_URL, (front_.origin() + "/e/").c_str());
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(
        handle, CURLOPT_WRITEFUNCTION,
        +[](char*, std::size_t, std::size_t size, void*) { return size; });
    curl_easy_setopt(handle, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(1'000'000));
    const CURLcode code = curl_easy_perform(handle);
    curl_easy_cleanup(handle);
    return code;
  }

  const std::string request_ = "POST /e/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
  Server server_;
  VirtualClock clock_;
  HttpFront front_{server_, clock_};
  // Connects when the first test asks, which is after SetUp.
  struct LazyClient {
    FrontFaults& test;
    std::unique_ptr<SocketClient> socket;
    SocketClient& get() {
      if (!socket) socket = std::make_unique<SocketClient>(test.front_.port());
      return *socket;
    }
    void send(std::string_view bytes) { get().send(bytes); }
    std::string read_to_end(std::size_t limit = 64 * 1024 * 1024) {
      return get().read_to_end(limit);
    }
    std::string read_response() { return get().read_response(); }
    bool was_reset() { return get().was_reset(); }
  } client_{*this, nullptr};
};

TEST_F(FrontFaults, ResetsAreResets) {
  for (const http::Fault fault : {http::Fault::reset_before, http::Fault::reset_after,
                                  http::Fault::refuse_connection, http::Fault::fail_resolution}) {
    answer_with(fault);
    client_.socket.reset();
    EXPECT_EQ(ask(), "") << fault_name(fault);
    EXPECT_TRUE(client_.was_reset()) << fault_name(fault);
  }
  answer_with(http::Fault::reset_after);
  EXPECT_EQ(curl(), CURLE_RECV_ERROR);
}

TEST_F(FrontFaults, ATruncatedBodyEndsBeforeItsLength) {
  answer_with(http::Fault::truncate_body, 4);
  EXPECT_EQ(ask(), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\n0123");
  EXPECT_FALSE(client_.was_reset());
  answer_with(http::Fault::truncate_body, 4);
  EXPECT_EQ(curl(), CURLE_PARTIAL_FILE);
}

TEST_F(FrontFaults, ATruncationBeyondTheBodySendsItWholeAndCloses) {
  answer_with(http::Fault::truncate_body, 100);
  EXPECT_EQ(ask(),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\n0123456789");
}

TEST_F(FrontFaults, WhatHasNoBodyCannotSufferInIt) {
  for (const http::Fault fault :
       {http::Fault::truncate_body, http::Fault::slow_body, http::Fault::endless_body}) {
    Step step;
    step.status = 204;
    step.fault = fault;
    step.fault_bytes = 1;
    server_.enqueue({step});
    client_.send(request_);
    EXPECT_EQ(client_.read_response(), "HTTP/1.1 204 No Content\r\n\r\n") << fault_name(fault);
  }
}

TEST_F(FrontFaults, ConnectFaultsDoNotWaitForTheServersDelay) {
  Step step;
  step.fault = http::Fault::refuse_connection;
  step.delay = std::chrono::hours{1};
  server_.enqueue({step});
  EXPECT_EQ(ask(), "");
  EXPECT_TRUE(client_.was_reset());
  EXPECT_EQ(clock_.now(), Instant{});
}

TEST_F(FrontFaults, GarbageIsNotHttp) {
  answer_with(http::Fault::garbage);
  const std::string bytes = ask();
  EXPECT_FALSE(bytes.empty());
  EXPECT_FALSE(bytes.starts_with("HTTP"));
  answer_with(http::Fault::garbage);
  EXPECT_NE(curl(), CURLE_OK);
}

TEST_F(FrontFaults, SilenceLastsUntilTheFrontStops) {
  for (const http::Fault fault : {http::Fault::no_answer, http::Fault::hang_connection}) {
    answer_with(fault);
    SocketClient silent(front_.port());
    silent.send(request_);
    // Answered after the silent one was read, on another connection.
    while (server_.partitions().at(0).queued_responses != 0) std::this_thread::yield();
    EXPECT_TRUE((client_.send(request_), client_.read_response()).starts_with("HTTP/1.1 200"));
    front_.stop();
    EXPECT_EQ(silent.read_to_end(), "");
    client_.socket.reset();
    front_.listen();
  }
}

TEST_F(FrontFaults, ASlowBodyArrivesWholeAndTakesItsTime) {
  answer_with(http::Fault::slow_body, 100, std::string(1000, 's'));
  const Instant start = clock_.now();
  client_.send(request_);
  EXPECT_TRUE(client_.read_response().ends_with("\r\n\r\n" + std::string(1000, 's')));
  EXPECT_EQ(clock_.now() - start, std::chrono::seconds{10});
  client_.send(request_);
  EXPECT_TRUE(client_.read_response().starts_with("HTTP/1.1 200"));
}

TEST_F(FrontFaults, ADelayPassesOnTheClock) {
  Step step;
  step.delay = std::chrono::minutes{5};
  server_.enqueue({step});
  client_.send(request_);
  EXPECT_TRUE(client_.read_response().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(clock_.now().time_since_epoch(), std::chrono::minutes{5});
}

TEST_F(FrontFaults, AnEndlessBodyIsAsLongAsItSays) {
  answer_with(http::Fault::endless_body, 300'000);
  const std::string response = ask();
  EXPECT_NE(response.find("Transfer-Encoding: chunked"), std::string::npos);
  EXPECT_NE(response.find("a\r\n0123456789\r\n"), std::string::npos);
  EXPECT_TRUE(response.ends_with("\r\n0\r\n\r\n"));
  EXPECT_GT(response.size(), 300'000U);
  EXPECT_LT(response.size(), 301'000U);
}

TEST_F(FrontFaults, AnEndlessBodyStopsWhenTheClientDoes) {
  answer_with(http::Fault::endless_body, 1ULL << 60);
  client_.send(request_);
  EXPECT_GE(client_.read_to_end(5'000'000).size(), 5'000'000U);
  client_.socket.reset();
  SocketClient other(front_.port());
  other.send(request_);
  EXPECT_TRUE(other.read_response().starts_with("HTTP/1.1 200"));
}

TEST_F(FrontFaults, StopEndsEndlessBodiesThatNobodyReads) {
  answer_with(http::Fault::endless_body, 1ULL << 60);
  client_.send(request_);
  client_.read_to_end(1);
  front_.stop();
}

TEST(FrontDelay, AClientThatHangsUpFreesItsConnection) {
  Server server;
  Step step;
  step.delay = std::chrono::hours{1};
  server.enqueue({step});
  // A participant that does not wait keeps time from passing.
  VirtualClock clock;
  const Participant keeps_time_still(clock);
  FrontOptions options;
  options.max_connections = 1;
  HttpFront front(server, clock, options);
  front.listen();
  {
    SocketClient impatient(front.port());
    impatient.send("POST /e/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
    while (server.request_count() == 0) std::this_thread::yield();
  }
  SocketClient next(front.port());
  next.send("POST /e/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_TRUE(next.read_response().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(clock.now(), Instant{});
}

}  // namespace
}  // namespace lockstep::mock
