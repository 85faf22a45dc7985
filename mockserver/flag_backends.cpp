#include "mockserver/flag_backends.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace lockstep::mock {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kOfrep = "/ofrep/v1/evaluate/flags";
constexpr std::string_view kLaunchDarkly = "/sdk/evalx/context";

const Json& body_of(const ParsedRequest& request) {
  static const Json kNone = Json::object();
  return request.is_json && request.json().is_object() ? request.json() : kNone;
}

// The text at a path of members; empty where there is none.
std::string text_at(const Json& document, std::initializer_list<const char*> path) {
  const Json* at = &document;
  for (const char* name : path) {
    if (!at->is_object() || !at->contains(name)) return "";
    at = &(*at)[name];
  }
  return at->is_string() ? at->get<std::string>() : "";
}

// Whether the answer, whatever its status, tells of the script's flags.
void mark(Step& step, const FlagBook& flags) {
  step.headers.set(std::string(kFlagsVersionHeader), flags.etag());
}

std::string written(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void say(Step& step, int status, const Json& body) {
  step.status = status;
  step.body = written(body);
}

// Whether the client has this version already; otherwise tells it which one it gets.
bool is_current(const ParsedRequest& request, const FlagBook& flags, Step& step) {
  const auto known = request.request.headers.get("If-None-Match");
  step.headers.set("ETag", flags.etag());
  if (known != flags.etag()) return false;
  step.status = 304;
  return true;
}

bool refuses(const ParsedRequest& request, const char* header, Step& step) {
  if (!request.request.headers.get(header).value_or("").empty()) return false;
  say(step, 401, {{"error", std::string(header) + " is missing"}});
  return true;
}

// --- OFREP ---------------------------------------------------------------------------------------

FlagQuestion ofrep_question(const ParsedRequest& request) {
  const Json context = body_of(request).value("context", Json());
  FlagQuestion question{text_at(context, {"targetingKey"}), written(context), {}};
  if (request.path != kOfrep) {
    question.keys.push_back(
        http::percent_decoded(std::string_view(request.path).substr(kOfrep.size() + 1)));
  }
  return question;
}

Json ofrep_flag(const std::string& key, const Json& flag) {
  if (flag.contains("error")) return {{"key", key}, {"errorCode", flag["error"]}};
  Json answer{{"key", key}, {"reason", flag.value("reason", "TARGETING_MATCH")}};
  for (const char* name : {"value", "variant", "metadata"}) {
    if (flag.contains(name)) answer[name] = flag[name];
  }
  return answer;
}

void ofrep(const ParsedRequest& request, const FlagBook& flags, Step& step) {
  const auto [subject, context, keys] = ofrep_question(request);
  if (subject.empty()) {
    return say(step, 400,
               {{"errorCode", "TARGETING_KEY_MISSING"},
                {"errorDetails", "context.targetingKey is missing"}});
  }
  mark(step, flags);
  if (keys.empty()) {
    if (is_current(request, flags, step)) return;
    Json all = Json::array();
    for (const std::string& one : flags.keys()) {
      all.push_back(ofrep_flag(one, flags.find(one, subject)));
    }
    return say(step, 200, {{"flags", all}});
  }
  const std::string& key = keys.front();
  const Json flag = flags.find(key, subject);
  if (flag.is_null()) {
    return say(step, 404, {{"key", key}, {"errorCode", "FLAG_NOT_FOUND"}});
  }
  say(step, flag.contains("error") ? 400 : 200, ofrep_flag(key, flag));
}

// --- Unleash -------------------------------------------------------------------------------------

Json unleash_variant(const Json& flag) {
  if (!flag.contains("variant")) return {{"name", "disabled"}, {"enabled", false}};
  Json variant{{"name", flag["variant"]}, {"enabled", true}};
  const Json payload = flag.value("payload", flag.value("value", Json()));
  if (payload.is_null() || payload.is_boolean()) return variant;
  const char* type = payload.is_string() ? "string" : (payload.is_number() ? "number" : "json");
  variant["payload"] = {{"type", type},
                        {"value", payload.is_string() ? payload : Json(payload.dump())}};
  return variant;
}

FlagQuestion unleash_question(const ParsedRequest& request) {
  const std::string& query = request.request.url.query;
  const Json context = body_of(request).value("context", Json());
  std::string subject = text_at(context, {"userId"});
  if (subject.empty()) subject = http::query_parameter(query, "userId").value_or("");
  return {std::move(subject), query + written(context), {}};
}

void unleash(const ParsedRequest& request, const FlagBook& flags, Step& step) {
  if (refuses(request, "Authorization", step)) return;
  mark(step, flags);
  if (is_current(request, flags, step)) return;
  const std::string subject = unleash_question(request).subject;
  Json toggles = Json::array();
  for (const std::string& key : flags.keys()) {
    const Json flag = flags.find(key, subject);
    if (flag["enabled"] != true) continue;
    toggles.push_back({{"name", key},
                       {"enabled", true},
                       {"variant", unleash_variant(flag)},
                       {"impressionData", false}});
  }
  say(step, 200, {{"toggles", toggles}});
}

// --- LaunchDarkly --------------------------------------------------------------------------------

std::string base64url_decoded(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string bytes;
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos) break;  // the padding
    group = group << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(group >> bits & 255);
  }
  return bytes;
}

FlagQuestion launchdarkly_question(const ParsedRequest& request) {
  Json context = body_of(request);
  if (request.path.starts_with("/sdk/evalx/contexts/")) {
    const auto encoded = std::string_view(request.path).substr(request.path.rfind('/') + 1);
    context = Json::parse(base64url_decoded(encoded), nullptr, false);
  }
  return {text_at(context, {"key"}), written(context), {}};
}

void launchdarkly(const ParsedRequest& request, const FlagBook& flags, Step& step) {
  if (refuses(request, "Authorization", step)) return;
  const std::string subject = launchdarkly_question(request).subject;
  if (subject.empty()) return say(step, 400, {{"message", "the context has no key"}});
  mark(step, flags);
  if (is_current(request, flags, step)) return;
  const bool tells_reasons =
      http::query_parameter(request.request.url.query, "withReasons") == "true";
  Json all = Json::object();
  for (const std::string& key : flags.keys()) {
    const Json flag = flags.find(key, subject);
    all[key] = {{"value", flag.value("value", Json())},
                {"variation", flag.value("variant", Json())},
                {"version", 1}};
    if (tells_reasons) all[key]["reason"] = {{"kind", flag.value("reason", "RULE_MATCH")}};
  }
  say(step, 200, all);
}

// --- Statsig -------------------------------------------------------------------------------------

constexpr std::string_view kCheckGate = "/v1/check_gate";

FlagQuestion statsig_question(const ParsedRequest& request) {
  const Json& body = body_of(request);
  return {text_at(body, {"user", "userID"}),
          written(body.value("user", Json())),
          {text_at(body, {request.path == kCheckGate ? "gateName" : "configName"})}};
}

void statsig(const ParsedRequest& request, const FlagBook& flags, Step& step) {
  if (refuses(request, "statsig-api-key", step)) return;
  if (request.path == "/v1/log_event") return say(step, 200, {{"success", true}});
  const bool gate = request.path == kCheckGate;
  const FlagQuestion question = statsig_question(request);
  const std::string& key = question.keys.front();
  if (key.empty()) return say(step, 400, {{"message", "no name"}});
  mark(step, flags);
  const Json flag = flags.find(key, question.subject);
  Json answer{{"name", key}, {"rule_id", ""}, {"group_name", nullptr}};
  if (!flag.is_null()) {
    answer["rule_id"] = flag.value("reason", "rule-1");
    answer["group_name"] = flag.value("variant", Json());
  }
  const Json value = flag.is_null() ? Json() : flag.value("value", Json());
  if (gate) {
    answer["value"] = value == Json(true);
  } else if (value.is_object() || value.is_null()) {
    answer["value"] = value.is_null() ? Json::object() : value;
  } else {
    answer["value"] = {{"value", value}};
  }
  say(step, 200, answer);
}

// --- PostHog -------------------------------------------------------------------------------------

Json posthog_flag(const std::string& key, const Json& flag) {
  const bool enabled = flag["enabled"] == true;
  const Json value = flag.value("value", Json());
  Json answer{{"key", key},
              {"enabled", enabled},
              {"variant", flag.value("variant", value.is_string() ? value : Json())},
              {"reason", {{"code", enabled ? "condition_match" : "no_condition_match"}}},
              {"metadata", {{"id", 1}, {"version", 1}, {"payload", nullptr}}}};
  if (flag.contains("payload")) answer["metadata"]["payload"] = flag["payload"].dump();
  if (flag.contains("reason")) answer["reason"]["code"] = flag["reason"];
  if (flag.contains("failed")) answer["failed"] = flag["failed"];
  return answer;
}

FlagQuestion posthog_question(const ParsedRequest& request) {
  const Json& body = body_of(request);
  FlagQuestion question{
      text_at(body, {"distinct_id"}), written(body.value("person_properties", Json())), {}};
  const Json keys = body.value("flag_keys_to_evaluate", Json());
  for (const Json& key : keys) {
    if (key.is_string()) question.keys.push_back(key);
  }
  return question;
}

void posthog(const ParsedRequest& request, const FlagBook& flags, Step& step) {
  if (flags.empty()) return;
  mark(step, flags);
  const std::string subject = posthog_question(request).subject;
  const Json wanted = body_of(request).value("flag_keys_to_evaluate", Json());
  Json all = Json::object();
  bool failed = false;
  for (const std::string& key : flags.keys()) {
    const bool asked =
        !wanted.is_array() || std::find(wanted.begin(), wanted.end(), Json(key)) != wanted.end();
    if (!asked) continue;
    all[key] = posthog_flag(key, flags.find(key, subject));
    failed = failed || all[key].value("failed", false);
  }
  say(step, 200, {{"flags", all}, {"errorsWhileComputingFlags", failed}});
}

bool is_get(std::string_view method) { return method == "GET" || method == "HEAD"; }

RouteMatch found_or(bool fits, const char* allowed) {
  if (fits) return {RouteMatch::Kind::found, Route::flag_backend, {}};
  return {RouteMatch::Kind::wrong_method, Route::none, allowed};
}

}  // namespace

RouteMatch find_flag_route(std::string_view method, std::string_view path) {
  const std::string_view bare = without_trailing_slash(path);
  const bool post = method == "POST";
  if (bare == kOfrep || bare.starts_with(std::string(kOfrep) + "/")) return found_or(post, "POST");
  if (bare == "/api/frontend") return found_or(post || is_get(method), "GET, HEAD, POST");
  if (bare == kLaunchDarkly) return found_or(method == "REPORT", "REPORT");
  if (bare.starts_with("/sdk/evalx/contexts/")) return found_or(is_get(method), "GET, HEAD");
  if (bare == "/v1/check_gate" || bare == "/v1/get_config" || bare == "/v1/log_event") {
    return found_or(post, "POST");
  }
  return {};
}

FlagQuestion flag_question(const ParsedRequest& request) {
  if (request.route == Route::flags) return posthog_question(request);
  if (request.path.starts_with(kOfrep)) return ofrep_question(request);
  if (request.path == "/api/frontend") return unleash_question(request);
  if (request.path.starts_with("/sdk/evalx/")) return launchdarkly_question(request);
  return statsig_question(request);
}

void answer_flags(const ParsedRequest& request, const FlagBook& flags, Step& step) {
  if (step.status != 200 || step.body) return;
  if (request.route == Route::flags) return posthog(request, flags, step);
  if (request.route != Route::flag_backend) return;
  if (request.path.starts_with(kOfrep)) return ofrep(request, flags, step);
  if (request.path == "/api/frontend") return unleash(request, flags, step);
  if (request.path.starts_with(kLaunchDarkly)) return launchdarkly(request, flags, step);
  statsig(request, flags, step);
}

}  // namespace lockstep::mock
