// 3. Patience: no request to an endpoint before the pause that its last answer asked for is over,
// nor before the backoff after a failure, whatever failed: an answer, a connection, an answer that
// broke off or never came. The backoff doubles with each round of failures up to its cap, where
// requests that were under way together fail in one round, and an answer that is no failure begins
// again. What v1 wants again alone owes a backoff alone, which doubles with its own failures. And
// backoffs are spread by their jitter.
#include <algorithm>
#include <bit>
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
    unspread_.erase(client);
    return std::nullopt;
  }

  Finding request_ended(World& world, const EndedRequest& request) override {
    const ClientLimits* limits = world.limits(request.client);
    const bool fails = goes_again(request);
    if (limits == nullptr || (!fails && (pauses_.empty() || request.was_cancelled))) {
      return std::nullopt;
    }
    Pause& known = pauses_[endpoint_of(*limits, request.client, request.lane)];
    const bool is_trouble = fails && scenario::is_trouble(request);
    count_round(known, request, is_trouble);
    if (!fails) return std::nullopt;
    const Seen* seen = request.seen;
    const Duration pause = std::min(asked_by(request, world), limits->max_retry_after);
    Instant until = saturating_add(request.at, pause);
    if (is_trouble) {
      const Duration backoff = least_of(*limits, plain_backoff(*limits, known.rounds));
      until = std::max(until, saturating_add(request.at, backoff));
      await_spread(*limits, known, request);
    }
    if (until > known.until)
      known = {request.at, until, seen, known.rounds, known.trouble_since, known.asked_until};
    for (std::size_t i = 0; !is_trouble && i < request.words.size(); ++i) {
      if (request.words[i] != Word::again) continue;
      Owed& owed = owed_[seen->parts[i].uuid];
      const Duration backoff = least_of(*limits, plain_backoff(*limits, ++owed.failures));
      owed.until = saturating_add(request.at, std::max(pause, backoff));
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
      if (owed == owed_.end() || sent >= owed->second.until) continue;
      return Failure{
          owed->first.to_string() + " not sent again before " + to_text(owed->second.until),
          "sent at " + to_text(sent) + ": " + seen.to_text()};
    }
    if (unjittered_.empty() || seen.parts.empty()) return std::nullopt;
    const auto waited = unjittered_.find(seen.parts.front().uuid);
    if (waited == unjittered_.end()) return std::nullopt;
    const Instant plain = waited->second;
    unjittered_.erase(waited);
    return judge_spread(*world.limits(seen.client), seen, sent, plain);
  }

 private:
  // Backoffs without any jitter that came by chance are as likely as this many heads in a row.
  static constexpr int kCertain = 56;

  struct Pause {
    Instant known{};  // when the client learnt of it
    Instant until = Instant::min();
    const Seen* cause = nullptr;  // which the world keeps; nullptr: a request that never arrived
    std::uint32_t rounds = 0;     // of failures in a row
    Instant trouble_since = Instant::min();  // when the last round was known
    Instant asked_until = Instant::min();    // by a Retry-After
  };
  struct Owed {
    Instant until{};  // before which it does not go again
    std::uint32_t failures = 0;
  };

  static Endpoint endpoint_of(const ClientLimits& limits, const std::string& client, Lane lane) {
    return {client, lane == Lane::ai && limits.ai_is_apart};
  }

  // Of what left at the instant of the last failure nobody can tell whether it left before it.
  static void count_round(Pause& known, const EndedRequest& request, bool is_trouble) {
    if (!is_trouble) {
      known.rounds = 0;
    } else if (request.sent >= known.trouble_since) {
      known.rounds += request.sent > known.trouble_since ? 1 : 0;
      known.trouble_since = request.at;
    }
  }

  // With a success the header has no meaning, but for v1, which wants some of the events again.
  static Duration asked_by(const EndedRequest& request, World& world) {
    if (request.words.empty() || request.words.front() == Word::nothing) return Duration{0};
    const bool is_success = request.status >= 200 && request.status < 300;
    if (is_success && scenario::is_trouble(request)) return Duration{0};
    return plain_retry_after(request, world).value_or(Duration{0});
  }

  static Duration plain_backoff(const ClientLimits& limits, std::uint32_t failures) {
    Duration backoff = limits.retry_initial_backoff;
    for (std::uint32_t i = 1; i < failures && backoff < limits.retry_max_backoff; ++i) {
      backoff = saturating_multiply(backoff, 2);
    }
    return std::min(backoff, limits.retry_max_backoff);
  }

  static Duration least_of(const ClientLimits& limits, Duration backoff) {
    const std::int64_t percent = limits.retry_jitter_percent;
    return backoff - backoff / 100 * percent - backoff % 100 * percent / 100;
  }

  // When the request would go again if there were no jitter, where nothing but a backoff decides.
  void await_spread(const ClientLimits& limits, Pause& known, const EndedRequest& request) {
    if (request.pause) {
      known.asked_until = std::max(known.asked_until, saturating_add(request.at, *request.pause));
      unjittered_.clear();
    }
    const Seen* seen = request.seen;
    const bool is_plain = limits.retry_jitter_percent > 0 && limits.has_ids && seen != nullptr &&
                          !seen->parts.empty() && known.asked_until < request.at;
    if (!is_plain || has_spread(request.client)) return;
    const auto attempts = static_cast<std::uint32_t>(seen->attempt);
    const Duration backoff = plain_backoff(limits, std::max(known.rounds, attempts));
    unjittered_[seen->parts.front().uuid] = saturating_add(request.at, backoff);
  }

  bool has_spread(const std::string& client) const {
    const auto known = unspread_.find(client);
    return known != unspread_.end() && known->second < 0;
  }

  // A retry that goes sooner than without jitter shows that there is some. One that goes later may
  // have waited for something else; but that all the others go exactly then is no accident.
  Finding judge_spread(const ClientLimits& limits, const Seen& seen, Instant sent, Instant plain) {
    if (sent > plain || has_spread(seen.client)) return std::nullopt;
    int& doubt = unspread_[seen.client];
    if (sent < plain) {
      doubt = -1;
      return std::nullopt;
    }
    // Drawn in thousandths of a percent.
    doubt += std::bit_width(2000U * limits.retry_jitter_percent) - 1;
    if (doubt < kCertain) return std::nullopt;
    return Failure{"the backoffs of " + seen.client + " to be spread by up to " +
                       std::to_string(limits.retry_jitter_percent) + " %",
                   "each that can be told without any, the last of them until " + to_text(sent) +
                       ": " + seen.to_text()};
  }

  std::map<Endpoint, Pause> pauses_;
  ByUuid<Owed> owed_;
  ByUuid<Instant> unjittered_;  // by the first event of a request that goes again
  // By client, how little its backoffs can be spread, as heads in a row; -1: they are.
  std::map<std::string, int> unspread_;
};

}  // namespace

std::unique_ptr<Oracle> make_patience_oracle() { return std::make_unique<Patience>(); }

}  // namespace lockstep::scenario
