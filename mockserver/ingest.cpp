#include "mockserver/ingest.h"

#include <nlohmann/json.hpp>

#include "mockserver/decode.h"
#include "mockserver/json_text.h"
#include "mockserver/read_events.h"
#include "mockserver/route.h"

namespace lockstep::mock {

namespace {

using Json = nlohmann::json;

// The array that holds the events; null where the body is one event.
const Json* event_array(Route route, const Json& body) {
  if (body.is_array()) return &body;
  for (const char* key : {list_member(route), "data"}) {
    const auto member = body.find(key);
    if (member != body.end() && member->is_array()) return &*member;
  }
  return nullptr;
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

const JsonText& ParsedRequest::document() const {
  if (document_ == nullptr) document_ = std::make_shared<const JsonText>(read_json(body));
  return *document_;
}

const Json& ParsedRequest::json() const { return *document().value; }

const std::vector<std::string>& ParsedRequest::duplicate_keys() const {
  return document().duplicate_keys;
}

const Json& ParsedRequest::event_json(std::size_t index) const {
  const Json* array = event_array(route, json());
  return array == nullptr ? json() : (*array)[index];
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
  read_events(parsed);
  return parsed;
}

}  // namespace lockstep::mock
