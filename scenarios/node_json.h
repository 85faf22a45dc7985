// A scenario's values as JSON values, for those who would write them as text only to read it again.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "scenarios/node.h"

namespace lockstep::scenario {

// What reading node.to_json() gives.
nlohmann::json json_of(const Node& node);

}  // namespace lockstep::scenario
