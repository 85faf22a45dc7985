// Adapters that are none, that die, that hang, that answer nonsense: a clear failure each time, in
// bounded time and memory.
#include <gtest/gtest.h>

#include <functional>

#include "tests/contract_http/bench.h"
#include "tests/transport/loopback.h"

namespace lockstep::contract {
namespace {

using namespace std::chrono_literals;
using test::Connection;
using test::Loopback;

const std::string kHealth =
    R"({"sdk_name": "x", "sdk_version": "1", "adapter_version": "1", "supports_parallel": true,)"
    R"( "capabilities": ["capture_v0"]})";
const std::string kVirtualHealth =
    R"({"sdk_name": "x", "sdk_version": "1", "adapter_version": "1", "clock": "virtual"})";

using Scripts = std::vector<std::pair<std::string, std::function<void(Connection&)>>>;

// Runs the script of the first path that the request line begins with; what is not there gets {}.
Loopback::Script routes(const Scripts& scripts) {
  return [scripts](Connection& connection) {
    while (const auto request = connection.read_request()) {
      const auto script = std::find_if(scripts.begin(), scripts.end(), [&](const auto& one) {
        return request->starts_with(one.first);
      });
      if (script == scripts.end()) {
        connection.send(test::ok());
      } else {
        connection.note(script->first);
        script->second(connection);
      }
    }
  };
}

std::function<void(Connection&)> answer(const std::string& body) {
  return [bytes = test::ok(body)](Connection& connection) { connection.send(bytes); };
}

HttpOptions impatient() {
  HttpOptions options;
  options.start_timeout = 200ms;
  options.link.call_timeout = 200ms;
  options.link.max_answer_bytes = 1 << 20;
  return options;
}

std::string problem_of(const std::string& url, const HttpOptions& options = impatient()) {
  try {
    const HttpTarget target(url, options);
  } catch (const std::runtime_error& problem) {
    return problem.what();
  }
  return "";
}

#define EXPECT_MENTIONS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST(HostileAdapter, AUrlThatIsNoneIsRefusedAtOnce) {
  for (const char* url : {"", "127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://a/?b=c"}) {
    EXPECT_MENTIONS(problem_of(url), "is not an adapter's address");
  }
}

TEST(HostileAdapter, OneThatDoesNotComeUpIsNamed) {
  const std::string url = "http://127.0.0.1:" + std::to_string(test::unused_port());
  const std::string problem = problem_of(url);
  EXPECT_MENTIONS(problem, "the adapter at " + url + ", asked GET /health, does not answer");
}

TEST(HostileAdapter, ServersOfAnotherKindAreNoAdapters) {
  Loopback not_found(
      test::answer_all("HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\nnowhere"));
  EXPECT_MENTIONS(problem_of(not_found.origin()), "status 404, \"nowhere\"");
  Loopback page(test::answer_all(test::ok("<html>")));
  EXPECT_MENTIONS(problem_of(page.origin()), "not a JSON object");
  Loopback nameless(test::answer_all(test::ok(R"({"sdk_version": "1"})")));
  EXPECT_MENTIONS(problem_of(nameless.origin()), "has no member \"sdk_name\"");
  Loopback odd(
      test::answer_all(test::ok(R"({"sdk_name": "x", "sdk_version": 1, "adapter_version": "1"})")));
  EXPECT_MENTIONS(problem_of(odd.origin()), "\"sdk_version\" is not a text");
  Loopback silent([](Connection& connection) { connection.await_close(); });
  EXPECT_MENTIONS(problem_of(silent.origin()), "no whole response by the deadline");
}

TEST(HostileAdapter, AMockThatCannotListenIsNamed) {
  HttpOptions options = impatient();
  options.mock_listen = "192.0.2.1";
  options.mock_port = 8081;
  EXPECT_MENTIONS(problem_of("http://127.0.0.1:9", options),
                  "the mock server cannot listen on 192.0.2.1:8081");
}

TEST(HostileAdapter, OneThatStartsSlowlyIsWaitedFor) {
  auto asked = std::make_shared<std::atomic<int>>(0);
  Loopback server([asked](Connection& connection) {
    while (connection.read_request()) {
      connection.send(asked->fetch_add(1) < 2 ? "HTTP/1.1 503 Not yet\r\nContent-Length: 0\r\n\r\n"
                                              : test::ok(kHealth));
    }
  });
  HttpOptions options = impatient();
  options.start_timeout = 60s;
  EXPECT_EQ(problem_of(server.origin(), options), "");
}

TEST(HostileAdapter, OneThatHangsIsGivenUpAndTheNextCallStillWorks) {
  Loopback server(routes(
      {{"GET /health", answer(kHealth)}, {"POST /flush", [](Connection& c) { c.await_close(); }}}));
  HttpTarget target(server.origin(), impatient());
  const auto stage = target.stage(contract::Test{});
  const Answer flush = stage->call("POST", "/flush", std::nullopt);
  EXPECT_MENTIONS(flush.problem, "asked POST /flush, does not answer: no whole response");
  EXPECT_EQ(stage->call("POST", "/reset", std::nullopt).body, "{}");
}

TEST(HostileAdapter, AGiganticAnswerIsNotReadToItsEnd) {
  auto sent = std::make_shared<std::atomic<std::uint64_t>>(0);
  Loopback server(routes({{"GET /health", answer(kHealth)},
                          {"POST /flush", [sent](Connection& connection) {
                             connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
                             *sent =
                                 connection.send_until_closed(std::string(1 << 16, ' '), 100 << 20);
                           }}}));
  HttpOptions options = impatient();
  options.link.call_timeout = 60s;
  HttpTarget target(server.origin(), options);
  const Answer flush = target.stage(contract::Test{})->call("POST", "/flush", std::nullopt);
  EXPECT_MENTIONS(flush.problem, "exceeds its limit");
  server.await_notes(2);
  EXPECT_LT(*sent, 50u << 20);
}

TEST(HostileAdapter, OneThatDiesMidwayFailsEveryCallFromThenOn) {
  auto server = std::make_unique<Loopback>(routes({{"GET /health", answer(kHealth)}}));
  HttpTarget target(server->origin(), impatient());
  const auto stage = target.stage(contract::Test{});
  EXPECT_EQ(stage->call("POST", "/reset", std::nullopt).status, 200);
  server.reset();
  EXPECT_MENTIONS(stage->call("POST", "/init", "{}").problem, "does not answer");
}

TEST(HostileAdapter, AConnectionThatBreaksIsNoAnswer) {
  Loopback server(routes({{"GET /health", answer(kHealth)},
                          {"POST /flush", [](Connection& c) {
                             c.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
                             c.reset();
                           }}}));
  HttpTarget target(server.origin(), impatient());
  const Answer flush = target.stage(contract::Test{})->call("POST", "/flush", std::nullopt);
  EXPECT_MENTIONS(flush.problem, "does not answer");
}

// --- a clock that is none -----------------------------------------------------------------------

TEST(HostileAdapter, AClockThatIsNotThereFailsTheStage) {
  Loopback server(routes({{"GET /health", answer(kVirtualHealth)},
                          {"POST /clock", [](Connection& connection) {
                             connection.send("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
                           }}}));
  HttpTarget target(server.origin(), impatient());
  try {
    target.stage(contract::Test{});
    FAIL() << "a stage without a clock";
  } catch (const AdapterError& problem) {
    EXPECT_MENTIONS(std::string(problem.what()), "asked POST /clock: status 404");
  }
}

std::string clock_state(int now, const std::string& next, bool quiet, int waiting = 0) {
  return R"({"now_ms": )" + std::to_string(now) + R"(, "next_ms": )" + next +
         R"(, "in_flight": 0, "calls": 1, "waiting": )" + std::to_string(waiting) +
         R"(, "quiet": )" + (quiet ? "true" : "false") + "}";
}

TEST(HostileAdapter, AClockThatNeverComesToRestIsGivenUp) {
  Loopback server(routes({{"GET /health", answer(kVirtualHealth)},
                          {"POST /clock", answer(clock_state(0, "null", false))}}));
  HttpTarget target(server.origin(), impatient());
  const auto stage = target.stage(contract::Test{});
  EXPECT_THROW(stage->wait(1s), AdapterError);
  EXPECT_THROW(stage->settle(1s), AdapterError);
}

TEST(HostileAdapter, AClockThatDoesNotObeyIsGivenUp) {
  Loopback server(routes({{"GET /health", answer(kVirtualHealth)},
                          {"POST /clock", answer(clock_state(0, "null", true))}}));
  HttpTarget target(server.origin(), impatient());
  const auto stage = target.stage(contract::Test{});
  try {
    stage->wait(1s);
    FAIL() << "time passed";
  } catch (const AdapterError& problem) {
    EXPECT_MENTIONS(std::string(problem.what()), "shows 0 ms where it was told to show 1000");
  }
}

TEST(HostileAdapter, ACallThatWaitsForNothingIsADeadlockAndFailsAtOnce) {
  Loopback server(routes({{"GET /health", answer(kVirtualHealth)},
                          {"POST /clock", answer(clock_state(0, "null", true, 1))},
                          {"POST /flush", [](Connection& c) { c.await_close(); }}}));
  HttpOptions options = impatient();
  options.link.call_timeout = 300s;
  HttpTarget target(server.origin(), options);
  const auto stage = target.stage(contract::Test{});
  const Answer flush = stage->call("POST", "/flush", std::nullopt);
  EXPECT_MENTIONS(flush.problem, "asked POST /flush, waits for something that never comes");
}

TEST(HostileAdapter, AClocksAnswerThatIsWrongIsSaidToBe) {
  for (const auto& [state, named] : std::vector<std::pair<std::string, std::string>>{
           {"[]", "not a JSON object"},
           {R"({"now_ms": "0"})", "\"now_ms\" is not a count"},
           {R"({"now_ms": -5})", "\"now_ms\" is negative"},
           {R"({"now_ms": 5})", "has no member \"next_ms\""}}) {
    Loopback server(
        routes({{"GET /health", answer(kVirtualHealth)}, {"POST /clock", answer(state)}}));
    HttpTarget target(server.origin(), impatient());
    try {
      target.stage(contract::Test{});
      ADD_FAILURE() << state;
    } catch (const AdapterError& problem) {
      EXPECT_MENTIONS(std::string(problem.what()), named);
    }
  }
}

}  // namespace
}  // namespace lockstep::contract
