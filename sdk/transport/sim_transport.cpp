#include "sdk/transport/sim_transport.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sdk/transport/message_rules.h"

namespace lockstep {
namespace {

using http::Fault;
using http::TransportErrorKind;

// What follows the body of an endless answer. A space: a JSON document stays one.
constexpr char kFiller = ' ';

http::TransportError failure(TransportErrorKind kind, std::string_view detail) {
  return {kind, std::string(detail)};
}

// How long `bytes` drip at `rate` bytes a second; without a rate nothing ever comes.
Duration drip_time(std::uint64_t bytes, std::uint64_t rate) noexcept {
  if (bytes == 0) return Duration{0};
  if (rate == 0) return Duration::max();
  constexpr Duration kSecond = std::chrono::seconds{1};
  const auto rest = static_cast<std::uint64_t>(saturating_multiply(kSecond, bytes % rate).count());
  const auto rest_rounded_up = static_cast<Duration::rep>(rest / rate + (rest % rate != 0 ? 1 : 0));
  return saturating_add(saturating_multiply(kSecond, bytes / rate), Duration{rest_rounded_up});
}

// When the client knows how its request went, and what it knows; deadlines aside.
struct Landing {
  Instant at = kNever;
  http::Result result;
};

bool header_is_too_large(const http::Headers& headers, std::size_t limit) noexcept {
  std::size_t cost = 0;
  for (const auto& [name, value] : headers) cost += transport::header_cost(name, value);
  return cost > limit;
}

// A request's way to the server and what it may cost.
struct Trip {
  const std::string& method;
  const TransferLimits& limits;
  Instant started;
  Instant arrived;
  Duration downlink;
};

// An answer of which at least the header arrives, at `at`. Its declared length comes with the
// header, so a body that is too large is known before any of it was read.
Landing read_answer(const Trip& trip, Instant at, http::Reply reply) {
  auto& response = reply.response;
  if (header_is_too_large(response.headers, trip.limits.max_header_bytes)) {
    return {at, failure(TransportErrorKind::response_too_large, "the header exceeds its limit")};
  }
  if (!transport::has_body(trip.method, response.status)) {
    response.body.clear();
    return {at, std::move(response)};
  }
  std::uint64_t size = response.body.size();
  if (reply.fault == Fault::endless_body) size = std::max(size, reply.fault_bytes);
  if (size > trip.limits.max_body_bytes) {
    return {at, failure(TransportErrorKind::response_too_large, "the body exceeds its limit")};
  }
  if (reply.fault == Fault::truncate_body && reply.fault_bytes < size) {
    return {at, failure(TransportErrorKind::truncated, "the body broke off")};
  }
  if (reply.fault == Fault::slow_body) at = saturating_add(at, drip_time(size, reply.fault_bytes));
  response.body.resize(static_cast<std::size_t>(size), kFiller);
  return {at, std::move(response)};
}

Landing land(const Trip& trip, http::Reply reply) {
  // A connection that fails never sees the server's delay.
  const Instant round_trip = saturating_add(trip.arrived, trip.downlink);
  const Instant answered = saturating_add(round_trip, std::max(reply.delay, Duration{0}));
  switch (reply.fault) {
    case Fault::refuse_connection:
      return {round_trip, failure(TransportErrorKind::connect, "connection refused")};
    case Fault::hang_connection:
      return {std::max(trip.arrived, saturating_add(trip.started, trip.limits.connect_timeout)),
              failure(TransportErrorKind::connect, "no connection within the connect timeout")};
    case Fault::fail_resolution:
      return {round_trip, failure(TransportErrorKind::resolve, "the host's name does not resolve")};
    case Fault::reset_before:
    case Fault::reset_after:
      return {answered, failure(TransportErrorKind::reset, "connection reset")};
    case Fault::no_answer:
      return {};
    case Fault::garbage:
      return {answered, failure(TransportErrorKind::malformed, "the answer is not HTTP")};
    case Fault::none:
    case Fault::truncate_body:
    case Fault::slow_body:
    case Fault::endless_body:
      break;
  }
  return read_answer(trip, answered, std::move(reply));
}

}  // namespace

struct SimTransport::Flight {
  TransferId id = 0;
  http::Request request;
  TransferLimits limits;
  Instant started{};
  Due due{};             // its entry in due_; every flight has exactly one
  bool decided = false;  // `result` is what comes out when it is due
  http::Result result{};
};

SimTransport::SimTransport(Clock& clock, http::Handler& server, SimNetworkOptions options)
    : clock_(clock), server_(server), options_(options) {}

SimTransport::~SimTransport() = default;

void SimTransport::start(TransferId id, http::Request request, const TransferLimits& limits) {
  const Instant now = clock_.now();
  auto& flight = flights_[id];
  flight = std::make_unique<Flight>(Flight{id, std::move(request), limits, now});
  if (transport::is_sendable(flight->request)) {
    schedule(*flight, saturating_add(now, options_.uplink_latency), now);
  } else {
    flight->decided = true;
    flight->result = failure(TransportErrorKind::malformed, transport::kNotSendable);
    schedule(*flight, now, now);
  }
}

void SimTransport::schedule(Flight& flight, Instant at, Instant now) {
  if (at >= flight.limits.deadline) {
    at = std::max(now, flight.limits.deadline);
    flight.decided = true;
    flight.result = failure(TransportErrorKind::timeout, "no whole response by the deadline");
  }
  flight.due = {at, scheduled_++};
  due_.emplace(flight.due, flight.id);
}

void SimTransport::cancel(TransferId id) {
  const auto found = flights_.find(id);
  if (found == flights_.end()) return;
  due_.erase(found->second->due);
  flights_.erase(found);
}

std::vector<Completion> SimTransport::collect() {
  std::vector<Completion> completions;
  const Now now = clock_.read();
  while (!due_.empty() && due_.begin()->first.first <= now.at) {
    const auto [due, id] = *due_.begin();
    due_.erase(due_.begin());
    const auto found = flights_.find(id);
    if (found->second->decided) {
      completions.push_back({id, std::move(found->second->result)});
      flights_.erase(found);
    } else {
      // Who collects late finds what collecting in time would have brought about.
      arrive(*found->second, Now{due.first, saturating_add(now.wall, due.first - now.at)});
    }
  }
  return completions;
}

void SimTransport::arrive(Flight& flight, Now arrival) {
  const Trip trip{flight.request.method, flight.limits, flight.started, arrival.at,
                  options_.downlink_latency};
  auto landing = land(trip, server_.handle(flight.request, arrival));
  flight.decided = true;
  flight.result = std::move(landing.result);
  schedule(flight, landing.at, arrival.at);
}

Instant SimTransport::next_instant() const {
  return due_.empty() ? kNever : due_.begin()->first.first;
}

void SimTransport::wait(Instant until) {
  std::unique_lock lock(mutex_);
  clock_.await(lock, woken_condition_, std::min(until, next_instant()), [&] { return woken_; });
  woken_ = false;
}

void SimTransport::wake() noexcept {
  {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
  }
  clock_.notify(woken_condition_);
}

}  // namespace lockstep
