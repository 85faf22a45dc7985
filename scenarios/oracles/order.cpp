// 5. Order: within a lane, first attempts leave in the order of capture; and every attempt in the
// lane of its events.
#include <map>
#include <utility>

#include "scenarios/by_uuid.h"
#include "scenarios/oracles/lanes.h"
#include "scenarios/oracles/oracle.h"

namespace lockstep::scenario {

namespace {

class Order final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "first attempts leave in order"; }

  Finding captured(World&, const CapturedEvent& event) override {
    captured_.emplace(event.uuid, Captured{event.order, event.lane, false});
    return std::nullopt;
  }

  Finding meant(World&, const Uuid& uuid, Lane lane) override {
    const auto known = captured_.find(uuid);
    if (known == captured_.end() || known->second.lane == lane) return std::nullopt;
    return Failure{
        uuid.to_string() + " in the lane that it was captured for, " + std::string(to_string(lane)),
        "in that of " + std::string(to_string(known->second.lane))};
  }

  Finding arrived(World&, const Seen& seen) override {
    for (const SeenEvent& event : seen.parts) {
      const auto known = captured_.find(event.uuid);
      if (known == captured_.end()) continue;
      const Lane lane = known->second.lane;
      if (lane_of(seen).value_or(lane) != lane) {
        return Failure{
            event.uuid.to_string() + " in a request of its lane, " + std::string(to_string(lane)),
            seen.to_text() + ", " + std::string(to_string(*lane_of(seen)))};
      }
      if (std::exchange(known->second.sent, true)) continue;
      std::uint64_t& last = last_[{seen.client, lane}];
      if (known->second.order < last) {
        return Failure{"events in order of capture",
                       event.uuid.to_string() + " after a later one in " + seen.to_text()};
      }
      last = known->second.order;
    }
    return std::nullopt;
  }

 private:
  struct Captured {
    std::uint64_t order = 0;
    Lane lane = Lane::analytics;
    bool sent = false;
  };

  ByUuid<Captured> captured_;
  std::map<std::pair<std::string, Lane>, std::uint64_t> last_;
};

}  // namespace

std::unique_ptr<Oracle> make_order_oracle() { return std::make_unique<Order>(); }

}  // namespace lockstep::scenario
