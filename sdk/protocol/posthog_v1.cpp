// PostHog's analytics endpoint with an answer per event.
//
// Over the attempts at a batch PostHog-Request-Id and created_at stay, PostHog-Attempt counts up
// and PostHog-Request-Timestamp is written anew. A 200 names a result for each uuid: only `retry`
// is sent again; `ok`, `warning`, `limited` and results we do not know are accepted; an event that
// is not named is delivered but unconfirmed.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "clock/timestamp.h"
#include "sdk/protocol/common.h"

namespace lockstep {

namespace {

using engine::EventVerdict;
using engine::Verdict;

// Properties that other SDKs' users know become the option they mean in v1.
bool is_lifted(std::string_view name) { return protocol::find_option(name) != nullptr; }

class PosthogV1 final : public Protocol {
 public:
  explicit PosthogV1(ProtocolConfig config) : config_(std::move(config)) {}

  std::string_view name() const noexcept override { return "posthog-v1"; }

  std::size_t render(const EventView& event, JsonWriter& out) const override {
    const std::size_t uuid_at = protocol::write_head(event, out);
    out.raw(R"(,"distinct_id":)");
    out.string(event.distinct_id);
    out.raw(R"(,"options":{)");
    write_options(event, out);
    out.raw(R"(},"properties":{)");
    bool first = true;
    protocol::write_own(event.properties, out, first, is_lifted);
    protocol::write_added(config_, event.properties, out, first, is_lifted);
    out.raw("}}");
    return uuid_at;
  }

  http::Request encode(const BatchContext& context) const override {
    http::Request request = protocol::make_post(config_, "/i/v1/analytics/events");
    request.headers.set("Authorization", "Bearer " + config_.api_key);
    request.headers.set("PostHog-Sdk-Info", protocol::library_id());
    request.headers.set("PostHog-Attempt", std::to_string(context.batch.attempt));
    request.headers.set("PostHog-Request-Id", context.request_id.to_string());
    request.headers.set("PostHog-Request-Timestamp", to_rfc3339(context.now.wall));
    std::string& body = request.body;
    body.reserve(context.batch.bytes);
    body += R"({"created_at":")";
    body += to_rfc3339(context.batch.created_at);
    body += '"';
    protocol::append_batch(context.batch, body);
    body += '}';
    return request;
  }

  Verdict interpret(const engine::Batch& batch, const http::Response& response,
                    WallTime now) const override {
    Verdict verdict = protocol::classify(response, now, config_.api_key);
    if (verdict.kind != Verdict::Kind::delivered) return verdict;
    const nlohmann::json json = protocol::parse_answer(response.body);
    // By reference: copying a document takes stack in proportion to its depth, which a server
    // chooses.
    const nlohmann::json none;
    const auto found = json.find("results");
    const nlohmann::json& results = found == json.end() ? none : *found;
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
  // An option comes from the event's options, else from its property of that meaning, else from
  // what is added to every event.
  void write_options(const EventView& event, JsonWriter& out) const {
    bool first = true;
    for (const protocol::OptionName& name : protocol::kOptionNames) {
      if (protocol::is_set(name, event.options)) {
        out.member(name.option, first);
        protocol::write_option(name, *event.options, out);
      } else if (event.properties.has(name.property)) {
        lift(event.properties, name, out, first);
      } else {
        lift_added(name, out, first);
      }
    }
  }

  static void lift(const PropertyList& properties, const protocol::OptionName& name,
                   JsonWriter& out, bool& first) {
    for (std::size_t i = 0; i < properties.size(); ++i) {
      if (properties.name(i) != name.property || properties.shadowed(i)) continue;
      out.member(name.option, first);
      properties.write_value(i, out);
    }
  }

  void lift_added(const protocol::OptionName& name, JsonWriter& out, bool& first) const {
    for (const auto& [property, json] : config_.added_properties) {
      if (property != name.property) continue;
      out.member(name.option, first);
      out.raw(json);
    }
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
    if (result == "drop")
      return {EventVerdict::Kind::drop, DropReason::rejected, std::move(detail)};
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
