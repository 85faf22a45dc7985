// Flags that a program or a test holds itself: OpenFeature's in-memory provider.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "openfeature/provider.h"

namespace lockstep::openfeature {

struct MemoryFlag {
  std::map<std::string, Value, std::less<>> variants{};
  std::optional<std::string> default_variant{};  // nothing: the caller's default
  bool disabled = false;
  // The variant for a context; an empty text, or no function: the default variant.
  std::function<std::string(const EvaluationContext&)> choose{};
  FlagMetadata metadata{};
};
using MemoryFlags = std::map<std::string, MemoryFlag, std::less<>>;

// Thread-safe; `choose` is called with no lock held.
class MemoryProvider final : public Provider {
 public:
  explicit MemoryProvider(MemoryFlags flags = {}) : flags_(std::move(flags)) {}

  std::string_view name() const noexcept override { return "memory"; }
  Resolution evaluate(std::string_view key, FlagType type,
                      const EvaluationContext& context) override;

  // Adds a flag or replaces it: PROVIDER_CONFIGURATION_CHANGED.
  void set(std::string key, MemoryFlag flag);

 private:
  std::mutex mutex_;
  MemoryFlags flags_;
};

}  // namespace lockstep::openfeature
