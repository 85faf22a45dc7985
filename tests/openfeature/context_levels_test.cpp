// The order in which contexts count: the specification's own feature file, where it is at hand
// (../shared/vectors/openfeature/contextMerging.feature), and its rule here in any case.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

#include "openfeature/tracker.h"
#include "tests/openfeature/gherkin.h"

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

// What stands in quotes in a step.
std::vector<std::string> quoted(const std::string& step) {
  std::vector<std::string> all;
  for (std::size_t at = step.find('"'); at != std::string::npos; at = step.find('"', at + 1)) {
    const std::size_t end = step.find('"', at + 1);
    all.push_back(step.substr(at + 1, end - at - 1));
    at = end;
  }
  return all;
}

// Carries out the steps of a scenario; returns how many of them looked at the merged context.
int play(const gherkin::Scenario& scenario) {
  std::map<std::string, EvaluationContext> levels;
  std::vector<gherkin::Row> table;
  int looked = 0;
  for (const gherkin::Step& step : scenario.steps) {
    const auto words = quoted(step.text);
    if (!step.table.empty()) table = step.table;
    if (step.text.find("is added to the") != std::string::npos) {
      levels[words.at(2)].set(words.at(0), words.at(1));
    } else if (step.text.find("entries for each level") != std::string::npos) {
      for (const gherkin::Row& level : table) {
        levels[level.at(0)].set(words.at(1), level.at(0));
        if (level.at(0) == words.at(0)) break;
      }
    } else if (step.text.find("merged context contains") != std::string::npos) {
      const EvaluationContext context = merged(levels);
      const Value* found = context.find(words.at(0));
      EXPECT_TRUE(found != nullptr && *found == Value(words.at(1)))
          << step.text << ", " << scenario.name;
      ++looked;
    }
  }
  return looked;
}

TEST(ContextMerging, TheSpecificationsScenariosHold) {
  const std::filesystem::path path(LOCKSTEP_SHARED "/vectors/openfeature/contextMerging.feature");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  int looked = 0;
  for (const gherkin::Scenario& scenario : gherkin::parse(text)) looked += play(scenario);
  EXPECT_EQ(looked, 39) << "checks in the file: 13 and 13 of the outlines' examples, 13 others";
}

}  // namespace
}  // namespace lockstep::openfeature
