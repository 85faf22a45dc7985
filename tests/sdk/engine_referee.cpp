#include "tests/sdk/engine_referee.h"

#include <algorithm>

namespace lockstep::engine {

namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

}  // namespace

void Referee::admitted(std::uint64_t sequence, Lane lane, Now) {
  events_[sequence].lane = lane;
  open_.insert(sequence);
}

void Referee::shutting_down(Instant deadline) {
  shutdown_deadline_ = std::min(shutdown_deadline_, deadline);
}

void Referee::answered(const Send& send, const Verdict& verdict, Now now) {
  flying_.erase(send.request);
  for (std::size_t i = 0; i < send.batch->events.size(); ++i) {
    Event& event = events_[send.batch->events[i].sequence()];
    event.flying = false;
    const bool again = verdict.kind == Verdict::Kind::retry ||
                       (verdict.kind == Verdict::Kind::per_event && i < verdict.events.size() &&
                        verdict.events[i].kind == EventVerdict::Kind::retry);
    if (again) ++event.failures;
  }
  Instant& not_before = not_before_[send.endpoint];
  if (verdict.pause) {
    const Duration pause = std::min(*verdict.pause, config_.max_retry_after);
    not_before = std::max(not_before, saturating_add(now.at, pause));
  }
  if (verdict.endpoint_trouble) {
    const Duration least =
        config_.retry_initial_backoff / 100 * (100 - config_.retry_jitter_percent);
    not_before = std::max(not_before, saturating_add(now.at, least));
  }
}

void Referee::judge(const Effects& out, Now now) {
  for (const Send& send : out.sends) judge_send(send, now);
  for (const RequestNumber request : out.cancels) {
    const bool unsent = std::any_of(out.sends.begin(), out.sends.end(),
                                    [&](const Send& send) { return send.request == request; });
    if (unsent) complain("request " + number(request) + " is sent and cancelled in one step");
    if (flying_.erase(request) == 0) complain("a request that is not in flight is cancelled");
  }
  for (const Ended& ended : out.ended) judge_end(ended);
}

void Referee::judge_send(const Send& send, Now now) {
  const Batch& batch = *send.batch;
  if (send.request <= last_request_) complain("request numbers do not grow");
  last_request_ = send.request;
  flying_.emplace(send.request, send);
  if (now.at < not_before_[send.endpoint]) complain("a request leaves while its endpoint pauses");
  if (now.at >= shutdown_deadline_) complain("a request leaves at or after the shutdown deadline");
  if (send.deadline != saturating_add(now.at, config_.request_timeout)) {
    complain("a request's deadline is not request_timeout away");
  }
  const auto to_endpoint = std::count_if(flying_.begin(), flying_.end(), [&](const auto& entry) {
    return entry.second.endpoint == send.endpoint;
  });
  if (static_cast<std::size_t>(to_endpoint) > config_.max_in_flight) {
    complain("more than max_in_flight requests to one endpoint");
  }
  for (const EventRef& ref : batch.events) {
    Event& event = events_[ref.sequence()];
    if (open_.count(ref.sequence()) == 0) complain("an event is sent that has already ended");
    if (event.flying) complain("an event is in two requests at a time");
    if (event.lane != batch.lane) complain("an event left its lane");
    event.flying = true;
    std::uint64_t& next = next_first_[static_cast<std::size_t>(batch.lane)];
    if (event.carried++ == 0) {
      if (ref.sequence() < next) complain("first attempts are not in capture order");
      next = ref.sequence() + 1;
    }
    if (event.failures > config_.max_retries) complain("an event has more attempts than allowed");
    if (batch.requests != event.carried) complain("a batch miscounts the requests of its events");
    if (batch.failures != event.failures) complain("a batch miscounts the failures of its events");
  }
  judge_size(batch);
  judge_series(batch, now);
}

void Referee::judge_size(const Batch& batch) {
  const LaneConfig& limit = config_.lanes[static_cast<std::size_t>(batch.lane)];
  std::size_t bytes = config_.envelope_bytes;
  for (const EventRef& event : batch.events) bytes += event.size() + 1;
  if (batch.events.empty()) complain("an empty batch is sent");
  if (batch.bytes != bytes) complain("a batch's bytes are not those of its events");
  if (batch.events.size() > limit.max_batch_size) complain("a batch exceeds max_batch_size");
  if (batch.events.size() > 1 && bytes > limit.max_batch_bytes) {
    complain("a batch exceeds max_batch_bytes");
  }
}

void Referee::judge_series(const Batch& batch, Now now) {
  std::set<std::uint64_t> sequences;
  for (const EventRef& event : batch.events) sequences.insert(event.sequence());
  const auto [found, first] = series_.try_emplace(batch.number);
  Series& series = found->second;
  if (first) {
    if (batch.attempt != 1) complain("a new batch does not start at attempt 1");
    if (batch.requests == 1 && batch.created_at != now.wall) complain("created_at is not now");
    series.created_at = batch.created_at;
  } else {
    if (batch.attempt != series.attempt + 1) complain("attempts do not count up by one");
    if (batch.created_at != series.created_at) complain("created_at changes between attempts");
    if (!std::includes(series.events.begin(), series.events.end(), sequences.begin(),
                       sequences.end())) {
      complain("a retry carries events that its batch did not have");
    }
  }
  series.attempt = batch.attempt;
  series.events = std::move(sequences);
}

void Referee::judge_end(const Ended& ended) {
  const std::uint64_t sequence = ended.event.sequence();
  // An event that admission refused never was open.
  const bool refused =
      !ended.delivered && events_.count(sequence) == 0 &&
      (ended.reason == DropReason::queue_full || ended.reason == DropReason::too_large);
  if (refused) return;
  if (open_.erase(sequence) == 0) complain("event " + number(sequence) + " ends twice");
  if (ended.attempts != events_[sequence].carried) {
    complain("event " + number(sequence) + " was carried by " + number(events_[sequence].carried) +
             " requests, its outcome says " + number(ended.attempts));
  }
  if (ended.delivered && ended.attempts == 0)
    complain("an event is delivered that nothing carried");
  if (!ended.delivered && ended.reason == DropReason::evicted && events_[sequence].flying) {
    complain("an event in flight is evicted");
  }
}

}  // namespace lockstep::engine
