// One background thread for any number of clients.
//
// The thread waits in the transport: for I/O, for new work, or for the next instant at which an
// engine wants to run. Many requests are in flight at once; nothing is ever sent from a caller's
// thread.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "sdk/host/host.h"
#include "sdk/transport/curl_transport.h"
#include "sdk/transport/transport.h"

namespace lockstep {

class ThreadHost final : public Host {
 public:
  // A host of real time, libcurl and operating-system entropy.
  static std::shared_ptr<ThreadHost> create(CurlOptions options = {});
  // The process's shared host: made for the first client that asks, gone with the last.
  static std::shared_ptr<ThreadHost> shared();

  // A host on parts of one's own; clock and chance are shared, the transport is used by this host
  // only.
  ThreadHost(std::shared_ptr<Clock> clock, std::shared_ptr<const Chance> chance,
             std::unique_ptr<Transport> transport);
  // Stops the thread. Clients hold the host, so none is attached any more.
  ~ThreadHost() override;

  Clock& clock() noexcept override;
  const Chance& chance() noexcept override;
  std::uint64_t next_client_id() noexcept override { return ++client_ids_; }
  void attach(std::shared_ptr<Hosted> core) override;
  void detach(const Hosted& core) noexcept override;
  void wake() noexcept override;
  bool wait(Hosted& core, Instant deadline, const std::function<bool()>& done) override;
  std::uint64_t callback_count() const noexcept override;

  // Whether the host lives in a forked child, where it has no thread.
  bool foreign() const noexcept;

 private:
  // Everything the thread uses. It shares the ownership, because the host's last owner may let go
  // of it in a callback, on that very thread.
  struct Shared;

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<std::thread> thread_;
  std::atomic<std::uint64_t> client_ids_{0};
};

}  // namespace lockstep
