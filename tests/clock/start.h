// The instant at which monotonic time begins in the tests of clocks and traces.
#pragma once

#include "clock/time.h"

namespace lockstep {

inline constexpr Instant kStart{};

}  // namespace lockstep
