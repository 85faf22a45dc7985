#include "clock/uuid.h"

#include <algorithm>
#include <array>

namespace lockstep {
namespace {

constexpr bool is_dash_position(std::size_t at) noexcept {
  return at == 8 || at == 13 || at == 18 || at == 23;
}

// Of each character: what it stands for as a hexadecimal digit; -1: it is none.
constexpr auto kDigitValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::int8_t i = 0; i < 16; ++i) {
    values[static_cast<unsigned char>("0123456789abcdef"[i])] = i;
    values[static_cast<unsigned char>("0123456789ABCDEF"[i])] = i;
  }
  return values;
}();

int digit_value(char c) noexcept { return kDigitValues[static_cast<unsigned char>(c)]; }

void store_big_endian(std::uint8_t* out, std::uint64_t word) noexcept {
  for (int shift = 56; shift >= 0; shift -= 8) *out++ = static_cast<std::uint8_t>(word >> shift);
}

// Bytes of both words in order, with the version and the variant "10" set over six of their bits
// (RFC 9562 section 4).
Uuid assemble(std::uint64_t high, std::uint64_t low, std::uint64_t version) noexcept {
  Uuid uuid;
  store_big_endian(uuid.bytes.data(), (high & ~0xf000ULL) | version << 12);
  store_big_endian(uuid.bytes.data() + 8, (low & ~0ULL >> 2) | 1ULL << 63);
  return uuid;
}

}  // namespace

void Uuid::write(char* out) const noexcept {
  constexpr char kDigits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    *out++ = kDigits[bytes[i] >> 4];
    *out++ = kDigits[bytes[i] & 0xf];
  }
}

std::string Uuid::to_string() const {
  std::string text(kTextLength, '\0');
  write(text.data());
  return text;
}

std::optional<Uuid> Uuid::parse(std::string_view text) noexcept {
  if (text.size() != kTextLength) return std::nullopt;
  Uuid uuid;
  std::size_t at = 0;
  for (auto& byte : uuid.bytes) {
    if (is_dash_position(at) && text[at++] != '-') return std::nullopt;
    const int high = digit_value(text[at++]);
    const int low = digit_value(text[at++]);
    if (high < 0 || low < 0) return std::nullopt;
    byte = static_cast<std::uint8_t>(high << 4 | low);
  }
  return uuid;
}

Uuid make_uuid_v7(WallTime time, std::uint64_t random) noexcept {
  constexpr std::uint64_t kNanosecondsPerMillisecond = 1'000'000;
  const auto count = std::max<Duration::rep>(Duration{time.time_since_epoch()}.count(), 0);
  const auto nanoseconds = static_cast<std::uint64_t>(count);
  const auto milliseconds =
      nanoseconds / kNanosecondsPerMillisecond;  // below 2^44 for any WallTime
  const auto fraction =
      nanoseconds % kNanosecondsPerMillisecond * 4096 / kNanosecondsPerMillisecond;
  return assemble(milliseconds << 16 | fraction, random, 7);
}

Uuid make_uuid_v4(std::uint64_t high, std::uint64_t low) noexcept { return assemble(high, low, 4); }

}  // namespace lockstep
