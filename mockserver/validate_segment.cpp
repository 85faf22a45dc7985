// Segment: who sends, how large, then each message. What Segment refuses with 400 refuses the
// request whole; what it takes with a 200 and throws away is dropped.

#include <nlohmann/json.hpp>
#include <set>

#include "mockserver/validate.h"

namespace lockstep::mock {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestMessageId = 99;

// The write key as the user of Basic authentication, its password empty, or in the body. "Og==" is
// ":", nobody.
bool names_key(const ParsedRequest& request) {
  constexpr std::string_view kScheme = "Basic ";
  const auto authorization = request.request.headers.get("Authorization").value_or("");
  if (authorization.starts_with(kScheme)) return authorization.substr(kScheme.size()) != "Og==";
  return has_text(request.json(), "writeKey");
}

// The member that a message of that type cannot do without; nothing for a type that there is not.
std::optional<std::string> needed_by(const std::string& type) {
  static const std::map<std::string, std::string> kNeeded{
      {"track", "event"},   {"identify", ""}, {"page", ""},
      {"group", "groupId"}, {"screen", ""},   {"alias", "previousId"}};
  const auto found = kNeeded.find(type);
  if (found == kNeeded.end()) return std::nullopt;
  return found->second;
}

void check_message(const Json& message, const std::string& name, Judgement& judgement) {
  const auto wrong = [&](const std::string& what) {
    refuse(judgement, 400, "invalid_message", name + what);
  };
  const std::string type = has_text(message, "type") ? message["type"].get<std::string>() : "";
  const auto needed = needed_by(type);
  if (!needed) return wrong(" has no type that there is: \"" + type + '"');
  if (!needed->empty() && !has_text(message, needed->c_str())) wrong(" has no " + *needed);
  if (!has_text(message, "userId") && !has_text(message, "anonymousId")) {
    wrong(" has neither userId nor anonymousId");
  }
  if (!has_text(message, "messageId")) {
    wrong(" has no messageId");
  } else if (message["messageId"].get_ref<const std::string&>().size() > kLongestMessageId) {
    wrong(" has a messageId of 100 characters or more");
  }
  const std::string time = has_text(message, "timestamp") ? message["timestamp"] : Json("");
  if (!is_timestamp(time)) wrong(" has no RFC 3339 timestamp: \"" + time + '"');
  for (const char* key : {"properties", "traits", "context", "integrations"}) {
    if (message.contains(key) && !message[key].is_object()) {
      wrong(std::string(": ") + key + " is no object");
    }
  }
}

void check_messages(const ParsedRequest& request, const IngestLimits& limits,
                    Judgement& judgement) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < request.events->size(); ++i) {
    const std::string name = "message " + std::to_string(i);
    const IncomingEvent& event = (*request.events)[i];
    if (event.size > limits.segment_message) {
      refuse(judgement, 400, "message_too_large",
             name + " has " + std::to_string(event.size) + " bytes");
    }
    if (!request.event_json(i).is_object()) {
      refuse(judgement, 400, "invalid_message", name + " is not an object");
      continue;
    }
    check_message(request.event_json(i), name, judgement);
    if (!event.uuid.empty() && !seen.insert(event.uuid).second) {
      judgement.violations.push_back("messageId " + event.uuid + " occurs twice in the batch");
    }
    if (i >= limits.segment_messages) {
      judgement.drops.emplace(i, "batch_too_long");
      judgement.violations.push_back(name + " is dropped: the batch is too long");
    }
  }
}

}  // namespace

Judgement judge_segment(const ParsedRequest& request, const IngestLimits& limits) {
  Judgement judgement;
  if (!check_body(request, judgement)) return judgement;
  if (!request.events) {
    refuse(judgement, 400, "invalid_request", "the body has no list \"batch\"");
    return judgement;
  }
  if (!names_key(request)) {
    refuse(judgement, 401, "unauthorized", "no write key, neither as Basic user nor in the body");
  }
  if (request.body.size() > limits.segment_body) {
    refuse(judgement, 400, "request_too_large",
           "the body has " + std::to_string(request.body.size()) + " bytes");
  }
  if (request.events->empty()) refuse(judgement, 400, "invalid_request", "the batch is empty");
  const Json& body = request.json();
  if (!has_text(body, "sentAt") || !is_timestamp(body["sentAt"].get<std::string>())) {
    judgement.violations.push_back("sentAt is no RFC 3339 time");
  }
  check_messages(request, limits, judgement);
  return judgement;
}

}  // namespace lockstep::mock
