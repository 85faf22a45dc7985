#include "sdk/engine/engine.h"

#include <algorithm>
#include <utility>

namespace lockstep::engine {

namespace {

// How often a queue that stays full says so again.
constexpr Duration kFullWarningInterval = std::chrono::seconds{30};

}  // namespace

Admitted Engine::admit(EventRef event, Now now, Effects& out) {
  const Lane which = event.lane();
  if (closing_) return {Admission::closed, DropReason::queue_full, false};

  event.stamp(next_sequence_++, now.at);
  LaneStats& count = stats(which);
  ++count.captured;
  if (event.size() > limits(which).max_event_bytes) {
    ++count.dropped_by_reason[static_cast<std::size_t>(DropReason::too_large)];
    out.ended.push_back({std::move(event), false, false, DropReason::too_large, 0, 0,
                         "larger than the client's limit for one event"});
    return {Admission::dropped, DropReason::too_large, true};
  }
  const bool evicts = config_.queue_full == QueueFullPolicy::drop_oldest;
  if (!fits(which, event.size()) && !(evicts && make_room(which, event.size(), now, out))) {
    ++count.dropped_by_reason[static_cast<std::size_t>(DropReason::queue_full)];
    out.ended.push_back({std::move(event), false, false, DropReason::queue_full, 0, 0, {}});
    warn_full(which, now, out);
    return {Admission::dropped, DropReason::queue_full, true};
  }

  LaneState& state = lane(which);
  const std::size_t bytes_before = state.queue_bytes;
  ++count.pending;
  count.pending_bytes += event.size();
  state.queue_bytes += event.size();
  state.queue.push_back(std::move(event));

  // Wake the driver only when what it waits for has changed: the first event starts the interval,
  // and a full batch is due at once.
  const std::size_t full = limits(which).max_batch_bytes;
  const bool wake = state.queue.size() == 1 || state.queue.size() == limits(which).flush_at ||
                    (bytes_before < full && state.queue_bytes >= full) || !out.empty();
  return {Admission::accepted, DropReason::queue_full, wake};
}

void Engine::count_drop(Lane which, DropReason reason) noexcept {
  ++stats(which).captured;
  ++stats(which).dropped_by_reason[static_cast<std::size_t>(reason)];
}

bool Engine::has_room(Lane which, std::size_t bytes) const noexcept {
  return bytes > limits(which).max_event_bytes || fits(which, bytes);
}

bool Engine::fits(Lane which, std::size_t bytes) const noexcept {
  const LaneStats& count = stats(which);
  return count.pending < limits(which).max_queue_size &&
         count.pending_bytes + bytes <= limits(which).max_queue_bytes;
}

bool Engine::make_room(Lane which, std::size_t bytes, Now now, Effects& out) {
  // Nothing is given up for an event that would not fit even then.
  if (lane(which).in_flight_bytes + bytes > limits(which).max_queue_bytes) return false;
  while (!fits(which, bytes)) {
    if (!evict_oldest(which, out)) return false;
    warn_full(which, now, out);
  }
  return true;
}

// The oldest event that is not in flight: either the front of the queue or the first event of a
// batch that waits for its retry. So an outage ages out stale retries instead of starving fresh
// events.
bool Engine::evict_oldest(Lane which, Effects& out) {
  LaneState& state = lane(which);
  if (!state.by_oldest.empty()) {
    evict_waiting(which, out);
    return true;
  }
  if (state.queue.empty()) return false;
  EventRef event = std::move(state.queue.front());
  state.queue.pop_front();
  state.queue_bytes -= event.size();
  end(std::move(event), {{}, false, false, DropReason::evicted, 0, 0, {}}, out);
  return true;
}

// Called for each capture while a queue is full, so it must cost the same however many batches
// wait.
void Engine::evict_waiting(Lane which, Effects& out) {
  LaneState& state = lane(which);
  auto& waiting = endpoints_[limits(which).endpoint].waiting;
  auto entry = state.by_oldest.extract(state.by_oldest.begin());
  const auto found = waiting.find(entry.mapped());
  // What a copy of this engine shares is not to be changed.
  if (found->second.use_count() > 1) found->second = std::make_shared<Batch>(*found->second);
  Batch& batch = *found->second;
  EventRef event = std::move(batch.events.front());
  batch.events.erase(batch.events.begin());
  batch.bytes -= event.size() + 1;
  const std::uint32_t attempts = batch.requests - 1;
  if (batch.events.empty()) {
    waiting.erase(found);
  } else {
    entry.key() = batch.events.front().sequence();
    state.by_oldest.insert(std::move(entry));
  }
  end(std::move(event), {{}, false, false, DropReason::evicted, attempts, 0, {}}, out);
}

// Warns at the start of each episode of fullness and again while it lasts; the counters are exact.
void Engine::warn_full(Lane which, Now now, Effects& out) {
  LaneState& state = lane(which);
  ++state.full_drops;
  const bool first = !state.full_episode;
  if (!first && now.at < saturating_add(state.full_warned, kFullWarningInterval)) return;
  state.full_episode = true;
  state.full_warned = now.at;
  out.errors.push_back({"the " + std::string(to_string(which)) + " queue is full (" +
                            std::to_string(stats(which).pending) + " events, " +
                            std::to_string(stats(which).pending_bytes) + " bytes); " +
                            std::to_string(state.full_drops) + " dropped since it filled",
                        static_cast<std::size_t>(state.full_drops)});
}

void Engine::settle_full_episode(Lane which) noexcept {
  LaneState& state = lane(which);
  if (!state.full_episode) return;
  const LaneStats& count = stats(which);
  if (count.pending > limits(which).max_queue_size / 2 ||
      count.pending_bytes > limits(which).max_queue_bytes / 2) {
    return;
  }
  state.full_episode = false;
  state.full_drops = 0;
}

// The one place where a pending event ends.
void Engine::end(EventRef event, Ended how, Effects& out) {
  const Lane which = event.lane();
  LaneStats& count = stats(which);
  --count.pending;
  count.pending_bytes -= event.size();
  if (how.delivered) {
    ++count.delivered;
    if (how.unconfirmed) ++count.unconfirmed;
  } else {
    ++count.dropped_by_reason[static_cast<std::size_t>(how.reason)];
  }
  // An event that gives way to another does not end the fullness.
  if (how.delivered || how.reason != DropReason::evicted) settle_full_episode(which);
  count_for_tickets(event.sequence(), how.delivered, out);
  out.waiters_changed = out.waiters_changed || config_.queue_full == QueueFullPolicy::block;
  how.event = std::move(event);
  out.ended.push_back(std::move(how));
}

void Engine::advance(Now now, Effects& out) {
  if (closed_) return;
  // At its deadline a shutdown sends nothing more, not even what becomes due at that very instant.
  const bool over = closing_ && now.at >= shutdown_deadline_;
  for (std::size_t i = 0; !over && i < kEndpointCount; ++i) {
    dispatch(static_cast<EndpointIndex>(i), now, out);
  }
  if (closing_) finish_shutdown(now, out);
  finish_tickets(now, out);
  free_forgotten_tickets();
}

Instant Engine::next_wake(Instant now) const noexcept {
  if (closed_) return kNever;
  if (closing_ && shutdown_is_over(now)) return now;
  Instant next = closing_ ? shutdown_deadline_ : kNever;
  for (const auto& [number, ticket] : tickets_) {
    if (!ticket.done && !ticket.shutdown) next = std::min(next, ticket.deadline);
  }
  for (std::size_t i = 0; i < kEndpointCount; ++i) {
    if (endpoints_[i].in_flight >= config_.max_in_flight) continue;
    next = std::min(next, earliest_send(static_cast<EndpointIndex>(i), now));
  }
  return next;
}

}  // namespace lockstep::engine
