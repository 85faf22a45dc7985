// The host's side of a client: what one turn of a Pump does with it.

#include <exception>
#include <utility>

#include "sdk/client_core.h"

namespace lockstep {

namespace {

constexpr Stream kRequestId{"request-id"};

// Flag requests and ingestion requests share the transport; this bit keeps their numbers apart.
constexpr std::uint64_t kFlagBit = std::uint64_t{1} << 63;

}  // namespace

HostedWork ClientCore::take(Now now) {
  HostedWork work;
  engine::Effects effects;
  std::vector<FlagCalls::Start> flag_starts;
  {
    const std::lock_guard lock(mutex_);
    engine_.advance(now, outbox_);
    flags_.advance(now, flag_starts);
    effects = std::exchange(outbox_, {});
    for (const std::uint64_t request : flag_cancels_) work.cancels.push_back(request | kFlagBit);
    flag_cancels_.clear();
    trace_reports();
    turning_ =
        !effects.empty() || !flag_starts.empty() || !reports_.empty() || !work.cancels.empty();
    if (!turning_) return work;
  }
  for (const engine::RequestNumber request : effects.cancels) {
    work.cancels.push_back(request);
    const auto found = requests_.find(request);
    if (found == requests_.end()) continue;
    trace_cancel(request, found->second.traced);
    RequestReport report = report_of(found->second, now);
    report.error = http::to_string(http::TransportErrorKind::cancelled);
    if (options_.on_request != nullptr) reports_.push_back(std::move(report));
    requests_.erase(found);
  }
  for (const engine::Send& send : effects.sends) encode(send, now, work);
  for (FlagCalls::Start& start : flag_starts) {
    trace_flag_send(start.request, start.message);
    work.starts.push_back(
        {start.request | kFlagBit,
         std::move(start.message),
         {start.deadline, options_.connect_timeout, options_.max_response_bytes}});
  }
  news_ = {std::move(effects.ended), std::move(effects.errors), std::exchange(reports_, {})};
  // Room in a queue, a finished ticket, a flag's answer: whoever waits asks again.
  work.finish = true;
  return work;
}

void ClientCore::encode(const engine::Send& send, Now now, HostedWork& work) try {
  const engine::Batch& batch = *send.batch;
  // Drawn by key, so that every attempt at a batch gets the same id without anyone keeping it.
  const std::uint64_t index = batch.number * 2;
  const Chance& chance = host_->chance();
  const Uuid request_id = make_uuid_v4(chance.bits({kRequestId, client_id_, index}),
                                       chance.bits({kRequestId, client_id_, index + 1}));
  http::Request request = protocol(batch.lane).encode({batch, request_id, now});
  if (options_.compression != Compression::none) {
    request.body = compressor_.compress(options_.compression, request.body);
    request.headers.set("Content-Encoding", std::string(content_encoding(options_.compression)));
  }
  const std::uint64_t traced = trace_send(send, request);
  requests_[send.request] = {send.batch, now.wall, now.at, request.body.size(), traced};
  work.starts.push_back({send.request,
                         std::move(request),
                         {send.deadline, options_.connect_timeout, options_.max_response_bytes}});
} catch (const std::exception& problem) {
  // Out of memory while encoding: as if the network had failed. The engine decides what that means.
  const std::lock_guard lock(mutex_);
  engine_.completed(send.request,
                    transport_verdict({http::TransportErrorKind::malformed, problem.what()}), now,
                    outbox_);
}

RequestReport ClientCore::report_of(const Request& request, Now now) const {
  RequestReport report;
  report.sent_at = request.sent_at;
  report.duration = now.at - request.started;
  report.lane = request.batch->lane;
  report.attempt = request.batch->attempt;
  report.body_bytes = request.body_bytes;
  if (options_.on_request == nullptr) return report;
  for (const engine::EventRef& event : request.batch->events) report.uuids.push_back(event.uuid());
  return report;
}

void ClientCore::completed(std::uint64_t number, http::Result result, Now now) {
  if ((number & kFlagBit) != 0) {
    trace_flag_answer(number & ~kFlagBit, result);
    const std::lock_guard lock(mutex_);
    flags_.completed(number & ~kFlagBit, std::move(result), now);
    outbox_.waiters_changed = true;
    return;
  }
  const auto found = requests_.find(number);
  if (found == requests_.end()) return;
  const Request request = std::move(found->second);
  requests_.erase(found);

  RequestReport report = report_of(request, now);
  engine::Verdict verdict;
  if (const auto* response = std::get_if<http::Response>(&result)) {
    verdict =
        interpret_or_retry(protocol(request.batch->lane), *request.batch, *response, now.wall);
  } else {
    verdict = transport_verdict(std::get<http::TransportError>(result));
  }
  report.status = verdict.status;
  if (report.status == 0) report.error = verdict.detail;
  const std::uint64_t traced = trace_answer(number, request, verdict);
  if (options_.on_request != nullptr) reports_.push_back(std::move(report));
  const std::lock_guard lock(mutex_);
  engine_.completed(number, std::move(verdict), now, outbox_);
  trace_notes(traced);
}

template <typename Argument>
void ClientCore::call(const std::function<void(const Argument&)>& callback,
                      const Argument& argument) const noexcept {
  if (callback == nullptr || silenced_) return;
  try {
    callback(argument);
  } catch (const std::exception& problem) {
    log(LogLevel::error, std::string("a callback threw: ") + problem.what());
  } catch (...) {
    log(LogLevel::error, "a callback threw");
  }
}

void ClientCore::finish() {
  // A callback may destroy the client, which makes a turn of its own inside this one.
  const News news = std::exchange(news_, {});
  const bool nested = std::exchange(telling_, true);
  for (const RequestReport& report : news.requests) call(options_.on_request, report);
  for (const ErrorReport& error : news.errors) {
    if (silenced_) break;
    log(LogLevel::warning, error.message + " (" + std::to_string(error.events) + " events)");
    call(options_.on_error, error);
  }
  const bool heard = options_.on_outcome != nullptr || options_.trace != nullptr;
  for (const engine::Ended& ended : news.ended) {
    if (!heard) break;
    const Outcome outcome{ended.event.uuid(), ended.event.lane(), ended.delivered,
                          ended.unconfirmed,  ended.reason,       ended.attempts,
                          ended.status,       ended.detail};
    trace_outcome(outcome);
    call(options_.on_outcome, outcome);
  }
  telling_ = nested;
  {
    const std::lock_guard lock(mutex_);
    turning_ = false;
    ++turns_finished_;
  }
  host_->clock().notify(changed_);
}

Instant ClientCore::next_wake(Instant now) {
  const std::lock_guard lock(mutex_);
  if (!outbox_.empty() || !flag_cancels_.empty()) return now;
  const Instant next = std::min(engine_.next_wake(now), flags_.next_wake());
  trace_timer(next);
  return next;
}

}  // namespace lockstep
