// Feature flags through openfeature::Client and a provider over HTTP. A step's `client` is the
// provider's name.
#include <nlohmann/json.hpp>

#include "openfeature/client.h"
#include "providers/launchdarkly.h"
#include "providers/ofrep.h"
#include "providers/posthog.h"
#include "providers/statsig.h"
#include "providers/unleash.h"
#include "scenarios/look.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using nlohmann::json;
using openfeature::EvaluationContext;
using openfeature::Value;

constexpr std::string_view kBackendWords[] = {"ofrep", "unleash", "launchdarkly", "statsig",
                                              "posthog"};
constexpr std::string_view kStatusWords[] = {"NOT_READY", "READY", "ERROR", "STALE", "FATAL"};

constexpr Field kOpenFlags[] = {
    {"backend", Type::word, true, "which service it asks", {}, kBackendWords},
    {"bulk", Type::boolean, false, "ofrep: asks for all flags of a context at once"},
    {"timeout", Type::duration, false, "of a request; default: 10s"},
    {"max_age", Type::duration, false, "how long an answer is used again; default: not at all"},
    {"max_stale", Type::duration, false, "the same during an outage; default: 1h"},
    {"poll_interval", Type::duration, false, "default: no poll"},
};

constexpr Field kEvaluate[] = {
    {"key", Type::text, true, "the flag's key"},
    {"default", Type::scalar, true, "its type is that of the flag"},
    {"targeting_key", Type::text, false, "default: nobody"},
    {"attributes", Type::object},
    {"value", Type::scalar, false, "what must come out"},
    {"reason", Type::text, false, "and why"},
    {"error_code", Type::text, false,
     "and with which error; default: none, where a value is given"},
};

constexpr Field kRefresh[] = {{"succeeds", Type::boolean, false, "whether it must; default: yes"}};

constexpr Field kStatus[] = {
    {"expected", Type::word, true, "the provider's status", {}, kStatusWords}};

constexpr Field kCount[] = {
    {"expected", Type::integer, true, "requests of the provider that reached the server"}};

template <typename Provider, typename Options>
std::shared_ptr<openfeature::Provider> make(World& world, Options options,
                                            providers::RemoteOptions remote) {
  options.remote = std::move(remote);
  return std::make_shared<Provider>(std::move(options), world.shared_host());
}

std::shared_ptr<openfeature::Provider> make_provider(World& world, const Params& params,
                                                     providers::RemoteOptions remote) {
  const std::string backend = params.text("backend");
  if (backend == "unleash") {
    return make<providers::Unleash>(world, providers::UnleashOptions{.token = "k"}, remote);
  }
  if (backend == "launchdarkly") {
    return make<providers::LaunchDarkly>(world, providers::LaunchDarklyOptions{.sdk_key = "k"},
                                         remote);
  }
  if (backend == "statsig") {
    return make<providers::Statsig>(world, providers::StatsigOptions{.api_key = "k"}, remote);
  }
  if (backend == "posthog") {
    return make<providers::Posthog>(world, providers::PosthogOptions{.api_key = "k"}, remote);
  }
  return make<providers::Ofrep>(
      world, providers::OfrepOptions{.bulk = params.boolean("bulk", false)}, remote);
}

Finding flags_open(World& world, const Step& step) {
  const Params params(step.params);
  providers::RemoteOptions remote;
  remote.base_url = "http://flags.test";
  remote.headers = {{"X-Test-Id", step.client}};
  remote.timeout = params.duration("timeout", remote.timeout);
  remote.max_age = params.duration("max_age", remote.max_age);
  remote.max_stale = params.duration("max_stale", remote.max_stale);
  remote.poll_interval = params.duration("poll_interval", remote.poll_interval);
  remote.trace = &world.trace();
  remote.trace_name = step.client;
  world.open_flags(step.client, make_provider(world, params, std::move(remote)));
  return std::nullopt;
}

// The details as JSON: {"value", "reason", "error_code"}.
template <typename Details>
json told(const Details& details) {
  json all{{"value", details.value}, {"reason", details.reason}};
  if (details.error_code) all["error_code"] = to_string(*details.error_code);
  return all;
}

json ask(const openfeature::Client& flags, const std::string& key, const json& fallback,
         const EvaluationContext& context) {
  if (fallback.is_boolean()) return told(flags.get_boolean_details(key, fallback, context));
  if (fallback.is_number_integer()) return told(flags.get_integer_details(key, fallback, context));
  if (fallback.is_number()) return told(flags.get_double_details(key, fallback, context));
  return told(flags.get_string_details(key, fallback.get<std::string>(), context));
}

Finding evaluate(World& world, const Step& step) {
  const Params params(step.params);
  EvaluationContext context(params.text("targeting_key", ""));
  if (params.has("attributes")) {
    const auto attributes = openfeature::from_json(params.node("attributes").to_json());
    for (const auto& [name, value] : *attributes->as_structure()) context.set(name, value);
  }
  const json answer = world.timed([&] {
    return ask(world.flags(step.client), params.text("key"), json_of(params.node("default")),
               context);
  });
  world.set_last_answer(answer);
  json expected = answer;
  for (const char* name : {"value", "reason", "error_code"}) {
    if (params.has(name)) expected[name] = json_of(params.node(name));
  }
  if (params.has("value") && !params.has("error_code")) expected.erase("error_code");
  return unless(answer == expected, expected.dump(), answer.dump());
}

Finding refresh(World& world, const Step& step) {
  const bool wanted = Params(step.params).boolean("succeeds", true);
  const bool done = world.timed([&] { return world.provider(step.client).refresh(); });
  return unless(done == wanted, wanted ? "a refresh that succeeds" : "a refresh that fails",
                done ? "it succeeded" : "it failed");
}

Finding status(World& world, const Step& step) {
  const auto seen = to_string(world.provider(step.client).status());
  const std::string expected = Params(step.params).text("expected");
  return unless(seen == expected, expected, std::string(seen));
}

Finding request_count(World& world, const Step& step) {
  const auto seen = world.requests(step.client).size();
  const auto expected = static_cast<std::size_t>(Params(step.params).integer("expected"));
  return unless(seen == expected, counted(expected, "request"), std::to_string(seen));
}

constexpr Action kFlagsActions[] = {
    {"flags_open", "makes a flag provider; the client names it", kOpenFlags, flags_open},
    {"evaluate_flag", "evaluates a flag, and says what must come out", kEvaluate, evaluate},
    {"flags_refresh", "brings what the provider remembers up to date", kRefresh, refresh},
    {"assert_provider_status", "what the provider says of itself", kStatus, status},
    {"assert_provider_requests", "how often it has asked its server", kCount, request_count},
};

}  // namespace

std::span<const Action> flags_actions() { return kFlagsActions; }

}  // namespace lockstep::scenario
