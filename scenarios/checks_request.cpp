// Assertions about requests: how many, to where, with which headers, and about /flags. Names and
// parameters are the suite's where it has them.
#include <charconv>
#include <nlohmann/json.hpp>
#include <regex>

#include "clock/uuid.h"
#include "scenarios/look.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using nlohmann::json;

constexpr Field kCount[] = {{"expected", Type::integer, true, "how many"}};
constexpr Field kPath[] = {{"expected", Type::text, true, "a path"}};
constexpr Field kPaths[] = {{"paths", Type::texts, true, "a list of paths"}};
constexpr Field kHeader[] = {{"header", Type::text, true, "a header's name"}};
constexpr Field kHeaderValue[] = {
    {"header", Type::text, true, "a header's name"},
    {"expected", Type::text},
};
constexpr Field kHeaderPattern[] = {
    {"header", Type::text, true, "a header's name"},
    {"pattern", Type::text, true, "a regular expression"},
    {"optional", Type::boolean},
};
constexpr Field kHeaderInteger[] = {
    {"header", Type::text, true, "a header's name"},
    {"expected", Type::signed_integer},
};
constexpr Field kBearer[] = {{"expected", Type::text}};
constexpr Field kFlagsField[] = {
    {"field", Type::text, true, "a member of the body, with dots into it"},
    {"expected", Type::any, true, "its value"},
};
constexpr Field kFlagsParam[] = {
    {"param", Type::text, true, "a query parameter's name"},
    {"expected", Type::text, true, "its value"},
};

// --- counts and paths ---------------------------------------------------------------------------

Finding request_count(World& world, const Step& step) {
  const auto seen = world.requests(step.client).size();
  const auto expected = static_cast<std::size_t>(Params(step.params).integer("expected"));
  return unless(seen == expected, counted(expected, "request"), counted(seen, "request"));
}

Finding request_count_gte(World& world, const Step& step) {
  const auto seen = world.requests(step.client).size();
  const auto expected = static_cast<std::size_t>(Params(step.params).integer("expected"));
  return unless(seen >= expected, "at least " + counted(expected, "request"),
                counted(seen, "request"));
}

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

Finding request_path(World& world, const Step& step) {
  const std::string expected = without_slash(Params(step.params).text("expected"));
  const Requests requests = capture_requests(world, step);
  if (requests.empty()) return Failure{"requests to " + expected, "no request"};
  for (const Seen* seen : requests) {
    const std::string& path = seen->request.url.path;
    if (without_slash(path) != expected)
      return Failure{"only requests to " + expected, "one to " + path};
  }
  return std::nullopt;
}

Finding no_requests_to_paths(World& world, const Step& step) {
  for (const std::string& path : Params(step.params).texts("paths")) {
    for (const Seen* seen : world.requests(step.client)) {
      if (without_slash(seen->request.url.path) == without_slash(path)) {
        return Failure{"no request to " + path, seen->to_text()};
      }
    }
  }
  return std::nullopt;
}

// --- headers ------------------------------------------------------------------------------------

// Most header assertions are about the first request, as in the suite.
template <typename Check>
Finding first_header(World& world, const Step& step, const std::string& expected, Check check) {
  const Requests requests = world.requests(step.client);
  if (requests.empty()) return Failure{expected, "no request"};
  const auto value = requests.front()->request.headers.get(Params(step.params).text("header"));
  return unless(check(value), expected,
                header_text(*requests.front(), Params(step.params).text("header")));
}

Finding request_has_header(World& world, const Step& step) {
  const Params params(step.params);
  const std::string& name = params.text("header");
  for (const Seen* seen : world.requests(step.client)) {
    const auto value = seen->request.headers.get(name);
    if (value && (!params.has("expected") || *value == params.text("expected")))
      return std::nullopt;
  }
  const std::string what = params.has("expected") ? " \"" + params.text("expected") + "\"" : "";
  const Requests requests = world.requests(step.client);
  return Failure{"a request with the header " + name + what,
                 requests.empty() ? "no request" : header_text(*requests.front(), name)};
}

Finding header_value_matches(World& world, const Step& step) {
  const Params params(step.params);
  const std::regex pattern(params.text("pattern"));
  return first_header(world, step, params.text("header") + " to match " + params.text("pattern"),
                      [&](const auto& value) {
                        if (!value) return params.boolean("optional", false);
                        return std::regex_search(std::string(*value), pattern);
                      });
}

Finding header_is_uuid(World& world, const Step& step) {
  return first_header(world, step, "a UUID in " + Params(step.params).text("header"),
                      [](const auto& value) { return value && Uuid::parse(*value).has_value(); });
}

Finding header_is_rfc3339(World& world, const Step& step) {
  return first_header(world, step,
                      "an RFC 3339 time in UTC in " + Params(step.params).text("header"),
                      [](const auto& value) { return value && is_canonical_rfc3339(*value); });
}

Finding header_is_integer(World& world, const Step& step) {
  const Params params(step.params);
  const std::string exact =
      params.has("expected") ? " " + std::to_string(params.integer("expected")) : "";
  return first_header(world, step, "the whole number" + exact + " in " + params.text("header"),
                      [&](const auto& value) {
                        if (!value) return false;
                        std::int64_t number = 0;
                        const auto end = value->data() + value->size();
                        const auto [stop, error] = std::from_chars(value->data(), end, number);
                        return error == std::errc{} && stop == end &&
                               number == params.integer("expected", number);
                      });
}

Finding header_absent(World& world, const Step& step) {
  for (const Seen* seen : world.requests(step.client)) {
    if (seen->request.headers.has(Params(step.params).text("header"))) {
      return Failure{"no header " + Params(step.params).text("header"),
                     header_text(*seen, Params(step.params).text("header"))};
    }
  }
  return std::nullopt;
}

Finding authorization_bearer_token(World& world, const Step& step) {
  const Params params(step.params);
  const std::string token = params.text("expected", "");
  for (const Seen* seen : capture_requests(world, step)) {
    const auto value = seen->request.headers.get("Authorization").value_or("");
    const bool right = value.starts_with("Bearer ") && (token.empty() || value.substr(7) == token);
    // The value is not shown: it is a credential, even where it is the wrong one.
    if (!right) return Failure{"Authorization: Bearer with the api key", "another value or none"};
  }
  return std::nullopt;
}

// --- /flags and answers -------------------------------------------------------------------------

Finding flags_request_count(World& world, const Step& step) {
  const auto seen = flags_requests(world, step).size();
  const auto expected = static_cast<std::size_t>(Params(step.params).integer("expected"));
  return unless(seen == expected, counted(expected, "request") + " to /flags",
                counted(seen, "request"));
}

Finding flags_request_field(World& world, const Step& step) {
  const Params params(step.params);
  const Requests requests = flags_requests(world, step);
  if (requests.empty()) return Failure{"a request to /flags", "none"};
  const json expected = json_of(params.node("expected"));
  const json value = member(requests.front()->body(), params.text("field"));
  return unless(value == expected, "\"" + params.text("field") + "\" to be " + expected.dump(),
                value.dump());
}

Finding flags_request_query_param(World& world, const Step& step) {
  const Params params(step.params);
  const Requests requests = flags_requests(world, step);
  if (requests.empty()) return Failure{"a request to /flags", "none"};
  const auto value =
      http::query_parameter(requests.front()->request.url.query, params.text("param"));
  return unless(value == params.text("expected"),
                params.text("param") + "=" + params.text("expected"), value.value_or("nothing"));
}

constexpr Action kRequestChecks[] = {
    {"assert_request_count", "exactly so many requests", kCount, request_count},
    {"assert_request_count_gte", "at least so many requests", kCount, request_count_gte},
    {"assert_request_path", "all capture requests went there", kPath, request_path},
    {"assert_no_requests_to_paths", "no request went there", kPaths, no_requests_to_paths},
    {"assert_request_has_header", "some request has the header", kHeaderValue, request_has_header},
    {"assert_header_value_matches", "of the first request", kHeaderPattern, header_value_matches,
     [](const Node& params, const Settings&) { return check_pattern(params); }},
    {"assert_header_is_uuid", "of the first request", kHeader, header_is_uuid},
    {"assert_header_is_rfc3339", "of the first request", kHeader, header_is_rfc3339},
    {"assert_header_is_integer", "of the first request", kHeaderInteger, header_is_integer},
    {"assert_header_absent", "no request has the header", kHeader, header_absent},
    {"assert_authorization_bearer_token", "of every capture request", kBearer,
     authorization_bearer_token},
    {"assert_flags_request_count", "exactly so many", kCount, flags_request_count},
    {"assert_flags_request_field", "of the first", kFlagsField, flags_request_field},
    {"assert_flags_request_query_param", "of the first", kFlagsParam, flags_request_query_param},
};

}  // namespace

std::span<const Action> request_checks() { return kRequestChecks; }

}  // namespace lockstep::scenario
