// What a client writes into Options::trace: every step that somebody who looks at a run wants to
// see, and that has to be equal in two runs which are the same.

#include <algorithm>
#include <array>
#include <exception>

#include "clock/timestamp.h"
#include "clock/trace.h"
#include "sdk/client_core.h"

namespace lockstep {

namespace {

std::uint64_t digest_of(std::string_view bytes) { return digest_bytes(kDigestStart, bytes); }

// An entry has this many fields at most, beside the client.
constexpr std::size_t kMostTraceFields = 10;

std::string time_text(Instant at) {
  return at == kNever ? "never" : to_seconds(at.time_since_epoch());
}

std::string flag_request(std::uint64_t number) { return "flags-" + std::to_string(number); }

}  // namespace

// An entry for which there is no memory is lost; nobody else shall notice.
std::uint64_t ClientCore::trace(std::string_view label, std::initializer_list<TraceField> fields,
                                std::uint64_t cause) const noexcept try {
  if (options_.trace == nullptr) return 0;
  const TraceValue client =
      options_.trace_name.empty() ? TraceValue(client_id_) : TraceValue(options_.trace_name);
  std::array<TraceField, kMostTraceFields + 1> all{{{"client", client}}};
  const auto own =
      std::copy_n(fields.begin(), std::min(fields.size(), kMostTraceFields), all.begin() + 1);
  return options_.trace->record({host_->clock().now(), label, cause, {all.begin(), own}});
} catch (const std::exception&) {
  return 0;
}

std::uint64_t ClientCore::trace_send(const engine::Send& send, const http::Request& request) const {
  if (options_.trace == nullptr) return 0;
  const engine::Batch& batch = *send.batch;
  return trace("send", {{"request", send.request},
                        {"batch", batch.number},
                        {"attempt", batch.attempt},
                        {"events", batch.events.size()},
                        {"lane", to_string(batch.lane)},
                        {"path", request.url.path},
                        {"bytes", request.body.size()},
                        {"body", digest_of(request.body)}});
}

std::uint64_t ClientCore::trace_answer(std::uint64_t number, const Request& request,
                                       const engine::Verdict& verdict) const {
  if (options_.trace == nullptr) return 0;
  return trace("answer",
               {{"request", number},
                {"batch", request.batch->number},
                {"attempt", request.batch->attempt},
                {"status", verdict.status},
                {"retry_after", verdict.pause ? to_seconds(*verdict.pause) : ""},
                {"detail", verdict.detail}},
               request.traced);
}

void ClientCore::trace_cancel(std::uint64_t number, std::uint64_t cause) const {
  if (options_.trace == nullptr) return;
  trace("cancel", {{"request", number}}, cause);
}

void ClientCore::trace_flag_send(std::uint64_t number, const http::Request& request) {
  if (options_.trace == nullptr) return;
  traced_flags_[number] = trace("send", {{"request", flag_request(number)},
                                         {"path", request.url.path},
                                         {"bytes", request.body.size()},
                                         {"body", digest_of(request.body)}});
}

void ClientCore::trace_flag_answer(std::uint64_t number, const http::Result& result) {
  if (options_.trace == nullptr) return;
  const auto* response = std::get_if<http::Response>(&result);
  const auto* error = std::get_if<http::TransportError>(&result);
  trace("answer",
        {{"request", flag_request(number)},
         {"status", response != nullptr ? response->status : 0},
         {"detail", error != nullptr ? transport_verdict(*error).detail : ""}},
        traced_flags_[number]);
  traced_flags_.erase(number);
}

void ClientCore::trace_outcome(const Outcome& outcome) const {
  if (options_.trace == nullptr) return;
  trace("outcome", {{"uuid", outcome.uuid.to_string()},
                    {"lane", to_string(outcome.lane)},
                    {"end", outcome.delivered ? (outcome.unconfirmed ? "unconfirmed" : "delivered")
                                              : to_string(outcome.reason)},
                    {"attempts", outcome.attempts},
                    {"status", outcome.status},
                    {"detail", outcome.detail}});
}

void ClientCore::trace_ticket(std::string_view label, engine::Ticket ticket, Instant deadline) {
  if (options_.trace == nullptr) return;
  const std::uint64_t entry = trace(label, {{"ticket", ticket}, {"deadline", time_text(deadline)}});
  const std::lock_guard lock(mutex_);
  traced_tickets_[ticket] = entry;
  trace_reports();
}

void ClientCore::trace_reports() {
  for (auto it = traced_tickets_.begin(); it != traced_tickets_.end();) {
    const auto [ticket, entry] = *it;
    const auto report = engine_.report(ticket);
    if (report && !report->second) {
      ++it;
      continue;
    }
    it = traced_tickets_.erase(it);
    // A ticket that was forgotten before it was done says nothing.
    if (!report) continue;
    trace("report",
          {{"ticket", ticket},
           {"status", to_string(report->first.status)},
           {"delivered", report->first.delivered},
           {"dropped", report->first.dropped},
           {"pending", report->first.pending}},
          entry);
  }
}

void ClientCore::trace_notes(std::uint64_t cause) {
  if (options_.trace == nullptr) return;
  for (const engine::Note& note : outbox_.notes) {
    const std::string batch = std::to_string(note.batch);
    switch (note.kind) {
      case engine::Note::Kind::pause:
        trace("pause", {{"endpoint", note.endpoint}, {"until", time_text(note.until)}}, cause);
        break;
      case engine::Note::Kind::retry:
        trace("retry",
              {{"batch", batch}, {"events", note.events}, {"until", time_text(note.until)}}, cause);
        break;
      case engine::Note::Kind::split:
        trace("split",
              {{"batch", batch},
               {"events", note.events},
               {"first_half", note.first_half},
               {"second_half", note.first_half + 1}},
              cause);
        break;
    }
  }
  outbox_.notes.clear();
}

// Hosts ask often; what they hear is a step only where it changed.
void ClientCore::trace_timer(Instant next) {
  if (options_.trace == nullptr || next == traced_timer_) return;
  traced_timer_ = next;
  trace("timer", {{"until", time_text(next)}});
}

}  // namespace lockstep
