// One simulation: virtual clock, simulated network, scripted server, and the clients that live in
// it. What Python's Simulation (lockstep/_simulation.py) stands on.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "callable.h"
#include "clock/trace.h"
#include "clock/virtual_clock.h"
#include "sdk/host/sim_host.h"
#include "sdk/report.h"
#include "server.h"

namespace lockstep::python {

// What a network callable did to one request.
struct NetworkFault {
  http::Fault fault = http::Fault::none;
  std::uint64_t fault_bytes = 0;
  Duration delay{0};
};

// One thread at a time, and that is checked: a second one gets a RuntimeError. Clients keep it
// alive.
class Simulation {
 public:
  Simulation(std::shared_ptr<ScriptedServer> server, std::uint64_t seed, SimNetworkOptions network,
             WallTime start);

  // Runs `body` without the GIL, as the one thread that uses the simulation.
  template <typename Body>
  auto use(Body body) {
    const Turnstile turnstile(*this);
    const py::gil_scoped_release released;
    return body();
  }
  // The same with the GIL: for what takes no time.
  template <typename Body>
  auto touch(Body body) {
    const Turnstile turnstile(*this);
    return body();
  }

  // Each lets time pass until then, or until stop() was called; the clock then stands at that
  // instant. Signals are looked at now and then. Called with the GIL held, and not by a callable of
  // the simulation (lockstep/_simulation.py sees to that).
  void run_until(Instant at);
  // Whether nothing is due any more.
  bool run_until_idle(Duration limit);
  // From a callable that raised: time stops at the instant at which it did.
  void stop() noexcept { stopped_ = true; }

  // Asked about each request before it reaches the server: a function from (path, at, number) to a
  // NetworkFault or None, which never raises; nullptr takes it away.
  void set_network(CallablePtr network) { network_ = std::move(network); }

  const std::shared_ptr<SimHost>& host() const noexcept { return host_; }
  VirtualClock& clock() noexcept { return *clock_; }
  Trace& trace() noexcept { return trace_; }
  Instant now() const noexcept { return clock_->now(); }

  struct Ended {
    std::string client;
    Outcome outcome;
    Instant at{};
  };
  void ended(std::string client, const Outcome& outcome) {
    outcomes_.push_back({std::move(client), outcome, now()});
  }
  const std::vector<Ended>& outcomes() const noexcept { return outcomes_; }

 private:
  class Gate;

  // Lets one thread in, as often as it likes.
  class Turnstile {
   public:
    explicit Turnstile(Simulation& simulation);
    ~Turnstile();
    Turnstile(const Turnstile&) = delete;
    Turnstile& operator=(const Turnstile&) = delete;

   private:
    Simulation& simulation_;
  };

  http::Reply pass(const http::Request& request, Now now);
  std::optional<NetworkFault> ask_network(const http::Request& request, Now now);
  void record(const http::Request& request, const http::Reply& reply, Now now);

  const std::shared_ptr<ScriptedServer> server_;
  Trace trace_;
  std::shared_ptr<VirtualClock> clock_;
  std::unique_ptr<Gate> gate_;
  std::shared_ptr<SimHost> host_;
  CallablePtr network_;
  std::vector<Ended> outcomes_;
  std::uint64_t passed_ = 0;
  std::atomic<std::thread::id> user_{};
  int uses_ = 0;  // the using thread's own
  bool stopped_ = false;
};

// Runs `body`, which may wait or run callables, without the GIL: in the simulation, or, where that
// is null, in the real world.
template <typename Body>
auto in_world(const std::shared_ptr<Simulation>& simulation, Body body) {
  if (simulation != nullptr) return simulation->use(body);
  const py::gil_scoped_release released;
  return body();
}

// Owns a native object whose end may wait for a callable, or run one: it ends without the GIL, and
// not at all once the interpreter does. `world` outlives it.
template <typename Object>
std::shared_ptr<Object> held(std::unique_ptr<Object> object, std::shared_ptr<void> world = {}) {
  return {object.release(), [world = std::move(world)](Object* ended) {
            if (interpreter_ends) return;
            std::optional<py::gil_scoped_release> released;
            if (Py_IsInitialized() != 0 && PyGILState_Check() != 0) released.emplace();
            delete ended;
          }};
}

}  // namespace lockstep::python
