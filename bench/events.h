// The event that every benchmark uses: ten properties of mixed types, some 420 bytes of JSON.
#pragma once

#include <array>

#include "sdk/event.h"

namespace lockstep::bench {

inline constexpr std::size_t kProperties = 10;

inline std::array<Property, kProperties> ten_properties() {
  return {{{"plan", "enterprise"},
           {"amount", 42.5},
           {"items", 3},
           {"currency", "EUR"},
           {"trial", false},
           {"page", "/checkout/confirm"},
           {"referrer", "https://example.com/pricing"},
           {"session_length_ms", 183'442},
           {"country", "SE"},
           {"ab_group", nullptr}}};
}

}  // namespace lockstep::bench
