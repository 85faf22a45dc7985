#include "socket_client.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace lockstep::mock {

SocketClient::SocketClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect");
  }
}

void SocketClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool SocketClient::read_more() {
  std::array<char, 65536> piece;
  const auto got = ::recv(fd_, piece.data(), piece.size(), 0);
  was_reset_ = got < 0 && errno == ECONNRESET;
  if (got <= 0) return false;
  buffer_.append(piece.data(), static_cast<std::size_t>(got));
  return true;
}

std::string SocketClient::read_response() {
  std::size_t head_end = std::string::npos;
  while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more()) return std::exchange(buffer_, {});
  }
  std::size_t size = head_end + 4;
  const auto length = buffer_.find("Content-Length: ");
  if (length < head_end) size += std::stoul(buffer_.substr(length + 16));
  while (buffer_.size() < size && read_more()) {
  }
  std::string response = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return response;
}

std::string SocketClient::read_to_end(std::size_t limit) {
  while (buffer_.size() < limit && read_more()) {
  }
  return std::exchange(buffer_, {});
}

void SocketClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace lockstep::mock
