// The shared suite's contract, read and checked: suites of tests, tests of steps.
//
// The file is the suite's own CONTRACT.yaml, unmodified, with its !includes (relative to the file
// that includes). Everything that is wrong in it is found in one reading; where there is a problem,
// nothing should be run.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/node.h"

namespace lockstep::contract {

struct Action;

struct Step {
  const Action* action = nullptr;
  scenario::Node params;  // checked against the action's fields
  scenario::Mark at;
};

struct Test {
  std::string suite;
  std::string category;
  std::string name;
  std::string description;
  std::string file;
  scenario::Mark at;
  std::vector<std::string> requirements;  // capabilities, the suite's and its own
  std::vector<std::string> sdk_types;     // "server", "client"; none: for both
  std::vector<Step> steps;

  // "category.name", as the original runner reports it.
  std::string short_name() const { return category + "." + name; }
  // "suite.category.name"
  std::string full_name() const { return suite + "." + short_name(); }
  bool is_for(std::string_view sdk_type) const;
  // The first capability it needs that is not among them; empty: it can run.
  std::string missing(const std::set<std::string>& capabilities) const;
};

struct Contract {
  std::vector<Test> tests;          // in the order of the file
  std::vector<std::string> suites;  // likewise
  std::vector<scenario::Problem> problems;
};

// Never throws: what cannot be read is a problem.
Contract load(const std::string& path);

}  // namespace lockstep::contract
