// A tool's telemetry: what is on every event, what closing may cost, what must never happen.
#include "telemetry/telemetry.h"

#include <set>
#include <stdexcept>
#include <thread>

#include "tests/telemetry/bench.h"

namespace lockstep::telemetry {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class TelemetryTest : public test::Stand {
 protected:
  void TearDown() override {
    for (const auto& violation : server_.violations()) ADD_FAILURE() << violation.text;
  }

  std::vector<json> run(const std::function<int(Telemetry&)>& command) {
    Telemetry telemetry(options());
    try {
      exit_code_ = run_command(telemetry, [&] { return command(telemetry); });
    } catch (...) {
      error_ = std::current_exception();
    }
    return stored();
  }

  int exit_code_ = -1;
  std::exception_ptr error_;
};

TEST_F(TelemetryTest, EveryEventSaysWhereItComesFrom) {
  environment_["CI"] = "true";
  const auto all = run([](Telemetry& telemetry) {
    telemetry.command_started("objects browse", {"--query", "--limit"});
    telemetry.track("E", {{"own", 1}});
    return 0;
  });
  ASSERT_EQ(all.size(), 3u);
  std::set<json> invocations;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const json& properties = all[i]["properties"];
    EXPECT_EQ(properties["sequence"], i + 1);
    EXPECT_EQ(properties["command"], "objects browse");
    EXPECT_EQ(properties["flags"], json({"--query", "--limit"}));
    EXPECT_EQ(properties["version"], "1.2.3");
    EXPECT_EQ(properties["is_ci"], 1);
    EXPECT_TRUE(properties["operating_system"].is_string());
    EXPECT_EQ(all[i]["context"], json({{"device", {{"id", "device-1"}}}}));
    EXPECT_EQ(all[i]["anonymousId"], "device-1");
    EXPECT_FALSE(all[i].contains("userId"));
    invocations.insert(properties["invocation_id"]);
  }
  EXPECT_EQ(invocations.size(), 1u);
  EXPECT_EQ(all[1]["properties"]["own"], 1);
}

TEST_F(TelemetryTest, ACallSiteOverridesNothingOfIt) {
  TelemetryOptions made = options();
  made.base = {{"app_id", "APP"}, {"version", "forged"}};
  made.user_id = "anna";
  Telemetry telemetry(made);
  telemetry.command_started("import");
  Properties forged;
  for (const char* name : {"invocation_id", "command", "flags", "sequence", "version", "is_ci",
                           "operating_system", "app_id", "$context", "$anon_distinct_id"}) {
    forged.set(name, "forged");
  }
  forged.set("$process_person_profile", false);
  telemetry.track("E", forged);
  telemetry.close();
  const auto all = stored();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].dump().find("forged"), std::string::npos) << all[1].dump();
  EXPECT_EQ(all[1]["properties"]["sequence"], 2);
  EXPECT_EQ(all[1]["properties"]["app_id"], "APP");
  EXPECT_EQ(all[1]["userId"], "anna");
  EXPECT_EQ(all[1]["anonymousId"], "device-1");
}

TEST_F(TelemetryTest, TheSequenceHasNoGapAndNoTwinUnderManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 250;
  Telemetry telemetry(options());
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) telemetry.track("E");
    });
  }
  for (std::thread& thread : threads) thread.join();
  telemetry.close();
  std::uint64_t expected = 0;
  for (const json& message : stored()) {
    ASSERT_EQ(message["properties"]["sequence"], ++expected) << "in the order of capture";
  }
  EXPECT_EQ(expected, kThreads * kEach);
}

TEST_F(TelemetryTest, AnEventThatIsNotTakenLeavesNoGap) {
  Telemetry telemetry(options());
  telemetry.track("first");
  telemetry.track("");
  telemetry.track("second");
  telemetry.close();
  telemetry.track("too late");
  const auto all = stored();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1]["properties"]["sequence"], 2);
}

TEST_F(TelemetryTest, TheSequenceIsTheInvocationsNotTheCommands) {
  Telemetry telemetry(options());
  telemetry.track("before");
  telemetry.command_started("import");
  telemetry.close();
  const auto all = stored();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["properties"]["sequence"], 1);
  EXPECT_EQ(all[1]["properties"]["sequence"], 2);
}

TEST_F(TelemetryTest, IdentifyHasTraitsAndNoSequence) {
  Telemetry telemetry(options());
  telemetry.identify({{"email", "a@b.c"}});
  telemetry.track("E");
  telemetry.close();
  const auto all = stored();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["type"], "identify");
  EXPECT_EQ(all[0]["traits"], json({{"email", "a@b.c"}}));
  EXPECT_EQ(all[1]["properties"]["sequence"], 1);
}

// --- how a command ends
// -------------------------------------------------------------------------

TEST_F(TelemetryTest, ACommandTellsHowItEnded) {
  const auto all = run([&](Telemetry& telemetry) {
    telemetry.command_started("import");
    host_->run_for(1200ms);
    return 0;
  });
  EXPECT_EQ(exit_code_, 0);
  const json& end = all.at(1);
  EXPECT_EQ(end["event"], kCommandCompleted);
  EXPECT_EQ(end["properties"]["succeeded"], true);
  EXPECT_EQ(end["properties"]["exit_code"], 0);
  EXPECT_EQ(end["properties"]["duration_ms"], 1200);
  EXPECT_FALSE(end["properties"].contains("error_class"));
  EXPECT_FALSE(end["properties"].contains("user_cancelled"));
}

TEST_F(TelemetryTest, AFailureIsThrownOnAndToldByItsClass) {
  const auto all = run([](Telemetry& telemetry) -> int {
    telemetry.command_started("import");
    throw std::out_of_range("no file /home/anna/secret");
  });
  EXPECT_THROW(std::rethrow_exception(error_), std::out_of_range);
  const json& properties = all.at(1)["properties"];
  EXPECT_EQ(properties["succeeded"], false);
  EXPECT_EQ(properties["exit_code"], 1);
  EXPECT_EQ(properties["error_class"], "std::out_of_range");
  EXPECT_EQ(properties["user_cancelled"], false);
  EXPECT_EQ(all.at(1).dump().find("anna"), std::string::npos);
}

TEST_F(TelemetryTest, AnErrorThatIsNoExceptionIsToldByItsName) {
  Telemetry telemetry(options());
  telemetry.command_started("import");
  telemetry.command_completed({.error_class = "ValueError"});
  telemetry.close();
  const json properties = stored().at(1)["properties"];
  EXPECT_EQ(properties["succeeded"], false);
  EXPECT_EQ(properties["error_class"], "ValueError");
}

TEST_F(TelemetryTest, AnExitCodeAloneIsAFailureToo) {
  const auto all = run([](Telemetry& telemetry) {
    telemetry.command_started("import");
    return 3;
  });
  EXPECT_EQ(exit_code_, 3);
  EXPECT_EQ(all.at(1)["properties"]["succeeded"], false);
  EXPECT_EQ(all.at(1)["properties"]["exit_code"], 3);
}

TEST_F(TelemetryTest, WhoCancelsIsNoFailureOfTheTool) {
  const auto all = run([](Telemetry& telemetry) -> int {
    telemetry.command_started("import");
    throw UserCancelled();
  });
  EXPECT_THROW(std::rethrow_exception(error_), UserCancelled);
  EXPECT_EQ(all.at(1)["properties"]["user_cancelled"], true);
  EXPECT_EQ(all.at(1)["properties"]["exit_code"], 130);
}

TEST_F(TelemetryTest, WhatNeverStartedDoesNotComplete) {
  EXPECT_TRUE(run([](Telemetry&) { return 2; }).empty());
  EXPECT_EQ(exit_code_, 2);
}

TEST_F(TelemetryTest, ACommandCompletesOnce) {
  Telemetry telemetry(options());
  telemetry.command_started("import");
  telemetry.command_completed({});
  telemetry.command_completed({.exit_code = 1});
  telemetry.close();
  EXPECT_EQ(stored().size(), 2u);
}

// --- closing
// ------------------------------------------------------------------------------------

TEST_F(TelemetryTest, ClosingTakesNoLongerThanItMayAndLeavesTimeForTheProgramsEnd) {
  mock::Script silent;
  silent.default_response.emplace();
  silent.default_response->fault = http::Fault::no_answer;
  server_.script(silent);
  const auto waits = [&](Duration close_timeout) {
    TelemetryOptions made = options();
    made.close_timeout = close_timeout;
    Telemetry telemetry(made);
    telemetry.command_started("import");
    const Instant before = host_->clock().now();
    telemetry.close();
    const Duration waited = host_->clock().now() - before;
    telemetry.close();
    EXPECT_EQ(host_->clock().now() - before, waited) << "and not twice";
    return waited;
  };
  EXPECT_EQ(waits(TelemetryOptions{}.close_timeout), 450ms);
  EXPECT_EQ(waits(2s), 1950ms);
  EXPECT_EQ(waits(60ms), 30ms);
  EXPECT_EQ(waits(0ms), 0ms);
}

TEST_F(TelemetryTest, ClosingWithNothingToSendTakesNoTime) {
  Telemetry telemetry(options());
  const Instant before = host_->clock().now();
  telemetry.close();
  EXPECT_EQ(host_->clock().now(), before);
  EXPECT_EQ(server_.request_count(), 0u);
}

// --- off
// ----------------------------------------------------------------------------------------

TEST_F(TelemetryTest, OffMeansNothingAtAll) {
  const auto is_on = [&](const std::function<void(TelemetryOptions&)>& change) {
    TelemetryOptions made = options();
    change(made);
    Telemetry telemetry(made);
    telemetry.command_started("import");
    telemetry.identify({});
    telemetry.command_completed({});
    telemetry.close();
    const bool sent = server_.request_count() > 0;
    EXPECT_EQ(sent, telemetry.enabled());
    server_.clear_requests();
    return sent;
  };
  EXPECT_TRUE(is_on([](TelemetryOptions&) {}));
  EXPECT_FALSE(is_on([](TelemetryOptions& made) { made.endpoint.clear(); }));
  EXPECT_FALSE(is_on([](TelemetryOptions& made) { made.anonymous_id.clear(); }));
  EXPECT_FALSE(is_on([](TelemetryOptions& made) { made.endpoint = "no url"; }));
  EXPECT_FALSE(is_on([](TelemetryOptions& made) { made.write_key = "a b"; }));
  for (const char* no : {"0", "false", "no", "off"}) {
    environment_ = {{"TOOL_TELEMETRY", no}};
    EXPECT_FALSE(is_on([](TelemetryOptions&) {})) << no;
  }
  environment_ = {{"TOOL_TELEMETRY", "1"}, {"DO_NOT_TRACK", "0"}};
  EXPECT_TRUE(is_on([](TelemetryOptions&) {}));
  environment_ = {{"DO_NOT_TRACK", "1"}};
  EXPECT_FALSE(is_on([](TelemetryOptions&) {}));
}

// --- debug
// --------------------------------------------------------------------------------------

TEST_F(TelemetryTest, IsSilentUnlessItIsToBeDebugged) {
  run([](Telemetry& telemetry) {
    telemetry.command_started("import");
    return 0;
  });
  EXPECT_TRUE(lines_.empty());
  server_.enqueue({{.status = 401, .body = "no write-key here"}});
  TelemetryOptions made = options();
  made.debug = true;
  Telemetry telemetry(made);
  telemetry.command_started("import");
  telemetry.close();
  ASSERT_EQ(lines_.size(), 2u);
  EXPECT_NE(lines_[0].find("Command Invoked"), std::string::npos) << lines_[0];
  EXPECT_NE(lines_[1].find("lost"), std::string::npos) << lines_[1];
  for (const std::string& line : lines_) EXPECT_EQ(line.find("write-key"), std::string::npos);
}

TEST_F(TelemetryTest, ATestOfAToolSeesItsEvents) {
  std::vector<std::string> names;
  TelemetryOptions made = options();
  made.on_event = [&](const Event& event) { names.push_back(event.name); };
  Telemetry telemetry(made);
  telemetry.command_started("import");
  telemetry.track("E");
  EXPECT_EQ(names, (std::vector<std::string>{"Command Invoked", "E"}));
}

}  // namespace
}  // namespace lockstep::telemetry
