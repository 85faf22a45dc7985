// Checks of events. But for uuids and names, they look at the first request only, and most at its
// first event only. An event that is not an object fails whatever looks at it.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "scenarios/contract/look.h"
#include "scenarios/contract/python_values.h"

namespace lockstep::contract {

using nlohmann::json;

namespace {

constexpr std::string_view kOperators[] = {"eq", "gte"};
constexpr Field kFieldValue[] = {
    {"field", Type::text, true, "a member's name"},
    {"expected", Type::any, true, "its value"},
};
constexpr Field kEventTime[] = {
    {"field", Type::text, true, "a member's name"},
    {"expected", Type::text, false, "an instant, as an RFC 3339 time in UTC; default: any"},
};
constexpr Field kProperty[] = {{"property", Type::text, true, "a property's name"}};
constexpr Field kPropertyValue[] = {
    {"property", Type::text, true, "a property's name"},
    {"exists", Type::boolean, false, "true: must exist; false says nothing"},
    {"expected", Type::any, false, "its value; null is as good as absent"},
};
constexpr Field kOption[] = {
    {"option", Type::text, true, "an option's name"},
    {"expected", Type::any, false, "its value; null is as good as absent"},
    {"exists", Type::boolean, false, "true: must exist; false says nothing"},
    {"absent", Type::boolean, false, "true: must be absent, and nothing else is looked at"},
    {"request_index", Type::signed_integer, false, "from the end if negative; default: 0"},
};
constexpr Field kBatchCount[] = {
    {"expected", Type::integer, true, "how many"},
    {"operator", Type::word, false, "default: eq", {}, kOperators},
    {"request_index", Type::signed_integer, false, "from the end if negative; default: 0"},
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

// --- members of the first event -----------------------------------------------------------------

Finding event_field(Context& context, const Step& step) {
  const Params params(step.params);
  const std::string what = in_quotes(params.text("field")) + " of the event";
  const auto event = first_event(context, what);
  if (!event) return event.failure();
  return expect_equal(what, json_of(params.node("expected")), member(*event, params.text("field")));
}

Finding event_has_field(Context& context, const Step& step) {
  const std::string& field = Params(step.params).text("field");
  const std::string expected = in_quotes(field) + " in the event";
  const auto event = first_event(context, expected);
  if (!event) return event.failure();
  return unless(event->contains(field), expected, "none in " + shown(*event));
}

Finding event_field_is_string(Context& context, const Step& step) {
  const std::string& field = Params(step.params).text("field");
  const std::string expected = "a text in " + in_quotes(field) + " of the event";
  const auto event = first_event(context, expected);
  if (!event) return event.failure();
  return unless(member(*event, field).is_string(), expected, shown(member(*event, field)));
}

Finding uuid_format(Context& context, const Step& step) {
  const std::string& field = Params(step.params).text("field");
  const std::string expected = "a UUID in " + in_quotes(field) + " of the event";
  const auto event = first_event(context, expected);
  if (!event) return event.failure();
  const json& value = member(*event, field);
  return unless(value.is_string() && is_uuid(value.get_ref<const std::string&>()), expected,
                shown(value));
}

Finding event_field_not_in_properties(Context& context, const Step& step) {
  const std::string& field = Params(step.params).text("field");
  const std::string expected = in_quotes(field) + " in the event, not in its properties";
  const auto event = first_event(context, expected);
  if (!event) return event.failure();
  const json& properties = member(*event, "properties");
  const bool inside = properties.is_object() && properties.contains(field);
  return unless(event->contains(field) && !inside, expected, shown(*event));
}

// A browser's SDK may have it among the properties, with a $ before its name; its distinct_id is
// looked for there only.
Finding event_field_client(Context& context, const Step& step) {
  const Params params(step.params);
  const std::string& field = params.text("field");
  const json expected = json_of(params.node("expected"));
  const std::string what = in_quotes(field) + " of the event";
  const auto event = first_event(context, what);
  if (!event) return event.failure();
  const bool is_id = field == "distinct_id";
  const json& own = member(*event, field);
  if (!is_id && !own.is_null()) return expect_equal(what, expected, own);
  // For a distinct_id, and only for it, null is as good as no properties.
  if (is_id && !truthy(member(*event, "properties"))) return expect_equal(what, expected, nullptr);
  const auto properties = properties_of(*event, what);
  if (!properties) return properties.failure();
  const json& marked = member(*properties, "$" + field);
  return expect_equal(what, expected, truthy(marked) ? marked : member(*properties, field));
}

// --- properties and options of the first event --------------------------------------------------

Finding event_property(Context& context, const Step& step) {
  const Params params(step.params);
  const std::string& name = params.text("property");
  const std::string what = "the property " + name;
  const auto event = first_event(context, what);
  if (!event) return event.failure();
  const bool must_exist = params.boolean("exists", false);
  if (!must_exist && !params.has("expected")) return std::nullopt;
  const auto properties = properties_of(*event, what);
  if (!properties) return properties.failure();
  if (must_exist && !properties->contains(name)) {
    return Failure{what, "none in " + shown(*properties)};
  }
  if (!params.has("expected")) return std::nullopt;
  return expect_equal(what, json_of(params.node("expected")), member(*properties, name));
}

Finding event_property_is_object(Context& context, const Step& step) {
  const std::string& name = Params(step.params).text("property");
  const std::string expected = "an object in the property " + name;
  const auto event = first_event(context, expected);
  if (!event) return event.failure();
  const auto properties = properties_of(*event, expected);
  if (!properties) return properties.failure();
  return unless(member(*properties, name).is_object(), expected, shown(member(*properties, name)));
}

Finding event_option(Context& context, const Step& step) {
  const Params params(step.params);
  const std::string& name = params.text("option");
  const std::string what = "the option " + name;
  const auto event = first_event(context, what, params.integer("request_index", 0));
  if (!event) return event.failure();
  static const json kNone = json::object();
  const json& given = member(*event, "options");
  const json& options = truthy(given) ? given : kNone;
  if (!options.is_object()) return Failure{"options that are an object", shown(options)};
  if (params.boolean("absent", false)) {
    return unless(!options.contains(name), "no option " + name, shown(options));
  }
  if (params.boolean("exists", false) && !options.contains(name)) {
    return Failure{what, "none in " + shown(options)};
  }
  if (!params.has("expected")) return std::nullopt;
  return expect_equal(what, json_of(params.node("expected")), member(options, name));
}

// --- all events of the first request ------------------------------------------------------------

Finding event_field_is_rfc3339(Context& context, const Step& step) {
  const Params params(step.params);
  const std::string& field = params.text("field");
  const std::string expected = "an RFC 3339 time in UTC in " + in_quotes(field) + " of each event";
  const auto request = first_request(context, expected);
  if (!request) return request.failure();
  if (const auto events = events_of(*request, expected); !events) return events.failure();
  return each_event(*request, [&](std::size_t place, const json& event) -> Finding {
    const json& value = member(event, field);
    const std::string seen = shown(value) + " in event " + std::to_string(place);
    if (!value.is_string()) return Failure{expected, seen};
    const auto& text = value.get_ref<const std::string&>();
    if (!is_rfc3339_utc(text)) return Failure{expected, seen};
    if (!params.has("expected")) return std::nullopt;
    return unless(instant_of(text) == instant_of(params.text("expected")),
                  "the instant " + params.text("expected") + " in " + in_quotes(field), seen);
  });
}

std::optional<Complaint> check_instant(const Node& params) {
  const Node* expected = params.find("expected");
  if (expected == nullptr || is_rfc3339_utc(expected->text())) return std::nullopt;
  return Complaint{expected->at(), expected->describe(),
                   "an RFC 3339 time in UTC, such as \"2025-01-02T03:04:05Z\""};
}

Finding v1_event_format(Context& context, const Step&) {
  const std::string expected = "events of capture v1";
  const auto request = first_request(context, expected);
  if (!request) return request.failure();
  if (const auto events = events_of(*request, expected); !events) return events.failure();
  return each_event(*request, [](std::size_t place, const json& event) -> Finding {
    for (const char* field : {"event", "uuid", "distinct_id", "timestamp"}) {
      if (event.contains(field)) continue;
      return Failure{in_quotes(field) + " in each event",
                     "none in event " + std::to_string(place) + ", " + shown(event)};
    }
    return std::nullopt;
  });
}

// The original's `a or b or ...`: the first that counts as true, else the last.
json first_truthy(std::initializer_list<json> values) {
  const auto found = std::find_if(values.begin(), values.end(), truthy);
  return found == values.end() ? *(values.end() - 1) : *found;
}

Finding token_present_client(Context& context, const Step& step) {
  const json token = Params(step.params).text("expected");
  const std::string expected = "the token in an event or in its properties";
  const auto request = first_request(context, expected);
  if (!request) return request.failure();
  bool found = false;
  const Finding odd = each_event(*request, [&](std::size_t, const json& event) -> Finding {
    if (found) return std::nullopt;
    json seen = first_truthy({member(event, "token"), member(event, "api_key")});
    if (!truthy(seen)) {
      const auto properties = properties_of(event, expected);
      if (!properties) return properties.failure();
      seen = first_truthy({member(*properties, "token"), member(*properties, "api_key")});
    }
    found = seen == token;
    return std::nullopt;
  });
  if (found) return std::nullopt;
  return odd ? odd : Failure{expected, "another, or none"};
}

Finding events_in_batch_count(Context& context, const Step& step) {
  const Params params(step.params);
  const auto expected = params.integer("expected");
  const bool at_least = params.text("operator", "eq") == "gte";
  const std::string what =
      (at_least ? "at least " : "exactly ") + std::to_string(expected) + " events";
  const auto request = request_at(context, params.integer("request_index", 0), what);
  if (!request) return request.failure();
  const std::size_t count = request->events == nullptr ? 0 : request->events->size();
  return unless(
      at_least ? std::cmp_greater_equal(count, expected) : std::cmp_equal(count, expected), what,
      counted(count, "event"));
}

// --- the events of all requests -----------------------------------------------------------------

// Those of capture requests; the body of a request to /flags looks like an event.
Finding each_captured(Context& context, const std::function<Finding(const json&)>& visit) {
  for (const Recorded& request : context.requests()) {
    if (is_flags(request)) continue;
    auto failure =
        each_event(request, [&](std::size_t, const json& event) { return visit(event); });
    if (failure) return failure;
  }
  return std::nullopt;
}

Finding event_count_with_name(Context& context, const Step& step) {
  const Params params(step.params);
  const json name = params.text("name");
  std::size_t count = 0;
  auto failure = each_captured(context, [&](const json& event) -> Finding {
    if (member(event, "event") == name) ++count;
    return std::nullopt;
  });
  if (failure) return failure;
  return expect_equal("the number of events named " + name.dump(), params.integer("expected"),
                      count);
}

Finding event_property_in_named_event(Context& context, const Step& step) {
  const Params params(step.params);
  const json name = params.text("event_name");
  const std::string& property = params.text("property");
  const std::string what = "the property " + property + " of the event " + name.dump();
  bool found = false;
  Finding verdict;
  const Finding odd = each_captured(context, [&](const json& event) -> Finding {
    if (found || member(event, "event") != name) return std::nullopt;
    found = true;
    const auto properties = properties_of(event, what);
    if (!properties) {
      verdict = properties.failure();
    } else if (!properties->contains(property)) {
      verdict = Failure{what, "none in " + shown(*properties)};
    } else {
      verdict = expect_equal(what, json_of(params.node("expected")), member(*properties, property));
    }
    return std::nullopt;
  });
  if (found) return verdict;
  return odd ? odd : Failure{"an event named " + name.dump(), "none"};
}

// The uuids of all events that have one, in order.
struct Uuids {
  std::vector<json> values;
  Finding failure;
};

Uuids all_uuids(Context& context) {
  Uuids uuids;
  for (const Recorded& request : context.requests()) {
    uuids.failure = each_event(request, [&](std::size_t, const json& event) -> Finding {
      if (!event.contains("uuid")) return std::nullopt;
      uuids.values.push_back(member(event, "uuid"));
      return std::nullopt;
    });
    if (uuids.failure) break;
  }
  return uuids;
}

// Of lists and objects, which Python cannot put into a set.
Failure not_a_text(const json& uuid) { return {"a uuid that is a text", shown(uuid)}; }

Finding all_uuids_unique(Context& context, const Step&) {
  const Uuids uuids = all_uuids(context);
  if (uuids.failure) return uuids.failure;
  std::set<json> seen;
  for (const json& uuid : uuids.values) {
    if (uuid.is_structured()) return not_a_text(uuid);
    if (!seen.insert(uuid).second) return Failure{"each uuid once", shown(uuid) + " twice"};
  }
  return std::nullopt;
}

Finding different_uuids(Context& context, const Step&) {
  const Uuids uuids = all_uuids(context);
  if (uuids.failure) return uuids.failure;
  const std::string expected = "different uuids of the first two events";
  if (uuids.values.size() < 2) return Failure{expected, counted(uuids.values.size(), "event")};
  return unless(!equal(uuids.values[0], uuids.values[1]), expected,
                shown(uuids.values[0]) + " twice");
}

Finding no_duplicate_events_in_batch(Context& context, const Step&) {
  const std::string expected = "each uuid once in a request";
  if (const auto first = first_request(context, expected); !first) return first.failure();
  for (const Recorded& request : context.requests()) {
    std::set<json> seen;
    auto failure = each_event(request, [&](std::size_t, const json& event) -> Finding {
      const json& uuid = member(event, "uuid");
      if (!truthy(uuid)) return std::nullopt;
      if (uuid.is_structured()) return not_a_text(uuid);
      return unless(seen.insert(uuid).second, expected, shown(uuid) + " twice");
    });
    if (failure) return failure;
  }
  return std::nullopt;
}

constexpr Action kEventChecks[] = {
    {"assert_event_field", Kind::check, "of the first event", kFieldValue, event_field},
    {"assert_event_has_field", Kind::check, "the first event has it, be it null", kField,
     event_has_field},
    {"assert_event_property", Kind::check, "of the first event", kPropertyValue, event_property},
    {"assert_event_option", Kind::check, "of a request's first event", kOption, event_option},
    {"assert_event_field_is_rfc3339", Kind::check, "of each event of the first request", kEventTime,
     event_field_is_rfc3339, check_instant},
    {"assert_event_field_is_string", Kind::check, "of the first event", kField,
     event_field_is_string},
    {"assert_event_field_not_in_properties", Kind::check,
     "the first event has it, its properties do not", kField, event_field_not_in_properties},
    {"assert_event_property_is_object", Kind::check, "of the first event", kProperty,
     event_property_is_object},
    {"assert_events_in_batch_count", Kind::check, "of one request", kBatchCount,
     events_in_batch_count},
    {"assert_event_count_with_name", Kind::negative, "over all requests but those to /flags",
     kNamedCount, event_count_with_name},
    {"assert_event_property_in_named_event", Kind::check, "of the first event of that name",
     kNamedProperty, event_property_in_named_event},
    {"assert_event_field_client", Kind::check,
     "of the first event, or of its properties, with or without $", kFieldValue,
     event_field_client},
    {"assert_uuid_format", Kind::check, "of the first event", kField, uuid_format},
    {"assert_all_uuids_unique",
     Kind::negative,
     "over all requests, repeats included",
     {},
     all_uuids_unique},
    {"assert_different_uuids", Kind::check, "the first two events differ", {}, different_uuids},
    {"assert_no_duplicate_events_in_batch",
     Kind::negative,
     "no uuid twice in one request",
     {},
     no_duplicate_events_in_batch},
    {"assert_v1_event_format",
     Kind::check,
     "each event of the first request has event, uuid, distinct_id and timestamp",
     {},
     v1_event_format},
    {"assert_token_present_client", Kind::check,
     "in an event of the first request, or in its properties", kToken, token_present_client},
};

}  // namespace

std::span<const Action> event_checks() { return kEventChecks; }

}  // namespace lockstep::contract
