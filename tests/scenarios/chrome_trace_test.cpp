#include "scenarios/chrome_trace.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/scenarios/traces.h"

namespace lockstep::scenario {
namespace {

using nlohmann::json;

json events_of(const std::vector<Result>& results) {
  Run run;
  run.results = results;
  const json trace = json::parse(chrome_trace(run));
  return trace.at("traceEvents");
}

json named(const json& events, std::string_view name) {
  for (const json& event : events) {
    if (event.at("name") == name) return event;
  }
  return nullptr;
}

TEST(ChromeTrace, RequestsAndPausesAreSlicesInMicroseconds) {
  const json events = events_of({retried_once()});
  const json request = named(events, "batch 1, attempt 2: 200");
  EXPECT_EQ(request["ph"], "X");
  EXPECT_EQ(request["ts"], 200'000.0);
  EXPECT_EQ(request["dur"], 2000.0);
  EXPECT_EQ(request["args"].size(), 2u);
  const json pause = named(events, "pause");
  EXPECT_EQ(pause["ph"], "X");
  EXPECT_EQ(pause["ts"], 2000.0);
  EXPECT_EQ(pause["dur"], 198'000.0);
  const json outcome = named(events, "2 x delivered");
  EXPECT_EQ(outcome["ph"], "i");
  EXPECT_EQ(outcome["s"], "t");
}

TEST(ChromeTrace, EveryEventHasWhatItsPhaseRequiresAndTimeOnlyGrows) {
  double before = 0;
  for (const json& event : events_of({retried_once()})) {
    for (const char* member : {"name", "ph", "ts", "pid", "tid"})
      EXPECT_TRUE(event.contains(member)) << member << " in " << event;
    const std::string phase = event["ph"];
    EXPECT_TRUE(phase != "X" || event["dur"] >= 0) << event;
    EXPECT_TRUE(phase != "M" || event["args"].contains("name")) << event;
    EXPECT_TRUE((phase != "s" && phase != "f") || event.contains("id")) << event;
    EXPECT_GE(event["ts"].get<double>(), before) << event;
    before = event["ts"];
  }
}

TEST(ChromeTrace, ArrowsHaveTwoEndsInSlicesThatAreThere) {
  std::map<std::string, std::string> phases;
  for (const json& event : events_of({retried_once(), retried_once()})) {
    if (event.contains("id")) phases[event["id"]] += event["ph"];
  }
  EXPECT_EQ(phases.size(), 6u);
  for (const auto& [id, both] : phases) EXPECT_EQ(both, "sf") << id;
}

TEST(ChromeTrace, AScenarioIsAProcessAndARowOfATrackIsANamedThread) {
  Result second = retried_once();
  second.name = "\"quoted\" </script>\xff";
  const json events = events_of({retried_once(), second});
  std::map<int, std::string> processes;
  std::map<int, std::set<int>> threads;
  std::map<int, std::set<int>> used;
  for (const json& event : events) {
    if (event["name"] == "process_name") processes[event["pid"]] = event["args"]["name"];
    if (event["name"] == "thread_name") threads[event["pid"]].insert(event["tid"].get<int>());
    if (event["ph"] != "M") used[event["pid"]].insert(event["tid"].get<int>());
  }
  EXPECT_EQ(processes, (std::map<int, std::string>{{1, "a 503 is retried"},
                                                   {2, "\"quoted\" </script>\xef\xbf\xbd"}}));
  EXPECT_EQ(threads, used);
  EXPECT_EQ(named(events, "thread_name")["args"]["name"], "steps");
}

// A viewer draws slices of one thread as nested: two of them must not overlap in part.
TEST(ChromeTrace, SlicesOfAThreadDoNotOverlap) {
  HandMade trace("two at once");
  const auto first = trace.at(0, "send", {{"batch", "1"}, {"attempt", "1"}});
  const auto second = trace.at(1, "send", {{"batch", "2"}, {"attempt", "1"}});
  trace.at(5, "answer", {{"status", "200"}}, first);
  trace.at(9, "answer", {{"status", "200"}}, second);
  const json events = events_of({trace.result()});
  EXPECT_NE(named(events, "batch 1, attempt 1: 200")["tid"],
            named(events, "batch 2, attempt 1: 200")["tid"]);
}

}  // namespace
}  // namespace lockstep::scenario
