// What the tests of contracts over HTTP stand on: our adapter behind a real socket, and the target
// that is pointed at it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "adapter/adapter.h"
#include "clock/system_clock.h"
#include "mockserver/http_front.h"
#include "scenarios/contract/contract.h"
#include "scenarios/contract/http_target.h"
#include "sdk/host/stepped_host.h"
#include "sdk/host/thread_host.h"

namespace lockstep::contract {

using Json = nlohmann::json;

class AdapterProcess {
 public:
  explicit AdapterProcess(bool virtual_time)
      : adapter_(options(virtual_time)), front_(adapter_, clock_) {
    front_.listen();
  }
  ~AdapterProcess() { adapter_.close(); }

  std::string url() const { return front_.origin(); }
  std::size_t clients() const { return adapter_.instances(); }

 private:
  static adapter::AdapterOptions options(bool virtual_time) {
    adapter::AdapterOptions options;
    auto clock = std::make_shared<SystemClock>();
    options.clock = clock;
    if (virtual_time) {
      options.virtual_host = [clock] { return SteppedHost::create(clock->wall_now()); };
    } else {
      options.host = ThreadHost::create();
    }
    return options;
  }

  SystemClock clock_;
  adapter::Adapter adapter_;
  mock::HttpFront front_;
};

// A stage, and the steps of a test in the words of C++.
class Play {
 public:
  explicit Play(Target& target) : stage_(target.stage(contract::Test{})) {}

  Json call(std::string_view method, std::string_view path, const Json& body = nullptr) {
    std::optional<std::string> text;
    if (!body.is_null()) text = body.dump();
    const Answer answer = stage_->call(method, path, text);
    EXPECT_EQ(answer.problem, "") << path;
    EXPECT_LT(answer.status, 400) << path << ": " << answer.body;
    return Json::parse(answer.body, nullptr, false);
  }
  void init(Json more = Json::object()) {
    more["api_key"] = "phc_test_key";
    more["host"] = stage_->mock_url();
    more["retry_jitter_percent"] = 0;
    call("POST", "/init", more);
  }
  void capture(const std::string& event) {
    call("POST", "/capture", {{"distinct_id", "user"}, {"event", event}});
  }
  Json flush() { return call("POST", "/flush"); }
  void answers(std::vector<mock::Step> steps) {
    stage_->server().enqueue(std::move(steps), stage_->test_id());
  }
  std::vector<mock::JournalEntry> journal() { return stage_->server().journal(stage_->test_id()); }
  // When the requests came, since the test began.
  std::vector<Duration> arrivals() {
    std::vector<Duration> times;
    for (const mock::JournalEntry& entry : journal()) {
      times.push_back(entry.arrival.at.time_since_epoch());
    }
    return times;
  }
  Duration now() const { return stage_->now().at.time_since_epoch(); }
  Stage& stage() { return *stage_; }

 private:
  std::unique_ptr<Stage> stage_;
};

}  // namespace lockstep::contract
