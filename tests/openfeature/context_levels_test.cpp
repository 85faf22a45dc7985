// The order in which contexts count: the specification's own feature file, where it is at hand
// (../shared/vectors/openfeature/contextMerging.feature), and its rule here in any case.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include "openfeature/tracker.h"

namespace lockstep::openfeature {
namespace {

const std::vector<std::string> kLevels{"API", "Transaction", "Client", "Invocation",
                                       "Before Hooks"};

// The contexts of a call by the feature file's names of the levels. What hooks add counts like an
// invocation's, over it.
EvaluationContext merged(std::map<std::string, EvaluationContext> levels) {
  const ContextLevels behind{levels["API"], levels["Transaction"], levels["Client"]};
  return behind.merged(levels["Invocation"].merged(levels["Before Hooks"]));
}

TEST(ContextMerging, ALaterLevelWinsOverEachEarlierOne) {
  for (std::size_t low = 0; low < kLevels.size(); ++low) {
    for (std::size_t high = low + 1; high < kLevels.size(); ++high) {
      const auto context = merged({{kLevels[low], EvaluationContext("low", {{"key", "low"}})},
                                   {kLevels[high], EvaluationContext("high", {{"key", "high"}})}});
      EXPECT_EQ(*context.find("key"), Value("high")) << kLevels[low] << ", " << kLevels[high];
      EXPECT_EQ(context.targeting_key(), "high");
    }
  }
}

// A scenario of the file, outlines with each of their examples.
struct Scenario {
  std::vector<std::string> steps;
  std::vector<std::string> table;  // of its levels, in order
  std::vector<std::string> examples;
};

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r|");
  const auto end = text.find_last_not_of(" \t\r|");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

std::vector<Scenario> read_feature(std::istream& file) {
  std::vector<Scenario> scenarios;
  bool in_examples = false;
  for (std::string raw; std::getline(file, raw);) {
    const std::string line = trimmed(raw);
    if (line.starts_with("Scenario")) {
      scenarios.emplace_back();
      in_examples = false;
    } else if (scenarios.empty() || line.empty() || line.front() == '@') {
      continue;
    } else if (line.starts_with("Examples:")) {
      in_examples = true;
    } else if (raw.find('|') == std::string::npos) {
      scenarios.back().steps.push_back(line);
    } else if (line != "level") {
      (in_examples ? scenarios.back().examples : scenarios.back().table).push_back(line);
    }
  }
  return scenarios;
}

// What stands in quotes in a step, the example's level in its place.
std::vector<std::string> quoted(const std::string& step, const std::string& level) {
  std::vector<std::string> all;
  for (std::size_t at = step.find('"'); at != std::string::npos; at = step.find('"', at + 1)) {
    const std::size_t end = step.find('"', at + 1);
    const std::string text = step.substr(at + 1, end - at - 1);
    all.push_back(text == "<level>" ? level : text);
    at = end;
  }
  return all;
}

// Carries out the steps of a scenario; returns how many of them looked at the merged context.
int play(const Scenario& scenario, const std::string& example) {
  std::map<std::string, EvaluationContext> levels;
  int looked = 0;
  for (const std::string& step : scenario.steps) {
    const auto words = quoted(step, example);
    if (step.find("is added to the") != std::string::npos) {
      levels[words.at(2)].set(words.at(0), words.at(1));
    } else if (step.find("entries for each level") != std::string::npos) {
      for (const std::string& level : scenario.table) {
        levels[level].set(words.at(1), level);
        if (level == words.at(0)) break;
      }
    } else if (step.find("merged context contains") != std::string::npos) {
      const EvaluationContext context = merged(levels);
      const Value* found = context.find(words.at(0));
      EXPECT_TRUE(found != nullptr && *found == Value(words.at(1))) << step << ", " << example;
      ++looked;
    }
  }
  return looked;
}

TEST(ContextMerging, TheSpecificationsScenariosHold) {
  const std::filesystem::path path(LOCKSTEP_SHARED "/vectors/openfeature/contextMerging.feature");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  std::ifstream file(path);
  int looked = 0;
  for (const Scenario& scenario : read_feature(file)) {
    const bool is_outline = !scenario.examples.empty();
    for (const std::string& level : is_outline ? scenario.examples : std::vector<std::string>{""}) {
      looked += play(scenario, level);
    }
  }
  EXPECT_EQ(looked, 39) << "checks in the file: 13 and 13 of the outlines' examples, 13 others";
}

}  // namespace
}  // namespace lockstep::openfeature
