#include "providers/static_file.h"

#include <gtest/gtest.h>

namespace lockstep::providers {
namespace {

std::string error_of(std::string_view toml) {
  try {
    parse_flags(toml, "flags.toml");
  } catch (const FlagFileError& problem) {
    return problem.what();
  }
  return "";
}

TEST(FlagFile, AWholeDefinition) {
  const StaticFlags flags = parse_flags(R"(
[flags.checkout]
variants = { new = "v2", old = "v1" }
default = "old"
hash = "unleash"
salt = "checkout-2025"
bucket_by = "company"
metadata = { owner = "shop", tier = 1 }

[[flags.checkout.rules]]
when = [{ attribute = "country", in = ["DE", "AT"] }, { attribute = "age", at_least = 18 }]
percent = 25
split = [{ variant = "new", weight = 3 }, { variant = "old", weight = 1 }]
)",
                                        "flags.toml");
  const StaticFlag& flag = flags.at("checkout");
  EXPECT_TRUE(flag.enabled);
  EXPECT_EQ(flag.hash, RolloutHash::unleash);
  EXPECT_EQ(flag.salt, "checkout-2025");
  EXPECT_EQ(flag.bucket_by, "company");
  EXPECT_EQ(flag.metadata.at("tier"), openfeature::Value(1));
  ASSERT_EQ(flag.rules.size(), 1u);
  EXPECT_EQ(flag.rules[0].hundredths, 2'500u);
  EXPECT_EQ(flag.rules[0].when[1], (Condition{"age", Comparison::at_least, openfeature::List{18}}));
  EXPECT_EQ(flag.rules[0].split[0], (Share{"new", 3}));
}

TEST(FlagFile, WhatIsWrongIsNamedWithItsPlace) {
  EXPECT_EQ(error_of("[flags.a\n"),
            "flags.toml:1:9: Error while parsing table header: "
            "expected ']', saw '\\n'");
  EXPECT_EQ(error_of("[flags.a]\nvariants = {on = true}\ndefault = \"of\"\n"),
            "flags.toml:3:11: the flag has no variant \"of\"");
  EXPECT_EQ(error_of("[flags.a]\nenabeld = false\n"),
            "flags.toml:2:1: unknown name \"enabeld\"; expected one of: enabled, variants, "
            "default, rules, hash, salt, bucket_by, metadata");
  EXPECT_EQ(error_of("[flags.a]\ndefault = 'on'\n"),
            "flags.toml:1:1: a flag has variants: { name = value, ... }");
}

TEST(FlagFile, WhatWouldMeanNothingIsRefused) {
  const auto rule = [](const std::string& rule_text) {
    return error_of("[flags.a]\nvariants = {on = true}\nrules = [\n" + rule_text + "\n]\n");
  };
  EXPECT_EQ(rule("{ variant = 'on', percent = 101 }"),
            "flags.toml:4:29: percent must be a number from 0 to 100");
  EXPECT_EQ(rule("{ variant = 'on', percent = 0.125 }"),
            "flags.toml:4:29: percent has at most two decimals");
  EXPECT_EQ(rule("{ percent = 1 }"), "flags.toml:4:1: a rule has either a variant or a split");
  EXPECT_EQ(rule("{ split = [{ variant = 'on', weight = 0 }] }"),
            "flags.toml:4:11: the weights' sum must be from 1 to 1000000");
  EXPECT_NE(
      rule("{ variant = 'on', when = [{ attribute = 'a', is = 1 }] }")
          .find("flags.toml:4:46: unknown comparison \"is\"; expected one of: exists, equals"),
      std::string::npos);
  EXPECT_EQ(rule("{ variant = 'on', when = [{ attribute = 'a' }] }"),
            "flags.toml:4:27: a condition has an attribute and one comparison");
}

TEST(FlagFile, AFileThatIsNotThereIsNamed) {
  try {
    read_flags("/nowhere/flags.toml");
    FAIL();
  } catch (const FlagFileError& problem) {
    EXPECT_STREQ(problem.what(), "/nowhere/flags.toml: cannot be read");
  }
}

}  // namespace
}  // namespace lockstep::providers
