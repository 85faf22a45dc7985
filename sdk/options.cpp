#include "sdk/options.h"

#include <algorithm>

#include "http/url.h"
#include "sdk/engine/config.h"
#include "sdk/protocol/registry.h"

namespace lockstep {

namespace {

// What is left of the options' limits by what the protocol's endpoint takes.
std::size_t largest_event(const Options& options) noexcept {
  return std::min(options.max_event_bytes, traits_of(options.capture).event_bytes);
}
std::size_t largest_ai_event(const Options& options) noexcept {
  return std::min(options.max_ai_event_bytes, traits_of(options.capture).event_bytes);
}

void require(bool holds, std::string_view option, std::string_view problem) {
  if (!holds) throw ConfigError(option, std::string(problem));
}

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

void check_headers(const Options& options) {
  for (const auto& [name, value] : options.headers) {
    require(!name.empty() && printable(name) && name.find(':') == std::string::npos, "headers",
            "a name must be visible ASCII without a colon");
    require(
        value.find_first_of("\r\n") == std::string::npos && value.find('\0') == std::string::npos,
        "headers", "a value must not contain a line break");
  }
}

// A request has room for one event of the largest size.
void check_room(const Options& options) {
  const ProtocolTraits& protocol = traits_of(options.capture);
  const std::size_t around = protocol.envelope_bytes + 1;
  const auto envelope = [around] { return std::to_string(around) + " bytes"; };
  if (protocol.body_bytes < around || largest_event(options) > protocol.body_bytes - around) {
    throw ConfigError("max_event_bytes", "must leave " + envelope() + " of the " +
                                             std::to_string(protocol.body_bytes) +
                                             " that capture " +
                                             std::string(to_string(options.capture)) + " may send");
  }
  const auto hold = [&](std::size_t largest, std::string_view limit) {
    if (options.max_batch_bytes >= around + largest) return;
    throw ConfigError("max_batch_bytes", "must hold one event of " + std::string(limit) + " and " +
                                             envelope() + " of envelope");
  };
  hold(largest_event(options), "max_event_bytes");
  hold(largest_ai_event(options), "max_ai_event_bytes");
}

void check_host(const Options& options) {
  const std::optional<http::Url> url = http::Url::parse(options.host);
  require(url.has_value(), "host", "must be an http or https URL");
  require(url->query.empty(), "host", "must not have a query");
  // Another service's key is not PostHog's to know.
  if (!traits_of(options.capture).is_posthog && options.host == Options::kPosthogHost) {
    throw ConfigError("host", "must be set for capture " + std::string(to_string(options.capture)));
  }
}

void check_limits(const Options& options) {
  require(options.flush_at > 0, "flush_at", "must be at least 1");
  require(options.max_batch_size > 0, "max_batch_size", "must be at least 1");
  require(options.max_queue_size > 0, "max_queue_size", "must be at least 1");
  require(options.max_in_flight > 0, "max_in_flight", "must be at least 1");
  require(options.max_event_bytes > 0, "max_event_bytes", "must be at least 1");
  require(options.max_ai_event_bytes > 0, "max_ai_event_bytes", "must be at least 1");
  // An event's size is kept in 32 bits.
  constexpr std::size_t kMost = 1u << 30;
  require(options.max_event_bytes <= kMost, "max_event_bytes", "must be at most 1 GiB");
  require(options.max_ai_event_bytes <= kMost, "max_ai_event_bytes", "must be at most 1 GiB");
  check_room(options);
  require(options.max_queue_bytes >= largest_event(options), "max_queue_bytes",
          "must hold one event of max_event_bytes");
  require(options.max_queue_bytes >= largest_ai_event(options), "max_queue_bytes",
          "must hold one event of max_ai_event_bytes");
  require(options.max_response_bytes > 0, "max_response_bytes", "must be at least 1");
}

void check_times(const Options& options) {
  const Duration zero{0};
  require(options.flush_interval > zero, "flush_interval", "must be positive");
  require(options.max_block >= zero, "max_block", "must not be negative");
  require(options.retry_initial_backoff > zero, "retry_initial_backoff", "must be positive");
  require(options.retry_max_backoff >= options.retry_initial_backoff, "retry_max_backoff",
          "must be at least retry_initial_backoff");
  require(options.retry_jitter_percent <= 100, "retry_jitter_percent", "must be at most 100");
  require(options.max_retry_after >= zero, "max_retry_after", "must not be negative");
  require(options.request_timeout > zero, "request_timeout", "must be positive");
  require(options.connect_timeout > zero, "connect_timeout", "must be positive");
  require(options.shutdown_timeout >= zero, "shutdown_timeout", "must not be negative");
  require(options.flags_timeout > zero, "flags_timeout", "must be positive");
  require(options.flags_retry_backoff >= zero, "flags_retry_backoff", "must not be negative");
}

}  // namespace

std::string_view to_string(Capture capture) noexcept {
  return kCaptureNames[static_cast<std::size_t>(capture)];
}

std::optional<Capture> parse_capture(std::string_view name) noexcept {
  const auto found = std::find(kCaptureNames.begin(), kCaptureNames.end(), name);
  if (found == kCaptureNames.end()) return std::nullopt;
  return static_cast<Capture>(found - kCaptureNames.begin());
}

std::string_view to_string(QueueFullPolicy policy) noexcept {
  switch (policy) {
    case QueueFullPolicy::drop_newest:
      return "drop_newest";
    case QueueFullPolicy::drop_oldest:
      return "drop_oldest";
    case QueueFullPolicy::block:
      return "block";
  }
  return "?";
}

std::optional<QueueFullPolicy> parse_queue_full_policy(std::string_view name) noexcept {
  for (const auto policy :
       {QueueFullPolicy::drop_newest, QueueFullPolicy::drop_oldest, QueueFullPolicy::block}) {
    if (name == to_string(policy)) return policy;
  }
  return std::nullopt;
}

void Options::validate() const {
  require(disabled || !api_key.empty() || !traits_of(capture).needs_key, "api_key",
          "must not be empty");
  // It travels in a header and in JSON; a stray line break is a paste error worth naming here
  // rather than an endless 401.
  require(printable(api_key), "api_key", "must be visible ASCII");
  require(api_key.size() <= kMaxApiKeyLength, "api_key", "must have at most 200 characters");
  check_host(*this);
  check_headers(*this);
  check_limits(*this);
  check_times(*this);
  for (const BeforeSend& hook : before_send) require(hook != nullptr, "before_send", "is empty");
}

namespace engine {

Config config_from(const Options& options, std::uint64_t cause) {
  const ProtocolTraits& protocol = traits_of(options.capture);
  Config config;
  for (LaneConfig& lane : config.lanes) {
    lane.flush_at = options.flush_at;
    lane.flush_interval = options.flush_interval;
    lane.max_batch_size = std::min(options.max_batch_size, protocol.batch_events);
    lane.max_batch_bytes = std::min(options.max_batch_bytes, protocol.body_bytes);
    lane.max_event_bytes = largest_event(options);
    lane.max_queue_size = options.max_queue_size;
    lane.max_queue_bytes = options.max_queue_bytes;
  }
  LaneConfig& ai = config.lanes[static_cast<std::size_t>(Lane::ai)];
  if (protocol.is_posthog) {
    ai.endpoint = 1;
    ai.max_batch_bytes = options.max_batch_bytes;
  }
  ai.max_event_bytes = largest_ai_event(options);
  config.envelope_bytes = protocol.envelope_bytes;
  config.queue_full = options.queue_full;
  config.max_in_flight = options.max_in_flight;
  config.max_retries = options.max_retries;
  config.retry_initial_backoff = options.retry_initial_backoff;
  config.retry_max_backoff = options.retry_max_backoff;
  config.retry_jitter_percent = options.retry_jitter_percent;
  config.max_retry_after = options.max_retry_after;
  config.request_timeout = options.request_timeout;
  config.cause = cause;
  return config;
}

}  // namespace engine
}  // namespace lockstep
