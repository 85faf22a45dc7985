#include "providers/unleash.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lockstep::providers {

namespace {

using openfeature::EvaluationContext;
using openfeature::FlagQuery;
using openfeature::FlagType;
using openfeature::Resolution;
using openfeature::Structure;
using openfeature::Value;

constexpr std::array<std::string_view, 6> kOwnFields{"userId",      "sessionId",   "remoteAddress",
                                                     "environment", "currentTime", "appName"};

bool is_own_field(std::string_view name) {
  return std::find(kOwnFields.begin(), kOwnFields.end(), name) != kOwnFields.end();
}

std::string query_of(const EvaluationContext& context, const std::string& app_name) {
  Structure fields = flatten(context, "userId");
  fields.emplace("appName", app_name);
  std::string query;
  for (const auto& [name, value] : fields) {
    if (value.is_null()) continue;
    const std::string field = is_own_field(name) ? name : "properties[" + name + "]";
    query +=
        (query.empty() ? "" : "&") + percent_encoded(field) + "=" + percent_encoded(as_text(value));
  }
  return query;
}

RemoteFlag flag_of(const Structure& toggle) {
  RemoteFlag flag;
  const Value* enabled = member(toggle, "enabled");
  flag.enabled = enabled == nullptr || enabled->as_boolean().value_or(true);
  flag.resolution.reason = openfeature::reason::kUnknown;

  const Value* variant = member(toggle, "variant");
  const Structure* in = variant != nullptr ? variant->as_structure() : nullptr;
  if (in == nullptr) return flag;
  const Value* on = member(*in, "enabled");
  if (on == nullptr || !on->as_boolean().value_or(false)) return flag;
  flag.resolution.variant = text_member(*in, "name");
  const Value* payload = member(*in, "payload");
  if (payload != nullptr && payload->as_structure() != nullptr) {
    if (const Value* value = member(*payload->as_structure(), "value")) flag.payload = *value;
  }
  return flag;
}

class UnleashBackend final : public Backend {
 public:
  UnleashBackend(Endpoint endpoint, std::string app_name)
      : endpoint_(std::move(endpoint)), app_name_(std::move(app_name)) {}

  std::string_view name() const noexcept override { return "unleash"; }

  std::vector<Ask> encode(std::span<const FlagQuery> queries, const EvaluationContext& context,
                          bool) const override {
    Ask ask;
    ask.queries.assign(queries.begin(), queries.end());
    ask.whole = true;
    ask.request = endpoint_.request("GET", "/api/frontend");
    ask.request.url.query = query_of(context, app_name_);
    return {std::move(ask)};
  }

  Reading read(const Ask&, const http::Response& response) const override {
    Reading reading;
    if (response.status != 200) {
      reading.problem = "status " + std::to_string(response.status);
      return reading;
    }
    const auto answer = read_object(response);
    const Value* toggles = answer ? member(*answer, "toggles") : nullptr;
    if (toggles == nullptr || toggles->as_list() == nullptr) {
      reading.problem = "the answer has no list of toggles";
      return reading;
    }
    for (const Value& toggle : *toggles->as_list()) {
      if (toggle.as_structure() == nullptr) continue;
      reading.flags[text_member(*toggle.as_structure(), "name")] = flag_of(*toggle.as_structure());
    }
    return reading;
  }

  Resolution resolve(const RemoteFlag* flag, const FlagQuery& query) const override {
    Resolution resolution;
    resolution.reason = openfeature::reason::kUnknown;
    const bool on = flag != nullptr && flag->enabled.value_or(false);
    if (on) resolution = flag->resolution;
    if (query.type == FlagType::boolean) {
      resolution.value = on;
    } else if (on && query.type == FlagType::string) {
      if (flag->payload) resolution.value = as_text(*flag->payload);
      if (!flag->payload && flag->resolution.variant) resolution.value = *flag->resolution.variant;
    } else if (on && flag->payload) {
      // A payload of type json or number is a text that says one.
      const auto read = openfeature::from_json(as_text(*flag->payload));
      resolution.value = read ? *read : *flag->payload;
    }
    return resolution;
  }

 private:
  Endpoint endpoint_;
  std::string app_name_;
};

std::unique_ptr<const Backend> make_backend(const UnleashOptions& options) {
  return std::make_unique<UnleashBackend>(
      make_endpoint(options.remote, "token", "Authorization", options.token), options.app_name);
}

}  // namespace

Unleash::Unleash(const UnleashOptions& options, std::shared_ptr<Host> host)
    : Remote(options.remote, make_backend(options), std::move(host)) {}

}  // namespace lockstep::providers
