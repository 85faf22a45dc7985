// Feature flags through openfeature::Client and a provider over HTTP. A step's `client` is the
// provider's name.
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "openfeature/client.h"
#include "providers/launchdarkly.h"
#include "providers/ofrep.h"
#include "providers/posthog.h"
#include "providers/static.h"
#include "providers/statsig.h"
#include "providers/unleash.h"
#include "scenarios/look.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using nlohmann::json;
using openfeature::EvaluationContext;

constexpr std::string_view kBackendWords[] = {"ofrep",   "unleash", "launchdarkly",
                                              "statsig", "posthog", "static"};
constexpr std::string_view kStatusWords[] = {"NOT_READY", "READY", "ERROR", "STALE", "FATAL"};

constexpr Field kOpenFlags[] = {
    {"backend", Type::word, true, "which service it asks", {}, kBackendWords},
    {"toml", Type::text, false, "static: its file's text; it asks nobody"},
    {"bulk", Type::boolean, false, "ofrep: asks for all flags of a context at once"},
    {"timeout", Type::duration, false, "of a request; default: 10s"},
    {"max_age", Type::duration, false, "how long an answer is used again; default: not at all"},
    {"max_stale", Type::duration, false, "the same during an outage; default: 1h"},
    {"poll_interval", Type::duration, false, "default: no poll"},
    {"max_retry_after", Type::duration, false, "the longest pause after a 429; default: 1h"},
    {"log_exposures", Type::boolean, false, "statsig: evaluations count; default: yes"},
};

constexpr Field kFile[] = {
    {"toml", Type::text, true, "what it says: the flags that the mock has for the provider"},
    {"broken", Type::boolean, false, "it cannot be read; default: it can"},
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

constexpr Field kRefresh[] = {
    {"succeeds", Type::boolean, false, "whether it must; default: yes"},
    {"may_fail", Type::boolean, false, "it may succeed or fail"},
};

constexpr Field kStatus[] = {
    {"expected", Type::word, true, "the provider's status", {}, kStatusWords}};

constexpr Field kCount[] = {
    {"expected", Type::integer, true, "requests of the provider that reached the server"}};

template <typename Provider, typename Options>
std::shared_ptr<openfeature::Provider> make(World& world, Options options,
                                            const providers::RemoteOptions& remote) {
  options.remote = remote;
  return std::make_shared<Provider>(std::move(options), world.shared_host());
}

std::shared_ptr<openfeature::Provider> make_provider(World& world, const Params& params,
                                                     const providers::RemoteOptions& remote) {
  const std::string& backend = params.text("backend");
  if (backend == "static") {
    const std::string& name = remote.trace_name;
    world.write_flag_file(name, params.text("toml", ""), false);
    return providers::Static::from_source([&world, name] { return world.flag_file(name); });
  }
  if (backend == "unleash") {
    return make<providers::Unleash>(world, providers::UnleashOptions{.token = "k"}, remote);
  }
  if (backend == "launchdarkly") {
    return make<providers::LaunchDarkly>(world, providers::LaunchDarklyOptions{.sdk_key = "k"},
                                         remote);
  }
  if (backend == "statsig") {
    providers::StatsigOptions options{.api_key = "k"};
    options.log_exposures = params.boolean("log_exposures", true);
    return make<providers::Statsig>(world, std::move(options), remote);
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
  remote.max_retry_after = params.duration("max_retry_after", remote.max_retry_after);
  remote.trace = &world.trace();
  remote.trace_name = step.client;
  world.open_flags(
      step.client, make_provider(world, params, remote),
      {params.text("backend"), remote.timeout, remote.max_age, remote.max_stale,
       remote.poll_interval, remote.max_retry_after, params.boolean("log_exposures", true)});
  return std::nullopt;
}

Finding flags_file(World& world, const Step& step) {
  const FlagLimits* limits = world.flag_limits(step.client);
  if (limits == nullptr || limits->backend != "static") {
    throw std::runtime_error("there is no static flag provider of that name");
  }
  const Params params(step.params);
  world.write_flag_file(step.client, params.text("toml"), params.boolean("broken", false));
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

// Asks, and lets the oracles judge the answer.
json answer_to(World& world, const Step& step) {
  const Params params(step.params);
  EvaluationContext context(params.text("targeting_key", ""));
  if (params.has("attributes")) {
    const auto attributes = openfeature::from_json(params.node("attributes").to_json());
    for (const auto& [name, value] : *attributes->as_structure()) context.set(name, value);
  }
  const std::string& key = params.text("key");
  const json fallback = json_of(params.node("default"));
  const openfeature::Client& flags = world.flags(step.client);
  const Instant began = world.clock().now();
  const std::size_t before = world.all_requests().size();
  json answer = world.timed([&] { return ask(flags, key, fallback, context); });
  world.set_last_answer(answer);
  const std::string whole =
      context.targeting_key() + " " + openfeature::to_json(context.attributes());
  world.evaluated(
      step.client, step,
      {step.client, key, context.targeting_key(), whole, fallback, answer,
       to_string(world.provider(step.client).status()), began, world.clock().now(), before});
  return answer;
}

Finding evaluate(World& world, const Step& step) {
  const Params params(step.params);
  const json answer = answer_to(world, step);
  json expected = answer;
  for (const char* name : {"value", "reason", "error_code"}) {
    if (params.has(name)) expected[name] = json_of(params.node(name));
  }
  if (params.has("value") && !params.has("error_code")) expected.erase("error_code");
  return unless(answer == expected, expected.dump(), answer.dump());
}

Finding refresh(World& world, const Step& step) {
  const Params params(step.params);
  openfeature::Provider& provider = world.provider(step.client);
  const Instant began = world.clock().now();
  const bool done = world.timed([&] { return provider.refresh(); });
  world.returned({step.client, false, began, kNever});
  if (provider.is_healthy() != done) {
    return Failure{done ? "READY after a refresh that succeeded" : "a provider that is not READY",
                   std::string(to_string(provider.status()))};
  }
  if (params.boolean("may_fail", false)) return std::nullopt;
  const bool wanted = params.boolean("succeeds", true);
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

// The second phase of a run: with a healthy server, and no pause left, everything that was ever
// asked has an answer of now. What it has to be, the oracles say. An answer that is on its way may
// still be a 429, so the last pause ends that much later.
Finding converges(World& world, const Step& step) {
  world.heal();
  const FlagLimits* limits = world.flag_limits(step.client);
  if (limits == nullptr) throw std::runtime_error("there is no such flag provider");
  world.host().run_for(limits->timeout + limits->max_retry_after + std::chrono::seconds{1});
  if (auto broken = refresh(world, step)) return broken;
  const auto questions = world.flag_questions(step.client);
  for (const Step& question : questions) {
    const json answer = answer_to(world, question);
    if (answer.value("error_code", "") != "GENERAL" && answer["reason"] != "STALE") continue;
    return Failure{"an answer of the healthy server to " + question.params.to_json(),
                   answer.dump()};
  }
  if (limits->poll_interval == Duration{0} || questions.empty()) return std::nullopt;
  const std::size_t before = world.requests(step.client).size();
  world.host().run_for(limits->poll_interval * 2);
  return unless(world.requests(step.client).size() > before,
                "a poll within " + to_text(limits->poll_interval * 2), "none");
}

constexpr Action kFlagsActions[] = {
    {"flags_open", "makes a flag provider; the client names it", kOpenFlags, flags_open},
    {"flags_file", "rewrites a static provider's file, which a refresh reads", kFile, flags_file},
    {"evaluate_flag", "evaluates a flag, and says what must come out", kEvaluate, evaluate},
    {"flags_refresh", "brings what the provider remembers up to date", kRefresh, refresh},
    {"assert_flags_converge",
     "ends all faults; then every question asked so far has its answer",
     {},
     converges},
    {"assert_provider_status", "what the provider says of itself", kStatus, status},
    {"assert_provider_requests", "how often it has asked its server", kCount, request_count},
};

}  // namespace

std::span<const Action> flags_actions() { return kFlagsActions; }

}  // namespace lockstep::scenario
