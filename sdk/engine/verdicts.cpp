// What an answer does to the events that were in flight: end, retry, split.

#include <algorithm>
#include <utility>

#include "sdk/engine/engine.h"

namespace lockstep::engine {

namespace {

constexpr Stream kRetryJitter{"retry-jitter"};

// Batches of the shrunk size that must be delivered in a row before the size doubles again.
constexpr std::uint32_t kGoodBatchesToGrow = 4;

std::string attempts_text(std::uint32_t failures, const std::string& detail) {
  return std::to_string(failures) + " attempts failed, the last with " + detail;
}

}  // namespace

void Engine::completed(RequestNumber request, Verdict verdict, Now now, Effects& out) {
  const auto found = in_flight_.find(request);
  if (found == in_flight_.end()) return;
  const InFlight flight = std::move(found->second);
  in_flight_.erase(found);
  const Batch& batch = *flight.batch;
  EndpointState& endpoint = endpoints_[flight.endpoint];
  --endpoint.in_flight;
  stats(batch.lane).in_flight -= batch.events.size();
  lane(batch.lane).in_flight_bytes -= event_bytes(batch);
  const Instant paused_until = endpoint.pause_until;

  if (verdict.pause) {
    verdict.pause = std::min(*verdict.pause, config_.max_retry_after);
    endpoint.pause_until = std::max(endpoint.pause_until, saturating_add(now.at, *verdict.pause));
  }
  if (verdict.status >= 200 && verdict.status < 300) last_success_ = now.at;
  // Any answer that is not trouble shows that the endpoint lives: the backoff starts over.
  if (!verdict.endpoint_trouble) endpoint.rounds = 0;

  switch (verdict.kind) {
    case Verdict::Kind::delivered:
      note_success(batch.lane, batch.events.size());
      end_all(batch, {{}, true, false, {}, batch.requests, verdict.status, {}}, out);
      break;
    case Verdict::Kind::drop:
      out.errors.push_back({verdict.detail, batch.events.size()});
      end_all(batch,
              {{}, false, false, verdict.reason, batch.requests, verdict.status, verdict.detail},
              out);
      break;
    case Verdict::Kind::too_large:
      if (batch.events.size() > 1) {
        split(batch, flight.endpoint, now, out);
        break;
      }
      out.errors.push_back({verdict.detail, 1});
      end_all(
          batch,
          {{}, false, false, DropReason::too_large, batch.requests, verdict.status, verdict.detail},
          out);
      break;
    case Verdict::Kind::retry:
      retry(batch, batch.events, verdict, flight.endpoint, flight.started, now, out);
      break;
    case Verdict::Kind::per_event:
      per_event(batch, verdict, flight.endpoint, flight.started, now, out);
      break;
  }
  if (endpoint.pause_until != paused_until) {
    out.notes.push_back({.kind = Note::Kind::pause,
                         .endpoint = flight.endpoint,
                         .batch = batch.number,
                         .events = batch.events.size(),
                         .until = endpoint.pause_until});
  }
}

void Engine::end_all(const Batch& batch, const Ended& how, Effects& out) {
  for (const EventRef& event : batch.events) end(event, how, out);
}

void Engine::per_event(const Batch& batch, const Verdict& verdict, EndpointIndex index,
                       Instant started, Now now, Effects& out) {
  note_success(batch.lane, batch.events.size());
  std::vector<EventRef> again;
  std::size_t dropped = 0;
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    // An event the protocol said nothing about was in an accepted request: unconfirmed.
    const EventVerdict one = i < verdict.events.size()
                                 ? verdict.events[i]
                                 : EventVerdict{EventVerdict::Kind::unconfirmed, {}, {}};
    switch (one.kind) {
      case EventVerdict::Kind::delivered:
      case EventVerdict::Kind::unconfirmed:
        end(batch.events[i],
            {{},
             true,
             one.kind == EventVerdict::Kind::unconfirmed,
             {},
             batch.requests,
             verdict.status,
             one.detail},
            out);
        break;
      case EventVerdict::Kind::drop:
        ++dropped;
        end(batch.events[i],
            {{}, false, false, one.reason, batch.requests, verdict.status, one.detail}, out);
        break;
      case EventVerdict::Kind::retry:
        again.push_back(batch.events[i]);
        break;
    }
  }
  if (dropped > 0) {
    out.errors.push_back(
        {"the server refused events of an accepted request: " + verdict.detail, dropped});
  }
  if (!again.empty()) retry(batch, std::move(again), verdict, index, started, now, out);
}

void Engine::retry(const Batch& batch, std::vector<EventRef> events, const Verdict& verdict,
                   EndpointIndex index, Instant started, Now now, Effects& out) {
  EndpointState& endpoint = endpoints_[index];
  const std::uint32_t failures = batch.failures + 1;
  std::uint32_t exponent = failures;
  if (verdict.endpoint_trouble) {
    // Requests that were in flight together fail together: that is one round, not several.
    if (started >= endpoint.trouble_since) {
      ++endpoint.rounds;
      endpoint.trouble_since = now.at;
    }
    exponent = std::max(exponent, endpoint.rounds);
  }
  const Duration delay =
      std::max(backoff(batch.number, exponent), verdict.pause.value_or(Duration{0}));
  const Instant at = saturating_add(now.at, delay);
  if (verdict.endpoint_trouble) endpoint.pause_until = std::max(endpoint.pause_until, at);

  if (failures > config_.max_retries) {
    const std::string detail = attempts_text(failures, verdict.detail);
    out.errors.push_back({detail, events.size()});
    for (EventRef& event : events) {
      end(std::move(event),
          {{},
           false,
           false,
           DropReason::attempts_exhausted,
           batch.requests,
           verdict.status,
           detail},
          out);
    }
    return;
  }
  auto next = std::make_shared<Batch>();
  next->number = batch.number;
  next->lane = batch.lane;
  next->created_at = batch.created_at;
  next->attempt = batch.attempt + 1;
  next->requests = batch.requests + 1;
  next->failures = failures;
  next->bytes = config_.envelope_bytes;
  for (const EventRef& event : events) next->bytes += event.size() + 1;
  next->events = std::move(events);
  out.notes.push_back({.kind = Note::Kind::retry,
                       .endpoint = index,
                       .batch = next->number,
                       .events = next->events.size(),
                       .until = at});
  wait_until(index, at, std::move(next));
}

// 413: the halves go at once, as batches of their own; the smaller size stays until enough batches
// of it were delivered, so one large event does not shrink the client for life.
void Engine::split(const Batch& batch, EndpointIndex index, Now now, Effects& out) {
  LaneState& state = lane(batch.lane);
  const std::size_t half = batch.events.size() / 2;
  state.size_limit = std::min(batch_limit(batch.lane), std::max<std::size_t>(half, 1));
  state.good_batches = 0;
  out.notes.push_back({.kind = Note::Kind::split,
                       .endpoint = index,
                       .batch = batch.number,
                       .events = batch.events.size(),
                       .until = now.at,
                       .first_half = next_batch_});
  for (const bool second : {false, true}) {
    auto part = std::make_shared<Batch>();
    part->number = next_batch_++;
    part->lane = batch.lane;
    part->created_at = batch.created_at;
    part->requests = batch.requests + 1;
    part->failures = batch.failures;
    part->bytes = config_.envelope_bytes;
    const auto middle = batch.events.begin() + static_cast<std::ptrdiff_t>(half);
    part->events.assign(second ? middle : batch.events.begin(),
                        second ? batch.events.end() : middle);
    for (const EventRef& event : part->events) part->bytes += event.size() + 1;
    wait_until(index, now.at, std::move(part));
  }
}

void Engine::wait_until(EndpointIndex index, Instant at, std::shared_ptr<Batch> batch) {
  const WaitKey key{at, next_wait_++};
  lane(batch->lane).by_oldest.emplace(batch->events.front().sequence(), key);
  endpoints_[index].waiting.emplace(key, std::move(batch));
}

// initial * 2^(failures - 1), capped, then spread by the jitter.
Duration Engine::backoff(std::uint64_t batch, std::uint32_t failures) const noexcept {
  Duration delay = config_.retry_initial_backoff;
  for (std::uint32_t i = 1; i < failures && delay < config_.retry_max_backoff; ++i) {
    delay = saturating_multiply(delay, 2);
  }
  delay = std::min(delay, config_.retry_max_backoff);
  const std::uint64_t spread = config_.retry_jitter_percent;
  // In thousandths of a percent, so that two clients rarely draw the same delay.
  const std::uint64_t drawn = chance_->below(
      {kRetryJitter, config_.cause ^ (batch << 20), failures}, 2 * spread * 1000 + 1);
  const std::uint64_t share = 100'000 - spread * 1000 + drawn;
  const Duration whole = saturating_multiply(delay / 100'000, share);
  const Duration rest = saturating_multiply(delay % 100'000, share) / 100'000;
  return saturating_add(whole, rest);
}

void Engine::note_success(Lane which, std::size_t events) noexcept {
  LaneState& state = lane(which);
  if (state.size_limit == 0 || events < state.size_limit) return;
  if (++state.good_batches < kGoodBatchesToGrow) return;
  state.good_batches = 0;
  state.size_limit *= 2;
  if (state.size_limit >= limits(which).max_batch_size) state.size_limit = 0;
}

}  // namespace lockstep::engine
