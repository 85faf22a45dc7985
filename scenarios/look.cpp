#include "scenarios/look.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <regex>

#include "clock/timestamp.h"
#include "mockserver/json_text.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

using nlohmann::json;

namespace {

Requests filtered(World& world, const Step& step, bool flags) {
  Requests out;
  for (const Seen* seen : world.requests(step.client)) {
    if (seen->is_flags() == flags) out.push_back(seen);
  }
  return out;
}

}  // namespace

const json& Seen::body() const {
  static const auto kNull = std::make_shared<const json>();
  if (body_ == nullptr) body_ = mock::read_json(decoded).value;
  if (body_ == nullptr) body_ = kNull;
  return *body_;
}

const json& Seen::events() const {
  static const json kNone = json::array();
  if (!body().is_object() || is_flags()) return kNone;
  for (const char* list : {"batch", "events"}) {
    const auto batch = body().find(list);
    if (batch != body().end() && batch->is_array()) return *batch;
  }
  return kNone;
}

bool Seen::is_flags() const { return request.url.path.starts_with("/flags"); }

bool Seen::is_confidence() const { return request.url.path.ends_with(":publish"); }

std::string to_text(Instant at) {
  if (at == kNever) return "never";
  char text[32];
  std::snprintf(text, sizeof text, "%.6fs",
                static_cast<double>(at.time_since_epoch().count()) / 1e9);
  return text;
}

std::string uuid_of(const json& event) {
  for (const char* path : {"uuid", "messageId", "payload.event_id"}) {
    const json id = member(event, path);
    if (id.is_string()) return id.get<std::string>();
  }
  return {};
}

std::vector<std::string> uuids_of(const Seen& seen) {
  std::vector<std::string> uuids;
  for (const json& event : seen.events()) uuids.push_back(uuid_of(event));
  return uuids;
}

Requests capture_requests(World& world, const Step& step) { return filtered(world, step, false); }
Requests flags_requests(World& world, const Step& step) { return filtered(world, step, true); }

const Seen* request_at(const Requests& requests, std::int64_t index) {
  if (index < 0) index += static_cast<std::int64_t>(requests.size());
  if (index < 0 || index >= static_cast<std::int64_t>(requests.size())) return nullptr;
  return requests[static_cast<std::size_t>(index)];
}

std::vector<json> events_of(const Requests& requests) {
  std::vector<json> events;
  for (const Seen* seen : requests) {
    for (const json& event : seen->events()) events.push_back(event);
  }
  return events;
}

json member(const json& object, const std::string& path) {
  if (!object.is_object()) return nullptr;
  if (const auto whole = object.find(path); whole != object.end()) return *whole;
  const auto dot = path.find('.');
  if (dot == std::string::npos) return nullptr;
  const auto outer = object.find(path.substr(0, dot));
  return outer == object.end() ? json() : member(*outer, path.substr(dot + 1));
}

bool is_canonical_rfc3339(std::string_view text) {
  const bool utc = text.ends_with('Z') || text.ends_with("+00:00");
  return utc && text.size() > 10 && text[10] == 'T' && parse_rfc3339(text).has_value();
}

Finding unless(bool holds, std::string expected, std::string seen) {
  if (holds) return std::nullopt;
  return Failure{std::move(expected), std::move(seen)};
}

std::optional<Complaint> check_pattern(const Node& params) {
  const Node& pattern = Params(params).node("pattern");
  try {
    const std::regex compiled(pattern.text());
    return std::nullopt;
  } catch (const std::regex_error& error) {
    return Complaint{pattern.at(), pattern.describe() + " (" + error.what() + ")",
                     "a regular expression"};
  }
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string header_text(const Seen& seen, std::string_view name) {
  const auto value = seen.request.headers.get(name);
  return value ? std::string(name) + ": " + std::string(*value)
               : "no " + std::string(name) + " header";
}

}  // namespace lockstep::scenario
