#include "bench.h"

#include <nlohmann/json.hpp>

#include "clock/timestamp.h"

namespace lockstep::contract {

FakeStage::FakeStage(mock::ServerOptions options) : server_(std::move(options)) {}

Answer FakeStage::call(std::string_view method, std::string_view path,
                       const std::optional<std::string>& body) {
  calls.push_back({std::string(method), std::string(path), body});
  if (on_call) on_call(calls.back());
  if (answers.empty()) return {200, R"({"success":true})", ""};
  Answer answer = answers.front();
  answers.pop_front();
  return answer;
}

mock::ServerOptions Bench::suite_options() {
  mock::ServerOptions options;
  options.suite_compatible = true;
  return options;
}

Bench::Bench(mock::ServerOptions options) : stage(std::move(options)), context(stage) {}

http::Response Bench::post(const std::string& target, const std::string& body,
                           const http::Headers& headers) {
  http::Request request;
  request.method = "POST";
  request.url = *http::Url::parse("http://mock.test" + target);
  request.headers = headers;
  request.headers.add("X-Test-Id", stage.test_id());
  request.body = body;
  return stage.server().handle(request, stage.now()).response;
}

namespace {

std::string joined(const std::vector<std::string>& events) {
  std::string text;
  for (const std::string& event : events) text += (text.empty() ? "" : ",") + event;
  return "[" + text + "]";
}

}  // namespace

void Bench::batch(const std::vector<std::string>& events, const http::Headers& headers) {
  post("/batch", R"({"api_key":"phc_test_key","batch":)" + joined(events) + "}", headers);
}

void Bench::v1(const std::vector<std::string>& events, const http::Headers& headers) {
  http::Headers all{
      {"Authorization", "Bearer phc_test_key"},
      {"Content-Type", "application/json"},
      {"PostHog-Attempt", std::to_string(context.requests().size() + 1)},
      {"PostHog-Request-Id", uuid_of(999)},
      {"PostHog-Request-Timestamp", to_rfc3339(stage.now().wall)},
  };
  for (const http::Header& header : headers) all.set(header.name, header.value);
  post("/i/v1/analytics/events",
       R"({"created_at":")" + to_rfc3339(stage.now().wall) + R"(","batch":)" + joined(events) + "}",
       all);
}

void Bench::script(int status, const std::string& body, const http::Headers& headers) {
  mock::Step step;
  step.status = status;
  if (!body.empty()) step.body = body;
  step.headers = headers;
  stage.server().enqueue({step}, stage.test_id());
}

std::string uuid_of(int number) {
  const std::string digits = std::to_string(number);
  return "01941f29-7c00-7aaa-8aaa-" + std::string(12 - digits.size(), '0') + digits;
}

std::string event_of(int number, const std::string& members) {
  return "{" + members + R"("event":"signed up","uuid":")" + uuid_of(number) +
         R"(","distinct_id":"ann","timestamp":"2025-01-01T00:00:00Z","properties":{"$lib":"x"}})";
}

namespace {

// The step, or what is wrong with it.
std::string make_step(std::string_view action, const std::string& params, Step& step) {
  std::vector<scenario::Problem> problems;
  step.action = find_action(action);
  if (step.action == nullptr) return "no such action";
  step.params = scenario::parse_yaml(params, "step.yaml", problems);
  if (problems.empty()) {
    scenario::check_fields(step.params, step.action->fields,
                           "action \"" + std::string(action) + "\"", step.params.at(), "step.yaml",
                           problems);
  }
  if (!problems.empty()) return problems.front().to_text();
  if (step.action->check == nullptr) return {};
  const auto found = step.action->check(step.params);
  return found ? scenario::Problem{"step.yaml", found->at, found->found, found->expected}.to_text()
               : std::string();
}

std::string to_text(const Finding& finding) {
  return finding ? "expected " + finding->expected + "; seen " + finding->seen : "passed";
}

}  // namespace

std::string complaint(std::string_view action, const std::string& params) {
  Step step;
  return make_step(action, params, step);
}

Finding Bench::run(std::string_view action, const std::string& params) {
  Step step;
  if (const auto wrong = make_step(action, params, step); !wrong.empty()) {
    ADD_FAILURE() << wrong;
    return Failure{"a step that can be run", wrong};
  }
  return step.action->run(context, step);
}

::testing::AssertionResult passes(Bench& bench, std::string_view action,
                                  const std::string& params) {
  const Finding finding = bench.run(action, params);
  if (!finding) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << action << " " << params << ": " << to_text(finding);
}

::testing::AssertionResult fails(Bench& bench, std::string_view action, const std::string& params,
                                 std::string_view expected, std::string_view seen) {
  const Finding finding = bench.run(action, params);
  const bool right = finding && finding->expected.find(expected) != std::string::npos &&
                     finding->seen.find(seen) != std::string::npos;
  if (right) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << action << " " << params << ": " << to_text(finding);
}

}  // namespace lockstep::contract
