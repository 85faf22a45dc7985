// 7. Deadlines: a flush or shutdown has its report by its deadline whatever the server does, and
// nothing is sent once a client is closed. A shutdown whose deadline never comes gives nothing up.
#include <map>
#include <utility>

#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

class Deadlines final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "deadlines are kept"; }

  Finding arrived(World&, const Seen& seen) override {
    const auto closed = closed_.find(seen.client);
    if (closed == closed_.end()) return std::nullopt;
    return Failure{"no request once the client is closed, since " + to_text(closed->second),
                   seen.to_text()};
  }

  Finding opened(World&, const std::string& client) override {
    closed_.erase(client);
    closings_.erase(client);
    given_up_.erase(client);
    return std::nullopt;
  }

  Finding closing(World&, const std::string& client) override {
    ++closings_[client];
    return std::nullopt;
  }

  Finding ended(World&, const EndedEvent& event) override {
    const Outcome& outcome = event.outcome;
    const bool by_deadline = !outcome.delivered && outcome.reason == DropReason::shutdown_deadline;
    if (by_deadline) given_up_.emplace(event.client, outcome.uuid.to_string());
    return std::nullopt;
  }

  Finding returned(World& world, const DrainCall& call) override {
    const Instant now = world.clock().now();
    if (call.is_shutdown) closed_.emplace(call.client, now);
    // Of several shutdowns the earliest deadline counts, and not all are known here.
    const auto given_up = given_up_.find(call.client);
    if (call.is_shutdown && call.deadline == kNever && closings_[call.client] == 1 &&
        given_up != given_up_.end()) {
      return Failure{"a shutdown of " + call.client + " without a deadline to give nothing up",
                     "event " + given_up->second + " dropped at its deadline"};
    }
    if (now <= call.deadline) return std::nullopt;
    return late(call, "it returned at " + to_text(now));
  }

  Finding turned(World& world) override {
    const Instant now = world.clock().now();
    for (const DrainCall& call : world.drains()) {
      if (now > call.deadline) return late(call, "it still waits at " + to_text(now));
    }
    return std::nullopt;
  }

 private:
  static Failure late(const DrainCall& call, std::string seen) {
    return {std::string(call.is_shutdown ? "shutdown" : "flush") + " of " + call.client +
                " to return by " + to_text(call.deadline),
            std::move(seen)};
  }

  std::map<std::string, Instant> closed_;
  std::map<std::string, int> closings_;          // how often shutdown() was called
  std::map<std::string, std::string> given_up_;  // by client: an event dropped at a deadline
};

}  // namespace

std::unique_ptr<Oracle> make_deadlines_oracle() { return std::make_unique<Deadlines>(); }

}  // namespace lockstep::scenario
