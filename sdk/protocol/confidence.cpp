// Confidence's events service, POST /v1/events:publish, in the JSON of
// confidence.events.v1.PublishEventsRequest.
//
// The client secret is in the body, and so only there. A 200 lists the events that were refused, by
// their index in the request; the service calls its reasons "not transient", so these end as
// rejected and all others as delivered. Of the statuses 408 is final too, as with Confidence's own
// SDKs: only 429, 5xx and no answer at all are worth another attempt. An event has no id: after a
// lost answer a repeat cannot be told from the event itself.

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "clock/timestamp.h"
#include "sdk/protocol/common.h"

namespace lockstep {

namespace {

using engine::EventVerdict;
using engine::Verdict;

constexpr std::string_view kDefinitions = "eventDefinitions/";

bool makes_no_profile(const EventOptions* options) {
  return options != nullptr && options->process_person_profile == false;
}

// An option of PostHog's, which would be a strange field of a payload.
bool is_option(std::string_view name) { return protocol::find_option(name) != nullptr; }

// Proto3 JSON leaves out an index of 0, and takes a number as text too.
std::optional<std::size_t> index_of(const nlohmann::json& error) {
  const auto index = error.find("index");
  if (index == error.end()) return 0;
  if (index->is_number_unsigned()) return index->get<std::size_t>();
  if (!index->is_string()) return std::nullopt;
  const auto& text = index->get_ref<const std::string&>();
  std::size_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

class Confidence final : public Protocol {
 public:
  explicit Confidence(ProtocolConfig config) : config_(std::move(config)) {}

  std::string_view name() const noexcept override { return "confidence"; }

  std::size_t render(const EventView& event, JsonWriter& out) const override {
    bool first = true;
    out.raw('{');
    out.member("eventDefinition", first);
    const bool is_whole = event.name.starts_with(kDefinitions);
    out.string(is_whole ? event.name : std::string(kDefinitions).append(event.name));
    out.member("eventTime", first);
    protocol::write_time(event.timestamp, out);
    out.member("payload", first);
    out.raw('{');
    const std::size_t uuid_at = write_payload(event, out);
    out.raw("}}");
    return uuid_at;
  }

  http::Request encode(const BatchContext& context) const override {
    http::Request request = protocol::make_post(config_, "/v1/events:publish");
    JsonWriter secret;
    secret.string(config_.api_key);
    std::string& body = request.body;
    body.reserve(context.batch.bytes + secret.size());
    body += R"({"clientSecret":)";
    body += secret.text();
    body += R"(,"sendTime":")";
    body += to_rfc3339(context.now.wall);
    body += R"(","sdk":{"customId":")";
    body += protocol::kLibraryName;
    body += R"(","version":")";
    body += protocol::kLibraryVersion;
    body += R"("},"events":)";
    protocol::append_events(context.batch, body);
    body += '}';
    return request;
  }

  Verdict interpret(const engine::Batch& batch, const http::Response& response,
                    WallTime now) const override {
    Verdict verdict = protocol::classify(response, now, config_.api_key);
    if (response.status == 408) {
      verdict.kind = Verdict::Kind::drop;
      verdict.reason = DropReason::rejected;
      verdict.endpoint_trouble = false;
    }
    if (verdict.kind != Verdict::Kind::delivered) return verdict;
    const nlohmann::json json = protocol::parse_answer(response.body);
    if (!json.is_object()) {
      // A page of some proxy in between. The events have not been confirmed, so they are kept.
      verdict.kind = Verdict::Kind::retry;
      verdict.endpoint_trouble = true;
      verdict.detail = "the answer is none of the events service: " +
                       protocol::excerpt(response.body, config_.api_key);
      return verdict;
    }
    const auto errors = json.find("errors");
    if (errors == json.end() || errors->is_null()) return verdict;
    // What is no list is an error of nobody knows which event.
    const nlohmann::json listed = errors->is_array() ? *errors : nlohmann::json::array({nullptr});
    if (!listed.empty()) judge(listed, batch.events.size(), verdict);
    return verdict;
  }

 private:
  // The event's own fields, what is added to every event, its id where one is wanted, and whom it
  // is about unless it says so itself. Returns where the uuid starts.
  std::size_t write_payload(const EventView& event, JsonWriter& out) const {
    const PropertyList& own = event.properties;
    const std::string_view id = config_.event_id_field;
    const auto skip = [&](std::string_view name) {
      return is_option(name) || (!id.empty() && name == id);
    };
    std::size_t uuid_at = kNoUuid;
    bool first = true;
    protocol::write_own(own, out, first, skip);
    protocol::write_added(config_, own, out, first, skip);
    if (!id.empty()) {
      out.member(id, first);
      uuid_at = out.size() + 1;
      protocol::write_uuid(event.uuid, out);
    }
    const bool says_whom = own.has("context") || own.has("targeting_key");
    if (!says_whom && !makes_no_profile(event.options)) {
      out.member("context", first);
      out.raw(R"({"targeting_key":)");
      out.string(event.distinct_id);
      out.raw('}');
    }
    return uuid_at;
  }

  void judge(const nlohmann::json& errors, std::size_t events, Verdict& verdict) const {
    verdict.kind = Verdict::Kind::per_event;
    verdict.events.resize(events);
    bool all_known = true;
    for (const nlohmann::json& error : errors) {
      const auto index = error.is_object() ? index_of(error) : std::nullopt;
      if (!index || *index >= events) {
        all_known = false;
        continue;
      }
      EventVerdict& one = verdict.events[*index];
      if (one.kind == EventVerdict::Kind::drop) continue;
      one = {EventVerdict::Kind::drop, DropReason::rejected, reason_of(error)};
      if (verdict.detail.empty()) verdict.detail = one.detail;
    }
    if (all_known) return;
    // Somebody's event was refused, and nobody can say whose.
    const std::string detail = "the answer has an error of no event of the request";
    if (verdict.detail.empty()) verdict.detail = detail;
    for (EventVerdict& one : verdict.events) {
      if (one.kind == EventVerdict::Kind::delivered) {
        one = {EventVerdict::Kind::unconfirmed, {}, detail};
      }
    }
  }

  // "EVENT_SCHEMA_VALIDATION_FAILED: price is no number"
  std::string reason_of(const nlohmann::json& error) const {
    const auto text = [&](const char* key) -> std::string {
      const auto member = error.find(key);
      if (member == error.end()) return {};
      return member->is_string() ? member->get<std::string>() : member->dump();
    };
    std::string reason = text("reason");
    if (reason.empty()) reason = "REASON_UNSPECIFIED";
    const std::string message = text("message");
    if (!message.empty()) reason += ": " + message;
    return protocol::excerpt(reason, config_.api_key);
  }

  ProtocolConfig config_;
};

}  // namespace

std::unique_ptr<Protocol> make_confidence(ProtocolConfig config) {
  return std::make_unique<Confidence>(std::move(config));
}

}  // namespace lockstep
