// Runs made up from choices: valid, varied, and the same for the same tape.
#include "scenarios/explore/plan.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>

#include "scenarios/action.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/write.h"
#include "scenarios/load.h"

namespace lockstep::explore {
namespace {

// What is drawn is what a person may write: the loader takes every run, and reads the same back.
TEST(Plan, EveryRunIsAScenarioFile) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const auto capture = std::array<std::optional<Capture>, 3>{std::nullopt, Capture::segment,
                                                               Capture::confidence}[seed % 3];
    const auto workload = seed % 5 == 0 ? std::optional(Workload::flags) : std::nullopt;
    const scenario::Scenario made = scenario_of_seed(seed, capture, workload);
    const std::string text = to_yaml(made, "a comment\nof two lines");
    const scenario::Catalogue read = scenario::load_text(text, "f.yaml");
    ASSERT_TRUE(read.problems.empty()) << read.problems.front().to_text() << '\n' << text;
    ASSERT_EQ(read.scenarios.size(), 1u);
    ASSERT_EQ(to_yaml(read.scenarios.front(), "a comment\nof two lines"), text);
  }
}

TEST(Plan, AReadBackFileIsTheSameRun) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const scenario::Scenario made = scenario_of_seed(seed);
    const scenario::Catalogue read = scenario::load_text(to_yaml(made), "f.yaml");
    ASSERT_EQ(scenario::run(read.scenarios.front()).digest, scenario::run(made).digest) << seed;
  }
}

TEST(Plan, TheTapeOfARunMakesItAgainWhateverTheSeed) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Chance chance(seed);
    chance.start_recording();
    const std::string text = to_yaml(make_plan(chance).scenario);
    ASSERT_EQ(to_yaml(make_plan(Chance(seed + 1000, chance.tape())).scenario), text);
  }
}

// A prefix of a tape is a run as well: what it does not name comes from the seed.
TEST(Plan, APrefixOfATapeIsContinuedFromTheSeed) {
  Chance chance(7);
  chance.start_recording();
  const Plan whole = make_plan(chance);
  ChoiceTape prefix;
  const ChoiceTape tape = chance.tape();
  for (const auto& [key, value] : tape.choices()) {
    const auto [stream, cause, index] = key;
    if (cause > 3 && cause < 1000) continue;  // operations behind the third
    Stream named("");
    named.id = stream;
    prefix.put({named, cause, index}, value);
  }
  const Plan continued = make_plan(Chance(8, prefix));
  ASSERT_GT(continued.scenario.steps.size(), 4u);
  EXPECT_NE(to_yaml(continued.scenario), to_yaml(whole.scenario));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(continued.scenario.steps[i].params.to_json(),
              whole.scenario.steps[i].params.to_json());
  }
}

TEST(Plan, EveryFamilyIsMetWithinAFewHundredRunsAndMissingInMany) {
  for (const Capture capture : {Capture::v0, Capture::v1, Capture::segment, Capture::confidence}) {
    std::map<std::string_view, int> met;
    constexpr int kRuns = 600;
    for (int seed = 1; seed <= kRuns; ++seed) {
      const Chance chance(static_cast<std::uint64_t>(seed));
      for (const auto family : make_plan(chance, capture).families) ++met[family];
    }
    for (const std::string_view family : family_names(capture)) {
      EXPECT_GT(met[family], 5) << family;
      const bool is_always_on = family == "burst" || family == "time passes";
      if (!is_always_on) {
        EXPECT_LT(met[family], kRuns * 3 / 4) << family;
      }
    }
  }
}

// And the events of nobody: a run is about one or the other.
TEST(Plan, ARunAboutFlagsHasTheirFamiliesAlone) {
  std::map<std::string_view, int> met;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    for (const auto family : make_plan(Chance(seed), {}, Workload::flags).families) ++met[family];
  }
  for (const std::string_view family : family_names({}, Workload::flags)) {
    EXPECT_GT(met[family], 2) << family;
  }
  EXPECT_EQ(met.count("burst"), 0u);
}

TEST(Plan, EveryProtocolIsDrawn) {
  std::map<Capture, int> drawn;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    ++drawn[make_plan(Chance(seed)).scenario.settings.capture];
  }
  for (const Capture capture : {Capture::v0, Capture::v1, Capture::segment, Capture::confidence}) {
    EXPECT_GT(drawn[capture], 10) << to_string(capture);
  }
  EXPECT_LT(drawn[Capture::segment] + drawn[Capture::confidence], 80)
      << "stored seeds mean what they meant";
}

// What 200 seeds meant when this file was written: a line each, the seed and the digest of its
// run's file. A change of the generator may add choices; it must leave the meaning of nearly all
// runs alone, or stored failures mean nothing any more. LOCKSTEP_STORE=1 writes the file anew.
TEST(Plan, StoredSeedsStillMeanTheSameRuns) {
  const auto meaning = [](std::uint64_t seed) {
    return digest_bytes(kDigestStart, to_yaml(make_plan(Chance(seed)).scenario));
  };
  if (std::getenv("LOCKSTEP_STORE") != nullptr) {
    std::ofstream file(LOCKSTEP_MEANINGS);
    for (std::uint64_t seed = 1; seed <= 200; ++seed) file << seed << ' ' << meaning(seed) << '\n';
  }
  std::ifstream file(LOCKSTEP_MEANINGS);
  int all = 0;
  int same = 0;
  std::uint64_t seed = 0;
  std::uint64_t stored = 0;
  while (file >> seed >> stored) {
    ++all;
    same += meaning(seed) == stored ? 1 : 0;
  }
  ASSERT_EQ(all, 200);
  std::printf("%d of %d stored seeds still mean the same run\n", same, all);
  EXPECT_GE(same * 100, all * 95);
}

}  // namespace
}  // namespace lockstep::explore
