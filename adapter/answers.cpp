#include "adapter/answers.h"

#include <nlohmann/json.hpp>

#include "sdk/protocol/common.h"

namespace lockstep::adapter {
namespace {

// Members in the order of writing: a person reads these answers in a terminal.
using Json = nlohmann::ordered_json;

// What a server or a network said may be anything; an answer is UTF-8 all the same.
std::string text_of(const Json& answer) {
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::int64_t milliseconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

Json requests_in(const RecordSnapshot& record) {
  Json requests = Json::array();
  for (const RequestReport& report : record.requests) {
    Json uuids = Json::array();
    for (const Uuid& uuid : report.uuids) uuids.push_back(uuid.to_string());
    Json request{{"timestamp_ms", milliseconds_of(report.sent_at)},
                 {"status_code", report.status},
                 {"retry_attempt", report.attempt - 1},
                 {"event_count", report.uuids.size()},
                 {"uuid_list", std::move(uuids)},
                 {"lane", to_string(report.lane)}};
    if (!report.error.empty()) request["error"] = report.error;
    requests.push_back(std::move(request));
  }
  return requests;
}

Json drops_by_reason(const LaneStats& total) {
  Json reasons = Json::object();
  for (std::size_t i = 0; i < kDropReasonCount; ++i) {
    const auto reason = static_cast<DropReason>(i);
    if (total.dropped(reason) != 0) reasons[std::string(to_string(reason))] = total.dropped(reason);
  }
  return reasons;
}

Json drops_in(const RecordSnapshot& record) {
  Json drops = Json::array();
  for (const Outcome& outcome : record.drops) {
    Json drop{{"uuid", outcome.uuid.to_string()},
              {"lane", to_string(outcome.lane)},
              {"reason", to_string(outcome.reason)},
              {"attempts", outcome.attempts},
              {"status_code", outcome.status}};
    if (!outcome.detail.empty()) drop["detail"] = outcome.detail;
    drops.push_back(std::move(drop));
  }
  return drops;
}

Json text_or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(); }

}  // namespace

std::string answer_bad_request(const BadRequest& error) {
  return text_of({{"success", false}, {"error", error.what()}, {"field", error.field()}});
}

std::string answer_error(std::string_view problem) {
  return text_of({{"success", false}, {"error", problem}});
}

std::string answer_success() { return text_of({{"success", true}}); }

std::string answer_health(Capture capture, Compression compression, bool is_virtual) {
  Json capabilities = Json::array();
  // The client protocol is the suite's v0 on another path; it knows none that is not PostHog's.
  const Capture known = capture == Capture::client ? Capture::v0 : capture;
  capabilities.push_back("capture_" + std::string(to_string(known)));
  // The suite of the AI endpoint expects plain captures on the v0 endpoint.
  if (capture == Capture::v0) capabilities.push_back("capture_ai_v0");
  capabilities.push_back("encoding_" + std::string(to_string(compression)));
  return text_of({{"sdk_name", protocol::kLibraryName},
                  {"sdk_version", protocol::kLibraryVersion},
                  {"adapter_version", LOCKSTEP_VERSION},
                  {"supports_parallel", true},
                  {"capabilities", std::move(capabilities)},
                  {"clock", is_virtual ? "virtual" : "system"}});
}

std::string answer_capture(const CaptureResult& result) {
  Json answer{{"success", result.ok()}};
  answer["uuid"] = result.uuid.is_nil() ? Json() : Json(result.uuid.to_string());
  if (!result.ok()) answer["admission"] = to_string(result.admission);
  if (result.admission == Admission::dropped) answer["reason"] = to_string(result.reason);
  return text_of(answer);
}

std::string answer_flush(const FlushReport& report) {
  return text_of({{"success", report.ok()},
                  {"events_flushed", report.delivered},
                  {"status", to_string(report.status)},
                  {"delivered", report.delivered},
                  {"dropped", report.dropped},
                  {"pending", report.pending}});
}

std::string answer_flag(const FlagResult& result) {
  Json answer{{"success", result.error.empty()}, {"value", nullptr}};
  if (result.value) {
    std::visit([&answer](const auto& value) { answer["value"] = value; }, *result.value);
  }
  // As text, because that is what the SDK promises: it is whatever the server stored.
  if (result.payload) answer["payload"] = *result.payload;
  if (!result.error.empty()) answer["error"] = result.error;
  return text_of(answer);
}

std::string answer_state(const InstanceState* given) {
  const InstanceState state = given == nullptr ? InstanceState{} : *given;
  const LaneStats total = state.stats.total();
  const RecordSnapshot& record = state.record;
  Json answer{{"initialised", given != nullptr},
              {"pending_events", total.pending},
              {"total_events_captured", total.captured},
              {"total_events_sent", total.delivered},
              {"total_events_unconfirmed", total.unconfirmed},
              {"total_events_dropped", total.dropped()},
              {"dropped_by_reason", drops_by_reason(total)},
              {"refused", state.stats.refused},
              {"total_requests", total.requests},
              {"total_retries", total.retries},
              {"closed", state.stats.closed},
              {"last_error", text_or_null(record.last_error)}};
  answer["requests_made"] = requests_in(record);
  answer["requests_omitted"] = record.requests_omitted;
  answer["dropped_events"] = drops_in(record);
  answer["dropped_events_omitted"] = record.drops_omitted;
  return text_of(answer);
}

}  // namespace lockstep::adapter
