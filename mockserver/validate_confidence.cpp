// Confidence: the JSON of confidence.events.v1.PublishEventsRequest, held to its required fields
// and to the rules of proto3 JSON, which refuses members that it does not know. It is all or
// nothing: errors of single events are about what the backend knows of their schemas, so a script
// says them.

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "mockserver/validate.h"

namespace lockstep::mock {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kDefinitions = "eventDefinitions/";

std::string text_of(const Json& object, const char* key) {
  const auto member = object.find(key);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

void refuse_field(Judgement& judgement, const std::string& field, const std::string& problem) {
  refuse(judgement, 400, "INVALID_ARGUMENT", field + ' ' + problem);
}

void allow_only(const Json& object, std::initializer_list<std::string_view> known,
                const std::string& where, Judgement& judgement) {
  for (const auto& member : object.items()) {
    if (std::find(known.begin(), known.end(), member.key()) == known.end()) {
      refuse_field(judgement, where + member.key(), "is no field of the message");
    }
  }
}

void check_time(const Json& object, const char* key, const std::string& where,
                Judgement& judgement) {
  const std::string time = text_of(object, key);
  if (!is_timestamp(time)) {
    refuse_field(judgement, where + key, "is no RFC 3339 time: \"" + time + '"');
  }
}

void check_sdk(const Json& body, Judgement& judgement) {
  const auto sdk = body.find("sdk");
  if (sdk == body.end()) {
    judgement.violations.push_back("the request does not say which SDK it is from");
    return;
  }
  if (!sdk->is_object()) return refuse_field(judgement, "sdk", "is no object");
  allow_only(*sdk, {"id", "customId", "version"}, "sdk.", judgement);
  if (sdk->contains("id") == sdk->contains("customId")) {
    refuse_field(judgement, "sdk", "must have one of id and customId");
  }
}

void check_event(const Json& event, std::size_t index, Judgement& judgement) {
  const std::string where = "events[" + std::to_string(index) + "]";
  if (!event.is_object()) return refuse_field(judgement, where, "is no object");
  allow_only(event, {"eventDefinition", "eventTime", "payload"}, where + '.', judgement);
  const std::string definition = text_of(event, "eventDefinition");
  if (!definition.starts_with(kDefinitions) || definition.size() == kDefinitions.size()) {
    refuse_field(judgement, where + ".eventDefinition",
                 "is not eventDefinitions/NAME: \"" + definition + '"');
  }
  check_time(event, "eventTime", where + '.', judgement);
  const auto payload = event.find("payload");
  if (payload == event.end()) return;
  if (!payload->is_object()) return refuse_field(judgement, where + ".payload", "is no object");
  const auto context = payload->find("context");
  if (context != payload->end() && !context->is_object()) {
    judgement.violations.push_back(where + ".payload.context is no object");
  }
}

}  // namespace

Judgement judge_confidence(const ParsedRequest& request, const IngestLimits& limits) {
  Judgement judgement;
  if (!check_body(request, judgement)) return judgement;
  const Json& body = request.json();
  if (!body.is_object()) {
    refuse_field(judgement, "the body", "is no object");
    return judgement;
  }
  if (request.body.size() > limits.confidence_body) {
    refuse(judgement, 413, "RESOURCE_EXHAUSTED",
           "the body has " + std::to_string(request.body.size()) + " bytes");
  }
  allow_only(body, {"clientSecret", "events", "sendTime", "sdk"}, "", judgement);
  // The value is a credential, so it is not quoted.
  if (text_of(body, "clientSecret").empty()) {
    refuse(judgement, 401, "UNAUTHENTICATED", "clientSecret is missing");
  }
  check_time(body, "sendTime", "", judgement);
  check_sdk(body, judgement);
  if (!request.events || request.events->empty()) refuse_field(judgement, "events", "is missing");
  for (std::size_t i = 0; i < request.event_count(); ++i) {
    check_event(request.event_json(i), i, judgement);
  }
  return judgement;
}

}  // namespace lockstep::mock
