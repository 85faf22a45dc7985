// 3. Patience: no request to an endpoint before the pause that its last answer asked for is over,
// nor before the first backoff after a failure, whatever failed: an answer, a connection, an answer
// that broke off or never came. What v1 wants again alone owes that backoff alone.
#include <algorithm>
#include <map>

#include "scenarios/by_uuid.h"
#include "scenarios/oracles/heard.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using Endpoint = std::pair<std::string, bool>;  // client, whether AI

class Patience final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "pauses are kept"; }

  // A new client knows nothing of the pauses of the one before it.
  Finding opened(World&, const std::string& client) override {
    pauses_.erase({client, false});
    pauses_.erase({client, true});
    return std::nullopt;
  }

  Finding request_ended(World& world, const EndedRequest& request) override {
    const ClientLimits* limits = world.limits(request.client);
    if (limits == nullptr || !goes_again(request)) return std::nullopt;
    const Seen* seen = request.seen;
    const Duration pause = std::min(asked_by(request, world), limits->max_retry_after);
    const Instant again = saturating_add(request.at, std::max(pause, least_backoff(*limits)));
    const bool is_trouble = scenario::is_trouble(request);
    Pause& known = pauses_[endpoint_of(*limits, request.client, request.lane)];
    const Instant until = is_trouble ? again : saturating_add(request.at, pause);
    if (until > known.until) known = {request.at, until, seen};
    for (std::size_t i = 0; !is_trouble && i < request.words.size(); ++i) {
      if (request.words[i] == Word::again) owed_[seen->parts[i].uuid] = again;
    }
    return std::nullopt;
  }

  Finding sent(World& world, const SentRequest& request) override {
    const ClientLimits* limits = world.limits(request.client);
    if (limits == nullptr) return std::nullopt;
    const auto pause = pauses_.find(endpoint_of(*limits, request.client, request.lane));
    if (pause == pauses_.end() || request.at >= pause->second.until) return std::nullopt;
    // What leaves at the instant of the answer may have been on its way out before it.
    if (request.at <= pause->second.known) return std::nullopt;
    const Seen* cause = pause->second.cause;
    return Failure{
        "no request before " + to_text(pause->second.until) + ", after " +
            (cause == nullptr ? "one that never arrived" : cause->to_text()),
        "request " + request.number + " of " + request.client + " sent at " + to_text(request.at)};
  }

  Finding arrived(World& world, const Seen& seen) override {
    const Instant sent = seen.at - world.settings().latency;
    for (std::size_t i = 0; !owed_.empty() && i < seen.parts.size(); ++i) {
      const auto owed = owed_.find(seen.parts[i].uuid);
      if (owed == owed_.end() || sent >= owed->second) continue;
      return Failure{owed->first.to_string() + " not sent again before " + to_text(owed->second),
                     "sent at " + to_text(sent) + ": " + seen.to_text()};
    }
    return std::nullopt;
  }

 private:
  struct Pause {
    Instant known{};  // when the client learnt of it
    Instant until = Instant::min();
    const Seen* cause = nullptr;  // which the world keeps; nullptr: a request that never arrived
  };

  static Endpoint endpoint_of(const ClientLimits& limits, const std::string& client, Lane lane) {
    return {client, lane == Lane::ai && limits.ai_is_apart};
  }

  // With a success the header has no meaning, but for v1, which wants some of the events again.
  static Duration asked_by(const EndedRequest& request, World& world) {
    if (request.words.empty() || request.words.front() == Word::nothing) return Duration{0};
    const bool is_success = request.status >= 200 && request.status < 300;
    if (is_success && scenario::is_trouble(request)) return Duration{0};
    return plain_retry_after(request, world).value_or(Duration{0});
  }

  static Duration least_backoff(const ClientLimits& limits) {
    return limits.retry_initial_backoff -
           limits.retry_initial_backoff * limits.retry_jitter_percent / 100;
  }

  std::map<Endpoint, Pause> pauses_;
  ByUuid<Instant> owed_;  // before which it does not go again
};

}  // namespace

std::unique_ptr<Oracle> make_patience_oracle() { return std::make_unique<Patience>(); }

}  // namespace lockstep::scenario
