// A world in which time cannot go on: a run that failed, and no crash, wherever it comes out.
#include <gtest/gtest.h>

#include <memory>

#include "scenarios/action.h"
#include "scenarios/explore/shrink.h"
#include "scenarios/load.h"
#include "scenarios/runner.h"
#include "scenarios/world.h"
#include "sdk/host/hosted.h"

namespace lockstep::scenario {
namespace {

// What wants to be woken now, and then does nothing.
class Restless final : public Hosted {
 public:
  std::uint64_t id() const noexcept override { return 1'000'000; }
  void completed(std::uint64_t, http::Result, Now) override {}
  HostedWork take(Now) override { return {}; }
  void finish() override {}
  Instant next_wake(Instant now) override { return now; }
  void hush() noexcept override {}
  std::mutex& mutex() const noexcept override { return mutex_; }
  Condition& changed() noexcept override { return changed_; }

 private:
  mutable std::mutex mutex_;
  Condition changed_;
};

Finding stop_time(World& world, const Step&) {
  world.host().attach(std::make_shared<Restless>());
  return std::nullopt;
}

// A client with an event to send, a livelock, and then these steps.
Scenario livelocked(const std::string& steps) {
  static const Action stop{"stop_time", "", {}, stop_time, nullptr};
  Catalogue catalogue = load_text(
      "scenario: a\nsteps:\n  - { action: init }\n  - { action: capture_burst, params: { count: 1 "
      "} }\n" +
          steps,
      "f");
  EXPECT_TRUE(catalogue.problems.empty()) << catalogue.problems.front().to_text();
  Scenario scenario = std::move(catalogue.scenarios.front());
  scenario.steps.insert(scenario.steps.begin() + 1, {&stop, "main", Node::map({}), {}});
  return scenario;
}

void expect_livelock(const Scenario& scenario, std::size_t step) {
  for (const bool keep_states : {false, true}) {
    RunOptions options;
    options.keep_states = keep_states;
    const Result result = run(scenario, options);
    ASSERT_TRUE(result.failed);
    EXPECT_EQ(result.failed->number, step);
    EXPECT_EQ(result.failed->action, "what is due is done");
    EXPECT_EQ(result.failed->failure.seen, "livelock: something is due and nobody does it");
  }
}

TEST(Livelock, FailsTheStepThatLetsTimePass) {
  expect_livelock(livelocked("  - { action: advance, params: { by: 1s } }\n"), 4);
}

// These calls of a client promise that they do not throw.
TEST(Livelock, FailsTheStepThatWaitsForAClient) {
  expect_livelock(livelocked("  - { action: flush }\n"), 4);
  expect_livelock(livelocked("  - { action: shutdown }\n"), 4);
  expect_livelock(
      livelocked("  - { action: get_feature_flag, params: { key: k, distinct_id: u } }\n"), 4);
}

// What a tool has not sent is sent as it ends, and it ends with the world at the latest.
TEST(Livelock, FailsTheRunThatEndsWithSomethingToSend) {
  expect_livelock(livelocked("  - { action: tool_open, client: t }\n"
                             "  - { action: tool_command, client: t, params: { command: c } }\n"),
                  0);
}

TEST(Livelock, IsShrunkAsAnyFailure) {
  const Scenario failing = livelocked(
      "  - { action: capture_burst, params: { count: 1 } }\n  - { action: start_flush, params: { "
      "as: f } }\n"
      "  - { action: flush }\n");
  const auto fails = [](const Scenario& one) {
    const Result result = run(one);
    return result.failed && result.failed->action == "what is due is done";
  };
  const explore::Shrunk small = explore::shrink(failing, fails, 1000);
  EXPECT_TRUE(small.finished);
  EXPECT_EQ(small.scenario.steps.size(), 4U);  // a client, what stops time, an event, a flush
}

// Once found, it is told by whatever lets time pass; what may not throw comes back.
TEST(Livelock, IsToldOfByEveryCallThatLetsTimePass) {
  World world({}, 1);
  EXPECT_FALSE(stop_time(world, {}));
  EXPECT_FALSE(world.host().livelock());
  EXPECT_THROW(world.host().run_for(std::chrono::seconds{1}), Livelock);
  EXPECT_TRUE(world.host().livelock());
  EXPECT_THROW(world.host().settle(), Livelock);
  EXPECT_THROW(world.host().run_until_idle(std::chrono::seconds{1}), Livelock);
}

}  // namespace
}  // namespace lockstep::scenario
