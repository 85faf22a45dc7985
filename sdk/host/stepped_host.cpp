#include "sdk/host/stepped_host.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "clock/system_clock.h"

// Who may do something, and how it is known that nobody does: the host's thread, unless it is in
// Network::wait() and has not been woken; a call, unless it is in await(), which the clock counts.
// Both are looked at under the driver's mutex. A thread that sleeps then can only be woken by the
// other one, which does not run either, by an answer, of which none is under way, or by a new call,
// which has to take the mutex first. So what look() says is exact, and stays true while the mutex
// is held.
//
// The order of locks: the driver's mutex, then the clock's. No callback runs under either.

namespace lockstep {

struct SteppedHost::Driver {
  SystemClock real;
  mutable std::mutex mutex;  // guards what follows
  Condition changed;
  bool idle = false;  // the host's thread waits
  Instant next{};     // for what, while it does
  std::size_t in_flight = 0;
  std::uint64_t calls = 0;
  std::size_t running = 0;  // calls in progress, those that wait included
  bool closed = false;

  template <typename Change>
  void change(Change some) {
    {
      const std::lock_guard lock(mutex);
      some();
    }
    real.notify(changed);
  }
};

// The real network, with deadlines in virtual time.
class SteppedHost::Network final : public Transport {
 public:
  Network(std::unique_ptr<Transport> real, std::shared_ptr<VirtualClock> clock,
          std::shared_ptr<Driver> driver)
      : real_(std::move(real)), clock_(std::move(clock)), driver_(std::move(driver)) {}

  void start(TransferId id, http::Request request, const TransferLimits& limits) override {
    deadlines_.emplace(id, limits.deadline);
    by_deadline_.emplace(limits.deadline, id);
    if (limits.deadline <= clock_->now()) return;  // collect() says so
    TransferLimits real_limits = limits;
    real_limits.deadline = kNever;
    real_->start(id, std::move(request), real_limits);
  }

  void cancel(TransferId id) override {
    if (forget(id)) real_->cancel(id);
  }

  std::vector<Completion> collect() override {
    std::vector<Completion> completions = real_->collect();
    for (const Completion& completion : completions) forget(completion.id);
    while (!by_deadline_.empty() && by_deadline_.begin()->first <= clock_->now()) {
      const TransferId id = by_deadline_.begin()->second;
      cancel(id);
      completions.push_back({id, http::TransportError{http::TransportErrorKind::timeout,
                                                      "no whole response by the deadline"}});
    }
    return completions;
  }

  Instant next_instant() const override {
    // Without deadlines the real network is due now, in its own time, or never.
    if (real_->next_instant() != kNever) return clock_->now();
    return by_deadline_.empty() ? kNever : by_deadline_.begin()->first;
  }

  void wait(Instant until) override {
    {
      const std::lock_guard lock(driver_->mutex);
      driver_->in_flight = deadlines_.size();
      if (std::exchange(woken_, false) || until <= clock_->now()) return;
      driver_->idle = true;
      driver_->next = until;
    }
    driver_->real.notify(driver_->changed);
    real_->wait(kNever);
    const std::lock_guard lock(driver_->mutex);
    driver_->idle = false;
    woken_ = false;
  }

  // From here on the thread counts as running, whenever the system starts it.
  void wake() noexcept override {
    {
      const std::lock_guard lock(driver_->mutex);
      woken_ = true;
      driver_->idle = false;
    }
    real_->wake();
  }

 private:
  bool forget(TransferId id) {
    const auto found = deadlines_.find(id);
    if (found == deadlines_.end()) return false;
    by_deadline_.erase({found->second, id});
    deadlines_.erase(found);
    return true;
  }

  std::unique_ptr<Transport> real_;
  std::shared_ptr<VirtualClock> clock_;
  std::shared_ptr<Driver> driver_;
  bool woken_ = false;  // guarded by the driver's mutex
  std::map<TransferId, Instant> deadlines_;
  std::set<std::pair<Instant, TransferId>> by_deadline_;  // of the same
};

namespace {

Instant end_of_tick(Instant at) {
  constexpr Duration kTick = SteppedHost::kTick;
  if (at >= kNever - kTick) return at;
  return Instant{(at.time_since_epoch() + kTick - Duration{1}) / kTick * kTick};
}

}  // namespace

std::shared_ptr<SteppedHost> SteppedHost::create(WallTime start, CurlOptions options) {
  static SystemClock real;  // has no state, and outlives every transport
  return std::make_shared<SteppedHost>(start, std::make_shared<const Chance>(system_entropy()),
                                       std::make_unique<CurlTransport>(real, std::move(options)));
}

SteppedHost::SteppedHost(WallTime start, std::shared_ptr<const Chance> chance,
                         std::unique_ptr<Transport> network)
    : driver_(std::make_shared<Driver>()),
      clock_(std::make_shared<VirtualClock>(start)),
      seat_(*clock_) {
  // Under the mutex, so that who is about to wait for it does not miss it.
  clock_->on_wait([driver = driver_] { driver->change([] {}); });
  threads_ = std::make_unique<ThreadHost>(
      clock_, std::move(chance), std::make_unique<Network>(std::move(network), clock_, driver_));
}

SteppedHost::~SteppedHost() { close(); }

Clock& SteppedHost::clock() noexcept { return *clock_; }

// --- calls --------------------------------------------------------------------------------------

SteppedHost::Call::Call(std::shared_ptr<SteppedHost> host) : host_(std::move(host)) {
  host_->begin_call();
}

SteppedHost::Call::~Call() { host_->end_call(); }

void SteppedHost::begin_call() {
  driver_->change([this] {
    ++driver_->calls;
    ++driver_->running;
  });
}

void SteppedHost::end_call() noexcept {
  driver_->change([this] { --driver_->running; });
}

// --- the driver's side --------------------------------------------------------------------------

// With the driver's mutex held.
SteppedHost::State SteppedHost::look(const Outside& outside) const {
  State state;
  state.now = clock_->read();
  state.in_flight = driver_->in_flight;
  state.calls = driver_->calls;
  state.waiting = clock_->waiting();
  state.next = state.now.at;
  if (!driver_->idle) return state;
  state.next = std::min(driver_->next, clock_->next_deadline());
  state.quiet = state.next > state.now.at && state.waiting == driver_->running &&
                state.calls >= outside.calls && state.in_flight <= outside.held;
  return state;
}

SteppedHost::State SteppedHost::state(const Outside& outside) const {
  const std::lock_guard lock(driver_->mutex);
  return look(outside);
}

SteppedHost::State SteppedHost::settle(const Outside& outside, Duration patience) {
  std::unique_lock lock(driver_->mutex);
  State state;
  driver_->real.await(lock, driver_->changed, saturating_add(driver_->real.now(), patience), [&] {
    state = look(outside);
    return state.quiet || driver_->closed;
  });
  return state;
}

SteppedHost::State SteppedHost::advance_to(Instant at, const Outside& outside, Duration patience) {
  State state = settle(outside, patience);
  {
    const std::lock_guard lock(driver_->mutex);
    state = look(outside);
    if (!state.quiet || driver_->closed || at <= state.now.at) return state;
    clock_->advance_to(std::min(at, end_of_tick(state.next)));
    if (clock_->now() < state.next) return look(outside);
  }
  wake();
  return settle(outside, patience);
}

void SteppedHost::set_wall(WallTime wall) noexcept { clock_->jump_wall(wall - clock_->wall_now()); }

void SteppedHost::close() noexcept {
  driver_->change([this] { driver_->closed = true; });
}

}  // namespace lockstep
