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
  std::uint64_t in_flight_bytes = 0;

  // A queue or a batch's events.
  template <typename Events>
  void add(const Events& batch, bool flying) {
    events += batch.size();
    if (flying) in_flight += batch.size();
    for (const EventRef& event : batch) {
      bytes += event.size();
      if (flying) in_flight_bytes += event.size();
    }
  }
};

template <typename Events>
bool in_order(const Events& events) {
  return std::is_sorted(events.begin(), events.end(), [](const EventRef& a, const EventRef& b) {
    return a.sequence() < b.sequence();
  });
}

std::uint64_t digest_instant(std::uint64_t state, Instant at) noexcept {
  return digest_number(state, static_cast<std::uint64_t>(at.time_since_epoch().count()));
}

std::uint64_t digest_event(std::uint64_t state, const EventRef& event) noexcept {
  state = digest_number(state, event.sequence());
  state = digest_bytes(state, event.uuid_text());
  return digest_instant(digest_number(state, event.size()), event.admitted());
}

std::uint64_t digest_batch(std::uint64_t state, const Batch& batch) noexcept {
  for (const std::uint64_t number :
       {batch.number, std::uint64_t{batch.attempt}, std::uint64_t{batch.requests},
        std::uint64_t{batch.failures},
        static_cast<std::uint64_t>(batch.created_at.time_since_epoch().count())}) {
    state = digest_number(state, number);
  }
  for (const EventRef& event : batch.events) state = digest_event(state, event);
  return state;
}

}  // namespace

std::optional<std::string> Engine::broken_invariant() const {
  std::array<Held, kLaneCount> held{};
  const auto of = [&](Lane which) -> Held& { return held[static_cast<std::size_t>(which)]; };
  for (std::size_t i = 0; i < kLaneCount; ++i) {
    const LaneState& state = lanes_[i];
    if (!in_order(state.queue)) return "a queue is not in order of admission";
    held[i].add(state.queue, false);
    if (held[i].bytes != state.queue_bytes) return "a queue's byte count is wrong";
  }
  std::array<std::size_t, kEndpointCount> flying{};
  std::array<std::map<std::uint64_t, WaitKey>, kLaneCount> by_oldest;
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
      by_oldest[static_cast<std::size_t>(batch->lane)][batch->events.front().sequence()] = key;
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
    if (lanes_[i].in_flight_bytes != held[i].in_flight_bytes)
      return name + ": in_flight_bytes is wrong";
    if (lanes_[i].by_oldest != by_oldest[i]) return name + ": waiting batches are not found by age";
    if (count.pending > limit.max_queue_size) return name + ": more events than max_queue_size";
    if (count.pending_bytes > limit.max_queue_bytes) return name + ": more than max_queue_bytes";
  }
  if (closed_ && pending() != 0) return "closed with events pending";
  return std::nullopt;
}

std::uint64_t Engine::digest() const noexcept {
  std::uint64_t state = kDigestStart;
  const auto add = [&](std::uint64_t number) { state = digest_number(state, number); };
  const auto add_instant = [&](Instant at) { state = digest_instant(state, at); };
  for (const LaneState& lane_state : lanes_) {
    for (const EventRef& event : lane_state.queue) state = digest_event(state, event);
    add(lane_state.size_limit);
    add(lane_state.good_batches);
    add(lane_state.full_episode ? 1 : 0);
    add(lane_state.full_drops);
    add_instant(lane_state.full_warned);
  }
  for (const EndpointState& endpoint : endpoints_) {
    add_instant(endpoint.pause_until);
    add_instant(endpoint.trouble_since);
    add(endpoint.rounds);
    add(static_cast<std::uint64_t>(endpoint.next_lane));
    add(endpoint.fresh_turn ? 1 : 0);
    for (const auto& [key, batch] : endpoint.waiting) {
      state = digest_batch(digest_instant(state, key.first), *batch);
    }
  }
  for (const auto& [request, flight] : in_flight_) {
    state = digest_batch(digest_number(state, request), *flight.batch);
    add_instant(flight.started);
  }
  for (const auto& [number, ticket] : tickets_) {
    add_instant(ticket.deadline);
    add(ticket.upto);
    add((ticket.done ? 1u : 0u) + (ticket.shutdown ? 2u : 0u) + (ticket.forgotten ? 4u : 0u));
    add(static_cast<std::uint64_t>(ticket.report.status));
    add(ticket.report.delivered);
    add(ticket.report.pending);
  }
  for (const LaneStats& count : ledger_) {
    for (const std::uint64_t number :
         {count.captured, count.delivered, count.unconfirmed, count.requests, count.retries}) {
      add(number);
    }
    for (const std::uint64_t dropped : count.dropped_by_reason) add(dropped);
  }
  add(next_sequence_);
  add(next_batch_);
  add((closing_ ? 1u : 0u) + (closed_ ? 2u : 0u));
  add_instant(shutdown_deadline_);
  add_instant(last_success_);
  return state;
}

std::uint64_t Engine::future_digest(Instant now) const noexcept {
  std::uint64_t state = kDigestStart;
  const auto add = [&](std::uint64_t number) { state = digest_number(state, number); };
  const auto add_instant = [&](Instant at) {
    add(static_cast<std::uint64_t>(at == kNever ? -1 : (std::max(at, now) - now).count()));
  };
  const auto add_batch = [&](const Batch& batch) {
    add(static_cast<std::uint64_t>(batch.lane));
    for (const std::uint32_t number : {batch.attempt, batch.requests, batch.failures}) add(number);
    for (const EventRef& event : batch.events) add(event.sequence());
  };
  for (std::size_t i = 0; i < kLaneCount; ++i) {
    for (const EventRef& event : lanes_[i].queue) {
      add(event.sequence());
      add_instant(saturating_add(event.admitted(), config_.lanes[i].flush_interval));
    }
    add(lanes_[i].size_limit);
    add(lanes_[i].good_batches);
    add(lanes_[i].full_episode ? 1 : 0);
  }
  for (const EndpointState& endpoint : endpoints_) {
    add_instant(endpoint.pause_until);
    add(endpoint.rounds);
    add(static_cast<std::uint64_t>(endpoint.next_lane));
    add(endpoint.fresh_turn ? 1 : 0);
    for (const auto& [key, batch] : endpoint.waiting) {
      add_instant(key.first);
      add_batch(*batch);
    }
  }
  for (const auto& [request, flight] : in_flight_) {
    add_batch(*flight.batch);
    add_instant(saturating_add(flight.started, config_.request_timeout));
    add(flight.started >= endpoints_[flight.endpoint].trouble_since ? 1 : 0);
  }
  for (const auto& [number, ticket] : tickets_) {
    if (ticket.done) continue;
    add(ticket.upto);
    add_instant(ticket.shutdown ? kNever : ticket.deadline);
  }
  add((closing_ ? 1u : 0u) + (closed_ ? 2u : 0u));
  add_instant(shutdown_deadline_);
  return state;
}

std::uint64_t Engine::shape(Instant now) const noexcept {
  std::uint64_t state = kDigestStart;
  const auto add = [&](std::uint64_t number) { state = digest_number(state, number); };
  const auto few = [](std::uint64_t count) { return std::min<std::uint64_t>(count, 2); };
  bool is_shrunk = false;
  bool is_full = false;
  for (std::size_t i = 0; i < kLaneCount; ++i) {
    const std::size_t queued = lanes_[i].queue.size();
    add(queued == 0 ? 0 : queued < config_.lanes[i].flush_at ? 1 : 2);
    is_shrunk = is_shrunk || lanes_[i].size_limit != 0;
    is_full = is_full || lanes_[i].full_episode;
  }
  add((is_shrunk ? 1u : 0u) + (is_full ? 2u : 0u));
  for (const EndpointState& endpoint : endpoints_) {
    const bool is_pausing = endpoint.pause_until > now;
    const bool is_busy = endpoint.in_flight == config_.max_in_flight;
    add((is_pausing ? 1u : 0u) + (is_busy ? 2u : 0u) + (endpoint.in_flight > 0 ? 4u : 0u) +
        (endpoint.rounds > 0 ? 8u : 0u));
    add(few(endpoint.waiting.size()));
  }
  const bool is_draining = std::any_of(tickets_.begin(), tickets_.end(),
                                       [](const auto& entry) { return !entry.second.done; });
  add((closing_ ? 1u : 0u) + (closed_ ? 2u : 0u) + (is_draining ? 4u : 0u));
  static_assert(Condition::kCount < 256);
  return (state & ~std::uint64_t{0xFF}) | (condition(now).index() + 1);
}

Condition Engine::condition(Instant now) const noexcept {
  Condition out;
  const bool is_flushing = std::any_of(tickets_.begin(), tickets_.end(),
                                       [](const auto& entry) { return !entry.second.done; });
  out.life = closed_       ? Life::closed
             : closing_    ? Life::closing
             : is_flushing ? Life::flushing
                           : Life::open;
  for (std::size_t i = 0; i < kLaneCount; ++i) {
    if (lanes_[i].queue.empty()) continue;
    const bool is_due = lane_due(static_cast<Lane>(i), now);
    out.backlog = std::max(out.backlog, is_due ? Backlog::due : Backlog::filling);
  }
  bool is_pausing = false;
  bool is_waiting = false;
  for (const EndpointState& endpoint : endpoints_) {
    if (endpoint.in_flight > 0) {
      const bool is_full = endpoint.in_flight == config_.max_in_flight;
      out.traffic = std::max(out.traffic, is_full ? Traffic::full : Traffic::some);
    }
    is_pausing = is_pausing || endpoint.pause_until > now;
    is_waiting = is_waiting || !endpoint.waiting.empty();
  }
  if (is_pausing) out.trouble = is_waiting ? Trouble::both : Trouble::pausing;
  if (!is_pausing && is_waiting) out.trouble = Trouble::waiting;
  return out;
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
