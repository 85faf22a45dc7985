#include "openfeature/hook_run.h"

#include <algorithm>
#include <iterator>

namespace lockstep::openfeature {

HookContext HookRun::context_of(std::size_t hook) {
  return {subject_.flag_key,
          subject_.type,
          subject_.default_value,
          subject_.client_domain,
          subject_.provider_name,
          context_,
          data_[hook]};
}

void HookRun::add(const Hooks& hooks) {
  std::copy_if(hooks.begin(), hooks.end(), std::back_inserter(hooks_),
               [](const auto& hook) { return hook != nullptr; });
  data_.resize(hooks_.size());
}

void HookRun::before() {
  for (std::size_t i = 0; i < hooks_.size(); ++i) {
    const auto added = hooks_[i]->before(context_of(i), hints_);
    if (added) context_ = context_.merged(*added);
  }
}

void HookRun::after(const EvaluationDetails<Value>& details) {
  for (std::size_t i = hooks_.size(); i-- > 0;) {
    hooks_[i]->after(context_of(i), details, hints_);
  }
}

void HookRun::each_reversed(const std::function<void(Hook&, const HookContext&)>& stage) noexcept {
  for (std::size_t i = hooks_.size(); i-- > 0;) {
    try {
      stage(*hooks_[i], context_of(i));
    } catch (...) {
      // The others run all the same, and so says the specification.
    }
  }
}

void HookRun::error(const EvaluationError& error) noexcept {
  each_reversed(
      [&](Hook& hook, const HookContext& context) { hook.error(context, error, hints_); });
}

void HookRun::finally(const EvaluationDetails<Value>& details) noexcept {
  each_reversed(
      [&](Hook& hook, const HookContext& context) { hook.finally(context, details, hints_); });
}

}  // namespace lockstep::openfeature
