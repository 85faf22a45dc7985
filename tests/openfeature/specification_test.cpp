// OpenFeature's own feature files, through our client. They are read where they are present beside
// the repository, and skipped where they are not.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "openfeature/client.h"
#include "openfeature/memory_provider.h"
#include "tests/openfeature/gherkin.h"

namespace lockstep::openfeature {
namespace {

std::filesystem::path vectors() {
  return std::filesystem::path(LOCKSTEP_SHARED_VECTORS) / "openfeature";
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

bool has(const EvaluationContext& context, std::string_view name, const Value& value) {
  const Value* found = context.find(name);
  return found != nullptr && *found == value;
}

// The two expressions of the flags file. They are CEL; what they mean is written out here.
std::function<std::string(const EvaluationContext&)> evaluator(const std::string& expression) {
  const auto from_microsoft = [](const EvaluationContext& context) {
    return has(context, "email", "ballmer@macrosoft.com");
  };
  if (expression == "email == 'ballmer@macrosoft.com' ? 'zero' : ''") {
    return [=](const EvaluationContext& context) -> std::string {
      return from_microsoft(context) ? "zero" : "";
    };
  }
  if (expression == "!customer && email == 'ballmer@macrosoft.com' && age > 10 ? 'internal' : ''") {
    return [=](const EvaluationContext& context) -> std::string {
      const Value* age = context.find("age");
      const bool old_enough = age != nullptr && age->as_any_number().value_or(0) > 10;
      const bool internal = has(context, "customer", false) && from_microsoft(context);
      return internal && old_enough ? "internal" : "";
    };
  }
  throw std::runtime_error("an unknown expression: " + expression);
}

MemoryFlags read_flags() {
  MemoryFlags flags;
  const auto document = nlohmann::json::parse(read_file(vectors() / "test-flags.json"));
  for (const auto& [key, definition] : document.items()) {
    MemoryFlag flag;
    for (const auto& [variant, value] : definition.at("variants").items()) {
      flag.variants[variant] = *from_json(value.dump());
    }
    const auto fallback = definition.find("defaultVariant");
    if (fallback != definition.end() && fallback->is_string()) flag.default_variant = *fallback;
    flag.disabled = definition.value("disabled", false);
    const auto expression = definition.find("contextEvaluator");
    if (expression != definition.end()) flag.choose = evaluator(*expression);
    const auto metadata = definition.find("flagMetadata");
    if (metadata != definition.end() && metadata->is_object()) {
      flag.metadata = *from_json(metadata->dump())->as_structure();
    }
    flags.emplace(key, std::move(flag));
  }
  return flags;
}

// In the state that a scenario asks for; remembers the context it was last asked with, and where it
// caches, the flags that it was asked for: they do not change, so it need not keep their values.
class TestProvider final : public Provider {
 public:
  TestProvider(MemoryFlags flags, ProviderStatus wanted, bool caches)
      : flags_(std::move(flags)), wanted_(wanted), caches_(caches) {}
  std::string_view name() const noexcept override { return "test"; }
  Resolution evaluate(std::string_view key, FlagType type,
                      const EvaluationContext& context) override {
    asked_with = context;
    Resolution resolution = flags_.evaluate(key, type, context);
    if (caches_ && !asked_for_.emplace(key).second) resolution.reason = reason::kCached;
    return resolution;
  }

  EvaluationContext asked_with;

 protected:
  void initialize(const EvaluationContext&) override {
    ProviderEvent event;
    if (wanted_ == ProviderStatus::not_ready) return;
    if (wanted_ == ProviderStatus::stale) event.type = ProviderEventType::stale;
    if (wanted_ == ProviderStatus::error || wanted_ == ProviderStatus::fatal) {
      event.type = ProviderEventType::error;
      event.error_code =
          wanted_ == ProviderStatus::fatal ? ErrorCode::provider_fatal : ErrorCode::general;
    }
    emit(std::move(event));
  }

 private:
  MemoryProvider flags_;
  ProviderStatus wanted_;
  bool caches_;
  std::set<std::string> asked_for_;
};

// Notes its stages, with the details that it was told; adds a context where it has one.
class NotingHook final : public Hook {
 public:
  explicit NotingHook(std::vector<std::string>* order = nullptr, std::string name = "")
      : order_(order), name_(std::move(name)) {}
  std::optional<EvaluationContext> before(const HookContext&, const HookHints&) override {
    note("before", {});
    return added;
  }
  void after(const HookContext&, const EvaluationDetails<Value>& details,
             const HookHints&) override {
    note("after", details);
  }
  void error(const HookContext&, const EvaluationError&, const HookHints&) override {
    note("error", {});
  }
  void finally(const HookContext&, const EvaluationDetails<Value>& details,
               const HookHints&) override {
    note("finally", details);
  }

  std::map<std::string, EvaluationDetails<Value>> ran;
  std::optional<EvaluationContext> added;

 private:
  void note(const std::string& stage, EvaluationDetails<Value> details) {
    ran[stage] = std::move(details);
    if (order_ != nullptr) order_->push_back(stage + " " + name_);
  }
  std::vector<std::string>* order_;
  std::string name_;
};

ProviderStatus status_of(std::string text) {
  if (text == "not ready") return ProviderStatus::not_ready;
  if (text == "error") return ProviderStatus::error;
  if (text == "stale") return ProviderStatus::stale;
  return text == "fatal" ? ProviderStatus::fatal : ProviderStatus::ready;
}

FlagType type_of(const std::string& text) {
  if (text == "Boolean" || text == "boolean") return FlagType::boolean;
  if (text == "Integer") return FlagType::integer;
  if (text == "Float") return FlagType::number;
  return text == "Object" ? FlagType::object : FlagType::string;
}

Value value_of(const std::string& type, const std::string& text) {
  if (type == "String" || type == "string") return text;
  return *from_json(std::regex_replace(text, std::regex(R"(\\")"), "\""));
}

// One scenario's world, and what its steps do in it.
class World {
 public:
  explicit World(bool provider_caches) : provider_caches_(provider_caches) {}

  void run(const gherkin::Step& step) {
    step_ = &step;
    std::smatch match;
    for (const auto& [pattern, act] : actions_) {
      if (!std::regex_match(step.text, match, pattern)) continue;
      act(match);
      return;
    }
    FAIL() << "no such step: " << step.text;
  }

 private:
  using Match = const std::smatch&;
  using Action = std::pair<std::regex, std::function<void(Match)>>;

  void provide(ProviderStatus status) {
    provider_ = std::make_shared<TestProvider>(read_flags(), status, provider_caches_);
    api_.set_provider(provider_);
  }

  void evaluate() {
    const auto keep = [&](auto details) {
      details_ = {details.flag_key,   details.value,         details.variant, details.reason,
                  details.error_code, details.error_message, details.metadata};
    };
    const EvaluationContext before = context_;
    switch (type_) {
      case FlagType::boolean:
        keep(client_.get_boolean_details(key_, *fallback_.as_boolean(), context_, options_));
        break;
      case FlagType::string:
        keep(client_.get_string_details(key_, *fallback_.as_string(), context_, options_));
        break;
      case FlagType::integer:
        keep(client_.get_integer_details(key_, *fallback_.as_integer(), context_, options_));
        break;
      case FlagType::number:
        keep(client_.get_double_details(key_, *fallback_.as_any_number(), context_, options_));
        break;
      case FlagType::object:
        keep(client_.get_object_details(key_, fallback_, context_, options_));
        break;
    }
    EXPECT_EQ(context_, before);
  }

  void add_context(const std::string& level, const std::string& key, const std::string& value) {
    EvaluationContext& context = levels_[level];
    context.set(key, value);
    if (level == "API") api_.set_context(context);
    if (level == "Transaction") api_.set_transaction_context([context] { return context; });
    if (level == "Client") client_.set_context(context);
    if (level == "Invocation") context_ = context;
    if (level == "Before Hooks") {
      auto hook = std::make_shared<NotingHook>();
      hook->added = context;
      client_.add_hooks({hook});
    }
  }

  void check_hook(const std::string& stage) {
    ASSERT_TRUE(hook_->ran.contains(stage)) << stage;
    const auto& told = hook_->ran.at(stage);
    const std::map<std::string, std::string> seen{
        {"flag_key", told.flag_key},
        {"value", told.value.as_string() ? *told.value.as_string() : to_json(told.value)},
        {"variant", told.variant.value_or("null")},
        {"reason", told.reason},
        {"error_code", told.error_code ? std::string(to_string(*told.error_code)) : "null"}};
    for (std::size_t i = 1; i < step_->table.size(); ++i) {
      EXPECT_EQ(seen.at(step_->table[i][1]), step_->table[i][2]) << stage;
    }
  }

  void check_metadata() {
    ASSERT_EQ(details_.metadata.size(), step_->table.size() - 1);
    for (std::size_t i = 1; i < step_->table.size(); ++i) {
      const auto& row = step_->table[i];
      EXPECT_EQ(details_.metadata.at(row[0]), value_of(row[1], row[2]));
    }
  }

  void flag(Match m) {
    type_ = type_of(m[1]);
    key_ = m[2];
    fallback_ = value_of(type_ == FlagType::string ? "String" : "JSON", m[3]);
  }

  void add_levels_down_to(const std::string& last, const std::string& key) {
    for (const gherkin::Row& level : levels_table_) {
      add_context(level[0], key, level[0]);
      if (level[0] == last) return;
    }
  }

  using On = std::function<void(std::string, std::function<void(Match)>)>;
  std::vector<Action> make_actions();
  void add_givens(const On& on);
  void add_thens(const On& on);

  bool provider_caches_;
  Api api_;
  Client client_ = api_.client();
  std::shared_ptr<TestProvider> provider_;
  std::shared_ptr<NotingHook> hook_ = std::make_shared<NotingHook>();
  std::vector<std::string> order_;
  std::map<std::string, EvaluationContext> levels_;
  std::vector<gherkin::Row> levels_table_;
  std::string key_ = "boolean-flag";
  FlagType type_ = FlagType::boolean;
  Value fallback_ = false;
  EvaluationContext context_;
  EvaluationOptions options_;
  EvaluationDetails<Value> details_;
  const gherkin::Step* step_ = nullptr;
  std::vector<Action> actions_ = make_actions();
};

std::vector<World::Action> World::make_actions() {
  std::vector<Action> all;
  // In the patterns a ' stands for a ".
  const auto on = [&](std::string pattern, std::function<void(Match)> act) {
    std::replace(pattern.begin(), pattern.end(), '\'', '"');
    all.emplace_back(std::regex(pattern), std::move(act));
  };
  add_givens(on);
  on("(the|Some) flag was evaluated( with details)?", [&](Match) { evaluate(); });
  on("the flag was evaluated with details using the evaluation options",
     [&](Match) { evaluate(); });
  add_thens(on);
  return all;
}

void World::add_givens(const On& on) {
  on("an? (stable|not ready|error|stale|fatal) provider",
     [&](Match m) { provide(status_of(m[1])); });
  on("a stable provider with retrievable context is registered",
     [&](Match) { provide(ProviderStatus::ready); });
  on("an? (.*)-flag with key '(.*)' and a fallback value '(.*)'", [&](Match m) { flag(m); });
  on("a context containing a key '(.*)', with type '(.*)' and with value '(.*)'",
     [&](Match m) { context_.set(m[1], value_of(m[2], m[3])); });
  on("a context containing a key '(.*)' with null value",
     [&](Match m) { context_.set(m[1], nullptr); });
  on("an evaluation context with modifiable data", [&](Match) {
    context_.set("list", List{1, 2});
  });
  on("evaluation options containing specific hooks", [&](Match) {
    options_.hooks = {std::make_shared<NotingHook>(&order_, "1"),
                      std::make_shared<NotingHook>(&order_, "2")};
  });
  on("a client with added hook", [&](Match) { client_.add_hooks({hook_}); });
  on("A context entry with key '(.*)' and value '(.*)' is added to the '(.*)' level",
     [&](Match m) { add_context(m[3], m[1], m[2]); });
  on("A table with levels of increasing precedence", [&](Match) { levels_table_ = step_->table; });
  on("Context entries for each level from API level down to the '(.*)' level, "
     "with key '(.*)' and value '.*'",
     [&](Match m) { add_levels_down_to(m[1], m[2]); });
}

void World::add_thens(const On& on) {
  on("the specified hooks should execute during evaluation",
     [&](Match) { EXPECT_FALSE(order_.empty()); });
  on("the hook order should be maintained", [&](Match) {
    EXPECT_EQ(order_, (std::vector<std::string>{"before 1", "before 2", "after 2", "after 1",
                                                "finally 2", "finally 1"}));
  });
  on("the resolved details value should be '(.*)'", [&](Match m) {
    EXPECT_EQ(details_.value, value_of(type_ == FlagType::string ? "String" : "JSON", m[1]));
  });
  on("the reason should be '(.*)'", [&](Match m) { EXPECT_EQ(details_.reason, m[1].str()); });
  on("the error-code should be '(.*)'", [&](Match m) {
    ASSERT_TRUE(details_.error_code);
    EXPECT_EQ(to_string(*details_.error_code), m[1].str());
  });
  on("the flag key should be '(.*)'", [&](Match m) { EXPECT_EQ(details_.flag_key, m[1].str()); });
  on("the variant should be '(.*)'", [&](Match m) { EXPECT_EQ(details_.variant, m[1].str()); });
  on("the provider status should be '(.*)'",
     [&](Match m) { EXPECT_EQ(to_string(client_.provider_status()), m[1].str()); });
  on("the resolved metadata should contain", [&](Match) { check_metadata(); });
  on("the resolved metadata is empty", [&](Match) { EXPECT_TRUE(details_.metadata.empty()); });
  // evaluate() holds the context against its copy; the details are the caller's own.
  on("the original evaluation context should remain unmodified", [](Match) {});
  on("the evaluation details should be immutable", [](Match) {});
  on("the '(.*)' hook should have been executed",
     [&](Match m) { EXPECT_TRUE(hook_->ran.contains(m[1])) << m[1]; });
  on("the '(?:(.*), )?(.*)' hooks should be called with evaluation details", [&](Match m) {
    if (m[1].matched) check_hook(m[1]);
    check_hook(m[2]);
  });
  on("The merged context contains an entry with key '(.*)' and value '(.*)'",
     [&](Match m) { EXPECT_TRUE(has(provider_->asked_with, m[1].str(), m[2].str())); });
}

struct File {
  const char* name;
  int run;
  int left_out;  // evaluation is synchronous here
};

class SpecificationFile : public testing::TestWithParam<File> {};

TEST_P(SpecificationFile, HoldsScenarioByScenario) {
  const auto path = vectors() / GetParam().name;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  int run = 0;
  int left_out = 0;
  for (const gherkin::Scenario& scenario : gherkin::parse(read_file(path))) {
    const bool asynchronous = scenario.has_tag("@async");
    ++(asynchronous ? left_out : run);
    if (asynchronous) continue;
    SCOPED_TRACE(scenario.name);
    World world(scenario.has_tag("@reason-codes-cached"));
    for (const gherkin::Step& step : scenario.steps) world.run(step);
  }
  EXPECT_EQ(run, GetParam().run);
  EXPECT_EQ(left_out, GetParam().left_out);
}

INSTANTIATE_TEST_SUITE_P(OpenFeature, SpecificationFile,
                         testing::Values(File{"evaluation_v2.feature", 77, 5},
                                         File{"hooks.feature", 3, 0},
                                         File{"contextMerging.feature", 29, 0},
                                         File{"metadata.feature", 5, 0}),
                         [](const auto& file) {
                           const std::string name = file.param.name;
                           return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace lockstep::openfeature
