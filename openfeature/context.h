// The evaluation context: about whom, and in which circumstances, a flag is asked or something is
// tracked.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "openfeature/value.h"

namespace lockstep::openfeature {

// A targeting key and attributes. A plain value; anonymous and empty by default.
//
//   EvaluationContext context("user-1");
//   context.set("plan", "pro").set("seats", 3);
class EvaluationContext {
 public:
  EvaluationContext() = default;
  explicit EvaluationContext(std::string targeting_key, Structure attributes = {})
      : targeting_key_(std::move(targeting_key)), attributes_(std::move(attributes)) {}

  // Who the subject is, stable from one evaluation to the next; empty for an anonymous one.
  const std::string& targeting_key() const noexcept { return targeting_key_; }
  bool anonymous() const noexcept { return targeting_key_.empty(); }
  EvaluationContext& set_targeting_key(std::string key);

  const Structure& attributes() const noexcept { return attributes_; }
  // nullptr when there is no such attribute. The targeting key is none.
  const Value* find(std::string_view name) const;
  // Adds an attribute or replaces its value.
  EvaluationContext& set(std::string name, Value value);

  bool empty() const noexcept { return targeting_key_.empty() && attributes_.empty(); }

  // This context with `over` on top: where both have an attribute, or a targeting key, that of
  // `over` counts. A structure is replaced as a whole.
  EvaluationContext merged(const EvaluationContext& over) const;

  bool operator==(const EvaluationContext&) const = default;

 private:
  std::string targeting_key_;
  Structure attributes_;
};

// One structure, as the backends take it: the attributes, and the targeting key, where there is
// one, under `key_name`. It wins over an attribute of that name.
Structure flatten(const EvaluationContext& context, std::string_view key_name);

}  // namespace lockstep::openfeature
