#include "sdk/host/requester.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "sdk/host/sim_host.h"
#include "sdk/host/thread_host.h"

namespace lockstep {
namespace {

using namespace std::chrono_literals;

// Answers each request with its own path, after as long as the path says in milliseconds.
class Echo final : public http::Handler {
 public:
  http::Reply handle(const http::Request& request, Now) override {
    http::Reply reply;
    reply.response.body = request.url.path;
    reply.delay = std::chrono::milliseconds{std::stol(request.url.path.substr(1))};
    ++requests;
    return reply;
  }
  int requests = 0;
};

http::Request get(const std::string& path) {
  http::Request request;
  request.url = *http::Url::parse("http://flags.test" + path);
  return request;
}

std::string body(const http::Result& result) { return std::get<http::Response>(result).body; }

http::TransportErrorKind problem(const http::Result& result) {
  return std::get<http::TransportError>(result).kind;
}

TEST(Requester, AnswersAreInTheOrderOfTheRequests) {
  Echo echo;
  auto host = std::make_shared<SimHost>(echo);
  Requester requester({}, host);
  const auto results = requester.send({get("/300"), get("/100"), get("/200")});
  EXPECT_EQ(body(results[0]), "/300");
  EXPECT_EQ(body(results[1]), "/100");
  EXPECT_EQ(body(results[2]), "/200");
  EXPECT_EQ(host->clock().now(), Instant{302ms});  // all at once, not one after the other
}

TEST(Requester, NoAnswerInTimeIsATimeout) {
  Echo echo;
  auto host = std::make_shared<SimHost>(echo);
  Requester requester({.timeout = 2s}, host);
  EXPECT_EQ(problem(requester.send({get("/60000")})[0]), http::TransportErrorKind::timeout);
  EXPECT_EQ(host->clock().now(), Instant{2s});
}

TEST(Requester, AStartedRequestIsHeardOf) {
  Echo echo;
  auto host = std::make_shared<SimHost>(echo);
  Requester requester({}, host);
  std::string heard;
  requester.start(get("/5"), [&](http::Result result) { heard = body(result); });
  EXPECT_EQ(heard, "");
  host->run_for(1s);
  EXPECT_EQ(heard, "/5");
}

TEST(Requester, ATaskRunsOnceAtItsInstant) {
  Echo echo;
  auto host = std::make_shared<SimHost>(echo);
  Requester requester({}, host);
  std::vector<Instant> ran;
  requester.run_at(Instant{30s}, [&] { ran.push_back(host->clock().now()); });
  host->run_for(1h);
  EXPECT_EQ(ran, std::vector{Instant{30s}});
}

TEST(Requester, AWaitInsideACallbackEndsAtOnce) {
  Echo echo;
  auto host = std::make_shared<SimHost>(echo);
  Requester requester({}, host);
  std::vector<http::Result> inner;
  requester.run_at(Instant{1s}, [&] { inner = requester.send({get("/1")}); });
  host->run_for(2s);
  ASSERT_EQ(inner.size(), 1u);
  EXPECT_EQ(problem(inner[0]), http::TransportErrorKind::cancelled);
}

TEST(Requester, ClosingCancelsAndRefuses) {
  Echo echo;
  auto host = std::make_shared<SimHost>(echo);
  Requester requester({}, host);
  bool heard = false;
  requester.start(get("/1000"), [&](http::Result) { heard = true; });
  host->run_for(10ms);
  requester.close();
  host->run_for(1h);
  EXPECT_FALSE(heard);
  EXPECT_EQ(problem(requester.send({get("/1")})[0]), http::TransportErrorKind::cancelled);
  EXPECT_EQ(echo.requests, 1);
}

TEST(Requester, OneThatIsDestroyedLeavesNothingBehind) {
  Echo echo;
  auto host = std::make_shared<SimHost>(echo);
  {
    Requester requester({}, host);
    requester.run_at(Instant{1s}, [] { ADD_FAILURE() << "a task of a requester that is gone"; });
    requester.start(get("/1000"), [](http::Result) { ADD_FAILURE() << "an answer to nobody"; });
  }
  EXPECT_TRUE(host->run_until_idle(1h));
}

TEST(Requester, OneMayBeDestroyedInItsOwnCallback) {
  Echo echo;
  auto host = std::make_shared<SimHost>(echo);
  auto requester = std::make_unique<Requester>(RequesterOptions{}, host);
  requester->start(get("/1"), [](http::Result) { ADD_FAILURE() << "heard after the end"; });
  requester->run_at(Instant{1ms}, [&] { requester.reset(); });
  EXPECT_TRUE(host->run_until_idle(1h));
  EXPECT_EQ(requester, nullptr);
}

TEST(Requester, WorksUnderTheThreadHost) {
  Echo echo;
  auto clock = std::make_shared<VirtualClock>();
  // First: a host's thread that finds itself alone on the clock would wait for ever.
  Participant here(*clock);
  auto host = std::make_shared<ThreadHost>(clock, std::make_shared<const Chance>(1),
                                           std::make_unique<SimTransport>(*clock, echo));
  Requester requester({}, host);
  EXPECT_EQ(body(requester.send({get("/50")})[0]), "/50");
  EXPECT_EQ(clock->now(), Instant{52ms});
}

}  // namespace
}  // namespace lockstep
