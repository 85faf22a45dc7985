#include "scenarios/report.h"

#include <algorithm>
#include <cstdio>

#include "scenarios/report_parts.h"

namespace lockstep::scenario {

namespace {

// Of a failure's requests in texts; the JSON report has them all.
constexpr std::size_t kRequestsAtEachEnd = 15;

template <typename Holds>
std::size_t count(const std::vector<const Result*>& results, Holds holds) {
  return static_cast<std::size_t>(std::count_if(results.begin(), results.end(), holds));
}

// The further lines of a text stand under its first.
std::string hanging(const std::string& text, std::size_t margin) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out.append(margin, ' ');
  }
  return out;
}

// The first and the last of many, and how many are between them.
std::string request_lines(const std::vector<std::string>& requests) {
  const bool all = requests.size() <= 2 * kRequestsAtEachEnd + 1;
  std::string out;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!all && i == kRequestsAtEachEnd) {
      i = requests.size() - kRequestsAtEachEnd;
      out += "  ... " + std::to_string(i - kRequestsAtEachEnd) + " more ...\n";
    }
    out += "  " + requests[i] + "\n";
  }
  return out;
}

}  // namespace

std::size_t Suite::passed() const {
  return count(results, [](const Result* result) { return result->passed(); });
}

std::size_t Suite::failures() const {
  return count(results, [](const Result* result) { return result->failed.has_value(); });
}

std::size_t Suite::skipped() const {
  return count(results, [](const Result* result) { return !result->skipped.empty(); });
}

Duration Suite::virtual_time() const {
  Duration sum{0};
  for (const Result* result : results) sum = saturating_add(sum, result->virtual_time);
  return sum;
}

Duration Suite::real_time() const {
  Duration sum{0};
  for (const Result* result : results) sum = saturating_add(sum, result->real_time);
  return sum;
}

std::string Suite::title() const { return target.empty() ? name : name + " (" + target + ")"; }

std::vector<Suite> suites_of(const Run& run) {
  std::vector<Suite> suites;
  for (const Result& result : run.results) {
    const std::string& name = result.suite.empty() ? result.file : result.suite;
    auto found = std::find_if(suites.begin(), suites.end(), [&](const Suite& suite) {
      return suite.name == name && suite.target == result.target;
    });
    if (found == suites.end()) found = suites.insert(found, Suite{name, result.target, {}});
    found->results.push_back(&result);
  }
  return suites;
}

std::string milliseconds(Duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(time.count()) / 1e6);
  return text;
}

std::string seconds(Duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6f", static_cast<double>(time.count()) / 1e9);
  return text;
}

std::string hex(std::uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

std::string counts(std::size_t passed, std::size_t failed, std::size_t skipped) {
  std::string out = std::to_string(passed) + " passed, " + std::to_string(failed) + " failed";
  if (skipped > 0) out += ", " + std::to_string(skipped) + " skipped";
  return out;
}

std::string place(const Result& result) {
  const Mark at = result.failed ? result.failed->at : result.at;
  return result.file + ":" + std::to_string(at.line);
}

std::string failed_step(const Result& result) {
  const FailedStep& failed = *result.failed;
  if (failed.number == 0) return "after the last step (" + failed.action + ")";
  return "step " + std::to_string(failed.number) + " of " + std::to_string(result.steps) + " (" +
         failed.action + ")";
}

std::optional<Format> parse_format(std::string_view name) noexcept {
  if (name == "text") return Format::text;
  if (name == "json") return Format::json;
  if (name == "junit") return Format::junit;
  if (name == "markdown") return Format::markdown;
  return std::nullopt;
}

std::string report(const Run& run, Format format) {
  switch (format) {
    case Format::text:
      return text_report(run);
    case Format::json:
      return json_report(run);
    case Format::junit:
      return junit_report(run);
    case Format::markdown:
      return markdown_report(run);
  }
  return {};
}

std::string explain(const Result& result) {
  if (!result.failed) return {};
  const std::size_t margin = std::string_view("expected: ").size();
  std::string out = (result.file.empty() ? "" : place(result) + ": ") + failed_step(result) +
                    "\nexpected: " + hanging(result.failed->failure.expected, margin) +
                    "\nsaw:      " + hanging(result.failed->failure.seen, margin) + "\n";
  if (result.requests.empty()) out += "no request was seen\n";
  if (!result.requests.empty()) out += "requests seen:\n" + request_lines(result.requests);
  if (!result.nearest.empty()) out += "nearest:  " + hanging(result.nearest, margin) + "\n";
  if (!result.replay.empty()) out += "again:    " + result.replay + "\n";
  return out;
}

}  // namespace lockstep::scenario
