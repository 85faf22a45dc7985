// What a protocol makes of an answer: the engine's only knowledge of what a server said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clock/time.h"
#include "sdk/report.h"

namespace lockstep::engine {

struct EventVerdict {
  enum class Kind : std::uint8_t { delivered, unconfirmed, drop, retry };
  Kind kind = Kind::delivered;
  DropReason reason = DropReason::rejected;  // only for drop
  std::string detail;
};

struct Verdict {
  enum class Kind : std::uint8_t {
    delivered,  // every event
    drop,       // every event, for `reason`
    retry,      // every event
    too_large,  // the request: split it, or drop the one event
    per_event,  // see `events`
  };
  Kind kind = Kind::delivered;
  DropReason reason = DropReason::rejected;  // only for drop
  std::vector<EventVerdict> events;  // only for per_event: one for each event, in batch order
  // The server asks for this much patience (Retry-After); it pauses the whole endpoint.
  std::optional<Duration> pause;
  // The endpoint itself is in trouble (5xx, 429, no answer): the backoff pauses all of it, not just
  // this batch.
  bool endpoint_trouble = false;
  int status = 0;      // 0: no response
  std::string detail;  // for people
};

}  // namespace lockstep::engine
