// 9. Closed means closed: what is captured after shutdown was called is refused, and nothing
// before.
#include <set>

#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

class Closed final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "closed means closed"; }

  Finding opened(World&, const std::string& client) override {
    closed_.erase(client);
    return std::nullopt;
  }

  Finding closing(World&, const std::string& client) override {
    closed_.insert(client);
    return std::nullopt;
  }

  Finding captured(World&, const CapturedEvent& event) override {
    if (!event.accepted || !closed_.contains(event.client)) return std::nullopt;
    return Failure{"captures after shutdown to be refused",
                   event.uuid.to_string() + " accepted at " + to_text(event.at)};
  }

  Finding refused(World& world, const std::string& client, std::string_view admission) override {
    if (admission != to_string(Admission::closed) || closed_.contains(client)) return std::nullopt;
    return Failure{"no capture to be refused before the shutdown of " + client,
                   "one refused at " + to_text(world.clock().now())};
  }

 private:
  std::set<std::string> closed_;
};

}  // namespace

std::unique_ptr<Oracle> make_closed_oracle() { return std::make_unique<Closed>(); }

}  // namespace lockstep::scenario
