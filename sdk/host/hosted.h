// What a host pumps: a state machine that wants requests sent and hears of their answers. Each
// client has one (ClientCore), and so has whoever sends single requests (Requester).
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "clock/clock.h"
#include "http/message.h"
#include "sdk/transport/transport.h"

namespace lockstep {

// What one turn wants of the transport.
struct HostedWork {
  struct Start {
    std::uint64_t number = 0;  // the owner's name for the request
    http::Request request;
    TransferLimits limits;
  };
  std::vector<Start> starts;
  std::vector<std::uint64_t> cancels;
  // There are callbacks to be called, or somebody to be woken.
  bool finish = false;
  bool any() const noexcept { return finish || !starts.empty() || !cancels.empty(); }
};

// completed(), take() and finish() are called by one thread at a time, that of the pump; each
// take() that had any work is followed by finish(), once the transport got what it asked for.
// Everything else is thread-safe.
class Hosted {
 public:
  virtual ~Hosted() = default;

  // Unique on its host.
  virtual std::uint64_t id() const noexcept = 0;

  // A request ended, or could not be started. Called before the next take().
  virtual void completed(std::uint64_t number, http::Result result, Now now) = 0;
  // Decides what is to be done now.
  virtual HostedWork take(Now now) = 0;
  // Runs the callbacks and wakes whoever waits.
  virtual void finish() = 0;
  // When take() wants to be called next.
  virtual Instant next_wake(Instant now) = 0;
  // It is leaving its host inside a callback. Where that is one of its own it says nothing more:
  // what its callbacks refer to may be gone.
  virtual void hush() noexcept = 0;

  // What callers wait on, for Host::wait(); and whether it has come.
  virtual std::mutex& mutex() const noexcept = 0;
  virtual Condition& changed() noexcept = 0;
  bool holds(const std::function<bool()>& done) const {
    const std::lock_guard lock(mutex());
    return done();
  }

  // The laws of its state, checked, and the kind of state it is in; for tests and simulations.
  virtual std::optional<std::string> broken_invariant() const { return std::nullopt; }
  virtual std::uint64_t shape(Instant /*now*/) const { return 0; }
};

}  // namespace lockstep
