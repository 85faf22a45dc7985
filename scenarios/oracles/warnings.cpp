// What a full queue drops is warned of: at the start of each episode, and again every 30 s while it
// lasts. So no event is lost to it with the last warning about its lane longer ago than that.
#include <array>
#include <map>
#include <utility>

#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

constexpr Duration kWarnedAgain = std::chrono::seconds{30};

class Warnings final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "a full queue is warned of"; }

  Finding opened(World&, const std::string& client) override {
    clients_.erase(client);
    return std::nullopt;
  }

  // "the historical queue is full (...)"
  Finding told(World&, const ToldError& told) override {
    const std::string_view message = told.error.message;
    if (message.find(" queue is full (") == std::string_view::npos) return std::nullopt;
    for (std::size_t i = 0; i < kLaneCount; ++i) {
      const std::string_view lane = to_string(static_cast<Lane>(i));
      if (message.find(lane) < message.find(" queue")) {
        clients_[told.client][i].warned = told.at;
      }
    }
    return std::nullopt;
  }

  // The warning may come later than the news of the event, but at the same instant.
  Finding ended(World&, const EndedEvent& event) override {
    const Outcome& outcome = event.outcome;
    const bool found_it_full = !outcome.delivered && (outcome.reason == DropReason::queue_full ||
                                                      outcome.reason == DropReason::evicted);
    if (!found_it_full) return std::nullopt;
    Warned& lane = clients_[event.client][static_cast<std::size_t>(outcome.lane)];
    if (lane.dropped != Instant::min() && lane.dropped < event.at) {
      if (Finding silent = judge(event.client, outcome.lane, lane)) return silent;
    }
    lane.dropped = event.at;
    lane.lost = outcome.uuid;
    has_dropped_ = true;
    return std::nullopt;
  }

  Finding turned(World& world) override {
    if (!has_dropped_) return std::nullopt;
    has_dropped_ = false;
    const Instant now = world.clock().now();
    for (auto& [client, lanes] : clients_) {
      for (std::size_t i = 0; i < lanes.size(); ++i) {
        if (lanes[i].dropped == Instant::min()) continue;
        if (lanes[i].dropped == now) {
          has_dropped_ = true;
        } else if (Finding silent = judge(client, static_cast<Lane>(i), lanes[i])) {
          return silent;
        }
      }
    }
    return std::nullopt;
  }

 private:
  struct Warned {
    Instant warned = Instant::min();
    Instant dropped = Instant::min();  // of an event that is not judged yet
    Uuid lost;
  };

  Finding judge(const std::string& client, Lane which, Warned& lane) {
    const Instant at = std::exchange(lane.dropped, Instant::min());
    if (lane.warned != Instant::min() && at < saturating_add(lane.warned, kWarnedAgain)) {
      return std::nullopt;
    }
    return Failure{
        "a warning that the " + std::string(to_string(which)) + " queue of " + client +
            " is full by " + to_text(at) + ", when it cost " + lane.lost.to_string(),
        lane.warned == Instant::min() ? "none ever" : "the last one at " + to_text(lane.warned)};
  }

  std::map<std::string, std::array<Warned, kLaneCount>> clients_;
  bool has_dropped_ = false;  // there may be such an event
};

}  // namespace

std::unique_ptr<Oracle> make_warnings_oracle() { return std::make_unique<Warnings>(); }

}  // namespace lockstep::scenario
