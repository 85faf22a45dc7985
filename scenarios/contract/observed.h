// What there is to draw of a test whose SDK cannot be looked into: its steps, and its requests as
// the mock saw them, in the words of the trace.
#pragma once

#include <vector>

#include "clock/trace.h"
#include "scenarios/contract/action.h"

namespace lockstep::contract {

// In order of time, numbered anew, with times since `began`.
std::vector<TraceEntry> observed(const std::vector<TraceEntry>& steps,
                                 const std::vector<Recorded>& requests, Instant began);

}  // namespace lockstep::contract
