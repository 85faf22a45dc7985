// 3. Patience: no request to an endpoint before the pause that its last answer asked for is over,
// and no second attempt at a batch before the first backoff.
#include <algorithm>
#include <charconv>
#include <map>

#include "scenarios/oracles/lanes.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using Endpoint = std::pair<std::string, bool>;  // client, whether AI

bool asks_for_patience(const Seen& seen) {
  const int status = seen.reply.response.status;
  if (status == 408) return !seen.is_confidence();
  return status == 429 || (status >= 500 && status != 501 && status != 505);
}

// A Retry-After in seconds, the only one on the answer. Dates depend on the wall clock, which
// scenarios set as they like; the catalogue has scenarios of their own for them.
Duration retry_after(const http::Response& response) {
  const auto values = response.headers.all("Retry-After");
  if (values.size() != 1) return Duration{0};
  const std::string_view text = values.front();
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size()) return Duration{0};
  return std::chrono::seconds{seconds};
}

class Patience final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "pauses are kept"; }

  // A new client knows nothing of the pauses of the one before it.
  Finding opened(World&, const std::string& client) override {
    pauses_.erase({client, false});
    pauses_.erase({client, true});
    return std::nullopt;
  }

  Finding arrived(World& world, const Seen& seen) override {
    const ClientLimits* limits = world.limits(seen.client);
    if (limits == nullptr || seen.is_flags()) return std::nullopt;
    const Duration latency = world.settings().latency;
    const Instant sent = seen.at - latency;
    const Endpoint endpoint{seen.client, is_ai_endpoint(seen)};
    if (const auto pause = pauses_.find(endpoint); pause != pauses_.end()) {
      // Only what was sent after the answer had come can know of it.
      const bool knew = sent > pause->second.known;
      if (knew && sent < pause->second.until) {
        return Failure{"no request before " + to_text(pause->second.until) + ", as " +
                           pause->second.asked_by->to_text() + " asked",
                       "one sent at " + to_text(sent) + ": " + seen.to_text()};
      }
    }
    remember(*limits, endpoint, seen, sent, latency);
    return std::nullopt;
  }

 private:
  struct Pause {
    Instant known{};  // when the SDK learnt of it
    Instant until{};
    const Seen* asked_by = nullptr;  // which the world keeps
  };

  void remember(const ClientLimits& limits, const Endpoint& endpoint, const Seen& seen,
                Instant sent, Duration latency) {
    const http::Response& response = seen.reply.response;
    if (seen.reply.fault != http::Fault::none || !asks_for_patience(seen)) return;
    const Instant known = saturating_add(saturating_add(seen.at, seen.reply.delay), latency);
    // An answer at or after the request's own deadline is not heard.
    if (known >= saturating_add(sent, limits.request_timeout)) return;
    // A pause holds from when it is known; an earlier answer that comes later is not earlier.
    const Duration asked = std::min(retry_after(response), limits.max_retry_after);
    const Duration backoff = limits.retry_initial_backoff -
                             limits.retry_initial_backoff * limits.retry_jitter_percent / 100;
    const Instant until = saturating_add(known, std::max(asked, backoff));
    Pause& pause = pauses_[endpoint];
    if (until > pause.until) pause = {known, until, &seen};
  }

  std::map<Endpoint, Pause> pauses_;
};

}  // namespace

std::unique_ptr<Oracle> make_patience_oracle() { return std::make_unique<Patience>(); }

}  // namespace lockstep::scenario
