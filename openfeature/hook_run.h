// The hooks of one evaluation, stage by stage.
#pragma once

#include <functional>
#include <vector>

#include "openfeature/hook.h"

namespace lockstep::openfeature {

class HookRun {
 public:
  // Of the evaluation, without its context.
  struct Subject {
    std::string_view flag_key;
    FlagType type;
    const Value& default_value;
    std::string_view client_domain;
    std::string_view provider_name;
  };

  // Everything must outlive the run.
  HookRun(Subject subject, EvaluationContext& context, const HookHints& hints)
      : subject_(subject), context_(context), hints_(hints) {}

  // In the order of their before stages, and before the first of them. Null ones are left out.
  void add(const Hooks& hooks);
  // Merges into the context what the hooks return. Throws what a hook throws.
  void before();
  void after(const EvaluationDetails<Value>& details);
  void error(const EvaluationError& error) noexcept;
  void finally(const EvaluationDetails<Value>& details) noexcept;

 private:
  HookContext context_of(std::size_t hook);
  void each_reversed(const std::function<void(Hook&, const HookContext&)>& stage) noexcept;

  Hooks hooks_;
  std::vector<HookData> data_;
  Subject subject_;
  EvaluationContext& context_;
  const HookHints& hints_;
};

}  // namespace lockstep::openfeature
