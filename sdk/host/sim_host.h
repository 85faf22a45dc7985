// The host of a simulation: no thread, virtual time.
//
// Nothing happens unless somebody lets time pass: run_until(), run_for(), run_until_idle(), or a
// blocking call of a client (flush, shutdown, get_feature_flag), which pumps until it has its
// answer. Time goes straight from one instant at which something is due to the next. One thread
// only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "clock/virtual_clock.h"
#include "sdk/host/host.h"
#include "sdk/transport/sim_transport.h"

namespace lockstep {

class Pump;

// The simulation cannot go on: at one instant there is always something left to do. A defect of the
// SDK, or of a handler or callback that makes new work for ever.
class Livelock : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

class SimHost final : public Host {
 public:
  // A simulation on its own clock, which starts at VirtualClock::kDefaultStart. `server` must
  // outlive it.
  explicit SimHost(http::Handler& server, std::uint64_t seed = 1, SimNetworkOptions network = {});
  SimHost(std::shared_ptr<VirtualClock> clock, std::shared_ptr<const Chance> chance,
          std::unique_ptr<Transport> transport);
  ~SimHost() override;

  VirtualClock& clock() noexcept override { return *clock_; }
  const Chance& chance() noexcept override { return *chance_; }
  std::uint64_t next_client_id() noexcept override { return ++client_ids_; }
  void attach(std::shared_ptr<Hosted> core) override;
  void detach(const Hosted& core) noexcept override;
  void wake() noexcept override {}
  bool wait(Hosted& core, Instant deadline, const std::function<bool()>& done) override;
  std::uint64_t callback_count() const noexcept override;

  // What lets time pass throws Livelock where it cannot, and so does every such call afterwards.
  // Blocking calls of a client, which never throw, return unfinished instead.

  // Does everything that is due now, without moving time. False when nothing was.
  bool settle();
  // Does everything due up to and including `at`, instant by instant; the clock stands at `at`
  // then.
  void run_until(Instant at);
  void run_for(Duration span);
  // Runs until nothing is due any more, or `limit` has passed. True when it is idle.
  bool run_until_idle(Duration limit);
  // The next instant at which something is due; kNever when the simulation is idle.
  Instant next_instant() const;
  // From now on `observer` is called after each turn that did something, with no lock held. It must
  // not let time pass or call a client's blocking calls; an empty function takes it away.
  void on_turn(std::function<void()> observer) { observer_ = std::move(observer); }
  // The engines' laws, of all clients: the first that is broken.
  std::optional<std::string> broken_invariant() const;
  // The kinds of state the clients' engines are in (engine::Engine::shape), by client id.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> shapes() const;
  // Why the simulation cannot go on, once it was found, by whichever call; nothing while it can.
  const std::optional<std::string>& livelock() const noexcept { return livelock_; }
  // How many turns it has run: the steps of the simulation.
  std::uint64_t turns() const noexcept { return turns_; }

 private:
  // Lives through every instant up to `end` at which something is due; returns the next one.
  Instant pass_instants(Instant end);
  [[noreturn]] void give_up(std::string why);

  std::shared_ptr<VirtualClock> clock_;
  std::shared_ptr<const Chance> chance_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Pump> pump_;
  std::uint64_t client_ids_ = 0;
  std::uint64_t turns_ = 0;
  std::function<void()> observer_;
  std::optional<std::string> livelock_;
};

}  // namespace lockstep
