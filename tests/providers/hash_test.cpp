#include "providers/hash.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "providers/static_file.h"

namespace lockstep::providers {
namespace {

std::string hex(const std::array<std::uint8_t, 20>& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

TEST(Hash, Sha1HasItsPublishedResults) {
  EXPECT_EQ(hex(sha1("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(sha1(std::string(1'000, 'a'))), "291e9a6c66994949b57ba5e650361e98fc36b1ba");
}

TEST(Hash, MurmurHasItsPublishedResults) {
  EXPECT_EQ(murmur3_32("", 0), 0u);
  EXPECT_EQ(murmur3_32("", 1), 0x514e28b7u);
  EXPECT_EQ(murmur3_32("test", 0x9747b28c), 0x704b81dcu);
  EXPECT_EQ(murmur3_32("Hello, world!", 0x9747b28c), 0x24884cbau);
}

TEST(Hash, BucketsAreUnleashs) {
  EXPECT_EQ(unleash_bucket("gr1", "123", 100, kUnleashRolloutSeed), 73u);
  EXPECT_EQ(unleash_bucket("groupX", "999", 100, kUnleashRolloutSeed), 25u);
}

TEST(Hash, ALimitIsTheWholeShareAndNothingOverflows) {
  EXPECT_EQ(posthog_limit(10'000, 10'000), kPosthogTop);
  EXPECT_EQ(posthog_limit(1, 1), kPosthogTop);
  EXPECT_EQ(posthog_limit(999'999, 1'000'000), 1'152'920'351'685'342'368u);
  EXPECT_EQ(posthog_limit(0, 100), 0u);
}

TEST(Hash, RolloutsAreThoseOfPosthogsConsistencyTest) {
  const auto path =
      std::filesystem::path(LOCKSTEP_SHARED_VECTORS) / "posthog/simple_flag_consistency.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  std::ifstream in(path);
  const auto vector = nlohmann::json::parse(in);
  const StaticFlags flags = parse_flags(R"(
      [flags.simple-flag]
      variants = { on = true, off = false }
      default = "off"
      rules = [{ percent = 45, variant = "on" }]
  )",
                                        "vector");
  ASSERT_EQ(vector.at("results").size(), 1'000u);
  for (std::size_t i = 0; i < 1'000; ++i) {
    const openfeature::EvaluationContext context("distinct_id_" + std::to_string(i));
    EXPECT_EQ(resolve(flags.at("simple-flag"), context).value,
              openfeature::Value(vector.at("results")[i].get<bool>()))
        << i;
  }
}

// What PostHog's documented formula comes to, worked out once with Python's hashlib: the first 15
// hexadecimal digits of SHA-1("KEY.ID" + salt), divided by 0xfffffffffffffff, is the subject's
// place. With no salt it must be at most the rollout; with "variant" it falls into one variant's
// share.
TEST(Hash, VariantsAreThoseOfPosthogsFormula) {
  const StaticFlags flags = parse_flags(R"(
      [flags.colours]
      variants = { first = 1, second = 2, third = 3, fourth = 4, none = 0 }
      default = "none"
      rules = [{ percent = 75, split = [{ variant = "first", weight = 50 },
                                        { variant = "second", weight = 20 },
                                        { variant = "third", weight = 20 },
                                        { variant = "fourth", weight = 10 }] }]
  )",
                                        "formula");
  // The places are 0.4818, 0.9818, 0.7413, 0.4697, 0.8471, 0.5716, 0.555, 0.6687, 0.7075, 0.902;
  // those of nobody's variant have 0.7879 and 0.8397 in the rollout.
  const std::map<std::string, std::string> expected{
      {"user-0", "first"},  {"user-1", "fourth"},  {"user-4", "third"},   {"user-7", "first"},
      {"user-8", "third"},  {"user-9", "second"},  {"user-16", "second"}, {"user-25", "second"},
      {"user-30", "third"}, {"user-39", "fourth"}, {"user-2", "none"},    {"user-13", "none"}};
  for (const auto& [id, variant] : expected) {
    const openfeature::EvaluationContext context(id);
    EXPECT_EQ(resolve(flags.at("colours"), context).variant, variant) << id;
  }
}

}  // namespace
}  // namespace lockstep::providers
