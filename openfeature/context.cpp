#include "openfeature/context.h"

namespace lockstep::openfeature {

EvaluationContext& EvaluationContext::set_targeting_key(std::string key) {
  targeting_key_ = std::move(key);
  return *this;
}

const Value* EvaluationContext::find(std::string_view name) const {
  const auto found = attributes_.find(name);
  return found == attributes_.end() ? nullptr : &found->second;
}

EvaluationContext& EvaluationContext::set(std::string name, Value value) {
  attributes_.insert_or_assign(std::move(name), std::move(value));
  return *this;
}

EvaluationContext EvaluationContext::merged(const EvaluationContext& over) const {
  EvaluationContext both = *this;
  if (!over.anonymous()) both.targeting_key_ = over.targeting_key_;
  for (const auto& [name, value] : over.attributes_) both.set(name, value);
  return both;
}

Structure flatten(const EvaluationContext& context, std::string_view key_name) {
  Structure flat = context.attributes();
  if (!context.anonymous()) {
    flat.insert_or_assign(std::string(key_name), context.targeting_key());
  }
  return flat;
}

}  // namespace lockstep::openfeature
