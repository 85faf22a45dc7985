#include "openfeature/hook.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "openfeature/client.h"
#include "openfeature/memory_provider.h"

namespace lockstep::openfeature {
namespace {

using Log = std::vector<std::string>;

class LoggingHook final : public Hook {
 public:
  LoggingHook(Log& log, std::string name, std::string throws_in = "")
      : log_(log), name_(std::move(name)), throws_in_(std::move(throws_in)) {}
  std::optional<EvaluationContext> before(const HookContext& context, const HookHints&) override {
    context.data["seen"] = name_;
    note("before");
    return std::nullopt;
  }
  void after(const HookContext&, const EvaluationDetails<Value>&, const HookHints&) override {
    note("after");
  }
  void error(const HookContext&, const EvaluationError& error, const HookHints&) override {
    note("error " + error.message);
  }
  void finally(const HookContext& context, const EvaluationDetails<Value>&,
               const HookHints&) override {
    const auto seen = context.data.find("seen");
    const bool own =
        seen == context.data.end() || std::any_cast<std::string>(seen->second) == name_;
    EXPECT_TRUE(own);
    note("finally");
  }

 private:
  void note(const std::string& stage) {
    log_.push_back(name_ + " " + stage);
    if (stage.starts_with(throws_in_) && !throws_in_.empty()) throw std::runtime_error("oh");
  }
  Log& log_;
  std::string name_;
  std::string throws_in_;
};

class HookedProvider final : public Provider {
 public:
  explicit HookedProvider(Hooks hooks) : hooks_(std::move(hooks)) {}
  std::string_view name() const noexcept override { return "hooked"; }
  Resolution evaluate(std::string_view, FlagType, const EvaluationContext&) override {
    Resolution on;
    on.value = true;
    on.reason = reason::kStatic;
    return on;
  }
  Hooks hooks() const override { return hooks_; }

 private:
  Hooks hooks_;
};

struct Bench {
  explicit Bench(std::string throws_in = "") {
    const auto hook = [&](std::string name, std::string throws = "") -> std::shared_ptr<Hook> {
      return std::make_shared<LoggingHook>(log, std::move(name), std::move(throws));
    };
    api.set_provider(std::make_shared<HookedProvider>(Hooks{hook("provider")}));
    api.add_hooks({hook("api")});
    client.add_hooks({hook("client", std::move(throws_in))});
    options.hooks = {hook("invocation")};
  }
  EvaluationDetails<bool> evaluate() { return client.get_boolean_details("a", false, {}, options); }
  Log log;
  Api api;
  Client client = api.client();
  EvaluationOptions options;
};

TEST(Hooks, BeforeGoesFromTheApiToTheProviderAndTheOthersBack) {
  Bench bench;
  EXPECT_TRUE(bench.evaluate().value);
  EXPECT_EQ(bench.log,
            (Log{"api before", "client before", "invocation before", "provider before",
                 "provider after", "invocation after", "client after", "api after",
                 "provider finally", "invocation finally", "client finally", "api finally"}));
}

TEST(Hooks, WhatBeforeThrowsEndsTheStageAndGivesTheDefault) {
  Bench bench("before");
  const auto details = bench.evaluate();
  EXPECT_FALSE(details.value);
  EXPECT_EQ(details.error_code, ErrorCode::general);
  EXPECT_EQ(details.error_message, "oh");
  EXPECT_EQ(bench.log,
            (Log{"api before", "client before", "provider error oh", "invocation error oh",
                 "client error oh", "api error oh", "provider finally", "invocation finally",
                 "client finally", "api finally"}));
}

TEST(Hooks, WhatAfterThrowsGivesTheDefaultToo) {
  Bench bench("after");
  EXPECT_FALSE(bench.evaluate().value);
  EXPECT_EQ(bench.log.back(), "api finally");
}

TEST(Hooks, WhatFinallyThrowsIsNobodysConcern) {
  Bench bench("finally");
  const auto details = bench.evaluate();
  EXPECT_TRUE(details.value);
  EXPECT_FALSE(details.error_code);
  EXPECT_EQ(bench.log.back(), "api finally");
}

TEST(Hooks, AProviderThatThrowsForItsHooksGivesTheDefault) {
  class Throwing final : public Provider {
   public:
    std::string_view name() const noexcept override { return "throwing"; }
    Resolution evaluate(std::string_view, FlagType, const EvaluationContext&) override {
      return {};
    }
    Hooks hooks() const override { throw std::runtime_error("no hooks"); }
  };
  Bench bench;
  bench.api.set_provider(std::make_shared<Throwing>());
  const auto details = bench.evaluate();
  EXPECT_FALSE(details.value);
  EXPECT_EQ(details.error_code, ErrorCode::general);
  EXPECT_EQ(details.error_message, "no hooks");
  EXPECT_EQ(bench.log,
            (Log{"invocation error no hooks", "client error no hooks", "api error no hooks",
                 "invocation finally", "client finally", "api finally"}));
}

TEST(Hooks, AHookThatIsNotThereIsLeftOut) {
  Bench bench;
  bench.api.add_hooks({nullptr});
  bench.client.add_hooks({nullptr});
  bench.options.hooks.insert(bench.options.hooks.begin(), nullptr);
  bench.api.set_provider(std::make_shared<HookedProvider>(Hooks{nullptr}));
  EXPECT_TRUE(bench.evaluate().value);
  EXPECT_EQ(bench.log.size(), 9u);
}

}  // namespace
}  // namespace lockstep::openfeature
