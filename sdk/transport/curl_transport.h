// The production transport: libcurl's multi interface, one thread, many requests, hard deadlines.
//
// TLS is verified (and can be given another CA file, never switched off), redirects are not
// followed, only http and https are spoken, connections are kept alive, no response compression is
// asked for (so a compressed bomb stays the few bytes it is), and body and header sizes are bounded
// while reading.
#pragma once

#include <memory>
#include <string>

#include "clock/clock.h"
#include "sdk/transport/transport.h"

namespace lockstep {

struct CurlOptions {
  std::string proxy;      // as CURLOPT_PROXY; empty: libcurl's environment variables decide
  std::string no_proxy;   // as CURLOPT_NOPROXY
  std::string ca_file;    // PEM bundle; empty: the system's
  std::string interface;  // as CURLOPT_INTERFACE; empty: any
  std::size_t max_connections = 64;          // over all hosts; more requests wait for one
  std::size_t max_connections_per_host = 0;  // 0: no own limit
};

class CurlTransport final : public Transport {
 public:
  // `clock` gives meaning to the deadlines; it must run at real speed (a SystemClock) and outlive
  // the transport. Throws std::runtime_error when libcurl cannot be initialised.
  explicit CurlTransport(Clock& clock, CurlOptions options = {});
  ~CurlTransport() override;

  void start(TransferId id, http::Request request, const TransferLimits& limits) override;
  void cancel(TransferId id) override;
  std::vector<Completion> collect() override;
  Instant next_instant() const override;
  void wait(Instant until) override;
  void wake() noexcept override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep
