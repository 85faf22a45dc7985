// A host without a thread, for programs that own their loop (serverless functions, games).
//
// Client::poll() does what is due and returns at once; blocking calls (flush, shutdown,
// get_feature_flag) pump on the calling thread until they have their answer. Several threads may
// capture; those that pump take turns.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "sdk/host/host.h"
#include "sdk/transport/curl_transport.h"
#include "sdk/transport/transport.h"

namespace lockstep {

class Pump;

class ManualHost final : public Host {
 public:
  // A host of real time, libcurl and operating-system entropy.
  static std::shared_ptr<ManualHost> create(CurlOptions options = {});

  ManualHost(std::shared_ptr<Clock> clock, std::shared_ptr<const Chance> chance,
             std::unique_ptr<Transport> transport);
  ~ManualHost() override;

  Clock& clock() noexcept override { return *clock_; }
  const Chance& chance() noexcept override { return *chance_; }
  std::uint64_t next_client_id() noexcept override { return ++client_ids_; }
  void attach(std::shared_ptr<Hosted> core) override;
  void detach(const Hosted& core) noexcept override;
  void wake() noexcept override;
  bool wait(Hosted& core, Instant deadline, const std::function<bool()>& done) override;
  std::uint64_t callback_count() const noexcept override;
  void poll() override;

 private:
  // Runs one turn; one wait in the transport instead, where nothing was due and `until` has not
  // come.
  void pump(Instant until);
  void end_round();

  std::shared_ptr<Clock> clock_;
  std::shared_ptr<const Chance> chance_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Pump> pump_;
  std::atomic<std::uint64_t> client_ids_{0};
  std::mutex mutex_;  // guards what follows
  Condition round_over_;
  bool pumping_ = false;      // a thread is in a round: a turn, or a wait in the transport
  std::uint64_t rounds_ = 0;  // that have ended
};

}  // namespace lockstep
