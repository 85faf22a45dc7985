// Serves any http::Handler over real sockets, and carries out its delays and faults on the wire.
//
// HTTP/1.1 with keep-alive and chunked requests, one thread per connection. Bodies reach the
// handler as they were sent: nothing is decompressed, and headers keep their order, case and
// repetition. Replies leave with the headers the handler gave them and, beside framing
// (Content-Length or Transfer-Encoding, Connection), none of the front's own.
//
// Faults of the connection itself cannot happen any more once a request has been read: a
// refuse_connection or fail_resolution becomes a reset, a hang_connection a silence, all at once. A
// response without a body (HEAD, 204, 304) cannot suffer in its body, so it arrives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "clock/clock.h"
#include "http/handler.h"

namespace lockstep::mock {

struct FrontOptions {
  // More wait until one ends, or is closed for its silence.
  std::size_t max_connections = 256;
  std::size_t max_body_bytes = std::size_t{64} * 1024 * 1024;  // of a request; beyond: 413
  std::size_t max_header_bytes = std::size_t{64} * 1024;       // of a request; beyond: 431
  // Whose time a request lives in: its arrival, and its answer's delay. Called from any thread;
  // nothing, or nullptr for a request: the front's clock.
  std::function<std::shared_ptr<Clock>(const http::Request&)> clock_of{};
};

class HttpFront {
 public:
  // Both must outlive the front. The clock gives requests their time of arrival, and answers their
  // delay.
  HttpFront(http::Handler& handler, Clock& clock, FrontOptions options = {});
  // Stops.
  ~HttpFront();
  HttpFront(const HttpFront&) = delete;
  HttpFront& operator=(const HttpFront&) = delete;

  // Listens on an address ("127.0.0.1", "::1", "0.0.0.0", a name) and starts to serve; port 0 is
  // any free one. Throws std::runtime_error with the reason when it cannot, and std::logic_error
  // when it listens already.
  void listen(const std::string& host = "127.0.0.1", std::uint16_t port = 0);

  // The port it listens on; 0 before listen().
  std::uint16_t port() const noexcept;
  // "http://127.0.0.1:PORT".
  std::string origin() const;

  // Closes everything at once, answers that are being delayed or dripped included, and returns when
  // all threads have ended. A handler that is running is waited for. Does nothing when not
  // listening.
  void stop() noexcept;

  // How many connections have been accepted so far.
  std::uint64_t connections() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::mock
