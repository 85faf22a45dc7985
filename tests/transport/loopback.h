// A server on the loopback that does to each connection what the test says, byte for byte: answers,
// half answers, garbage, silence, resets.
//
// Each connection has a thread, which runs the test's script; the server's end wakes them all.
// Nothing here waits for time to pass, only for bytes, for an end, or for a number to be reached.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "clock/system_clock.h"
#include "http/message.h"
#include "sdk/transport/curl_transport.h"

namespace lockstep::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Loopback;

// One accepted connection. Used by the thread of its script.
class Connection {
 public:
  Connection(Loopback& server, int socket) noexcept : server_(server), socket_(socket) {}

  int socket() const noexcept { return socket_; }
  // The next request, header and body, as it came. Nothing when the client has closed.
  std::optional<std::string> read_request();
  // The next request up to the end of its header.
  std::optional<std::string> read_header();
  // False when the client has closed.
  bool send(std::string_view bytes);
  // Sends `piece` again and again until the client has closed; how many bytes went out. Stops by
  // itself at `limit`.
  std::uint64_t send_until_closed(std::string_view piece, std::uint64_t limit);
  // Reads until the client closes.
  void await_close();
  // Breaks the connection: the client sees a reset, not an end. The script returns then.
  void reset() noexcept { reset_ = true; }
  bool wants_reset() const noexcept { return reset_; }

  // Notes something with the server.
  void note(std::string text);
  // Blocks until the server has so many notes. False when the server has stopped before.
  bool await_notes(std::size_t count);

 private:
  bool read_more();

  Loopback& server_;
  int socket_;
  std::string unread_;
  bool reset_ = false;
};

class Loopback {
 public:
  using Script = std::function<void(Connection&)>;

  // Listens on a free port of 127.0.0.1 and runs `script` for each connection; its end closes it.
  // `on_note` is called after each note.
  explicit Loopback(Script script, std::function<void()> on_note = {});
  // Breaks what is open and joins all threads.
  ~Loopback();
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
  http::Request request(std::string_view path = "/", std::string method = "POST",
                        std::string body = "{}") const;

  // What the scripts have noted, in order.
  void note(std::string text);
  std::vector<std::string> notes() const;
  bool await_notes(std::size_t count);
  // How many connections have been accepted.
  std::size_t connections() const;

 private:
  void accept_all();
  void serve(int socket);

  const Script script_;
  const std::function<void()> on_note_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  std::size_t connections_ = 0;
  std::vector<std::string> notes_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// A script that notes every request of a connection and answers it with `answer`.
Loopback::Script answer_all(std::string answer);
// A script that reads one request, sends `bytes` and closes.
Loopback::Script answer_once(std::string bytes);
// An answer with that body and its length.
std::string ok(std::string_view body = "{}", std::string_view more_headers = {});

// A port on which nobody listens.
std::uint16_t unused_port();

// A CurlTransport on the machine's clock, and what the tests ask of it.
struct CurlBench {
  explicit CurlBench(CurlOptions options = {}) : transport(clock, direct(std::move(options))) {}

  // Runs until so many transfers have completed.
  std::vector<Completion> run(std::size_t count);
  // Runs until the server, whose on_note must be wake(), has so many notes. Nothing may complete.
  void run_until_notes(const Loopback& server, std::size_t count);
  std::function<void()> wake() {
    return [this] { transport.wake(); };
  }
  // Starts a request and runs until it completes.
  http::Result carry(http::Request request, const TransferLimits& limits = {});
  Instant in(Duration span) const { return clock.now() + span; }

  // The environment's proxies are not for the loopback.
  static CurlOptions direct(CurlOptions options);

  SystemClock clock;
  CurlTransport transport;
  TransferId next_id = 1000;
};

// The error's kind; a failed expectation and nothing for a response.
std::optional<http::TransportErrorKind> error_of(const http::Result& result);
// The response; a failed expectation and an empty one with status 0 for an error.
http::Response response_of(const http::Result& result);

}  // namespace lockstep::test
