#include "sdk/host/fork.h"

#include <pthread.h>

#include <atomic>

namespace lockstep {

namespace {

std::atomic<std::uint64_t> generation{0};

// Registered while the program is loaded, before any thread or client can exist.
const int registered = pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1); });

}  // namespace

std::uint64_t fork_generation() noexcept {
  static_cast<void>(registered);
  return generation.load(std::memory_order_relaxed);
}

}  // namespace lockstep
