// Checks of requests to /flags, and of what calls of the adapter came back with.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "scenarios/contract/look.h"
#include "scenarios/contract/python_values.h"

namespace lockstep::contract {

using nlohmann::json;

namespace {

constexpr Field kFlagsField[] = {
    {"field", Type::text, true, "a member of the body, with dots into it"},
    {"expected", Type::any, true, "its value"},
};
constexpr Field kFlagsParam[] = {
    {"param", Type::text, true, "a query parameter's name"},
    {"expected", Type::text, true, "its value"},
};
constexpr Field kResult[] = {
    {"expected", Type::any, true, "the result"},
    {"field", Type::text, false, "a member of it; default: the whole"},
};

// --- /flags -------------------------------------------------------------------------------------

Finding flags_request_count(Context& context, const Step& step) {
  const auto& requests = context.requests();
  return expect_equal("the number of requests to /flags", Params(step.params).integer("expected"),
                      std::count_if(requests.begin(), requests.end(), is_flags));
}

Found<Recorded> first_flags_request(Context& context, const std::string& expected) {
  const auto& requests = context.requests();
  const auto found = std::find_if(requests.begin(), requests.end(), is_flags);
  if (found == requests.end()) return Failure{expected, "no request to /flags"};
  return *found;
}

// The member at a path of dots. "token" at its beginning may be called "api_key".
Found<json> at_path(const json& body, const std::string& path, const std::string& expected) {
  const json* current = &body;
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find('.', begin), path.size());
    std::string name = path.substr(begin, end - begin);
    if (!current->is_object()) return Failure{expected, shown(*current) + " around " + name};
    if (begin == 0 && name == "token" && !current->contains(name)) name = "api_key";
    if (!current->contains(name)) {
      return Failure{expected, "no " + in_quotes(name) + " in " + shown(*current)};
    }
    current = &member(*current, name);
    begin = end + 1;
  }
  return *current;
}

Finding flags_request_field(Context& context, const Step& step) {
  const Params params(step.params);
  const std::string what = in_quotes(params.text("field")) + " of the request to /flags";
  const auto request = first_flags_request(context, what);
  if (!request) return request.failure();
  const auto body = body_of(*request, what);
  if (!body) return body.failure();
  const auto value = at_path(*body, params.text("field"), what);
  if (!value) return value.failure();
  return expect_equal(what, json_of(params.node("expected")), *value);
}

Finding flags_request_query_param(Context& context, const Step& step) {
  const Params params(step.params);
  const std::string& name = params.text("param");
  const std::string expected = name + "=" + params.text("expected") + " in a request to /flags";
  const auto request = first_flags_request(context, expected);
  if (!request) return request.failure();
  return unless(http::query_parameter(request->entry.query, name) == params.text("expected"),
                expected, "\"?" + request->entry.query + "\"");
}

// --- results of calls ---------------------------------------------------------------------------

Finding action_result(Context& context, const Step& step) {
  const Params params(step.params);
  const json expected = json_of(params.node("expected"));
  const json& result = context.result();
  if (!params.has("field")) return expect_equal("the result", expected, result);
  const std::string what = in_quotes(params.text("field")) + " of the result";
  if (contains(result, params.text("field")) != true || !result.is_object()) {
    return Failure{what, "none in " + shown(result)};
  }
  return expect_equal(what, expected, member(result, params.text("field")));
}

Finding action_result_uuid_matches_event(Context& context, const Step&) {
  const std::string what = "\"uuid\" of the result";
  const json& result = context.result();
  if (!result.is_object() || !result.contains("uuid")) {
    return Failure{what, "none in " + shown(result)};
  }
  const auto event = first_event(context, "a uuid in the event");
  if (!event) return event.failure();
  const json& uuid = member(*event, "uuid");
  if (!truthy(uuid)) return Failure{"a uuid in the event", shown(uuid)};
  return expect_equal(what + ", as in the event,", uuid, member(result, "uuid"));
}

Finding response_status(Context& context, const Step& step) {
  const std::string status = std::to_string(Params(step.params).integer("expected"));
  if (auto failure = context.call("GET", "/state")) return failure;
  const json& state = context.answer();
  for (const char* name :
       {"pending_events", "total_events_captured", "total_events_sent", "total_retries"}) {
    if (!state.is_object() || !state.contains(name)) {
      return Failure{in_quotes(name) + " in the adapter's state", shown(state)};
    }
  }
  const json& error = member(state, "last_error");
  const std::string text = error.is_string() ? error.get<std::string>() : error.dump();
  const bool found = truthy(error) && text.find(status) != std::string::npos;
  return unless(found, status + " in the adapter's last_error", shown(error));
}

Finding capture_fails(Context&, const Step&) { return std::nullopt; }

constexpr Action kFlagChecks[] = {
    {"assert_flags_request_count", Kind::negative, "exactly so many requests to /flags", kCount,
     flags_request_count},
    {"assert_flags_request_field", Kind::check, "of the first; \"token\" may be called \"api_key\"",
     kFlagsField, flags_request_field},
    {"assert_flags_request_query_param", Kind::check, "of the first", kFlagsParam,
     flags_request_query_param},
    {"assert_action_result", Kind::check, "of the last capture_ai or get_feature_flag", kResult,
     action_result},
    {"assert_action_result_uuid_matches_event",
     Kind::check,
     "the last result's uuid is that of the first event",
     {},
     action_result_uuid_matches_event},
    {"assert_response_status", Kind::check, "GET /state: its last_error holds the status", kCount,
     response_status},
    {"assert_capture_fails",
     Kind::check,
     "nothing: the original has the name and checks nothing either",
     {},
     capture_fails},
};

}  // namespace

std::span<const Action> flag_checks() { return kFlagChecks; }

}  // namespace lockstep::contract
