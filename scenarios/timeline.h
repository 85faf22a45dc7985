// A run as one HTML page that draws every scenario over virtual time: what the test did, what the
// client did and why it waited, what the network carried, what the server answered.
//
// The page is self-contained: it loads nothing, from nowhere. Its parts are the files in timeline/;
// what is put into them here is data alone, as JSON, so no name in it can become markup or code.
#pragma once

#include <string>

#include "scenarios/runner.h"

namespace lockstep::scenario {

// Of results whose trace was kept (RunOptions::keep_trace); the others have empty charts.
std::string timeline(const Run& run);

}  // namespace lockstep::scenario
