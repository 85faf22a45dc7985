// What the SDK says about events: verdicts, outcomes, counters and reports.
//
// The law behind all of it: each event that capture() counted ends in exactly one outcome, and at
// every instant captured == delivered + dropped + pending, per lane.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clock/time.h"
#include "clock/uuid.h"

namespace lockstep {

// A separate stream of events with its own buffer, limits and cadence.
enum class Lane : std::uint8_t { analytics, historical, ai };
inline constexpr std::size_t kLaneCount = 3;
std::string_view to_string(Lane lane) noexcept;

// Why an event was not delivered.
enum class DropReason : std::uint8_t {
  hook,                // a before_send hook dropped it
  hook_failed,         // a before_send hook threw; hooks fail closed
  too_large,           // larger than max_event_bytes, or a 413 for it alone
  queue_full,          // no room, and the policy refuses the newest
  evicted,             // no room, and the policy drops the oldest
  rejected,            // the server refused it for good
  quota_limited,       // the server accepted the request and said that it is over its quota
  attempts_exhausted,  // max_retries retries failed
  shutdown_deadline,   // still pending when the deadline of shutdown() came
};
inline constexpr std::size_t kDropReasonCount = 9;
std::string_view to_string(DropReason reason) noexcept;

// What capture() did with an event.
enum class Admission : std::uint8_t {
  accepted,
  dropped,   // counted as captured, and ended at once: see CaptureResult::reason
  closed,    // refused: the client was shut down. Not counted as captured
  disabled,  // refused: the client is disabled or opted out. Not counted as captured
  invalid,   // refused: empty name or distinct_id, or a property that is not JSON. Not counted
};
std::string_view to_string(Admission admission) noexcept;

struct CaptureResult {
  Admission admission = Admission::invalid;
  DropReason reason = DropReason::hook;  // only where admission is dropped
  Uuid uuid{};                           // as on the wire; nil where the event was refused

  bool ok() const noexcept { return admission == Admission::accepted; }
};

// The end of one event.
struct Outcome {
  Uuid uuid{};
  Lane lane = Lane::analytics;
  bool delivered = false;
  // Delivered, but a 2xx answer did not name the event (v1 `results`): accepted as far as anyone
  // knows.
  bool unconfirmed = false;
  DropReason reason = DropReason::hook;  // only where not delivered
  std::uint32_t attempts = 0;            // requests that carried it
  int status = 0;                        // of the last response; 0: none
  std::string detail;                    // what the server or the transport said, shortened
};

// One HTTP request to the ingestion endpoint that ended, however it ended.
struct RequestReport {
  WallTime sent_at{};
  Duration duration{0};
  Lane lane = Lane::analytics;
  std::uint32_t attempt = 1;   // 1 for the first
  int status = 0;              // 0: no response
  std::string error;           // "timeout: ..." where there was no response
  std::vector<Uuid> uuids;     // in batch order
  std::size_t body_bytes = 0;  // as sent, after compression
};

struct LaneStats {
  std::uint64_t captured = 0;   // counted by capture()
  std::uint64_t delivered = 0;  // unconfirmed ones included
  std::uint64_t unconfirmed = 0;
  std::array<std::uint64_t, kDropReasonCount> dropped_by_reason{};
  std::uint64_t pending = 0;  // queued, in flight or waiting for a retry
  std::uint64_t pending_bytes = 0;
  std::uint64_t in_flight = 0;  // part of pending
  std::uint64_t requests = 0;   // started
  std::uint64_t retries = 0;    // part of requests

  std::uint64_t dropped() const noexcept;
  std::uint64_t dropped(DropReason reason) const noexcept {
    return dropped_by_reason[static_cast<std::size_t>(reason)];
  }
  bool balances() const noexcept { return captured == delivered + dropped() + pending; }
};

struct Stats {
  std::array<LaneStats, kLaneCount> lanes{};
  std::uint64_t refused = 0;              // closed, disabled or invalid: never counted as captured
  Instant last_success = Instant::min();  // of a 2xx answer; Instant::min(): none yet
  bool closed = false;

  const LaneStats& lane(Lane which) const noexcept {
    return lanes[static_cast<std::size_t>(which)];
  }
  // The sum over the lanes.
  LaneStats total() const noexcept;
};

enum class FlushStatus : std::uint8_t {
  complete,   // every event captured before the call has its outcome
  timed_out,  // the deadline came first; the rest stays queued
  deferred,   // called from a callback of the client itself: started, not waited for
  closed,     // the client was already shut down, or lives in a forked child
};
std::string_view to_string(FlushStatus status) noexcept;

struct FlushReport {
  FlushStatus status = FlushStatus::complete;
  std::uint64_t delivered = 0;  // of the events captured before the call
  std::uint64_t dropped = 0;
  std::uint64_t pending = 0;  // still without an outcome
  bool ok() const noexcept { return status == FlushStatus::complete && dropped == 0; }
};

// A problem worth telling an operator: a batch lost, a queue that is full. Never holds a secret.
struct ErrorReport {
  std::string message;
  std::size_t events = 0;  // how many it cost
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };

}  // namespace lockstep
