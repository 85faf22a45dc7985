#include "mockserver/http_front.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <list>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "mockserver/http1.h"
#include "mockserver/json_text.h"
#include "mockserver/sockets.h"

// One thread accepts; each connection has a thread of its own, which reads, asks the handler and
// writes. The accepting thread also watches the connections whose answer is being delayed, for ever
// perhaps: a client that hangs up meanwhile frees its thread at once. Whoever wants the accepting
// thread to look again writes to an eventfd. A socket is closed by its own thread only, under the
// mutex, so that stop() never shuts down a descriptor that has been given to somebody else.

namespace lockstep::mock {

namespace {

// After an answer to a request that was not read to its end, as much is still read, so that the
// answer is not lost to a reset.
constexpr std::size_t kMaxDrained = std::size_t{16} * 1024 * 1024;
constexpr int kPausedPollMs = 100;
// So many polls in vain a client may stay silent that owes a request, while others wait.
constexpr std::uint64_t kPatience = 20;
constexpr std::uint64_t kDripsPerSecond = 20;

// How long so many bytes take at so many a second, rounded up to the nanosecond.
Duration drip_time(std::uint64_t bytes, std::uint64_t rate) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::uint64_t rest = bytes % rate * kSecond;
  return saturating_add(saturating_multiply(Duration{kSecond}, bytes / rate),
                        Duration{static_cast<Duration::rep>((rest + rate - 1) / rate)});
}

// Whether a fault strikes before the server could take its time.
bool is_immediate(http::Fault fault) {
  return fault == http::Fault::refuse_connection || fault == http::Fault::fail_resolution ||
         fault == http::Fault::hang_connection;
}

std::string error_text(std::string_view problem) {
  std::string text = R"({"error":)";
  append_quoted(text, problem);
  return text + "}\n";
}

struct Connection {
  explicit Connection(int socket) : fd(socket) {}

  // Written by its own thread under the mutex, so that thread may read it without.
  int fd;
  // All of these under the mutex.
  bool is_watched = false;          // its answer is being delayed
  std::shared_ptr<Clock> clock;     // by which it is; of the last request
  bool is_gone = false;             // the client hung up meanwhile
  bool is_evicted = false;          // closed to make room
  bool is_finished = false;         // its thread is about to end
  std::uint64_t idle_since = 0;     // waiting for bytes; 0: not idle
  std::uint64_t patient_until = 0;  // the vain poll before which it is not closed for that
  std::thread thread;

  bool has_served = false;  // used by its own thread only
};

}  // namespace

struct HttpFront::Impl {
  Impl(http::Handler& request_handler, Clock& time, FrontOptions front_options)
      : handler(request_handler), clock(&time, [](Clock*) {}), options(std::move(front_options)) {}

  http::Handler& handler;
  const std::shared_ptr<Clock> clock;  // not owned
  const FrontOptions options;

  std::mutex mutex;     // guards all that follows, and what Connection says
  Condition condition;  // stopping, or a watched connection is gone
  bool stopping = false;
  bool is_paused = false;  // connections wait to be accepted
  std::list<Connection> connections;
  std::uint64_t idle_count = 0;
  std::uint64_t vain_polls = 0;  // while paused

  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint16_t> port{0};
  std::string host;
  Descriptor listener;
  Descriptor waker;
  std::thread acceptor;

  void wake() const;
  void accept_loop();
  std::vector<pollfd> what_to_poll();
  void note_vain_poll();
  void note_hang_ups(const std::vector<pollfd>& polled);
  void join_finished();
  void accept_waiting();
  bool has_room();
  void start(int fd);

  void serve(Connection& connection);
  bool read_request(Connection& connection, RequestReader& reader);
  bool answer(Connection& connection, RequestReader& reader);
  void refuse(Connection& connection, const RequestReader& reader);
  std::shared_ptr<Clock> clock_of(const http::Request& request) const;
  http::Reply ask(const http::Request& request, Now now);
  bool wait_until(Connection& connection, Instant deadline);
  std::size_t await_bytes(Connection& connection, ReadBuffer& buffer, bool is_between_requests);
  void finish(Connection& connection);

  bool deliver(Connection& connection, const http::Reply& reply, bool is_head, bool keep_alive);
  bool send_whole(int fd, const http::Response& response, bool is_head, bool keep_alive);
  bool send_truncated(int fd, const http::Reply& reply);
  bool send_slowly(Connection& connection, const http::Reply& reply, bool keep_alive);
  bool send_endlessly(int fd, const http::Reply& reply);
};

// --- accepting ----------------------------------------------------------------------------------

void HttpFront::Impl::wake() const {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the thread is awake already.
  [[maybe_unused]] const auto written = ::write(waker.get(), &one, sizeof one);
}

void HttpFront::Impl::accept_loop() {
  while (true) {
    auto polled = what_to_poll();
    if (polled.empty()) return;
    bool paused = false;
    {
      const std::scoped_lock lock(mutex);
      paused = is_paused;
    }
    if (::poll(polled.data(), polled.size(), paused ? kPausedPollMs : -1) == 0) note_vain_poll();
    if (polled[0].revents != 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto got = ::read(waker.get(), &count, sizeof count);
    }
    note_hang_ups(polled);
    join_finished();
    accept_waiting();
  }
}

// The waker, the listener, the watched connections; nothing when the front stops. While paused the
// listener is left out: it would be readable all the time.
std::vector<pollfd> HttpFront::Impl::what_to_poll() {
  const std::scoped_lock lock(mutex);
  if (stopping) return {};
  std::vector<pollfd> fds{{waker.get(), POLLIN, 0}};
  if (!is_paused) fds.push_back({listener.get(), POLLIN, 0});
  for (const Connection& connection : connections) {
    if (connection.is_watched) fds.push_back({connection.fd, POLLRDHUP, 0});
  }
  return fds;
}

void HttpFront::Impl::note_vain_poll() {
  const std::scoped_lock lock(mutex);
  ++vain_polls;
}

void HttpFront::Impl::note_hang_ups(const std::vector<pollfd>& polled) {
  const std::scoped_lock lock(mutex);
  for (Connection& connection : connections) {
    if (!connection.is_watched || connection.is_gone) continue;
    connection.is_gone = std::any_of(polled.begin(), polled.end(), [&](const pollfd& one) {
      return one.fd == connection.fd && (one.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
    });
    if (connection.is_gone) connection.clock->notify(condition);
  }
}

void HttpFront::Impl::join_finished() {
  std::list<Connection> finished;
  {
    const std::scoped_lock lock(mutex);
    for (auto one = connections.begin(); one != connections.end();) {
      const auto next = std::next(one);
      if (one->is_finished) finished.splice(finished.end(), connections, one);
      one = next;
    }
  }
  for (Connection& connection : finished) connection.thread.join();
}

// Whether one more connection may be served. When not, the one that has been idle longest is closed
// to make room: at once between two requests, and where it owes one, once it has been silent for
// long. So nobody keeps others out by saying nothing.
bool HttpFront::Impl::has_room() {
  const std::scoped_lock lock(mutex);
  is_paused = connections.size() >= options.max_connections;
  if (!is_paused) return true;
  Connection* oldest = nullptr;
  for (Connection& connection : connections) {
    if (connection.is_evicted) return false;  // its place will be free in a moment
    if (connection.idle_since == 0 || vain_polls < connection.patient_until) continue;
    if (oldest == nullptr || connection.idle_since < oldest->idle_since) oldest = &connection;
  }
  if (oldest != nullptr) {
    oldest->is_evicted = true;
    ::shutdown(oldest->fd, SHUT_RDWR);
  }
  return false;
}

void HttpFront::Impl::accept_waiting() {
  pollfd waiting{listener.get(), POLLIN, 0};
  while (::poll(&waiting, 1, 0) == 1) {
    if (!has_room()) return;
    const int fd = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) {
      start(fd);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      // Out of descriptors, most likely: try again when a connection has ended.
      const std::scoped_lock lock(mutex);
      is_paused = errno != EAGAIN;
      return;
    }
  }
  const std::scoped_lock lock(mutex);
  is_paused = false;
}

void HttpFront::Impl::start(int fd) {
  const int yes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  accepted.fetch_add(1, std::memory_order_relaxed);
  const std::scoped_lock lock(mutex);
  if (stopping) {
    ::close(fd);
    return;
  }
  Connection& connection = connections.emplace_back(fd);
  try {
    connection.thread = std::thread([this, &connection] { serve(connection); });
  } catch (const std::system_error&) {  // out of threads: this client is turned away
    ::close(fd);
    connections.pop_back();
  }
}

// --- one connection -----------------------------------------------------------------------------

void HttpFront::Impl::serve(Connection& connection) {
  RequestReader reader({options.max_header_bytes, options.max_body_bytes});
  while (read_request(connection, reader) && answer(connection, reader)) {
  }
  finish(connection);
}

// False when the connection is to be closed.
bool HttpFront::Impl::read_request(Connection& connection, RequestReader& reader) {
  ReadBuffer buffer;
  bool has_continued = false;
  while (reader.state() == RequestReader::State::head ||
         reader.state() == RequestReader::State::body) {
    if (reader.state() == RequestReader::State::body && reader.expects_continue() &&
        !std::exchange(has_continued, true)) {
      if (!send_all(connection.fd, "HTTP/1.1 100 Continue\r\n\r\n")) return false;
    }
    // One that has asked nothing yet is about to: it must not be closed at once.
    const bool is_between_requests = connection.has_served && !reader.has_begun();
    const std::size_t got = await_bytes(connection, buffer, is_between_requests);
    if (got == 0) return false;
    reader.feed({buffer.data(), got});
  }
  if (reader.state() == RequestReader::State::done) return true;
  refuse(connection, reader);
  return false;
}

bool HttpFront::Impl::answer(Connection& connection, RequestReader& reader) {
  const bool keep_alive = reader.keep_alive();
  const http::Request request = reader.take();
  connection.clock = clock_of(request);
  const Now now = connection.clock->read();
  const http::Reply reply = ask(request, now);
  connection.has_served = true;
  if (reply.delay > Duration::zero() && !is_immediate(reply.fault) &&
      !wait_until(connection, saturating_add(now.at, reply.delay))) {
    return false;
  }
  return deliver(connection, reply, request.method == "HEAD", keep_alive);
}

void HttpFront::Impl::refuse(Connection& connection, const RequestReader& reader) {
  http::Response response;
  response.status = reader.refusal();
  response.headers.add("Content-Type", "application/json");
  response.body = error_text(reader.problem());
  send_whole(connection.fd, response, false, false);
  ::shutdown(connection.fd, SHUT_WR);
  ReadBuffer buffer;
  std::size_t drained = 0;
  while (drained < kMaxDrained) {
    const std::size_t got = await_bytes(connection, buffer, false);
    if (got == 0) return;
    drained += got;
  }
}

std::shared_ptr<Clock> HttpFront::Impl::clock_of(const http::Request& request) const {
  std::shared_ptr<Clock> own = options.clock_of ? options.clock_of(request) : nullptr;
  return own == nullptr ? clock : own;
}

// A handler that throws is a defect of the handler; its client learns of it and the front lives on.
http::Reply HttpFront::Impl::ask(const http::Request& request, Now now) {
  http::Reply reply;
  try {
    return handler.handle(request, now);
  } catch (const std::exception& error) {
    reply.response.body = error_text(std::string("the handler failed: ") + error.what());
  }
  reply.response.status = 500;
  reply.response.headers.add("Content-Type", "application/json");
  return reply;
}

// False when the front stops or the client hangs up before: always, where the deadline never comes.
bool HttpFront::Impl::wait_until(Connection& connection, Instant deadline) {
  std::unique_lock lock(mutex);
  connection.is_watched = true;
  wake();
  connection.clock->await(lock, condition, deadline,
                          [&] { return stopping || connection.is_gone; });
  connection.is_watched = false;
  return !stopping && !connection.is_gone;
}

// As receive(). Meanwhile the connection is idle, and may be closed to make room for another.
std::size_t HttpFront::Impl::await_bytes(Connection& connection, ReadBuffer& buffer,
                                         bool is_between_requests) {
  {
    const std::scoped_lock lock(mutex);
    connection.idle_since = ++idle_count;
    connection.patient_until = is_between_requests ? 0 : vain_polls + kPatience;
    if (is_between_requests && is_paused) wake();
  }
  const std::size_t got = receive(connection.fd, buffer);
  const std::scoped_lock lock(mutex);
  connection.idle_since = 0;
  return got;
}

void HttpFront::Impl::finish(Connection& connection) {
  const std::scoped_lock lock(mutex);
  ::close(connection.fd);
  connection.fd = -1;
  connection.is_finished = true;
  wake();
}

// --- answers ------------------------------------------------------------------------------------

// True when the connection can take another request.
bool HttpFront::Impl::deliver(Connection& connection, const http::Reply& reply, bool is_head,
                              bool keep_alive) {
  const int fd = connection.fd;
  const bool has_body = !is_head && !is_bodiless(reply.response.status);
  switch (reply.fault) {
    case http::Fault::refuse_connection:
    case http::Fault::fail_resolution:
    case http::Fault::reset_before:
    case http::Fault::reset_after:
      arm_reset(fd);
      return false;
    case http::Fault::hang_connection:
    case http::Fault::no_answer:
      return wait_until(connection, kNever);
    case http::Fault::garbage:
      send_all(fd, "\x16\x03\x01 this is not HTTP\r\n\r\n");
      return false;
    case http::Fault::truncate_body:
      if (has_body) return send_truncated(fd, reply);
      break;
    case http::Fault::slow_body:
      if (has_body) return send_slowly(connection, reply, keep_alive);
      break;
    case http::Fault::endless_body:
      if (has_body) return send_endlessly(fd, reply);
      break;
    case http::Fault::none:
      break;
  }
  return send_whole(fd, reply.response, is_head, keep_alive);
}

bool HttpFront::Impl::send_whole(int fd, const http::Response& response, bool is_head,
                                 bool keep_alive) {
  ResponseFraming framing;
  framing.close = !keep_alive;
  const bool bodiless = is_bodiless(response.status);
  if (!bodiless) framing.content_length = response.body.size();
  const std::string_view body = bodiless || is_head ? "" : std::string_view(response.body);
  return send_response(fd, response_head(response, framing), body) && keep_alive;
}

// Announces the whole body and ends the connection after its part. False.
bool HttpFront::Impl::send_truncated(int fd, const http::Reply& reply) {
  const std::string& body = reply.response.body;
  const auto part =
      static_cast<std::size_t>(std::min<std::uint64_t>(reply.fault_bytes, body.size()));
  ResponseFraming framing;
  framing.content_length = body.size();
  send_response(fd, response_head(reply.response, framing), std::string_view(body).substr(0, part));
  return false;
}

// Byte number n leaves n / rate seconds after the head, in drips of a twentieth of a second.
bool HttpFront::Impl::send_slowly(Connection& connection, const http::Reply& reply,
                                  bool keep_alive) {
  const std::string_view body = reply.response.body;
  const std::uint64_t rate = reply.fault_bytes;
  ResponseFraming framing;
  framing.content_length = body.size();
  framing.close = !keep_alive;
  if (!send_all(connection.fd, response_head(reply.response, framing))) return false;
  if (rate == 0 && !body.empty()) {
    return wait_until(connection, kNever);
  }
  const std::uint64_t drip = std::max<std::uint64_t>(rate / kDripsPerSecond, 1);
  const Instant start = connection.clock->now();
  for (std::uint64_t sent = 0; sent < body.size();) {
    const std::uint64_t next = std::min<std::uint64_t>(sent + drip, body.size());
    if (!wait_until(connection, saturating_add(start, drip_time(next, rate)))) return false;
    if (!send_all(connection.fd, body.substr(sent, next - sent))) return false;
    sent = next;
  }
  return keep_alive;
}

// Chunked, so that the client cannot know how much will come. False: the connection ends with it.
bool HttpFront::Impl::send_endlessly(int fd, const http::Reply& reply) {
  const std::string filler(kReadSize, ' ');
  const auto send_chunk = [fd](std::string_view bytes) {
    std::array<char, 2 * sizeof(std::size_t) + 1> digits{};
    const auto length = std::snprintf(digits.data(), digits.size(), "%zx", bytes.size());
    return send_all(fd, std::string(digits.data(), static_cast<std::size_t>(length)) + "\r\n",
                    true) &&
           send_all(fd, bytes, true) && send_all(fd, "\r\n");
  };
  ResponseFraming framing;
  framing.chunked = true;
  framing.close = true;
  if (!send_all(fd, response_head(reply.response, framing))) return false;
  std::uint64_t sent = reply.response.body.size();
  if (sent > 0 && !send_chunk(reply.response.body)) return false;
  while (sent < reply.fault_bytes) {
    const auto part = std::min<std::uint64_t>(filler.size(), reply.fault_bytes - sent);
    if (!send_chunk(std::string_view(filler).substr(0, part))) return false;
    sent += part;
  }
  send_all(fd, "0\r\n\r\n");
  return false;
}

// --- the front ----------------------------------------------------------------------------------

HttpFront::HttpFront(http::Handler& handler, Clock& clock, FrontOptions options)
    : impl_(std::make_unique<Impl>(handler, clock, std::move(options))) {}

HttpFront::~HttpFront() { stop(); }

void HttpFront::listen(const std::string& host, std::uint16_t port) {
  if (impl_->acceptor.joinable()) throw std::logic_error("the front listens already");
  impl_->listener.reset(open_listener(host, port));
  impl_->waker.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (impl_->waker.get() < 0) throw std::runtime_error(std::generic_category().message(errno));
  impl_->host = host;
  impl_->port = port_of(impl_->listener.get());
  impl_->stopping = false;
  impl_->is_paused = false;
  impl_->acceptor = std::thread([impl = impl_.get()] { impl->accept_loop(); });
}

std::uint16_t HttpFront::port() const noexcept { return impl_->port; }

std::string HttpFront::origin() const {
  const bool is_ipv6 = impl_->host.find(':') != std::string::npos;
  return "http://" + (is_ipv6 ? '[' + impl_->host + ']' : impl_->host) + ':' +
         std::to_string(port());
}

void HttpFront::stop() noexcept {
  if (!impl_->acceptor.joinable()) return;
  {
    const std::scoped_lock lock(impl_->mutex);
    impl_->stopping = true;
    for (const Connection& connection : impl_->connections) {
      if (connection.fd >= 0) ::shutdown(connection.fd, SHUT_RDWR);
      if (connection.is_watched) connection.clock->notify(impl_->condition);
    }
  }
  impl_->wake();
  impl_->acceptor.join();
  // Nobody adds connections any more, and nobody takes them away.
  for (Connection& connection : impl_->connections) connection.thread.join();
  impl_->connections.clear();
  impl_->listener.close();
  impl_->waker.close();
}

std::uint64_t HttpFront::connections() const noexcept { return impl_->accepted; }

}  // namespace lockstep::mock
