// PostHog's batch endpoint, and the AI endpoint, which has the same body (all or nothing,
// no result per event).

#include "sdk/protocol/whole_batch.h"

namespace lockstep {

namespace {

class PosthogBatch final : public Protocol {
 public:
  PosthogBatch(std::string_view name, std::string_view path, ProtocolConfig config)
      : name_(name), path_(path), config_(std::move(config)) {}

  std::string_view name() const noexcept override { return name_; }

  std::size_t render(const EventView& event, JsonWriter& out) const override {
    const std::size_t uuid_at = protocol::write_head(event, out);
    out.raw(R"(,"distinct_id":)");
    out.string(event.distinct_id);
    out.raw(R"(,"properties":{)");
    bool first = true;
    protocol::write_properties(config_, event, out, first, [](std::string_view) { return false; });
    out.raw("}}");
    return uuid_at;
  }

  http::Request encode(const BatchContext& context) const override {
    return protocol::encode_whole_batch(config_, path_, context);
  }

  engine::Verdict interpret(const engine::Batch&, const http::Response& response,
                            WallTime now) const override {
    return protocol::interpret_whole_batch(config_, response, now);
  }

 private:
  std::string name_;
  std::string path_;
  ProtocolConfig config_;
};

}  // namespace

std::unique_ptr<Protocol> make_posthog_v0(ProtocolConfig config) {
  return std::make_unique<PosthogBatch>("posthog-v0", "/batch/", std::move(config));
}

std::unique_ptr<Protocol> make_posthog_ai(ProtocolConfig config) {
  return std::make_unique<PosthogBatch>("posthog-ai", "/i/v0/ai/batch/", std::move(config));
}

}  // namespace lockstep
