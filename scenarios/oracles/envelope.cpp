// 2. At least once, same envelope: what the SDK calls delivered has reached the server, and every
// repeat of an event is the same event.
#include <map>

#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

// A v1 result that nobody knows yet ends an event too; what a server meant by it the mock cannot
// say.
bool has_known_result(const Outcome& outcome) {
  return outcome.detail.empty() || outcome.detail.starts_with("limited") ||
         outcome.detail.starts_with("warning");
}

class Envelope final : public Oracle {
 public:
  std::string_view name() const noexcept override {
    return "delivered events are stored, repeats are the same";
  }

  Finding arrived(World&, const Seen& seen) override {
    for (const auto& [uuid, content] : seen.parts) {
      if (uuid.is_nil()) continue;
      const auto [known, is_new] = contents_.emplace(uuid, content);
      if (is_new || known->second == content) continue;
      return Failure{"the same event on every attempt",
                     "another content of " + uuid.to_string() + " in " + seen.to_text()};
    }
    return std::nullopt;
  }

  Finding ended(World& world, const EndedEvent& event) override {
    const Outcome& outcome = event.outcome;
    if (!outcome.delivered || outcome.unconfirmed || !has_known_result(outcome)) {
      return std::nullopt;
    }
    const ClientLimits* limits = world.limits(event.client);
    if (limits != nullptr && !limits->has_ids) return std::nullopt;
    const std::string uuid = outcome.uuid.to_string();
    if (world.server().received_count(uuid, event.client) > 0) return std::nullopt;
    return Failure{"every delivered event in the server's store",
                   uuid + " is not there at " + to_text(event.at)};
  }

 private:
  std::map<Uuid, std::uint64_t> contents_;
};

}  // namespace

std::unique_ptr<Oracle> make_envelope_oracle() { return std::make_unique<Envelope>(); }

}  // namespace lockstep::scenario
