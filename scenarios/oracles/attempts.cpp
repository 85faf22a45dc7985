// 4. Attempts: at most max_retries + 1 for an event, and as many before it is given up for that. A
// 413 speaks of the request's size, not of the event, and costs none.

#include "scenarios/by_uuid.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

class Attempts final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "attempts are bounded"; }

  Finding arrived(World& world, const Seen& seen) override {
    const ClientLimits* limits = world.limits(seen.client);
    const bool is_about_size = seen.reply.response.status == 413;
    if (limits == nullptr || is_about_size) return std::nullopt;
    for (const auto& [uuid, content] : seen.parts) {
      if (uuid.is_nil()) continue;  // nobody can tell whose attempt it is
      const std::uint32_t count = ++counts_[uuid];
      if (count <= limits->max_retries + 1) continue;
      return Failure{
          "at most " + std::to_string(limits->max_retries + 1) + " attempts",
          "attempt " + std::to_string(count) + " at " + uuid.to_string() + " in " + seen.to_text()};
    }
    return std::nullopt;
  }

  // Attempts that never reached the server count as well, so only the SDK can tell how many it
  // made; what it tells must cover those that did.
  Finding ended(World& world, const EndedEvent& event) override {
    const Outcome& outcome = event.outcome;
    const auto arrived = counts_.find(outcome.uuid);
    if (arrived != counts_.end() && outcome.attempts < arrived->second) {
      return Failure{"the end of " + outcome.uuid.to_string() + " to tell of " +
                         std::to_string(arrived->second) + " attempts, which arrived",
                     std::to_string(outcome.attempts)};
    }
    const ClientLimits* limits = world.limits(event.client);
    const bool gave_up = !outcome.delivered && outcome.reason == DropReason::attempts_exhausted;
    if (limits == nullptr || !gave_up || outcome.attempts > limits->max_retries) {
      return std::nullopt;
    }
    return Failure{std::to_string(limits->max_retries + 1) + " attempts before " +
                       outcome.uuid.to_string() + " is given up for them",
                   std::to_string(outcome.attempts)};
  }

 private:
  ByUuid<std::uint32_t> counts_;
};

}  // namespace

std::unique_ptr<Oracle> make_attempts_oracle() { return std::make_unique<Attempts>(); }

}  // namespace lockstep::scenario
