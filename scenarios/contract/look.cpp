#include "scenarios/contract/look.h"

#include <nlohmann/json.hpp>

#include "scenarios/contract/python_values.h"

namespace lockstep::contract {

using nlohmann::json;

namespace {

constexpr std::size_t kMostShown = 300;

std::string without_body(const Recorded& request) {
  const mock::JournalEntry& entry = request.entry;
  if (entry.decode_error) return "a body that cannot be decoded: " + *entry.decode_error;
  if (entry.body_cut) return "a body longer than the mock server keeps";
  return entry.body.empty() ? "no body" : "a body that is not JSON";
}

// Of UTF-8.
bool is_inside_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

Failure not_an_object(const std::string& what, const json& value) {
  return {what + " to be an object", shown(value)};
}

}  // namespace

Found<Recorded> request_at(Context& context, std::int64_t index, const std::string& expected) {
  const auto& requests = context.requests();
  const auto count = static_cast<std::int64_t>(requests.size());
  const std::int64_t place = index < 0 ? index + count : index;
  if (place >= 0 && place < count) return requests[static_cast<std::size_t>(place)];
  if (count == 0) return Failure{expected, "no request"};
  return Failure{expected + " in request " + std::to_string(index),
                 counted(requests.size(), "request")};
}

Found<Recorded> first_request(Context& context, const std::string& expected) {
  return request_at(context, 0, expected);
}

bool is_flags(const Recorded& request) {
  return request.entry.path.find("/flags") != std::string::npos;
}

Found<json> body_of(const Recorded& request, const std::string& expected) {
  if (request.body == nullptr) return Failure{expected, without_body(request)};
  return *request.body;
}

Found<json> answer_of(const Recorded& request, const std::string& expected) {
  if (request.answer == nullptr) return Failure{expected, "an answer without a JSON body"};
  return *request.answer;
}

Found<json> events_of(const Recorded& request, const std::string& expected) {
  if (request.events == nullptr) {
    return Failure{expected, request.body == nullptr ? without_body(request) : "no events"};
  }
  if (request.events->empty()) return Failure{expected, "no events"};
  return *request.events;
}

Found<json> first_event(Context& context, const std::string& expected, std::int64_t request_index) {
  const auto request = request_at(context, request_index, expected);
  if (!request) return request.failure();
  const auto events = events_of(*request, expected);
  if (!events) return events.failure();
  if (!events->front().is_object()) return not_an_object("the first event", events->front());
  return events->front();
}

Finding each_event(const Recorded& request,
                   const std::function<Finding(std::size_t, const json&)>& visit) {
  if (request.events == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < request.events->size(); ++i) {
    const json& event = (*request.events)[i];
    if (!event.is_object()) return not_an_object("event " + std::to_string(i), event);
    if (auto failure = visit(i, event)) return failure;
  }
  return std::nullopt;
}

const json& member(const json& object, const std::string& name) {
  static const json none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

Found<json> properties_of(const json& event, const std::string& expected) {
  static const json none = json::object();
  const auto found = event.find("properties");
  if (found == event.end()) return none;
  if (!found->is_object()) return Failure{expected, "properties that are " + shown(*found)};
  return *found;
}

std::optional<std::string> header_of(const http::Headers& headers, std::string_view name) {
  std::optional<std::string> joined;
  for (const std::string_view value : headers.all(name)) {
    joined = joined ? *joined + "," + std::string(value) : std::string(value);
  }
  return joined;
}

std::string header_text(const http::Headers& headers, std::string_view name) {
  const auto value = header_of(headers, name);
  if (!value) return "no " + std::string(name) + " header";
  const bool is_secret = http::equals_ignoring_case(name, "Authorization");
  return std::string(name) + ": " + (is_secret ? "(not shown)" : *value);
}

Finding expect_equal(std::string_view what, const json& expected, const json& seen) {
  return unless(equal(seen, expected), std::string(what) + " to be " + shown(expected),
                shown(seen));
}

std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() <= kMostShown) return text;
  std::size_t end = kMostShown;
  while (is_inside_character(text[end])) --end;
  return text.substr(0, end) + "...";
}

std::string in_quotes(std::string_view name) { return "\"" + std::string(name) + "\""; }

}  // namespace lockstep::contract
