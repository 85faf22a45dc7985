// The adapter to OpenFeature's own C++ SDK, driven as that SDK drives a provider.

#include <gtest/gtest.h>
#include <lockstep/providers/static.h>

#include "lockstep_provider.h"

namespace lockstep::openfeature_sdk {
namespace {

// Answers with what it is told, and notes what it is asked to do.
class Probe final : public own::Provider {
 public:
  std::string_view name() const noexcept override { return "probe"; }
  own::Resolution evaluate(std::string_view, own::FlagType,
                           const own::EvaluationContext& context) override {
    asked_with = context;
    return answer;
  }

  own::Resolution answer{};
  own::EvaluationContext asked_with{};
  std::vector<std::string> life{};

 protected:
  void initialize(const own::EvaluationContext& context) override {
    life.push_back("started for " + context.targeting_key());
    emit({});
  }
  void shutdown() override { life.emplace_back("stopped"); }
};

const sdk::EvaluationContext kNobody(std::nullopt, {});

constexpr const char* kFlags = R"(
[flags.checkout]
variants = { old = "v1", new = "v2" }
default = "old"
metadata = { owner = "shop", tier = 2 }
rules = [{ when = [{ attribute = "plan", equals = "pro" },
                   { attribute = "seats", at_least = 10 }], variant = "new" }]
[flags.on]
variants = { yes = true }
default = "yes"
[flags.count]
variants = { few = 3 }
default = "few"
[flags.ratio]
variants = { half = 0.5 }
default = "half"
[flags.theme]
variants = { dark = { colours = ["black", 1], border = 1.5 } }
default = "dark"
)";

Provider ready() { return Provider(providers::Static::from_text(kFlags)); }

TEST(OpenFeatureSdk, AProviderStartsWithInitAndItsContextAndStopsWithShutdown) {
  auto probe = std::make_shared<Probe>();
  Provider provider(probe);
  EXPECT_EQ(provider.GetMetadata().name, "probe");
  EXPECT_TRUE(probe->life.empty());
  EXPECT_TRUE(provider.Init({"machine-1", {}}).ok());
  EXPECT_TRUE(provider.Shutdown().ok());
  EXPECT_TRUE(provider.Init({"machine-2", {}}).ok());
  EXPECT_EQ(probe->life, (std::vector<std::string>{"started for machine-1", "stopped",
                                                   "started for machine-2"}));
}

TEST(OpenFeatureSdk, BeforeInitAndAfterShutdownItIsNotReady) {
  Provider provider = ready();
  const auto code = [&] {
    return (*provider.GetBooleanEvaluation("on", false, kNobody))->GetErrorCode();
  };
  EXPECT_EQ(code(), sdk::ErrorCode::kProviderNotReady);
  EXPECT_TRUE(provider.Init(kNobody).ok());
  EXPECT_EQ(code(), std::nullopt);
  EXPECT_TRUE(provider.Shutdown().ok());
  EXPECT_EQ(code(), sdk::ErrorCode::kProviderNotReady);
}

TEST(OpenFeatureSdk, AnInitThatFailsSaysSo) {
  Provider provider(std::make_shared<providers::Static>("/nowhere/flags.toml"));
  const absl::Status status = provider.Init(kNobody);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.message(), "static is ERROR");
}

TEST(OpenFeatureSdk, AFlagComesWithItsVariantReasonAndMetadataForTheContext) {
  Provider provider = ready();
  ASSERT_TRUE(provider.Init(kNobody).ok());
  const sdk::EvaluationContext pro("user-1", {{"plan", "pro"}, {"seats", sdk::Value(10.0)}});
  const auto details = *provider.GetStringEvaluation("checkout", "v0", pro);
  EXPECT_EQ(details->GetValue(), "v2");
  EXPECT_EQ(details->GetVariant(), "new");
  EXPECT_EQ(details->GetReason(), sdk::Reason::kTargetingMatch);
  EXPECT_EQ(std::get<std::string>(details->GetFlagMetadata().data.at("owner")), "shop");
  EXPECT_EQ(std::get<std::int64_t>(details->GetFlagMetadata().data.at("tier")), 2);
  const auto other = *provider.GetStringEvaluation("checkout", "v0", kNobody);
  EXPECT_EQ(other->GetValue(), "v1");
  EXPECT_EQ(other->GetReason(), sdk::Reason::kDefault);
}

TEST(OpenFeatureSdk, EveryTypeArrivesAsItself) {
  Provider provider = ready();
  ASSERT_TRUE(provider.Init(kNobody).ok());
  EXPECT_TRUE((*provider.GetBooleanEvaluation("on", false, kNobody))->GetValue());
  EXPECT_EQ((*provider.GetIntegerEvaluation("count", 0, kNobody))->GetValue(), 3);
  EXPECT_EQ((*provider.GetDoubleEvaluation("ratio", 0, kNobody))->GetValue(), 0.5);
  const sdk::Value theme = (*provider.GetObjectEvaluation("theme", {}, kNobody))->GetValue();
  ASSERT_NE(theme.AsStructure(), nullptr);
  EXPECT_EQ(theme.AsStructure()->at("border").AsDouble(), 1.5);
  const sdk::Value& colours = theme.AsStructure()->at("colours");
  ASSERT_NE(colours.AsList(), nullptr);
  EXPECT_EQ(colours.AsList()->at(0).AsString(), "black");
  EXPECT_EQ(colours.AsList()->at(1).AsInt(), 1);
}

TEST(OpenFeatureSdk, AFlagOfAnotherTypeOrOfNoneIsTheDefaultAndItsError) {
  Provider provider = ready();
  ASSERT_TRUE(provider.Init(kNobody).ok());
  const auto other = *provider.GetIntegerEvaluation("checkout", 7, kNobody);
  EXPECT_EQ(other->GetValue(), 7);
  EXPECT_EQ(other->GetReason(), sdk::Reason::kError);
  EXPECT_EQ(other->GetErrorCode(), sdk::ErrorCode::kTypeMismatch);
  EXPECT_EQ(other->GetErrorMessage(), "the flag is of type string, asked for as integer");
  const sdk::Value list(sdk::Value::List{sdk::Value(std::int64_t{1})});
  const auto none = *provider.GetObjectEvaluation("missing", list, kNobody);
  EXPECT_EQ(none->GetErrorCode(), sdk::ErrorCode::kFlagNotFound);
  ASSERT_NE(none->GetValue().AsList(), nullptr);
  EXPECT_EQ(none->GetVariant(), std::nullopt);
}

TEST(OpenFeatureSdk, EveryErrorCodeKeepsItsName) {
  const std::vector<sdk::ErrorCode> named{
      sdk::ErrorCode::kProviderNotReady,    sdk::ErrorCode::kFlagNotFound,
      sdk::ErrorCode::kParseError,          sdk::ErrorCode::kTypeMismatch,
      sdk::ErrorCode::kTargetingKeyMissing, sdk::ErrorCode::kInvalidContext,
      sdk::ErrorCode::kProviderFatal,       sdk::ErrorCode::kGeneral};
  auto probe = std::make_shared<Probe>();
  Provider provider(probe);
  ASSERT_TRUE(provider.Init(kNobody).ok());
  ASSERT_EQ(named.size(), own::kErrorCodeNames.size());
  for (std::size_t i = 0; i < named.size(); ++i) {
    probe->answer = own::Resolution::failure(static_cast<own::ErrorCode>(i), "no");
    const auto details = *provider.GetBooleanEvaluation("a", true, kNobody);
    EXPECT_EQ(details->GetErrorCode(), named[i]) << own::kErrorCodeNames[i];
    EXPECT_TRUE(details->GetValue());
  }
}

TEST(OpenFeatureSdk, EveryReasonKeepsItsNameAndABackendsOwnIsUnknown) {
  const std::map<std::string, sdk::Reason> named{
      {"STATIC", sdk::Reason::kStatic},   {"DEFAULT", sdk::Reason::kDefault},
      {"SPLIT", sdk::Reason::kSplit},     {"TARGETING_MATCH", sdk::Reason::kTargetingMatch},
      {"CACHED", sdk::Reason::kCached},   {"DISABLED", sdk::Reason::kDisabled},
      {"STALE", sdk::Reason::kStale},     {"ERROR", sdk::Reason::kError},
      {"UNKNOWN", sdk::Reason::kUnknown}, {"PREREQUISITE_FAILED", sdk::Reason::kUnknown}};
  auto probe = std::make_shared<Probe>();
  Provider provider(probe);
  ASSERT_TRUE(provider.Init(kNobody).ok());
  for (const auto& [reason, theirs] : named) {
    probe->answer.value = true;
    probe->answer.reason = reason;
    const auto details = *provider.GetBooleanEvaluation("a", false, kNobody);
    EXPECT_EQ(details->GetReason(), theirs) << reason;
  }
}

TEST(OpenFeatureSdk, AttributesKeepTheirTypesAndAnUnknownOneIsNull) {
  auto probe = std::make_shared<Probe>();
  Provider provider(probe);
  ASSERT_TRUE(provider.Init(kNobody).ok());
  const sdk::Value nested(sdk::Value::Structure{{"whole", sdk::Value(2.0)}});
  const sdk::EvaluationContext context("user-1", {{"flag", true},
                                                  {"int", 1},
                                                  {"long", std::int64_t{2}},
                                                  {"real", 0.5},
                                                  {"text", std::string("a")},
                                                  {"value", nested},
                                                  {"odd", 'c'}});
  provider.GetBooleanEvaluation("a", false, context);
  own::EvaluationContext expected("user-1");
  expected.set("flag", true).set("int", 1).set("long", 2).set("real", 0.5).set("text", "a");
  expected.set("value", own::Structure{{"whole", 2}}).set("odd", nullptr);
  EXPECT_EQ(probe->asked_with, expected);
}

}  // namespace
}  // namespace lockstep::openfeature_sdk
