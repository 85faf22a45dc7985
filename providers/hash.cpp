#include "providers/hash.h"

#include <bit>
#include <string>

namespace lockstep::providers {

namespace {

std::uint32_t byte(std::string_view text, std::size_t at) noexcept {
  return static_cast<unsigned char>(text[at]);
}

std::uint32_t mixed(std::uint32_t block) noexcept {
  return std::rotl(block * 0xcc9e2d51u, 15) * 0x1b873593u;
}

// The message, a 1 bit, zeros, and its length in bits: a multiple of 64 bytes.
std::string padded(std::string_view text) {
  std::string message(text);
  message += '\x80';
  while (message.size() % 64 != 56) message += '\0';
  const std::uint64_t bits = std::uint64_t{text.size()} * 8;
  for (int shift = 56; shift >= 0; shift -= 8) message += static_cast<char>(bits >> shift);
  return message;
}

// One step's function and constant (FIPS 180-4, section 6.1.2).
std::uint32_t sha1_step(std::size_t i, std::uint32_t b, std::uint32_t c, std::uint32_t d) noexcept {
  if (i < 20) return ((b & c) | (~b & d)) + 0x5a827999u;
  if (i < 40) return (b ^ c ^ d) + 0x6ed9eba1u;
  if (i < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcu;
  return (b ^ c ^ d) + 0xca62c1d6u;
}

void sha1_block(std::string_view block, std::array<std::uint32_t, 5>& state) noexcept {
  std::array<std::uint32_t, 80> words{};
  for (std::size_t i = 0; i < 16; ++i) {
    words[i] = byte(block, 4 * i) << 24 | byte(block, 4 * i + 1) << 16 |
               byte(block, 4 * i + 2) << 8 | byte(block, 4 * i + 3);
  }
  for (std::size_t i = 16; i < 80; ++i) {
    words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  }
  auto [a, b, c, d, e] = state;
  for (std::size_t i = 0; i < 80; ++i) {
    const std::uint32_t next = std::rotl(a, 5) + sha1_step(i, b, c, d) + e + words[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e};
}

}  // namespace

std::uint32_t murmur3_32(std::string_view text, std::uint32_t seed) noexcept {
  std::uint32_t hash = seed;
  const std::size_t whole = text.size() / 4 * 4;
  for (std::size_t i = 0; i < whole; i += 4) {
    const std::uint32_t block =
        byte(text, i) | byte(text, i + 1) << 8 | byte(text, i + 2) << 16 | byte(text, i + 3) << 24;
    hash = std::rotl(hash ^ mixed(block), 13) * 5 + 0xe6546b64u;
  }
  std::uint32_t tail = 0;
  for (std::size_t i = text.size(); i > whole; --i) tail = tail << 8 | byte(text, i - 1);
  hash ^= mixed(tail);
  hash ^= static_cast<std::uint32_t>(text.size());
  hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
  return hash ^ (hash >> 16);
}

std::array<std::uint8_t, 20> sha1(std::string_view text) {
  std::array<std::uint32_t, 5> state{0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u,
                                     0xc3d2e1f0u};
  const std::string message = padded(text);
  for (std::size_t i = 0; i < message.size(); i += 64) {
    sha1_block(std::string_view(message).substr(i, 64), state);
  }
  std::array<std::uint8_t, 20> digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  }
  return digest;
}

std::uint32_t unleash_bucket(std::string_view group, std::string_view id, std::uint32_t buckets,
                             std::uint32_t seed) {
  std::string text(group);
  text += ':';
  text += id;
  return murmur3_32(text, seed) % buckets + 1;
}

std::uint64_t posthog_bucket(std::string_view flag, std::string_view id, std::string_view salt) {
  std::string text(flag);
  text += '.';
  text += id;
  text += salt;
  const auto digest = sha1(text);
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < 8; ++i) first = first << 8 | digest[i];
  return first >> 4;  // the first 15 of its hexadecimal digits
}

std::uint64_t posthog_limit(std::uint64_t part, std::uint64_t whole) noexcept {
  // part * kPosthogTop / whole, without a number that is too large for 64 bits
  return part * (kPosthogTop / whole) + part * (kPosthogTop % whole) / whole;
}

}  // namespace lockstep::providers
