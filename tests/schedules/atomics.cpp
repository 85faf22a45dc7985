// Every atomic operation of the code under control is a point at which another thread may go on.
//
// That code is compiled as for ThreadSanitizer, whose calls before memory accesses and in the place
// of atomic operations end here instead of in its runtime. Plain accesses are let pass: which of
// them race is ThreadSanitizer's to say.
#include <cstddef>
#include <cstdint>

#include "tests/schedules/scheduler.h"

namespace {

void point() noexcept { lockstep::schedules::point(); }

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): the names are the compiler's.
#define LOCKSTEP_SILENT(name, ...) \
  void name(__VA_ARGS__) {}

#define LOCKSTEP_ACCESSES(size)                       \
  LOCKSTEP_SILENT(__tsan_read##size, void*)           \
  LOCKSTEP_SILENT(__tsan_write##size, void*)          \
  LOCKSTEP_SILENT(__tsan_unaligned_read##size, void*) \
  LOCKSTEP_SILENT(__tsan_unaligned_write##size, void*)

#define LOCKSTEP_FETCH(bits, type, name)                                  \
  type __tsan_atomic##bits##_##name(volatile type* at, type value, int) { \
    point();                                                              \
    return __atomic_##name(at, value, __ATOMIC_SEQ_CST);                  \
  }

#define LOCKSTEP_ATOMICS(bits, type)                                                              \
  type __tsan_atomic##bits##_load(const volatile type* at, int) {                                 \
    point();                                                                                      \
    return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                                 \
  }                                                                                               \
  void __tsan_atomic##bits##_store(volatile type* at, type value, int) {                          \
    point();                                                                                      \
    __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                                \
  }                                                                                               \
  type __tsan_atomic##bits##_exchange(volatile type* at, type value, int) {                       \
    point();                                                                                      \
    return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);                                      \
  }                                                                                               \
  LOCKSTEP_FETCH(bits, type, fetch_add)                                                           \
  LOCKSTEP_FETCH(bits, type, fetch_sub)                                                           \
  LOCKSTEP_FETCH(bits, type, fetch_and)                                                           \
  LOCKSTEP_FETCH(bits, type, fetch_or)                                                            \
  LOCKSTEP_FETCH(bits, type, fetch_xor)                                                           \
  bool __tsan_atomic##bits##_compare_exchange_strong(volatile type* at, type* expected,           \
                                                     type value, int, int) {                      \
    point();                                                                                      \
    return __atomic_compare_exchange_n(at, expected, value, false, __ATOMIC_SEQ_CST,              \
                                       __ATOMIC_SEQ_CST);                                         \
  }                                                                                               \
  bool __tsan_atomic##bits##_compare_exchange_weak(volatile type* at, type* expected, type value, \
                                                   int, int) {                                    \
    point();                                                                                      \
    return __atomic_compare_exchange_n(at, expected, value, false, __ATOMIC_SEQ_CST,              \
                                       __ATOMIC_SEQ_CST);                                         \
  }

extern "C" {

LOCKSTEP_SILENT(__tsan_init)
LOCKSTEP_SILENT(__tsan_func_entry, void*)
LOCKSTEP_SILENT(__tsan_func_exit)
LOCKSTEP_SILENT(__tsan_vptr_update, void**, void*)
LOCKSTEP_SILENT(__tsan_vptr_read, void**)
LOCKSTEP_SILENT(__tsan_read_range, void*, std::size_t)
LOCKSTEP_SILENT(__tsan_write_range, void*, std::size_t)
LOCKSTEP_ACCESSES(1)
LOCKSTEP_ACCESSES(2)
LOCKSTEP_ACCESSES(4)
LOCKSTEP_ACCESSES(8)
LOCKSTEP_ACCESSES(16)
LOCKSTEP_ATOMICS(8, std::uint8_t)
LOCKSTEP_ATOMICS(16, std::uint16_t)
LOCKSTEP_ATOMICS(32, std::uint32_t)
LOCKSTEP_ATOMICS(64, std::uint64_t)
void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __tsan_atomic_signal_fence(int) {}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
