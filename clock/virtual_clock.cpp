#include "clock/virtual_clock.h"

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <utility>

#include "clock/timestamp.h"

// How the threads are counted. participants_ holds every thread that takes part in time; a thread
// is in it for as long as it holds a Participant or is in await(). waiters_ holds those that sleep.
// Whoever wakes a waiter (a notify, time) takes it out of waiters_ there and then, under mutex_, so
// it counts as running although the system may start it much later. So all participants wait
// exactly when both have the same size, and that is looked at whenever either changes.
//
// The order of locks: a caller's mutex, then mutex_. No caller's mutex is taken, and no caller's
// code is called, while mutex_ is held.

namespace lockstep {

struct VirtualClock::Waiter {
  const Condition* condition;
  Instant deadline;
  Instant since;
  std::thread::id thread;
  std::condition_variable wake;
  bool asleep = false;                  // in waiters_
  bool named_in_report = false;         // a deadlock that it is part of has been reported
  std::optional<std::string> deadlock;  // to be reported by this waiter's thread
};

namespace {

// By how much a clock that drifts by `ppm` gains (or loses) in `elapsed`. Never more than
// `elapsed`, since ppm is at most a million; taken in two parts because elapsed * ppm may not fit.
Duration drift_of(Duration elapsed, std::int64_t ppm) noexcept {
  constexpr std::int64_t kMillion = 1'000'000;
  const auto count = elapsed.count();
  return Duration{count / kMillion * ppm + count % kMillion * ppm / kMillion};
}

void abort_on_deadlock(const std::string& what) {
  std::fprintf(stderr, "%s", what.c_str());
  std::abort();
}

}  // namespace

VirtualClock::VirtualClock(WallTime start) noexcept
    : wall_base_(start), deadlock_handler_(abort_on_deadlock) {}

VirtualClock::~VirtualClock() {
  assert(waiters_.empty() && "a VirtualClock must outlive every await() on it");
}

// --- reading -------------------------------------------------------------------------------------

Instant VirtualClock::now() const noexcept {
  return Instant{Duration{now_.load(std::memory_order_acquire)}};
}

WallTime VirtualClock::wall_now() const noexcept {
  const std::scoped_lock guard(mutex_);
  return wall_at_now();
}

WallTime VirtualClock::wall_at_now() const noexcept {
  const Duration elapsed = now() - drift_since_;
  return saturating_add(wall_base_, saturating_add(elapsed, drift_of(elapsed, drift_ppm_)));
}

std::uint64_t VirtualClock::jumps() const noexcept {
  return jumps_.load(std::memory_order_relaxed);
}

std::size_t VirtualClock::waiting() const noexcept {
  const std::scoped_lock guard(mutex_);
  return waiters_.size();
}

Instant VirtualClock::next_deadline() const noexcept {
  const std::scoped_lock guard(mutex_);
  return earliest_deadline();
}

Instant VirtualClock::earliest_deadline() const noexcept {
  Instant earliest = kNever;
  for (const auto* waiter : waiters_) earliest = std::min(earliest, waiter->deadline);
  return earliest;
}

void VirtualClock::on_wait(std::function<void()> hook) { wait_hook_ = std::move(hook); }

// --- waiting -------------------------------------------------------------------------------------

bool VirtualClock::await(std::unique_lock<std::mutex>& lock, Condition& condition, Instant deadline,
                         const std::function<bool()>& ready) {
  if (ready()) return true;
  if (deadline <= now()) return false;

  const Participant self(*this);
  const Instant since = now();
  do {
    Waiter waiter{&condition, deadline, since, std::this_thread::get_id(), {}, false, false, {}};
    wait_until_woken(lock, waiter);
    if (ready()) return true;
  } while (now() < deadline);
  return false;
}

void VirtualClock::wait_until_woken(std::unique_lock<std::mutex>& lock, Waiter& waiter) {
  std::unique_lock guard(mutex_);
  if (waiter.deadline <= now()) return;  // somebody moved time since the caller looked
  // The caller's mutex goes only once the waiter is listed: whoever takes it next, changes what is
  // waited for and notifies finds the waiter there.
  waiter.asleep = true;
  waiters_.push_back(&waiter);
  lock.unlock();
  advance_if_all_wait();
  if (wait_hook_) {
    guard.unlock();
    wait_hook_();
    guard.lock();
  }
  while (waiter.asleep || waiter.deadlock) {
    if (waiter.deadlock) {
      report_deadlock(guard, *std::exchange(waiter.deadlock, std::nullopt));
    } else {
      waiter.wake.wait(guard);
    }
  }
  guard.unlock();
  lock.lock();
}

void VirtualClock::notify(Condition& condition) noexcept {
  const std::scoped_lock guard(mutex_);
  wake_if([&](const Waiter& waiter) { return waiter.condition == &condition; });
}

template <typename Predicate>
void VirtualClock::wake_if(Predicate due) noexcept {
  const auto woken = std::stable_partition(waiters_.begin(), waiters_.end(),
                                           [&](const Waiter* waiter) { return !due(*waiter); });
  for (auto at = woken; at != waiters_.end(); ++at) {
    (*at)->asleep = false;
    (*at)->wake.notify_one();
  }
  waiters_.erase(woken, waiters_.end());
}

// --- taking part ---------------------------------------------------------------------------------

void VirtualClock::reserve_seat() noexcept {
  const std::scoped_lock guard(mutex_);
  ++seats_;
}

void VirtualClock::release_seat() noexcept {
  const std::scoped_lock guard(mutex_);
  --seats_;
  advance_if_all_wait();
}

void VirtualClock::enter(bool seat_was_reserved) noexcept {
  const std::scoped_lock guard(mutex_);
  ++participants_[std::this_thread::get_id()];
  if (seat_was_reserved) --seats_;
}

void VirtualClock::leave() noexcept {
  const std::scoped_lock guard(mutex_);
  const auto self = participants_.find(std::this_thread::get_id());
  assert(self != participants_.end() && "a Participant ends on the thread that made it");
  if (--self->second > 0) return;
  participants_.erase(self);
  advance_if_all_wait();
}

// --- moving time ---------------------------------------------------------------------------------

void VirtualClock::advance_to(Instant at) noexcept {
  const std::scoped_lock guard(mutex_);
  at = std::min(at, kNever - Duration{1});  // who waits without a deadline must not be due
  if (at > now()) set_now(at);
}

void VirtualClock::advance_if_all_wait() noexcept {
  if (seats_ > 0 || waiters_.empty() || waiters_.size() != participants_.size()) return;
  const Instant earliest = earliest_deadline();
  if (earliest == kNever) return announce_deadlock();
  jumps_.fetch_add(1, std::memory_order_relaxed);
  set_now(earliest);
}

void VirtualClock::set_now(Instant at) noexcept {
  now_.store(at.time_since_epoch().count(), std::memory_order_release);
  wake_if([&](const Waiter& waiter) { return waiter.deadline <= at; });
}

// --- the wall ------------------------------------------------------------------------------------

void VirtualClock::jump_wall(Duration by) noexcept {
  const std::scoped_lock guard(mutex_);
  wall_base_ = saturating_add(wall_base_, by);
}

void VirtualClock::set_wall_drift(std::int64_t parts_per_million) noexcept {
  const std::scoped_lock guard(mutex_);
  wall_base_ = wall_at_now();
  drift_since_ = now();
  drift_ppm_ = std::clamp<std::int64_t>(parts_per_million, -1'000'000, 1'000'000);
}

// --- deadlock ------------------------------------------------------------------------------------

void VirtualClock::on_deadlock(std::function<void(const std::string&)> handler) {
  const std::scoped_lock guard(mutex_);
  deadlock_handler_ = handler ? std::move(handler) : abort_on_deadlock;
}

// The thread that completes a deadlock may be in a destructor or hold its caller's mutex. The
// handler is called by a waiter's thread instead, which holds nothing.
void VirtualClock::announce_deadlock() noexcept {
  const auto is_new = [](const Waiter* waiter) { return !waiter->named_in_report; };
  if (std::none_of(waiters_.begin(), waiters_.end(), is_new)) return;
  for (auto* waiter : waiters_) waiter->named_in_report = true;
  waiters_.back()->deadlock = describe_deadlock();
  waiters_.back()->wake.notify_one();
}

std::string VirtualClock::describe_deadlock() const {
  std::ostringstream text;
  text << "deadlock in virtual time at " << to_seconds(now().time_since_epoch())
       << " s: every participant waits and none has a deadline\n";
  for (const auto* waiter : waiters_) {
    text << "  thread " << waiter->thread << " waits for condition " << waiter->condition
         << ", for " << to_seconds(now() - waiter->since) << " s by now\n";
  }
  return text.str();
}

void VirtualClock::report_deadlock(std::unique_lock<std::mutex>& guard,
                                   const std::string& what) noexcept {
  const auto handler = deadlock_handler_;
  guard.unlock();
  handler(what);
  guard.lock();
}

}  // namespace lockstep
