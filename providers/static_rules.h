// The definitions of the static provider's flags, and what they come to for a context. Plain values
// and functions; static_file.h reads them, docs/flags.md describes them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openfeature/context.h"
#include "openfeature/evaluation.h"

namespace lockstep::providers {

// How an attribute is compared. Of a context that lacks it, or has it in a type that cannot be
// compared like that, only `not_equals`, `not_in` and `absent` hold.
enum class Comparison : std::uint8_t {
  equals,
  not_equals,
  in,
  not_in,
  contains,
  starts_with,
  ends_with,
  less_than,
  at_most,
  greater_than,
  at_least,
  present,
  absent,
};

struct Condition {
  std::string attribute;  // "targeting_key": who the subject is
  Comparison comparison = Comparison::present;
  openfeature::List operands{};  // of `in` and `not_in` any number, of the others at most one
  bool operator==(const Condition&) const = default;
};

// Which hash assigns subjects (hash.h).
enum class RolloutHash : std::uint8_t { posthog, unleash };

struct Share {
  std::string variant;
  std::uint32_t weight = 0;
  bool operator==(const Share&) const = default;
};

// The first rule whose conditions all hold, and whose percentage takes in the subject, decides.
struct Rule {
  std::vector<Condition> when{};
  std::uint32_t hundredths = 10'000;  // of a percent of the subjects
  std::vector<Share> split{};         // one or more; the weights' sum is from 1 to a million
  bool operator==(const Rule&) const = default;

  // Whether it needs to know who the subject is.
  bool assigns() const noexcept { return hundredths < 10'000 || split.size() > 1; }
};

struct StaticFlag {
  bool enabled = true;
  std::map<std::string, openfeature::Value, std::less<>> variants{};
  std::optional<std::string> default_variant{};  // nothing: the caller's default
  std::vector<Rule> rules{};
  RolloutHash hash = RolloutHash::posthog;
  std::string salt{};       // what the hash knows the flag by
  std::string bucket_by{};  // an attribute; empty: the targeting key
  openfeature::FlagMetadata metadata{};
  bool operator==(const StaticFlag&) const = default;
};
using StaticFlags = std::map<std::string, StaticFlag, std::less<>>;

bool holds(const Condition& condition, const openfeature::EvaluationContext& context);

// Without a subject no rule that assigns applies; that is no error.
openfeature::Resolution resolve(const StaticFlag& flag,
                                const openfeature::EvaluationContext& context);

}  // namespace lockstep::providers
