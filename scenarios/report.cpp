#include "scenarios/report.h"

#include <algorithm>
#include <cstdio>

#include "scenarios/node.h"
#include "scenarios/schema.h"

namespace lockstep::scenario {

namespace {

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

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string where(const Result& result) {
  const Mark at = result.failed ? result.failed->at : result.at;
  return result.file + ":" + std::to_string(at.line);
}

std::string step_name(const Result& result) {
  const FailedStep& failed = *result.failed;
  if (failed.number == 0) return "after the last step (" + failed.action + ")";
  return "step " + std::to_string(failed.number) + " of " + std::to_string(result.steps) + " (" +
         failed.action + ")";
}

std::string totals(const Run& run) {
  return std::to_string(run.results.size() - run.failures()) + " passed, " +
         std::to_string(run.failures()) + " failed";
}

std::string indented(const std::string& text, const std::string& margin) {
  std::string out = margin;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += margin;
  }
  while (out.ends_with(' ') || out.ends_with('\n')) out.pop_back();
  return out + "\n";
}

std::string as_text(const Run& run) {
  std::size_t width = 0;
  for (const Result& result : run.results) width = std::max(width, result.name.size());
  std::string out;
  for (const Result& result : run.results) {
    out += (result.passed() ? "pass  " : "FAIL  ") + padded(result.name, width) + "  virtual " +
           padded(to_text(result.virtual_time), 12) + "  real " + milliseconds(result.real_time) +
           " ms\n";
    if (!result.passed()) out += indented(explain(result), "      ");
  }
  out += "\n" + totals(run) + "; virtual time " + to_text(run.virtual_time()) + ", real time " +
         milliseconds(run.real_time()) + " ms; trace digest " + hex(run.digest) + "\n";
  return out;
}

std::string json_of(const Result& result) {
  std::string out = "{\"name\":" + json_quoted(result.name) +
                    ",\"file\":" + json_quoted(result.file) +
                    ",\"line\":" + std::to_string(result.at.line) +
                    ",\"passed\":" + (result.passed() ? "true" : "false") +
                    ",\"virtual_seconds\":" + seconds(result.virtual_time) +
                    ",\"real_seconds\":" + seconds(result.real_time) +
                    ",\"trace_entries\":" + std::to_string(result.trace_entries) +
                    ",\"trace_digest\":" + json_quoted(hex(result.digest));
  if (!result.passed()) {
    const FailedStep& failed = *result.failed;
    out += ",\"failure\":{\"step\":" + std::to_string(failed.number) +
           ",\"action\":" + json_quoted(failed.action) +
           ",\"line\":" + std::to_string(failed.at.line) +
           ",\"expected\":" + json_quoted(failed.failure.expected) +
           ",\"seen\":" + json_quoted(failed.failure.seen) + ",\"requests\":[";
    for (const std::string& request : result.requests) {
      out += (&request == result.requests.data() ? "" : ",") + json_quoted(request);
    }
    out += "]}";
  }
  return out + "}";
}

std::string as_json(const Run& run) {
  std::string out = "{\"scenarios\":[";
  for (const Result& result : run.results) {
    out += (&result == run.results.data() ? "\n  " : ",\n  ") + json_of(result);
  }
  return out + "\n],\"passed\":" + std::to_string(run.results.size() - run.failures()) +
         ",\"failed\":" + std::to_string(run.failures()) +
         ",\"virtual_seconds\":" + seconds(run.virtual_time()) +
         ",\"real_seconds\":" + seconds(run.real_time()) +
         ",\"trace_digest\":" + json_quoted(hex(run.digest)) + "}\n";
}

// Control characters have no form in XML 1.0 at all; they become question marks.
std::string xml(std::string_view text) {
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
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return out;
}

std::string as_junit(const Run& run) {
  const std::string counts = "tests=\"" + std::to_string(run.results.size()) + "\" failures=\"" +
                             std::to_string(run.failures()) + "\" time=\"" +
                             seconds(run.real_time()) + "\"";
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites " + counts +
                    ">\n  <testsuite name=\"lockstep\" " + counts + ">\n" +
                    "    <properties><property name=\"trace_digest\" value=\"" + hex(run.digest) +
                    "\"/><property name=\"virtual_seconds\" value=\"" +
                    seconds(run.virtual_time()) + "\"/></properties>\n";
  for (const Result& result : run.results) {
    out += "    <testcase classname=\"" + xml(result.file) + "\" name=\"" + xml(result.name) +
           "\" time=\"" + seconds(result.real_time) + "\"";
    if (result.passed()) {
      out += "/>\n";
      continue;
    }
    const Failure& failure = result.failed->failure;
    out += ">\n      <failure message=\"" +
           xml("expected " + failure.expected + "; saw " + failure.seen) + "\">" +
           xml(explain(result)) + "</failure>\n    </testcase>\n";
  }
  return out + "  </testsuite>\n</testsuites>\n";
}

std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

std::string as_markdown(const Run& run) {
  std::string out = "# Scenarios: " + totals(run) + "\n\nVirtual time " +
                    to_text(run.virtual_time()) + ", real time " + milliseconds(run.real_time()) +
                    " ms, trace digest `" + hex(run.digest) +
                    "`.\n\n| scenario | result | virtual | real (ms) |\n|---|---|---|---|\n";
  for (const Result& result : run.results) {
    out += "| " + cell(result.name) + " | " + (result.passed() ? "passed" : "**failed**") + " | " +
           to_text(result.virtual_time) + " | " + milliseconds(result.real_time) + " |\n";
  }
  for (const Result& result : run.results) {
    if (!result.passed()) out += "\n## " + result.name + "\n\n```\n" + explain(result) + "```\n";
  }
  return out;
}

}  // namespace

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
      return as_text(run);
    case Format::json:
      return as_json(run);
    case Format::junit:
      return as_junit(run);
    case Format::markdown:
      return as_markdown(run);
  }
  return {};
}

std::string explain(const Result& result) {
  if (result.passed()) return {};
  std::string out = where(result) + ": " + step_name(result) +
                    "\nexpected: " + result.failed->failure.expected +
                    "\nsaw:      " + result.failed->failure.seen + "\n";
  if (result.requests.empty()) return out + "no request was seen\n";
  out += "requests seen:\n";
  for (const std::string& request : result.requests) out += "  " + request + "\n";
  return out;
}

}  // namespace lockstep::scenario
