// What the mock server is told to answer: steps, sequences of steps, and both together as a script.
//
// The rule of this file: a script is plain data. It can be written in C++ or read from JSON; either
// way a wrong one is refused whole, with the path of the field that is wrong, before anything
// changes.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clock/time.h"
#include "http/handler.h"
#include "mockserver/flag_book.h"

namespace lockstep::mock {

// One event's entry in a capture v1 answer, given by the event's place in the batch.
struct EventResult {
  // The shared suite's shorthand: "ok", "retry", "drop", "limited", "warning", or any other text.
  // The details that the suite's mock gives with it are added: retry not_persisted, drop
  // invalid_event, limited and warning person_processing_disabled; nothing with others.
  EventResult(std::string shorthand);  // NOLINT(google-explicit-constructor)
  EventResult(const char* shorthand)   // NOLINT(google-explicit-constructor)
      : EventResult(std::string(shorthand)) {}
  // No entry: the answer does not name the event, and the store does not keep it.
  static EventResult missing() {
    EventResult none("");
    none.is_missing = true;
    return none;
  }
  // Exactly this entry.
  EventResult(std::string exact_result, std::optional<std::string> exact_details)
      : result(std::move(exact_result)), details(std::move(exact_details)) {}

  std::string result;
  std::optional<std::string> details;
  bool is_missing = false;
  bool operator==(const EventResult&) const = default;
};

// One entry of the errors of a Confidence answer, as it goes over the wire: without an index of 0.
struct EventError {
  std::int64_t index = 0;  // into the request's events; may lie outside, as a hostile server's may
  std::string reason = "EVENT_SCHEMA_VALIDATION_FAILED";
  std::string message{};  // left out where empty
  bool operator==(const EventError&) const = default;
};

// How one request is answered.
struct Step {
  int status = 200;
  // Sent as given; what a route adds by itself (Date, Retry-After, Content-Type, ...) is left out
  // where the step has a header of that name. Two of a name are sent as two.
  http::Headers headers{};
  // Nothing: the answer that fits route and status. JSON is sent as application/json, all else as
  // text/plain. A JSON object with a 2xx status on /flags is laid over the default answer.
  std::optional<std::string> body{};
  // Capture only: status 200 and one result per event of the request; events beyond the list are
  // ok.
  std::optional<std::vector<EventResult>> v1_event_results{};
  // Confidence only: status 200 and these errors; the events that they do not name are taken.
  std::optional<std::vector<EventError>> event_errors{};
  // A Retry-After header with the date so long after the request's arrival, by the server's wall
  // clock, in place of one in `headers`.
  std::optional<Duration> retry_after_date{};
  Duration delay{0};  // between arrival and answer
  http::Fault fault = http::Fault::none;
  std::uint64_t fault_bytes = 0;  // see http::Fault
  // Whether a request met by Fault::no_answer is processed before the silence. The other faults
  // imply it: not processed with refuse_connection, hang_connection, fail_resolution, reset_before.
  bool processed = false;
  std::uint64_t repeat = 1;  // how many requests it answers; 0 is refused
};

// Whether the server does its work for a request answered so. Where it does not, nothing is stored.
bool is_processed(const Step& step) noexcept;

enum class WhenExhausted {
  use_default,  // as if the sequence were not there
  repeat_last,  // the last step again, for ever
  error,        // 500 that names the sequence: a script that was too short does not pass unnoticed
};

// Steps for the requests that match, in order. A step is used up when a request matches it, not
// when its answer is done: the retry of a client that timed out gets the next step.
struct Sequence {
  std::string name;                   // in error texts; empty: made from method, path and place
  std::optional<std::string> path;    // exact but for slashes at its end; nothing: any routed path
  std::optional<std::string> method;  // "POST"; nothing: any
  std::vector<Step> steps;            // at least one
  WhenExhausted when_exhausted = WhenExhausted::use_default;
};

// What is set replaces what the partition had of it; what is not set stays.
struct Script {
  std::optional<std::vector<Step>> responses;      // the queue, used after the sequences
  std::optional<Step> default_response;            // once the queue is empty
  std::optional<std::vector<Sequence>> sequences;  // the first that matches answers
  std::optional<FlagBook> flags;                   // what the flag backends know
  std::optional<Duration> latency;                 // added to every answer's delay
  std::optional<std::size_t> max_body_bytes;       // a longer encoded body gets 413; 0: no limit
  std::optional<std::size_t> max_batch_events;     // a longer batch gets 413; 0: no limit
};

// What is wrong with a script, and where.
class ScriptError : public std::invalid_argument {
 public:
  // `path` as in "sequences[0].steps[2].fault"; empty for the script itself.
  ScriptError(std::string path, const std::string& problem);
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

// Throws ScriptError where a value makes no sense: a status outside 200..599, no steps, repeat 0, a
// negative delay, a header with control characters, an empty or relative path, ...
void check(const Script& script);

// Reads the JSON form:
//   {"responses": [STEP...], "default": STEP, "latency_ms": 5,
//    "flags": FLAGS (flag_book.h), "max_body_bytes": 1000, "max_batch_events": 10,
//    "sequences": [{"name": "...", "path": "/batch", "method": "POST", "steps": [STEP...],
//                   "when_exhausted": "default" | "repeat_last" | "error"}]}
//   STEP: {"status": 503, "headers": {"Retry-After": "3", "Date": ["two", "of them"]},
//          "body": any JSON, a string being sent as it is,
//          "v1_event_results": ["ok", {"result": "drop", "details": "over_quota"}, null],
//          "event_errors": [1, {"index": 3, "reason": "EVENT_DEFINITION_NOT_FOUND",
//                               "message": "..."}],
//          "retry_after_date": 30, "delay_ms": 250, "fault": "truncate_body", "fault_bytes": 10,
//          "processed": true, "repeat": 2}
// "status_code" is accepted for "status", as the shared suite writes it; null is as good as absent.
// Throws ScriptError for anything else, what check() refuses included.
Script parse_script(const nlohmann::json& script);
// The same from text.
Script parse_script(std::string_view text);

// "none", "reset_before", ...: the fault's name in http/handler.h.
std::string_view fault_name(http::Fault fault) noexcept;
// The fault of that name; nothing for another text.
std::optional<http::Fault> parse_fault(std::string_view name) noexcept;

}  // namespace lockstep::mock
