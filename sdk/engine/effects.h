// What an engine wants done. Its inputs append to an Effects; whoever drives the engine carries it
// out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "clock/time.h"
#include "sdk/engine/config.h"
#include "sdk/engine/record.h"
#include "sdk/report.h"

namespace lockstep::engine {

// Identifies one request; unique among all requests of an engine.
using RequestNumber = std::uint64_t;

// Events that travel together. Immutable: a retry is a new Batch that shares the records.
struct Batch {
  std::uint64_t number = 0;  // stable over retries, partial ones included; new after a split
  Lane lane = Lane::analytics;
  WallTime created_at{};       // stable as `number` is
  std::uint32_t attempt = 1;   // requests with this number, this one included
  std::uint32_t requests = 1;  // requests that carried its events, this one and any before a split
  std::uint32_t failures = 0;  // retryable failures of its events so far: what max_retries bounds
  std::vector<EventRef> events;
  std::size_t bytes = 0;  // of the body without compression, envelope included
};
using BatchPtr = std::shared_ptr<const Batch>;

struct Send {
  RequestNumber request = 0;
  EndpointIndex endpoint = 0;
  BatchPtr batch;
  Instant deadline{};  // the request ends as a timeout then
};

// An event's end.
struct Ended {
  EventRef event;
  bool delivered = false;
  bool unconfirmed = false;
  DropReason reason = DropReason::hook;
  std::uint32_t attempts = 0;
  int status = 0;
  std::string detail;
};

// What the engine decided without wanting anything done yet: for the trace, which alone reads it.
struct Note {
  enum class Kind : std::uint8_t {
    pause,  // nothing goes to the endpoint before `until`
    retry,  // the batch goes again, not before `until`
    split,  // the batch became two: those of the numbers `first_half` and one more
  };
  Kind kind = Kind::pause;
  EndpointIndex endpoint = 0;
  std::uint64_t batch = 0;
  std::size_t events = 0;  // in the batch as it goes on
  Instant until{};
  std::uint64_t first_half = 0;
};

struct Effects {
  std::vector<Send> sends;
  std::vector<RequestNumber> cancels;
  std::vector<Ended> ended;
  std::vector<ErrorReport> errors;
  std::vector<Note> notes;
  bool waiters_changed = false;  // a flush or shutdown ended, or room appeared in a queue

  // Whether there is nothing to carry out.
  bool empty() const noexcept {
    return sends.empty() && cancels.empty() && ended.empty() && errors.empty() && !waiters_changed;
  }
};

}  // namespace lockstep::engine
