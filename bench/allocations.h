// Counts what the benchmark program allocates: operator new is replaced in this binary only.
#pragma once

#include <cstdint>

namespace lockstep::bench {

// Allocations made by the calling thread so far.
std::uint64_t allocations_of_this_thread() noexcept;

// Bytes that all threads hold now, as the allocator rounds them, its own header included.
std::int64_t bytes_held() noexcept;

}  // namespace lockstep::bench
