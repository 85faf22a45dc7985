// A stage to try the contract's actions on: a mock server that is fed by hand, an adapter that
// answers what it is told, and virtual time.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clock/virtual_clock.h"
#include "mockserver/server.h"
#include "scenarios/contract/action.h"

namespace lockstep::contract {

struct Call {
  std::string method;
  std::string path;
  std::optional<std::string> body;
};

class FakeStage final : public Stage {
 public:
  explicit FakeStage(mock::ServerOptions options);

  Answer call(std::string_view method, std::string_view path,
              const std::optional<std::string>& body) override;
  void wait(Duration time) override { clock_.advance(time); }
  std::optional<bool> settle(Duration) override { return std::nullopt; }
  Now now() const override { return clock_.read(); }
  mock::Server& server() override { return server_; }
  const std::string& test_id() const override { return test_id_; }
  const std::string& mock_url() const override { return mock_url_; }

  std::vector<Call> calls;
  // What the adapter answers, in order; afterwards {"success": true}.
  std::deque<Answer> answers;
  // Called when the adapter is.
  std::function<void(const Call&)> on_call;

 private:
  VirtualClock clock_;
  mock::Server server_;
  const std::string test_id_ = "t-1";
  const std::string mock_url_ = "http://mock.test";
};

class Bench {
 public:
  explicit Bench(mock::ServerOptions options = suite_options());
  static mock::ServerOptions suite_options();

  FakeStage stage;
  Context context;

  // A request to the mock server; returns the answer.
  http::Response post(const std::string& target, const std::string& body,
                      const http::Headers& headers = {});
  // POST /batch, with the events' JSON, and api_key.
  void batch(const std::vector<std::string>& events, const http::Headers& headers = {});
  // POST /i/v1/analytics/events, with a created_at of now and the headers it needs; `headers` go
  // over them.
  void v1(const std::vector<std::string>& events, const http::Headers& headers = {});
  // The mock's answer to the next request.
  void script(int status, const std::string& body = "", const http::Headers& headers = {});

  // Runs a step whose parameters are written as YAML; they must be right.
  Finding run(std::string_view action, const std::string& params = "{}");
};

// "01941f29-7c00-7aaa-8aaa-000000000001"
std::string uuid_of(int number);
// A whole event; `members` are put first: "\"token\":1,".
std::string event_of(int number, const std::string& members = "");

// What is wrong with a step's parameters, as the loader says it; empty: nothing.
std::string complaint(std::string_view action, const std::string& params);

::testing::AssertionResult passes(Bench& bench, std::string_view action,
                                  const std::string& params = "{}");
// Where given, the failure's two halves must hold these texts.
::testing::AssertionResult fails(Bench& bench, std::string_view action,
                                 const std::string& params = "{}", std::string_view expected = "",
                                 std::string_view seen = "");

}  // namespace lockstep::contract
