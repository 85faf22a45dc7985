// One SDK client of one test id, with its exact record.
#pragma once

#include <atomic>
#include <memory>

#include "adapter/record.h"
#include "sdk/client.h"
#include "sdk/host/host.h"

namespace lockstep::adapter {

// What GET /state says. The record may be a callback behind the ledger while requests are under
// way; they agree once a flush or shutdown has returned.
struct InstanceState {
  Stats stats;
  RecordSnapshot record;
};

// Thread-safe. Destroying it ends the client with a deadline of zero.
class Instance {
 public:
  // Throws ConfigError.
  Instance(Options options, std::shared_ptr<Host> host, std::shared_ptr<Clock> clock,
           const RecordLimits& limits);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  Client& client() noexcept { return client_; }
  InstanceState state() const;

  // Drops what is pending, cancels what is in flight; nothing is sent after it returned. Callers
  // that still wait in the client get their answer.
  void end() noexcept;

  // When a request last began or ended, by the clock it was made with.
  void touch() noexcept { last_used_ = clock_->now(); }
  Instant last_used() const noexcept { return last_used_; }

 private:
  std::shared_ptr<Clock> clock_;
  std::shared_ptr<Record> record_;
  Client client_;
  std::atomic<Instant> last_used_;
};

}  // namespace lockstep::adapter
