// The Clock: where every component gets the time, and how every thread waits.
//
// The rule: outside clock/ and the transports nobody reads a system clock or sleeps. A thread that
// waits for a condition, a deadline or both does so through await(), so that a virtual clock can
// know that it waits, and the production wake path is the one the tests run.
//
// Start at Clock; SystemClock (system_clock.h) is what programs use, VirtualClock (virtual_clock.h)
// is what simulations and tests use.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "clock/time.h"

namespace lockstep {

// Something threads wait for on a Clock. Notified through the Clock, never directly.
// Must outlive every await() on it.
class Condition {
 public:
  Condition() = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

 private:
  friend class SystemClock;
  friend class VirtualClock;
  std::condition_variable signal_;
};

// While it lives, the thread that made it takes part in a clock's time: a VirtualClock stands still
// as long as one participant runs. Make one on each thread that uses a VirtualClock beside others;
// it means nothing to a SystemClock. Not movable: it belongs to its thread.
class Participant;

// A place kept for a thread that is about to start, so that time cannot pass before it does.
// Move it into the thread and turn it into a Participant there.
class Seat;

class Clock {
 public:
  virtual ~Clock() = default;

  // The monotonic reading. Thread-safe.
  virtual Instant now() const noexcept = 0;

  // The wall reading: UTC as this clock believes it. Thread-safe.
  virtual WallTime wall_now() const noexcept = 0;

  // Both readings.
  Now read() const noexcept { return Now{now(), wall_now()}; }

  // Releases `lock` and waits until `ready()` holds or `deadline` has come; `lock` is held again
  // when it returns. Returns what ready() says then. ready() is called with `lock` held, first
  // before any wait, then after each notify() of `condition`. A deadline in the past means: only
  // ask.
  virtual bool await(std::unique_lock<std::mutex>& lock, Condition& condition, Instant deadline,
                     const std::function<bool()>& ready) = 0;

  // Wakes every thread in await() on `condition`. Call it after changing, under the waiters' mutex,
  // what ready() looks at. Thread-safe; the mutex may be held or not.
  virtual void notify(Condition& condition) noexcept = 0;

 protected:
  friend class Participant;
  friend class Seat;
  // The bookkeeping behind Participant and Seat; a clock that does not care leaves them alone.
  virtual void reserve_seat() noexcept {}
  virtual void release_seat() noexcept {}
  virtual void enter(bool seat_was_reserved) noexcept { (void)seat_was_reserved; }
  virtual void leave() noexcept {}
};

class Seat {
 public:
  explicit Seat(Clock& clock) noexcept : clock_(&clock) { clock_->reserve_seat(); }
  Seat(Seat&& other) noexcept : clock_(other.clock_) { other.clock_ = nullptr; }
  Seat& operator=(Seat&&) = delete;
  ~Seat() {
    if (clock_ != nullptr) clock_->release_seat();
  }

 private:
  friend class Participant;
  Clock* clock_;
};

class Participant {
 public:
  explicit Participant(Clock& clock) noexcept : clock_(clock) { clock_.enter(false); }
  explicit Participant(Seat seat) noexcept : clock_(*seat.clock_) {
    seat.clock_ = nullptr;
    clock_.enter(true);
  }
  Participant(const Participant&) = delete;
  Participant& operator=(const Participant&) = delete;
  ~Participant() { clock_.leave(); }

 private:
  Clock& clock_;
};

}  // namespace lockstep
