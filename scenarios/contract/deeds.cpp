// What a contract test does: calls of the adapter, answers for the mock server, time that passes.
//
// Bodies are written as the original's client writes them: what a step leaves out is left out, but
// for the properties and the timestamp of an event, which are then null.
#include <initializer_list>
#include <stdexcept>

#include "mockserver/script.h"
#include "scenarios/contract/look.h"
#include "scenarios/contract/python_values.h"

namespace lockstep::contract {

namespace {

constexpr Field kInit[] = {
    {"api_key", Type::text, false, "default: phc_test_key"},
    {"host", Type::text, false, "default: the mock server"},
    {"flush_at", Type::integer},
    {"flush_interval_ms", Type::integer},
    {"max_retries", Type::integer},
    {"enable_compression", Type::boolean},
    {"disable_geoip", Type::boolean},
    {"historical_migration", Type::boolean},
};
constexpr Field kCapture[] = {
    {"distinct_id", Type::text, true, "whose event it is"},
    {"event", Type::text, true, "the event's name"},
    {"properties", Type::object},
    {"timestamp", Type::text},
    {"options", Type::object},
};
constexpr Field kCaptureAi[] = {
    {"distinct_id", Type::text, true, "whose event it is"},
    {"event", Type::text, true, "the event's name"},
    {"properties", Type::object},
    {"timestamp", Type::text},
    {"options", Type::object},
    {"uuid", Type::text},
};
constexpr Field kCaptureMultiple[] = {
    {"count", Type::count, true, "how many"},
    {"params", Type::object, true, "an event; {index} in its texts counts from 0", kCapture},
};
constexpr Field kGetFlag[] = {
    {"key", Type::text, true, "the flag's key"},
    {"distinct_id", Type::text, true, "for whom"},
    {"person_properties", Type::object},
    {"groups", Type::object},
    {"group_properties", Type::object},
    {"disable_geoip", Type::boolean},
    {"force_remote", Type::boolean},
};
constexpr Field kResponses[] = {{"responses", Type::list, true, "a list of answers, in order"}};
constexpr Field kWait[] = {{"duration_ms", Type::integer, true, "milliseconds"}};

// A JSON object as text, its members in the order in which they are added.
class Body {
 public:
  void add(std::string_view name, const std::string& value) {
    text_ += (text_.empty() ? "{" : ",") + scenario::json_quoted(name) + ":" + value;
  }
  // Those that the step has.
  void add_given(const Node& params, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      if (const Node* value = params.find(name)) add(name, value->to_json());
    }
  }
  // Those that the step does not have are null.
  void add_all(const Node& params, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      const Node* value = params.find(name);
      add(name, value == nullptr ? "null" : value->to_json());
    }
  }
  std::string text() const { return text_ + "}"; }

 private:
  std::string text_;
};

// --- the adapter --------------------------------------------------------------------------------

Finding init(Context& context, const Step& step) {
  const Params params(step.params);
  Body body;
  body.add("api_key", scenario::json_quoted(params.text("api_key", "phc_test_key")));
  body.add("host", scenario::json_quoted(params.text("host", context.stage().mock_url())));
  body.add_given(step.params, {"flush_at", "flush_interval_ms", "max_retries", "enable_compression",
                               "disable_geoip", "historical_migration"});
  return context.call("POST", "/init", body.text());
}

std::string event_body(const Node& params) {
  Body body;
  body.add_all(params, {"distinct_id", "event", "properties", "timestamp"});
  body.add_given(params, {"options", "uuid"});
  return body.text();
}

Finding capture(Context& context, const Step& step) {
  return context.call("POST", "/capture", event_body(step.params));
}

Finding capture_ai(Context& context, const Step& step) {
  auto failure = context.call("POST", "/capture_ai", event_body(step.params));
  if (!failure) context.keep_answer_as_result();
  return failure;
}

// The template with {index} replaced in its own texts, not in those further inside.
Node numbered(const Node& event, std::int64_t index) {
  Node copy = event;
  for (Node::Entry& entry : copy.entries()) {
    if (!entry.value.is(Node::Kind::text)) continue;
    entry.value = Node::quoted(format_index(entry.value.text(), index), entry.value.at());
  }
  return copy;
}

Finding capture_multiple(Context& context, const Step& step) {
  const Params params(step.params);
  for (std::int64_t index = 0; index < params.integer("count"); ++index) {
    const Node event = numbered(params.node("params"), index);
    if (auto failure = context.call("POST", "/capture", event_body(event))) return failure;
  }
  return std::nullopt;
}

std::optional<Complaint> check_placeholders(const Node& params) {
  for (const Node::Entry& entry : Params(params).node("params").entries()) {
    if (!entry.value.is(Node::Kind::text)) continue;
    try {
      format_index(entry.value.text(), 0);
    } catch (const std::invalid_argument& error) {
      return Complaint{entry.value.at(), error.what(),
                       "{index}, and \"{{\" and \"}}\" for braces, in " + in_quotes(entry.key)};
    }
  }
  return std::nullopt;
}

Finding get_feature_flag(Context& context, const Step& step) {
  Body body;
  body.add_given(step.params, {"key", "distinct_id", "person_properties", "groups",
                               "group_properties", "disable_geoip", "force_remote"});
  auto failure = context.call("POST", "/get_feature_flag", body.text());
  if (!failure) context.keep_answer_as_result();
  return failure;
}

Finding flush(Context& context, const Step&) { return context.call("POST", "/flush"); }

// In the original's order: what the adapter still sends while it resets is counted.
Finding reset(Context& context, const Step&) {
  context.forget_result();
  context.stage().server().reset(context.stage().test_id());
  return context.call("POST", "/reset");
}

// --- the mock server and time -------------------------------------------------------------------

mock::Script script_of(const Node& params) {
  const std::string text = params.to_json();
  return mock::parse_script(std::string_view(text));
}

Finding configure_mock_responses(Context& context, const Step& step) {
  context.stage().server().script(script_of(step.params), context.stage().test_id());
  return std::nullopt;
}

std::optional<Complaint> check_responses(const Node& params) {
  try {
    script_of(params);
    return std::nullopt;
  } catch (const mock::ScriptError& error) {
    return Complaint{scenario::place_of(params, error.path()), error.what(),
                     "answers the mock server takes"};
  }
}

Finding wait(Context& context, const Step& step) {
  context.stage().wait(Params(step.params).milliseconds("duration_ms"));
  return std::nullopt;
}

constexpr Action kDeeds[] = {
    {"init", Kind::deed, "POST /init: starts the SDK", kInit, init},
    {"capture", Kind::deed, "POST /capture: captures an event", kCapture, capture},
    {"capture_ai", Kind::deed, "POST /capture_ai: captures an event on the AI endpoint", kCaptureAi,
     capture_ai},
    {"capture_multiple", Kind::deed, "POST /capture, several times", kCaptureMultiple,
     capture_multiple, check_placeholders},
    {"get_feature_flag", Kind::deed, "POST /get_feature_flag: asks for a flag", kGetFlag,
     get_feature_flag},
    {"flush", Kind::deed, "POST /flush: sends what is pending", {}, flush},
    {"reset", Kind::deed, "forgets the mock's requests and answers, then POST /reset", {}, reset},
    {"configure_mock_responses", Kind::deed, "queues answers, in place of those still queued",
     kResponses, configure_mock_responses, check_responses},
    {"wait", Kind::deed, "lets time pass", kWait, wait},
};

}  // namespace

std::span<const Action> deeds() { return kDeeds; }

}  // namespace lockstep::contract
