// A clock whose time moves only when it is told to, or when every thread that uses it waits.
//
// Three ways to use it:
//  - one thread (a simulation): nobody calls await(); the driver calls advance_to() with the next
//    instant at which something is due. Time stands still in between.
//  - real threads: each thread holds a Participant. As soon as all of them are in await(), time
//    jumps to the earliest deadline among them and exactly those waiters wake. When no waiter has a
//    deadline nothing can ever happen again: that is a deadlock, and it is an error at once.
//  - real threads and a driver, who waits outside the clock too, for sockets say: he keeps a Seat,
//    and calls advance_to() himself.
//
// The one rule for its users: a participant blocks in await() and nowhere else for as long as
// others need time to pass. Whoever joins a thread that still waits for a deadline ends its
// Participant first; nobody holds a mutex across await() but the one handed to it. The clock cannot
// see other waits, so they stop time for good.
//
// Rules it keeps (each one a failure some other simulator had): time moves only to the next
// deadline, never "a bit per step"; a notified thread counts as running from the instant of the
// notify, so time cannot pass between a notify and the wake-up it causes; only one thread moves
// time; waiters that are due at the same instant are all woken before time moves again.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "clock/clock.h"

namespace lockstep {

class VirtualClock final : public Clock {
 public:
  // Where wall time starts unless told otherwise: 2025-01-01T00:00:00Z.
  static constexpr WallTime kDefaultStart{std::chrono::seconds{1'735'689'600}};

  explicit VirtualClock(WallTime start = kDefaultStart) noexcept;
  ~VirtualClock() override;
  VirtualClock(const VirtualClock&) = delete;
  VirtualClock& operator=(const VirtualClock&) = delete;

  Instant now() const noexcept override;
  WallTime wall_now() const noexcept override;
  bool await(std::unique_lock<std::mutex>& lock, Condition& condition, Instant deadline,
             const std::function<bool()>& ready) override;
  void notify(Condition& condition) noexcept override;

  // Moves monotonic time forward to `at` in one jump (and wall time with it) and wakes every waiter
  // that is due by then; does nothing if `at` is not in the future, and stops just short of kNever.
  // For a single-threaded driver, or a test while no participant waits.
  void advance_to(Instant at) noexcept;
  void advance(Duration by) noexcept { advance_to(saturating_add(now(), by)); }

  // Moves the wall reading by `by`, forward or back, leaving monotonic time alone: an operator or
  // NTP set the clock. Thread-safe.
  void jump_wall(Duration by) noexcept;

  // Lets the wall reading run fast (positive) or slow (negative) against monotonic time from now
  // on, in parts per million. 0 by default; more than a million in either direction is held at
  // that.
  void set_wall_drift(std::int64_t parts_per_million) noexcept;

  // What happens when every participant waits and none has a deadline. The text names each waiter
  // and how long it has waited. The default prints it and calls std::abort(): a hang found at once.
  // Another handler is called once per deadlock, on the thread of one of the waiters, with no lock
  // held; it may use the clock and must not throw. An empty one restores the default.
  void on_deadlock(std::function<void(const std::string&)> handler);

  // How many times time moved because all participants waited. Tells a test that it really waited.
  std::uint64_t jumps() const noexcept;

  // For a driver beside real threads, who moves time himself. He keeps a Seat, so that it does not
  // move without him, and has to know when everybody waits.
  //
  // How many threads are in await(). One that was notified, or whose deadline has come, is not.
  std::size_t waiting() const noexcept;
  // The earliest deadline among them; kNever where none has one.
  Instant next_deadline() const noexcept;
  // Called whenever a thread has begun to wait, on that thread, with no lock held; must not throw
  // or wait. Set it before other threads use the clock.
  void on_wait(std::function<void()> hook);

 protected:
  void reserve_seat() noexcept override;
  void release_seat() noexcept override;
  void enter(bool seat_was_reserved) noexcept override;
  void leave() noexcept override;

 private:
  struct Waiter;

  void wait_until_woken(std::unique_lock<std::mutex>& lock, Waiter& waiter);

  // All of these with mutex_ held; report_deadlock() lets go of it while the handler runs.
  template <typename Predicate>
  void wake_if(Predicate due) noexcept;
  void advance_if_all_wait() noexcept;
  Instant earliest_deadline() const noexcept;
  void set_now(Instant at) noexcept;
  WallTime wall_at_now() const noexcept;
  void announce_deadlock() noexcept;
  std::string describe_deadlock() const;
  void report_deadlock(std::unique_lock<std::mutex>& guard, const std::string& what) noexcept;

  mutable std::mutex mutex_;
  std::atomic<Duration::rep> now_{0};
  // wall = wall_base_ + (now - drift_since_) * (1 + drift / 1e6)
  WallTime wall_base_;
  Instant drift_since_{};
  std::int64_t drift_ppm_ = 0;
  std::map<std::thread::id, int> participants_;  // thread -> nesting depth
  int seats_ = 0;                                // threads announced and not yet there
  std::vector<Waiter*> waiters_;                 // asleep in await(), in order of arrival
  std::function<void(const std::string&)> deadlock_handler_;
  std::function<void()> wait_hook_;
  std::atomic<std::uint64_t> jumps_{0};
};

}  // namespace lockstep
