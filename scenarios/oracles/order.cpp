// 5. Order: within a lane, first attempts leave in the order of capture.
#include <map>
#include <set>
#include <tuple>

#include "scenarios/oracles/lanes.h"
#include "scenarios/oracles/oracle.h"

namespace lockstep::scenario {

namespace {

class Order final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "first attempts leave in order"; }

  Finding captured(World&, const CapturedEvent& event) override {
    order_.emplace(event.uuid, event.order);
    return std::nullopt;
  }

  Finding arrived(World&, const Seen& seen) override {
    std::uint64_t& last = last_[{seen.client, lane_of(seen)}];
    for (const std::string& uuid : uuids_of(seen)) {
      const auto known = order_.find(uuid);
      if (known == order_.end() || !sent_.insert(uuid).second) continue;
      if (known->second < last) {
        return Failure{"events in order of capture",
                       uuid + " after a later one in " + seen.to_text()};
      }
      last = known->second;
    }
    return std::nullopt;
  }

 private:
  std::map<std::string, std::uint64_t> order_;  // of capture, by uuid
  std::set<std::string> sent_;
  std::map<std::pair<std::string, Lane>, std::uint64_t> last_;
};

}  // namespace

std::unique_ptr<Oracle> make_order_oracle() { return std::make_unique<Order>(); }

}  // namespace lockstep::scenario
