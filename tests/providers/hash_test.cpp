#include "providers/hash.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
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

// Of the gradual rollouts of Unleash's client specification those that are about one rollout.
TEST(Hash, RolloutsAreThoseOfUnleashsSpecification) {
  const auto path = std::filesystem::path(LOCKSTEP_SHARED_VECTORS) /
                    "unleash/03-gradual-rollout-user-id-strategy.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  std::ifstream in(path);
  const auto vector = nlohmann::json::parse(in);
  int compared = 0;
  for (const auto& test : vector.at("tests")) {
    // Without a subject a rollout to all is a rule for everybody here.
    if (!test.at("context").contains("userId")) continue;
    const std::string key = test.at("toggleName");
    for (const auto& feature : vector.at("state").at("features")) {
      if (feature.at("name") != key || feature.at("strategies").size() != 1) continue;
      const auto& parameters = feature.at("strategies")[0].at("parameters");
      const std::string toml =
          "[flags.f]\nvariants = {on = true, off = false}\ndefault = 'off'\n"
          "hash = 'unleash'\nsalt = '" +
          parameters.at("groupId").get<std::string>() +
          "'\nrules = [{percent = " + parameters.at("percentage").get<std::string>() +
          ", variant = 'on'}]\n";
      const StaticFlags flags = parse_flags(toml, "vector");
      const openfeature::EvaluationContext context(test.at("context").value("userId", ""));
      EXPECT_EQ(resolve(flags.at("f"), context).value,
                openfeature::Value(test.at("expectedResult").get<bool>()))
          << test.at("description");
      ++compared;
    }
  }
  EXPECT_GT(compared, 2);
}

}  // namespace
}  // namespace lockstep::providers
