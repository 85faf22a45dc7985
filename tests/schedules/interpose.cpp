// The functions of the C library by which threads meet, in the place of the library's own: under
// control they are the scheduler's, else the library's.
#include <dlfcn.h>
#include <pthread.h>

#include <cerrno>

#include "tests/schedules/scheduler.h"

namespace {

namespace schedules = lockstep::schedules;

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// A thread's handle under control is its number and this, which no address of a real one is.
constexpr pthread_t kFirst = 16;

}  // namespace

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  static auto* const original = real<int(pthread_mutex_t*)>("pthread_mutex_lock");
  if (!schedules::is_controlled()) return original(mutex);
  schedules::lock(mutex);
  return 0;
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) {
  static auto* const original = real<int(pthread_mutex_t*)>("pthread_mutex_trylock");
  if (!schedules::is_controlled()) return original(mutex);
  return schedules::try_lock(mutex) ? 0 : EBUSY;
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  static auto* const original = real<int(pthread_mutex_t*)>("pthread_mutex_unlock");
  if (!schedules::is_controlled()) return original(mutex);
  schedules::unlock(mutex);
  return 0;
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  static auto* const original = real<int(pthread_cond_t*, pthread_mutex_t*)>("pthread_cond_wait");
  if (!schedules::is_controlled()) return original(condition, mutex);
  schedules::wait(condition, mutex, false);
  return 0;
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* until) {
  static auto* const original =
      real<int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>(
          "pthread_cond_clockwait");
  if (!schedules::is_controlled()) return original(condition, mutex, clock, until);
  return schedules::wait(condition, mutex, true) ? 0 : ETIMEDOUT;
}

int pthread_cond_signal(pthread_cond_t* condition) {
  static auto* const original = real<int(pthread_cond_t*)>("pthread_cond_signal");
  if (!schedules::is_controlled()) return original(condition);
  schedules::notify(condition, false);
  return 0;
}

int pthread_cond_broadcast(pthread_cond_t* condition) {
  static auto* const original = real<int(pthread_cond_t*)>("pthread_cond_broadcast");
  if (!schedules::is_controlled()) return original(condition);
  schedules::notify(condition, true);
  return 0;
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*),
                   void* argument) {
  static auto* const original =
      real<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>("pthread_create");
  if (!schedules::is_controlled()) return original(thread, attributes, routine, argument);
  *thread = kFirst + schedules::start(routine, argument);
  return 0;
}

int pthread_join(pthread_t thread, void** result) {
  static auto* const original = real<int(pthread_t, void**)>("pthread_join");
  if (!schedules::is_controlled()) return original(thread, result);
  void* returned = schedules::join(thread - kFirst);
  if (result != nullptr) *result = returned;
  return 0;
}

int pthread_detach(pthread_t thread) {
  static auto* const original = real<int(pthread_t)>("pthread_detach");
  return schedules::is_controlled() ? 0 : original(thread);
}

pthread_t pthread_self() {
  static auto* const original = real<pthread_t()>("pthread_self");
  return schedules::is_controlled() ? kFirst + schedules::current() : original();
}

}  // extern "C"
