// The engine seen from outside: its laws, its digest, its text.

#include <algorithm>
#include <utility>

#include "clock/trace.h"
#include "sdk/engine/engine.h"

namespace lockstep::engine {

namespace {

struct Held {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::uint64_t in_flight = 0;

  void add(const std::vector<EventRef>& batch, bool flying) {
    events += batch.size();
    if (flying) in_flight += batch.size();
    for (const EventRef& event : batch) bytes += event.size();
  }
};

bool in_order(const std::vector<EventRef>& events) {
  return std::is_sorted(
      events.begin(), events.end(),
      [](const EventRef& a, const EventRef& b) { return a.sequence() < b.sequence(); });
}

std::uint64_t digest_events(std::uint64_t state, const std::vector<EventRef>& events) noexcept {
  for (const EventRef& event : events) state = digest_number(state, event.sequence());
  return state;
}

std::uint64_t digest_instant(std::uint64_t state, Instant at) noexcept {
  return digest_number(state, static_cast<std::uint64_t>(at.time_since_epoch().count()));
}

std::uint64_t digest_batch(std::uint64_t state, const Batch& batch) noexcept {
  state = digest_number(state, batch.number);
  state = digest_number(state, batch.attempt);
  state = digest_number(state, batch.failures);
  return digest_events(state, batch.events);
}

}  // namespace

std::optional<std::string> Engine::broken_invariant() const {
  std::array<Held, kLaneCount> held{};
  const auto of = [&](Lane which) -> Held& { return held[static_cast<std::size_t>(which)]; };
  for (std::size_t i = 0; i < kLaneCount; ++i) {
    const LaneState& state = lanes_[i];
    const std::vector<EventRef> queue(state.queue.begin(), state.queue.end());
    if (!in_order(queue)) return "a queue is not in order of admission";
    held[i].add(queue, false);
    if (held[i].bytes != state.queue_bytes) return "a queue's byte count is wrong";
  }
  std::array<std::size_t, kEndpointCount> flying{};
  for (const auto& [request, flight] : in_flight_) {
    if (!in_order(flight.batch->events)) return "a batch in flight is not in order of admission";
    of(flight.batch->lane).add(flight.batch->events, true);
    ++flying[flight.endpoint];
  }
  for (std::size_t i = 0; i < kEndpointCount; ++i) {
    if (flying[i] != endpoints_[i].in_flight) return "an endpoint miscounts its requests in flight";
    if (flying[i] > config_.max_in_flight) return "more requests in flight than max_in_flight";
    for (const auto& [key, batch] : endpoints_[i].waiting) {
      if (batch->failures > config_.max_retries) return "a batch waits that has no attempt left";
      of(batch->lane).add(batch->events, false);
    }
  }
  for (std::size_t i = 0; i < kLaneCount; ++i) {
    const std::string name(to_string(static_cast<Lane>(i)));
    const LaneStats& count = ledger_[i];
    const LaneConfig& limit = config_.lanes[i];
    if (!count.balances()) return name + ": captured is not delivered + dropped + pending";
    if (count.pending != held[i].events) return name + ": pending is not what is held";
    if (count.pending_bytes != held[i].bytes) return name + ": pending_bytes is not what is held";
    if (count.in_flight != held[i].in_flight) return name + ": in_flight is not what is in flight";
    if (count.pending > limit.max_queue_size) return name + ": more events than max_queue_size";
    if (count.pending_bytes > limit.max_queue_bytes) return name + ": more than max_queue_bytes";
  }
  if (closed_ && pending() != 0) return "closed with events pending";
  return std::nullopt;
}

std::uint64_t Engine::digest() const noexcept {
  std::uint64_t state = kDigestStart;
  for (const LaneState& lane_state : lanes_) {
    for (const EventRef& event : lane_state.queue) state = digest_number(state, event.sequence());
    state = digest_number(state, lane_state.size_limit);
    state = digest_number(state, lane_state.good_batches);
  }
  for (const EndpointState& endpoint : endpoints_) {
    state = digest_instant(state, endpoint.pause_until);
    state = digest_number(state, endpoint.rounds);
    for (const auto& [key, batch] : endpoint.waiting) {
      state = digest_batch(digest_instant(state, key.first), *batch);
    }
  }
  for (const auto& [request, flight] : in_flight_) {
    state = digest_batch(digest_number(state, request), *flight.batch);
  }
  for (const auto& [number, ticket] : tickets_) {
    state = digest_number(digest_instant(state, ticket.deadline), ticket.report.pending);
  }
  for (const LaneStats& count : ledger_) {
    state = digest_number(state, count.captured);
    state = digest_number(state, count.delivered);
    state = digest_number(state, count.unconfirmed);
    for (const std::uint64_t dropped : count.dropped_by_reason) state = digest_number(state, dropped);
  }
  return digest_number(state, (closing_ ? 1u : 0u) + (closed_ ? 2u : 0u));
}

std::string Engine::to_text() const {
  std::string text;
  for (std::size_t i = 0; i < kLaneCount; ++i) {
    const LaneStats& count = ledger_[i];
    text += std::string(to_string(static_cast<Lane>(i))) + ": captured " +
            std::to_string(count.captured) + ", delivered " + std::to_string(count.delivered) +
            ", dropped " + std::to_string(count.dropped()) + ", pending " +
            std::to_string(count.pending) + " (queued " + std::to_string(lanes_[i].queue.size()) +
            ", in flight " + std::to_string(count.in_flight) + ")\n";
  }
  for (std::size_t i = 0; i < kEndpointCount; ++i) {
    const EndpointState& endpoint = endpoints_[i];
    text += "endpoint " + std::to_string(i) + ": " + std::to_string(endpoint.in_flight) +
            " in flight, " + std::to_string(endpoint.waiting.size()) + " waiting, failed rounds " +
            std::to_string(endpoint.rounds) + "\n";
  }
  text += closed_ ? "closed\n" : closing_ ? "closing\n" : "open\n";
  return text;
}

}  // namespace lockstep::engine
