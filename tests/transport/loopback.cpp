#include "loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace lockstep::test {
namespace {

constexpr int kBacklog = 128;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// Binds a TCP socket to a free port of 127.0.0.1.
std::pair<int, std::uint16_t> bind_anywhere() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) fail("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(socket, generic, length) != 0) fail("bind");
  if (getsockname(socket, generic, &length) != 0) fail("getsockname");
  return {socket, ntohs(address.sin_port)};
}

// The length that the header of a request declares; 0 when it declares none.
std::size_t declared_length(std::string_view header) {
  constexpr std::string_view kName = "\r\nContent-Length: ";
  const auto found = header.find(kName);
  if (found == std::string_view::npos) return 0;
  return std::stoul(std::string(header.substr(found + kName.size(), 20)));
}

}  // namespace

// --- one connection ------------------------------------------------------------------------------

bool Connection::read_more() {
  std::array<char, 65536> piece{};
  const auto count = recv(socket_, piece.data(), piece.size(), 0);
  if (count <= 0) return false;
  unread_.append(piece.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> Connection::read_header() {
  constexpr std::string_view kEnd = "\r\n\r\n";
  while (unread_.find(kEnd) == std::string::npos) {
    if (!read_more()) return std::nullopt;
  }
  const auto length = unread_.find(kEnd) + kEnd.size();
  auto header = unread_.substr(0, length);
  unread_.erase(0, length);
  return header;
}

std::optional<std::string> Connection::read_request() {
  auto request = read_header();
  if (!request) return std::nullopt;
  const auto length = declared_length(*request);
  while (unread_.size() < length) {
    if (!read_more()) return std::nullopt;
  }
  request->append(unread_, 0, length);
  unread_.erase(0, length);
  return request;
}

bool Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::uint64_t Connection::send_until_closed(std::string_view piece, std::uint64_t limit) {
  std::uint64_t sent = 0;
  while (sent < limit && send(piece)) sent += piece.size();
  return sent;
}

void Connection::await_close() {
  while (read_more()) unread_.clear();
}

void Connection::note(std::string text) { server_.note(std::move(text)); }

bool Connection::await_notes(std::size_t count) { return server_.await_notes(count); }

// --- the server ----------------------------------------------------------------------------------

Loopback::Loopback(Script script, std::function<void()> on_note)
    : script_(std::move(script)), on_note_(std::move(on_note)) {
  std::tie(listener_, port_) = bind_anywhere();
  if (listen(listener_, kBacklog) != 0) fail("listen");
  acceptor_ = std::thread([this] { accept_all(); });
}

Loopback::~Loopback() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    for (const int socket : open_) shutdown(socket, SHUT_RDWR);
  }
  changed_.notify_all();
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  for (auto& thread : threads_) thread.join();
}

void Loopback::accept_all() {
  for (;;) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const std::scoped_lock lock(mutex_);
    if (stopped_) {
      close(socket);
      return;
    }
    ++connections_;
    open_.push_back(socket);
    threads_.emplace_back([this, socket] { serve(socket); });
  }
}

void Loopback::serve(int socket) {
  // OpenSSL writes without caring for it. This thread only: a transport that raises the signal must
  // be caught at it.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);

  Connection connection(*this, socket);
  script_(connection);
  const std::scoped_lock lock(mutex_);
  std::erase(open_, socket);
  if (connection.wants_reset()) {
    // Closing with "linger for no time at all" drops the connection instead of ending it.
    const linger at_once{1, 0};
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  close(socket);
}

http::Request Loopback::request(std::string_view path, std::string method, std::string body) const {
  http::Request request;
  request.method = std::move(method);
  request.url = http::Url::parse(origin() + std::string(path)).value();
  request.body = std::move(body);
  return request;
}

void Loopback::note(std::string text) {
  {
    const std::scoped_lock lock(mutex_);
    notes_.push_back(std::move(text));
    // Before anybody can see the note: afterwards the test may end whom it tells.
    if (on_note_) on_note_();
  }
  changed_.notify_all();
}

std::vector<std::string> Loopback::notes() const {
  const std::scoped_lock lock(mutex_);
  return notes_;
}

std::size_t Loopback::connections() const {
  const std::scoped_lock lock(mutex_);
  return connections_;
}

bool Loopback::await_notes(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopped_ || notes_.size() >= count; });
  return notes_.size() >= count;
}

Loopback::Script answer_all(std::string answer) {
  return [answer = std::move(answer)](Connection& connection) {
    while (auto request = connection.read_request()) {
      connection.note(std::move(*request));
      if (!connection.send(answer)) return;
    }
  };
}

Loopback::Script answer_once(std::string bytes) {
  return [bytes = std::move(bytes)](Connection& connection) {
    if (connection.read_request()) connection.send(bytes);
  };
}

std::string ok(std::string_view body, std::string_view more_headers) {
  std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  return answer.append(more_headers).append("\r\n").append(body);
}

std::uint16_t unused_port() {
  const auto [socket, port] = bind_anywhere();
  close(socket);
  return port;
}

// --- the transport -------------------------------------------------------------------------------

CurlOptions CurlBench::direct(CurlOptions options) {
  if (options.proxy.empty()) options.no_proxy = "*";
  return options;
}

std::vector<Completion> CurlBench::run(std::size_t count) {
  std::vector<Completion> completions;
  for (;;) {
    for (auto& completion : transport.collect()) completions.push_back(std::move(completion));
    if (completions.size() >= count) return completions;
    transport.wait(kNever);
  }
}

void CurlBench::run_until_notes(const Loopback& server, std::size_t count) {
  while (server.notes().size() < count) {
    EXPECT_TRUE(transport.collect().empty());
    if (server.notes().size() < count) transport.wait(kNever);
  }
}

http::Result CurlBench::carry(http::Request request, const TransferLimits& limits) {
  const auto id = next_id++;
  transport.start(id, std::move(request), limits);
  auto completions = run(1);
  EXPECT_EQ(completions.size(), 1u);
  EXPECT_EQ(completions.front().id, id);
  return std::move(completions.front().result);
}

std::optional<http::TransportErrorKind> error_of(const http::Result& result) {
  const auto* error = std::get_if<http::TransportError>(&result);
  EXPECT_NE(error, nullptr) << "a response with status " << std::get<http::Response>(result).status;
  return error == nullptr ? std::nullopt : std::optional(error->kind);
}

http::Response response_of(const http::Result& result) {
  if (const auto* error = std::get_if<http::TransportError>(&result)) {
    ADD_FAILURE() << http::to_string(error->kind) << ": " << error->detail;
    return {0, {}, ""};
  }
  return std::get<http::Response>(result);
}

}  // namespace lockstep::test
