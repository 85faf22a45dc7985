// Flows: their events, and where they ended.
#include "telemetry/flow.h"

#include <stdexcept>

#include "tests/telemetry/bench.h"

namespace lockstep::telemetry {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr std::string_view kSteps[] = {"browser_wait", "code_exchange"};
constexpr Flow kAuth{"Auth", kSteps};

class Flows : public test::Stand {
 protected:
  // The events of a flow that this walks through.
  std::vector<json> events(const std::function<void(FlowTracker&)>& walk) {
    Telemetry telemetry(options());
    {
      FlowTracker flow(telemetry, kAuth, {{"flow", "login"}});
      walk(flow);
    }
    telemetry.close();
    return stored();
  }
};

TEST_F(Flows, TellWhereAndWhenTheyEnded) {
  const auto all = events([&](FlowTracker& flow) {
    flow.step("browser_wait");
    host_->run_for(1500ms);
    flow.step("code_exchange");
    flow.failed(std::make_exception_ptr(std::out_of_range("private")));
    flow.completed();
  });
  ASSERT_EQ(all.size(), 2u) << "only the first end counts, and the destructor's is none";
  EXPECT_EQ(all[0]["event"], "CLI Auth Started");
  EXPECT_FALSE(all[0]["properties"].contains("step"));
  EXPECT_FALSE(all[0]["properties"].contains("flow_duration_ms"));
  EXPECT_EQ(all[1]["event"], "CLI Auth Failed");
  const json& end = all[1]["properties"];
  EXPECT_EQ(end["flow"], "login");
  EXPECT_EQ(end["step"], "code_exchange");
  EXPECT_EQ(end["step_index"], 1);
  EXPECT_EQ(end["flow_duration_ms"], 1500);
  EXPECT_EQ(end["error_class"], "std::out_of_range");
  EXPECT_EQ(all[1].dump().find("private"), std::string::npos);
}

TEST_F(Flows, FailForErrorsThatAreNoExceptionsToo) {
  const auto all = events([](FlowTracker& flow) { flow.failed("ValueError"); });
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1]["event"], "CLI Auth Failed");
  EXPECT_EQ(all[1]["properties"]["error_class"], "ValueError");
}

TEST_F(Flows, ThatAreLeftAreAborted) {
  const auto all = events([](FlowTracker& flow) { flow.step("elsewhere"); });
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1]["event"], "CLI Auth Aborted");
  EXPECT_EQ(all[1]["properties"]["step"], "elsewhere");
  EXPECT_FALSE(all[1]["properties"].contains("step_index")) << "no step of this flow";
}

TEST_F(Flows, CompleteWithWhatCameOfThem) {
  const auto all = events([](FlowTracker& flow) {
    flow.completed({{"direction", to_string(Direction::upgrade)}});
  });
  EXPECT_EQ(all.at(1)["event"], "CLI Auth Completed");
  EXPECT_EQ(all.at(1)["properties"]["direction"], "upgrade");
}

TEST_F(Flows, OfATelemetryThatIsOffDoNothing) {
  environment_["DO_NOT_TRACK"] = "1";
  EXPECT_TRUE(events([](FlowTracker& flow) { flow.step("browser_wait"); }).empty());
}

}  // namespace
}  // namespace lockstep::telemetry
