// A transport carries requests out and results back, many at a time, and is where a host sleeps.
//
// One thread (the host's) calls everything but wake(). Nothing blocks except wait(). The two that
// exist: CurlTransport (curl_transport.h) for production, SimTransport (sim_transport.h) for
// simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "clock/time.h"
#include "http/message.h"

namespace lockstep {

// Chosen by the host; unique among the transfers of one transport.
using TransferId = std::uint64_t;

struct TransferLimits {
  // No result by then: TransportErrorKind::timeout.
  Instant deadline = kNever;
  // Longest wait for a connection, name resolution and TLS included.
  Duration connect_timeout = std::chrono::seconds{5};
  // A larger body or header is not read to its end: TransportErrorKind::response_too_large.
  std::size_t max_body_bytes = std::size_t{4} * 1024 * 1024;
  std::size_t max_header_bytes = std::size_t{256} * 1024;
};

struct Completion {
  TransferId id = 0;
  http::Result result;
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Starts a transfer. What goes wrong comes out of collect(); what is thrown here, out of memory
  // most likely, ends this transfer only. Redirects are not
  // followed; the 3xx response is the result.
  virtual void start(TransferId id, http::Request request, const TransferLimits& limits) = 0;

  // Ends a transfer: no completion for it comes out of collect() any more. An unknown id is
  // ignored.
  virtual void cancel(TransferId id) = 0;

  // Makes progress and hands over what has finished since the last call, in order of completion.
  virtual std::vector<Completion> collect() = 0;

  // The next instant at which collect() would have something without outside help (a simulated
  // arrival, a timeout). kNever when it depends on the network alone.
  virtual Instant next_instant() const = 0;

  // Blocks until collect() may have something, wake() was called since the last wait() returned, or
  // `until` has come.
  virtual void wait(Instant until) = 0;

  // Makes the current or the next wait() return. Thread-safe, and the only call that is.
  virtual void wake() noexcept = 0;
};

}  // namespace lockstep
