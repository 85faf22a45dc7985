// The vocabulary of scenarios: one table that says of each action its name, its parameters and the
// function that carries it out. `lockstep run`, the loader and the documentation all read this
// table.
//
// Where an action exists in the shared suite's contract it has the contract's name and parameters.
// To add one: a line in the table of its theme (actions_*.cpp) and a function beside it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/scenario.h"
#include "scenarios/schema.h"

namespace lockstep::scenario {

class World;

// A step that did not find what it expects.
struct Failure {
  std::string expected;
  std::string seen;
};
// Nothing: the step passed.
using Finding = std::optional<Failure>;

// What is wrong with parameters beyond their types, and where.
struct Complaint {
  Mark at;
  std::string found;
  std::string expected;
};

struct Action {
  std::string_view name;
  std::string_view help;
  std::span<const Field> fields;
  Finding (*run)(World& world, const Step& step);
  // Looks at parameters that passed the check of their types, in a scenario of those settings;
  // nullptr: there is nothing more to check.
  std::optional<Complaint> (*check)(const Node& params, const Settings& settings) = nullptr;
};

// What a parameter that names a lane may say.
inline constexpr std::string_view kLaneWords[] = {"analytics", "historical", "ai"};

// The tables, by theme.
std::span<const Action> app_actions();     // what an application does with a client
std::span<const Action> tool_actions();    // tracking, and what a command-line tool does
std::span<const Action> flags_actions();   // flag providers
std::span<const Action> time_actions();    // the clocks and the network
std::span<const Action> server_actions();  // what the mock server is told
std::span<const Action> request_checks();  // requests: how many, to where, their headers
std::span<const Action> event_checks();    // their bodies, and the events in them
std::span<const Action> retry_checks();    // several requests together
std::span<const Action> ledger_checks();   // what the SDK says, and what the server stored

// All of them, in the order above.
std::vector<const Action*> all_actions();
// nullptr when there is no such action.
const Action* find_action(std::string_view name);

}  // namespace lockstep::scenario
