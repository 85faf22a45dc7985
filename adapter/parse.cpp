#include "adapter/parse.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "clock/timestamp.h"
#include "http/url.h"
#include "sdk/json.h"

namespace lockstep::adapter {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestTestId = 128;

Properties properties_in(Fields& fields, std::string_view name) {
  const json* object = fields.object(name);
  return object == nullptr ? Properties{} : properties_from_json(*object);
}

EventOptions event_options_in(Fields& fields) {
  EventOptions options;
  const json* object = fields.object("options");
  if (object == nullptr) return options;
  Fields members(*object, "options.");
  options.cookieless_mode = members.boolean("cookieless_mode");
  options.disable_skew_correction = members.boolean("disable_skew_correction");
  options.process_person_profile = members.boolean("process_person_profile");
  options.product_tour_id = members.text("product_tour_id");
  members.refuse_others();
  return options;
}

std::optional<WallTime> timestamp_in(Fields& fields) {
  const auto text = fields.text("timestamp");
  if (!text) return std::nullopt;
  const auto time = parse_rfc3339(*text);
  if (!time) {
    fields.refuse("timestamp",
                  "must be an RFC 3339 date-time with its offset, like 2025-01-02T03:04:05+05:30, "
                  "of the years 1678 to 2261");
  }
  return time;
}

std::optional<Uuid> uuid_in(Fields& fields) {
  const auto text = fields.text("uuid");
  if (!text) return std::nullopt;
  const auto uuid = Uuid::parse(*text);
  if (!uuid) fields.refuse("uuid", "must be a UUID in its 36-character form");
  return uuid;
}

std::map<std::string, std::string> groups_in(Fields& fields) {
  std::map<std::string, std::string> groups;
  const json* object = fields.object("groups");
  if (object == nullptr) return groups;
  Fields members(*object, "groups.");
  for (const auto& group : object->items()) {
    groups.emplace(group.key(), members.required_text(group.key()));
  }
  return groups;
}

std::map<std::string, Properties> group_properties_in(Fields& fields) {
  std::map<std::string, Properties> properties;
  const json* object = fields.object("group_properties");
  if (object == nullptr) return properties;
  Fields members(*object, "group_properties.");
  for (const auto& group : object->items()) {
    properties.emplace(group.key(), properties_in(members, group.key()));
  }
  return properties;
}

bool may_stand_in_test_id(char c) {
  const bool alphanumeric =
      (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return alphanumeric || std::string_view("-._~:@+").find(c) != std::string_view::npos;
}

// A query's text as the number it would be in a body, so that both are checked in one place.
json number_or_text(const std::string& text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc{} && at == end) return number;
  return text;
}

}  // namespace

Event parse_event(std::string_view body) {
  const json document = parse_object(body);
  Fields fields(document);
  Event event;
  event.distinct_id = fields.required_text("distinct_id");
  event.name = fields.required_text("event");
  event.properties = properties_in(fields, "properties");
  event.timestamp = timestamp_in(fields);
  event.uuid = uuid_in(fields);
  event.options = event_options_in(fields);
  event.historical = fields.boolean("historical").value_or(false);
  fields.refuse_others();
  return event;
}

FlagRequest parse_flag(std::string_view body) {
  const json document = parse_object(body);
  Fields fields(document);
  FlagRequest request;
  request.key = fields.required_text("key");
  request.distinct_id = fields.required_text("distinct_id");
  request.person_properties = properties_in(fields, "person_properties");
  request.groups = groups_in(fields);
  request.group_properties = group_properties_in(fields);
  request.disable_geoip = fields.boolean("disable_geoip");
  request.send_event = fields.boolean("send_event").value_or(true);
  fields.boolean("force_remote");
  fields.refuse_others();
  return request;
}

Duration parse_timeout(std::string_view body, std::string_view query, Duration fallback) {
  json document = parse_object(body, true);
  if (const auto text = http::query_parameter(query, "timeout_ms")) {
    if (document.contains("timeout_ms")) {
      throw BadRequest("timeout_ms", "stands both in the query and in the body");
    }
    document["timeout_ms"] = number_or_text(*text);
  }
  Fields fields(document);
  const auto timeout = fields.milliseconds("timeout_ms");
  fields.refuse_others();
  return timeout.value_or(fallback);
}

std::string parse_test_id(std::string_view query) {
  const auto id = http::query_parameter(query, "test_id");
  if (!id) return {};
  const bool fits = !id->empty() && id->size() <= kLongestTestId;
  if (!fits || !std::all_of(id->begin(), id->end(), may_stand_in_test_id)) {
    throw BadRequest("test_id", "must be 1 to " + std::to_string(kLongestTestId) +
                                    " letters, digits and -._~:@+");
  }
  return *id;
}

}  // namespace lockstep::adapter
