// How batches are formed and which request leaves next.

#include <algorithm>
#include <utility>

#include "sdk/engine/engine.h"

namespace lockstep::engine {

void Engine::dispatch(EndpointIndex index, Now now, Effects& out) {
  EndpointState& endpoint = endpoints_[index];
  while (endpoint.in_flight < config_.max_in_flight && now.at >= endpoint.pause_until) {
    // Retries and fresh events take turns, so that neither a failing backlog nor sustained traffic
    // can starve the other.
    BatchPtr batch = endpoint.fresh_turn ? take_fresh(index, now) : take_retry(endpoint, now);
    const bool was_fresh_turn = endpoint.fresh_turn;
    if (batch == nullptr)
      batch = was_fresh_turn ? take_retry(endpoint, now) : take_fresh(index, now);
    if (batch == nullptr) return;
    endpoint.fresh_turn = batch->attempt > 1 || batch->requests > 1;
    send(index, std::move(batch), now, out);
  }
}

BatchPtr Engine::take_retry(EndpointState& endpoint, Now now) {
  if (endpoint.waiting.empty()) return nullptr;
  const auto first = endpoint.waiting.begin();
  if (first->first.first > now.at) return nullptr;
  BatchPtr batch = std::move(first->second);
  endpoint.waiting.erase(first);
  lane(batch->lane).by_oldest.erase(batch->events.front().sequence());
  return batch;
}

BatchPtr Engine::take_fresh(EndpointIndex index, Now now) {
  EndpointState& endpoint = endpoints_[index];
  const auto first = static_cast<std::size_t>(endpoint.next_lane);
  for (std::size_t i = 0; i < kLaneCount; ++i) {
    const auto which = static_cast<Lane>((first + i) % kLaneCount);
    if (limits(which).endpoint != index || !lane_due(which, now.at)) continue;
    endpoint.next_lane = static_cast<Lane>((first + i + 1) % kLaneCount);
    return form_batch(which, now);
  }
  return nullptr;
}

BatchPtr Engine::form_batch(Lane which, Now now) {
  LaneState& state = lane(which);
  auto batch = std::make_shared<Batch>();
  batch->number = next_batch_++;
  batch->lane = which;
  batch->created_at = now.wall;
  batch->bytes = config_.envelope_bytes;
  const std::size_t most = batch_limit(which);
  batch->events.reserve(std::min(most, state.queue.size()));
  while (!state.queue.empty() && batch->events.size() < most) {
    const std::size_t size = state.queue.front().size() + 1;  // and a comma
    if (!batch->events.empty() && batch->bytes + size > limits(which).max_batch_bytes) break;
    batch->bytes += size;
    state.queue_bytes -= state.queue.front().size();
    batch->events.push_back(std::move(state.queue.front()));
    state.queue.pop_front();
  }
  return batch;
}

void Engine::send(EndpointIndex index, BatchPtr batch, Now now, Effects& out) {
  const RequestNumber request = next_request_++;
  ++endpoints_[index].in_flight;
  LaneStats& count = stats(batch->lane);
  count.in_flight += batch->events.size();
  lane(batch->lane).in_flight_bytes += event_bytes(*batch);
  ++count.requests;
  if (batch->failures > 0) ++count.retries;
  out.sends.push_back({request, index, batch, saturating_add(now.at, config_.request_timeout)});
  in_flight_.emplace(request, InFlight{std::move(batch), index, now.at});
}

std::size_t Engine::batch_limit(Lane which) const noexcept {
  const std::size_t configured = limits(which).max_batch_size;
  const std::size_t shrunk = lane(which).size_limit;
  return shrunk == 0 ? configured : std::min(shrunk, configured);
}

bool Engine::lane_due(Lane which, Instant now) const noexcept {
  return !lane(which).queue.empty() && lane_due_at(which, now) <= now;
}

// When the lane's queue wants to be sent, pauses aside; `now` when it already does.
Instant Engine::lane_due_at(Lane which, Instant now) const noexcept {
  const LaneState& state = lane(which);
  const LaneConfig& limit = limits(which);
  if (state.queue.empty()) return kNever;
  const EventRef& oldest = state.queue.front();
  const bool due = closing_ || state.queue.size() >= limit.flush_at ||
                   state.queue_bytes >= limit.max_batch_bytes || oldest.sequence() < flushed_upto();
  return due ? now : saturating_add(oldest.admitted(), limit.flush_interval);
}

// Without the envelope, and the comma that was counted with each event.
std::size_t Engine::event_bytes(const Batch& batch) const noexcept {
  return batch.bytes - config_.envelope_bytes - batch.events.size();
}

// When the next request to the endpoint may leave, its free slots aside; kNever when there is
// nothing.
Instant Engine::earliest_send(EndpointIndex index, Instant now) const noexcept {
  const EndpointState& endpoint = endpoints_[index];
  Instant next = endpoint.waiting.empty() ? kNever : endpoint.waiting.begin()->first.first;
  for (std::size_t i = 0; i < kLaneCount; ++i) {
    const auto which = static_cast<Lane>(i);
    if (limits(which).endpoint == index) next = std::min(next, lane_due_at(which, now));
  }
  return next == kNever ? kNever : std::max(next, endpoint.pause_until);
}

}  // namespace lockstep::engine
