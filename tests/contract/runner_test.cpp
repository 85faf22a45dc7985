// The contract's runner, over small contracts written here and our own SDK in process.
#include "scenarios/contract/runner.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "scenarios/contract/action.h"
#include "scenarios/contract/local_stage.h"

namespace lockstep::contract {
namespace {

using scenario::Mark;
using scenario::Node;
using scenario::Result;

// A step as the loader would make it, from parameters in YAML.
Step step(const std::string& action, const std::string& params = "{}") {
  std::vector<scenario::Problem> problems;
  Step made{find_action(action), scenario::parse_yaml(params, "f", problems), Mark{1, 1}};
  if (made.action == nullptr || !problems.empty()) throw std::logic_error("a wrong step in a test");
  return made;
}

const std::string kEvent = "{distinct_id: u, event: e}";
const std::string k503Once = "{responses: [{status_code: 503}]}";

contract::Test test_of(std::vector<Step> steps) {
  contract::Test test;
  test.suite = "s";
  test.category = "c";
  test.name = "t";
  test.steps = std::move(steps);
  return test;
}

Result run_local(const contract::Test& test, bool strict = true, Capture capture = Capture::v0) {
  LocalTarget target(capture, Compression::none, strict, 1);
  RunOptions options;
  options.strict = strict;
  return run(test, target, options);
}

TEST(ContractRunner, TimeIsVirtualAndARetryIsSeenAtItsTime) {
  const Result result = run_local(test_of({
      step("configure_mock_responses",
           "{responses: [{status_code: 503, headers: {Retry-After: \"3\"}}]}"),
      step("init", "{flush_at: 1}"),
      step("capture", kEvent),
      step("flush"),
      step("wait", "{duration_ms: 3600000}"),
      step("assert_request_count", "{expected: 2}"),
      step("assert_retry_delay", "{min_delay_ms: 3000}"),
  }));
  EXPECT_TRUE(result.passed()) << result.failed->failure.seen;
  EXPECT_GT(result.virtual_time, std::chrono::hours{1});
  EXPECT_EQ(result.steps, 7u);
}

TEST(ContractRunner, AFailureNamesItsStepAndShowsTheRequests) {
  const Result result = run_local(test_of({
      step("init", "{flush_at: 1}"),
      step("capture", kEvent),
      step("flush"),
      step("assert_request_count", "{expected: 3}"),
      step("assert_request_count", "{expected: 4}"),
  }));
  ASSERT_FALSE(result.passed());
  EXPECT_EQ(result.failed->number, 4u);
  EXPECT_EQ(result.failed->action, "assert_request_count");
  EXPECT_EQ(result.requests.size(), 1u);
}

// The retry comes after the last step of the test has passed: the original never sees it.
TEST(ContractRunner, AStrictRunWaitsForWhatShouldNotHappen) {
  const contract::Test test = test_of({
      step("configure_mock_responses", k503Once),
      step("init", "{flush_at: 1}"),
      step("capture", kEvent),
      step("wait", "{duration_ms: 50}"),
      step("assert_sdk_did_not_retry"),
  });
  EXPECT_TRUE(run_local(test, false).passed());
  const Result strict = run_local(test);
  ASSERT_FALSE(strict.passed());
  EXPECT_EQ(strict.failed->number, 5u);
  EXPECT_NE(strict.failed->failure.seen.find("once the SDK came to rest"), std::string::npos);
}

// Only checks behind the last deed speak of the end; one in the middle was true when it was asked.
TEST(ContractRunner, NegativeChecksInTheMiddleAreAskedOnce) {
  const Result result = run_local(test_of({
      step("init", "{flush_at: 1}"),
      step("assert_request_count", "{expected: 0}"),
      step("capture", kEvent),
      step("flush"),
      step("assert_request_count", "{expected: 1}"),
  }));
  EXPECT_TRUE(result.passed()) << result.failed->failure.seen;
}

TEST(ContractRunner, AStrictMockFailsATestWhoseStepsAllPass) {
  const contract::Test test = test_of({
      step("init", "{flush_at: 1}"),
      step("capture", "{distinct_id: \"" + std::string(300, 'x') + "\", event: e}"),
      step("flush"),
  });
  EXPECT_TRUE(run_local(test, false, Capture::v1).passed());
  const Result strict = run_local(test, true, Capture::v1);
  ASSERT_FALSE(strict.passed());
  EXPECT_EQ(strict.failed->number, 0u);
  EXPECT_EQ(strict.failed->action, "the protocol is kept");
}

TEST(ContractRunner, TwoRunsLeaveTheSameTrace) {
  const contract::Test test = test_of({
      step("configure_mock_responses", k503Once),
      step("init", "{flush_at: 1}"),
      step("capture", kEvent),
      step("flush"),
  });
  const Result first = run_local(test);
  EXPECT_EQ(first.digest, run_local(test).digest);
  EXPECT_GT(first.trace_entries, 4u);
}

// A target of many threads, each of whose stages is our SDK in process.
class Crowd final : public Target {
 public:
  const std::string& name() const override { return name_; }
  const std::set<std::string>& capabilities() const override { return capabilities_; }
  std::size_t concurrency() const override { return 4; }
  std::unique_ptr<Stage> stage(const contract::Test& test) override {
    if (test.name == "none") throw std::runtime_error("there is no adapter");
    return LocalTarget(Capture::v0, Compression::none, true, 1).stage(test);
  }

 private:
  const std::string name_ = "crowd";
  const std::set<std::string> capabilities_ = {};
};

TEST(ContractRunner, ResultsOfManyThreadsComeInTheOrderOfTheTests) {
  std::vector<contract::Test> tests;
  std::vector<const contract::Test*> asked;
  for (int i = 0; i < 50; ++i) {
    tests.push_back(test_of({step("init"), step("capture", kEvent), step("flush")}));
    tests.back().name = i == 7 ? "none" : "t" + std::to_string(i);
  }
  for (const contract::Test& test : tests) asked.push_back(&test);
  Crowd crowd;
  std::size_t told = 0;
  RunOptions options;
  options.progress = [&](const Result&) { ++told; };
  const std::vector<Result> results = run(asked, crowd, options);
  EXPECT_EQ(told, 50u);
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].name, tests[i].full_name());
    EXPECT_EQ(results[i].passed(), i != 7);
  }
  EXPECT_EQ(results[7].failed->failure.seen, "there is no adapter");
}

}  // namespace
}  // namespace lockstep::contract
