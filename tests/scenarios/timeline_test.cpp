// The page's data. What the page makes of it is tested in a browser: tests/timeline.
#include "scenarios/timeline.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/scenarios/traces.h"

namespace lockstep::scenario {
namespace {

using nlohmann::json;

std::string page(std::vector<Result> results) {
  Run run;
  run.results = std::move(results);
  return timeline(run);
}

json data(const std::string& html, const std::string& id) {
  const std::string start = "<script type=\"application/json\" id=\"" + id + "\">";
  const auto at = html.find(start);
  if (at == std::string::npos) return nullptr;
  const auto from = at + start.size();
  return json::parse(html.substr(from, html.find("</script>", from) - from));
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

TEST(Timeline, HoldsEveryScenarioWithItsVerdict) {
  Result failed = retried_once();
  failed.failed = FailedStep{4, "assert_stored", {7, 1}, {"one", "two"}};
  failed.replay = "lockstep run a.yaml";
  Result skipped;
  skipped.name = "never";
  skipped.skipped = "needs br";
  const std::string html = page({retried_once(), failed, skipped});
  const json run = data(html, "run");
  EXPECT_EQ(run["passed"], 1);
  EXPECT_EQ(run["failed"], 1);
  EXPECT_EQ(run["skipped"], 1);
  EXPECT_EQ(run["scenarios"][0]["verdict"], "pass");
  EXPECT_EQ(run["scenarios"][1]["verdict"], "fail");
  EXPECT_EQ(run["scenarios"][2]["verdict"], "skipped");
  const json one = data(html, "s1");
  EXPECT_EQ(one["failure"]["where"], ":7: step 4 of 4 (assert_stored)");
  EXPECT_EQ(one["failure"]["expected"], "one");
  EXPECT_EQ(one["replay"], "lockstep run a.yaml");
  EXPECT_FALSE(data(html, "s0").contains("failure"));
  EXPECT_EQ(data(html, "s2")["skipped"], "needs br");
}

TEST(Timeline, SpansAndEntriesReferToTheirStrings) {
  const json one = data(page({retried_once()}), "s0");
  const json& strings = one["strings"];
  std::set<std::string> seen;
  for (const json& span : one["spans"]) {
    seen.insert(strings[span[7].get<std::size_t>()].get<std::string>() + " " + span[3].dump() +
                " " + span[4].dump());
  }
  EXPECT_TRUE(seen.contains("batch 1, attempt 2: 200 200000000 202000000"));
  EXPECT_TRUE(seen.contains("pause 2000000 200000000"));
  const json& send = one["entries"][6];
  EXPECT_EQ(send[0], 7);
  EXPECT_EQ(strings[send[2].get<std::size_t>()], "send");
  EXPECT_EQ(strings[send[3].get<std::size_t>()], "client");
  EXPECT_EQ(strings[send[4].get<std::size_t>()], "main");
}

TEST(Timeline, HostileNamesStayData) {
  Result hostile = retried_once();
  hostile.name = "</script><script>alert(1)</script><!-- \"'& \xff <!--js-->";
  hostile.file = "<b>.yaml";
  const std::string plain = page({retried_once()});
  const std::string html = page({hostile});
  EXPECT_EQ(count(html, "<script"), count(plain, "<script"));
  EXPECT_EQ(count(html, "</script"), count(plain, "</script"));
  EXPECT_EQ(count(html, "<!--"), count(plain, "<!--"));
  EXPECT_EQ(data(html, "run")["scenarios"][0]["name"],
            "</script><script>alert(1)</script><!-- \"'& \xef\xbf\xbd <!--js-->");
}

TEST(Timeline, LoadsNothing) {
  const std::string html = page({retried_once()});
  for (const char* reach :
       {"http:", "https:", "//", "url(", "@import", "src=", "fetch(", "import("}) {
    std::string rest = html;
    // An SVG namespace is a name, a pattern is in the page itself, and comments are comments.
    for (const char* own : {"http://www.w3.org/2000/svg", "url(#", "\n//"}) {
      for (auto at = rest.find(own); at != std::string::npos; at = rest.find(own, at))
        rest.erase(at, std::string_view(own).size());
    }
    EXPECT_EQ(count(rest, reach), 0u) << reach;
  }
}

TEST(Timeline, KeysAreUniqueAndNameTheTarget) {
  Result aimed = retried_once();
  aimed.target = "v1 gzip";
  const json run = data(page({retried_once(), retried_once(), aimed}), "run");
  EXPECT_EQ(run["scenarios"][0]["key"], "a 503 is retried");
  EXPECT_EQ(run["scenarios"][1]["key"], "a 503 is retried (2)");
  EXPECT_EQ(run["scenarios"][2]["key"], "a 503 is retried (v1 gzip)");
}

TEST(Timeline, OfManyRepeatsOnlySomeAreInThePageAndItSaysHowManyAreNot) {
  HandMade trace("many");
  for (int i = 0; i < 1000; ++i)
    trace.at(0, "capture", {{"uuid", std::to_string(i)}, {"admission", "accepted"}});
  trace.at(1, "ledger");
  const json one = data(page({trace.result()}), "s0");
  EXPECT_EQ(one["spans"].size(), 1u);
  EXPECT_EQ(one["spans"][0][9], 1000);
  EXPECT_EQ(one["spans"][0][12].size(), 20u);
  EXPECT_EQ(one["entries"].size(), 21u);
  EXPECT_EQ(one["omitted"], 980);
}

}  // namespace
}  // namespace lockstep::scenario
