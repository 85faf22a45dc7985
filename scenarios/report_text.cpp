// The report for a terminal: every test in its suite, then the failures in full, then the totals.

#include <algorithm>

#include "scenarios/report.h"
#include "scenarios/report_parts.h"
#include "scenarios/schema.h"

namespace lockstep::scenario {

namespace {

constexpr std::string_view kMargin = "      ";
// Names longer than this do not push the times of all others to the right.
constexpr std::size_t kWidestName = 78;

// Characters, not bytes: UTF-8's continuation bytes take no column.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t has = columns(text);
  if (has < width) text.append(width - has, ' ');
  return text;
}

std::string indented(const std::string& text) {
  std::string out(kMargin);
  for (const char c : text) {
    out += c;
    if (c == '\n') out += kMargin;
  }
  while (out.ends_with(' ') || out.ends_with('\n')) out.pop_back();
  return out + "\n";
}

std::string line(const Result& result, std::size_t width) {
  if (!result.skipped.empty()) {
    return "skip  " + padded(result.name, width) + "  " + result.skipped + "\n";
  }
  return (result.passed() ? "pass  " : "FAIL  ") + padded(result.name, width) + "  virtual " +
         padded(to_text(result.virtual_time), 12) + "  real " + milliseconds(result.real_time) +
         " ms\n";
}

std::string failures(const Run& run) {
  std::string out;
  for (const Result& result : run.results) {
    if (!result.failed) continue;
    out += "\nFAIL  " + result.name + "\n" + indented(explain(result));
  }
  return out;
}

}  // namespace

std::string text_report(const Run& run) {
  std::size_t width = 0;
  for (const Result& result : run.results)
    width = std::max(width, std::min(kWidestName, columns(result.name)));
  std::string out;
  for (const Suite& suite : suites_of(run)) {
    if (!out.empty()) out += "\n";
    if (!suite.title().empty()) out += suite.title() + ": ";
    out += counts(suite.passed(), suite.failures(), suite.skipped()) + "\n";
    for (const Result* result : suite.results) out += line(*result, width);
  }
  out += failures(run);
  return out + "\n" + counts(run.passed(), run.failures(), run.skipped()) + "; virtual time " +
         to_text(run.virtual_time()) + ", real time " + milliseconds(run.real_time()) +
         " ms; trace digest " + hex(run.digest) + "\n";
}

}  // namespace lockstep::scenario
