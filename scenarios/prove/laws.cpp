#include "scenarios/prove/laws.h"

#include <algorithm>
#include <string>

namespace lockstep::prove {

namespace {

constexpr auto kLaneIndex = static_cast<std::size_t>(Lane::analytics);
// Far more steps than a healthy world of this size takes to come to rest.
constexpr int kMostSteps = 200;

std::string event_name(std::uint64_t sequence) { return "event " + std::to_string(sequence); }

bool is_covered_by_flush(std::uint64_t sequence, const World& world) {
  return std::any_of(world.drains.begin(), world.drains.end(), [&](const Drain& call) {
    return !call.done && std::binary_search(call.covered.begin(), call.covered.end(), sequence);
  });
}

// --- what leaves --------------------------------------------------------------------------------

// Fresh events wait for a full batch, the interval, a flush or the shutdown.
Broken too_soon(const Scope& scope, const engine::Batch& batch, const World& world) {
  const engine::LaneConfig& limits = scope.config.lanes[kLaneIndex];
  const std::uint64_t oldest = batch.events.front().sequence();
  const bool is_due = batch.events.size() >= std::min(limits.flush_at, limits.max_batch_size) ||
                      world.now >= world.fates[oldest].admitted + limits.flush_interval ||
                      is_covered_by_flush(oldest, world) || world.drain(true) != nullptr;
  // After a 413 batches are smaller than flush_at, and as due as the queue that they came from.
  const bool is_shrunk = std::any_of(world.fates.begin(), world.fates.end(), [](const Fate& fate) {
    return fate.most_together != SIZE_MAX;
  });
  if (is_due || is_shrunk) return std::nullopt;
  return event_name(oldest) + " was sent before it was due";
}

Broken one_more_time(const Scope& scope, const engine::Batch& batch, std::uint64_t sequence,
                     const World& world) {
  const Fate& fate = world.fates[sequence];
  const std::string name = event_name(sequence);
  if (fate.ended) return name + " was sent after it had ended";
  if (fate.flying) return name + " is in flight twice";
  if (fate.rejected) return name + " was sent again after the server had refused it";
  if (fate.failures > scope.config.max_retries) return name + " was sent once too often";
  if (world.now < fate.not_before) return name + " was sent inside its backoff";
  if (batch.events.size() > fate.most_together) return name + " was not split after a 413";
  for (std::uint64_t earlier = 0; !fate.sent && earlier < sequence; ++earlier) {
    const Fate& other = world.fates[earlier];
    if (!other.sent && !other.ended) return name + " left before " + event_name(earlier);
  }
  return std::nullopt;
}

Broken sent(const Scope& scope, const engine::Send& send, World& world) {
  const Drain* shutdown = world.drain(true);
  if (shutdown != nullptr && (shutdown->done || world.now >= shutdown->deadline)) {
    return "a request was sent after the shutdown's end";
  }
  if (world.now < world.pause_until) return "a request was sent inside the endpoint's pause";
  const engine::Batch& batch = *send.batch;
  if (batch.events.empty()) return "a request without events was sent";
  if (batch.events.size() > scope.config.lanes[kLaneIndex].max_batch_size)
    return "a batch is too large";
  if (batch.failures == 0 && batch.requests == 1) {
    if (Broken broken = too_soon(scope, batch, world)) return broken;
  }
  for (const engine::EventRef& event : batch.events) {
    if (Broken broken = one_more_time(scope, batch, event.sequence(), world)) return broken;
    Fate& fate = world.fates[event.sequence()];
    fate.sent = fate.flying = true;
  }
  world.flights.push_back({send.request, send.batch, world.now, send.deadline});
  if (world.flights.size() > scope.config.max_in_flight) return "too many requests in flight";
  return std::nullopt;
}

Broken cancelled(engine::RequestNumber request, World& world) {
  const auto found = std::find_if(world.flights.begin(), world.flights.end(),
                                  [&](const Flight& one) { return one.request == request; });
  if (found == world.flights.end()) return "a request was cancelled that was not in flight";
  const Drain* shutdown = world.drain(true);
  if (shutdown == nullptr || world.now < shutdown->deadline) {
    return "a request was cancelled before the shutdown's deadline";
  }
  for (const engine::EventRef& event : found->batch->events) {
    world.fates[event.sequence()].flying = false;
  }
  world.flights.erase(found);
  return std::nullopt;
}

// When an event that is neither over nor in flight has to leave, slots aside.
Instant due_at(const Scope& scope, const World& world, std::uint64_t sequence) {
  const engine::LaneConfig& limits = scope.config.lanes[kLaneIndex];
  const Fate& fate = world.fates[sequence];
  if (fate.sent) return std::max(fate.not_before, world.pause_until);
  const auto waiting = std::count_if(world.fates.begin(), world.fates.end(),
                                     [](const Fate& one) { return !one.sent && !one.ended; });
  const bool is_due = static_cast<std::size_t>(waiting) >= limits.flush_at ||
                      is_covered_by_flush(sequence, world) || world.drain(true) != nullptr;
  return std::max(is_due ? world.now : fate.admitted + limits.flush_interval, world.pause_until);
}

// Where a slot is free, what is due has left, and the engine wakes in time for what will be.
Broken too_late(const Scope& scope, const World& world) {
  if (world.flights.size() >= scope.config.max_in_flight) return std::nullopt;
  const Instant wake = world.engine.next_wake(world.now);
  for (std::uint64_t sequence = 0; sequence < world.fates.size(); ++sequence) {
    const Fate& fate = world.fates[sequence];
    if (fate.ended || fate.flying) continue;
    const Instant due = due_at(scope, world, sequence);
    if (due <= world.now) return event_name(sequence) + " is due, and does not leave";
    if (due < wake) return event_name(sequence) + " will be due before the engine wakes";
  }
  return std::nullopt;
}

// --- what ends ----------------------------------------------------------------------------------

// With the event that just came.
bool is_full(const Scope& scope, const World& world) {
  const auto alive = std::count_if(world.fates.begin(), world.fates.end(),
                                   [](const Fate& fate) { return !fate.ended; });
  return static_cast<std::size_t>(alive) > scope.config.lanes[kLaneIndex].max_queue_size;
}

// Whether the newest event must go: by policy, or because what is in flight cannot.
bool must_refuse(const Scope& scope, const World& world) {
  return scope.config.queue_full == QueueFullPolicy::drop_newest ||
         std::all_of(world.fates.begin(), world.fates.end() - 1,
                     [](const Fate& fate) { return fate.ended || fate.flying; });
}

// Whether the reason for which an event was dropped is true.
bool is_true(const Scope& scope, const engine::Ended& how, const Fate& fate, const World& world) {
  const Drain* shutdown = world.drain(true);
  const Instant may_leave = std::max(fate.not_before, world.pause_until);
  switch (how.reason) {
    case DropReason::rejected:
      return fate.rejected;
    case DropReason::attempts_exhausted:
      return fate.failures == scope.config.max_retries + 1;
    case DropReason::too_large:
      return fate.too_large;
    case DropReason::queue_full:
      return is_full(scope, world) && must_refuse(scope, world);
    case DropReason::evicted:
      return scope.config.queue_full == QueueFullPolicy::drop_oldest && is_full(scope, world);
    case DropReason::shutdown_deadline:
      // Early only where there is no time left in which it could be sent.
      return shutdown != nullptr &&
             (world.now >= shutdown->deadline || may_leave >= shutdown->deadline);
    default:
      return false;
  }
}

Broken ended(const Scope& scope, const engine::Ended& how, World& world) {
  const std::uint64_t sequence = how.event.sequence();
  Fate& fate = world.fates[sequence];
  const std::string name = event_name(sequence);
  if (fate.ended) return name + " ended twice";
  if (fate.flying) return name + " ended in flight";
  if (how.delivered && fate.arrivals == 0) return name + " counts as delivered and never arrived";
  if (how.delivered && fate.rejected) return name + " counts as delivered and was refused";
  if (!how.delivered && !is_true(scope, how, fate, world)) {
    return name +
           " was dropped for a reason that is not true: " + std::string(to_string(how.reason));
  }
  fate.ended = true;
  fate.delivered = how.delivered;
  return std::nullopt;
}

// --- what stands --------------------------------------------------------------------------------

Broken false_report(Drain& call, const World& world) {
  const auto found = world.engine.report(call.ticket);
  if (!found) return "a report is gone that nobody forgot";
  const auto& [report, is_final] = *found;
  const std::string name = call.shutdown ? "shutdown" : "flush";
  if (call.done && !is_final) return name + " is not over any more";
  if (call.done) return std::nullopt;
  std::uint64_t delivered = 0;
  std::uint64_t dropped = 0;
  for (const std::uint64_t sequence : call.covered) {
    const Fate& fate = world.fates[sequence];
    if (fate.ended) ++(fate.delivered ? delivered : dropped);
  }
  const std::uint64_t pending = call.covered.size() - delivered - dropped;
  if (report.delivered != delivered || report.dropped != dropped || report.pending != pending) {
    return name + " reports what is not so";
  }
  if (!is_final && world.now >= call.deadline) return name + " did not return by its deadline";
  if (!is_final && pending == 0) return name + " waits for nothing";
  if (is_final && pending > 0 && world.now < call.deadline) {
    return name + " returned early with events pending";
  }
  if (is_final && (report.status == FlushStatus::complete) != (pending == 0) && !call.shutdown) {
    return name + " returned with a status that is not so";
  }
  call.done = is_final;
  return std::nullopt;
}

Broken not_closed(const World& world) {
  const Drain* shutdown = world.drain(true);
  if (shutdown == nullptr) return std::nullopt;
  engine::Engine copy = world.engine;
  engine::Effects effects;
  const std::string json = R"({"uuid":"00000000-0000-7000-8000-000000009999"})";
  if (copy.admit({json, 9, Lane::analytics}, world.read(), effects).admission !=
      Admission::closed) {
    return "an event was taken in after shutdown";
  }
  if (!shutdown->done) return std::nullopt;
  if (!world.engine.closed()) return "shutdown is over and the engine is open";
  if (!world.flights.empty()) return "shutdown is over with requests in flight";
  const bool all = std::all_of(world.fates.begin(), world.fates.end(),
                               [](const Fate& fate) { return fate.ended; });
  return all ? std::nullopt : Broken("shutdown is over and an event has no outcome");
}

// Calling advance() again, or before it asked for it, must change nothing; and what waits without a
// request in flight must ask for it.
Broken wrong_wake(const World& world) {
  const Instant wake = world.engine.next_wake(world.now);
  if (wake <= world.now) return "it wants to be woken at once, again and again";
  const bool waits = world.engine.ledger()[kLaneIndex].pending > 0;
  if (waits && world.flights.empty() && wake == kNever) return "events wait and nothing is due";
  for (const Instant at : {world.now, wake - kTick}) {
    if (wake == kNever && at != world.now) continue;
    engine::Engine copy = world.engine;
    engine::Effects effects;
    copy.advance({at, WallTime{at.time_since_epoch()}}, effects);
    if (!effects.empty() || copy.digest() != world.engine.digest()) {
      return "something happens when it is woken before its time";
    }
  }
  return std::nullopt;
}

}  // namespace

Broken take_up(const Scope& scope, const engine::Effects& effects, World& world) {
  for (const engine::RequestNumber request : effects.cancels) {
    if (Broken broken = cancelled(request, world)) return broken;
  }
  for (const engine::Ended& how : effects.ended) {
    if (Broken broken = ended(scope, how, world)) return broken;
  }
  for (const engine::Send& send : effects.sends) {
    if (Broken broken = sent(scope, send, world)) return broken;
  }
  return std::nullopt;
}

Broken at_rest(const Scope& scope, World& world) {
  if (Broken broken = world.engine.broken_invariant()) return broken;
  const LaneStats& ledger = world.engine.ledger()[kLaneIndex];
  const auto count = [&](auto which) {
    return static_cast<std::uint64_t>(std::count_if(world.fates.begin(), world.fates.end(), which));
  };
  if (ledger.captured != world.fates.size() ||
      ledger.delivered != count([](const Fate& fate) { return fate.delivered; }) ||
      ledger.pending != count([](const Fate& fate) { return !fate.ended; })) {
    return "the ledger is not what happened";
  }
  if (ledger.pending > scope.config.lanes[kLaneIndex].max_queue_size)
    return "the queue is overfull";
  for (Drain& call : world.drains) {
    if (Broken broken = false_report(call, world)) return broken;
  }
  if (Broken broken = not_closed(world)) return broken;
  if (Broken broken = too_late(scope, world)) return broken;
  return wrong_wake(world);
}

Broken converges(const Scope& scope, World world) {
  const bool is_open = world.drain(true) == nullptr;
  for (int step = 0; step < kMostSteps; ++step) {
    const bool is_over = std::all_of(world.fates.begin(), world.fates.end(),
                                     [](const Fate& fate) { return fate.ended; });
    if (is_over) return std::nullopt;
    Move move;
    if (!world.flights.empty() && world.now < world.flights.front().deadline) {
      move.kind = Move::Kind::answer;
    } else if (!world.flights.empty()) {
      move = {.kind = Move::Kind::answer, .answer = Answer::refused};
    } else {
      const Instant wake = world.engine.next_wake(world.now);
      move = {.kind = Move::Kind::wait, .time = wake.time_since_epoch().count()};
    }
    if (Broken broken = carry_out(scope, move, world)) return "then, all healthy: " + *broken;
  }
  return std::string(is_open ? "with a healthy server the queue does not empty"
                             : "with a healthy server the shutdown does not end");
}

}  // namespace lockstep::prove
