// What applications do with their clients.
#include "scenarios/explore/family.h"
#include "scenarios/explore/params.h"
#include "scenarios/world.h"

namespace lockstep::explore {

using scenario::Step;

namespace {

const std::string& some_client(const Choices& choices, const RunFrame& frame) {
  return frame.clients[choices.below("client", frame.clients.size())];
}

Operation burst(const Choices& choices, const RunFrame& frame) {
  return {step("capture_burst", some_client(choices, frame),
               Params()
                   .with("count", choices.between("count", 1, choices.one_in("large", 4) ? 12 : 4))
                   .node())};
}

Operation trickle(const Choices& choices, const RunFrame& frame) {
  return {step("capture_burst", some_client(choices, frame),
               Params()
                   .with("count", choices.between("count", 1, 4))
                   .with("every", duration(choices.span("every", std::chrono::seconds{20})))
                   .node())};
}

// Several may be what no batch has room for.
Operation huge(const Choices& choices, const RunFrame& frame) {
  const bool are_many = choices.below("many", 3) == 1;
  return {step("capture_burst", some_client(choices, frame),
               Params()
                   .with("count", are_many ? choices.between("many events", 4, 10)
                                           : choices.between("count", 1, 3))
                   .with("bytes", are_many ? choices.between("bytes each", 300, 1500)
                                           : choices.between("bytes", 500, 6000))
                   .node())};
}

Operation other_lane(const Choices& choices, const RunFrame& frame) {
  return {step("capture_burst", some_client(choices, frame),
               Params()
                   .with("count", choices.between("count", 1, 5))
                   .with("lane", text(choices.any_of<const char*>("lane", {"historical", "ai"})))
                   .node())};
}

Operation pass_time(const Choices& choices, const RunFrame& frame) {
  return {step("advance", frame.clients.front(),
               Params().with("by", duration(choices.span("by", std::chrono::minutes{2}))).node())};
}

Operation flush(const Choices& choices, const RunFrame& frame) {
  const Duration timeout =
      choices.one_in("no time", 8) ? Duration{0} : choices.span("timeout", std::chrono::minutes{1});
  // A flush under a name that is taken replaces it; the one before goes on without a name.
  const std::string name = "f" + std::to_string(choices.below("name", 2));
  const bool waits = choices.one_in("waits", 3);
  const std::string& client = some_client(choices, frame);
  if (waits) return {step("flush", client, Params().with("timeout", duration(timeout)).node())};
  return {step("start_flush", client,
               Params().with("timeout", duration(timeout)).with("as", text(name)).node())};
}

// The end of a client's life, in the middle of whatever goes on: waited for or not, with and
// without time, twice, and with captures and flushes afterwards by the operations that follow; or
// destroyed, and another one made in its place.
Operation shutdown(const Choices& choices, const RunFrame& frame) {
  Duration timeout =
      choices.one_in("no time", 4) ? Duration{0} : choices.span("timeout", std::chrono::minutes{1});
  // In whole milliseconds, which is what the adapter takes.
  if (choices.one_in("for ever", 24)) {
    timeout = std::chrono::floor<std::chrono::milliseconds>(Duration::max());
  }
  const std::string& client = some_client(choices, frame);
  if (choices.one_in("destroy", 3)) {
    return {step("reset", client, Params().node()),
            step("init", client, drawn_options(choices, frame))};
  }
  if (choices.one_in("waits", 2)) {
    return {step("shutdown", client, Params().with("timeout", duration(timeout)).node())};
  }
  return {step("start_shutdown", client, Params().with("timeout", duration(timeout)).node())};
}

// A command-line tool from its first event to its last, in the middle of the other clients' lives.
Operation tool(const Choices& choices, const RunFrame&) {
  const std::string name = "tool";
  const Duration close =
      choices.any_of<Duration>("close", {Duration{0}, std::chrono::milliseconds{500},
                                         std::chrono::milliseconds{500}, std::chrono::seconds{3}});
  Operation life{step("tool_open", name, Params().with("close_timeout", duration(close)).node())};
  // Before it has started there is something to tell, too.
  if (choices.one_in("early", 3)) {
    life.push_back(step("tool_track", name,
                        Params()
                            .with("event", text("Early"))
                            .with("properties", Params().with("version", text("mine")).node())
                            .with("count", choices.between("early events", 1, 3))
                            .node()));
  }
  if (!choices.one_in("never starts", 8)) {
    life.push_back(step("tool_command", name, Params().with("command", text("import")).node()));
  }
  const std::int64_t events = choices.between("events", 0, 30);
  if (events > 0) {
    life.push_back(step("tool_track", name,
                        Params()
                            .with("event", text("E"))
                            // Which no call site can set.
                            .with("properties", Params().with("sequence", std::int64_t{1}).node())
                            .with("count", events)
                            .with("every", duration(choices.span("every", std::chrono::seconds{2})))
                            .node()));
  }
  if (choices.one_in("flow", 2)) {
    life.push_back(step("tool_flow", name,
                        Params()
                            .with("flow", text("Auth"))
                            .with("steps", list({text("browser_wait")}))
                            .with("end", text(choices.any_of<const char*>(
                                             "end", {"completed", "failed", "aborted"})))
                            .node()));
  }
  life.push_back(step("tool_complete", name,
                      Params().with("exit_code", choices.between("exit code", 0, 2)).node()));
  life.push_back(step("tool_close", name, Params().node()));
  return life;
}

Operation track(const Choices& choices, const RunFrame& frame) {
  Params params;
  params.with("name", text("tracked"))
      .with("value", choices.between("value", 0, 2))
      .with("shape", text(choices.any_of<const char*>("shape", {"nested", "flat"})));
  if (choices.one_in("context", 2)) {
    params.with("context", Params().with("targetingKey", text("u")).node());
  }
  for (const char* level : {"api", "transaction", "client_context"}) {
    if (!choices.one_in(level, 4)) continue;
    params.with(level, Params().with("targetingKey", text(level)).with("at", text(level)).node());
  }
  // A field of that name is refused in the nested shape.
  if (choices.one_in("reserved", 8)) {
    params.with("details", Params().with("context", text("mine")).node());
  }
  return {step("track", some_client(choices, frame), std::move(params).node())};
}

// Asked several times: what an answer was told of by, and what a full queue had no room for.
Operation flag(const Choices& choices, const RunFrame& frame) {
  constexpr std::int64_t kFull = 40;  // the largest max_queue_size
  const std::string& client = some_client(choices, frame);
  Operation steps;
  if (choices.below("before", 4) == 1) {
    steps.push_back(step("capture_burst", client, Params().with("count", kFull).node()));
  }
  const std::uint64_t count = 1 + (choices.below("several", 3) == 1 ? choices.below("more", 3) : 0);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i > 0) {
      const Duration by = choices.span("between", std::chrono::seconds{20}, i);
      steps.push_back(step("advance", client, Params().with("by", duration(by)).node()));
    }
    const char* who = choices.below("who", 4, i) == 1 ? "v" : "u";
    steps.push_back(step("get_feature_flag", client,
                         Params().with("key", text("flag")).with("distinct_id", text(who)).node()));
  }
  return steps;
}

// Events as people send them: each with an id and a time of its own, and properties of all kinds.
Operation rich_events(const Choices& choices, const RunFrame& frame) {
  Operation steps;
  const std::string& client = some_client(choices, frame);
  const std::uint64_t count = 1 + choices.below("events", 4);
  for (std::uint64_t i = 0; i < count; ++i) {
    Params properties;
    properties
        .with("text",
              text(choices.any_of<const char*>(
                  "text",
                  {"", "\"quoted\" \\ \n", "\xc3\xbc\xe2\x82\xac\xf0\x9f\xa6\x94", "</script>\x01"},
                  i)))
        .with("number", choices.between("number", -1'000'000'000'000, 1'000'000'000'000, i))
        .with("nested", Params().with("list", list({boolean(true), nothing(), text("x")})).node());
    Params event;
    event.with("distinct_id", text("u" + std::to_string(i)))
        .with("event", text(choices.any_of<const char*>("name", {"order placed", "$pageview"}, i)))
        .with("properties", std::move(properties).node())
        .with("timestamp",
              text(choices.any_of<const char*>(
                  "timestamp",
                  {"2024-12-31T23:59:59.999Z", "2020-02-29T12:00:00+14:00", "2035-01-01T00:00:00Z"},
                  i)));
    if (choices.one_in("historical", 3, i)) event.with("historical", boolean(true));
    steps.push_back(step("capture", client, std::move(event).node()));
  }
  return steps;
}

// What the server does while a client's life ends.
scenario::Node answer_at_the_end(const Choices& choices) {
  switch (choices.below("trouble", 4)) {
    case 0:
      return Params().with("fault", text("hang_connection")).node();
    case 1:
      return Params().with("status", std::int64_t{503}).node();
    case 2:
      return Params().with("delay_ms", choices.between("delay", 1, 5000)).node();
    default:
      return Params().with("fault", text("no_answer")).node();
  }
}

// The end of a life as a target of its own: while a request connects, in a backoff, in the middle
// of a batch, unanswered; once or twice; with captures, and a flush, that come too late.
Operation end_of_life(const Choices& choices, const RunFrame& frame) {
  const std::string& client = some_client(choices, frame);
  const auto timeout = [&](std::string_view name) {
    return Params().with("timeout", duration(choices.one_in("no time", 4)
                                                 ? Duration{0}
                                                 : choices.span(name, std::chrono::seconds{20})));
  };
  Operation steps{
      step("script_server", client, Params().with("default", answer_at_the_end(choices)).node()),
      step("capture_burst", client, Params().with("count", choices.between("count", 1, 8)).node()),
      step("advance", client,
           Params().with("by", duration(choices.span("by", std::chrono::seconds{20}))).node())};
  if (choices.one_in("flush before", 2)) {
    steps.push_back(step("start_flush", client, timeout("flush").with("as", text("f0")).node()));
  }
  steps.push_back(step("start_shutdown", client, timeout("shutdown").node()));
  if (choices.one_in("capture after", 2)) {
    steps.push_back(step("capture_burst", client, Params().with("count", std::int64_t{2}).node()));
  }
  if (choices.one_in("twice", 2)) {
    steps.push_back(step("shutdown", client, timeout("second").node()));
  }
  if (choices.one_in("recovers", 2)) {
    steps.push_back(
        step("script_server", client, Params().with("default", Params().node()).node()));
  }
  if (choices.one_in("begins again", 2)) {
    steps.push_back(step("reset", client, Params().node()));
    steps.push_back(step("init", client, drawn_options(choices, frame)));
  }
  return steps;
}

constexpr Family kFamilies[] = {
    {"burst", 8, true, burst},
    {"time passes", 8, true, pass_time},
    {"trickle", 3, false, trickle},
    {"huge events", 2, false, huge},
    {"other lanes", 3, false, other_lane},
    {"flush", 4, false, flush},
    {"shutdown", 1, false, shutdown},
    {"feature flag", 1, false, flag},
    {"tool", 2, false, tool, Capture::segment},
    {"tracking", 4, false, track, Capture::confidence},
    {"rich events", 2, false, rich_events},
    {"end of life", 3, false, end_of_life},
};

}  // namespace

std::span<const Family> application_families() { return kFamilies; }

Step step(std::string_view action, const std::string& client, scenario::Node params) {
  return {scenario::find_action(action), client, std::move(params), {}};
}

}  // namespace lockstep::explore
