// Assertions about the bodies of capture requests and the events in them. Names and parameters are
// the suite's where it has them.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "clock/timestamp.h"
#include "clock/uuid.h"
#include "scenarios/look.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using nlohmann::json;

constexpr std::string_view kOperatorWords[] = {"eq", "gte"};
constexpr Field kBatchFormat[] = {
    {"has_api_key_field", Type::boolean},
    {"has_batch_array", Type::boolean},
};
constexpr Field kBodyField[] = {
    {"field", Type::text, true, "a member's name"},
    {"expected", Type::any},
    {"request_index", Type::signed_integer},
};
constexpr Field kFields[] = {{"fields", Type::texts, true, "names of members"}};
constexpr Field kField[] = {{"field", Type::text, true, "a member's name"}};
constexpr Field kEventField[] = {
    {"field", Type::text, true, "a member of the event"},
    {"expected", Type::any, true, "its value"},
    {"event_index", Type::signed_integer, false,
     "among all events, from the end if negative; default: 0"},
};
constexpr Field kEventProperty[] = {
    {"property", Type::text, true, "a property's name"},
    {"exists", Type::boolean},
    {"expected", Type::any},
    {"event_index", Type::signed_integer, false,
     "among all events, from the end if negative; default: 0"},
};
constexpr Field kEventOption[] = {
    {"option", Type::text, true, "an option's name"},
    {"expected", Type::any},
    {"exists", Type::boolean},
    {"absent", Type::boolean},
    {"request_index", Type::signed_integer},
};
constexpr Field kRfc3339Field[] = {
    {"field", Type::text, true, "a member of the event"},
    {"expected", Type::instant},
};
constexpr Field kBatchCount[] = {
    {"expected", Type::integer, true, "how many"},
    {"operator", Type::word, false, "", {}, kOperatorWords},
    {"request_index", Type::signed_integer},
};
constexpr Field kNamedCount[] = {
    {"name", Type::text, true, "an event's name"},
    {"expected", Type::integer, true, "how many"},
};
constexpr Field kNamedProperty[] = {
    {"event_name", Type::text, true, "an event's name"},
    {"property", Type::text, true, "a property's name"},
    {"expected", Type::any, true, "its value"},
};
constexpr Field kToken[] = {{"expected", Type::text, true, "the api key"}};

// --- bodies -------------------------------------------------------------------------------------

Finding batch_format(World& world, const Step& step) {
  const Params params(step.params);
  for (const Seen* seen : capture_requests(world, step)) {
    if (params.boolean("has_api_key_field", false) && !seen->body().contains("api_key")) {
      return Failure{"api_key in the body", "none in " + seen->to_text()};
    }
    if (params.boolean("has_batch_array", false) && !member(seen->body(), "batch").is_array()) {
      return Failure{"a batch array in the body", "none in " + seen->to_text()};
    }
  }
  return std::nullopt;
}

Finding body_field(World& world, const Step& step) {
  const Params params(step.params);
  const std::string& field = params.text("field");
  const Seen* seen = request_at(capture_requests(world, step), params.integer("request_index", 0));
  if (seen == nullptr) return Failure{"\"" + field + "\" in a body", "no such request"};
  if (!seen->body().is_object() || !seen->body().contains(field)) {
    return Failure{"\"" + field + "\" in the body", "no such member"};
  }
  if (!params.has("expected")) return std::nullopt;
  const json expected = json_of(params.node("expected"));
  const json& value = seen->body()[field];
  return unless(value == expected, "\"" + field + "\" to be " + expected.dump(), value.dump());
}

Finding body_field_absent(World& world, const Step& step) {
  for (const Seen* seen : capture_requests(world, step)) {
    if (seen->body().is_null()) return Failure{"a body that can be read", seen->to_text()};
    for (const std::string& field : Params(step.params).texts("fields")) {
      if (seen->body().contains(field)) {
        return Failure{"no \"" + field + "\" in the body", seen->body()[field].dump()};
      }
    }
  }
  return std::nullopt;
}

Finding compressed_body_decompressible(World& world, const Step& step) {
  const Requests requests = capture_requests(world, step);
  if (requests.empty()) return Failure{"a request", "no request"};
  for (const Seen* seen : requests) {
    if (seen->events().empty()) return Failure{"a body that decodes to events", seen->to_text()};
  }
  return std::nullopt;
}

// --- events -------------------------------------------------------------------------------------

// The event a step is about, or why there is none.
struct ChosenEvent {
  json event;
  Finding failure;
};

ChosenEvent chosen_event(World& world, const Step& step) {
  const auto events = events_of(capture_requests(world, step));
  auto index = Params(step.params).integer("event_index", 0);
  if (index < 0) index += static_cast<std::int64_t>(events.size());
  if (index < 0 || index >= static_cast<std::int64_t>(events.size())) {
    return {{}, Failure{"an event", counted(events.size(), "event")}};
  }
  return {events[static_cast<std::size_t>(index)], std::nullopt};
}

Finding event_field(World& world, const Step& step) {
  const Params params(step.params);
  const auto [event, failure] = chosen_event(world, step);
  if (failure) return failure;
  const json expected = json_of(params.node("expected"));
  const json value = member(event, params.text("field"));
  return unless(value == expected, "\"" + params.text("field") + "\" to be " + expected.dump(),
                value.dump());
}

Finding event_has_field(World& world, const Step& step) {
  const auto [event, failure] = chosen_event(world, step);
  if (failure) return failure;
  const std::string& field = Params(step.params).text("field");
  return unless(event.contains(field), "\"" + field + "\" in the event", event.dump());
}

Finding event_property(World& world, const Step& step) {
  const Params params(step.params);
  const auto [event, failure] = chosen_event(world, step);
  if (failure) return failure;
  const std::string& name = params.text("property");
  const json properties = member(event, "properties");
  const bool exists = properties.is_object() && properties.contains(name);
  if (params.has("exists") && params.boolean("exists") != exists) {
    return Failure{"the property " + name + (exists ? " to be absent" : ""),
                   exists ? properties[name].dump() : "no such property"};
  }
  if (!params.has("expected")) return std::nullopt;
  const json expected = json_of(params.node("expected"));
  return unless(exists && properties[name] == expected,
                "the property " + name + " to be " + expected.dump(),
                exists ? properties[name].dump() : "no such property");
}

Finding event_option(World& world, const Step& step) {
  const Params params(step.params);
  const Seen* seen = request_at(capture_requests(world, step), params.integer("request_index", 0));
  if (seen == nullptr || seen->events().empty()) return Failure{"an event", "none"};
  const std::string& name = params.text("option");
  const json options = member(seen->events().front(), "options");
  const bool exists = options.is_object() && options.contains(name);
  const bool wanted = params.boolean("exists", !params.boolean("absent", false));
  if (exists != wanted) {
    return Failure{"the option " + name + (wanted ? "" : " to be absent"), options.dump()};
  }
  if (!params.has("expected")) return std::nullopt;
  const json expected = json_of(params.node("expected"));
  return unless(options[name] == expected, "the option " + name + " to be " + expected.dump(),
                options[name].dump());
}

Finding event_field_is_rfc3339(World& world, const Step& step) {
  const Params params(step.params);
  for (const json& event : events_of(capture_requests(world, step))) {
    const json value = member(event, params.text("field"));
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (!is_canonical_rfc3339(text)) return Failure{"an RFC 3339 time in UTC", text};
    if (params.has("expected") && parse_rfc3339(text) != parse_rfc3339(params.text("expected"))) {
      return Failure{"the instant " + params.text("expected"), text};
    }
  }
  return std::nullopt;
}

Finding events_in_batch_count(World& world, const Step& step) {
  const Params params(step.params);
  const Seen* seen = request_at(capture_requests(world, step), params.integer("request_index", 0));
  if (seen == nullptr) return Failure{"a request with events", "no such request"};
  const auto expected = static_cast<std::size_t>(params.integer("expected"));
  const bool at_least = params.text("operator", "eq") == "gte";
  const auto count = seen->events().size();
  return unless(at_least ? count >= expected : count == expected,
                (at_least ? "at least " : "") + counted(expected, "event"),
                counted(count, "event"));
}

Finding event_count_with_name(World& world, const Step& step) {
  const Params params(step.params);
  const auto events = events_of(capture_requests(world, step));
  const auto count =
      static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [&](const json& event) {
        return member(event, "event") == params.text("name");
      }));
  const auto expected = static_cast<std::size_t>(params.integer("expected"));
  return unless(count == expected, counted(expected, "event") + " named " + params.text("name"),
                counted(count, "event"));
}

Finding event_property_in_named_event(World& world, const Step& step) {
  const Params params(step.params);
  const std::string& name = params.text("event_name");
  for (const json& event : events_of(capture_requests(world, step))) {
    if (member(event, "event") != name) continue;
    const json expected = json_of(params.node("expected"));
    const json value = member(member(event, "properties"), params.text("property"));
    return unless(value == expected, params.text("property") + " to be " + expected.dump(),
                  value.dump());
  }
  return Failure{"an event named " + name, "none"};
}

Finding uuid_format(World& world, const Step& step) {
  const std::string& field = Params(step.params).text("field");
  for (const json& event : events_of(capture_requests(world, step))) {
    const json value = member(event, field);
    if (!value.is_string() || !Uuid::parse(value.get<std::string>())) {
      return Failure{"a UUID in \"" + field + "\"", value.dump()};
    }
  }
  return std::nullopt;
}

Finding all_uuids_unique(World& world, const Step& step) {
  std::set<std::string> uuids;
  for (const json& event : events_of(capture_requests(world, step))) {
    const std::string uuid = member(event, "uuid").dump();
    if (!uuids.insert(uuid).second) return Failure{"each uuid once", uuid + " twice"};
  }
  return std::nullopt;
}

Finding token_present(World& world, const Step& step) {
  const json expected = Params(step.params).text("expected");
  for (const Seen* seen : capture_requests(world, step)) {
    const bool in_body = member(seen->body(), "api_key") == expected;
    const bool in_header = seen->request.headers.get("Authorization") ==
                           "Bearer " + Params(step.params).text("expected");
    if (!in_body && !in_header) return Failure{"the api key in each request", seen->to_text()};
  }
  return std::nullopt;
}

constexpr Action kEventChecks[] = {
    {"assert_batch_format", "of every capture request", kBatchFormat, batch_format},
    {"assert_body_field", "of one capture request", kBodyField, body_field},
    {"assert_body_field_absent", "from every capture request", kFields, body_field_absent},
    {"assert_compressed_body_decompressible",
     "every body decodes to events",
     {},
     compressed_body_decompressible},
    {"assert_event_field", "of one event", kEventField, event_field},
    {"assert_event_has_field", "of the first event", kField, event_has_field},
    {"assert_event_property", "of one event", kEventProperty, event_property},
    {"assert_event_option", "of a request's first event", kEventOption, event_option},
    {"assert_event_field_is_rfc3339", "of every event", kRfc3339Field, event_field_is_rfc3339},
    {"assert_events_in_batch_count", "of one request", kBatchCount, events_in_batch_count},
    {"assert_event_count_with_name", "over all requests", kNamedCount, event_count_with_name},
    {"assert_event_property_in_named_event", "of the first of that name", kNamedProperty,
     event_property_in_named_event},
    {"assert_uuid_format", "of every event", kField, uuid_format},
    {"assert_all_uuids_unique", "over all requests", {}, all_uuids_unique},
    {"assert_token_present", "in every capture request", kToken, token_present},
};

}  // namespace

std::span<const Action> event_checks() { return kEventChecks; }

}  // namespace lockstep::scenario
