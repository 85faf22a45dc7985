#include "sdk/host/sim_host.h"

#include <algorithm>
#include <utility>

#include "sdk/host/pump.h"

namespace lockstep {

namespace {

// Turns at one instant after which something must be going round in a circle.
constexpr int kLivelockTurns = 1'000'000;

}  // namespace

SimHost::SimHost(http::Handler& server, std::uint64_t seed, SimNetworkOptions network)
    : clock_(std::make_shared<VirtualClock>()),
      chance_(std::make_shared<const Chance>(seed)),
      transport_(std::make_unique<SimTransport>(*clock_, server, network)),
      pump_(std::make_unique<Pump>(*clock_, *transport_)) {}

SimHost::SimHost(std::shared_ptr<VirtualClock> clock, std::shared_ptr<const Chance> chance,
                 std::unique_ptr<Transport> transport)
    : clock_(std::move(clock)),
      chance_(std::move(chance)),
      transport_(std::move(transport)),
      pump_(std::make_unique<Pump>(*clock_, *transport_)) {}

SimHost::~SimHost() = default;

void SimHost::attach(std::shared_ptr<Hosted> core) { pump_->attach(std::move(core)); }

void SimHost::detach(const Hosted& core) noexcept {
  pump_->detach(core);
  // What it had in flight must not reach the server at a later instant.
  if (!pump_->inside_turn()) pump_->turn();
}

bool SimHost::settle() {
  if (pump_->inside_turn()) return false;
  if (livelock_) throw Livelock(*livelock_);
  for (int turns = 0; turns < kLivelockTurns; ++turns) {
    ++turns_;
    if (!pump_->turn()) return turns > 0;
    if (observer_) observer_();
  }
  give_up("livelock: the simulation never settles at this instant");
}

void SimHost::give_up(std::string why) {
  livelock_ = std::move(why);
  throw Livelock(*livelock_);
}

std::optional<std::string> SimHost::broken_invariant() const {
  for (const auto& core : pump_->cores()) {
    if (auto broken = core->broken_invariant()) return broken;
  }
  return std::nullopt;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> SimHost::shapes() const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
  for (const auto& core : pump_->cores()) {
    all.emplace_back(core->id(), core->shape(clock_->now()));
  }
  return all;
}

Instant SimHost::next_instant() const { return pump_->next_instant(); }

Instant SimHost::pass_instants(Instant end) {
  settle();
  Instant next = next_instant();
  while (next <= end && next != kNever) {
    clock_->advance_to(next);
    settle();
    next = next_instant();
    if (next <= clock_->now()) {
      give_up("livelock: something is due and nobody does it");
    }
  }
  return next;
}

void SimHost::run_until(Instant at) {
  if (pump_->inside_turn()) return;
  pass_instants(at);
  clock_->advance_to(at);
}

void SimHost::run_for(Duration span) { run_until(saturating_add(clock_->now(), span)); }

bool SimHost::run_until_idle(Duration limit) {
  if (pump_->inside_turn()) return false;
  return pass_instants(saturating_add(clock_->now(), limit)) == kNever;
}

std::uint64_t SimHost::callback_count() const noexcept { return pump_->callback_count(); }

bool SimHost::wait(Hosted& core, Instant deadline, const std::function<bool()>& done) {
  if (pump_->inside_turn()) return false;
  try {
    settle();
    while (!core.holds(done) && clock_->now() < deadline) {
      run_until(std::min(next_instant(), deadline));
    }
  } catch (const Livelock&) {
    return false;  // what calls this must not throw, and its deadline never comes
  }
  return true;
}

}  // namespace lockstep
