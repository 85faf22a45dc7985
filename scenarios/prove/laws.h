// What must hold in every state and for every step of the small world, whatever happened.
#pragma once

#include <optional>
#include <string>

#include "scenarios/prove/world.h"

namespace lockstep::prove {

using Broken = std::optional<std::string>;

// Takes up what the engine wants done after an input, and judges it: nothing too early, too often,
// out of order or after the end; nothing lost without a reason that is true.
Broken take_up(const Scope& scope, const engine::Effects& effects, World& world);

// What must hold of a world at rest: the engine's own laws, reports that are true and in time, a
// wake-up that is neither missing nor idle, and that closed means closed.
Broken at_rest(const Scope& scope, World& world);

// With a healthy server and no new events, everything that waits is delivered.
Broken converges(const Scope& scope, World world);

}  // namespace lockstep::prove
