// Work that has no order, on several threads.
#pragma once

#include <cstddef>
#include <functional>

namespace lockstep::scenario {

// Calls work(0) ... work(count - 1), each once and at most `jobs` at a time, on this thread and on
// others that have ended when it returns. `work` must not throw.
void side_by_side(std::size_t count, std::size_t jobs,
                  const std::function<void(std::size_t)>& work);

}  // namespace lockstep::scenario
