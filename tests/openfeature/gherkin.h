// As much of Gherkin as OpenFeature's feature files use: scenarios with their background, outlines
// filled in from their examples, tables under steps.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lockstep::gherkin {

using Row = std::vector<std::string>;

struct Step {
  std::string text;  // without Given, When, Then, And
  std::vector<Row> table;
};

struct Scenario {
  std::string name;
  std::vector<std::string> tags;  // with those of the feature's parts it stands in
  std::vector<Step> steps;        // the background's first
  bool has_tag(std::string_view tag) const;
};

// Throws std::runtime_error that names the line it does not understand.
std::vector<Scenario> parse(std::string_view text);

}  // namespace lockstep::gherkin
