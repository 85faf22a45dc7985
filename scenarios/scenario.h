// What a scenario is once it has been read and checked: settings of its world, and steps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clock/time.h"
#include "scenarios/node.h"
#include "sdk/codec/codec.h"
#include "sdk/options.h"

namespace lockstep::scenario {

struct Action;

// A scenario's `options`.
struct Settings {
  std::optional<std::uint64_t> seed;  // default: the run's
  Capture capture = Capture::v0;      // unless init says otherwise
  Compression compression = Compression::none;
  bool strict = true;  // the mock records breaches of the protocol, and any one fails the scenario
  bool suite_compatible = false;  // the mock does as the shared suite's own (mockserver/server.h)
  bool journal = false;           // the mock keeps what it saw, too: the world has its own record
  bool oracles = true;  // the behaviours of oracles/ are watched, and a breach fails the scenario
  bool canary = false;  // an oracle that is wrong watches too (oracles/canary.cpp)
  Duration latency = std::chrono::milliseconds{1};  // of the network, each way
  bool operator==(const Settings&) const = default;
};

// Where a world's clocks begin. A step that names an instant counts from monotonic zero.
struct Epoch {
  Duration monotonic{0};  // later than zero
  Duration wall{0};       // later than 2025-01-01T00:00:00Z
};

struct Step {
  const Action* action = nullptr;
  std::string client;  // which of the world's clients; see World::kFirstClient
  Node params;         // checked against the action's fields
  Mark at;
};

struct Scenario {
  std::string name;
  std::string description;
  std::string file;
  Mark at;
  Settings settings;
  std::vector<Step> steps;
};

}  // namespace lockstep::scenario
