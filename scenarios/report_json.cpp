// The report as JSON: the members of the shared suite's own report (summary, suites, tests with
// name, passed, duration_ms, message), and what ours has beside them. Durations in `duration_ms`
// are real; virtual ones say so.

#include "scenarios/node.h"
#include "scenarios/report.h"
#include "scenarios/report_parts.h"

namespace lockstep::scenario {

namespace {

std::string field(std::string_view name, const std::string& value) {
  return json_quoted(name) + ":" + value;
}

std::string text_member(std::string_view name, std::string_view text) {
  return field(name, json_quoted(text));
}

std::string number_member(std::string_view name, std::size_t number) {
  return field(name, std::to_string(number));
}

std::string failure_json(const Result& result) {
  const FailedStep& failed = *result.failed;
  std::string requests;
  for (const std::string& request : result.requests) {
    requests += (requests.empty() ? "" : ",") + json_quoted(request);
  }
  std::string out =
      "{" + number_member("step", failed.number) + "," + text_member("action", failed.action) +
      "," + number_member("line", static_cast<std::size_t>(failed.at.line)) + "," +
      text_member("expected", failed.failure.expected) + "," +
      text_member("seen", failed.failure.seen) + "," + field("requests", "[" + requests + "]");
  if (!result.nearest.empty()) out += "," + text_member("nearest", result.nearest);
  return out + "}";
}

std::string test_json(const Result& result) {
  std::string out =
      "{" + text_member("name", result.name) + "," + text_member("file", result.file) + "," +
      number_member("line", static_cast<std::size_t>(result.at.line)) + "," +
      field("passed", result.passed() ? "true" : "false") + "," +
      field("duration_ms", milliseconds(result.real_time)) + "," +
      field("virtual_seconds", seconds(result.virtual_time)) + "," +
      number_member("trace_entries", result.trace_entries) + "," +
      text_member("trace_digest", hex(result.digest)) + "," + text_member("replay", result.replay);
  if (!result.skipped.empty()) out += "," + text_member("skipped", result.skipped);
  if (result.failed) {
    out += "," + text_member("message", explain(result)) + "," +
           field("failure", failure_json(result));
  }
  return out + "}";
}

std::string suite_json(const Suite& suite) {
  std::string out = "{" + text_member("name", suite.name);
  if (!suite.target.empty()) out += "," + text_member("target", suite.target);
  out += "," + number_member("total", suite.results.size()) + "," +
         number_member("passed", suite.passed()) + "," + number_member("failed", suite.failures()) +
         "," + number_member("skipped", suite.skipped()) + ",\"tests\":[";
  std::string separator = "\n    ";
  for (const Result* result : suite.results) {
    out += separator + test_json(*result);
    separator = ",\n    ";
  }
  return out + "]}";
}

}  // namespace

std::string json_report(const Run& run) {
  std::string suites;
  for (const Suite& suite : suites_of(run)) {
    suites += (suites.empty() ? "\n  " : ",\n  ") + suite_json(suite);
  }
  return "{" + text_member("trace_digest", hex(run.digest)) + "," +
         field("duration_ms", milliseconds(run.real_time())) + "," +
         field("virtual_seconds", seconds(run.virtual_time())) + ",\n\"summary\":{" +
         number_member("total", run.results.size()) + "," + number_member("passed", run.passed()) +
         "," + number_member("failed", run.failures()) + "," +
         number_member("skipped", run.skipped()) + "},\n\"suites\":[" + suites + "\n]}\n";
}

}  // namespace lockstep::scenario
