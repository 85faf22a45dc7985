// Capture v1: the request's headers, then the batch, then each event. The first of the first two
// kinds refuses the request whole; an event that is wrong is dropped alone.

#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>

#include "clock/timestamp.h"
#include "clock/uuid.h"
#include "mockserver/validate.h"

namespace lockstep::mock {

namespace {

using Json = nlohmann::json;

constexpr const char* kRequiredHeaders[] = {
    "Authorization",   "Content-Type",       "PostHog-Sdk-Info",
    "PostHog-Attempt", "PostHog-Request-Id", "PostHog-Request-Timestamp",
    "User-Agent",
};

bool is_attempt(std::string_view text) {
  unsigned attempt = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), attempt);
  return error == std::errc{} && stop == text.data() + text.size() && attempt >= 1;
}

bool is_json(std::string_view content_type) {
  const auto type = content_type.substr(0, content_type.find_first_of("; "));
  return http::equals_ignoring_case(type, "application/json");
}

bool is_bearer(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  return authorization.size() > kScheme.size() && authorization.starts_with(kScheme);
}

// "name/version"
bool is_sdk_info(std::string_view text) {
  const auto slash = text.find('/');
  return slash != std::string_view::npos && slash > 0 && slash + 1 < text.size();
}

void check_headers(const http::Headers& headers, Judgement& judgement) {
  const auto value = [&](const char* name) { return headers.get(name).value_or(""); };
  for (const char* name : kRequiredHeaders) {
    if (value(name).empty()) {
      refuse(judgement, 400, "missing_required_headers", std::string(name) + " is missing");
    } else if (headers.all(name).size() > 1) {
      judgement.violations.push_back(std::string(name) + " occurs twice");
    }
  }
  if (judgement.refusal) return;
  const auto wrong = [&](const char* name) {
    refuse(judgement, 400, "invalid_header_value",
           std::string(name) + " is \"" + std::string(value(name)) + '"');
  };
  // The value is a credential, so it is not quoted.
  if (!is_bearer(value("Authorization"))) {
    refuse(judgement, 401, "missing_authorization", "Authorization is no bearer token");
  }
  if (!is_json(value("Content-Type"))) {
    refuse(judgement, 415, "unsupported_content_type",
           "Content-Type is \"" + std::string(value("Content-Type")) + '"');
  }
  if (!is_sdk_info(value("PostHog-Sdk-Info"))) wrong("PostHog-Sdk-Info");
  if (!is_attempt(value("PostHog-Attempt"))) wrong("PostHog-Attempt");
  if (!Uuid::parse(value("PostHog-Request-Id"))) wrong("PostHog-Request-Id");
  if (!is_timestamp(value("PostHog-Request-Timestamp"))) wrong("PostHog-Request-Timestamp");
}

void check_sizes(const ParsedRequest& request, const IngestLimits& limits, Judgement& judgement) {
  const bool encoded = request.request.headers.has("Content-Encoding");
  if (encoded && request.request.body.size() > limits.v1_compressed) {
    refuse(judgement, 413, "payload_too_large",
           "the compressed body exceeds " + std::to_string(limits.v1_compressed) + " bytes");
  } else if (request.body.size() > limits.v1_decompressed) {
    refuse(judgement, 413, "payload_too_large",
           "the body exceeds " + std::to_string(limits.v1_decompressed) + " bytes");
  }
}

void check_batch(const ParsedRequest& request, Judgement& judgement) {
  const Json& body = request.json();
  if (!body.is_object() || !body.contains("batch") || !body["batch"].is_array()) {
    return refuse(judgement, 400, "request_parsing_error", "the body has no list \"batch\"");
  }
  for (const char* key : {"api_key", "token", "sent_at"}) {
    if (body.contains(key)) {
      judgement.violations.push_back("the body has \"" + std::string(key) + "\", which is v0's");
    }
  }
  const auto created_at = body.find("created_at");
  if (created_at == body.end() || !created_at->is_string() ||
      !is_timestamp(created_at->get_ref<const std::string&>())) {
    refuse(judgement, 400, "invalid_batch", "created_at is no RFC 3339 time");
  }
  const auto migration = body.find("historical_migration");
  if (migration != body.end() && !migration->is_boolean()) {
    refuse(judgement, 400, "request_parsing_error", "historical_migration is no boolean");
  }
  if (body["batch"].empty()) refuse(judgement, 400, "empty_batch", "the batch is empty");
}

// What refuses the whole batch though it is in one event.
void check_identity(const ParsedRequest& request, std::size_t index,
                    std::set<std::string_view>& seen, Judgement& judgement) {
  const Json& json = request.event_json(index);
  const std::string name = "event " + std::to_string(index);
  const auto refuse_parsing = [&](const char* what) {
    refuse(judgement, 400, "request_parsing_error", name + what);
  };
  if (!json.is_object()) return refuse_parsing(" is not an object");
  if (!json.contains("uuid") || !json["uuid"].is_string()) return refuse_parsing(" has no uuid");
  if (!json.contains("timestamp")) return refuse_parsing(" has no timestamp");
  const std::string& uuid = (*request.events)[index].uuid;
  if (uuid.empty()) {
    refuse(judgement, 400, "missing_event_uuid", name + " has an empty uuid");
  } else if (!Uuid::parse(uuid)) {
    refuse(judgement, 400, "invalid_event_uuid", name + " has the uuid \"" + uuid + '"');
  } else if (!seen.insert(uuid).second) {
    refuse(judgement, 400, "duplicate_event_uuid", name + " repeats the uuid " + uuid);
  }
}

// A boolean option is read as leniently as the service does: "true", 1.
bool is_coercible(const Json& value) {
  if (value.is_boolean() || value.is_null()) return true;
  if (value.is_number_integer()) return value.get<std::uint64_t>() <= 1;
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text == "true" || text == "false" || text == "1" || text == "0";
}

bool has_valid_options(const Json& event) {
  const auto options = event.find("options");
  if (options == event.end() || options->is_null()) return true;
  if (!options->is_object()) return false;
  for (const char* key : {"cookieless_mode", "disable_skew_correction", "process_person_profile"}) {
    if (options->contains(key) && !is_coercible((*options)[key])) return false;
  }
  const auto tour = options->find("product_tour_id");
  return tour == options->end() || tour->is_null() || tour->is_string();
}

// The tag with which the event is dropped; empty when it is fine. `distinct_id` counts only at the
// event's root: v1 has no other place for it.
std::string drop_tag(const IncomingEvent& event, const Json& json, const IngestLimits& limits) {
  const auto distinct_id = json.find("distinct_id");
  if (event.name.empty()) return "missing_event_name";
  if (event.name.size() > limits.event_name) return "event_name_too_long";
  if (distinct_id == json.end() || !distinct_id->is_string() ||
      distinct_id->get_ref<const std::string&>().empty()) {
    return "missing_distinct_id";
  }
  if (event.distinct_id.size() > limits.distinct_id) return "distinct_id_too_large";
  if (!is_timestamp(event.timestamp)) return "invalid_event_timestamp";
  const auto properties = json.find("properties");
  if (properties != json.end() && !properties->is_object()) return "malformed_event_properties";
  if (!has_valid_options(json)) return "invalid_options";
  if (event.size > limits.event) return "event_too_big";
  return {};
}

void check_event(const ParsedRequest& request, std::size_t index, const IngestLimits& limits,
                 Judgement& judgement) {
  const IncomingEvent& event = (*request.events)[index];
  const Json& json = request.event_json(index);
  const std::string name = "event " + std::to_string(index);
  std::string tag = drop_tag(event, json, limits);
  if (!tag.empty()) {
    judgement.violations.push_back(name + " is dropped: " + tag);
    judgement.drops.emplace(index, std::move(tag));
  } else if (!is_utc(event.timestamp)) {
    judgement.violations.push_back(name + ": timestamp is not in UTC: \"" + event.timestamp + '"');
  }
  const auto properties = json.find("properties");
  if (properties != json.end() && properties->is_object() && properties->contains("distinct_id")) {
    judgement.violations.push_back(name + " has distinct_id in its properties");
  }
}

}  // namespace

Judgement judge_v1(const ParsedRequest& request, const IngestLimits& limits) {
  Judgement judgement;
  check_headers(request.request.headers, judgement);
  check_sizes(request, limits, judgement);
  if (!check_body(request, judgement)) return judgement;
  check_batch(request, judgement);
  if (judgement.refusal) return judgement;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < request.events->size(); ++i) {
    check_identity(request, i, seen, judgement);
  }
  if (judgement.refusal) return judgement;
  for (std::size_t i = 0; i < request.events->size(); ++i) {
    check_event(request, i, limits, judgement);
  }
  return judgement;
}

}  // namespace lockstep::mock
