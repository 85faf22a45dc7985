#include "providers/posthog.h"

#include <utility>

#include "sdk/flags/flag_answer.h"
#include "sdk/json/reader.h"
#include "sdk/options.h"

namespace lockstep::providers {

namespace {

using openfeature::ErrorCode;
using openfeature::EvaluationContext;
using openfeature::FlagQuery;
using openfeature::FlagType;
using openfeature::List;
using openfeature::Resolution;
using openfeature::Structure;
using openfeature::Value;
namespace reason = openfeature::reason;

const Structure* object_member(const Structure& in, std::string_view name) {
  const Value* found = member(in, name);
  return found != nullptr ? found->as_structure() : nullptr;
}

RemoteFlag flag_of(const FlagResult& result) {
  RemoteFlag flag;
  flag.enabled = result.enabled();
  flag.resolution.reason = *flag.enabled ? reason::kTargetingMatch : reason::kDefault;
  const auto* variant = std::get_if<std::string>(&*result.value);
  if (variant != nullptr) flag.resolution.variant = *variant;
  if (result.payload) {
    flag.payload = openfeature::from_json(*result.payload).value_or(Value(*result.payload));
  }
  return flag;
}

void fail(RemoteFlag& flag) {
  flag.failed = true;
  flag.resolution =
      Resolution::failure(ErrorCode::general, "the backend could not compute the flag");
}

// What stands in the newer form of the answer alone.
void read_details(const Structure& details, RemoteFlag& flag) {
  const Value* failed = member(details, "failed");
  if (failed != nullptr && failed->as_boolean().value_or(false)) return fail(flag);
  const Structure* why = object_member(details, "reason");
  if (why != nullptr && text_member(*why, "code") == "flag_disabled") {
    flag.resolution.reason = reason::kDisabled;
  }
}

class PosthogBackend final : public Backend {
 public:
  PosthogBackend(Endpoint endpoint, std::string api_key, bool disable_geoip)
      : endpoint_(std::move(endpoint)),
        api_key_(std::move(api_key)),
        disable_geoip_(disable_geoip) {}

  std::string_view name() const noexcept override { return "posthog"; }

  std::optional<Resolution> refuse(const EvaluationContext& context) const override {
    if (!context.anonymous()) return std::nullopt;
    return Resolution::failure(ErrorCode::targeting_key_missing,
                               "PostHog needs a targeting key, its distinct_id");
  }

  std::vector<Ask> encode(std::span<const FlagQuery> queries, const EvaluationContext& context,
                          bool) const override {
    Structure person = context.attributes();
    person.erase("groups");
    person.erase("group_properties");
    person.emplace("distinct_id", context.targeting_key());
    const auto reserved = [&](std::string_view name) {
      const Value* found = context.find(name);
      return found != nullptr && found->as_structure() != nullptr ? *found : Value(Structure{});
    };
    List keys;
    for (const FlagQuery& query : queries) keys.emplace_back(query.key);
    Ask ask;
    ask.queries.assign(queries.begin(), queries.end());
    ask.request =
        endpoint_.post("/flags", Structure{{"token", api_key_},
                                           {"distinct_id", context.targeting_key()},
                                           {"groups", reserved("groups")},
                                           {"group_properties", reserved("group_properties")},
                                           {"person_properties", std::move(person)},
                                           {"geoip_disable", disable_geoip_},
                                           {"flag_keys_to_evaluate", std::move(keys)}});
    ask.request.url.query = "v=2";
    return {std::move(ask)};
  }

  Reading read(const Ask& ask, const http::Response& response) const override {
    Reading reading;
    for (const FlagQuery& query : ask.queries) {
      const FlagResult result = read_flag_response(response, query.key);
      if (!result.error.empty()) {
        reading.problem = result.error;
        return reading;
      }
      read_flag(response, query.key, result, reading);
    }
    return reading;
  }

  Resolution resolve(const RemoteFlag* flag, const FlagQuery& query) const override {
    if (flag == nullptr || flag->resolution.error_code) return Backend::resolve(flag, query);
    Resolution resolution = flag->resolution;
    const bool on = flag->enabled.value_or(false);
    const bool is_object = query.type == FlagType::object;
    if (query.type == FlagType::boolean) {
      resolution.value = on;
    } else if (!on) {
      return resolution;
    } else if (is_object ? !flag->payload : !resolution.variant) {
      return Resolution::failure(
          ErrorCode::type_mismatch,
          std::string("the flag is on, and has no ") + (is_object ? "payload" : "variant") +
              ", which a flag of type " + std::string(to_string(query.type)) + " is read from");
    } else if (is_object) {
      resolution.value = *flag->payload;
    } else {
      resolution.value = read_variant(*resolution.variant, query.type);
    }
    return resolution;
  }

 private:
  static Value read_variant(const std::string& variant, FlagType type) {
    if (type == FlagType::string) return variant;
    return openfeature::from_json(variant).value_or(Value(variant));
  }

  // A flag that is not in the answer is unknown, unless the server says that it failed to compute
  // some.
  static void read_flag(const http::Response& response, const std::string& key,
                        const FlagResult& result, Reading& reading) {
    RemoteFlag flag;
    if (result.value) {
      flag = flag_of(result);
    } else if (find_member(response.body, "errorsWhileComputingFlags") == "true") {
      fail(flag);
    } else {
      flag.resolution =
          Resolution::failure(ErrorCode::flag_not_found, "the backend has no such flag");
    }
    const auto detailed = find_member(find_member(response.body, "flags").value_or(""), key);
    if (detailed) {
      const auto details = openfeature::from_json(*detailed);
      if (details && details->as_structure()) read_details(*details->as_structure(), flag);
    }
    reading.flags[key] = std::move(flag);
  }

  Endpoint endpoint_;
  std::string api_key_;
  bool disable_geoip_;
};

std::unique_ptr<const Backend> make_backend(const PosthogOptions& options) {
  if (options.api_key.empty()) throw ConfigError("api_key", "must not be empty");
  return std::make_unique<PosthogBackend>(make_endpoint(options.remote), options.api_key,
                                          options.disable_geoip);
}

}  // namespace

Posthog::Posthog(const PosthogOptions& options, std::shared_ptr<Host> host)
    : Remote(options.remote, make_backend(options), std::move(host)) {}

}  // namespace lockstep::providers
