// 8. Liveness, as it goes: a client makes its next request as soon as nothing forbids it any
// longer. An event may wait for the flush interval, until flush_at of its lane wait, a flush covers
// it or a shutdown begins; then for a free slot, for the backoff after failures, and for a
// Retry-After; and for nothing else. So a shutdown gives up before its deadline only what has to
// wait beyond it.
#include <algorithm>
#include <array>
#include <deque>
#include <map>

#include "scenarios/by_uuid.h"
#include "scenarios/oracles/heard.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using EndpointName = std::pair<std::string, bool>;  // client, whether AI events' own

class Promptness final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "what is due is sent"; }

  Finding opened(World&, const std::string& client) override {
    std::erase_if(requests_, [&](const auto& entry) { return entry.first.first == client; });
    std::erase_if(held_by_,
                  [&](const auto& entry) { return entry.second.at->first.first == client; });
    endpoints_.erase({client, false});
    endpoints_.erase({client, true});
    drains_.erase(client);
    return std::nullopt;
  }

  Finding captured(World& world, const CapturedEvent& event) override {
    const ClientLimits* limits = world.limits(event.client);
    if (limits == nullptr || !event.accepted) return std::nullopt;
    const auto at = endpoint_of(*limits, event.client, event.lane);
    const Held held{event.uuid, event.at, event.order};
    at->second.held.push_back(held);
    at->second.fresh[static_cast<std::size_t>(event.lane)].push_back(held);
    held_by_[event.uuid] = {at, false};
    return std::nullopt;
  }

  Finding ended(World&, const EndedEvent& event) override {
    const auto held = held_by_.find(event.outcome.uuid);
    if (held == held_by_.end()) return std::nullopt;
    const auto at = held->second.at;
    held_by_.erase(held);
    const Outcome& outcome = event.outcome;
    if (outcome.delivered || outcome.reason != DropReason::shutdown_deadline) return std::nullopt;
    const Instant deadline = drains_[event.client].shutdown_deadline;
    if (event.at >= deadline || at->second.excused_until >= deadline) return std::nullopt;
    return Failure{outcome.uuid.to_string() + " to be tried until " + to_text(deadline) +
                       ", when the shutdown of " + event.client + " has to end",
                   "given up at " + to_text(event.at)};
  }

  Finding draining(World&, const DrainCall& call) override {
    Drains& drains = drains_[call.client];
    if (!call.is_shutdown) {
      drains.flushes.push_back(call);
      return std::nullopt;
    }
    drains.closing_since = std::min(drains.closing_since, call.started);
    drains.shutdown_deadline = std::min(drains.shutdown_deadline, call.deadline);
    return std::nullopt;
  }

  Finding sent(World& world, const SentRequest& request) override {
    const ClientLimits* limits = world.limits(request.client);
    if (limits == nullptr) return std::nullopt;
    const auto at = endpoint_of(*limits, request.client, request.lane);
    Finding late = judge(*limits, *at, request.at);
    requests_[{request.client, request.number}] = {at, false};
    ++at->second.in_flight;
    ++at->second.leaving;
    return late;
  }

  Finding arrived(World&, const Seen& seen) override {
    const auto request = requests_.find({seen.client, seen.sent_as});
    if (request == requests_.end()) return std::nullopt;
    request->second.has_arrived = true;
    --request->second.at->second.leaving;
    for (const SeenEvent& event : seen.parts) {
      const auto held = held_by_.find(event.uuid);
      if (held != held_by_.end()) held->second.has_arrived = true;
    }
    return std::nullopt;
  }

  Finding request_ended(World& world, const EndedRequest& request) override {
    const auto found = requests_.find({request.client, request.number});
    const ClientLimits* limits = world.limits(request.client);
    if (found == requests_.end() || limits == nullptr) return std::nullopt;
    const auto [at, has_arrived] = found->second;
    State& state = at->second;
    requests_.erase(found);
    --state.in_flight;
    // Of what never arrived nobody knows what it carried.
    state.is_guessing = state.is_guessing || !has_arrived;
    state.leaving -= has_arrived ? 0 : 1;
    const bool fails = goes_again(request);
    state.failures += fails ? 1 : 0;
    state.failures_in_a_row = fails ? state.failures_in_a_row + 1 : 0;
    const Duration wait = std::max(fails ? longest_backoff(*limits, state) : Duration{0},
                                   longest_pause(*limits, request, world));
    state.excused_until = std::max(state.excused_until, saturating_add(request.at, wait));
    return std::nullopt;
  }

  Finding turned(World& world) override {
    const Instant now = world.clock().now();
    for (auto& endpoint : endpoints_) {
      const ClientLimits* limits = world.limits(endpoint.first.first);
      if (limits == nullptr) continue;
      if (Finding late = judge(*limits, endpoint, now)) return late;
    }
    return std::nullopt;
  }

 private:
  struct Held {
    Uuid uuid;
    Instant since{};
    std::uint64_t order = 0;
  };
  struct State {
    // By age; those that have ended, or are sent, are forgotten when it matters.
    std::deque<Held> held;
    std::array<std::deque<Held>, kLaneCount> fresh;  // never sent yet
    std::size_t in_flight = 0;
    std::size_t leaving = 0;  // of these, how many have not arrived
    bool is_guessing = false;
    std::uint32_t failures = 0;
    std::uint32_t failures_in_a_row = 0;
    Instant excused_until = Instant::min();  // by the answers so far
  };
  using Endpoints = std::map<EndpointName, State>;
  // An event's, or a request's.
  struct Whose {
    Endpoints::iterator at;
    bool has_arrived = false;
  };
  struct Drains {
    std::vector<DrainCall> flushes;
    Instant closing_since = kNever;
    Instant shutdown_deadline = kNever;
  };

  Endpoints::iterator endpoint_of(const ClientLimits& limits, const std::string& client,
                                  Lane lane) {
    const bool is_ai = lane == Lane::ai && limits.ai_is_apart;
    return endpoints_.try_emplace({client, is_ai}).first;
  }

  // It doubles with each failure of a batch, or of all requests together, whichever were more; up
  // to the cap, and what the jitter may add.
  static Duration longest_backoff(const ClientLimits& limits, const State& state) {
    const std::uint32_t of_a_batch = std::min(state.failures, limits.max_retries + 1);
    const std::uint32_t doublings = std::max(of_a_batch, state.failures_in_a_row);
    Duration backoff = limits.retry_initial_backoff;
    for (std::uint32_t i = 1; i < doublings && backoff < limits.retry_max_backoff; ++i) {
      backoff = saturating_multiply(backoff, 2);
    }
    backoff = std::min(backoff, limits.retry_max_backoff);
    const Duration percent = backoff / 100 + Duration{1};
    return saturating_add(backoff, saturating_multiply(percent, limits.retry_jitter_percent));
  }

  // What the client made of it counts only where the answer leaves doubt.
  static Duration longest_pause(const ClientLimits& limits, const EndedRequest& request,
                                World& world) {
    if (!request.pause) return Duration{0};
    const auto plain = request.seen == nullptr ? std::nullopt : plain_retry_after(request, world);
    return std::min(plain.value_or(*request.pause), limits.max_retry_after);
  }

  bool is_held(const Held& held) const { return held_by_.contains(held.uuid); }
  bool is_fresh(const Held& held) const {
    const auto found = held_by_.find(held.uuid);
    return found != held_by_.end() && !found->second.has_arrived;
  }

  Finding judge(const ClientLimits& limits, Endpoints::value_type& endpoint, Instant now) {
    State& state = endpoint.second;
    if (now <= state.excused_until) return std::nullopt;
    if (state.in_flight == 0) return judge_oldest(limits, endpoint, now);
    // Which events a request carries is known when it arrives.
    const bool is_known = limits.has_ids && !state.is_guessing && state.leaving == 0;
    if (!is_known || state.in_flight >= limits.max_in_flight) return std::nullopt;
    return judge_fresh(limits, endpoint, now);
  }

  // With nothing in flight, whatever it holds waits, whether it was sent before or not.
  Finding judge_oldest(const ClientLimits& limits, Endpoints::value_type& endpoint, Instant now) {
    std::deque<Held>& held = endpoint.second.held;
    while (!held.empty() && !is_held(held.front())) held.pop_front();
    if (held.empty()) return std::nullopt;
    const Instant due = saturating_add(held.front().since, limits.flush_interval);
    if (Finding late = judge_due(endpoint, held.front(), due, now)) return late;
    const bool is_known = limits.has_ids && !endpoint.second.is_guessing;
    return is_known ? judge_fresh(limits, endpoint, now) : std::nullopt;
  }

  Finding judge_fresh(const ClientLimits& limits, Endpoints::value_type& endpoint, Instant now) {
    for (std::deque<Held>& lane : endpoint.second.fresh) {
      while (!lane.empty() && !is_fresh(lane.front())) lane.pop_front();
      if (lane.empty()) continue;
      const Instant due = due_at(limits, drains_[endpoint.first.first], lane, now);
      if (Finding late = judge_due(endpoint, lane.front(), due, now)) return late;
    }
    return std::nullopt;
  }

  static Instant due_at(const ClientLimits& limits, Drains& drains, const std::deque<Held>& lane,
                        Instant now) {
    const Held& oldest = lane.front();
    Instant due = saturating_add(oldest.since, limits.flush_interval);
    if (lane.size() >= limits.flush_at) due = std::min(due, lane[limits.flush_at - 1].since);
    if (now < drains.shutdown_deadline) due = std::min(due, drains.closing_since);
    std::erase_if(drains.flushes, [&](const DrainCall& call) { return call.deadline <= now; });
    for (const DrainCall& call : drains.flushes) {
      if (oldest.order <= call.upto) due = std::min(due, call.started);
    }
    return due;
  }

  static Finding judge_due(const Endpoints::value_type& endpoint, const Held& oldest, Instant due,
                           Instant now) {
    const State& state = endpoint.second;
    due = std::max(due, state.excused_until);
    if (now <= due) return std::nullopt;
    return Failure{"a request of " + endpoint.first.first + " by " + to_text(due) +
                       ", as it holds " + oldest.uuid.to_string() + " since " +
                       to_text(oldest.since) + " and has " + std::to_string(state.in_flight) +
                       " requests in flight",
                   "none until " + to_text(now)};
  }

  Endpoints endpoints_;
  ByUuid<Whose> held_by_;
  std::map<std::pair<std::string, std::string>, Whose> requests_;  // that have not ended
  std::map<std::string, Drains> drains_;                           // by client
};

}  // namespace

std::unique_ptr<Oracle> make_promptness_oracle() { return std::make_unique<Promptness>(); }

}  // namespace lockstep::scenario
