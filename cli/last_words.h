// What is said when a run takes the whole process with it: which run it was, so that it can be made
// again. A defect that ends the process is a finding like any other.
#pragma once

#include <cstdint>

namespace lockstep::cli {

// From now on a signal by which the process dies (an exception that nobody catches is one) is told
// on stderr, and what the thread was at. Leaves alone what a sanitizer watches.
void say_last_words();

// This thread begins that run of an exploration; `from_seed`: its number alone makes it again.
void begin_run(std::uint64_t number, bool from_seed);

}  // namespace lockstep::cli
