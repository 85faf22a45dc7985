// Whether this process was forked since some moment: a child has no host thread, and locks that
// other threads held at the fork stay locked in it for ever.
#pragma once

#include <cstdint>

namespace lockstep {

// Grows by one in the child with each fork. Cheap: no system call.
std::uint64_t fork_generation() noexcept;

}  // namespace lockstep
