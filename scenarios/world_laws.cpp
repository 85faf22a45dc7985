// What must hold of every scenario when it ends, whatever it was about.
#include <algorithm>
#include <array>
#include <set>

#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

Finding ledger_balances(World& world) {
  for (const std::string& name : world.clients()) {
    const Stats stats = world.client(name).stats();
    for (std::size_t i = 0; i < kLaneCount; ++i) {
      const LaneStats& count = stats.lanes[i];
      if (count.balances()) continue;
      return Failure{"captured = delivered + dropped + pending in the " +
                         std::string(to_string(static_cast<Lane>(i))) + " lane of " + name,
                     std::to_string(count.captured) + " captured, " +
                         std::to_string(count.delivered) + " delivered, " +
                         std::to_string(count.dropped()) + " dropped, " +
                         std::to_string(count.pending) + " pending"};
    }
  }
  return std::nullopt;
}

bool ends_at_capture(DropReason reason) {
  return reason == DropReason::hook || reason == DropReason::hook_failed ||
         reason == DropReason::queue_full || reason == DropReason::too_large;
}

// What ends at this instant is told by the end of its turn. Of captures that were dropped at once a
// client tells no more than it has room to remember; all are counted.
bool agrees(World& world, DropReason reason, std::uint64_t told, std::uint64_t counted) {
  const bool is_exact =
      !ends_at_capture(reason) && world.host().next_instant() > world.clock().now();
  return is_exact ? told == counted : told <= counted;
}

// An event ends once, and what ended is what the ledger counts.
Finding outcomes_agree_with_ledger(World& world) {
  for (const std::string& name : world.clients()) {
    std::vector<Uuid> ended;
    std::uint64_t delivered = 0;
    std::array<std::uint64_t, kDropReasonCount> dropped{};
    for (const Outcome& outcome : world.log(name).outcomes) {
      ended.push_back(outcome.uuid);
      ++(outcome.delivered ? delivered : dropped[static_cast<std::size_t>(outcome.reason)]);
    }
    std::sort(ended.begin(), ended.end());
    if (const auto twice = std::adjacent_find(ended.begin(), ended.end()); twice != ended.end()) {
      return Failure{"one outcome for each event", "a second one for " + twice->to_string()};
    }
    const LaneStats total = world.client(name).stats().total();
    if (delivered != total.delivered) {
      return Failure{std::to_string(total.delivered) + " delivered outcomes, as the ledger says",
                     std::to_string(delivered)};
    }
    for (std::size_t i = 0; i < dropped.size(); ++i) {
      const auto reason = static_cast<DropReason>(i);
      const std::uint64_t counted = total.dropped(reason);
      if (world.log(name).dropped_at_once[i] > counted) {
        return Failure{"at least " + std::to_string(world.log(name).dropped_at_once[i]) +
                           " events of " + name + " in the ledger that are " +
                           std::string(to_string(reason)) + ", as capture() said",
                       std::to_string(counted)};
      }
      if (agrees(world, reason, dropped[i], counted)) continue;
      return Failure{std::to_string(counted) + " outcomes of " + name + " that are " +
                         std::string(to_string(reason)) + ", as the ledger says",
                     std::to_string(dropped[i])};
    }
  }
  return std::nullopt;
}

// A v1 result that nobody knows yet ends an event too; what a server meant by it the mock cannot
// say.
bool has_known_result(const Outcome& outcome) {
  return outcome.detail.empty() || outcome.detail.starts_with("limited") ||
         outcome.detail.starts_with("warning");
}

// Without ids on the wire all that can be said is how many: copies count, as they do there.
Finding enough_is_stored(World& world, const std::string& name) {
  const std::size_t kept = world.store(name).received;
  const auto& outcomes = world.log(name).outcomes;
  const auto delivered = static_cast<std::size_t>(std::count_if(
      outcomes.begin(), outcomes.end(),
      [](const Outcome& outcome) { return outcome.delivered && !outcome.unconfirmed; }));
  return kept >= delivered ? Finding{}
                           : Failure{std::to_string(delivered) + " delivered events in the store",
                                     std::to_string(kept)};
}

Finding delivered_is_stored(World& world) {
  for (const std::string& name : world.clients()) {
    if (const ClientLimits* limits = world.limits(name); limits != nullptr && !limits->has_ids) {
      if (auto missing = enough_is_stored(world, name)) return missing;
      continue;
    }
    std::set<Uuid> stored;
    world.server().each_stored(
        [&](const mock::StoredEvent& event) {
          if (const auto uuid = Uuid::parse(event.uuid)) stored.insert(*uuid);
        },
        name);
    for (const Outcome& outcome : world.log(name).outcomes) {
      if (!outcome.delivered || outcome.unconfirmed || !has_known_result(outcome)) continue;
      if (stored.contains(outcome.uuid)) continue;
      return Failure{"every delivered event in the server's store",
                     outcome.uuid.to_string() + " is not there"};
    }
  }
  return std::nullopt;
}

Finding repeats_carry_the_same_bytes(World& world) {
  Finding finding;
  world.server().each_stored([&](const mock::StoredEvent& event) {
    if (event.same_bytes || finding) return;
    finding = Failure{"the same bytes on every attempt", "others for " + event.uuid};
  });
  return finding;
}

Finding every_request_has_a_route(World& world) {
  const auto unrouted = world.server().unrouted();
  return unrouted.empty() ? Finding{} : Failure{"requests to known paths only", unrouted.front()};
}

Finding strict_mock_saw_no_breach(World& world) {
  if (!world.settings().strict || world.violations_expected()) return std::nullopt;
  for (const std::string& name : world.clients()) {
    const auto seen = world.violations(name);
    if (!seen.empty()) return Failure{"no breach of the protocol", seen.front()};
  }
  return std::nullopt;
}

}  // namespace

const std::vector<World::Law>& World::laws() {
  static const std::vector<Law> laws{{"the ledger balances", ledger_balances},
                                     {"outcomes agree with the ledger", outcomes_agree_with_ledger},
                                     {"what is delivered is stored", delivered_is_stored},
                                     {"a repeat is the same event", repeats_carry_the_same_bytes},
                                     {"requests go to known paths", every_request_has_a_route},
                                     {"the protocol is kept", strict_mock_saw_no_breach}};
  return laws;
}

}  // namespace lockstep::scenario
