// PostHog's analytics endpoint with an answer per event.
//
// Over the attempts at a batch PostHog-Request-Id and created_at stay, PostHog-Attempt counts up and
// PostHog-Request-Timestamp is written anew. A 200 names a result for each uuid: only `retry` is sent
// again; `ok`, `warning`, `limited` and results we do not know are accepted; an event that is not named
// is delivered but unconfirmed.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "clock/timestamp.h"
#include "sdk/protocol/common.h"

namespace lockstep {

namespace {

using engine::EventVerdict;
using engine::Verdict;

// Properties that other SDKs' users know, and the option each becomes in v1.
constexpr std::pair<std::string_view, std::string_view> kLiftedProperties[] = {
    {"$cookieless_mode", "cookieless_mode"},
    {"$ignore_sent_at", "disable_skew_correction"},
    {"$process_person_profile", "process_person_profile"},
    {"$product_tour_id", "product_tour_id"},
};

bool is_lifted(std::string_view name) {
  return name.starts_with('$') &&
         std::any_of(std::begin(kLiftedProperties), std::end(kLiftedProperties),
                     [&](const auto& pair) { return pair.first == name; });
}

class PosthogV1 final : public Protocol {
 public:
  explicit PosthogV1(ProtocolConfig config) : config_(std::move(config)) {}

  std::string_view name() const noexcept override { return "posthog-v1"; }

  std::size_t render(const EventView& event, JsonWriter& out) const override {
    out.raw(R"({"uuid":)");
    const std::size_t uuid_at = out.size() + 1;
    protocol::write_uuid(event.uuid, out);
    out.raw(R"(,"event":)");
    out.string(event.name);
    out.raw(R"(,"distinct_id":)");
    out.string(event.distinct_id);
    out.raw(R"(,"timestamp":)");
    protocol::write_time(event.timestamp, out);
    out.raw(R"(,"options":{)");
    write_options(event, out);
    out.raw(R"(},"properties":{)");
    bool first = true;
    protocol::write_properties(event.properties, config_, is_lifted, out, first);
    out.raw("}}");
    return uuid_at;
  }

  http::Request encode(const BatchContext& context) const override {
    http::Request request = protocol::make_post(config_, "/i/v1/analytics/events");
    const std::string library =
        std::string(protocol::kLibraryName) + "/" + std::string(protocol::kLibraryVersion);
    request.headers.add("Authorization", "Bearer " + config_.api_key);
    request.headers.add("PostHog-Sdk-Info", library);
    request.headers.add("PostHog-Attempt", std::to_string(context.batch.attempt));
    request.headers.add("PostHog-Request-Id", context.request_id.to_string());
    request.headers.add("PostHog-Request-Timestamp", to_rfc3339(context.now.wall));
    std::string& body = request.body;
    body.reserve(context.batch.bytes);
    body += R"({"created_at":")";
    body += to_rfc3339(context.batch.created_at);
    body += '"';
    if (context.batch.lane == Lane::historical) body += R"(,"historical_migration":true)";
    body += R"(,"batch":[)";
    protocol::append_events(context.batch, body);
    body += "]}";
    return request;
  }

  Verdict interpret(const engine::Batch& batch, const http::Response& response,
                    WallTime now) const override {
    Verdict verdict = protocol::classify(response, now, config_.api_key);
    if (verdict.kind != Verdict::Kind::delivered) return verdict;
    const auto json = nlohmann::json::parse(response.body, nullptr, false);
    const auto results = json.is_object() ? json.value("results", nlohmann::json::object())
                                          : nlohmann::json::object();
    verdict.kind = Verdict::Kind::per_event;
    verdict.events.reserve(batch.events.size());
    bool any_retry = false;
    for (const engine::EventRef& event : batch.events) {
      verdict.events.push_back(verdict_on(results, std::string(event.uuid_text())));
      const EventVerdict& one = verdict.events.back();
      any_retry = any_retry || one.kind == EventVerdict::Kind::retry;
      if (verdict.detail.empty() && one.kind != EventVerdict::Kind::delivered) {
        verdict.detail = one.detail;
      }
    }
    // The server sends it when some result is `retry`; otherwise there is nothing to wait for.
    if (any_retry) verdict.pause = protocol::retry_after(response.headers, now);
    return verdict;
  }

 private:
  static void write_options(const EventView& event, JsonWriter& out) {
    bool first = true;
    for (const auto& [property, option] : kLiftedProperties) {
      if (write_option(event.options, option, out, first)) continue;
      for (std::size_t i = 0; i < event.properties.size(); ++i) {
        if (event.properties.name(i) != property || event.properties.shadowed(i)) continue;
        out.member(option, first);
        event.properties.write_value(i, out);
      }
    }
  }

  // Writes an option that is set by name; false where it is not.
  static bool write_option(const EventOptions* options, std::string_view option, JsonWriter& out,
                           bool& first) {
    if (options == nullptr) return false;
    if (option == "product_tour_id") {
      if (!options->product_tour_id) return false;
      out.member(option, first);
      out.string(*options->product_tour_id);
      return true;
    }
    const std::optional<bool>& flag = option == "cookieless_mode" ? options->cookieless_mode
                                      : option == "disable_skew_correction"
                                          ? options->disable_skew_correction
                                          : options->process_person_profile;
    if (!flag) return false;
    out.member(option, first);
    out.raw(*flag ? "true" : "false");
    return true;
  }

  EventVerdict verdict_on(const nlohmann::json& results, const std::string& uuid) const {
    const auto found = results.find(uuid);
    if (found == results.end() || !found->is_object()) {
      return {EventVerdict::Kind::unconfirmed, {}, "the answer does not name it"};
    }
    const auto text = [&](const char* key) {
      const auto member = found->find(key);
      return member != found->end() && member->is_string() ? member->get<std::string>()
                                                           : std::string();
    };
    const std::string result = text("result");
    std::string detail = protocol::excerpt(result + ": " + text("details"), config_.api_key);
    if (result == "drop") return {EventVerdict::Kind::drop, DropReason::rejected, std::move(detail)};
    if (result == "retry") return {EventVerdict::Kind::retry, {}, std::move(detail)};
    return {EventVerdict::Kind::delivered, {}, result == "ok" ? std::string() : std::move(detail)};
  }

  ProtocolConfig config_;
};

}  // namespace

std::unique_ptr<Protocol> make_posthog_v1(ProtocolConfig config) {
  return std::make_unique<PosthogV1>(std::move(config));
}

}  // namespace lockstep
