#include "sdk/protocol/registry.h"

#include <array>

namespace lockstep {

namespace {

// In the order of Capture.
constexpr std::array<ProtocolTraits, kCaptureNames.size()> kProtocols{{
    {.make = make_posthog_v0, .is_posthog = true},
    {.make = make_posthog_v1, .is_posthog = true},
    // PostHog's single-event endpoints stop at 2 MiB.
    {.make = make_posthog_client, .is_posthog = true, .body_bytes = std::size_t{2} << 20},
    {.make = make_segment,
     .needs_key = false,
     .body_bytes = 500'000,
     .event_bytes = 32'000,
     .batch_events = 2500},
    // Confidence has published no limits; its own SDKs aim at 1 MiB.
    {.make = make_confidence,
     .body_bytes = std::size_t{1} << 20,
     .event_bytes = (std::size_t{1} << 20) - 1024,
     .envelope_bytes = 640},
}};

}  // namespace

const ProtocolTraits& traits_of(Capture capture) noexcept {
  return kProtocols[static_cast<std::size_t>(capture)];
}

std::unique_ptr<Protocol> make_protocol(Capture capture, ProtocolConfig config) {
  return traits_of(capture).make(std::move(config));
}

}  // namespace lockstep
