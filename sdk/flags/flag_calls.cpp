#include "sdk/flags/flag_calls.h"

#include <algorithm>

#include "sdk/protocol/common.h"

namespace lockstep {

namespace {

void write_person(const FlagRequest& request, JsonWriter& out) {
  out.raw('{');
  bool first = true;
  out.members(request.person_properties, first);
  if (!request.person_properties.has("distinct_id")) {
    out.member("distinct_id", first);
    out.string(request.distinct_id);
  }
  out.raw('}');
}

void write_group_properties(const FlagRequest& request, JsonWriter& out) {
  out.raw('{');
  bool first = true;
  for (const auto& [type, properties] : request.group_properties) {
    out.member(type, first);
    out.object(properties);
  }
  out.raw('}');
}

bool retryable(const http::Result& result) {
  const auto* response = std::get_if<http::Response>(&result);
  return response == nullptr || response->status == 502 || response->status == 504;
}

}  // namespace

bool FlagResult::enabled(bool fallback) const {
  if (!value) return fallback;
  if (const bool* flag = std::get_if<bool>(&*value)) return *flag;
  return true;
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
  body.object(request.groups);
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

FlagCalls::CallNumber FlagCalls::begin(http::Request message, Now now) {
  Call call;
  call.message = std::move(message);
  call.next_at = now.at;
  calls_.emplace(next_call_, std::move(call));
  return next_call_++;
}

void FlagCalls::advance(Now now, std::vector<Start>& out) {
  for (auto& [number, call] : calls_) {
    if (call.ending || call.in_flight != 0 || now.at < call.next_at) continue;
    ++call.attempt;
    call.in_flight = next_request_++;
    out.push_back({call.in_flight, call.message, saturating_add(now.at, timeout_)});
  }
}

void FlagCalls::completed(std::uint64_t request, http::Result result, Now now) {
  const auto found = std::find_if(calls_.begin(), calls_.end(), [&](const auto& entry) {
    return entry.second.in_flight == request;
  });
  if (found == calls_.end()) return;
  Call& call = found->second;
  call.in_flight = 0;
  if (call.ending) return;  // failed meanwhile; an ending is final
  if (retryable(result) && call.attempt <= max_retries_) {
    call.next_at = saturating_add(now.at, backoff(call.attempt));
    return;
  }
  if (const auto* error = std::get_if<http::TransportError>(&result)) {
    call.ending = transport_verdict(*error).detail;
  } else {
    call.ending = std::get<http::Response>(std::move(result));
  }
}

void FlagCalls::fail_all(const std::string& error) {
  for (auto& [number, call] : calls_) {
    if (!call.ending) call.ending = error;
  }
}

bool FlagCalls::ended(CallNumber call) const {
  const auto found = calls_.find(call);
  return found != calls_.end() && found->second.ending.has_value();
}

FlagCalls::Forgotten FlagCalls::forget(CallNumber call) {
  const auto found = calls_.find(call);
  if (found == calls_.end()) return {};
  Forgotten forgotten;
  forgotten.ending = std::move(found->second.ending);
  if (found->second.in_flight != 0) forgotten.in_flight = found->second.in_flight;
  calls_.erase(found);
  return forgotten;
}

Instant FlagCalls::next_wake() const noexcept {
  Instant next = kNever;
  for (const auto& [number, call] : calls_) {
    if (!call.ending && call.in_flight == 0) next = std::min(next, call.next_at);
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
