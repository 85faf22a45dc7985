// What the kernel says about this process: how many threads it has, how much memory it holds.
#pragma once

#include <cstddef>

namespace lockstep {

// The threads of this process right now, this one included.
std::size_t thread_count();

// Returns once the process has no more than so many threads: a thread that has been told to end
// takes a moment to. Ends with the test's own timeout where that never happens.
void await_thread_count(std::size_t most);

// Resident memory, in bytes.
std::size_t resident_bytes();

}  // namespace lockstep
