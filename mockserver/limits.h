// The sizes that ingestion takes, for strict mode: PostHog's, and that of Segment.
#pragma once

#include <cstddef>

namespace lockstep::mock {

// In bytes; a value of exactly the limit passes. The defaults are the real ones, from PostHog's
// capture service (router.rs and v1/analytics/constants.rs) and from Segment's documents of its
// HTTP API. Confidence has published none; 4 MiB is what its transport takes by default.
struct IngestLimits {
  std::size_t v0_batch_body = std::size_t{20} * 1024 * 1024;  // /batch and /i/v0/ai/batch/, as sent
  std::size_t v0_event_body = std::size_t{2} * 1024 * 1024;   // /e, /capture, /track, as sent
  std::size_t v1_compressed =
      std::size_t{10} * 1024 * 1024;  // capture v1 with a Content-Encoding, as sent
  std::size_t v1_decompressed = std::size_t{50} * 1024 * 1024;  // capture v1, decoded
  std::size_t event = 1'000'000;  // one event: what a Kafka message holds
  std::size_t event_name = 200;   // capture v1
  std::size_t distinct_id = 200;  // capture v1
  std::size_t segment_body = 500'000;
  std::size_t segment_message = 32'000;
  std::size_t segment_messages = 2500;  // beyond: 200, and the rest is thrown away
  std::size_t confidence_body = std::size_t{4} * 1024 * 1024;
};

}  // namespace lockstep::mock
