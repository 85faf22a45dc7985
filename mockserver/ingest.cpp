#include "mockserver/ingest.h"

#include <nlohmann/json.hpp>

#include "mockserver/decode.h"
#include "mockserver/json_text.h"
#include "mockserver/route.h"

namespace lockstep::mock {

namespace {

using Json = nlohmann::json;

std::string text_member(const Json& object, const char* key) {
  const auto member = object.find(key);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

std::string distinct_id_of(const Json& event) {
  std::string own = text_member(event, "distinct_id");
  if (!own.empty()) return own;
  const auto properties = event.find("properties");
  if (properties == event.end() || !properties->is_object()) return own;
  own = text_member(*properties, "$distinct_id");
  return own.empty() ? text_member(*properties, "distinct_id") : own;
}

// A text at "outer.inner" of an object; empty where there is none.
std::string text_within(const Json& object, const char* outer, const char* inner) {
  const auto member = object.find(outer);
  return member != object.end() && member->is_object() ? text_member(*member, inner) : "";
}

std::string first_of(std::string first, std::string second) {
  return first.empty() ? std::move(second) : std::move(first);
}

void read_segment(const Json& event, IncomingEvent& read) {
  read.uuid = text_member(event, "messageId");
  read.name = first_of(text_member(event, "event"), text_member(event, "type"));
  read.distinct_id = first_of(text_member(event, "userId"), text_member(event, "anonymousId"));
  read.timestamp = text_member(event, "timestamp");
}

void read_confidence(const Json& event, IncomingEvent& read) {
  read.uuid = text_within(event, "payload", "event_id");
  read.name = text_member(event, "eventDefinition");
  read.distinct_id = text_within(event, "payload", "targeting_key");
  const auto payload = event.find("payload");
  if (read.distinct_id.empty() && payload != event.end() && payload->is_object()) {
    read.distinct_id = text_within(*payload, "context", "targeting_key");
  }
  read.timestamp = text_member(event, "eventTime");
}

void read_posthog(const Json& event, IncomingEvent& read) {
  read.uuid = text_member(event, "uuid");
  read.name = text_member(event, "event");
  read.distinct_id = distinct_id_of(event);
  read.timestamp = text_member(event, "timestamp");
}

IncomingEvent read_event(Route route, const Json& event, Slice place) {
  IncomingEvent read;
  read.begin = place.begin;
  read.size = place.size;
  if (!event.is_object()) return read;
  if (route == Route::segment) {
    read_segment(event, read);
  } else if (route == Route::confidence) {
    read_confidence(event, read);
  } else {
    read_posthog(event, read);
  }
  return read;
}

bool is_posthog(Route route) { return route != Route::segment && route != Route::confidence; }

// The member that holds the list of events; null where the body is a list itself, one event, or
// nothing the server knows.
const char* array_member(Route route, const Json& body) {
  if (!body.is_object()) return nullptr;
  const char* own = list_member(route);
  for (const char* key : {own, is_posthog(route) ? "data" : own}) {
    const auto member = body.find(key);
    if (member != body.end() && member->is_array()) return key;
  }
  return nullptr;
}

// The array that holds the events; null where the body is one event, or nothing the server knows.
const Json* event_array(Route route, const Json& body) {
  if (body.is_array()) return is_posthog(route) ? &body : nullptr;
  const char* key = array_member(route, body);
  return key == nullptr ? nullptr : &*body.find(key);
}

void find_events(ParsedRequest& parsed) {
  const Json& body = *parsed.json;
  const Json* array = event_array(parsed.route, body);
  if (array == nullptr) {
    // A "batch" that is no list is a mistake, not an event.
    if (!is_posthog(parsed.route) || !body.is_object() || body.contains("batch")) return;
    const auto begin = parsed.body.find('{');
    const auto end = parsed.body.rfind('}');
    parsed.events.emplace({read_event(parsed.route, body, {begin, end - begin + 1})});
    return;
  }
  const auto slices =
      array_elements(parsed.body, body.is_array() ? "" : array_member(parsed.route, body));
  auto& events = parsed.events.emplace();
  events.reserve(array->size());
  for (std::size_t i = 0; i < array->size(); ++i) {
    events.push_back(read_event(parsed.route, (*array)[i], slices[i]));
  }
}

void decode_body(ParsedRequest& parsed, const ReadOptions& options) {
  std::string coding;
  for (const auto value : parsed.request.headers.all("Content-Encoding")) {
    coding += (coding.empty() ? "" : ",") + std::string(value);
  }
  if (options.suite_decoding && coding != "gzip") coding.clear();
  Decoded decoded = decode(parsed.request.body, coding, options.max_decoded_bytes);
  parsed.body = std::move(decoded.text);
  parsed.decode_error = std::move(decoded.error);
  parsed.decoded_too_large = decoded.too_large;
  parsed.unsupported_encoding = decoded.unsupported;
  parsed.decode_note = std::move(decoded.note);
}

}  // namespace

std::string_view to_string(Route route) noexcept {
  switch (route) {
    case Route::none:
      return "none";
    case Route::batch:
      return "batch";
    case Route::event:
      return "event";
    case Route::ai:
      return "ai";
    case Route::v1:
      return "v1";
    case Route::flags:
      return "flags";
    case Route::segment:
      return "segment";
    case Route::confidence:
      return "confidence";
    case Route::flag_backend:
      return "flag_backend";
  }
  return "none";
}

const char* list_member(Route route) noexcept {
  return route == Route::confidence ? "events" : "batch";
}

std::string_view without_trailing_slash(std::string_view path) noexcept {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::string_view ParsedRequest::event_bytes(std::size_t index) const {
  const IncomingEvent& event = (*events)[index];
  return std::string_view(body).substr(event.begin, event.size);
}

const Json& ParsedRequest::event_json(std::size_t index) const {
  const Json* array = event_array(route, *json);
  return array == nullptr ? *json : (*array)[index];
}

ParsedRequest read_request(const http::Request& request, Now arrival, const ReadOptions& options) {
  ParsedRequest parsed;
  parsed.request = request;
  parsed.arrival = arrival;
  parsed.test_id = std::string(request.headers.get("X-Test-Id").value_or(""));
  parsed.route = find_route(request.method, request.url.path).route;
  parsed.path = without_trailing_slash(request.url.path);
  decode_body(parsed, options);
  if (parsed.decode_error) return parsed;
  JsonText text = read_json(parsed.body);
  parsed.json = std::move(text.value);
  parsed.json_error = std::move(text.error);
  parsed.duplicate_keys = std::move(text.duplicate_keys);
  const bool asks_for_flags = parsed.route == Route::flags || parsed.route == Route::flag_backend;
  if (parsed.json && !asks_for_flags) find_events(parsed);
  return parsed;
}

}  // namespace lockstep::mock
