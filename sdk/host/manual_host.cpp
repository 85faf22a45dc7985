#include "sdk/host/manual_host.h"

#include <algorithm>
#include <utility>

#include "clock/system_clock.h"
#include "sdk/host/pump.h"

namespace lockstep {

std::shared_ptr<ManualHost> ManualHost::create(CurlOptions options) {
  auto clock = std::make_shared<SystemClock>();
  auto chance = std::make_shared<const Chance>(system_entropy());
  auto transport = std::make_unique<CurlTransport>(*clock, std::move(options));
  return std::make_shared<ManualHost>(std::move(clock), std::move(chance), std::move(transport));
}

ManualHost::ManualHost(std::shared_ptr<Clock> clock, std::shared_ptr<const Chance> chance,
                       std::unique_ptr<Transport> transport)
    : clock_(std::move(clock)),
      chance_(std::move(chance)),
      transport_(std::move(transport)),
      pump_(std::make_unique<Pump>(*clock_, *transport_)) {}

ManualHost::~ManualHost() = default;

void ManualHost::attach(std::shared_ptr<Hosted> core) { pump_->attach(std::move(core)); }
void ManualHost::detach(const Hosted& core) noexcept {
  pump_->detach(core);
  wake();  // a thread that waits in the transport has something to cancel
}
void ManualHost::wake() noexcept { transport_->wake(); }

void ManualHost::pump(Instant until) {
  // After a turn that did something the caller looks first whether it has what it waits for.
  if (pump_->turn()) return;
  if (clock_->now() < until) transport_->wait(std::min(until, pump_->next_instant()));
}

void ManualHost::end_round() {
  {
    const std::lock_guard lock(mutex_);
    pumping_ = false;
    ++rounds_;
  }
  clock_->notify(round_over_);
}

void ManualHost::poll() {
  if (pump_->inside_turn()) return;
  {
    const std::lock_guard lock(mutex_);
    if (pumping_) return;  // another thread is doing it
    pumping_ = true;
  }
  while (pump_->turn()) {
  }
  end_round();
}

std::uint64_t ManualHost::callback_count() const noexcept { return pump_->callback_count(); }

bool ManualHost::wait(Hosted& core, Instant deadline, const std::function<bool()>& done) {
  if (pump_->inside_turn()) return false;
  for (;;) {
    std::unique_lock lock(mutex_);
    const std::uint64_t round = rounds_;  // read before the look, so that no round's end is missed
    lock.unlock();
    if (core.holds(done) || clock_->now() >= deadline) return true;
    lock.lock();
    if (pumping_) {
      // Another thread pumps for all of them; each of its rounds may bring what this one waits for.
      clock_->await(lock, round_over_, deadline, [&] { return !pumping_ || rounds_ != round; });
      continue;
    }
    pumping_ = true;
    lock.unlock();
    pump(deadline);
    end_round();
  }
}

}  // namespace lockstep
