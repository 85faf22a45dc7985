// One turn of a host, shared by all hosts: hand over what the transport finished, let each client's
// engine decide, start and cancel what it asks for, run the callbacks.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "clock/clock.h"
#include "sdk/host/hosted.h"
#include "sdk/transport/transport.h"

namespace lockstep {

class Pump {
 public:
  // Both must outlive the pump.
  Pump(Clock& clock, Transport& transport) : clock_(clock), transport_(transport) {}

  // Thread-safe. detach() waits for a turn that is going on, except from within a callback of that
  // turn; it tells the core's callbacks what no turn has told them yet. Afterwards nothing of the
  // core is called. What it had in flight is cancelled by the next turn.
  void attach(std::shared_ptr<Hosted> core);
  void detach(const Hosted& core);

  // Does what is due now. False when there was nothing. One thread at a time.
  bool turn();
  // When turn() has something to do again without outside help.
  Instant next_instant() const;
  // The clients attached now. Thread-safe.
  std::vector<std::shared_ptr<Hosted>> cores() const;
  // Whether this thread is inside turn(), that is, in a callback.
  bool inside_turn() const noexcept { return turning_thread_.load() == std::this_thread::get_id(); }
  // As Host's. Thread-safe.
  std::uint64_t callback_count() const noexcept { return callback_count_.load(); }

 private:
  // A request by its owner's id (not its address, which a later client may get) and the owner's
  // number.
  using Owned = std::pair<std::uint64_t, std::uint64_t>;

  void finish(Hosted& core);
  bool serve(Hosted& core, Now now);
  void begin(Hosted& core, HostedWork::Start& start, Now now);
  bool collect(Now now);
  bool cancel_orphans();
  std::shared_ptr<Hosted> find(std::uint64_t client_id) const;

  Clock& clock_;
  Transport& transport_;
  std::mutex turn_mutex_;           // held for the length of a turn
  mutable std::mutex cores_mutex_;  // guards cores_; never held while a core is called
  std::vector<std::shared_ptr<Hosted>> cores_;
  std::vector<std::shared_ptr<Hosted>> serving_;  // by the turn that goes on; empty between turns
  std::atomic<bool> orphans_{false};              // a core was detached since the last turn
  std::atomic<std::thread::id> turning_thread_{};
  std::atomic<std::uint64_t> callback_count_{0};

  // The turning thread's own.
  std::map<TransferId, Owned> transfers_;
  std::map<Owned, TransferId> ids_;
  TransferId next_transfer_ = 1;
};

}  // namespace lockstep
