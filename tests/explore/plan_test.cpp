// Runs made up from choices: valid, varied, and the same for the same tape.
#include "scenarios/explore/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

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

// Where no interval passes, what is left at the end must be flushed, or nothing converges.
TEST(Plan, NowAndThenNoFlushIntervalEverPassesAndAFlushEndsTheRun) {
  int endless = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const auto& steps = make_plan(Chance(seed), Capture::v0).scenario.steps;
    const scenario::Params options(steps.front().params);
    if (options.integer("flush_interval_ms") < 1'000'000) continue;
    ++endless;
    EXPECT_EQ(steps[steps.size() - 2].action->name, "start_flush") << seed;
  }
  EXPECT_GT(endless, 2);
  EXPECT_LT(endless, 20);
}

TEST(Plan, EveryFamilyIsMetWithinAFewHundredRunsAndMissingInMany) {
  for (const Capture capture : {Capture::v0, Capture::v1, Capture::segment, Capture::confidence}) {
    std::map<std::string_view, int> met;
    constexpr int kRuns = 600;
    for (int seed = 1; seed <= kRuns; ++seed) {
      const Chance chance(static_cast<std::uint64_t>(seed));
      for (const auto& [family, step] : make_plan(chance, capture).families) ++met[family];
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
    for (const auto& [family, step] : make_plan(Chance(seed), {}, Workload::flags).families) {
      ++met[family];
    }
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

std::uint64_t meaning_of(const Chance& chance) {
  return digest_bytes(kDigestStart, to_yaml(make_plan(chance).scenario));
}

// Runs as they were once made: a line for each stream of choices, "stream ID", then one for each
// run, "run MEANING" and its choices as STREAM.CAUSE.INDEX=VALUE, where STREAM is a line's number.
class StoredTapes {
 public:
  struct Stored {
    std::uint64_t meaning = 0;
    ChoiceTape tape;
  };

  static std::vector<Stored> read(const char* path) {
    std::ifstream file(path);
    std::vector<std::uint64_t> streams;
    std::vector<Stored> all;
    std::string line;
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::string kind;
      std::uint64_t number = 0;
      words >> kind >> number;
      if (kind == "stream") {
        streams.push_back(number);
        continue;
      }
      std::vector<ChoiceTape::Choice> choices;
      std::size_t stream = 0;
      std::uint64_t cause = 0;
      std::uint64_t index = 0;
      std::uint64_t value = 0;
      char dot = 0;
      while (words >> stream >> dot >> cause >> dot >> index >> dot >> value) {
        choices.push_back({{streams.at(stream), cause, index}, value});
      }
      all.push_back({number, ChoiceTape(std::move(choices))});
    }
    return all;
  }

  static void write(const char* path, std::uint64_t seeds) {
    std::map<std::uint64_t, std::size_t> streams;
    std::ostringstream runs;
    std::ofstream file(path);
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      Chance chance(seed);
      chance.start_recording();
      runs << "run " << meaning_of(chance);
      const ChoiceTape tape = chance.tape();
      for (const auto& [key, value] : tape.choices()) {
        const auto [stream, is_new] = streams.try_emplace(std::get<0>(key), streams.size());
        if (is_new) file << "stream " << stream->first << '\n';
        runs << ' ' << stream->second << '.' << std::get<1>(key) << '.' << std::get<2>(key) << '='
             << value;
      }
      runs << '\n';
    }
    file << runs.str();
  }
};

// What the stored tapes meant when they were recorded. A change of the generator may add choices
// and families; it must leave the meaning of nearly all tapes alone, or stored failures mean
// nothing any more. A choice that a tape does not name is 0, so 0 has to mean what was before there
// was that choice. LOCKSTEP_STORE=1 writes the file anew.
TEST(Plan, StoredTapesStillMeanTheSameRuns) {
  if (std::getenv("LOCKSTEP_STORE") != nullptr) StoredTapes::write(LOCKSTEP_TAPES, 100);
  const auto stored = StoredTapes::read(LOCKSTEP_TAPES);
  ASSERT_EQ(stored.size(), 100u);
  const auto same = std::count_if(stored.begin(), stored.end(), [](const auto& one) {
    return meaning_of(Chance(one.tape)) == one.meaning;
  });
  std::printf("%d of %zu stored tapes still mean the same run\n", static_cast<int>(same),
              stored.size());
  EXPECT_GE(static_cast<std::size_t>(same) * 100, stored.size() * 95);
}

}  // namespace
}  // namespace lockstep::explore
