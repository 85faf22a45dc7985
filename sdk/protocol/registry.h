// The protocols that there are: one row each. What the rest of the SDK must know of a protocol
// before it speaks stands here, so that no other place names one.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>

#include "sdk/protocol/protocol.h"

namespace lockstep {

struct ProtocolTraits {
  static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

  std::unique_ptr<Protocol> (*make)(ProtocolConfig config);
  // PostHog's: the host has the AI and flag endpoints too, and events carry $lib and its like.
  // Of the others all lanes share one endpoint.
  bool is_posthog = false;
  bool needs_key = true;  // false: a proxy may add the key
  // What the endpoint takes at most, where that is less than the options allow.
  std::size_t body_bytes = kUnlimited;
  std::size_t event_bytes = kUnlimited;
  std::size_t batch_events = kUnlimited;
  // Of a request's body around the events, at most, with the longest key.
  std::size_t envelope_bytes = 512;
};

const ProtocolTraits& traits_of(Capture capture) noexcept;

}  // namespace lockstep
