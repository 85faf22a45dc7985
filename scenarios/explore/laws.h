// Laws that need a second run to be checked: determinism, and that time has no grain.
#pragma once

#include <optional>

#include "scenarios/runner.h"
#include "scenarios/scenario.h"

namespace lockstep::explore {

// Runs the scenario again, and then with every wait cut into pieces. `first` is what its first run
// gave. A failure names the law and where the two runs part.
std::optional<scenario::FailedStep> broken_law(const scenario::Scenario& scenario,
                                               const scenario::Result& first);

}  // namespace lockstep::explore
