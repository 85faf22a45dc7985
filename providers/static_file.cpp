#include "providers/static_file.h"

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <initializer_list>
#include <sstream>
#include <utility>

namespace lockstep::providers {

namespace {

using openfeature::List;
using openfeature::Structure;
using openfeature::Value;

constexpr std::array<std::pair<std::string_view, Comparison>, 11> kComparisons{{
    {"equals", Comparison::equals},
    {"not_equals", Comparison::not_equals},
    {"in", Comparison::in},
    {"not_in", Comparison::not_in},
    {"contains", Comparison::contains},
    {"starts_with", Comparison::starts_with},
    {"ends_with", Comparison::ends_with},
    {"less_than", Comparison::less_than},
    {"at_most", Comparison::at_most},
    {"greater_than", Comparison::greater_than},
    {"at_least", Comparison::at_least},
}};

class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name) {}

  StaticFlags read(const toml::table& document) {
    allow_only(document, {"flags"});
    StaticFlags flags;
    const toml::node* all = document.get("flags");
    if (all == nullptr) return flags;
    for (const auto& [key, node] : table(*all, "flags")) {
      flags.emplace(key.str(), flag(std::string(key.str()), table(node, "a flag")));
    }
    return flags;
  }

 private:
  [[noreturn]] void fail(const toml::source_position& at, const std::string& what) const {
    throw FlagFileError(name_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) +
                        ": " + what);
  }
  [[noreturn]] void fail(const toml::node& node, const std::string& what) const {
    fail(node.source().begin, what);
  }

  const toml::table& table(const toml::node& node, std::string_view what) const {
    if (!node.is_table()) fail(node, std::string(what) + " must be a table");
    return *node.as_table();
  }
  const toml::array& array(const toml::node& node, std::string_view what) const {
    if (!node.is_array()) fail(node, std::string(what) + " must be an array");
    return *node.as_array();
  }
  std::string text(const toml::node& node, std::string_view what) const {
    if (!node.is_string()) fail(node, std::string(what) + " must be a string");
    return **node.as_string();
  }
  bool boolean(const toml::node& node, std::string_view what) const {
    if (!node.is_boolean()) fail(node, std::string(what) + " must be true or false");
    return **node.as_boolean();
  }
  double number(const toml::node& node, std::string_view what, double lowest,
                double highest) const {
    const auto value = node.value<double>();
    if (!node.is_number() || !(*value >= lowest && *value <= highest)) {
      fail(node, std::string(what) + " must be a number from " +
                     std::to_string(static_cast<long>(lowest)) + " to " +
                     std::to_string(static_cast<long>(highest)));
    }
    return *value;
  }

  // A misspelt name would silently mean nothing.
  void allow_only(const toml::table& in, std::initializer_list<std::string_view> names) const {
    for (const auto& [key, node] : in) {
      if (std::find(names.begin(), names.end(), key.str()) != names.end()) continue;
      std::string expected;
      for (const std::string_view name : names) {
        expected += (expected.empty() ? "" : ", ") + std::string(name);
      }
      fail(key.source().begin,
           "unknown name \"" + std::string(key.str()) + "\"; expected one of: " + expected);
    }
  }

  Value value(const toml::node& node) const {
    if (const auto* boolean = node.as_boolean()) return **boolean;
    if (const auto* integer = node.as_integer()) return **integer;
    if (const auto* real = node.as_floating_point()) return **real;
    if (const auto* string = node.as_string()) return **string;
    if (const auto* items = node.as_array()) {
      List list;
      for (const toml::node& item : *items) list.push_back(value(item));
      return list;
    }
    if (const auto* members = node.as_table()) return structure(*members);
    fail(node, "a date has no place here; write it as a string");
  }

  Structure structure(const toml::table& members) const {
    Structure structure;
    for (const auto& [key, node] : members) structure.emplace(key.str(), value(node));
    return structure;
  }

  StaticFlag flag(std::string key, const toml::table& in) const {
    allow_only(
        in, {"enabled", "variants", "default", "rules", "hash", "salt", "bucket_by", "metadata"});
    StaticFlag flag;
    flag.salt = std::move(key);
    if (const auto* node = in.get("enabled")) flag.enabled = boolean(*node, "enabled");
    if (const auto* node = in.get("salt")) flag.salt = text(*node, "salt");
    if (const auto* node = in.get("bucket_by")) flag.bucket_by = text(*node, "bucket_by");
    if (const auto* node = in.get("hash")) flag.hash = hash(*node);
    if (const auto* node = in.get("metadata")) flag.metadata = metadata(*node);

    const auto* variants = in.get("variants");
    if (variants == nullptr) fail(in, "a flag has variants: { name = value, ... }");
    flag.variants = structure(table(*variants, "variants"));
    if (flag.variants.empty()) fail(*variants, "at least one variant is expected");
    if (const auto* node = in.get("default")) {
      flag.default_variant = variant(*node, flag, "default");
    }
    if (const auto* node = in.get("rules")) {
      for (const toml::node& one : array(*node, "rules")) {
        flag.rules.push_back(rule(table(one, "a rule"), flag));
      }
    }
    return flag;
  }

  RolloutHash hash(const toml::node& node) const {
    const std::string name = text(node, "hash");
    if (name == "posthog") return RolloutHash::posthog;
    if (name == "unleash") return RolloutHash::unleash;
    fail(node, "hash must be \"posthog\" or \"unleash\"");
  }

  openfeature::FlagMetadata metadata(const toml::node& node) const {
    for (const auto& [key, one] : table(node, "metadata")) {
      const bool plain = one.is_boolean() || one.is_number() || one.is_string();
      if (!plain) fail(one, "metadata holds booleans, numbers and strings");
    }
    return structure(*node.as_table());
  }

  std::string variant(const toml::node& node, const StaticFlag& flag, std::string_view what) const {
    std::string name = text(node, what);
    if (!flag.variants.contains(name)) fail(node, "the flag has no variant \"" + name + "\"");
    return name;
  }

  Rule rule(const toml::table& in, const StaticFlag& flag) const {
    allow_only(in, {"when", "percent", "variant", "split"});
    Rule rule;
    if (const auto* node = in.get("when")) {
      for (const toml::node& one : array(*node, "when")) {
        rule.when.push_back(condition(table(one, "a condition")));
      }
    }
    if (const auto* node = in.get("percent")) rule.hundredths = percent(*node, flag);
    const auto* single = in.get("variant");
    const auto* split = in.get("split");
    if ((single == nullptr) == (split == nullptr)) {
      fail(in, "a rule has either a variant or a split");
    }
    if (single != nullptr) rule.split = {{variant(*single, flag, "variant"), 1}};
    if (split != nullptr) rule.split = shares(*split, flag);
    return rule;
  }

  std::uint32_t percent(const toml::node& node, const StaticFlag& flag) const {
    const double hundredths = number(node, "percent", 0, 100) * 100;
    const auto whole = static_cast<std::uint32_t>(std::lround(hundredths));
    if (std::abs(hundredths - whole) > 1e-6) fail(node, "percent has at most two decimals");
    if (flag.hash == RolloutHash::unleash && whole % 100 != 0) {
      fail(node, "with the hash \"unleash\" percent is a whole number");
    }
    return whole;
  }

  std::vector<Share> shares(const toml::node& node, const StaticFlag& flag) const {
    std::vector<Share> shares;
    double sum = 0;
    for (const toml::node& one : array(node, "split")) {
      const toml::table& in = table(one, "a share");
      allow_only(in, {"variant", "weight"});
      const auto* name = in.get("variant");
      const auto* weight = in.get("weight");
      if (name == nullptr || weight == nullptr) fail(in, "a share has a variant and a weight");
      if (!weight->is_integer()) fail(*weight, "weight must be a whole number");
      const double share = number(*weight, "weight", 0, 1'000'000);
      sum += share;
      shares.push_back({variant(*name, flag, "variant"), static_cast<std::uint32_t>(share)});
    }
    if (sum < 1 || sum > 1'000'000) fail(node, "the weights' sum must be from 1 to 1000000");
    return shares;
  }

  Condition condition(const toml::table& in) const {
    const auto* name = in.get("attribute");
    if (name == nullptr) fail(in, "a condition names an attribute");
    Condition condition;
    condition.attribute = text(*name, "attribute");
    if (in.size() != 2) fail(in, "a condition has an attribute and one comparison");
    for (const auto& [key, node] : in) {
      if (key.str() != "attribute") compare(key, node, condition);
    }
    return condition;
  }

  void compare(const toml::key& key, const toml::node& node, Condition& condition) const {
    if (key.str() == "exists") {
      condition.comparison = boolean(node, "exists") ? Comparison::present : Comparison::absent;
      return;
    }
    const auto found = std::find_if(kComparisons.begin(), kComparisons.end(),
                                    [&](const auto& entry) { return entry.first == key.str(); });
    if (found == kComparisons.end()) {
      std::string expected = "exists";
      for (const auto& [known, comparison] : kComparisons) expected += ", " + std::string(known);
      fail(key.source().begin,
           "unknown comparison \"" + std::string(key.str()) + "\"; expected one of: " + expected);
    }
    condition.comparison = found->second;
    const bool many = found->second == Comparison::in || found->second == Comparison::not_in;
    if (!many) {
      condition.operands = {value(node)};
      return;
    }
    for (const toml::node& one : array(node, key.str())) condition.operands.push_back(value(one));
  }

  std::string name_;
};

}  // namespace

StaticFlags parse_flags(std::string_view text, std::string_view name) {
  try {
    return Reader(name).read(toml::parse(text));
  } catch (const toml::parse_error& problem) {
    std::ostringstream what;
    what << name << ':' << problem.source().begin.line << ':' << problem.source().begin.column
         << ": " << problem.description();
    throw FlagFileError(what.str());
  }
}

StaticFlags read_flags(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  // << takes an empty file for a failure. To peek into a folder is one, too.
  if (in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
  if (!in.is_open() || in.bad() || text.fail()) throw FlagFileError(path + ": cannot be read");
  return parse_flags(text.str(), path);
}

}  // namespace lockstep::providers
