// What was tracked is what arrives: the value, 0 as well, and whom it is about, with the contexts
// merged.
#include <map>
#include <nlohmann/json.hpp>

#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using nlohmann::json;

class Tracking final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "what was tracked is what arrives"; }

  Finding tracked(World&, const TrackedEvent& event) override {
    expected_.emplace(event.uuid, event.members);
    return std::nullopt;
  }

  Finding arrived(World&, const Seen& seen) override {
    for (std::size_t i = 0; i < seen.parts.size() && !expected_.empty(); ++i) {
      const auto expected = expected_.find(seen.parts[i].uuid);
      if (expected == expected_.end()) continue;
      const json& event = seen.events()[i];
      const auto payload = event.find(event.contains("payload") ? "payload" : "properties");
      if (payload == event.end() || !payload->is_object()) continue;
      for (const auto& [name, value] : expected->second.items()) {
        const json sent = payload->value(name, json());
        if (sent == value) continue;
        return Failure{name + " " + value.dump() + ", as it was tracked",
                       sent.dump() + " in " + seen.to_text()};
      }
    }
    return std::nullopt;
  }

 private:
  std::map<Uuid, json> expected_;  // members of the payload
};

}  // namespace

std::unique_ptr<Oracle> make_tracking_oracle() { return std::make_unique<Tracking>(); }

}  // namespace lockstep::scenario
