#include "sdk/flags/flag_answer.h"

#include <optional>

#include "sdk/json/reader.h"
#include "sdk/json/writer.h"
#include "sdk/protocol/common.h"

namespace lockstep {

namespace {

std::optional<bool> boolean_value(std::string_view value) {
  if (value == "true" || value == "false") return value == "true";
  return std::nullopt;
}

// A payload is JSON, or JSON in a string; the answer's text is taken as it is.
std::optional<std::string> payload_value(std::string_view value) {
  if (value == "null") return std::nullopt;
  if (value.starts_with('"')) return string_value(value);
  return std::string(value);
}

// {"enabled": true, "variant": "a", "metadata": {"payload": "..."}}
void read_detailed(std::string_view flag, FlagResult& result) {
  const auto enabled = boolean_value(find_member(flag, "enabled").value_or(""));
  if (enabled) result.value = *enabled;
  if (enabled.value_or(true)) {
    if (auto variant = string_value(find_member(flag, "variant").value_or(""))) {
      result.value = std::move(*variant);
    }
  }
  const auto metadata = find_member(flag, "metadata");
  if (!metadata) return;
  if (const auto payload = find_member(*metadata, "payload")) {
    result.payload = payload_value(*payload);
  }
}

// {"featureFlags": {key: true | "variant"}, "featureFlagPayloads": {key: "..."}}
void read_plain(std::string_view body, std::string_view key, FlagResult& result) {
  const auto flag = find_member(find_member(body, "featureFlags").value_or(""), key);
  if (!flag) return;
  if (const auto on = boolean_value(*flag)) result.value = *on;
  if (auto variant = string_value(*flag)) result.value = std::move(*variant);
  const auto payload = find_member(find_member(body, "featureFlagPayloads").value_or(""), key);
  if (payload) result.payload = payload_value(*payload);
}

FlagResult failed(std::string error) {
  FlagResult result;
  result.error = std::move(error);
  return result;
}

}  // namespace

FlagResult read_flag_response(const http::Response& response, std::string_view key) {
  if (response.status != 200) return failed("status " + std::to_string(response.status));
  const std::string_view body = response.body;
  if (protocol::nests_too_deep(body)) return failed("the answer nests too deep");
  if (!is_json(body) || body[body.find_first_not_of(" \t\r\n")] != '{') {
    return failed("the answer is not a JSON object");
  }
  // Over quota the flags are not evaluated: unavailable, not "all off".
  if (has_item(find_member(body, "quotaLimited").value_or(""), "feature_flags")) {
    return failed("quota_limited");
  }
  FlagResult result;
  const auto flag = find_member(find_member(body, "flags").value_or(""), key);
  if (flag) {
    read_detailed(*flag, result);
  } else {
    read_plain(body, key, result);
  }
  return result;
}

}  // namespace lockstep
