// Unleash's client specification, as far as it is about who gets a rollout and which variant: that
// is what the static provider's hash "unleash" claims. The files are read where they are present
// beside the repository, and skipped where they are not.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "providers/static_rules.h"

namespace lockstep::providers {
namespace {

using nlohmann::json;
using openfeature::EvaluationContext;

constexpr const char* kNone = "disabled";  // what Unleash calls having no variant

struct Rollout {
  std::string salt;
  std::string stickiness = "default";
  std::uint32_t percent = 100;
};

// Of a feature whose strategy says nothing that a rollout does not.
std::optional<Rollout> rollout_of(const json& feature) {
  const json& strategies = feature.at("strategies");
  if (strategies.size() > 1) return std::nullopt;
  Rollout rollout{feature.at("name")};
  if (strategies.empty() || strategies[0].at("name") == "default") return rollout;
  const json& parameters = strategies[0].at("parameters");
  const bool flexible = strategies[0].at("name") == "flexibleRollout";
  rollout.salt = parameters.at("groupId");
  rollout.stickiness = flexible ? parameters.at("stickiness") : json("userId");
  const std::string percent = parameters.at(flexible ? "rollout" : "percentage");
  rollout.percent = static_cast<std::uint32_t>(std::stoul(percent));
  return rollout;
}

// A variant that is given to some by name is a rule before the split.
void add_variant(const json& variant, Rule& split, StaticFlag& flag) {
  const std::string name = variant.at("name");
  flag.variants.emplace(name, name);
  split.split.push_back({name, variant.at("weight")});
  for (const json& override : variant.value("overrides", json::array())) {
    Condition given{override.at("contextName"), Comparison::in, {}};
    for (const json& value : override.at("values")) {
      given.operands.emplace_back(value.get<std::string>());
    }
    flag.rules.push_back({{given}, 10'000, {{name, 1}}});
  }
}

// Nothing for a feature that is off, or that has more to it.
std::optional<StaticFlag> flag_of(const json& feature) {
  const auto rollout = rollout_of(feature);
  const json variants = feature.value("variants", json::array({{{"name", "on"}, {"weight", 1}}}));
  if (!rollout || variants.empty() || !feature.at("enabled").get<bool>()) return std::nullopt;
  StaticFlag flag;
  flag.hash = RolloutHash::unleash;
  flag.salt = rollout->salt;
  if (rollout->stickiness != "default") flag.bucket_by = rollout->stickiness;
  flag.variants.emplace(kNone, kNone);
  flag.default_variant = kNone;
  Rule rule{{}, rollout->percent * 100, {}};
  for (const json& variant : variants) add_variant(variant, rule, flag);
  flag.rules.push_back(std::move(rule));
  return flag;
}

// The default stickiness is to the user, and without one to the session.
EvaluationContext context_of(const json& fields) {
  EvaluationContext context(fields.value("userId", fields.value("sessionId", "")));
  for (const auto& [name, value] : fields.items()) {
    if (value.is_string()) context.set(name, value.get<std::string>());
  }
  const json properties = fields.value("properties", json::object());
  for (const auto& [name, value] : properties.items()) {
    context.set(name, value.get<std::string>());
  }
  return context;
}

const json* feature_of(const json& file, const json& test) {
  for (const json& feature : file.at("state").at("features")) {
    if (feature.at("name") == test.at("toggleName")) return &feature;
  }
  return nullptr;
}

// The variant's name; nothing where the static provider does not claim to do the same.
std::optional<std::string> outcome(const json& file, const json& test) {
  const json* feature = feature_of(file, test);
  const auto flag = feature == nullptr ? std::nullopt : flag_of(*feature);
  if (!flag) return std::nullopt;
  const EvaluationContext context = context_of(test.at("context"));
  // A rollout to all is a rule for everybody here, and one for every user there.
  const bool everybody = !flag->rules.front().assigns() && !flag->bucket_by.empty();
  if (everybody && context.find(flag->bucket_by) == nullptr) return std::nullopt;
  return resolve(*flag, context).variant;
}

struct File {
  const char* name;
  int compared;
  int left_out;
};

class UnleashSpecification : public testing::TestWithParam<File> {};

TEST_P(UnleashSpecification, GivesTheSameSubjectsTheSame) {
  const auto path = std::filesystem::path(LOCKSTEP_SHARED_VECTORS) / "unleash" /
                    (std::string(GetParam().name) + ".json");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  const json file = json::parse(std::ifstream(path));
  int compared = 0;
  int left_out = 0;
  for (const char* kind : {"tests", "variantTests"}) {
    for (const json& test : file.value(kind, json::array())) {
      const auto variant = outcome(file, test);
      ++(variant ? compared : left_out);
      if (!variant) continue;
      const json& expected = test.at("expectedResult");
      const json told = expected.is_boolean() ? json(*variant != kNone) : json(*variant);
      EXPECT_EQ(told, expected.is_boolean() ? expected : expected.at("name"))
          << test.at("description");
    }
  }
  EXPECT_EQ(compared, GetParam().compared);
  EXPECT_EQ(left_out, GetParam().left_out);
}

// Left out are, in 03, two strategies of one feature and a user that is missing; in 08 a feature
// that is missing, one that is off, and one without variants.
INSTANTIATE_TEST_SUITE_P(Unleash, UnleashSpecification,
                         testing::Values(File{"03-gradual-rollout-user-id-strategy", 4, 2},
                                         File{"08-variants", 14, 3},
                                         File{"10-flexible-rollout-strategy", 10, 0},
                                         File{"12-custom-stickiness", 9, 0}),
                         [](const auto& file) {
                           return "File" + std::string(file.param.name).substr(0, 2);
                         });

}  // namespace
}  // namespace lockstep::providers
