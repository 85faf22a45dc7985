// 1. Conservation: the ledger balances at every instant, nothing ends twice, and nothing ends that
// was not captured.

#include "scenarios/by_uuid.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

class Conservation final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "the ledger balances"; }

  Finding captured(World&, const CapturedEvent& event) override {
    if (captured_.insert(event.uuid).second) return std::nullopt;
    return Failure{"a uuid for each captured event", event.uuid.to_string() + " a second time"};
  }

  Finding ended(World&, const EndedEvent& event) override {
    const Uuid& uuid = event.outcome.uuid;
    if (!ended_.insert(uuid).second) {
      return Failure{"one end for each event",
                     "a second one of " + uuid.to_string() + " at " + to_text(event.at)};
    }
    const bool was_sent = event.outcome.delivered || event.outcome.attempts > 0;
    if (!was_sent || captured_.contains(uuid)) return std::nullopt;
    return Failure{"only captured events to be sent", uuid.to_string()};
  }

  Finding turned(World& world) override {
    if (auto broken = world.host().broken_invariant()) {
      return Failure{"the engine's laws to hold", *broken};
    }
    return std::nullopt;
  }

 private:
  UuidSet captured_;
  UuidSet ended_;
};

}  // namespace

std::unique_ptr<Oracle> make_conservation_oracle() { return std::make_unique<Conservation>(); }

}  // namespace lockstep::scenario
