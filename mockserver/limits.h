// The sizes that PostHog's ingestion takes, for strict mode.
#pragma once

#include <cstddef>

namespace lockstep::mock {

// In bytes; a value of exactly the limit passes. The defaults are the real ones, from the capture
// service's router.rs and v1/analytics/constants.rs.
struct IngestLimits {
  std::size_t v0_batch_body = std::size_t{20} * 1024 * 1024;  // /batch and /i/v0/ai/batch/, as sent
  std::size_t v0_event_body = std::size_t{2} * 1024 * 1024;   // /e, /capture, /track, as sent
  std::size_t v1_compressed =
      std::size_t{10} * 1024 * 1024;  // capture v1 with a Content-Encoding, as sent
  std::size_t v1_decompressed = std::size_t{50} * 1024 * 1024;  // capture v1, decoded
  std::size_t event = 1'000'000;  // one event: what a Kafka message holds
  std::size_t event_name = 200;   // capture v1
  std::size_t distinct_id = 200;  // capture v1
};

}  // namespace lockstep::mock
