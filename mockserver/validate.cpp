#include "mockserver/validate.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "clock/timestamp.h"
#include "clock/uuid.h"

namespace lockstep::mock {

namespace {

using Json = nlohmann::json;

std::string event_name(std::size_t index) { return "event " + std::to_string(index); }

bool names_token(const Json& object) {
  return object.is_object() && (has_text(object, "api_key") || has_text(object, "token"));
}

// The token that an object names; empty when it names none.
std::string token_in(const Json& object) {
  for (const char* key : {"api_key", "token"}) {
    if (object.is_object() && has_text(object, key)) return object[key].get<std::string>();
  }
  return {};
}

// The browser's forms carry the token in each event, or in its properties.
std::string token_of_event(const Json& event) {
  std::string token = token_in(event);
  if (!token.empty() || !event.is_object() || !event.contains("properties")) return token;
  return token_in(event["properties"]);
}

// Which project a request is for. The token of an envelope counts; without one, those of the
// events, which must be one and the same.
void check_token(const ParsedRequest& request, Judgement& judgement) {
  const std::string envelope = token_in(request.json());
  std::set<std::string> tokens;
  for (std::size_t i = 0; i < request.event_count(); ++i) {
    std::string token = token_of_event(request.event_json(i));
    if (!token.empty()) {
      tokens.insert(std::move(token));
    } else if (envelope.empty()) {
      judgement.violations.push_back(event_name(i) + " names no token");
    }
  }
  if (envelope.empty() && tokens.empty()) {
    refuse(judgement, 401, "missing_api_key", "the body holds no api_key");
  } else if (envelope.empty() && tokens.size() > 1) {
    refuse(judgement, 401, "multiple_tokens", "the events name different tokens");
  } else if (!envelope.empty() &&
             (tokens.size() > 1 || (tokens.size() == 1 && *tokens.begin() != envelope))) {
    judgement.violations.push_back("an event names another token than the batch");
  }
}

void check_v0_event(const ParsedRequest& request, std::size_t index, const IngestLimits& limits,
                    Judgement& judgement) {
  const IncomingEvent& event = (*request.events)[index];
  const auto wrong = [&](const std::string& what) {
    refuse(judgement, 400, "invalid_event", event_name(index) + what);
  };
  if (!request.event_json(index).is_object()) return wrong(" is not an object");
  if (event.size > limits.event) {
    return refuse(judgement, 413, "event_too_big",
                  event_name(index) + " has " + std::to_string(event.size) + " bytes");
  }
  if (event.name.empty()) wrong(" has no event name");
  if (event.distinct_id.empty()) wrong(" has no distinct_id");
  if (!Uuid::parse(event.uuid)) wrong(" has no valid uuid: \"" + event.uuid + '"');
  if (!is_timestamp(event.timestamp)) {
    wrong(" has no RFC 3339 timestamp: \"" + event.timestamp + '"');
  } else if (!is_utc(event.timestamp)) {
    judgement.violations.push_back(event_name(index) + ": timestamp is not in UTC: \"" +
                                   event.timestamp + '"');
  }
}

void note_repeated_uuids(const ParsedRequest& request, Judgement& judgement) {
  std::set<std::string_view> seen;
  for (const IncomingEvent& event : *request.events) {
    if (!event.uuid.empty() && !seen.insert(event.uuid).second) {
      judgement.violations.push_back("uuid " + event.uuid + " occurs twice in the batch");
    }
  }
}

Judgement judge_v0(const ParsedRequest& request, const IngestLimits& limits) {
  Judgement judgement;
  if (request.request.method != "POST") return judgement;
  const std::size_t limit =
      request.route == Route::event ? limits.v0_event_body : limits.v0_batch_body;
  if (request.request.body.size() > limit) {
    refuse(judgement, 413, "payload_too_large",
           "the body exceeds " + std::to_string(limit) + " bytes");
    return judgement;
  }
  if (!check_body(request, judgement)) return judgement;
  if (!request.events) {
    refuse(judgement, 400, "request_parsing_error", "the body holds no events");
    return judgement;
  }
  check_token(request, judgement);
  if (request.events->empty()) refuse(judgement, 400, "empty_batch", "the batch is empty");
  for (std::size_t i = 0; i < request.events->size(); ++i)
    check_v0_event(request, i, limits, judgement);
  note_repeated_uuids(request, judgement);
  return judgement;
}

Judgement judge_flags(const ParsedRequest& request) {
  Judgement judgement;
  if (!check_body(request, judgement)) return judgement;
  if (!names_token(request.json())) {
    refuse(judgement, 401, "missing_api_key", "the body holds neither token nor api_key");
  } else if (!has_text(request.json(), "distinct_id")) {
    refuse(judgement, 400, "missing_distinct_id", "the body holds no distinct_id");
  }
  if (http::query_parameter(request.request.url.query, "v") != "2") {
    judgement.violations.push_back("/flags is asked without v=2");
  }
  return judgement;
}

}  // namespace

bool has_text(const Json& object, const char* key) {
  const auto member = object.find(key);
  return member != object.end() && member->is_string() &&
         !member->get_ref<const std::string&>().empty();
}

bool is_timestamp(std::string_view text) {
  constexpr std::size_t kPlaceOfT = 10;
  return text.size() > kPlaceOfT && text[kPlaceOfT] == 'T' && parse_rfc3339(text).has_value();
}

bool is_utc(std::string_view timestamp) {
  return timestamp.ends_with('Z') || timestamp.ends_with("+00:00");
}

void refuse(Judgement& judgement, int status, std::string tag, std::string description) {
  judgement.violations.push_back(std::to_string(status) + ' ' + tag + ": " + description);
  if (!judgement.refusal) {
    judgement.refusal = Refusal{status, std::move(tag), std::move(description)};
  }
}

bool check_body(const ParsedRequest& request, Judgement& judgement) {
  if (!request.decode_note.empty()) judgement.violations.push_back(request.decode_note);
  if (request.decoded_too_large) {
    refuse(judgement, 413, "payload_too_large", *request.decode_error);
  } else if (request.unsupported_encoding) {
    refuse(judgement, 415, "unsupported_content_encoding", *request.decode_error);
  } else if (request.decode_error) {
    refuse(judgement, 400, "request_parsing_error", *request.decode_error);
  } else if (!request.is_json) {
    refuse(judgement, 400, "request_parsing_error", request.json_error);
  } else if (!request.duplicate_keys().empty()) {
    refuse(judgement, 400, "request_parsing_error",
           "duplicate key " + request.duplicate_keys().front());
  }
  return !judgement.refusal;
}

Judgement judge(const ParsedRequest& request, const IngestLimits& limits) {
  switch (request.route) {
    case Route::none:
    case Route::flag_backend:
      return {};
    case Route::flags:
      return judge_flags(request);
    case Route::v1:
      return judge_v1(request, limits);
    case Route::segment:
      return judge_segment(request, limits);
    case Route::confidence:
      return judge_confidence(request, limits);
    case Route::batch:
    case Route::event:
    case Route::ai:
      return judge_v0(request, limits);
  }
  return {};
}

}  // namespace lockstep::mock
