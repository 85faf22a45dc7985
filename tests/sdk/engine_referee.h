// Watches an engine from outside and complains about every broken law it can see there.
//
// It knows the configuration, what went in and what came out, and nothing of the engine's state, so
// a mistake in the engine's own bookkeeping cannot hide here. A value, like the engine it watches.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sdk/engine/config.h"
#include "sdk/engine/effects.h"
#include "sdk/engine/verdict.h"

namespace lockstep::engine {

class Referee {
 public:
  explicit Referee(const Config& config) : config_(config) {}

  // What the driver did, in order.
  void admitted(std::uint64_t sequence, Lane lane, Now now);
  void answered(const Send& send, const Verdict& verdict, Now now);
  void shutting_down(Instant deadline);
  // What one input brought out.
  void judge(const Effects& out, Now now);

  // Events that were admitted and have no outcome, by sequence.
  const std::set<std::uint64_t>& open() const noexcept { return open_; }
  const std::vector<std::string>& complaints() const noexcept { return complaints_; }

 private:
  struct Event {
    Lane lane = Lane::analytics;
    std::uint32_t carried = 0;   // by how many requests
    std::uint32_t failures = 0;  // retryable ones
    bool flying = false;
  };
  struct Series {  // the attempts at one batch
    std::uint32_t attempt = 0;
    WallTime created_at{};
    std::set<std::uint64_t> events;
  };

  void judge_send(const Send& send, Now now);
  void judge_series(const Batch& batch, Now now);
  void judge_size(const Batch& batch);
  void judge_end(const Ended& ended);
  void complain(const std::string& what) { complaints_.push_back(what); }

  Config config_;
  std::map<std::uint64_t, Event> events_;
  std::set<std::uint64_t> open_;
  std::map<std::uint64_t, Series> series_;
  std::map<RequestNumber, Send> flying_;
  RequestNumber last_request_ = 0;
  std::array<std::uint64_t, kLaneCount> next_first_{};  // least sequence that may leave first
  std::array<Instant, kEndpointCount> not_before_{Instant::min(), Instant::min()};
  Instant shutdown_deadline_ = kNever;
  std::vector<std::string> complaints_;
};

}  // namespace lockstep::engine
