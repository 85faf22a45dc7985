// Tracking as OpenFeature has it, through a client; and the life of a command-line tool that tells
// how it is used. A step's `client` is the tool's name there.
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "openfeature/tracker.h"
#include "scenarios/look.h"
#include "scenarios/world.h"
#include "sdk/json.h"
#include "telemetry/flow.h"

namespace lockstep::scenario {

namespace {

using nlohmann::json;
using openfeature::ContextLevel;
using openfeature::EvaluationContext;

constexpr std::string_view kShapeWords[] = {"nested", "flat"};
constexpr std::string_view kFlowWords[] = {"completed", "failed", "aborted"};

constexpr Field kTrack[] = {
    {"name", Type::text, true, "what the user did"},
    {"context", Type::object, false, "of this call; targetingKey is whom it is about"},
    {"value", Type::number},
    {"details", Type::object, false, "further fields"},
    {"shape", Type::word, false, "of the payload; default: nested", {}, kShapeWords},
    {"api", Type::object, false, "the context behind all clients"},
    {"transaction", Type::object, false, "the context of the transaction"},
    {"client_context", Type::object, false, "the context of the client"},
};

constexpr Field kOpen[] = {
    {"version", Type::text},
    {"user_id", Type::text, false, "who is logged in; default: nobody"},
    {"base", Type::object, false, "further base properties"},
    {"environment", Type::object, false, "variables, as texts; opt-out is by TOOL_TELEMETRY"},
    {"close_timeout", Type::duration, false, "default: 500ms"},
};

constexpr Field kCommand[] = {
    {"command", Type::text, true, "its path"},
    {"flags", Type::texts, false, "names"},
};

constexpr Field kToolTrack[] = {
    {"event", Type::text, true, "the event's name"},
    {"properties", Type::object},
    {"count", Type::count, false, "how often; default: once"},
    {"every", Type::duration, false, "virtual time from one to the next; default: none"},
};

constexpr Field kFlow[] = {
    {"flow", Type::text, true, "its name"},
    {"steps", Type::texts, true, "those the user gets to"},
    {"each", Type::duration, false, "how long a step takes; default: no time"},
    {"end", Type::word, true, "how it ends", {}, kFlowWords},
};

constexpr Field kComplete[] = {
    {"exit_code", Type::signed_integer, false, "default: 0"},
    {"took", Type::duration, false, "default: no time"},
    {"cancelled", Type::boolean, false, "by the user"},
};

constexpr Field kSequence[] = {
    {"count", Type::integer, true, "the events of an invocation, numbered from 1 in this order"},
    {"events", Type::texts, false, "their names"},
};

// --- tracking -----------------------------------------------------------------------------------

openfeature::Structure structure_of(const Params& params, std::string_view name) {
  if (!params.has(name)) return {};
  const auto value = openfeature::from_json(params.node(name).to_json());
  return value && value->as_structure() != nullptr ? *value->as_structure()
                                                   : openfeature::Structure{};
}

EvaluationContext context_of(const Params& params, std::string_view name) {
  openfeature::Structure attributes = structure_of(params, name);
  const auto key = attributes.extract("targetingKey");
  const std::string* text = key.empty() ? nullptr : key.mapped().as_string();
  return EvaluationContext(text == nullptr ? "" : *text, std::move(attributes));
}

// What of the payload is sure: the value, and the merged context. Of the flat shape, in which
// details go before the context, whom it is about.
json tracked_members(const Params& params, bool is_flat) {
  json context = json::object();
  json key;
  for (const char* level : {"api", "transaction", "client_context", "context"}) {
    if (!params.has(level)) continue;
    context.update(json_of(params.node(level)));
    if (!context.value("targetingKey", std::string()).empty()) key = context["targetingKey"];
    context.erase("targetingKey");
  }
  if (!key.is_null()) context["targeting_key"] = key;
  json members{{"value", nullptr}};
  if (params.has("value")) members["value"] = json_of(params.node("value"));
  const bool has_details = params.has("details");
  if (!params.has("value") && has_details) members.erase("value");
  if (!is_flat) members["context"] = context;
  if (is_flat && !has_details) members["targeting_key"] = key;
  return members;
}

Finding track(World& world, const Step& step) {
  const Params params(step.params);
  const bool is_flat = params.text("shape", "nested") == "flat";
  openfeature::Tracker tracker(world.client(step.client), is_flat
                                                              ? openfeature::PayloadShape::flat
                                                              : openfeature::PayloadShape::nested);
  tracker.set_context(ContextLevel::api, context_of(params, "api"));
  tracker.set_context(ContextLevel::transaction, context_of(params, "transaction"));
  tracker.set_context(ContextLevel::client, context_of(params, "client_context"));
  openfeature::TrackingEventDetails details;
  details.fields = structure_of(params, "details");
  if (params.has("value")) details.value = json_of(params.node("value")).get<double>();
  const CaptureResult result =
      tracker.track(params.text("name"), context_of(params, "context"), details);
  json answer{{"success", result.ok()}, {"uuid", result.uuid.to_string()}};
  if (!result.ok()) answer["admission"] = to_string(result.admission);
  const json members = tracked_members(params, is_flat);
  if (result.ok()) world.tracked({result.uuid, members});
  world.set_last_answer(answer);
  return std::nullopt;
}

// --- a tool -------------------------------------------------------------------------------------

Properties properties_of(const Params& params, std::string_view name) {
  return params.has(name) ? properties_from_json(json_of(params.node(name))) : Properties{};
}

Finding tool_open(World& world, const Step& step) {
  const Params params(step.params);
  std::map<std::string, std::string> variables;
  if (params.has("environment")) {
    variables = json_of(params.node("environment")).get<std::map<std::string, std::string>>();
  }
  telemetry::TelemetryOptions options;
  options.write_key = World::kApiKey;
  options.endpoint = "http://ingest.test";
  options.anonymous_id = "device-1";
  options.opt_out = "TOOL_TELEMETRY";
  options.version = params.text("version", "1.0.0");
  options.user_id = params.text("user_id", "");
  options.base = properties_of(params, "base");
  options.close_timeout = params.duration("close_timeout", options.close_timeout);
  options.environment = [variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
  world.open_tool(step.client, std::move(options));
  return std::nullopt;
}

Finding tool_command(World& world, const Step& step) {
  const Params params(step.params);
  world.tool(step.client)
      .command_started(params.text("command"),
                       params.has("flags") ? params.texts("flags") : std::vector<std::string>{});
  return std::nullopt;
}

Finding tool_track(World& world, const Step& step) {
  const Params params(step.params);
  const Properties properties = properties_of(params, "properties");
  const Duration every = params.duration("every", Duration{0});
  for (std::int64_t i = 0; i < params.integer("count", 1); ++i) {
    world.tool(step.client).track(params.text("event"), properties);
    if (every > Duration{0}) world.host().run_for(every);
  }
  return std::nullopt;
}

Finding tool_flow(World& world, const Step& step) {
  const Params params(step.params);
  const auto steps = params.texts("steps");
  const std::vector<std::string_view> names(steps.begin(), steps.end());
  telemetry::FlowTracker flow(world.tool(step.client), {params.text("flow"), names});
  for (const std::string& name : steps) {
    flow.step(name);
    world.host().run_for(params.duration("each", Duration{0}));
  }
  const std::string& end = params.text("end");
  if (end == "completed") flow.completed();
  if (end == "failed") flow.failed(std::make_exception_ptr(std::out_of_range("private")));
  return std::nullopt;
}

Finding tool_complete(World& world, const Step& step) {
  const Params params(step.params);
  telemetry::Telemetry::Ending ending;
  ending.exit_code = static_cast<int>(params.integer("exit_code", 0));
  ending.duration = params.duration("took", Duration{0});
  ending.user_cancelled = params.boolean("cancelled", false);
  if (ending.exit_code != 0) ending.error = std::make_exception_ptr(std::out_of_range("private"));
  world.tool(step.client).command_completed(ending);
  return std::nullopt;
}

Finding tool_close(World& world, const Step& step) {
  telemetry::Telemetry& tool = world.tool(step.client);
  const ClientLimits* limits = world.limits(step.client);
  const Instant now = world.clock().now();
  world.timed([&] { tool.close(); });
  if (tool.enabled() && limits != nullptr) {
    world.returned({step.client, true, now, saturating_add(now, limits->shutdown_timeout)});
  }
  return std::nullopt;
}

// Numbered from 1 in the order of their capture, each with the base properties of one invocation.
Finding sequence(World& world, const Step& step) {
  const Params params(step.params);
  std::map<std::int64_t, std::string> names;  // by sequence
  std::set<std::string> invocations;
  for (const mock::StoredEvent& row : world.server().stored(step.client)) {
    const json properties = member(json::parse(row.bytes), "properties");
    const json number = member(properties, "sequence");
    if (!number.is_number_integer()) continue;
    if (!names.emplace(number.get<std::int64_t>(), row.name).second) {
      return Failure{"each sequence once", number.dump() + " twice"};
    }
    invocations.insert(member(properties, "invocation_id").dump());
  }
  const auto count = params.integer("count");
  std::int64_t next = 1;
  for (const auto& name : names) {
    if (name.first != next++) {
      return Failure{"the sequence " + std::to_string(next - 1), std::to_string(name.first)};
    }
  }
  if (next - 1 != count || (count > 0 && invocations.size() != 1)) {
    return Failure{counted(static_cast<std::size_t>(count), "event") + " of one invocation",
                   std::to_string(next - 1) + " of " + std::to_string(invocations.size())};
  }
  json seen = json::array();
  for (const auto& name : names) seen.push_back(name.second);
  const json expected = params.has("events") ? json(params.texts("events")) : seen;
  return unless(seen == expected, expected.dump(), seen.dump());
}

constexpr Action kToolActions[] = {
    {"track", "tracks an event as OpenFeature has it", kTrack, track},
    {"tool_open", "begins a command-line tool's telemetry; the client names the tool", kOpen,
     tool_open},
    {"tool_command", "its command starts", kCommand, tool_command},
    {"tool_track", "captures an event with the tool's base properties", kToolTrack, tool_track},
    {"tool_flow", "the user walks through a flow", kFlow, tool_flow},
    {"tool_complete", "its command ends, if one had started", kComplete, tool_complete},
    {"tool_close", "sends what there is, in the time that closing may take", {}, tool_close},
    {"assert_tool_sequence", "what the server stored of a tool", kSequence, sequence},
};

}  // namespace

std::span<const Action> tool_actions() { return kToolActions; }

}  // namespace lockstep::scenario
