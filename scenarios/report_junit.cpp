// The report as JUnit XML, in the form that CI systems read: testsuites, testsuite, testcase with
// failure or skipped. Times are real, in seconds; virtual ones are properties.

#include <algorithm>

#include "scenarios/report.h"
#include "scenarios/report_parts.h"
#include "scenarios/utf8.h"

namespace lockstep::scenario {

namespace {

// Whether XML 1.0 has the character at all, however it is written.
bool is_in_xml(std::string_view character) {
  if (character.size() == 1) return character[0] == '\n' || character[0] >= 0x20;
  return character != "\xEF\xBF\xBE" && character != "\xEF\xBF\xBF";
}

// What XML 1.0 has no form for, and bytes that are no character, become question marks.
std::string xml(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(character.size());
    if (character == "&") {
      out += "&amp;";
    } else if (character == "<") {
      out += "&lt;";
    } else if (character == ">") {
      out += "&gt;";
    } else if (character == "\"") {
      out += "&quot;";
    } else if (length == 0 || !is_in_xml(character)) {
      out += '?';
    } else {
      out += character;
    }
  }
  return out;
}

// A parser turns a bare line break in an attribute into a space.
std::string attribute(std::string_view name, std::string_view value) {
  std::string escaped = xml(value);
  for (std::size_t at = 0; (at = escaped.find('\n', at)) != std::string::npos;)
    escaped.replace(at, 1, "&#10;");
  return " " + std::string(name) + "=\"" + escaped + "\"";
}

std::string attributes(std::size_t total, std::size_t failures, std::size_t skipped,
                       Duration real) {
  return attribute("tests", std::to_string(total)) +
         attribute("failures", std::to_string(failures)) + attribute("errors", "0") +
         attribute("skipped", std::to_string(skipped)) + attribute("time", seconds(real));
}

std::string property(std::string_view name, std::string_view value) {
  return "      <property" + attribute("name", name) + attribute("value", value) + "/>\n";
}

std::string testcase(const Suite& suite, const Result& result) {
  std::string out = "    <testcase" + attribute("classname", suite.title()) +
                    attribute("name", result.name) + attribute("file", result.file) +
                    attribute("line", std::to_string(result.at.line)) +
                    attribute("time", seconds(result.real_time));
  if (result.passed()) return out + "/>\n";
  out += ">\n";
  if (result.failed) {
    const Failure& failure = result.failed->failure;
    out += "      <failure" + attribute("type", result.failed->action) +
           attribute("message", "expected " + failure.expected + "; saw " + failure.seen) + ">" +
           xml(explain(result)) + "</failure>\n";
  } else {
    out += "      <skipped" + attribute("message", result.skipped) + "/>\n";
  }
  return out + "    </testcase>\n";
}

std::string testsuite(const Suite& suite) {
  std::string out =
      "  <testsuite" + attribute("name", suite.title()) +
      attributes(suite.results.size(), suite.failures(), suite.skipped(), suite.real_time()) +
      ">\n    <properties>\n" + property("virtual_seconds", seconds(suite.virtual_time()));
  if (!suite.target.empty()) out += property("target", suite.target);
  out += "    </properties>\n";
  for (const Result* result : suite.results) out += testcase(suite, *result);
  return out + "  </testsuite>\n";
}

}  // namespace

std::string junit_report(const Run& run) {
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + attribute("name", "lockstep") +
      attributes(run.results.size(), run.failures(), run.skipped(), run.real_time()) + ">\n";
  for (const Suite& suite : suites_of(run)) out += testsuite(suite);
  return out + "</testsuites>\n";
}

}  // namespace lockstep::scenario
