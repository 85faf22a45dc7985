// 6. Bounds: batches keep their limits in events and bytes, a lane holds no more than its queue
// may, an endpoint has no more requests in flight than it may.
#include <array>
#include <map>

#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

// Those that a client refused were never held by it.
bool was_held(const Outcome& outcome) {
  if (outcome.delivered) return true;
  switch (outcome.reason) {
    case DropReason::hook:
    case DropReason::hook_failed:
    case DropReason::queue_full:
      return false;
    case DropReason::too_large:
      return outcome.attempts > 0;
    default:
      return true;
  }
}

class Bounds final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "batches and clients keep limits"; }

  Finding opened(World&, const std::string& client) override {
    clients_.erase(client);
    return std::nullopt;
  }

  Finding captured(World& world, const CapturedEvent& event) override {
    const ClientLimits* limits = world.limits(event.client);
    if (limits == nullptr || !event.accepted) return std::nullopt;
    Client& client = clients_[event.client];
    const std::size_t held = ++client.lanes[index(event.lane)].held;
    has_overflown_ = has_overflown_ || held > limits->max_queue_size;
    return std::nullopt;
  }

  Finding ended(World&, const EndedEvent& event) override {
    std::size_t& held = clients_[event.client].lanes[index(event.outcome.lane)].held;
    if (was_held(event.outcome) && held > 0) --held;
    return std::nullopt;
  }

  Finding sent(World& world, const SentRequest& request) override {
    const ClientLimits* limits = world.limits(request.client);
    if (limits == nullptr) return std::nullopt;
    const std::size_t count = ++in_flight(*limits, request.client, request.lane);
    if (count <= limits->max_in_flight) return std::nullopt;
    return Failure{"at most " + std::to_string(limits->max_in_flight) + " requests of " +
                       request.client + " in flight",
                   std::to_string(count) + " at " + to_text(request.at)};
  }

  Finding request_ended(World& world, const EndedRequest& request) override {
    const ClientLimits* limits = world.limits(request.client);
    if (limits == nullptr) return std::nullopt;
    std::size_t& count = in_flight(*limits, request.client, request.lane);
    if (count > 0) --count;
    return std::nullopt;
  }

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

  // What gave way to a newer event is told of later, but at the same instant.
  Finding turned(World& world) override {
    if (!has_overflown_) return std::nullopt;
    has_overflown_ = false;
    const Instant now = world.clock().now();
    for (auto& [name, client] : clients_) {
      const ClientLimits* limits = world.limits(name);
      if (limits == nullptr) continue;
      for (Held& lane : client.lanes) {
        if (lane.held <= limits->max_queue_size) {
          lane.over_since = kNever;
          continue;
        }
        has_overflown_ = true;
        if (lane.over_since < now) {
          return Failure{
              "at most " + std::to_string(limits->max_queue_size) + " events in a lane of " + name,
              std::to_string(lane.held) + " since " + to_text(lane.over_since)};
        }
        lane.over_since = now;
      }
    }
    return std::nullopt;
  }

 private:
  struct Held {
    std::size_t held = 0;
    Instant over_since = kNever;  // more than it may
  };
  struct Client {
    std::array<Held, kLaneCount> lanes{};
    std::array<std::size_t, 2> in_flight{};  // by whether the endpoint is the AI events' own
  };

  static std::size_t index(Lane lane) { return static_cast<std::size_t>(lane); }

  std::size_t& in_flight(const ClientLimits& limits, const std::string& client, Lane lane) {
    return clients_[client].in_flight[lane == Lane::ai && limits.ai_is_apart ? 1 : 0];
  }

  std::map<std::string, Client> clients_;
  bool has_overflown_ = false;  // some lane may hold more than it may
};

}  // namespace

std::unique_ptr<Oracle> make_bounds_oracle() { return std::make_unique<Bounds>(); }

}  // namespace lockstep::scenario
