#include "sdk/report.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace lockstep {

std::string_view to_string(Lane lane) noexcept {
  switch (lane) {
    case Lane::analytics:
      return "analytics";
    case Lane::historical:
      return "historical";
    case Lane::ai:
      return "ai";
  }
  return "?";
}

std::string_view to_string(DropReason reason) noexcept {
  switch (reason) {
    case DropReason::hook:
      return "hook";
    case DropReason::hook_failed:
      return "hook_failed";
    case DropReason::too_large:
      return "too_large";
    case DropReason::queue_full:
      return "queue_full";
    case DropReason::evicted:
      return "evicted";
    case DropReason::rejected:
      return "rejected";
    case DropReason::quota_limited:
      return "quota_limited";
    case DropReason::attempts_exhausted:
      return "attempts_exhausted";
    case DropReason::shutdown_deadline:
      return "shutdown_deadline";
  }
  return "?";
}

std::string_view to_string(Admission admission) noexcept {
  switch (admission) {
    case Admission::accepted:
      return "accepted";
    case Admission::dropped:
      return "dropped";
    case Admission::closed:
      return "closed";
    case Admission::disabled:
      return "disabled";
    case Admission::invalid:
      return "invalid";
  }
  return "?";
}

std::string_view to_string(FlushStatus status) noexcept {
  switch (status) {
    case FlushStatus::complete:
      return "complete";
    case FlushStatus::timed_out:
      return "timed_out";
    case FlushStatus::deferred:
      return "deferred";
    case FlushStatus::closed:
      return "closed";
  }
  return "?";
}

std::uint64_t LaneStats::dropped() const noexcept {
  return std::accumulate(dropped_by_reason.begin(), dropped_by_reason.end(), std::uint64_t{0});
}

LaneStats Stats::total() const noexcept {
  LaneStats sum;
  for (const LaneStats& lane : lanes) {
    sum.captured += lane.captured;
    sum.delivered += lane.delivered;
    sum.unconfirmed += lane.unconfirmed;
    std::transform(sum.dropped_by_reason.begin(), sum.dropped_by_reason.end(),
                   lane.dropped_by_reason.begin(), sum.dropped_by_reason.begin(), std::plus<>());
    sum.pending += lane.pending;
    sum.pending_bytes += lane.pending_bytes;
    sum.in_flight += lane.in_flight;
    sum.requests += lane.requests;
    sum.retries += lane.retries;
  }
  return sum;
}

}  // namespace lockstep
