// Evaluates flags, for one domain of an Api.
//
//   openfeature::Client flags(std::make_shared<providers::Static>("flags.toml"));
//   if (flags.get_boolean_value("new-checkout", false, EvaluationContext("user-1"))) ...
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "openfeature/api.h"
#include "openfeature/context.h"
#include "openfeature/evaluation.h"
#include "openfeature/hook.h"
#include "openfeature/tracking.h"

namespace lockstep::openfeature {

// Of one evaluation.
struct EvaluationOptions {
  Hooks hooks{};
  HookHints hook_hints{};
};

// Thread-safe; copies share context, hooks and handlers. No evaluation throws or logs: whatever
// goes wrong, the default comes back, and the details say why. An evaluation may wait for the
// provider's backend.
class Client {
 public:
  // On an Api of its own with this one provider, which lasts until the client's last copy is gone.
  explicit Client(std::shared_ptr<Provider> provider);

  const std::string& domain() const noexcept;
  ProviderStatus provider_status() const;

  // Merged over that of the API and the transaction, under that of the invocation.
  void set_context(EvaluationContext context);
  void add_hooks(Hooks hooks);
  // Of this client's provider; otherwise as Api::on().
  std::uint64_t on(ProviderEventType type, EventHandler handler);
  void off(std::uint64_t handler);

  bool get_boolean_value(std::string_view key, bool fallback, const EvaluationContext& context = {},
                         const EvaluationOptions& options = {}) const noexcept;
  std::string get_string_value(std::string_view key, std::string fallback,
                               const EvaluationContext& context = {},
                               const EvaluationOptions& options = {}) const noexcept;
  std::int64_t get_integer_value(std::string_view key, std::int64_t fallback,
                                 const EvaluationContext& context = {},
                                 const EvaluationOptions& options = {}) const noexcept;
  double get_double_value(std::string_view key, double fallback,
                          const EvaluationContext& context = {},
                          const EvaluationOptions& options = {}) const noexcept;
  Value get_object_value(std::string_view key, const Value& fallback,
                         const EvaluationContext& context = {},
                         const EvaluationOptions& options = {}) const noexcept;

  EvaluationDetails<bool> get_boolean_details(std::string_view key, bool fallback,
                                              const EvaluationContext& context = {},
                                              const EvaluationOptions& options = {}) const noexcept;
  EvaluationDetails<std::string> get_string_details(
      std::string_view key, std::string fallback, const EvaluationContext& context = {},
      const EvaluationOptions& options = {}) const noexcept;
  EvaluationDetails<std::int64_t> get_integer_details(
      std::string_view key, std::int64_t fallback, const EvaluationContext& context = {},
      const EvaluationOptions& options = {}) const noexcept;
  EvaluationDetails<double> get_double_details(
      std::string_view key, double fallback, const EvaluationContext& context = {},
      const EvaluationOptions& options = {}) const noexcept;
  EvaluationDetails<Value> get_object_details(std::string_view key, const Value& fallback,
                                              const EvaluationContext& context = {},
                                              const EvaluationOptions& options = {}) const noexcept;

  // Tells the provider what a user did, with the contexts merged as in an evaluation. Nothing where
  // the provider does not track. Never throws.
  void track(std::string_view event, const EvaluationContext& context = {},
             const TrackingEventDetails& details = {}) const noexcept;

 private:
  friend class Api;
  struct State;
  Client(std::shared_ptr<ApiState> api, std::string domain);

  Hooks hooks() const;
  EvaluationContext merged_context(const EvaluationContext& invocation) const;
  EvaluationDetails<Value> evaluate(std::string_view key, FlagType type, const Value& fallback,
                                    const EvaluationContext& context,
                                    const EvaluationOptions& options) const;

  std::shared_ptr<State> state_;
};

}  // namespace lockstep::openfeature
