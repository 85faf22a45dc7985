#include "mockserver/sockets.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace lockstep::mock {

namespace {

constexpr std::size_t kSmallBody = std::size_t{16} * 1024;
constexpr int kBacklog = 512;

// addrinfo of a host, freed at the end.
class Addresses {
 public:
  Addresses(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &first_);
    if (error != 0) throw std::runtime_error(::gai_strerror(error));
  }
  Addresses(const Addresses&) = delete;
  Addresses& operator=(const Addresses&) = delete;
  ~Addresses() { ::freeaddrinfo(first_); }
  const addrinfo* first() const noexcept { return first_; }

 private:
  addrinfo* first_ = nullptr;
};

}  // namespace

void Descriptor::close() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

int open_listener(const std::string& host, std::uint16_t port) {
  const Addresses addresses(host, port);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* one = addresses.first(); one != nullptr; one = one->ai_next) {
    const int fd = ::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int yes = 1;
    if (fd >= 0) {
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
      if (::bind(fd, one->ai_addr, one->ai_addrlen) == 0 && ::listen(fd, kBacklog) == 0) return fd;
    }
    error = errno;
    if (fd >= 0) ::close(fd);
  }
  throw std::runtime_error(std::generic_category().message(error));
}

std::uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  std::array<char, NI_MAXSERV> text{};
  ::getnameinfo(reinterpret_cast<sockaddr*>(&address), length, nullptr, 0, text.data(), text.size(),
                NI_NUMERICSERV);
  return static_cast<std::uint16_t>(std::stoul(text.data()));
}

bool send_all(int fd, std::string_view bytes, bool more) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool send_response(int fd, const std::string& head, std::string_view body) {
  if (body.size() <= kSmallBody) return send_all(fd, head + std::string(body), false);
  return send_all(fd, head, true) && send_all(fd, body, false);
}

std::size_t receive(int fd, ReadBuffer& buffer) {
  while (true) {
    const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }
}

void arm_reset(int fd) {
  const linger abort_on_close{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_on_close, sizeof abort_on_close);
}

}  // namespace lockstep::mock
