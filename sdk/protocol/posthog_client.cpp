// The endpoint to which PostHog's browser and device SDKs post. Its events carry what a server's
// batch says once: the project's token, and the person in their properties.
//
// Of the bodies that ingestion takes there for several events, an array and an envelope around it,
// this is the envelope: an array has no place for sent_at and historical_migration.

#include "sdk/protocol/whole_batch.h"

namespace lockstep {

namespace {

// Whom an event is about is the event's to say: a property of that name would contradict it.
bool is_identity(std::string_view property) { return property == "distinct_id"; }

class PosthogClient final : public Protocol {
 public:
  explicit PosthogClient(ProtocolConfig config) : config_(std::move(config)) {}

  std::string_view name() const noexcept override { return "posthog-client"; }

  std::size_t render(const EventView& event, JsonWriter& out) const override {
    const std::size_t uuid_at = protocol::write_head(event, out);
    // Ingestion takes it here and in the properties, where it would hide a property of that name.
    out.raw(R"(,"token":)");
    out.string(config_.api_key);
    out.raw(R"(,"properties":{)");
    bool first = true;
    out.member("distinct_id", first);
    out.string(event.distinct_id);
    protocol::write_properties(config_, event, out, first, is_identity);
    out.raw("}}");
    return uuid_at;
  }

  http::Request encode(const BatchContext& context) const override {
    return protocol::encode_whole_batch(config_, "/e/", context);
  }

  engine::Verdict interpret(const engine::Batch&, const http::Response& response,
                            WallTime now) const override {
    return protocol::interpret_whole_batch(config_, response, now);
  }

 private:
  ProtocolConfig config_;
};

}  // namespace

std::unique_ptr<Protocol> make_posthog_client(ProtocolConfig config) {
  return std::make_unique<PosthogClient>(std::move(config));
}

}  // namespace lockstep
