#include "bench/allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

thread_local std::uint64_t allocations = 0;
std::atomic<std::int64_t> held{0};

// glibc keeps one word in front of each block.
constexpr std::int64_t kBlockHeader = sizeof(std::size_t);

void* counted(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  ++allocations;
  held.fetch_add(static_cast<std::int64_t>(malloc_usable_size(memory)) + kBlockHeader,
                 std::memory_order_relaxed);
  return memory;
}

void release(void* memory) noexcept {
  if (memory == nullptr) return;
  held.fetch_sub(static_cast<std::int64_t>(malloc_usable_size(memory)) + kBlockHeader,
                 std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }

namespace lockstep::bench {

std::uint64_t allocations_of_this_thread() noexcept { return allocations; }
std::int64_t bytes_held() noexcept { return held.load(std::memory_order_relaxed); }

}  // namespace lockstep::bench
