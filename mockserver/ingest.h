// A request as the mock server understands it: where it goes, what its body says, which events it
// holds.
//
// The rule of this file: reading never fails and never judges. What cannot be read is said so in
// the result; whether that is an error is for validate.h.
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clock/time.h"
#include "http/message.h"

namespace lockstep::mock {

enum class Route {
  none,          // no endpoint of the server; scripts may answer there
  batch,         // capture v0: POST /batch
  event,         // capture v0, browser forms: /e, /capture, /track, /i/v0/e
  ai,            // capture v0: POST /i/v0/ai/batch/
  v1,            // capture v1: POST /i/v1/analytics/events
  flags,         // POST /flags
  segment,       // POST /v1/batch
  confidence,    // POST /v1/events:publish
  flag_backend,  // those of other flag services (flag_backends.h)
};

// "none", "batch", ...
std::string_view to_string(Route route) noexcept;
inline bool is_capture(Route route) noexcept {
  return route != Route::none && route != Route::flags && route != Route::flag_backend;
}

// The member of a request's body that is the list of its events in that route's own form.
const char* list_member(Route route) noexcept;

struct JsonText;

// One event of a capture request. Fields that are absent, or not texts, are empty.
struct IncomingEvent {
  // Segment: messageId. Confidence has no such thing; payload.event_id, by which an application may
  // tell its events apart.
  std::string uuid;
  std::string name;  // Segment: of what is no track, its type. Confidence: eventDefinition
  // The event's own, else $distinct_id or distinct_id of its properties. Segment: userId, else
  // anonymousId. Confidence: the targeting_key of its payload, or of the context in it.
  std::string distinct_id;
  std::string timestamp;  // Confidence: eventTime
  std::size_t begin = 0;  // where its bytes are in ParsedRequest::body
  std::size_t size = 0;
};

// Not thread-safe, for what it builds when asked.
struct ParsedRequest {
  http::Request request;
  Now arrival;
  std::string test_id;  // X-Test-Id; empty where there is none
  Route route = Route::none;
  std::string path;  // of the request, without slashes at its end ("/" stays)

  std::string body;                         // decoded; empty where decoding failed
  std::optional<std::string> decode_error;  // why it could not be decoded
  bool decoded_too_large = false;           // that it was for its size
  bool unsupported_encoding = false;        // that it was for a coding nobody knows
  std::string decode_note;                  // what was odd about it, e.g. a raw deflate stream

  bool is_json = false;        // whether the body is JSON
  std::string json_error;      // why it is not
  bool is_historical = false;  // that it says "historical_migration": true

  // Of a body in one of the four forms: {"batch": [...]}, {"data": [...]}, [...], or one event; for
  // Segment and Confidence only of one in their own form. Nothing for any other.
  std::optional<std::vector<IncomingEvent>> events;

  // The body as a value, built when it is first asked for; and the paths of object members that
  // occur twice, of which the last counts. Only where it is JSON.
  const nlohmann::json& json() const;
  const std::vector<std::string>& duplicate_keys() const;
  // The bytes of events[index] as they came.
  std::string_view event_bytes(std::size_t index) const;
  // events[index] as JSON. Only where it exists.
  const nlohmann::json& event_json(std::size_t index) const;
  std::size_t event_count() const noexcept { return events ? events->size() : 0; }

 private:
  const JsonText& document() const;
  mutable std::shared_ptr<const JsonText> document_;
};

struct ReadOptions {
  std::size_t max_decoded_bytes = 0;
  bool suite_decoding = false;  // as the shared suite's mock: only "gzip", spelt exactly so
};

ParsedRequest read_request(const http::Request& request, Now arrival, const ReadOptions& options);

// The path without slashes at its end; "/" for a path of slashes only.
std::string_view without_trailing_slash(std::string_view path) noexcept;

}  // namespace lockstep::mock
