// What an application does with a client: the suite's actions through the adapter's endpoints, ours
// (bursts, flushes that run in the background, shutdown, consent) through the client itself.
#include <nlohmann/json.hpp>

#include "adapter/parse.h"
#include "scenarios/action.h"
#include "scenarios/hooks.h"
#include "scenarios/node_json.h"
#include "scenarios/world.h"
#include "sdk/json.h"

namespace lockstep::scenario {

namespace {

using nlohmann::json;

constexpr std::string_view kCompressionWords[] = {"none", "gzip", "deflate", "br", "zstd"};
constexpr std::string_view kQueueWords[] = {"drop_newest", "drop_oldest", "block"};

constexpr Field kEventOptions[] = {
    {"cookieless_mode", Type::boolean},
    {"disable_skew_correction", Type::boolean},
    {"process_person_profile", Type::boolean},
    {"product_tour_id", Type::text},
};

constexpr Field kCapture[] = {
    {"distinct_id", Type::text, true, "whose event it is"},
    {"event", Type::text, true, "the event's name"},
    {"properties", Type::object},
    {"timestamp", Type::text},
    {"options", Type::object, false, "", kEventOptions},
    {"uuid", Type::text},
    {"historical", Type::boolean},
};

constexpr Field kCaptureMultiple[] = {
    {"count", Type::count, true, "how many"},
    {"params", Type::object, true, "an event; {index} in its texts counts from 0", kCapture},
};

constexpr Field kBurst[] = {
    {"count", Type::count, true, "how many events"},
    {"every", Type::duration, false, "virtual time from one to the next; default: none"},
    {"lane", Type::word, false, "default: analytics", {}, kLaneWords},
    {"event", Type::text, false, "default: burst"},
    {"bytes", Type::size, false, "of padding in each event; default: none"},
};

constexpr Field kFlag[] = {
    {"key", Type::text, true, "the flag's key"},
    {"distinct_id", Type::text, true, "for whom"},
    {"person_properties", Type::object},
    {"groups", Type::object},
    {"group_properties", Type::object},
    {"disable_geoip", Type::boolean},
    {"force_remote", Type::boolean},
    {"send_event", Type::boolean},
};

constexpr Field kTimeout[] = {{"timeout", Type::duration, false, "default: the SDK's"}};

constexpr Field kStart[] = {
    {"timeout", Type::duration, false, "default: 10s"},
    {"as", Type::text, false, "a name for it; default: flush or shutdown"},
};

constexpr Field kAwait[] = {{"as", Type::text, false, "which; default: flush or shutdown"}};

constexpr Field kPersons[] = {
    {"distinct_id", Type::text, true, "who"},
    {"set", Type::object},
    {"set_once", Type::object},
};

constexpr Field kAlias[] = {
    {"distinct_id", Type::text, true, "who"},
    {"alias", Type::text, true, "who else it is"},
};

constexpr Field kGroup[] = {
    {"group_type", Type::text, true, "the group's type"},
    {"group_key", Type::text, true, "the group"},
    {"set", Type::object},
};

std::vector<std::string_view> hook_names() {
  std::vector<std::string_view> names;
  for (const Hook& hook : hooks()) names.push_back(hook.name);
  return names;
}

// The SDK's options as the adapter's /init names them (adapter/parse_init.cpp), and the hooks.
std::span<const Field> init_fields() {
  static const std::vector<std::string_view> hook_words = hook_names();
  static const Field fields[] = {
      {"api_key", Type::text},
      {"host", Type::text},
      {"disabled", Type::boolean},
      {"capture", Type::word, false, "", {}, kCaptureNames},
      {"compression", Type::word, false, "", {}, kCompressionWords},
      {"enable_compression", Type::boolean},
      {"headers", Type::object},
      {"flush_at", Type::integer},
      {"flush_interval_ms", Type::integer},
      {"max_batch_size", Type::integer},
      {"max_batch_bytes", Type::integer},
      {"max_event_bytes", Type::integer},
      {"max_ai_event_bytes", Type::integer},
      {"max_queue_size", Type::integer},
      {"max_queue_bytes", Type::integer},
      {"queue_full", Type::word, false, "", {}, kQueueWords},
      {"max_block_ms", Type::integer},
      {"max_in_flight", Type::integer},
      {"max_retries", Type::integer},
      {"retry_initial_backoff_ms", Type::integer},
      {"retry_max_backoff_ms", Type::integer},
      {"retry_jitter_percent", Type::integer},
      {"max_retry_after_ms", Type::integer},
      {"request_timeout_ms", Type::integer},
      {"connect_timeout_ms", Type::integer},
      {"max_response_bytes", Type::integer},
      {"shutdown_timeout_ms", Type::integer},
      {"disable_geoip", Type::boolean},
      {"historical_migration", Type::boolean},
      {"is_server", Type::boolean},
      {"super_properties", Type::object},
      {"event_id_field", Type::text},
      {"flags_timeout_ms", Type::integer},
      {"flags_max_retries", Type::integer},
      {"flags_retry_backoff_ms", Type::integer},
      {"flag_called_cache_size", Type::integer},
      {"hooks", Type::texts, false, "see hooks.h", {}, hook_words},
  };
  return fields;
}

// The body of POST /init: what the scenario's settings say, unless the step says otherwise.
std::string init_body(const Node& node, const Settings& settings) {
  const Params params(node);
  std::string body;
  const auto add = [&](std::string_view key, std::string_view value) {
    body.append(body.empty() ? "{\"" : ",\"").append(key).append("\":").append(value);
  };
  const auto add_default = [&](std::string_view key, std::string_view value) {
    if (!params.has(key)) add(key, '"' + std::string(value) + '"');
  };
  add_default("api_key", World::kApiKey);
  add_default("host", "http://ingest.test");
  add_default("capture", to_string(settings.capture));
  if (!params.has("enable_compression")) {
    add_default("compression", to_string(settings.compression));
  }
  for (const Node::Entry& entry : node.entries()) {
    if (entry.key != "hooks") add(entry.key, entry.value.to_json());
  }
  return body + '}';
}

// What the SDK would refuse: no client that a scenario is about has such options.
std::optional<Complaint> check_init(const Node& params, const Settings& settings) {
  const auto complaint = [&](const adapter::BadRequest& refused) {
    return Complaint{place_of(params, refused.field()), refused.what(), "options the SDK takes"};
  };
  try {
    adapter::parse_init(init_body(params, settings), {}, {}).validate();
    return std::nullopt;
  } catch (const adapter::BadRequest& refused) {
    return complaint(refused);
  } catch (const ConfigError& refused) {
    return complaint(adapter::bad_option(refused, {}));
  }
}

Finding init(World& world, const Step& step) {
  const Params params(step.params);
  return world.init(step.client, init_body(step.params, world.settings()),
                    params.has("hooks") ? params.texts("hooks") : std::vector<std::string>{});
}

// Captured through the adapter, which tells of the event's uuid, null where it was refused.
Finding capture_for(World& world, const Step& step, std::string_view path, Lane lane) {
  if (auto failure = world.call(step.client, path, step.params.to_json())) return failure;
  if (lane == Lane::analytics) return std::nullopt;
  const auto uuid = world.last_answer().find("uuid");
  if (uuid == world.last_answer().end() || !uuid->is_string()) return std::nullopt;
  world.meant(Uuid::parse(uuid->get<std::string>()).value_or(Uuid{}), lane);
  return std::nullopt;
}

Finding capture(World& world, const Step& step) {
  const bool historical = Params(step.params).boolean("historical", false);
  return capture_for(world, step, "/capture", historical ? Lane::historical : Lane::analytics);
}

Finding capture_ai(World& world, const Step& step) {
  return capture_for(world, step, "/capture_ai", Lane::ai);
}

void replace_index(json& event, std::int64_t index) {
  constexpr std::string_view kPlaceholder = "{index}";
  for (json& member : event) {
    if (!member.is_string()) continue;
    auto text = member.get<std::string>();
    for (auto at = text.find(kPlaceholder); at != std::string::npos; at = text.find(kPlaceholder)) {
      text.replace(at, kPlaceholder.size(), std::to_string(index));
    }
    member = text;
  }
}

Finding capture_multiple(World& world, const Step& step) {
  const Params params(step.params);
  const json pattern = json_of(params.node("params"));
  for (std::int64_t index = 0; index < params.integer("count"); ++index) {
    json event = pattern;
    replace_index(event, index);
    if (auto failure = world.call(step.client, "/capture", event.dump())) return failure;
  }
  return std::nullopt;
}

Finding capture_burst(World& world, const Step& step) {
  const Params params(step.params);
  Client& client = world.client(step.client);
  const std::string lane = params.text("lane", "analytics");
  Event event;
  event.name = params.text("event", "burst");
  event.distinct_id = "burst";
  event.historical = lane == "historical";
  const auto padding = static_cast<std::size_t>(params.integer("bytes", 0));
  if (padding > 0) event.properties.set("padding", std::string(padding, 'x'));
  const Duration every = params.duration("every", Duration{0});
  std::map<std::string, int> admissions;
  const auto capture_all = [&] {
    for (std::int64_t i = 0; i < params.integer("count"); ++i) {
      const CaptureResult result = lane == "ai" ? client.capture_ai(event) : client.capture(event);
      if (event.historical || lane == "ai") {
        world.meant(result.uuid, event.historical ? Lane::historical : Lane::ai);
      }
      world.log(step.client).note(result);
      ++admissions[std::string(to_string(result.admission))];
      if (every > Duration{0}) world.host().run_for(every);
    }
  };
  world.timed(capture_all);
  world.set_last_answer(json(admissions));
  return std::nullopt;
}

Finding get_feature_flag(World& world, const Step& step) {
  return world.call(step.client, "/get_feature_flag", step.params.to_json());
}

std::string timeout_body(const Step& step) {
  const Params params(step.params);
  if (!params.has("timeout")) return {};
  const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(params.duration("timeout"));
  return "{\"timeout_ms\":" + std::to_string(timeout.count()) + "}";
}

// Through the adapter, whose answer must be there by the deadline.
Finding drain(World& world, const Step& step, std::string_view path, bool is_shutdown,
              Duration fallback) {
  const Duration timeout = Params(step.params).duration("timeout", fallback);
  const Instant now = world.clock().now();
  DrainCall call{step.client,      is_shutdown, now, saturating_add(now, timeout),
                 world.captures(), std::nullopt};
  auto failure = world.call(step.client, path, timeout_body(step));
  if (!failure) call.report = World::report_of(world.last_answer());
  world.returned(call);
  return failure;
}

Finding flush(World& world, const Step& step) {
  return drain(world, step, "/flush", false, std::chrono::seconds{30});
}

Finding shut_down(World& world, const Step& step) {
  return drain(world, step, "/shutdown", true, std::chrono::seconds{10});
}

Finding reset(World& world, const Step& step) {
  auto failure = world.call(step.client, "/reset", {});
  const Instant now = world.clock().now();
  world.returned({step.client, true, now, now});
  return failure;
}

Finding start(World& world, const Step& step, const std::string& name, bool is_shutdown) {
  const Params params(step.params);
  const Duration timeout = params.duration("timeout", std::chrono::seconds{10});
  world.start_drain(step.client, params.text("as", name), is_shutdown, timeout);
  return std::nullopt;
}

Finding start_flush(World& world, const Step& step) { return start(world, step, "flush", false); }

Finding start_shutdown(World& world, const Step& step) {
  return start(world, step, "shutdown", true);
}

Finding await(World& world, const Step& step, const std::string& fallback) {
  const std::string name = Params(step.params).text("as", fallback);
  auto& started = world.log(step.client).started;
  const auto found = started.find(name);
  if (found == started.end()) return Failure{"something started as \"" + name + "\"", "nothing"};
  world.set_last_report(world.timed([&] { return found->second.wait(); }));
  return std::nullopt;
}

Finding await_flush(World& world, const Step& step) { return await(world, step, "flush"); }
Finding await_shutdown(World& world, const Step& step) { return await(world, step, "shutdown"); }

Finding opt_out(World& world, const Step& step) {
  world.client(step.client).opt_out();
  return std::nullopt;
}

Finding opt_in(World& world, const Step& step) {
  world.client(step.client).opt_in();
  return std::nullopt;
}

Properties properties(const Step& step, std::string_view name) {
  const Node* node = step.params.find(name);
  return node == nullptr ? Properties{} : properties_from_json(json_of(*node));
}

// The answer of a call that is made without the adapter, in the adapter's form.
Finding answered(World& world, const CaptureResult& result) {
  json answer{{"success", result.ok()}, {"uuid", result.uuid.to_string()}};
  if (!result.ok()) answer["admission"] = to_string(result.admission);
  if (result.admission == Admission::dropped) answer["reason"] = to_string(result.reason);
  world.set_last_answer(answer);
  return std::nullopt;
}

Finding identify(World& world, const Step& step) {
  const Params params(step.params);
  return answered(world, world.client(step.client)
                             .identify(params.text("distinct_id"), properties(step, "set"),
                                       properties(step, "set_once")));
}

Finding alias(World& world, const Step& step) {
  const Params params(step.params);
  return answered(
      world, world.client(step.client).alias(params.text("distinct_id"), params.text("alias")));
}

Finding group_identify(World& world, const Step& step) {
  const Params params(step.params);
  return answered(world, world.client(step.client)
                             .group_identify(params.text("group_type"), params.text("group_key"),
                                             properties(step, "set")));
}

}  // namespace

std::span<const Action> app_actions() {
  static const Action actions[] = {
      {"init", "makes the client", init_fields(), init, check_init},
      {"capture", "captures an event", kCapture, capture},
      {"capture_multiple", "captures several events", kCaptureMultiple, capture_multiple},
      {"capture_ai", "captures an event on the AI lane", kCapture, capture_ai},
      {"capture_burst", "captures equal events, spread over virtual time", kBurst, capture_burst},
      {"identify", "sets properties of a person", kPersons, identify},
      {"alias", "joins two distinct ids", kAlias, alias},
      {"group_identify", "sets properties of a group", kGroup, group_identify},
      {"get_feature_flag", "asks for a flag", kFlag, get_feature_flag},
      {"flush", "flushes and waits", kTimeout, flush},
      {"start_flush", "starts a flush", kStart, start_flush},
      {"await_flush", "waits for a started flush", kAwait, await_flush},
      {"shutdown", "shuts the client down and waits", kTimeout, shut_down},
      {"start_shutdown", "starts a shutdown", kStart, start_shutdown},
      {"await_shutdown", "waits for a started shutdown", kAwait, await_shutdown},
      {"opt_out", "stops capturing", {}, opt_out},
      {"opt_in", "resumes capturing", {}, opt_in},
      {"reset", "ends the client with a deadline of zero", {}, reset},
  };
  return actions;
}

}  // namespace lockstep::scenario
