// The host: the one seam between engines, which never wait, and the world, which does.
//
// A host pumps its clients (hosted.h): hands over what the transport finished, lets each engine
// decide, starts what it asks for, sleeps until the next instant. All of them run the same turn
// (pump.h): ThreadHost (thread_host.h), SimHost (sim_host.h), ManualHost (manual_host.h), and
// SteppedHost (stepped_host.h), a ThreadHost in virtual time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "clock/chance.h"
#include "clock/clock.h"

namespace lockstep {

class Hosted;

// Thread-safe where the implementation says so; a host outlives the clients attached to it (they
// share its ownership).
class Host {
 public:
  virtual ~Host() = default;

  virtual Clock& clock() noexcept = 0;
  virtual const Chance& chance() noexcept = 0;

  // A number for a new client, unique on this host: the `cause` of its draws.
  virtual std::uint64_t next_client_id() noexcept = 0;

  virtual void attach(std::shared_ptr<Hosted> core) = 0;
  // Afterwards the host calls nothing of the core any more, and what it had in flight is cancelled.
  virtual void detach(const Hosted& core) noexcept = 0;

  // Some client has something due earlier than it last told the host.
  virtual void wake() noexcept = 0;

  // Blocks until done() (called with the core's mutex held) or the deadline; pumps, where the host
  // has no thread. False when the calling thread must not wait because it is inside a callback of
  // this host; the caller then goes on without a result.
  virtual bool wait(Hosted& core, Instant deadline, const std::function<bool()>& done) = 0;

  // Counts up when it begins to run a client's callbacks and when it has run them: odd in between.
  // What stays odd hangs. Thread-safe.
  virtual std::uint64_t callback_count() const noexcept { return 0; }

  // Client::poll().
  virtual void poll() {}
};

}  // namespace lockstep
