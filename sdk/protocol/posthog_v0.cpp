// PostHog's batch endpoint, and the AI endpoint, which has the same body (all or nothing,
// no result per event). `sent_at` is written anew for each attempt: the server corrects
// timestamps by it, so a frozen one would shift every retried event by the whole backoff.

#include "clock/timestamp.h"
#include "sdk/json/reader.h"
#include "sdk/protocol/common.h"

namespace lockstep {

namespace {

class PosthogBatch final : public Protocol {
 public:
  PosthogBatch(std::string_view name, std::string_view path, ProtocolConfig config)
      : name_(name), path_(path), config_(std::move(config)) {
    JsonWriter key;
    key.string(config_.api_key);
    api_key_json_ = key.text();
  }

  std::string_view name() const noexcept override { return name_; }

  std::size_t render(const EventView& event, JsonWriter& out) const override {
    const std::size_t uuid_at = protocol::write_head(event, out);
    out.raw(R"(,"distinct_id":)");
    out.string(event.distinct_id);
    out.raw(R"(,"properties":{)");
    bool first = true;
    write_properties(event, out, first);
    out.raw("}}");
    return uuid_at;
  }

  http::Request encode(const BatchContext& context) const override {
    http::Request request = protocol::make_post(config_, path_);
    std::string& body = request.body;
    body.reserve(context.batch.bytes + api_key_json_.size());
    body += R"({"api_key":)";
    body += api_key_json_;
    body += R"(,"sent_at":")";
    body += to_rfc3339(context.now.wall);
    body += '"';
    protocol::append_batch(context.batch, body);
    body += '}';
    return request;
  }

  engine::Verdict interpret(const engine::Batch&, const http::Response& response,
                            WallTime now) const override {
    engine::Verdict verdict = protocol::classify(response, now, config_.api_key);
    if (verdict.kind == engine::Verdict::Kind::delivered && over_quota(response.body)) {
      verdict.kind = engine::Verdict::Kind::drop;
      verdict.reason = DropReason::quota_limited;
      verdict.detail = "the server is over its quota and keeps nothing of this request";
    }
    return verdict;
  }

 private:
  // v0 has no options object: they travel as properties. The event's own property of that name
  // comes first, then its option, then what is added to every event.
  void write_properties(const EventView& event, JsonWriter& out, bool& first) const {
    protocol::write_own(event.properties, out, first, [](std::string_view) { return false; });
    for (const protocol::OptionName& name : protocol::kOptionNames) {
      if (!protocol::is_set(name, event.options) || event.properties.has(name.property)) continue;
      out.member(name.property, first);
      protocol::write_option(name, *event.options, out);
    }
    protocol::write_added(config_, event.properties, out, first, [&](std::string_view added) {
      const protocol::OptionName* name = protocol::find_option(added);
      return name != nullptr && protocol::is_set(*name, event.options);
    });
  }

  // {"status": 1, "quota_limited": ["events"]}: accepted and thrown away.
  static bool over_quota(const std::string& body) {
    if (body.find("quota_limited") == std::string::npos) return false;
    if (protocol::nests_too_deep(body) || !is_json(body)) return false;
    return has_item(find_member(body, "quota_limited").value_or(""), "events");
  }

  std::string name_;
  std::string path_;
  ProtocolConfig config_;
  std::string api_key_json_;  // quoted and escaped
};

}  // namespace

std::unique_ptr<Protocol> make_posthog_v0(ProtocolConfig config) {
  return std::make_unique<PosthogBatch>("posthog-v0", "/batch/", std::move(config));
}

std::unique_ptr<Protocol> make_posthog_ai(ProtocolConfig config) {
  return std::make_unique<PosthogBatch>("posthog-ai", "/i/v0/ai/batch/", std::move(config));
}

}  // namespace lockstep
