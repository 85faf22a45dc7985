// UUIDs made from injected time and chance (RFC 9562).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "clock/time.h"

namespace lockstep {

struct Uuid {
  static constexpr std::size_t kTextLength = 36;
  std::array<std::uint8_t, 16> bytes{};

  // Writes the 36 lower-case characters; no terminating zero.
  void write(char* out) const noexcept;
  std::string to_string() const;
  // Accepts the 36-character form, upper or lower case; nothing for any other text.
  static std::optional<Uuid> parse(std::string_view text) noexcept;

  bool is_nil() const noexcept { return *this == Uuid{}; }
  int version() const noexcept { return bytes[6] >> 4; }
  auto operator<=>(const Uuid&) const = default;  // NOLINT(modernize-use-nullptr): takes <=>'s 0
};

// Version 7: 48 bits of Unix milliseconds of `time`, 12 bits of the fraction of the millisecond
// (RFC 9562 section 6.2, method 3), and 62 bits of `random`. Times before 1970 count as 1970.
Uuid make_uuid_v7(WallTime time, std::uint64_t random) noexcept;

// Version 4, from 122 of the given bits.
Uuid make_uuid_v4(std::uint64_t high, std::uint64_t low) noexcept;

}  // namespace lockstep
