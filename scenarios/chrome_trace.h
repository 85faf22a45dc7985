// A run in the Chrome trace event format, which Perfetto (https://ui.perfetto.dev) and
// chrome://tracing open: a process for each scenario, a thread for each row of a track, virtual
// time in microseconds.
#pragma once

#include <string>

#include "scenarios/runner.h"

namespace lockstep::scenario {

// Of results whose trace was kept (RunOptions::keep_trace); the others have no events. Ends with a
// line break.
std::string chrome_trace(const Run& run);

}  // namespace lockstep::scenario
