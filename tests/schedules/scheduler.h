// Threads whose interleaving is drawn from a seed: found by seed, replayed by seed.
//
// Thread starts and joins, mutexes and condition variables are interposed (interpose.cpp), and so
// is every atomic operation of the code that is compiled for it (atomics.cpp). At each of these
// points the scheduler may let another thread go on. The threads are contexts of one real thread:
// a switch costs none of the system's time, and a busy machine changes nothing.
//
// The rule: this file and its two neighbours are compiled without instrumentation, and nothing in
// them waits. What is run has no thread_local variables; contexts would share them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace lockstep::schedules {

struct Schedule {
  std::uint64_t points = 0;  // at which another thread could have gone on
  std::uint64_t switches = 0;
  std::uint64_t digest = 0;  // of who went on, each time
};

// Calls `body` under control, with all threads that it starts; returns when they have all ended.
// Where they never can, or `most_points` are not enough, it calls `stuck` with the reason, on
// whichever thread found out; `stuck` must not return.
Schedule run(std::uint64_t seed, std::uint64_t most_points, const std::function<void()>& body,
             const std::function<void(const std::string&)>& stuck);

// A point at which another thread may go on. Nothing outside of run().
void point() noexcept;

// What the interposed functions become under control.
bool is_controlled() noexcept;
void lock(const void* mutex);
bool try_lock(const void* mutex);
void unlock(const void* mutex);
// True when it was woken, false when nobody could wake it any more and `may_time_out`.
bool wait(const void* condition, const void* mutex, bool may_time_out);
void notify(const void* condition, bool all);
// The number of the new thread, from 1; the one that called run() is 0.
std::uint64_t start(void* (*routine)(void*), void* argument);
void* join(std::uint64_t number);
std::uint64_t current() noexcept;
// How many threads there are that are not over, beside this one.
std::uint64_t others() noexcept;

}  // namespace lockstep::schedules
