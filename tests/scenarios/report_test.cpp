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
  bad.nearest = "#2 but for its path";
  bad.replay = "lockstep run a.yaml --only 'it | fails'";
  run.results = {good, bad};
  return run;
}

// Two suites against one target, whose tests took turns; one was skipped.
Run contract_sample() {
  Run run;
  for (const char* suite : {"capture", "capture_v1", "capture"}) {
    Result result;
    result.suite = suite;
    result.target = "posthog-rs 0.3.1";
    result.name = "retry.case_" + std::to_string(run.results.size());
    result.file = "CONTRACT.yaml";
    run.results.push_back(result);
  }
  run.results[1].skipped = "needs encoding_gzip";
  run.results[2].failed = FailedStep{0, "quiet", {1, 1}, {"x", "y"}};
  return run;
}

void expect_in_order(const std::string& text, const std::vector<std::string>& parts) {
  std::size_t at = 0;
  for (const std::string& part : parts) {
    const auto found = text.find(part, at);
    ASSERT_NE(found, std::string::npos) << "no \"" << part << "\" after " << at << " in\n" << text;
    at = found + part.size();
  }
}

TEST(Report, TextShowsTimesFailuresTotalsAndTheDigest) {
  const std::string text = report(sample(), Format::text);
  expect_in_order(
      text, {"a.yaml: 1 passed, 1 failed\n",
             "pass  it <works> & \"more\"  virtual 1d1h1m1s2ms   real 1.500 ms\n",
             "FAIL  it | fails           virtual ", "\nFAIL  it | fails\n",
             "      a.yaml:7: step 2 of 4 (assert_x)\n"
             "      expected: one \x01 thing\n"
             "      saw:      another <b>\n"
             "      requests seen:\n"
             "        #1  POST /batch/\n"
             "        #2  POST /batch/\n"
             "      nearest:  #2 but for its path\n"
             "      again:    lockstep run a.yaml --only 'it | fails'\n",
             "\n1 passed, 1 failed; virtual time 2d2h2m2s4ms, real time 3.000 ms; trace digest "
             "0000000000000abc\n"});
}

TEST(Report, TextGroupsBySuiteAndSaysWhyATestWasSkipped) {
  const std::string text = report(contract_sample(), Format::text);
  expect_in_order(text, {"capture (posthog-rs 0.3.1): 1 passed, 1 failed\n", "pass  retry.case_0",
                         "FAIL  retry.case_2",
                         "capture_v1 (posthog-rs 0.3.1): 0 passed, 0 failed, "
                         "1 skipped\nskip  retry.case_1  needs "
                         "encoding_gzip\n",
                         "\nFAIL  retry.case_2\n", "\n1 passed, 1 failed, 1 skipped; "});
}

TEST(Report, OfManyRequestsOnlyTheFirstAndLastAreShown) {
  Result result = sample().results[1];
  result.requests.clear();
  for (int i = 1; i <= 100; ++i) result.requests.push_back("#" + std::to_string(i) + " here");
  const std::string text = explain(result);
  expect_in_order(text, {"  #15 here\n  ... 70 more ...\n  #86 here\n", "  #100 here\n"});
  EXPECT_EQ(text.find("#16 "), std::string::npos);
  EXPECT_EQ(text.find("#85 "), std::string::npos);
}

TEST(Report, FurtherLinesOfATextStandUnderItsFirst) {
  Result result = sample().results[1];
  result.failed->failure.expected = "one\ntwo";
  EXPECT_NE(explain(result).find("expected: one\n          two\nsaw: "), std::string::npos);
}

TEST(Report, JsonParsesAndHoldsTheSame) {
  const auto written = nlohmann::json::parse(report(sample(), Format::json));
  EXPECT_EQ(written["summary"],
            (nlohmann::json{{"total", 2}, {"passed", 1}, {"failed", 1}, {"skipped", 0}}));
  EXPECT_EQ(written["trace_digest"], "0000000000000abc");
  ASSERT_EQ(written["suites"].size(), 1u);
  EXPECT_EQ(written["suites"][0]["name"], "a.yaml");
  const auto& good = written["suites"][0]["tests"][0];
  EXPECT_EQ(good["name"], "it <works> & \"more\"");
  EXPECT_EQ(good["passed"], true);
  EXPECT_EQ(good["duration_ms"], 1.5);
  EXPECT_EQ(good["virtual_seconds"], 90061.002);
  EXPECT_FALSE(good.contains("failure"));
  EXPECT_FALSE(good.contains("skipped"));
  const auto& bad = written["suites"][0]["tests"][1];
  EXPECT_EQ(bad["passed"], false);
  EXPECT_EQ(bad["message"], explain(sample().results[1]));
  EXPECT_EQ(bad["replay"], "lockstep run a.yaml --only 'it | fails'");
  EXPECT_EQ(bad["failure"]["step"], 2);
  EXPECT_EQ(bad["failure"]["line"], 7);
  EXPECT_EQ(bad["failure"]["expected"], "one \x01 thing");
  EXPECT_EQ(bad["failure"]["requests"].size(), 2u);
  EXPECT_EQ(bad["failure"]["nearest"], "#2 but for its path");
}

TEST(Report, JsonGroupsContractTestsBySuite) {
  const auto written = nlohmann::json::parse(report(contract_sample(), Format::json));
  ASSERT_EQ(written["suites"].size(), 2u);
  EXPECT_EQ(written["suites"][0]["tests"].size(), 2u);
  EXPECT_EQ(written["suites"][0]["target"], "posthog-rs 0.3.1");
  EXPECT_EQ(written["suites"][1]["skipped"], 1);
  EXPECT_EQ(written["suites"][1]["tests"][0]["skipped"], "needs encoding_gzip");
  EXPECT_EQ(written["suites"][1]["tests"][0]["passed"], false);
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
  EXPECT_NE(xml.find("tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\""), std::string::npos);
  EXPECT_NE(xml.find("name=\"it &lt;works&gt; &amp; &quot;more&quot;\" file=\"a.yaml\" line=\"3\""),
            std::string::npos);
  EXPECT_NE(xml.find("<failure type=\"assert_x\" message=\"expected one ? thing; saw another "
                     "&lt;b&gt;\">"),
            std::string::npos)
      << xml;
}

TEST(Report, JunitReplacesWhatXmlCannotHold) {
  auto run = sample();
  run.results[1].name = "\xFF \xC3\xA4 \x01 \xEF\xBF\xBF \xE2\x82";
  EXPECT_NE(report(run, Format::junit).find("name=\"? \xC3\xA4 ? ? ??\""), std::string::npos);
}

TEST(Report, JunitHasATestsuiteForEachSuiteAndSaysWhatWasSkipped) {
  const std::string xml = report(contract_sample(), Format::junit);
  expect_well_formed(xml);
  expect_in_order(
      xml, {"<testsuites name=\"lockstep\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\"",
            "<testsuite name=\"capture (posthog-rs 0.3.1)\" tests=\"2\" failures=\"1\"",
            "<testsuite name=\"capture_v1 (posthog-rs 0.3.1)\" tests=\"1\" failures=\"0\"",
            "<skipped message=\"needs encoding_gzip\"/>"});
}

TEST(Report, MarkdownEscapesWhatWouldBreakItsTable) {
  const std::string text = report(sample(), Format::markdown);
  expect_in_order(
      text, {"# Lockstep report\n", "⚠️ **1/2** tests passed, **1** failed\n",
             "| it \\<works\\> & \"more\" | ✅ | 1d1h1m1s2ms | 1.500 ms |\n", "| it \\| fails | ❌ |",
             "<summary>❌ it | fails</summary>\n\n```\na.yaml:7: step 2 of 4",
             "  #2  POST /batch/\n", "</details>\n"});
}

TEST(Report, MarkdownOfOneTargetIsHeadedByIt) {
  auto run = contract_sample();
  const std::string text = report(run, Format::markdown);
  expect_in_order(text, {"# Lockstep report: posthog-rs 0.3.1\n",
                         "⚠️ **1/2** tests passed, **1** failed, 1 skipped\n",
                         "## capture (posthog-rs 0.3.1)\n", "## capture\\_v1 (posthog-rs 0.3.1)\n",
                         "| retry.case\\_1 | ⏭️ needs encoding\\_gzip | | |\n"});
  run.results.pop_back();
  EXPECT_NE(report(run, Format::markdown).find("\n✅ **1/1** tests passed, 1 skipped\n"),
            std::string::npos);
}

TEST(Report, MarkdownFencesAreLongerThanWhatTheyHold) {
  auto run = sample();
  run.results[1].failed->failure.seen = "a ```` fence";
  run.results[1].name = "</summary><b>";
  const std::string text = report(run, Format::markdown);
  expect_in_order(text, {"<summary>❌ &lt;/summary&gt;&lt;b&gt;</summary>", "\n`````\na.yaml:7"});
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
