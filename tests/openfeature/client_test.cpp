#include "openfeature/client.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "openfeature/memory_provider.h"

namespace lockstep::openfeature {
namespace {

MemoryFlag fixed(Value value) {
  MemoryFlag flag;
  flag.variants = {{"only", std::move(value)}};
  flag.default_variant = "only";
  return flag;
}

// Says what it is told to, and counts its starts and stops.
class ScriptedProvider final : public Provider {
 public:
  std::string_view name() const noexcept override { return "scripted"; }
  Resolution evaluate(std::string_view, FlagType, const EvaluationContext&) override {
    if (throws) throw std::runtime_error("broken");
    return answer;
  }
  void say(ProviderEvent event) { emit(std::move(event)); }

  bool throws = false;
  bool refuses_to_start = false;
  Resolution answer;
  int stops = 0;

 protected:
  void initialize(const EvaluationContext& context) override {
    if (refuses_to_start) throw std::runtime_error("no licence");
    Provider::initialize(context);
  }
  void shutdown() override { ++stops; }
};

TEST(FlagClient, AnIntegerFlagIsAlsoANumberAndNotTheOtherWayRound) {
  Client client(std::make_shared<MemoryProvider>(
      MemoryFlags{{"whole", fixed(10)}, {"half", fixed(0.5)}, {"round", fixed(10.0)}}));
  EXPECT_EQ(client.get_double_value("whole", 0.1), 10.0);
  EXPECT_EQ(client.get_integer_value("half", 7), 7);
  EXPECT_EQ(client.get_integer_details("round", 7).error_code, ErrorCode::type_mismatch);
}

TEST(FlagClient, WhatAProviderThrowsIsAnErrorInTheDetails) {
  auto provider = std::make_shared<ScriptedProvider>();
  Client client(provider);
  provider->throws = true;
  const auto details = client.get_string_details("a", "fallback");
  EXPECT_EQ(details.value, "fallback");
  EXPECT_EQ(details.reason, "ERROR");
  EXPECT_EQ(details.error_code, ErrorCode::general);
  EXPECT_EQ(details.error_message, "broken");
}

TEST(FlagClient, AnAnswerWithoutAValueIsTheDefaultAndNoError) {
  auto provider = std::make_shared<ScriptedProvider>();
  Client client(provider);
  const auto details = client.get_integer_details("a", 7);
  EXPECT_EQ(details.value, 7);
  EXPECT_EQ(details.reason, "DEFAULT");
  EXPECT_FALSE(details.error_code);
}

TEST(FlagClient, AProviderThatCannotStartIsInError) {
  auto provider = std::make_shared<ScriptedProvider>();
  provider->refuses_to_start = true;
  Api api;
  std::string heard;
  api.on(ProviderEventType::error, [&](const ProviderEvent& event) { heard = event.message; });
  api.set_provider(provider);
  EXPECT_EQ(api.client().provider_status(), ProviderStatus::error);
  EXPECT_EQ(heard, "no licence");
}

TEST(FlagClient, ADomainHasItsOwnProviderOrTheDefaultOne) {
  Api api;
  EXPECT_EQ(api.client("shop").get_boolean_details("a", true).error_code,
            ErrorCode::provider_not_ready);
  api.set_provider(std::make_shared<MemoryProvider>(MemoryFlags{{"a", fixed("default")}}));
  EXPECT_EQ(api.client("shop").get_string_value("a", ""), "default");
  api.set_provider("shop", std::make_shared<MemoryProvider>(MemoryFlags{{"a", fixed("shop")}}));
  EXPECT_EQ(api.client("shop").get_string_value("a", ""), "shop");
  EXPECT_EQ(api.client("other").get_string_value("a", ""), "default");
  EXPECT_THROW(api.set_provider(nullptr), std::invalid_argument);
}

TEST(FlagClient, AProviderStartsWithTheContextOfTheApiAlone) {
  class Keeping final : public Provider {
   public:
    std::string_view name() const noexcept override { return "keeping"; }
    Resolution evaluate(std::string_view, FlagType, const EvaluationContext&) override {
      return {};
    }
    EvaluationContext started_with;

   protected:
    void initialize(const EvaluationContext& context) override {
      started_with = context;
      Provider::initialize(context);
    }
  };
  Api api;
  api.set_context(EvaluationContext("api"));
  api.set_transaction_context(
      []() -> EvaluationContext { throw std::runtime_error("there is no transaction now"); });
  const auto before = std::make_shared<ScriptedProvider>();
  const auto provider = std::make_shared<Keeping>();
  EXPECT_NO_THROW(api.set_provider(before));
  EXPECT_NO_THROW(api.set_provider(provider));
  EXPECT_EQ(provider->started_with, EvaluationContext("api"));
  EXPECT_EQ(provider->status(), ProviderStatus::ready);
  EXPECT_EQ(before->stops, 1);
}

TEST(FlagClient, AProviderIsStoppedWhenNoDomainUsesItAnyMore) {
  Api api;
  auto provider = std::make_shared<ScriptedProvider>();
  api.set_provider("a", provider);
  api.set_provider("b", provider);
  api.set_provider("a", std::make_shared<MemoryProvider>());
  EXPECT_EQ(provider->stops, 0);
  EXPECT_EQ(provider->status(), ProviderStatus::ready);
  api.set_provider("b", std::make_shared<MemoryProvider>());
  EXPECT_EQ(provider->stops, 1);
  EXPECT_EQ(provider->status(), ProviderStatus::not_ready);
  api.shutdown();
  EXPECT_EQ(provider->stops, 1);
}

TEST(FlagClient, EventsReachTheHandlersOfTheDomainAndOfTheApi) {
  Api api;
  auto provider = std::make_shared<ScriptedProvider>();
  api.set_provider("shop", provider);
  Client shop = api.client("shop");
  Client other = api.client("other");
  std::vector<std::string> heard;
  const auto hear = [&](std::string who) {
    return [&heard, who](const ProviderEvent& event) { heard.push_back(who + event.message); };
  };
  api.on(ProviderEventType::stale, [](const ProviderEvent&) { throw std::runtime_error("no"); });
  api.on(ProviderEventType::stale, hear("api: "));
  const auto number = shop.on(ProviderEventType::stale, hear("shop: "));
  other.on(ProviderEventType::stale, hear("other: "));

  ProviderEvent stale{ProviderEventType::stale};
  stale.message = "old";
  provider->say(stale);
  EXPECT_EQ(heard, (std::vector<std::string>{"api: old", "shop: old"}));
  EXPECT_EQ(shop.provider_status(), ProviderStatus::stale);

  shop.off(number);
  provider->say(stale);
  EXPECT_EQ(heard.size(), 3u);
}

TEST(FlagClient, AHandlerThatComesLateHearsOfTheStateAtOnce) {
  Api api;
  api.set_provider(std::make_shared<MemoryProvider>());
  int ready = 0;
  int stale = 0;
  api.client().on(ProviderEventType::ready, [&](const ProviderEvent&) { ++ready; });
  api.client().on(ProviderEventType::stale, [&](const ProviderEvent&) { ++stale; });
  EXPECT_EQ(ready, 1);
  EXPECT_EQ(stale, 0);
}

TEST(FlagClient, TrackingReachesTheProviderWithTheMergedContext) {
  class Tracking final : public Provider {
   public:
    std::string_view name() const noexcept override { return "tracking"; }
    Resolution evaluate(std::string_view, FlagType, const EvaluationContext&) override {
      return {};
    }
    void track(std::string_view event, const EvaluationContext& context,
               const TrackingEventDetails& details) override {
      tracked = std::string(event);
      with = context;
      value = details.value;
      throw std::runtime_error("full");
    }
    std::string tracked;
    EvaluationContext with;
    std::optional<double> value;
  };
  Api api;
  auto provider = std::make_shared<Tracking>();
  api.set_provider(provider);
  api.set_context(EvaluationContext("api", {{"a", 1}, {"b", 1}}));
  Client client = api.client();
  client.set_context(EvaluationContext("", {{"b", 2}}));
  client.track("checkout", EvaluationContext("user-1"), {.value = 0.0});
  EXPECT_EQ(provider->tracked, "checkout");
  EXPECT_EQ(provider->with, EvaluationContext("user-1", {{"a", 1}, {"b", 2}}));
  EXPECT_EQ(provider->value, 0.0);
}

TEST(FlagClient, ABatchAnswersInOrderAndOneFailureLeavesTheOthersAlone) {
  MemoryProvider provider({{"a", fixed(1)}, {"b", fixed("two")}});
  const std::vector<FlagQuery> queries{
      {"a", FlagType::integer}, {"missing", FlagType::boolean}, {"b", FlagType::string}};
  const auto answers = provider.evaluate_batch(queries, {});
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].value, Value(1));
  EXPECT_EQ(answers[1].error_code, ErrorCode::flag_not_found);
  EXPECT_EQ(answers[2].value, Value("two"));
}

}  // namespace
}  // namespace lockstep::openfeature
