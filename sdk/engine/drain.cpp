// Flush and shutdown: tickets, deadlines, and the end of the engine.

#include <algorithm>
#include <utility>

#include "sdk/engine/engine.h"

namespace lockstep::engine {

Engine::TicketState& Engine::new_ticket(Ticket number, Instant deadline) {
  TicketState& ticket = tickets_[number];
  ticket.upto = next_sequence_;
  ticket.deadline = deadline;
  ticket.report.pending = pending();
  return ticket;
}

Ticket Engine::flush(Now now, Instant deadline, Effects& out) {
  const Ticket number = next_ticket_++;
  TicketState& ticket = new_ticket(number, deadline);
  ticket.done = closed_ || ticket.report.pending == 0;
  if (closed_) ticket.report.status = FlushStatus::closed;
  if (!ticket.done) advance(now, out);
  return number;
}

Ticket Engine::shutdown(Now now, Instant deadline, Effects& out) {
  const Ticket number = next_ticket_++;
  TicketState& ticket = new_ticket(number, deadline);
  ticket.shutdown = true;
  ticket.done = closed_;
  if (closed_) return number;
  closing_ = true;
  shutdown_deadline_ = std::min(shutdown_deadline_, deadline);
  // Those who wait for room in a queue must learn that there will be none.
  out.waiters_changed = true;
  advance(now, out);
  return number;
}

std::optional<std::pair<FlushReport, bool>> Engine::report(Ticket number) const {
  const auto found = tickets_.find(number);
  if (found == tickets_.end() || found->second.forgotten) return std::nullopt;
  return std::pair{found->second.report, found->second.done};
}

void Engine::forget(Ticket number) {
  const auto found = tickets_.find(number);
  if (found == tickets_.end()) return;
  found->second.forgotten = true;
  free_forgotten_tickets();
}

void Engine::free_forgotten_tickets() {
  std::erase_if(tickets_,
                [](const auto& entry) { return entry.second.forgotten && entry.second.done; });
}

// Which events active flushes cover: those with a smaller sequence.
std::uint64_t Engine::flushed_upto() const noexcept {
  std::uint64_t upto = 0;
  for (const auto& [number, ticket] : tickets_) {
    if (!ticket.done) upto = std::max(upto, ticket.upto);
  }
  return upto;
}

std::uint64_t Engine::pending() const noexcept {
  std::uint64_t sum = 0;
  for (const LaneStats& count : ledger_) sum += count.pending;
  return sum;
}

void Engine::count_for_tickets(std::uint64_t sequence, bool delivered, Effects& out) {
  for (auto& [number, ticket] : tickets_) {
    if (ticket.done || sequence >= ticket.upto) continue;
    --ticket.report.pending;
    ++(delivered ? ticket.report.delivered : ticket.report.dropped);
    if (ticket.report.pending == 0 && !ticket.shutdown) {
      ticket.done = true;
      out.waiters_changed = true;
    }
  }
}

void Engine::finish_tickets(Now now, Effects& out) {
  for (auto& [number, ticket] : tickets_) {
    if (ticket.done || ticket.shutdown || now.at < ticket.deadline) continue;
    ticket.done = true;
    ticket.report.status = FlushStatus::timed_out;
    out.waiters_changed = true;
  }
}

void Engine::finish_shutdown(Now now, Effects& out) {
  if (!shutdown_is_over(now.at)) return;
  const bool drained = pending() == 0;
  if (!drained) drop_everything(out);
  closed_ = true;
  out.waiters_changed = true;
  for (auto& [number, ticket] : tickets_) {
    if (!ticket.shutdown || ticket.done) continue;
    ticket.done = true;
    ticket.report.status = drained ? FlushStatus::complete : FlushStatus::timed_out;
  }
}

// Nothing is left, no time is left, or nothing can be done with the time that is.
bool Engine::shutdown_is_over(Instant now) const noexcept {
  return pending() == 0 || now >= shutdown_deadline_ ||
         (in_flight_.empty() && !anything_can_be_sent_before(shutdown_deadline_, now));
}

bool Engine::anything_can_be_sent_before(Instant deadline, Instant now) const noexcept {
  for (std::size_t i = 0; i < kEndpointCount; ++i) {
    if (earliest_send(static_cast<EndpointIndex>(i), now) < deadline) return true;
  }
  return false;
}

// Takes back a request that the driver has not taken out of `out` yet; false where it has.
bool Engine::withdraw(RequestNumber request, Effects& out) {
  return std::erase_if(out.sends, [&](const Send& send) { return send.request == request; }) > 0;
}

void Engine::drop_everything(Effects& out) {
  const std::uint64_t left = pending();
  const Ended how{{}, false, false, DropReason::shutdown_deadline, 0, 0, {}};
  for (const auto& [request, flight] : in_flight_) {
    const Batch& batch = *flight.batch;
    stats(batch.lane).in_flight -= batch.events.size();
    Ended cancelled = how;
    if (withdraw(request, out)) {
      --stats(batch.lane).requests;
      if (batch.failures > 0) --stats(batch.lane).retries;
      cancelled.attempts = batch.requests - 1;
    } else {
      out.cancels.push_back(request);
      cancelled.attempts = batch.requests;
      cancelled.detail = "its last request was cancelled without an answer";
    }
    end_all(batch, cancelled, out);
  }
  in_flight_.clear();
  for (EndpointState& endpoint : endpoints_) {
    for (const auto& [key, batch] : endpoint.waiting) {
      Ended waiting = how;
      waiting.attempts = batch->requests - 1;
      end_all(*batch, waiting, out);
    }
    endpoint.waiting.clear();
    endpoint.in_flight = 0;
  }
  for (LaneState& state : lanes_) {
    for (const EventRef& event : state.queue) end(event, how, out);
    state.queue.clear();
    state.queue_bytes = 0;
    state.in_flight_bytes = 0;
    state.by_oldest.clear();
  }
  out.errors.push_back(
      {"shutdown reached its deadline with events undelivered", static_cast<std::size_t>(left)});
}

}  // namespace lockstep::engine
