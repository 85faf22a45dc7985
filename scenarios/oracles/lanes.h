// What a request says of the lane it belongs to.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "scenarios/seen.h"
#include "sdk/report.h"

namespace lockstep::scenario {

// Nothing where its protocol does not tell lanes apart.
std::optional<Lane> lane_of(const Seen& seen);

// Lanes that share an endpoint share its pause.
bool is_ai_endpoint(const Seen& seen);

}  // namespace lockstep::scenario
