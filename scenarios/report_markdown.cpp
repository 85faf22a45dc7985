// The report that goes on a pull request: the verdict, then each suite with its tests and its
// failures, the requests they saw included, folded away below their names.

#include <algorithm>

#include "scenarios/report.h"
#include "scenarios/report_parts.h"
#include "scenarios/schema.h"

namespace lockstep::scenario {

namespace {

// Names come from files: nothing in them may become markup, end a table's cell or a line.
std::string inline_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_[]<>|#~").find(c) != std::string_view::npos) out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

// Inside a tag's text, where Markdown's escapes do not count.
std::string html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c == '\n' || c == '\r' ? ' ' : c;
    }
  }
  return out;
}

// A block of code whose fence is longer than any run of backticks in it.
std::string fenced(const std::string& text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
  const std::string fence(std::max<std::size_t>(longest + 1, 3), '`');
  return fence + "\n" + text + fence + "\n";
}

std::string verdict_line(std::size_t passed, std::size_t failed, std::size_t skipped) {
  std::string out = (failed == 0 ? "✅ **" : "⚠️ **") + std::to_string(passed) + "/" +
                    std::to_string(passed + failed) + "** tests passed";
  if (failed > 0) out += ", **" + std::to_string(failed) + "** failed";
  if (skipped > 0) out += ", " + std::to_string(skipped) + " skipped";
  return out;
}

std::string row(const Result& result) {
  const std::string name = "| " + inline_text(result.name) + " | ";
  if (!result.skipped.empty()) return name + "⏭️ " + inline_text(result.skipped) + " | | |\n";
  return name + (result.failed ? "❌" : "✅") + " | " + to_text(result.virtual_time) + " | " +
         milliseconds(result.real_time) + " ms |\n";
}

std::string section(const Suite& suite) {
  std::string out = "\n## " + inline_text(suite.title()) + "\n\n" +
                    verdict_line(suite.passed(), suite.failures(), suite.skipped()) +
                    ", virtual time " + to_text(suite.virtual_time()) + ", real time " +
                    milliseconds(suite.real_time()) +
                    " ms\n\n<details>\n<summary>Tests and times</summary>\n\n"
                    "| test | result | virtual time | real time |\n|---|---|---:|---:|\n";
  for (const Result* result : suite.results) out += row(*result);
  out += "\n</details>\n";
  for (const Result* result : suite.results) {
    if (!result->failed) continue;
    out += "\n<details>\n<summary>❌ " + html(result->name) + "</summary>\n\n" +
           fenced(explain(*result)) + "\n</details>\n";
  }
  return out;
}

// The target, where all tests ran against the same one.
std::string heading(const std::vector<Suite>& suites) {
  const bool one_target = !suites.empty() && !suites.front().target.empty() &&
                          std::all_of(suites.begin(), suites.end(), [&](const Suite& suite) {
                            return suite.target == suites.front().target;
                          });
  return one_target ? "# Lockstep report: " + inline_text(suites.front().target)
                    : "# Lockstep report";
}

}  // namespace

std::string markdown_report(const Run& run) {
  const std::vector<Suite> suites = suites_of(run);
  std::string out =
      heading(suites) + "\n\n" + verdict_line(run.passed(), run.failures(), run.skipped()) +
      "\n\nVirtual time " + to_text(run.virtual_time()) + ", real time " +
      milliseconds(run.real_time()) + " ms, trace digest `" + hex(run.digest) + "`.\n\n---\n";
  for (const Suite& suite : suites) out += section(suite);
  return out;
}

}  // namespace lockstep::scenario
