// A scenario as the file that means it.
#pragma once

#include <string>

#include "scenarios/scenario.h"

namespace lockstep::explore {

// YAML that the loader (scenarios/load.h) reads back to the same scenario, a step on each line.
// `comment` stands above it, line by line.
std::string to_yaml(const scenario::Scenario& scenario, const std::string& comment = {});

}  // namespace lockstep::explore
