// The simulated network: requests reach an http::Handler after a latency, replies come back with
// their faults, all of it on a Clock's time and without a socket.
//
// Under a VirtualClock with one driving thread it is a queue of instants (collect() carries out
// what is due); with real threads its wait() goes through Clock::await, so the thread host sleeps
// in virtual time. What a Fault does here and what the HTTP front does on a real socket are held to
// each other by the arms test.
//
// The rules of its time: equal instants run in the order in which they were scheduled; what would
// happen at the very instant of a transfer's deadline does not happen, the deadline does. A request
// that is cancelled or times out before its arrival never reaches the handler; one that has arrived
// was processed, whatever becomes of it afterwards. collect() carries out what is due at the
// instants at which it was due, however late it is called; no other call does.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "clock/clock.h"
#include "http/handler.h"
#include "sdk/transport/transport.h"

namespace lockstep {

struct SimNetworkOptions {
  Duration uplink_latency = std::chrono::milliseconds{1};
  Duration downlink_latency = std::chrono::milliseconds{1};
};

class SimTransport final : public Transport {
 public:
  // Clock and handler must outlive the transport. The handler is called inside collect() only.
  SimTransport(Clock& clock, http::Handler& server, SimNetworkOptions options = {});
  ~SimTransport() override;

  void start(TransferId id, http::Request request, const TransferLimits& limits) override;
  void cancel(TransferId id) override;
  std::vector<Completion> collect() override;
  Instant next_instant() const override;
  // Single-threaded drivers never call it: they move the clock themselves.
  void wait(Instant until) override;
  void wake() noexcept override;

 private:
  struct Flight;
  using Due =
      std::pair<Instant, std::uint64_t>;  // equal instants run in the order they were scheduled

  // Makes `at`, or the deadline where that is not later, the flight's next instant.
  void schedule(Flight& flight, Instant at, Instant now);
  void arrive(Flight& flight, Now arrival);

  Clock& clock_;
  http::Handler& server_;
  SimNetworkOptions options_;
  std::map<TransferId, std::unique_ptr<Flight>> flights_;
  std::map<Due, TransferId> due_;
  std::uint64_t scheduled_ = 0;
  std::mutex mutex_;  // guards woken_
  Condition woken_condition_;
  bool woken_ = false;
};

}  // namespace lockstep
