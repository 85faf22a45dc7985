// Reads what an answer needs to know of events, and builds nothing: almost every body is read here
// only.
#include "mockserver/read_events.h"

#include <simdjson.h>

#include <nlohmann/json.hpp>

#include "mockserver/json_text.h"
#include "mockserver/quick_json.h"

namespace lockstep::mock {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

// The value of a key that occurs twice is the last one.
std::optional<element> member(const object& in, std::string_view key) {
  std::optional<element> last;
  for (const auto [name, value] : in) {
    if (name == key) last = value;
  }
  return last;
}

std::string text(const element& value) {
  std::string_view found;
  return value.get(found) == simdjson::SUCCESS ? std::string(found) : "";
}

std::string text_member(const object& in, std::string_view key) {
  const auto value = member(in, key);
  return value ? text(*value) : "";
}

std::optional<object> object_member(const object& in, std::string_view key) {
  const auto value = member(in, key);
  object found;
  if (!value || value->get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

std::string first_of(std::string first, std::string second) {
  return first.empty() ? std::move(second) : std::move(first);
}

void read_segment(const object& event, IncomingEvent& read) {
  read.uuid = text_member(event, "messageId");
  read.name = first_of(text_member(event, "event"), text_member(event, "type"));
  read.distinct_id = first_of(text_member(event, "userId"), text_member(event, "anonymousId"));
  read.timestamp = text_member(event, "timestamp");
}

void read_confidence(const object& event, IncomingEvent& read) {
  read.name = text_member(event, "eventDefinition");
  read.timestamp = text_member(event, "eventTime");
  const auto payload = object_member(event, "payload");
  if (!payload) return;
  read.uuid = text_member(*payload, "event_id");
  read.distinct_id = text_member(*payload, "targeting_key");
  if (!read.distinct_id.empty()) return;
  if (const auto context = object_member(*payload, "context")) {
    read.distinct_id = text_member(*context, "targeting_key");
  }
}

void read_posthog(const object& event, IncomingEvent& read) {
  std::optional<element> properties;
  for (const auto [name, value] : event) {
    if (name == "uuid") {
      read.uuid = text(value);
    } else if (name == "event") {
      read.name = text(value);
    } else if (name == "distinct_id") {
      read.distinct_id = text(value);
    } else if (name == "timestamp") {
      read.timestamp = text(value);
    } else if (name == "properties") {
      properties = value;
    }
  }
  object inner;
  if (!read.distinct_id.empty() || !properties || properties->get(inner) != simdjson::SUCCESS)
    return;
  read.distinct_id =
      first_of(text_member(inner, "$distinct_id"), text_member(inner, "distinct_id"));
}

bool is_posthog(Route route) { return route != Route::segment && route != Route::confidence; }

IncomingEvent read_event(Route route, const element& event, Slice place) {
  IncomingEvent read;
  read.begin = place.begin;
  read.size = place.size;
  object fields;
  if (event.get(fields) != simdjson::SUCCESS) return read;
  if (route == Route::segment) {
    read_segment(fields, read);
  } else if (route == Route::confidence) {
    read_confidence(fields, read);
  } else {
    read_posthog(fields, read);
  }
  return read;
}

void read_list(ParsedRequest& request, const simdjson::dom::array& list, std::string_view key) {
  const auto slices = array_elements(request.body, key);
  auto& events = request.events.emplace();
  events.reserve(slices.size());
  for (const element event : list) {
    if (events.size() == slices.size()) break;
    events.push_back(read_event(request.route, event, slices[events.size()]));
  }
}

void read_members(ParsedRequest& request, const object& body, const element& root) {
  bool historical = false;
  const auto flag = member(body, "historical_migration");
  request.is_historical = flag && flag->get(historical) == simdjson::SUCCESS && historical;
  const std::string_view own = list_member(request.route);
  for (const std::string_view key : {own, std::string_view("data")}) {
    if (key != own && !is_posthog(request.route)) continue;
    simdjson::dom::array list;
    const auto value = member(body, key);
    if (value && value->get(list) == simdjson::SUCCESS) return read_list(request, list, key);
  }
  // A "batch" that is no list is a mistake, not an event.
  if (!is_posthog(request.route) || member(body, "batch")) return;
  const auto begin = request.body.find('{');
  const auto end = request.body.rfind('}');
  request.events.emplace({read_event(request.route, root, {begin, end - begin + 1})});
}

void read_root(ParsedRequest& request, const element& root) {
  simdjson::dom::array list;
  object body;
  if (root.get(body) == simdjson::SUCCESS) {
    read_members(request, body, root);
  } else if (is_posthog(request.route) && root.get(list) == simdjson::SUCCESS) {
    read_list(request, list, "");
  }
}

}  // namespace

void read_events(ParsedRequest& request) {
  element root;
  request.is_json = parse_quickly(request.body, root);
  if (!request.is_json) {
    const JsonText read = read_json(request.body);
    request.json_error = read.error;
    request.is_json = read.value != nullptr;
    if (!request.is_json || !parse_quickly(read.value->dump(), root)) return;
  }
  const bool asks_for_flags = request.route == Route::flags || request.route == Route::flag_backend;
  if (!asks_for_flags) read_root(request, root);
}

}  // namespace lockstep::mock
