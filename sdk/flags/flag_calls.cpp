#include "sdk/flags/flag_calls.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sdk/protocol/common.h"

namespace lockstep {

namespace {

using nlohmann::json;

void write_members(const Properties& properties, JsonWriter& out, bool& first) {
  for (std::size_t i = 0; i < properties.size(); ++i) {
    out.member(properties.at(i).first, first);
    out.raw(properties.at(i).second);
  }
}

void write_person(const FlagRequest& request, JsonWriter& out) {
  out.raw('{');
  bool first = true;
  write_members(request.person_properties, out, first);
  if (!request.person_properties.has("distinct_id")) {
    out.member("distinct_id", first);
    out.string(request.distinct_id);
  }
  out.raw('}');
}

void write_groups(const FlagRequest& request, JsonWriter& out) {
  out.raw('{');
  bool first = true;
  for (const auto& [type, group] : request.groups) {
    out.member(type, first);
    out.string(group);
  }
  out.raw('}');
}

void write_group_properties(const FlagRequest& request, JsonWriter& out) {
  out.raw('{');
  bool first = true;
  for (const auto& [type, properties] : request.group_properties) {
    out.member(type, first);
    out.raw('{');
    bool first_member = true;
    write_members(properties, out, first_member);
    out.raw('}');
  }
  out.raw('}');
}

bool retryable(const http::Result& result) {
  const auto* response = std::get_if<http::Response>(&result);
  return response == nullptr || response->status == 502 || response->status == 504;
}

std::optional<std::string> text_of(const json& payload) {
  if (payload.is_null()) return std::nullopt;
  if (payload.is_string()) return payload.get<std::string>();
  return payload.dump(-1, ' ', false, json::error_handler_t::replace);
}

// {"flags": {key: {"enabled": true, "variant": "a", "metadata": {"payload": "..."}}}}
void read_detailed(const json& flag, FlagResult& result) {
  if (!flag.is_object()) return;
  const auto variant = flag.find("variant");
  const auto enabled = flag.find("enabled");
  const bool says = enabled != flag.end() && enabled->is_boolean();
  if (variant != flag.end() && variant->is_string() && (!says || enabled->get<bool>())) {
    result.value = variant->get<std::string>();
  } else if (says) {
    result.value = enabled->get<bool>();
  }
  const auto metadata = flag.find("metadata");
  if (metadata == flag.end() || !metadata->is_object()) return;
  const auto payload = metadata->find("payload");
  if (payload != metadata->end()) result.payload = text_of(*payload);
}

// {"featureFlags": {key: true | "variant"}, "featureFlagPayloads": {key: "..."}}
void read_plain(const json& body, const std::string& key, FlagResult& result) {
  const auto flags = body.find("featureFlags");
  if (flags == body.end() || !flags->is_object()) return;
  const auto flag = flags->find(key);
  if (flag == flags->end()) return;
  if (flag->is_boolean()) result.value = flag->get<bool>();
  if (flag->is_string()) result.value = flag->get<std::string>();
  const auto payloads = body.find("featureFlagPayloads");
  if (payloads == body.end() || !payloads->is_object()) return;
  const auto payload = payloads->find(key);
  if (payload != payloads->end()) result.payload = text_of(*payload);
}

bool over_quota(const json& body) {
  const auto limited = body.find("quotaLimited");
  return limited != body.end() && limited->is_array() &&
         std::find(limited->begin(), limited->end(), "feature_flags") != limited->end();
}

}  // namespace

bool FlagResult::enabled(bool fallback) const {
  if (!value) return fallback;
  if (const bool* flag = std::get_if<bool>(&*value)) return *flag;
  return true;
}

FlagResult read_flag_response(const http::Response& response, const std::string& key) {
  FlagResult result;
  if (response.status != 200) {
    result.error = "status " + std::to_string(response.status);
    return result;
  }
  if (protocol::nests_too_deep(response.body)) {
    result.error = "the answer nests too deep";
    return result;
  }
  const json body = json::parse(response.body, nullptr, false);
  if (!body.is_object()) {
    result.error = "the answer is not a JSON object";
    return result;
  }
  // Over quota the flags are not evaluated: unavailable, not "all off".
  if (over_quota(body)) {
    result.error = "quota_limited";
    return result;
  }
  const auto flags = body.find("flags");
  if (flags != body.end() && flags->is_object() && flags->contains(key)) {
    read_detailed((*flags)[key], result);
  } else {
    read_plain(body, key, result);
  }
  return result;
}

FlagCalls::FlagCalls(const Options& options)
    : protocol_(protocol_config(options)),
      disable_geoip_(options.disable_geoip),
      timeout_(options.flags_timeout),
      max_retries_(options.flags_max_retries),
      first_backoff_(options.flags_retry_backoff) {}

http::Request FlagCalls::encode(const FlagRequest& request) const {
  JsonWriter body;
  body.raw(R"({"token":)");
  body.string(protocol_.api_key);
  body.raw(R"(,"distinct_id":)");
  body.string(request.distinct_id);
  body.raw(R"(,"person_properties":)");
  write_person(request, body);
  body.raw(R"(,"groups":)");
  write_groups(request, body);
  body.raw(R"(,"group_properties":)");
  write_group_properties(request, body);
  body.raw(R"(,"geoip_disable":)");
  body.value(request.disable_geoip.value_or(disable_geoip_));
  body.raw(R"(,"flag_keys_to_evaluate":[)");
  body.string(request.key);
  body.raw("]}");
  http::Request message = protocol::make_post(protocol_, "/flags");
  message.url.query = "v=2";
  message.body = body.text();
  return message;
}

FlagCalls::CallNumber FlagCalls::begin(const FlagRequest& request, Now now) {
  Call call;
  call.key = request.key;
  call.message = encode(request);
  call.next_at = now.at;
  calls_.emplace(next_call_, std::move(call));
  return next_call_++;
}

void FlagCalls::advance(Now now, std::vector<Start>& out) {
  for (auto& [number, call] : calls_) {
    if (call.result || call.in_flight != 0 || now.at < call.next_at) continue;
    ++call.attempt;
    call.in_flight = next_request_++;
    out.push_back({call.in_flight, call.message, saturating_add(now.at, timeout_)});
  }
}

void FlagCalls::completed(std::uint64_t request, const http::Result& result, Now now) {
  const auto found = std::find_if(calls_.begin(), calls_.end(), [&](const auto& entry) {
    return entry.second.in_flight == request;
  });
  if (found == calls_.end()) return;
  Call& call = found->second;
  call.in_flight = 0;
  if (call.result) return;  // failed meanwhile; a result is final
  if (retryable(result) && call.attempt <= max_retries_) {
    call.next_at = saturating_add(now.at, backoff(call.attempt));
    return;
  }
  if (const auto* error = std::get_if<http::TransportError>(&result)) {
    call.result = FlagResult{};
    call.result->error = transport_verdict(*error).detail;
  } else {
    call.result = read_flag_response(std::get<http::Response>(result), call.key);
  }
}

void FlagCalls::fail_all(const std::string& error) {
  for (auto& [number, call] : calls_) {
    if (call.result) continue;
    call.result = FlagResult{};
    call.result->error = error;
  }
}

const FlagResult* FlagCalls::result(CallNumber call) const {
  const auto found = calls_.find(call);
  return found == calls_.end() || !found->second.result ? nullptr : &*found->second.result;
}

std::optional<std::uint64_t> FlagCalls::forget(CallNumber call) {
  const auto found = calls_.find(call);
  if (found == calls_.end()) return std::nullopt;
  const std::uint64_t in_flight = found->second.in_flight;
  calls_.erase(found);
  return in_flight == 0 ? std::nullopt : std::optional(in_flight);
}

Instant FlagCalls::next_wake() const noexcept {
  Instant next = kNever;
  for (const auto& [number, call] : calls_) {
    if (!call.result && call.in_flight == 0) next = std::min(next, call.next_at);
  }
  return next;
}

Duration FlagCalls::backoff(std::uint32_t retry) const noexcept {
  return saturating_multiply(first_backoff_, std::uint64_t{1} << std::min(retry - 1, 62u));
}

Duration FlagCalls::longest_call() const noexcept {
  Duration longest = saturating_multiply(timeout_, std::uint64_t{max_retries_} + 1);
  for (std::uint32_t retry = 1; retry <= std::min(max_retries_, 62u); ++retry) {
    longest = saturating_add(longest, backoff(retry));
  }
  return longest;
}

}  // namespace lockstep
