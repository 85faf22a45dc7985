// The four formats, over one run made by hand, so that nothing in them depends on the SDK.
#include "scenarios/report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

namespace lockstep::scenario {
namespace {

Run sample() {
  Run run;
  run.digest = 0xabc;
  Result good;
  good.name = "it <works> & \"more\"";
  good.file = "a.yaml";
  good.at = {3, 1};
  good.steps = 4;
  good.virtual_time = std::chrono::milliseconds{90'061'002};
  good.real_time = std::chrono::microseconds{1500};
  good.digest = 1;
  Result bad = good;
  bad.name = "it | fails";
  bad.failed = FailedStep{2, "assert_x", {7, 9}, {"one \x01 thing", "another <b>"}};
  bad.requests = {"#1  POST /batch/", "#2  POST /batch/"};
  run.results = {good, bad};
  return run;
}

TEST(Report, TextShowsTimesFailuresTotalsAndTheDigest) {
  const std::string text = report(sample(), Format::text);
  EXPECT_NE(text.find("pass  it <works> & \"more\"  virtual 1d1h1m1s2ms   real 1.500 ms\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("FAIL  it | fails"), std::string::npos);
  EXPECT_NE(text.find("      a.yaml:7: step 2 of 4 (assert_x)\n"
                      "      expected: one \x01 thing\n"
                      "      saw:      another <b>\n"
                      "      requests seen:\n"
                      "        #1  POST /batch/\n"
                      "        #2  POST /batch/\n"),
            std::string::npos)
      << text;
  EXPECT_NE(
      text.find("1 passed, 1 failed; virtual time 2d2h2m2s4ms, real time 3.000 ms; trace digest "
                "0000000000000abc\n"),
      std::string::npos)
      << text;
}

TEST(Report, JsonParsesAndHoldsTheSame) {
  const auto json = nlohmann::json::parse(report(sample(), Format::json));
  EXPECT_EQ(json["passed"], 1);
  EXPECT_EQ(json["failed"], 1);
  EXPECT_EQ(json["trace_digest"], "0000000000000abc");
  EXPECT_EQ(json["scenarios"][0]["name"], "it <works> & \"more\"");
  EXPECT_EQ(json["scenarios"][0]["passed"], true);
  EXPECT_FALSE(json["scenarios"][0].contains("failure"));
  EXPECT_EQ(json["scenarios"][0]["virtual_seconds"], 90061.002);
  EXPECT_EQ(json["scenarios"][1]["failure"]["step"], 2);
  EXPECT_EQ(json["scenarios"][1]["failure"]["line"], 7);
  EXPECT_EQ(json["scenarios"][1]["failure"]["expected"], "one \x01 thing");
  EXPECT_EQ(json["scenarios"][1]["failure"]["requests"].size(), 2u);
}

// Enough of an XML reader to see that tags nest, attributes are quoted, and nothing is left bare.
void expect_well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = 0; at < xml.size();) {
    if (xml[at] != '<') {
      EXPECT_NE(xml[at], '>') << "at " << at;
      EXPECT_TRUE(static_cast<unsigned char>(xml[at]) >= 0x20 || xml[at] == '\n') << "at " << at;
      ++at;
      continue;
    }
    const auto end = xml.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const std::string tag = xml.substr(at + 1, end - at - 1);
    EXPECT_EQ(tag.find('<'), std::string::npos) << tag;
    EXPECT_EQ(std::count(tag.begin(), tag.end(), '"') % 2, 0) << tag;
    if (tag.starts_with('/')) {
      ASSERT_FALSE(open.empty());
      EXPECT_EQ(tag.substr(1), open.back());
      open.pop_back();
    } else if (!tag.starts_with('?') && !tag.ends_with('/')) {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
    at = end + 1;
  }
  EXPECT_TRUE(open.empty());
}

TEST(Report, JunitIsWellFormedAndCounts) {
  const std::string xml = report(sample(), Format::junit);
  expect_well_formed(xml);
  EXPECT_NE(xml.find("tests=\"2\" failures=\"1\""), std::string::npos);
  EXPECT_NE(xml.find("name=\"it &lt;works&gt; &amp; &quot;more&quot;\""), std::string::npos);
  EXPECT_NE(xml.find("<failure message=\"expected one ? thing; saw another &lt;b&gt;\">"),
            std::string::npos)
      << xml;
}

TEST(Report, MarkdownEscapesWhatWouldBreakItsTable) {
  const std::string text = report(sample(), Format::markdown);
  EXPECT_NE(text.find("| it \\| fails | **failed** |"), std::string::npos) << text;
  EXPECT_NE(text.find("## it | fails\n\n```\na.yaml:7: step 2 of 4"), std::string::npos);
}

TEST(Report, AFailureAfterTheLastStepNamesTheLaw) {
  Result result;
  result.file = "a.yaml";
  result.at = {3, 1};
  result.failed = FailedStep{0, "the ledger balances", {3, 1}, {"x", "y"}};
  EXPECT_EQ(explain(result),
            "a.yaml:3: after the last step (the ledger balances)\nexpected: x\nsaw:      y\n"
            "no request was seen\n");
}

TEST(Report, KnowsItsFormatsByName) {
  EXPECT_EQ(parse_format("junit"), Format::junit);
  EXPECT_EQ(parse_format("JUnit"), std::nullopt);
}

}  // namespace
}  // namespace lockstep::scenario
