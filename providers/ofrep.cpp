#include "providers/ofrep.h"

#include <utility>

namespace lockstep::providers {

namespace {

using openfeature::ErrorCode;
using openfeature::EvaluationContext;
using openfeature::FlagQuery;
using openfeature::Resolution;
using openfeature::Structure;
using openfeature::Value;

constexpr const char* kPath = "/ofrep/v1/evaluate/flags";

Resolution failure_of(const Structure& answer) {
  const auto code = openfeature::parse_error_code(text_member(answer, "errorCode"));
  return Resolution::failure(code.value_or(ErrorCode::general),
                             text_member(answer, "errorDetails"));
}

RemoteFlag flag_of(const Structure& answer) {
  RemoteFlag flag;
  if (member(answer, "errorCode") != nullptr) {
    flag.resolution = failure_of(answer);
    const ErrorCode code = *flag.resolution.error_code;
    flag.failed = code != ErrorCode::flag_not_found && !is_of_context(code);
    return flag;
  }
  if (const Value* value = member(answer, "value")) flag.resolution.value = *value;
  if (const Value* variant = member(answer, "variant")) {
    flag.resolution.variant = as_text(*variant);
  }
  flag.resolution.reason = text_member(answer, "reason");
  const Value* metadata = member(answer, "metadata");
  if (metadata != nullptr && metadata->as_structure() != nullptr) {
    flag.resolution.metadata = *metadata->as_structure();
  }
  return flag;
}

class OfrepBackend final : public Backend {
 public:
  OfrepBackend(Endpoint endpoint, bool bulk) : endpoint_(std::move(endpoint)), bulk_(bulk) {}

  std::string_view name() const noexcept override { return "ofrep"; }

  std::vector<Ask> encode(std::span<const FlagQuery> queries, const EvaluationContext& context,
                          bool background) const override {
    const Structure body{{"context", flatten(context, "targetingKey")}};
    Ask ask;
    ask.queries.assign(queries.begin(), queries.end());
    ask.whole = bulk_ || background || queries.size() != 1;
    std::string path = kPath;
    if (!ask.whole) path += "/" + percent_encoded(queries.front().key);
    ask.request = endpoint_.post(path, body);
    return {std::move(ask)};
  }

  Reading read(const Ask& ask, const http::Response& response) const override {
    const auto answer = read_object(response);
    const bool refused = response.status == 400 || response.status == 404;
    Reading reading;
    if (response.status == 200 && !answer) {
      reading.problem = "the answer is not a JSON object";
    } else if (refused && answer && member(*answer, "errorCode") != nullptr) {
      read_refusal(ask, *answer, reading);
    } else if (response.status != 200) {
      reading.problem = "status " + std::to_string(response.status);
    } else if (ask.whole) {
      read_bulk(*answer, reading);
    } else {
      reading.flags[ask.queries.front().key] = flag_of(*answer);
    }
    return reading;
  }

 private:
  // Says something of the flag where one was asked for alone, and never of the others.
  static void read_refusal(const Ask& ask, const Structure& answer, Reading& reading) {
    const Resolution refusal = failure_of(answer);
    if (!ask.whole && !is_of_context(*refusal.error_code)) {
      reading.flags[ask.queries.front().key] = flag_of(answer);
      return;
    }
    if (refusal.error_code != ErrorCode::flag_not_found) reading.code = *refusal.error_code;
    reading.problem = refusal.error_message.empty() ? "refused: " + text_member(answer, "errorCode")
                                                    : refusal.error_message;
  }

  static void read_bulk(const Structure& answer, Reading& reading) {
    const Value* flags = member(answer, "flags");
    if (flags == nullptr || flags->as_list() == nullptr) {
      reading.problem = "the answer has no list of flags";
      return;
    }
    for (const Value& one : *flags->as_list()) {
      if (one.as_structure() == nullptr) continue;
      const std::string key = text_member(*one.as_structure(), "key");
      reading.flags[key] = flag_of(*one.as_structure());
    }
  }

  Endpoint endpoint_;
  bool bulk_;
};

std::unique_ptr<const Backend> make_backend(const OfrepOptions& options) {
  Endpoint endpoint = make_endpoint(options.remote);
  if (!options.token.empty()) {
    endpoint.headers.push_back({"Authorization", "Bearer " + options.token});
  }
  return std::make_unique<OfrepBackend>(std::move(endpoint), options.bulk);
}

}  // namespace

Ofrep::Ofrep(const OfrepOptions& options, std::shared_ptr<Host> host)
    : Remote(options.remote, make_backend(options), std::move(host)) {}

}  // namespace lockstep::providers
