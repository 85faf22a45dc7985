// 6. Bounds: batches keep their limits in events and bytes. (Queue and requests in flight are the
// engine's own laws, which the first oracle asks for.)
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

class Bounds final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "batches keep their limits"; }

  Finding arrived(World& world, const Seen& seen) override {
    const ClientLimits* limits = world.limits(seen.client);
    if (limits == nullptr || seen.is_flags()) return std::nullopt;
    const std::size_t events = seen.parts.size();
    if (events > limits->max_batch_size) {
      return Failure{"at most " + std::to_string(limits->max_batch_size) + " events in a request",
                     seen.to_text()};
    }
    // One event may be as large as an event may be, whatever a batch may be.
    if (events > 1 && seen.decoded.size() > limits->max_batch_bytes) {
      return Failure{"at most " + std::to_string(limits->max_batch_bytes) + " bytes in a request",
                     std::to_string(seen.decoded.size()) + " in " + seen.to_text()};
    }
    return std::nullopt;
  }
};

}  // namespace

std::unique_ptr<Oracle> make_bounds_oracle() { return std::make_unique<Bounds>(); }

}  // namespace lockstep::scenario
