// What the explorer says it reached, and never reached.
#include "scenarios/explore/coverage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "scenarios/explore/explorer.h"
#include "scenarios/explore/family.h"

namespace lockstep::explore {
namespace {

using engine::Backlog;
using engine::Condition;
using engine::Life;
using engine::Traffic;
using engine::Trouble;

const Coverage::Row& row(const Coverage::Table& table, const std::string& name) {
  const auto found = std::find_if(table.rows.begin(), table.rows.end(), [&](const auto& one) {
    return (one.group.empty() ? "" : one.group + " ") + one.name == name;
  });
  EXPECT_NE(found, table.rows.end()) << name;
  return *found;
}

TEST(Coverage, EachConditionHasAnIndexOfItsOwn) {
  for (std::size_t i = 0; i < Condition::kCount; ++i) EXPECT_EQ(Condition::at(i).index(), i);
}

TEST(Coverage, TheUniverseIsThereBeforeTheFirstRun) {
  const auto tables = Coverage().tables({});
  ASSERT_EQ(tables.size(), 5u);
  const std::size_t families =
      application_families().size() + flag_families().size() + fault_families().size();
  EXPECT_EQ(tables[0].rows.size(), 144u);
  EXPECT_EQ(tables[1].rows.size(), 36u);
  EXPECT_EQ(tables[2].rows.size(), families * (families - 1) / 2);
  EXPECT_EQ(tables[3].rows.size(), fault_families().size() * 144);
  EXPECT_EQ(tables[4].rows.size(), 10u + 28u + 1u);
  for (const Coverage::Table& table : tables) {
    std::set<std::string> names;
    for (const Coverage::Row& one : table.rows) names.insert(one.group + "|" + one.name);
    EXPECT_EQ(names.size(), table.rows.size()) << table.name;
    EXPECT_EQ(table.reached(), 0u);
    EXPECT_EQ(table.never().size(), table.reachable());
  }
}

TEST(Coverage, ARunCountsWhereItWas) {
  const Condition calm;
  const Condition paused{Life::open, Backlog::due, Traffic::none, Trouble::both};
  Plan plan;
  plan.families = {{"burst", 2}, {"outage", 3}, {"silence", 5}};
  scenario::Sightings sightings;
  sightings.note(calm, 2);
  sightings.note_move(calm, paused);
  sightings.note(paused, 4);
  Coverage coverage;
  coverage.add(plan, sightings);
  const auto tables = coverage.tables({});
  const std::string of_paused = "open, queue due, nothing in flight, retry waits in a pause";
  EXPECT_EQ(tables[0].reached(), 2u);
  EXPECT_EQ(row(tables[0], of_paused).runs, 1u);
  EXPECT_EQ(tables[1].reached(), 2u);
  EXPECT_EQ(row(tables[1], "nothing queued -> queue due").runs, 1u);
  EXPECT_EQ(row(tables[1], "no pause -> retry waits in a pause").runs, 1u);
  EXPECT_EQ(tables[2].reached(), 3u);
  EXPECT_EQ(row(tables[2], "burst and outage").runs, 1u);
  EXPECT_EQ(row(tables[2], "silence and outage").runs, 1u);
  // Only what was seen later than the fault began.
  EXPECT_EQ(tables[3].reached(), 1u);
  EXPECT_EQ(row(tables[3], "outage, then " + of_paused).runs, 1u);
  EXPECT_EQ(tables[0].singletons(), 2u);
}

// What is said to be impossible must not be told as a gap, and nobody may meet it.
TEST(Coverage, NoRunReachesWhatCannotBe) {
  ExploreOptions options;
  options.seeds = 500;
  options.verify_one_in = 0;
  options.round = 100;
  const Exploration found = explore(options);
  for (const Coverage::Table& table : found.coverage.tables({})) {
    for (const Coverage::Row& one : table.rows) {
      if (one.cannot.empty()) continue;
      EXPECT_EQ(one.runs, 0u) << table.name << ": " << one.group << ' ' << one.name;
    }
    EXPECT_GT(table.reached(), table.reachable() / 4) << table.name;
  }
}

// The probe of a fault: that it is in a plan does not say that a request has met it.
TEST(Coverage, EveryFaultAndEveryStatusIsMetWithinAFewThousandRuns) {
  ExploreOptions options;
  options.seeds = 3000;
  options.novelty = false;
  options.verify_one_in = 0;
  const auto tables = explore(options).coverage.tables({});
  for (const Coverage::Row& one : tables[4].rows) {
    if (one.cannot.empty()) {
      EXPECT_GT(one.runs, 0u) << one.name;
    }
  }
}

TEST(Coverage, OneProtocolsFamiliesAreNoGapOfAnother) {
  const auto tables = Coverage().tables(Capture::segment);
  EXPECT_EQ(row(tables[2], "burst and tool").cannot, "");
  EXPECT_EQ(row(tables[2], "burst and tracking").cannot, "another protocol's");
  EXPECT_EQ(row(Coverage().tables({})[2], "tool and tracking").cannot, "of two protocols");
  const std::string of_flags(flag_families().front().name);
  EXPECT_EQ(row(Coverage().tables({})[2], "burst and " + of_flags).cannot, "of two workloads");
  EXPECT_EQ(row(Coverage().tables({}, Workload::events)[2], of_flags + " and errors").cannot,
            "another workload's");
}

TEST(Coverage, TheReportNamesWhatWasNeverReached) {
  Coverage::Table table{"things", {{"", "a", 1, ""}, {"", "b", 0, ""}, {"", "c", 0, "no"}}};
  table.rows.push_back({"g", "d", 0, ""});
  table.rows.push_back({"g", "e", 0, ""});
  EXPECT_EQ(to_text({table}, 100),
            "things                          1 of    4 reached, 1 by one run only; 1 cannot be; "
            "a new one in the next run: at most 0.01\n  never  b\n  never  g d; e\n");
  EXPECT_EQ(to_json({table}, 100),
            "[\n  {\"of\":\"things\",\"reachable\":4,\"reached\":1,\"singletons\":1,"
            "\"unseen_probability\":0.01,\"never\":[\"b\",\"g d\",\"g e\"]}]");
}

}  // namespace
}  // namespace lockstep::explore
