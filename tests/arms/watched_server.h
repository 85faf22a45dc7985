// The mock server with somebody who counts: a test can wait until it has seen so many requests.
#pragma once

#include <cstddef>
#include <mutex>

#include "clock/clock.h"
#include "mockserver/server.h"

namespace lockstep {

class WatchedServer final : public http::Handler {
 public:
  // Those who wait do so on `clock`, which must outlive the server.
  explicit WatchedServer(Clock& clock) : clock_(clock) {}

  http::Reply handle(const http::Request& request, Now now) override;
  void wait_for_requests(std::size_t count);

  mock::Server server;

 private:
  Clock& clock_;
  std::mutex mutex_;
  Condition answered_;
  std::size_t answers_ = 0;
};

}  // namespace lockstep
