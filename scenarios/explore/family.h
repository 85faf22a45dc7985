// Families of things that may happen in a run: one table, a row for each.
//
// The explorer switches each family off in about half of its runs (swarm testing), draws operations
// from those that are on, and counts how often each really happened (its probe). To add a fault or
// an oracle: docs/explorer.md; a fault is one row, at its table's end, and one function.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/explore/choices.h"
#include "scenarios/scenario.h"

namespace lockstep::explore {

// What a run is about.
enum class Workload : std::uint8_t {
  events,  // clients that capture
  flags,   // flag providers
};
inline constexpr std::array<std::string_view, 2> kWorkloadNames{"events", "flags"};
inline std::string_view to_string(Workload workload) noexcept {
  return kWorkloadNames[static_cast<std::size_t>(workload)];
}
// Nothing for another text.
std::optional<Workload> parse_workload(std::string_view name) noexcept;

// What a family's operations may know of the run they are for.
struct RunFrame {
  Capture capture = Capture::v0;
  bool never_flushes = false;        // no flush interval of a client ever passes
  std::vector<std::string> clients;  // of a run about flags: the providers
};

// One operation as steps of a scenario.
struct Operation : std::vector<scenario::Step> {
  // Takes the steps over, where a list of a vector's would copy them.
  template <std::same_as<scenario::Step>... Steps>
  Operation(Steps... steps) {
    reserve(sizeof...(steps));
    (push_back(std::move(steps)), ...);
  }
};

struct Family {
  std::string_view name;
  std::uint64_t weight = 1;  // slots of 64, so how often beside the others that are on
  bool always = false;       // is never switched off
  Operation (*make)(const Choices& choices, const RunFrame& frame);
  std::optional<Capture> only{};  // the runs of that protocol; nothing: of every one
};

std::span<const Family> application_families();  // workload.cpp
std::span<const Family> flag_families();         // flag_workload.cpp
std::span<const Family> fault_families();        // faults.cpp

// Steps of a run about flags: of its beginning, of a provider that begins, of its end.
Operation begin_flags(const Choices& choices, const std::string& provider);
Operation open_flags(const Choices& choices, const std::string& provider);
Operation end_flags(const std::string& provider);

// The options of a client in such a run.
scenario::Node drawn_options(const Choices& client, const RunFrame& frame);

// A step of that action; the action exists.
scenario::Step step(std::string_view action, const std::string& client, scenario::Node params);

}  // namespace lockstep::explore
