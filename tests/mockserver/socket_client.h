// A client as plain as can be, to see what a server really puts on the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lockstep::mock {

class SocketClient {
 public:
  explicit SocketClient(std::uint16_t port);
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;
  ~SocketClient() { close(); }

  void send(std::string_view bytes);
  // Up to and with the next head, and as much of a body as its Content-Length says.
  std::string read_response();
  // All that comes until the server closes, at most `limit` bytes.
  std::string read_to_end(std::size_t limit = 64 * 1024 * 1024);
  // Whether the connection ended in a reset; known after a read has ended.
  bool was_reset() const noexcept { return was_reset_; }
  void close();

 private:
  bool read_more();

  int fd_;
  std::string buffer_;
  bool was_reset_ = false;
};

}  // namespace lockstep::mock
