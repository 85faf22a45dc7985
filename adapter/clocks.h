// The virtual clocks of an adapter: each test id lives in a time of its own, so that tests that run
// side by side wait for nobody.
//
// A clock comes into being with the first request that names its test id, goes on through /init and
// /reset, and goes when it is forgotten or nobody used it for long.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "adapter/fields.h"
#include "adapter/registry.h"
#include "sdk/host/stepped_host.h"

namespace lockstep::adapter {

using SteppedHostPtr = std::shared_ptr<SteppedHost>;

// Thread-safe. The lock is held for look-ups only.
class Clocks {
 public:
  using Make = std::function<SteppedHostPtr()>;

  // Without `make` there are no virtual clocks.
  Clocks(Make make, const RegistryLimits& limits) : make_(std::move(make)), limits_(limits) {}

  bool are_virtual() const noexcept { return make_ != nullptr; }

  // The host of a test id, made where there is none yet. `now`, real time, is when it was last
  // used. nullptr when there are too many and all of them in use, or after close().
  SteppedHostPtr host(const std::string& test_id, Instant now);

  // Lets go of it. The client on it must have ended, or it lives on until it does.
  void forget(const std::string& test_id);
  // Lets go of those that have had no client and no request for too long at `now`.
  void forget_idle(Instant now);
  // Ends what waits for them; from now on there are none.
  void close() noexcept;

 private:
  struct Entry {
    SteppedHostPtr host;
    Instant last_used;
  };
  using Entries = std::map<std::string, Entry>;

  // All of them with mutex_ held.
  static bool in_use(const Entry& entry) noexcept { return entry.host.use_count() > 1; }
  SteppedHostPtr take_longest_idle();

  const Make make_;
  const RegistryLimits limits_;
  std::mutex mutex_;  // guards what follows
  Entries entries_;
  bool closed_ = false;
};

// POST /clock: {advance_to_ms, wall_ms, calls, held, max_wait_ms}, each of them optional.
struct ClockRequest {
  std::optional<Instant> advance_to;  // the clock's own time: milliseconds since it began
  std::optional<WallTime> wall;       // milliseconds since 1970
  SteppedHost::Outside outside;
  Duration patience = std::chrono::seconds{10};
};

// Throws BadRequest.
ClockRequest parse_clock(std::string_view body);
// {now_ms, wall_ms, next_ms, in_flight, calls, waiting, quiet}
std::string answer_clock(const SteppedHost::State& state);

}  // namespace lockstep::adapter
