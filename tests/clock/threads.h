// What tests of threads on virtual time are written in: a Gate to wait at, and Threads that all
// begin at the same instant.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "clock/virtual_clock.h"

namespace lockstep {

// A mutex and a condition together, and the waits the tests are written in.
class Gate {
 public:
  explicit Gate(VirtualClock& clock) : clock_(clock) {}

  bool await(Instant deadline, const std::function<bool()>& ready) {
    std::unique_lock lock(mutex_);
    return clock_.await(lock, condition_, deadline, ready);
  }
  void wait(const std::function<bool()>& ready) { await(kNever, ready); }
  void pause(Duration length) {
    await(clock_.now() + length, [] { return false; });
  }
  // Asks again and again, without the clock.
  void spin_until(const std::function<bool()>& ready) {
    for (;; std::this_thread::yield()) {
      const std::scoped_lock lock(mutex_);
      if (ready()) return;
    }
  }
  // A pause that counts itself in `asleep` the moment before it begins. Since the mutex is held
  // from there on until the clock knows of the waiter, whoever sees the count knows that it waits.
  void pause_counted(Duration length, std::size_t& asleep) {
    bool counted = false;
    await(clock_.now() + length, [&] {
      asleep += std::exchange(counted, true) ? 0 : 1;
      return false;
    });
  }
  // Runs `change` under the mutex, then notifies.
  void change(const std::function<void()>& change) {
    {
      const std::scoped_lock lock(mutex_);
      change();
    }
    clock_.notify(condition_);
  }
  void notify() { clock_.notify(condition_); }
  // Runs `change` and notifies with the mutex held all the while.
  void change_and_notify_locked(const std::function<void()>& change) {
    const std::scoped_lock lock(mutex_);
    change();
    clock_.notify(condition_);
  }

 private:
  VirtualClock& clock_;
  std::mutex mutex_;
  Condition condition_;
};

// Starts threads that take part in a clock's time, none of which misses a moment of it.
class Threads {
 public:
  explicit Threads(VirtualClock& clock) : clock_(clock), everybody_is_here_(std::in_place, clock) {}
  ~Threads() { join(); }

  void start(std::function<void()> body) {
    threads_.emplace_back([seat = Seat(clock_), body = std::move(body)]() mutable {
      const Participant self(std::move(seat));
      body();
    });
  }
  void join() {
    everybody_is_here_.reset();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  VirtualClock& clock_;
  std::optional<Seat> everybody_is_here_;  // time begins when all have been started
  std::vector<std::thread> threads_;
};

}  // namespace lockstep
