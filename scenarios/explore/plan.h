// From choices to a run: a scenario that the explorer makes up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "clock/chance.h"
#include "scenarios/explore/family.h"
#include "scenarios/scenario.h"

namespace lockstep::explore {

// A run has at most so many operations, numbered from 1; clients have numbers far above.
inline constexpr std::uint64_t kMostOperations = 16;

struct Plan {
  struct Begun {
    std::string_view family;
    std::size_t step = 0;  // the number of the one with which its first operation begins
  };

  scenario::Scenario scenario;
  std::vector<Begun> families;  // that the run has an operation of, in their order
};

// The run that these choices mean: the same choices, the same scenario. It ends in a phase without
// faults, in which everything must come to its end (assert_converges).
// `capture`: in that protocol, instead of the one that is drawn; `workload`: likewise.
Plan make_plan(const Chance& chance, std::optional<Capture> capture = {},
               std::optional<Workload> workload = {});

// What a tape says of the run and its clients, and of its first `operations`: a run that begins as
// that one did.
ChoiceTape beginning_of(const ChoiceTape& tape, std::uint64_t operations);

// The families of every run of that workload, and those of that protocol's alone, in the order of
// their tables.
std::vector<std::string_view> family_names(std::optional<Capture> capture = {},
                                           Workload workload = Workload::events);

}  // namespace lockstep::explore
