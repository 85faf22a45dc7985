// The adapter on virtual clocks, one for each test id, over real sockets to the mock server.
// Asserted are virtual times; nothing waits for real time to pass.
#include <gtest/gtest.h>

#include <future>

#include "clock/system_clock.h"
#include "mockserver/http_front.h"
#include "tests/adapter/bench.h"

namespace lockstep::adapter {
namespace {

constexpr WallTime kStart{std::chrono::seconds{1'800'000'000}};

class VirtualAdapter : public testing::Test {
 protected:
  VirtualAdapter() : front_(server_, real_) {
    front_.listen();
    AdapterOptions options;
    options.clock = std::make_shared<SystemClock>();
    options.virtual_host = [] { return SteppedHost::create(kStart); };
    adapter_ = std::make_unique<Adapter>(std::move(options));
  }

  Answer ask(std::string_view method, const std::string& target, const Json& body = nullptr) {
    return call(*adapter_, real_.read(), method, target, body);
  }
  void init(const std::string& query, Json more = Json::object()) {
    more.update({{"api_key", "phc_k"}, {"host", front_.origin()}, {"retry_jitter_percent", 0}});
    ASSERT_EQ(ask("POST", "/init" + query, more).status, 200);
  }
  Json clock(const std::string& query, const Json& step) {
    const Answer answer = ask("POST", "/clock" + query, step);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body;
  }

  SystemClock real_;
  mock::Server server_;
  mock::HttpFront front_;
  std::unique_ptr<Adapter> adapter_;
};

TEST_F(VirtualAdapter, SaysWhichClockItHas) {
  EXPECT_EQ(ask("GET", "/health").body["clock"], "virtual");
  Bench bench;
  EXPECT_EQ(bench.get("/health").body["clock"], "system");
  EXPECT_EQ(bench.get("/clock").status, 404);
  EXPECT_EQ(bench.post("/clock").status, 404);
}

TEST_F(VirtualAdapter, EachTestIdHasATimeOfItsOwn) {
  init("?test_id=a", {{"flush_interval_ms", 700}});
  init("?test_id=b");
  ask("POST", "/capture?test_id=a", {{"distinct_id", "u"}, {"event", "e"}});
  Json state = clock("?test_id=a", {{"advance_to_ms", 5000}, {"calls", 2}});
  EXPECT_EQ(state["now_ms"], 700);
  EXPECT_EQ(state["quiet"], true);
  EXPECT_EQ(state["calls"], 2);
  EXPECT_EQ(state["next_ms"], nullptr);
  EXPECT_EQ(state["in_flight"], 0);
  EXPECT_EQ(state["wall_ms"], 1'800'000'000'700);
  EXPECT_EQ(server_.request_count("a"), 1u);
  EXPECT_EQ(ask("GET", "/clock?test_id=b").body["now_ms"], 0);
  EXPECT_EQ(ask("GET", "/clock?test_id=b").body["calls"], 1);
}

TEST_F(VirtualAdapter, AFlushWaitsForTheClock) {
  server_.enqueue({{.status = 503, .headers = {{"Retry-After", "3"}}}});
  init("");
  ask("POST", "/capture", {{"distinct_id", "u"}, {"event", "e"}});
  auto flush = std::async(std::launch::async, [&] { return ask("POST", "/flush"); });
  Json state = clock("", {{"calls", 3}});
  EXPECT_EQ(state["waiting"], 1);
  EXPECT_EQ(state["next_ms"], 3000);
  state = clock("", {{"calls", 3}, {"advance_to_ms", 3000}});
  EXPECT_EQ(state["now_ms"], 3000);
  EXPECT_EQ(state["waiting"], 0);
  EXPECT_EQ(flush.get().body["events_flushed"], 1);
}

TEST_F(VirtualAdapter, TheClockGoesOnThroughResetAndInitAndEndsWhenForgotten) {
  init("?test_id=a");
  clock("?test_id=a", {{"advance_to_ms", 400}});
  ask("POST", "/reset?test_id=a");
  init("?test_id=a");
  EXPECT_EQ(ask("GET", "/clock?test_id=a").body["now_ms"], 400);
  ask("POST", "/capture?test_id=a", {{"distinct_id", "u"}, {"event", "e"}});
  EXPECT_EQ(ask("DELETE", "/clock?test_id=a").status, 200);
  EXPECT_EQ(ask("GET", "/clock?test_id=a").body["now_ms"], 0);
  EXPECT_EQ(ask("GET", "/state?test_id=a").body["initialised"], false);
  EXPECT_EQ(server_.request_count(), 0u) << "what was pending is dropped";
}

TEST_F(VirtualAdapter, TheWallIsWhatItIsToldToBe) {
  init("", {{"flush_at", 1}});
  clock("", {{"wall_ms", 1'000}});
  ask("POST", "/capture", {{"distinct_id", "u"}, {"event", "e"}});
  clock("", {{"calls", 2}});
  ASSERT_EQ(server_.request_count(), 1u);
  EXPECT_NE(server_.journal()[0].body.find("1970-01-01T00:00:01"), std::string::npos)
      << server_.journal()[0].body;
}

TEST_F(VirtualAdapter, RefusesAWrongStepAndMovesNothing) {
  init("");
  for (const Json& wrong :
       {Json{{"advance_to_ms", -1}}, Json{{"advance_to_ms", "5"}}, Json{{"advance_ms", 5}},
        Json{{"calls", -1}}, Json{{"advance_to_ms", 5}, {"held", 1.5}}}) {
    const Answer answer = ask("POST", "/clock", wrong);
    EXPECT_EQ(answer.status, 400) << wrong;
    EXPECT_EQ(answer.body["field"], wrong.contains("held") ? "held" : wrong.begin().key());
  }
  EXPECT_EQ(ask("GET", "/clock").body["now_ms"], 0);
  const Answer answer = ask("PUT", "/clock");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.headers.get("Allow"), "GET, POST, DELETE");
}

TEST_F(VirtualAdapter, AStepThatIsNotQuietInTimeSaysSoAndMovesNothing) {
  init("");
  const Json state = clock("", {{"advance_to_ms", 5000}, {"calls", 2}, {"max_wait_ms", 0}});
  EXPECT_EQ(state["quiet"], false);
  EXPECT_EQ(state["now_ms"], 0);
}

TEST_F(VirtualAdapter, ClosingEndsWhatWaits) {
  init("");
  ask("POST", "/capture", {{"distinct_id", "u"}, {"event", "e"}});
  server_.enqueue({{.status = 503, .headers = {{"Retry-After", "3"}}}});
  auto flush = std::async(std::launch::async, [&] { return ask("POST", "/flush"); });
  EXPECT_EQ(clock("", {{"calls", 3}})["waiting"], 1);
  auto step = std::async(std::launch::async, [&] {
    return ask("POST", "/clock", {{"calls", 99}, {"max_wait_ms", 300'000}});
  });
  adapter_->close();
  EXPECT_EQ(flush.get().body["dropped"], 1);
  // It was in time to be told so, or found the adapter closed.
  EXPECT_NE(step.get().body.value("quiet", false), true);
  EXPECT_EQ(ask("POST", "/init", {{"api_key", "k"}, {"host", front_.origin()}}).status, 503);
}

TEST_F(VirtualAdapter, ThereAreOnlySoManyClocks) {
  AdapterOptions options;
  options.clock = std::make_shared<SystemClock>();
  options.virtual_host = [] { return SteppedHost::create(kStart); };
  options.instances.max_instances = 2;
  adapter_ = std::make_unique<Adapter>(std::move(options));
  init("?test_id=a");
  init("?test_id=b");
  const Answer refused = ask("GET", "/clock?test_id=c");
  EXPECT_EQ(refused.status, 503) << "both are in use";
  ask("POST", "/reset?test_id=a");
  EXPECT_EQ(ask("GET", "/clock?test_id=c").status, 200) << "the idle one made room";
  EXPECT_EQ(ask("GET", "/clock?test_id=b").body["calls"], 1);
}

}  // namespace
}  // namespace lockstep::adapter
