// The few things the HTTP front does with TCP sockets.
//
// The rule of this file: no errors are thrown once a connection is made; a broken one ends quietly.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lockstep::mock {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  int get() const noexcept { return fd_; }
  void reset(int fd) noexcept {
    close();
    fd_ = fd;
  }
  void close() noexcept;

 private:
  int fd_;
};

inline constexpr std::size_t kReadSize = std::size_t{64} * 1024;
using ReadBuffer = std::array<char, kReadSize>;

// Listens, without blocking, on the first address of the host that can be listened on; port 0 is
// any free one. Throws std::runtime_error with the reason when there is none.
int open_listener(const std::string& host, std::uint16_t port);
// The port of a bound socket.
std::uint16_t port_of(int fd);

// True when all of it has been handed to the system. `more` says that further bytes follow at once.
bool send_all(int fd, std::string_view bytes, bool more = false);
bool send_response(int fd, const std::string& head, std::string_view body);
// How many bytes came; 0 at the end, or when the connection is broken.
std::size_t receive(int fd, ReadBuffer& buffer);
// Reads until the client gives up or the socket is shut down.
void hold_open(int fd);
// Closing then sends a reset instead of an orderly end.
void arm_reset(int fd);

}  // namespace lockstep::mock
