#include "scenarios/action.h"

#include <map>

namespace lockstep::scenario {

std::vector<const Action*> all_actions() {
  std::vector<const Action*> all;
  for (const auto table :
       {app_actions(), tool_actions(), flags_actions(), time_actions(), server_actions(),
        request_checks(), event_checks(), retry_checks(), ledger_checks()}) {
    for (const Action& action : table) all.push_back(&action);
  }
  return all;
}

namespace {

// Lengths differ oftener than not, and are quicker to compare.
struct ShorterFirst {
  bool operator()(std::string_view left, std::string_view right) const noexcept {
    return left.size() != right.size() ? left.size() < right.size() : left < right;
  }
};

}  // namespace

const Action* find_action(std::string_view name) {
  static const std::map<std::string_view, const Action*, ShorterFirst> by_name = [] {
    std::map<std::string_view, const Action*, ShorterFirst> index;
    for (const Action* action : all_actions()) index.emplace(action->name, action);
    return index;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

}  // namespace lockstep::scenario
