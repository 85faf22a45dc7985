#include "providers/launchdarkly.h"

#include <utility>

#include "sdk/codec/base64.h"

namespace lockstep::providers {

namespace {

using openfeature::ErrorCode;
using openfeature::EvaluationContext;
using openfeature::FlagQuery;
using openfeature::Resolution;
using openfeature::Structure;
using openfeature::Value;
namespace reason = openfeature::reason;

ErrorCode error_code_of(const std::string& kind) {
  if (kind == "FLAG_NOT_FOUND") return ErrorCode::flag_not_found;
  if (kind == "MALFORMED_FLAG") return ErrorCode::parse_error;
  if (kind == "USER_NOT_SPECIFIED") return ErrorCode::targeting_key_missing;
  return ErrorCode::general;
}

// LaunchDarkly's kinds of reasons under OpenFeature's names, where there is one.
void read_reason(const Structure& in, Resolution& resolution) {
  const std::string kind = text_member(in, "kind");
  const Value* experiment = member(in, "inExperiment");
  if (kind == "ERROR") {
    const std::string error = text_member(in, "errorKind");
    resolution = Resolution::failure(error_code_of(error), error);
  } else if (experiment != nullptr && experiment->as_boolean().value_or(false)) {
    resolution.reason = reason::kSplit;
  } else if (kind == "TARGET_MATCH" || kind == "RULE_MATCH") {
    resolution.reason = reason::kTargetingMatch;
  } else if (kind == "OFF") {
    resolution.reason = reason::kDisabled;
  } else if (kind == "FALLTHROUGH") {
    resolution.reason = reason::kDefault;
  } else if (!kind.empty()) {
    resolution.reason = kind;
  }
}

RemoteFlag flag_of(const Structure& in) {
  RemoteFlag flag;
  flag.resolution.reason = reason::kUnknown;
  if (const Value* value = member(in, "value")) flag.resolution.value = *value;
  if (const Value* variation = member(in, "variation")) {
    flag.resolution.variant = as_text(*variation);
  }
  const Value* why = member(in, "reason");
  if (why != nullptr && why->as_structure() != nullptr) {
    read_reason(*why->as_structure(), flag.resolution);
  }
  return flag;
}

class LaunchDarklyBackend final : public Backend {
 public:
  LaunchDarklyBackend(Endpoint endpoint, bool report)
      : endpoint_(std::move(endpoint)), report_(report) {}

  std::string_view name() const noexcept override { return "launchdarkly"; }

  std::optional<Resolution> refuse(const EvaluationContext& context) const override {
    if (!context.anonymous()) return std::nullopt;
    return Resolution::failure(ErrorCode::targeting_key_missing,
                               "LaunchDarkly needs a targeting key");
  }

  std::vector<Ask> encode(std::span<const FlagQuery> queries, const EvaluationContext& context,
                          bool) const override {
    Structure body = flatten(context, "key");
    body.emplace("kind", "user");
    Ask ask;
    ask.queries.assign(queries.begin(), queries.end());
    ask.whole = true;
    if (report_) {
      ask.request = endpoint_.post("/sdk/evalx/context", body);
      ask.request.method = "REPORT";
    } else {
      ask.request = endpoint_.request("GET", "/sdk/evalx/contexts/" + base64url(to_json(body)));
    }
    ask.request.url.query = "withReasons=true";  // the relay tells none unless it is asked to
    return {std::move(ask)};
  }

  Reading read(const Ask&, const http::Response& response) const override {
    Reading reading;
    const auto answer = response.status == 200 ? read_object(response) : std::nullopt;
    if (!answer) {
      reading.problem = response.status == 200 ? "the answer is not a JSON object"
                                               : "status " + std::to_string(response.status);
      return reading;
    }
    for (const auto& [key, flag] : *answer) {
      if (flag.as_structure() != nullptr) reading.flags[key] = flag_of(*flag.as_structure());
    }
    return reading;
  }

 private:
  Endpoint endpoint_;
  bool report_;
};

std::unique_ptr<const Backend> make_backend(const LaunchDarklyOptions& options) {
  return std::make_unique<LaunchDarklyBackend>(
      make_endpoint(options.remote, "sdk_key", "Authorization", options.sdk_key), options.report);
}

}  // namespace

LaunchDarkly::LaunchDarkly(const LaunchDarklyOptions& options, std::shared_ptr<Host> host)
    : Remote(options.remote, make_backend(options), std::move(host)) {}

}  // namespace lockstep::providers
