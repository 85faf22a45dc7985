// Reads the spans of clients and server out of a trace; for spans.cpp alone, which adds the test's
// steps and puts everything in order.
#pragma once

#include <string_view>
#include <vector>

#include "clock/trace.h"
#include "scenarios/spans.h"

namespace lockstep::scenario {

// Neither sorted nor in rows; what nothing ended lasts until kNever.
Spans read_spans(const std::vector<TraceEntry>& entries);

// The value of an entry's field; empty where it has none of that name.
std::string_view trace_field(const TraceEntry& entry, std::string_view name);

}  // namespace lockstep::scenario
