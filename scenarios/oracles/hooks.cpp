// Hooks fail closed: what a before_send hook drops, or throws over, is not taken.
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

class HooksFailClosed final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "hooks fail closed"; }

  Finding captured(World& world, const CapturedEvent& event) override {
    if (!event.accepted) return std::nullopt;
    const ClientLimits* limits = world.limits(event.client);
    if (limits == nullptr || !limits->hooks_end_all) return std::nullopt;
    return Failure{"no event of " + event.client + " to pass its hooks, which end every one",
                   event.uuid.to_string() + " accepted at " + to_text(event.at)};
  }
};

}  // namespace

std::unique_ptr<Oracle> make_hooks_oracle() { return std::make_unique<HooksFailClosed>(); }

}  // namespace lockstep::scenario
