#include "providers/ofrep.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "sdk/options.h"

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

// --- from the environment ------------------------------------------------------------------------

constexpr const char* kEndpoint = "OFREP_ENDPOINT";
constexpr const char* kHeaders = "OFREP_HEADERS";
constexpr const char* kTimeout = "OFREP_TIMEOUT_MS";

std::string checked_endpoint(const std::string& text) {
  const auto url = http::Url::parse(text);
  if (url && url->query.empty()) return text;
  throw ConfigError(kEndpoint, "must be an http or https URL, without a query");
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::vector<std::pair<std::string, std::string>> read_headers(const std::string& text) {
  const std::string decoded = http::percent_decoded(text);
  std::vector<std::pair<std::string, std::string>> headers;
  for (std::string_view rest = decoded; !rest.empty();) {
    const auto pair = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    std::string name = trimmed(pair.substr(0, equals));
    std::string value = trimmed(pair.substr(std::min(equals + 1, pair.size())));
    const bool is_safe = std::none_of(pair.begin(), pair.end(),
                                      [](char c) { return c >= 0 && c < ' ' && c != '\t'; });
    if (name.empty() || value.empty() || !is_safe) {
      throw ConfigError(kHeaders, "must be name=value pairs, separated by commas");
    }
    headers.emplace_back(std::move(name), std::move(value));
  }
  return headers;
}

Duration read_timeout(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size() || number == 0) {
    throw ConfigError(kTimeout, "must be a positive whole number of milliseconds");
  }
  return saturating_multiply(std::chrono::milliseconds{1}, number);
}

}  // namespace

OfrepOptions ofrep_options_from_environment(
    const std::function<const char*(const char*)>& environment) {
  const auto variable = [&](const char* name) -> std::string {
    const char* value = environment ? environment(name) : std::getenv(name);
    return value == nullptr ? "" : value;
  };
  OfrepOptions options;
  const std::string endpoint = variable(kEndpoint);
  if (!endpoint.empty()) options.remote.base_url = checked_endpoint(endpoint);
  options.remote.headers = read_headers(variable(kHeaders));
  const std::string timeout = variable(kTimeout);
  if (!timeout.empty()) options.remote.timeout = read_timeout(timeout);
  return options;
}

Ofrep::Ofrep(const OfrepOptions& options, std::shared_ptr<Host> host)
    : Remote(options.remote, make_backend(options), std::move(host)) {}

}  // namespace lockstep::providers
