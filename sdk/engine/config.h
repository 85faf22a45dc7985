// The engine's limits, already checked (Options::validate).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "clock/time.h"
#include "sdk/options.h"
#include "sdk/report.h"

namespace lockstep::engine {

// Lanes that share an endpoint share its pause and its requests in flight.
using EndpointIndex = std::uint8_t;
inline constexpr std::size_t kEndpointCount = 2;

struct LaneConfig {
  EndpointIndex endpoint = 0;
  std::size_t flush_at = 100;
  Duration flush_interval = std::chrono::seconds{5};
  std::size_t max_batch_size = 100;
  std::size_t max_batch_bytes = 5 << 20;
  std::size_t max_event_bytes = 900 << 10;
  std::size_t max_queue_size = 10'000;
  std::size_t max_queue_bytes = 64 << 20;
};

struct Config {
  std::array<LaneConfig, kLaneCount> lanes{};
  std::size_t envelope_bytes = 512;  // of a request's body around the events, at most
  QueueFullPolicy queue_full = QueueFullPolicy::drop_newest;
  std::size_t max_in_flight = 4;  // per endpoint
  std::uint32_t max_retries = 3;
  Duration retry_initial_backoff = std::chrono::milliseconds{200};
  Duration retry_max_backoff = std::chrono::seconds{30};
  std::uint32_t retry_jitter_percent = 20;
  Duration max_retry_after = std::chrono::hours{1};
  Duration request_timeout = std::chrono::seconds{10};
  std::uint64_t cause = 0;  // of the engine's draws: which client it is
};

Config config_from(const Options& options, std::uint64_t cause);

}  // namespace lockstep::engine
