// Checks of requests: how many, to where, their headers, their bodies. But for counts and paths,
// most look at the first request only.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>

#include "scenarios/contract/look.h"
#include "scenarios/contract/python_values.h"

namespace lockstep::contract {

using nlohmann::json;

namespace {

constexpr Field kPath[] = {{"expected", Type::text, true, "a path"}};
constexpr Field kPaths[] = {{"paths", Type::texts, true, "a list of paths"}};
constexpr Field kHeader[] = {{"header", Type::text, true, "a header's name"}};
constexpr Field kHeaderValue[] = {
    {"header", Type::text, true, "a header's name"},
    {"expected", Type::text, false, "its value; default: any"},
};
constexpr Field kHeaderPattern[] = {
    {"header", Type::text, true, "a header's name"},
    {"pattern", Type::text, true, "a regular expression"},
    {"optional", Type::boolean, false, "whether the header may be absent; default: false"},
};
constexpr Field kHeaderInteger[] = {
    {"header", Type::text, true, "a header's name"},
    {"expected", Type::signed_integer, false, "its value; default: any"},
};
constexpr Field kBearer[] = {{"expected", Type::text, false, "the token; default: any"}};
constexpr Field kBatchFormat[] = {
    {"has_api_key_field", Type::boolean},
    {"has_batch_array", Type::boolean},
};
constexpr Field kBodyField[] = {
    {"field", Type::text, true, "a member's name"},
    {"expected", Type::any, false, "its value; default: any"},
    {"request_index", Type::signed_integer, false, "from the end if negative; default: 0"},
};
constexpr Field kFields[] = {{"fields", Type::texts, true, "a list of members' names"}};
constexpr Field kCreatedAt[] = {{"max_age_seconds", Type::integer, false, "default: 5"}};

// --- counts and paths ---------------------------------------------------------------------------

Finding request_count(Context& context, const Step& step) {
  return expect_equal("the number of requests", Params(step.params).integer("expected"),
                      context.requests().size());
}

Finding request_count_gte(Context& context, const Step& step) {
  const auto least = Params(step.params).integer("expected");
  const auto count = context.requests().size();
  return unless(std::cmp_greater_equal(count, least),
                "at least " + std::to_string(least) + " requests", counted(count, "request"));
}

std::string_view without_slashes(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::string target_of(const Recorded& request) {
  return request.entry.method + " " + request.entry.path;
}

Finding request_path(Context& context, const Step& step) {
  const std::string& path = Params(step.params).text("expected");
  const std::string expected = "requests to " + path + " only";
  if (const auto first = first_request(context, expected); !first) return first.failure();
  for (const Recorded& request : context.requests()) {
    if (without_slashes(request.entry.path) != without_slashes(path)) {
      return Failure{expected, target_of(request)};
    }
  }
  return std::nullopt;
}

Finding no_requests_to_paths(Context& context, const Step& step) {
  for (const Recorded& request : context.requests()) {
    for (const std::string& path : Params(step.params).texts("paths")) {
      if (without_slashes(request.entry.path) == without_slashes(path)) {
        return Failure{"no request to " + path, target_of(request)};
      }
    }
  }
  return std::nullopt;
}

// --- headers ------------------------------------------------------------------------------------

Finding request_has_header(Context& context, const Step& step) {
  const Params params(step.params);
  const std::string& name = params.text("header");
  const std::string value = params.has("expected") ? ": " + params.text("expected") : "";
  const std::string expected = "a request with the header " + name + value;
  const auto first = first_request(context, expected);
  if (!first) return first.failure();
  for (const Recorded& request : context.requests()) {
    const auto seen = header_of(request.entry.headers, name);
    if (seen && (!params.has("expected") || *seen == params.text("expected"))) return std::nullopt;
  }
  return Failure{expected, "in the first, " + header_text(first->entry.headers, name)};
}

// Whether the header of the first request, which must have it, passes `check`.
template <typename Check>
Finding first_header(Context& context, const Step& step, std::string_view kind, Check check) {
  const std::string& name = Params(step.params).text("header");
  const std::string expected = std::string(kind) + " in the header " + name;
  const auto request = first_request(context, expected);
  if (!request) return request.failure();
  const auto value = header_of(request->entry.headers, name);
  return unless(value && check(*value), expected, header_text(request->entry.headers, name));
}

// std::regex recurses for each character it matches.
constexpr std::size_t kLongestMatched = 4096;

Finding header_value_matches(Context& context, const Step& step) {
  const Params params(step.params);
  const std::regex pattern(params.text("pattern"));
  const std::string expected =
      "the header " + params.text("header") + " to match " + params.text("pattern");
  const auto request = first_request(context, expected);
  if (!request) return request.failure();
  const auto value = header_of(request->entry.headers, params.text("header"));
  if (!value && params.boolean("optional", false)) return std::nullopt;
  if (value && value->size() > kLongestMatched) {
    return Failure{expected, "a value of " + std::to_string(value->size()) +
                                 " bytes, and more than " + std::to_string(kLongestMatched) +
                                 " are not matched"};
  }
  // Python's re.match(): from the beginning, not necessarily to the end.
  const bool matches =
      value && std::regex_search(*value, pattern, std::regex_constants::match_continuous);
  return unless(matches, expected, header_text(request->entry.headers, params.text("header")));
}

Finding header_is_uuid(Context& context, const Step& step) {
  return first_header(context, step, "a UUID", is_uuid);
}

Finding header_is_rfc3339(Context& context, const Step& step) {
  return first_header(context, step, "an RFC 3339 time in UTC", is_rfc3339_utc);
}

Finding header_is_integer(Context& context, const Step& step) {
  const Params params(step.params);
  const std::string exact =
      params.has("expected") ? std::to_string(params.integer("expected")) : "";
  return first_header(context, step, "the whole number" + (exact.empty() ? "" : " " + exact),
                      [&](const std::string& value) {
                        const auto number = whole_number(value);
                        return number && (exact.empty() || *number == exact);
                      });
}

Finding header_absent(Context& context, const Step& step) {
  const std::string& name = Params(step.params).text("header");
  const auto request = first_request(context, "a request without the header " + name);
  if (!request) return request.failure();
  return unless(!request->entry.headers.has(name), "no header " + name,
                header_text(request->entry.headers, name));
}

// The token behind "Bearer "; nothing where there is none.
std::optional<std::string> bearer_token(const std::string& authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (!http::equals_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  const auto begin = authorization.find_first_not_of(" \t", kScheme.size());
  if (begin == std::string::npos) return std::nullopt;
  return authorization.substr(begin, authorization.find_last_not_of(" \t") + 1 - begin);
}

Finding authorization_bearer_token(Context& context, const Step& step) {
  const Params params(step.params);
  const std::string expected = params.has("expected") ? "Authorization: Bearer with the token"
                                                      : "Authorization: Bearer with any token";
  const auto request = first_request(context, expected);
  if (!request) return request.failure();
  const auto value = header_of(request->entry.headers, "Authorization");
  if (!value) return Failure{expected, "no Authorization header"};
  const auto token = bearer_token(*value);
  if (!token) return Failure{expected, "another scheme, or no token"};
  return unless(*token == params.text("expected", *token), expected, "another token");
}

// --- bodies -------------------------------------------------------------------------------------

Finding batch_format(Context& context, const Step& step) {
  const Params params(step.params);
  const auto request = first_request(context, "a batch");
  if (!request) return request.failure();
  const auto body = body_of(*request, "a batch");
  if (!body) return body.failure();
  if (params.boolean("has_api_key_field", false) && contains(*body, "api_key") != true) {
    return Failure{"\"api_key\" in the body", "none in " + shown(*body)};
  }
  const bool has_batch = body->is_object() && member(*body, "batch").is_array();
  return unless(has_batch || !params.boolean("has_batch_array", false),
                "an array \"batch\" in the body", "none in " + shown(*body));
}

Finding body_field(Context& context, const Step& step) {
  const Params params(step.params);
  const std::string& field = params.text("field");
  const std::string expected = in_quotes(field) + " in the body";
  const auto request = request_at(context, params.integer("request_index", 0), expected);
  if (!request) return request.failure();
  const auto body = body_of(*request, expected);
  if (!body) return body.failure();
  if (contains(*body, field) != true) return Failure{expected, "none in " + shown(*body)};
  if (!params.has("expected")) return std::nullopt;
  if (!body->is_object()) return Failure{"an object as body", shown(*body)};
  return expect_equal(expected, json_of(params.node("expected")), member(*body, field));
}

// A body that cannot be read has no fields, unless it is us who did not keep it.
Finding body_field_absent(Context& context, const Step& step) {
  const auto request = first_request(context, "a body without certain fields");
  if (!request) return request.failure();
  if (request->entry.body_cut) return body_of(*request, "a body to look into").failure();
  if (request->body == nullptr) return std::nullopt;
  for (const std::string& field : Params(step.params).texts("fields")) {
    if (contains(*request->body, field) != false) {
      return Failure{"no " + in_quotes(field) + " in the body", shown(*request->body)};
    }
  }
  return std::nullopt;
}

Finding compressed_body_decompressible(Context& context, const Step&) {
  const std::string expected = "a compressed body with events";
  const auto request = first_request(context, expected);
  if (!request) return request.failure();
  if (header_of(request->entry.headers, "Content-Encoding").value_or("").empty()) {
    return Failure{expected, "no Content-Encoding header"};
  }
  return events_of(*request, expected).failure();
}

Finding v1_body_format(Context& context, const Step&) {
  const std::string expected = "a capture v1 body";
  const auto request = first_request(context, expected);
  if (!request) return request.failure();
  const auto body = body_of(*request, expected);
  if (!body) return body.failure();
  if (!body->is_object()) return Failure{expected, shown(*body)};
  const json& created_at = member(*body, "created_at");
  if (!created_at.is_string() || !is_rfc3339_utc(created_at.get_ref<const std::string&>())) {
    return Failure{"an RFC 3339 time in UTC in \"created_at\"", shown(created_at)};
  }
  const json& batch = member(*body, "batch");
  return unless(batch.is_array() && !batch.empty(), "events in \"batch\"", shown(batch));
}

Finding v1_created_at_recent(Context& context, const Step& step) {
  const std::string expected = "\"created_at\" in a capture v1 body";
  const auto request = first_request(context, expected);
  if (!request) return request.failure();
  const auto body = body_of(*request, expected);
  if (!body) return body.failure();
  if (!body->is_object()) return Failure{expected, shown(*body)};
  const json& created_at = member(*body, "created_at");
  if (!created_at.is_string() || !is_rfc3339_utc(created_at.get_ref<const std::string&>())) {
    return Failure{"an RFC 3339 time in UTC in \"created_at\"", shown(created_at)};
  }
  constexpr std::int64_t kSecond = 1'000'000;
  const auto now =
      std::chrono::floor<std::chrono::microseconds>(context.stage().now().wall.time_since_epoch());
  const auto age =
      std::abs(now.count() - microseconds_of(created_at.get_ref<const std::string&>()));
  const auto limit = Params(step.params).integer("max_age_seconds", 5);
  const bool recent = age / kSecond < limit || (age / kSecond == limit && age % kSecond == 0);
  return unless(recent, "\"created_at\" within " + std::to_string(limit) + "s of now",
                created_at.get<std::string>() + ", " + std::to_string(age / 1000) + "ms from now");
}

// In an event, or at the root of the body.
Finding token_present(Context& context, const Step& step) {
  const json token = Params(step.params).text("expected");
  const std::string expected = "the token in an event or in the body";
  const auto request = first_request(context, expected);
  if (!request) return request.failure();
  bool found = false;
  Finding odd = each_event(*request, [&](std::size_t, const json& event) -> Finding {
    found = found || member(event, "token") == token;
    return std::nullopt;
  });
  if (found) return std::nullopt;
  if (odd) return odd;
  const auto body = body_of(*request, expected);
  if (!body) return body.failure();
  found =
      body->is_object() && (member(*body, "api_key") == token || member(*body, "token") == token);
  return unless(found, expected, "another, or none");
}

constexpr Action kRequestChecks[] = {
    {"assert_request_count", Kind::negative, "exactly so many requests, of any kind", kCount,
     request_count},
    {"assert_request_count_gte", Kind::check, "at least so many requests, of any kind", kCount,
     request_count_gte},
    {"assert_request_path", Kind::negative, "all requests went there; slashes at the end aside",
     kPath, request_path},
    {"assert_no_requests_to_paths", Kind::negative, "no request went there", kPaths,
     no_requests_to_paths},
    {"assert_request_has_header", Kind::check, "some request has the header", kHeaderValue,
     request_has_header},
    {"assert_header_value_matches", Kind::check,
     "the first request's header matches from its beginning", kHeaderPattern, header_value_matches,
     scenario::check_pattern},
    {"assert_header_is_uuid", Kind::check, "of the first request", kHeader, header_is_uuid},
    {"assert_header_is_rfc3339", Kind::check, "of the first request", kHeader, header_is_rfc3339},
    {"assert_header_is_integer", Kind::check, "of the first request", kHeaderInteger,
     header_is_integer},
    {"assert_header_absent", Kind::negative, "from the first request", kHeader, header_absent},
    {"assert_authorization_bearer_token", Kind::check, "of the first request", kBearer,
     authorization_bearer_token},
    {"assert_batch_format", Kind::check, "of the first request", kBatchFormat, batch_format},
    {"assert_body_field", Kind::check, "of one request", kBodyField, body_field},
    {"assert_body_field_absent", Kind::negative,
     "from the first request; a body that cannot be read passes", kFields, body_field_absent},
    {"assert_compressed_body_decompressible",
     Kind::check,
     "the mock could decode the first request's events",
     {},
     compressed_body_decompressible},
    {"assert_v1_body_format",
     Kind::check,
     "the first request has created_at and a batch",
     {},
     v1_body_format},
    {"assert_v1_created_at_recent", Kind::check, "of the first request", kCreatedAt,
     v1_created_at_recent},
    {"assert_token_present", Kind::check, "in the first request, in an event or in the body",
     kToken, token_present},
};

}  // namespace

std::span<const Action> request_checks() { return kRequestChecks; }

}  // namespace lockstep::contract
