#include "providers/static_rules.h"

#include <algorithm>

#include "providers/hash.h"

namespace lockstep::providers {

namespace {

using openfeature::EvaluationContext;
using openfeature::Resolution;
using openfeature::Value;
namespace reason = openfeature::reason;

// Numbers compare as numbers, whatever their types.
bool same(const Value& a, const Value& b) {
  const auto x = a.as_any_number();
  const auto y = b.as_any_number();
  return x && y ? *x == *y : a == b;
}

// Numbers and texts have an order, each among themselves.
std::optional<int> order(const Value& a, const Value& b) {
  const auto x = a.as_any_number();
  const auto y = b.as_any_number();
  if (x && y) return *x < *y ? -1 : (*x > *y ? 1 : 0);
  if (a.as_string() == nullptr || b.as_string() == nullptr) return std::nullopt;
  const int difference = a.as_string()->compare(*b.as_string());
  return difference < 0 ? -1 : (difference > 0 ? 1 : 0);
}

bool among(const Value& value, const openfeature::List& operands) {
  return std::any_of(operands.begin(), operands.end(),
                     [&](const Value& operand) { return same(value, operand); });
}

// A text contains a text, a list an item.
bool contains(const Value& value, const Value& operand) {
  if (const auto* list = value.as_list()) return among(operand, *list);
  return value.as_string() != nullptr && operand.as_string() != nullptr &&
         value.as_string()->find(*operand.as_string()) != std::string::npos;
}

bool compares(Comparison comparison, const Value& value, const Value& operand) {
  const auto difference = order(value, operand);
  const std::string* text = value.as_string();
  const std::string* part = operand.as_string();
  switch (comparison) {
    case Comparison::contains:
      return contains(value, operand);
    case Comparison::starts_with:
      return text != nullptr && part != nullptr && text->starts_with(*part);
    case Comparison::ends_with:
      return text != nullptr && part != nullptr && text->ends_with(*part);
    case Comparison::less_than:
      return difference && *difference < 0;
    case Comparison::at_most:
      return difference && *difference <= 0;
    case Comparison::greater_than:
      return difference && *difference > 0;
    case Comparison::at_least:
      return difference && *difference >= 0;
    default:
      return false;
  }
}

// An attribute's value; a null one counts as absent.
std::optional<Value> attribute(const EvaluationContext& context, std::string_view name) {
  if (name == "targeting_key") {
    if (context.anonymous()) return std::nullopt;
    return Value(context.targeting_key());
  }
  const Value* found = context.find(name);
  if (found == nullptr || found->is_null()) return std::nullopt;
  return *found;
}

// What the hash knows the subject by; nothing: there is none.
std::optional<std::string> subject(const StaticFlag& flag, const EvaluationContext& context) {
  const auto value = attribute(context, flag.bucket_by.empty() ? "targeting_key" : flag.bucket_by);
  if (!value) return std::nullopt;
  return value->as_string() != nullptr ? *value->as_string() : to_json(*value);
}

bool takes_in(const StaticFlag& flag, const Rule& rule, const std::string& id) {
  if (rule.hundredths == 0) return false;
  if (flag.hash == RolloutHash::unleash) {
    return unleash_bucket(flag.salt, id, 100, kUnleashRolloutSeed) * 100 <= rule.hundredths;
  }
  return posthog_bucket(flag.salt, id, "") <= posthog_limit(rule.hundredths, 10'000);
}

const std::string& chosen(const StaticFlag& flag, const Rule& rule, const std::string& id) {
  std::uint32_t whole = 0;
  for (const Share& share : rule.split) whole += share.weight;
  std::uint32_t upto = 0;
  for (const Share& share : rule.split) {
    upto += share.weight;
    const bool here = flag.hash == RolloutHash::unleash
                          ? unleash_bucket(flag.salt, id, whole, kUnleashVariantSeed) <= upto
                          : posthog_bucket(flag.salt, id, "variant") < posthog_limit(upto, whole);
    if (here && share.weight > 0) return share.variant;
  }
  return rule.split.back().variant;
}

Resolution of_variant(const StaticFlag& flag, const std::string& variant, std::string_view why) {
  Resolution resolution;
  resolution.value = flag.variants.at(variant);
  resolution.variant = variant;
  resolution.reason = why;
  resolution.metadata = flag.metadata;
  return resolution;
}

}  // namespace

bool holds(const Condition& condition, const EvaluationContext& context) {
  const auto value = attribute(context, condition.attribute);
  switch (condition.comparison) {
    case Comparison::present:
      return value.has_value();
    case Comparison::absent:
      return !value;
    case Comparison::equals:
    case Comparison::in:
      return value && among(*value, condition.operands);
    case Comparison::not_equals:
    case Comparison::not_in:
      return !value || !among(*value, condition.operands);
    default:
      return value && compares(condition.comparison, *value, condition.operands.at(0));
  }
}

Resolution resolve(const StaticFlag& flag, const EvaluationContext& context) {
  Resolution none;
  none.metadata = flag.metadata;
  none.reason = flag.enabled ? reason::kDefault : reason::kDisabled;
  if (!flag.enabled) return none;

  const auto id = subject(flag, context);
  for (const Rule& rule : flag.rules) {
    const bool applies =
        std::all_of(rule.when.begin(), rule.when.end(),
                    [&](const auto& condition) { return holds(condition, context); });
    if (!applies) continue;
    if (!rule.assigns()) {
      return of_variant(flag, rule.split.front().variant, reason::kTargetingMatch);
    }
    if (id && takes_in(flag, rule, *id)) {
      return of_variant(flag, chosen(flag, rule, *id), reason::kSplit);
    }
  }
  if (!flag.default_variant) return none;
  return of_variant(flag, *flag.default_variant,
                    flag.rules.empty() ? reason::kStatic : reason::kDefault);
}

}  // namespace lockstep::providers
