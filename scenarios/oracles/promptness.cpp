// 8. Liveness, as it goes: a client that holds events and waits for no answer makes its next
// request as soon as nothing forbids it any longer. It may wait for the flush interval of its
// oldest event, for the longest backoff after an answer, or for a Retry-After, and for nothing
// else.
#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using Endpoint = std::pair<std::string, bool>;  // client, whether AI events' own

class Promptness final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "what is due is sent"; }

  Finding opened(World&, const std::string& client) override {
    std::erase_if(requests_, [&](const auto& entry) { return entry.first.first == client; });
    std::erase_if(held_by_, [&](const auto& entry) { return entry.second->first.first == client; });
    endpoints_.erase({client, false});
    endpoints_.erase({client, true});
    return std::nullopt;
  }

  Finding captured(World& world, const CapturedEvent& event) override {
    const ClientLimits* limits = world.limits(event.client);
    if (limits == nullptr || !event.accepted) return std::nullopt;
    const auto at = endpoint_of(*limits, event.client, event.lane);
    at->second.held.push_back({event.uuid, event.at});
    held_by_[event.uuid] = at;
    return std::nullopt;
  }

  Finding ended(World&, const EndedEvent& event) override {
    const auto at = held_by_.find(event.outcome.uuid);
    if (at == held_by_.end()) return std::nullopt;
    held_by_.erase(at);
    return std::nullopt;
  }

  Finding sent(World& world, const SentRequest& request) override {
    const ClientLimits* limits = world.limits(request.client);
    if (limits == nullptr) return std::nullopt;
    const auto at = endpoint_of(*limits, request.client, request.lane);
    Finding late = judge(*limits, *at, request.at);
    requests_[{request.client, request.number}] = at;
    ++at->second.in_flight;
    return late;
  }

  Finding request_ended(World& world, const EndedRequest& request) override {
    const auto found = requests_.find({request.client, request.number});
    const ClientLimits* limits = world.limits(request.client);
    if (found == requests_.end() || limits == nullptr) return std::nullopt;
    State& state = found->second->second;
    requests_.erase(found);
    --state.in_flight;
    const Duration asked = request.pause ? limits->max_retry_after : Duration{0};
    const Duration wait = std::max(longest_backoff(*limits), asked);
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
  };
  struct State {
    std::deque<Held> held;  // by age; those that have ended are forgotten when it matters
    std::size_t in_flight = 0;
    Instant excused_until = Instant::min();  // by the answers so far
  };
  using Endpoints = std::map<Endpoint, State>;

  Endpoints::iterator endpoint_of(const ClientLimits& limits, const std::string& client,
                                  Lane lane) {
    const bool is_ai = lane == Lane::ai && limits.ai_is_apart;
    return endpoints_.try_emplace({client, is_ai}).first;
  }

  // The cap, and what the jitter may add to it.
  static Duration longest_backoff(const ClientLimits& limits) {
    const Duration percent = limits.retry_max_backoff / 100 + Duration{1};
    return saturating_add(limits.retry_max_backoff,
                          saturating_multiply(percent, limits.retry_jitter_percent));
  }

  Finding judge(const ClientLimits& limits, Endpoints::value_type& endpoint, Instant now) const {
    State& state = endpoint.second;
    if (state.in_flight > 0 || now <= state.excused_until) return std::nullopt;
    while (!state.held.empty() && !held_by_.contains(state.held.front().uuid)) {
      state.held.pop_front();
    }
    if (state.held.empty()) return std::nullopt;
    const Held& oldest = state.held.front();
    const Instant due =
        std::max(state.excused_until, saturating_add(oldest.since, limits.flush_interval));
    if (now <= due) return std::nullopt;
    return Failure{"a request of " + endpoint.first.first + " by " + to_text(due) +
                       ", as it holds " + oldest.uuid.to_string() + " since " +
                       to_text(oldest.since) + " and waits for no answer",
                   "none until " + to_text(now)};
  }

  Endpoints endpoints_;
  std::map<Uuid, Endpoints::iterator> held_by_;
  std::map<std::pair<std::string, std::string>, Endpoints::iterator> requests_;  // on their way
};

}  // namespace

std::unique_ptr<Oracle> make_promptness_oracle() { return std::make_unique<Promptness>(); }

}  // namespace lockstep::scenario
