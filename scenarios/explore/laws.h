// Laws that need a second run to be checked: determinism, that time has no grain, and that it has
// no beginning.
#pragma once

#include <optional>

#include "scenarios/runner.h"
#include "scenarios/scenario.h"

namespace lockstep::explore {

// Runs the scenario again, then with every wait cut into pieces, then on clocks that began years
// later, by the monotonic and by the wall reading (unless a step checks what was seen: it may name
// an instant). `first` is what its first run gave. A failure
// names the law and where the two runs part.
std::optional<scenario::FailedStep> broken_law(const scenario::Scenario& scenario,
                                               const scenario::Result& first);

}  // namespace lockstep::explore
