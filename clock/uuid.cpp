#include "clock/uuid.h"

#include <algorithm>
#include <array>

namespace lockstep {
namespace {

// Where each byte's two digits begin in the text.
constexpr std::array<std::uint8_t, 16> kDigitsAt = {0,  2,  4,  6,  9,  11, 14, 16,
                                                    19, 21, 24, 26, 28, 30, 32, 34};

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
  if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return std::nullopt;
  Uuid uuid;
  int all = 0;  // negative where one is
  for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
    const int high = digit_value(text[kDigitsAt[i]]);
    const int low = digit_value(text[kDigitsAt[i] + 1U]);
    all |= high | low;
    uuid.bytes[i] = static_cast<std::uint8_t>((high & 0xf) << 4 | (low & 0xf));
  }
  if (all < 0) return std::nullopt;
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
