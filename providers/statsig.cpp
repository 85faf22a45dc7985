#include "providers/statsig.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lockstep::providers {

namespace {

using openfeature::ErrorCode;
using openfeature::EvaluationContext;
using openfeature::FlagQuery;
using openfeature::FlagType;
using openfeature::Resolution;
using openfeature::Structure;
using openfeature::Value;
namespace reason = openfeature::reason;

constexpr std::array<std::string_view, 8> kOwnFields{
    "userID", "email", "ip", "userAgent", "country", "locale", "appVersion", "customIDs"};

Structure user_of(const EvaluationContext& context) {
  Structure user;
  Structure custom;
  for (const auto& [name, value] : flatten(context, "userID")) {
    const bool own = std::find(kOwnFields.begin(), kOwnFields.end(), name) != kOwnFields.end();
    (own ? user : custom).insert_or_assign(name, value);
  }
  if (!custom.empty()) user.insert_or_assign("custom", std::move(custom));
  return user;
}

class StatsigBackend final : public Backend {
 public:
  StatsigBackend(Endpoint endpoint, bool log_exposures)
      : endpoint_(std::move(endpoint)), log_exposures_(log_exposures) {}

  std::string_view name() const noexcept override { return "statsig"; }

  // A gate and a config may have one name.
  std::string slot(const FlagQuery& query) const override {
    return (query.type == FlagType::boolean ? "gate " : "config ") + query.key;
  }

  std::vector<Ask> encode(std::span<const FlagQuery> queries, const EvaluationContext& context,
                          bool background) const override {
    std::vector<Ask> asks;
    std::vector<std::string> slots;
    for (const FlagQuery& query : queries) {
      // A config may be asked for in several types, and an answer serves them all.
      if (std::find(slots.begin(), slots.end(), slot(query)) != slots.end()) continue;
      slots.push_back(slot(query));
      const bool gate = query.type == FlagType::boolean;
      Structure body{{"user", user_of(context)}};
      body.emplace(gate ? "gateName" : "configName", query.key);
      if (background || !log_exposures_) {
        body.emplace("statsigMetadata", Structure{{"exposureLoggingDisabled", true}});
      }
      Ask ask;
      ask.queries = {query};
      ask.request = endpoint_.post(gate ? "/v1/check_gate" : "/v1/get_config", body);
      asks.push_back(std::move(ask));
    }
    return asks;
  }

  Reading read(const Ask& ask, const http::Response& response) const override {
    Reading reading;
    const auto answer = response.status == 200 ? read_object(response) : std::nullopt;
    const Value* value = answer ? member(*answer, "value") : nullptr;
    if (value == nullptr) {
      reading.problem = response.status == 200 ? "the answer has no value"
                                               : "status " + std::to_string(response.status);
      return reading;
    }
    const std::string rule = text_member(*answer, "rule_id");
    const std::string group = text_member(*answer, "group_name");
    RemoteFlag flag;
    flag.resolution.value = *value;
    flag.resolution.reason = rule.empty() ? reason::kDefault : reason::kTargetingMatch;
    if (!group.empty() || !rule.empty()) flag.resolution.variant = group.empty() ? rule : group;
    reading.flags[slot(ask.queries.front())] = std::move(flag);
    return reading;
  }

  Resolution resolve(const RemoteFlag* flag, const FlagQuery& query) const override {
    if (flag == nullptr) return Resolution::failure(ErrorCode::general, "no answer about the flag");
    Resolution resolution = flag->resolution;
    const Structure* config = resolution.value ? resolution.value->as_structure() : nullptr;
    if (query.type == FlagType::boolean || config == nullptr) return resolution;
    if (config->empty()) {
      resolution.value.reset();
    } else if (query.type != FlagType::object) {
      const Value* inner = member(*config, "value");
      if (inner == nullptr) {
        return Resolution::failure(ErrorCode::type_mismatch,
                                   "the config has no member \"value\", which a flag of type " +
                                       std::string(to_string(query.type)) + " is read from");
      }
      resolution.value = Value(*inner);
    }
    return resolution;
  }

 private:
  Endpoint endpoint_;
  bool log_exposures_;
};

std::unique_ptr<const Backend> make_backend(const StatsigOptions& options) {
  return std::make_unique<StatsigBackend>(
      make_endpoint(options.remote, "api_key", "statsig-api-key", options.api_key),
      options.log_exposures);
}

}  // namespace

Statsig::Statsig(const StatsigOptions& options, std::shared_ptr<Host> host)
    : Remote(options.remote, make_backend(options), std::move(host)) {}

}  // namespace lockstep::providers
