#include "openfeature/memory_provider.h"

namespace lockstep::openfeature {

Resolution MemoryProvider::evaluate(std::string_view key, FlagType,
                                    const EvaluationContext& context) {
  MemoryFlag flag;
  {
    const std::lock_guard lock(mutex_);
    const auto found = flags_.find(key);
    if (found == flags_.end()) {
      return Resolution::failure(ErrorCode::flag_not_found, "no such flag");
    }
    flag = found->second;
  }
  Resolution resolution;
  resolution.metadata = std::move(flag.metadata);
  resolution.reason = flag.choose ? reason::kDefault : reason::kStatic;
  if (flag.disabled) {
    resolution.reason = reason::kDisabled;
    return resolution;
  }
  std::optional<std::string> variant = flag.default_variant;
  if (flag.choose) {
    std::string chosen = flag.choose(context);
    if (!chosen.empty()) {
      variant = std::move(chosen);
      resolution.reason = reason::kTargetingMatch;
    }
  }
  if (!variant) {
    resolution.reason = reason::kDefault;
    return resolution;
  }
  const auto value = flag.variants.find(*variant);
  if (value == flag.variants.end()) {
    return Resolution::failure(ErrorCode::general, "the flag has no variant " + *variant);
  }
  resolution.value = value->second;
  resolution.variant = std::move(variant);
  return resolution;
}

void MemoryProvider::set(std::string key, MemoryFlag flag) {
  ProviderEvent event{ProviderEventType::configuration_changed};
  event.flags_changed.push_back(key);
  {
    const std::lock_guard lock(mutex_);
    flags_.insert_or_assign(std::move(key), std::move(flag));
  }
  emit(std::move(event));
}

}  // namespace lockstep::openfeature
