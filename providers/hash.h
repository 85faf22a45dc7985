// The hashes by which rollouts assign subjects, with the results that Unleash's and PostHog's own
// SDKs have.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace lockstep::providers {

// MurmurHash3, the 32-bit variant for x86, over bytes.
std::uint32_t murmur3_32(std::string_view text, std::uint32_t seed) noexcept;

// SHA-1. For assigning subjects, not for secrets.
std::array<std::uint8_t, 20> sha1(std::string_view text);

// Unleash: where `id` falls in `group`, from 1 to `buckets`, which must not be 0.
std::uint32_t unleash_bucket(std::string_view group, std::string_view id, std::uint32_t buckets,
                             std::uint32_t seed);
inline constexpr std::uint32_t kUnleashRolloutSeed = 0;
inline constexpr std::uint32_t kUnleashVariantSeed = 86'028'157;

// PostHog: where `id` falls for a flag, from 0 to kPosthogTop; the salt is empty for the rollout
// and "variant" for the choice of a variant.
std::uint64_t posthog_bucket(std::string_view flag, std::string_view id, std::string_view salt);
inline constexpr std::uint64_t kPosthogTop = 0xFFFFFFFFFFFFFFF;

// The highest bucket of kPosthogTop that a share of `part` in `whole` takes in. part <= whole <=
// a million.
std::uint64_t posthog_limit(std::uint64_t part, std::uint64_t whole) noexcept;

}  // namespace lockstep::providers
