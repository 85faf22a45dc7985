// What applications do with flag providers, and what happens to the flags: a workload of its own.
//
// What a flag says tells where it comes from: the version of the flags, and the subject.
#include <array>

#include "scenarios/explore/family.h"
#include "scenarios/explore/params.h"

namespace lockstep::explore {

using scenario::Node;

namespace {

constexpr std::int64_t kVersions = 5;

const std::string& some_provider(const Choices& choices, const RunFrame& frame) {
  return frame.clients[choices.below("provider", frame.clients.size())];
}

// A flag of a version of the flags: its value for a subject. The variant is the value, too, which
// all backends tell alike.
Node text_flag(const std::string& value) {
  return Params().with("value", text(value)).with("variant", text(value)).node();
}

Node number_flag(std::int64_t value) {
  return Params().with("value", number(value)).with("variant", text(std::to_string(value))).node();
}

Params with_subjects(Params flag, const Node& one, const Node& other) {
  flag.with("subjects", Params().with("u1", one).with("u2", other).node());
  return flag;
}

// The flags of that version. The first has none but one, the others leave out one now and then.
Node book(std::int64_t version) {
  const std::string name = "v" + std::to_string(version);
  const auto gate = [](bool on) { return Params().with("value", boolean(on)).node(); };
  Params flags;
  flags.with("gate", with_subjects(Params().with("value", boolean(true)), gate(version % 2 == 0),
                                   gate(version % 2 != 0))
                         .node());
  if (version == 0) return std::move(flags).node();
  if (version != 3) {
    flags.with("text", with_subjects(Params().with("value", text(name)).with("variant", text(name)),
                                     text_flag(name + " of u1"), text_flag(name + " of u2"))
                           .node());
  }
  if (version != 4) {
    flags.with(
        "number",
        with_subjects(
            Params().with("value", number(version)).with("variant", text(std::to_string(version))),
            number_flag(version * 10 + 1), number_flag(version * 10 + 2))
            .node());
  }
  return std::move(flags).node();
}

// The same flags for the static provider: of all subjects, of "u1" and of "u2".
std::string static_flag(const std::string& key, const std::array<std::string, 3>& values) {
  const auto rule = [](const char* subject, const char* variant) {
    return std::string(R"({ when = [{ attribute = "targeting_key", equals = ")") + subject +
           R"(" }], variant = ")" + variant + R"(" })";
  };
  return "[flags." + key + "]\nvariants = { all = " + values[0] + ", one = " + values[1] +
         ", two = " + values[2] + " }\ndefault = \"all\"\nrules = [" + rule("u1", "one") + ", " +
         rule("u2", "two") + "]\n";
}

std::string static_book(std::int64_t version) {
  const std::string name = "v" + std::to_string(version);
  const auto quoted = [&](const char* of) { return '"' + name + of + '"'; };
  const char* even = version % 2 == 0 ? "true" : "false";
  const char* odd = version % 2 != 0 ? "true" : "false";
  std::string flags = static_flag("gate", {"true", even, odd});
  if (version == 0) return flags;
  if (version != 3) flags += static_flag("text", {quoted(""), quoted(" of u1"), quoted(" of u2")});
  if (version != 4) {
    const auto number = [](std::int64_t value) { return std::to_string(value); };
    flags += static_flag("number",
                         {number(version), number(version * 10 + 1), number(version * 10 + 2)});
  }
  return flags;
}

scenario::Step script(const std::string& provider, Params params) {
  return step("script_server", provider, std::move(params).node());
}

// --- what applications do ------------------------------------------------------------------------

// The flag and its type are drawn together; "missing" is in no version.
scenario::Step question(const Choices& choices, const std::string& provider, std::uint64_t index) {
  Params params;
  switch (choices.below("flag", 4, index)) {
    case 0:
      params.with("key", text("gate")).with("default", boolean(choices.one_in("on", 2, index)));
      break;
    case 1:
      params.with("key", text("text")).with("default", text("default"));
      break;
    case 2:
      params.with("key", text("number")).with("default", number(-1));
      break;
    default:
      params.with("key", text("missing"))
          .with("default",
                choices.one_in("missing text", 2, index) ? text("default") : boolean(true));
  }
  params.with("targeting_key", text(choices.one_in("other subject", 2, index) ? "u2" : "u1"));
  if (choices.one_in("with attributes", 3, index)) {
    params.with("attributes", Params().with("plan", text("pro")).node());
  }
  return step("evaluate_flag", provider, std::move(params).node());
}

Operation evaluate(const Choices& choices, const RunFrame& frame) {
  return {question(choices, some_provider(choices, frame), 0)};
}

Operation evaluations(const Choices& choices, const RunFrame& frame) {
  Operation steps;
  const std::string& provider = some_provider(choices, frame);
  const std::uint64_t count = 2 + choices.below("evaluations", 4);
  for (std::uint64_t i = 0; i < count; ++i) steps.push_back(question(choices, provider, i));
  return steps;
}

scenario::Step refresh_of(const std::string& provider) {
  return step("flags_refresh", provider, Params().with("may_fail", boolean(true)).node());
}

Operation refresh(const Choices& choices, const RunFrame& frame) {
  return {refresh_of(some_provider(choices, frame))};
}

Operation flags_wait(const Choices& choices, const RunFrame& frame) {
  return {step("advance", frame.clients.front(),
               Params().with("by", duration(choices.span("by", std::chrono::minutes{10}))).node())};
}

Operation restart(const Choices& choices, const RunFrame& frame) {
  return open_flags(choices, some_provider(choices, frame));
}

// The mock's flags of the moment at which it begins are what the oracle holds it to.
Operation open_static(const Choices& choices, const std::string& provider) {
  const std::int64_t version = choices.between("static version", 0, kVersions - 1);
  return {script(provider, Params().with("flags", book(version))),
          step("flags_open", provider,
               Params()
                   .with("backend", text("static"))
                   .with("toml", text(static_book(version)))
                   .node())};
}

// --- what happens to the flags -------------------------------------------------------------------

Operation change(const Choices& choices, const RunFrame& frame) {
  return {script(some_provider(choices, frame),
                 Params().with("flags", book(choices.between("version", 0, kVersions - 1))))};
}

// A whole outage: something is known, the server is out, perhaps for too long, the flags change
// meanwhile, it is back.
Operation outage(const Choices& choices, const RunFrame& frame) {
  const std::string& provider = some_provider(choices, frame);
  Params answer;
  if (choices.one_in("silent", 2)) {
    answer.with("fault",
                text(choices.any_of<const char*>("fault", {"refuse_connection", "no_answer"})));
  } else {
    answer.with("status", choices.any_of<std::int64_t>("status", {503, 500, 401, 404}));
  }
  const auto by = [&](std::string_view name) {
    return step("advance", provider,
                Params().with("by", duration(choices.span(name, std::chrono::minutes{10}))).node());
  };
  Operation steps{question(choices, provider, 0)};
  steps.push_back(script(provider, Params().with("default", std::move(answer).node())));
  steps.push_back(by("out"));
  steps.push_back(question(choices, provider, choices.below("another", 2)));
  if (choices.one_in("changes", 2)) {
    steps.push_back(script(
        provider, Params().with("flags", book(choices.between("version", 0, kVersions - 1)))));
  }
  steps.push_back(script(provider, Params().with("default", Params().node())));
  if (choices.one_in("refreshes", 3)) {
    steps.push_back(refresh_of(provider));
  }
  steps.push_back(question(choices, provider, 0));
  return steps;
}

// A 429, and questions inside and at the edge of the window that it asks for.
Operation rate_limit(const Choices& choices, const RunFrame& frame) {
  const std::string& provider = some_provider(choices, frame);
  const std::int64_t seconds = choices.between("seconds", 0, 60);
  Params answer;
  answer.with("status", std::int64_t{429});
  if (!choices.one_in("no header", 4)) {
    answer.with("headers", Params().with("Retry-After", text(std::to_string(seconds))).node());
  }
  Operation steps{script(provider, Params().with("responses", list({std::move(answer).node()})))};
  const std::uint64_t count = 1 + choices.below("questions", 3);
  for (std::uint64_t i = 0; i < count; ++i) {
    steps.push_back(question(choices, provider, i));
    const Duration edge = std::chrono::seconds{seconds};
    const Duration by = choices.one_in("to the edge", 3, i)
                            ? edge
                            : choices.span("by", std::chrono::seconds{60}, i);
    steps.push_back(step("advance", provider, Params().with("by", duration(by)).node()));
  }
  return steps;
}

// What PostHog says over quota; another backend is out.
Operation over_quota(const Choices& choices, const RunFrame& frame) {
  const std::string& provider = some_provider(choices, frame);
  Params answer;
  answer
      .with("body", Params()
                        .with("flags", Params().node())
                        .with("quotaLimited", list({text("feature_flags")}))
                        .node())
      .with("repeat", choices.between("repeat", 1, 3));
  return {question(choices, provider, 0),
          script(provider, Params().with("responses", list({std::move(answer).node()}))),
          step("advance", provider,
               Params().with("by", duration(choices.span("by", std::chrono::minutes{1}))).node()),
          question(choices, provider, choices.below("another", 2))};
}

// OFREP's errors, of a flag, of the context, or of all flags. To the others they are a 400 each.
Operation flag_errors(const Choices& choices, const RunFrame& frame) {
  const std::string& provider = some_provider(choices, frame);
  Operation steps;
  if (choices.one_in("known", 2)) {
    steps.push_back(question(choices, provider, 0));
    steps.push_back(step(
        "advance", provider,
        Params().with("by", duration(choices.span("later", std::chrono::minutes{10}))).node()));
  }
  if (choices.one_in("in the flags", 3)) {
    Params flags;
    for (const char* key : {"gate", "text", "number"}) {
      const auto code = choices.any_of<const char*>(key, {"PARSE_ERROR", "GENERAL"});
      flags.with(key, Params().with("error", text(code)).node());
    }
    steps.push_back(script(provider, Params().with("flags", std::move(flags).node())));
    steps.push_back(question(choices, provider, 1));
    steps.push_back(question(choices, provider, choices.below("another", 2)));
    steps.push_back(
        script(provider, Params().with("flags", book(choices.between("after", 0, kVersions - 1)))));
    return steps;
  }
  std::vector<Node> errors;
  const std::uint64_t count = 1 + choices.below("errors", 3);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string code = choices.any_of<const char*>(
        "code",
        {"GENERAL", "PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "FLAG_NOT_FOUND"},
        i);
    errors.push_back(Params()
                         .with("status", std::int64_t{code == "FLAG_NOT_FOUND" ? 404 : 400})
                         .with("body", Params().with("errorCode", text(code)).node())
                         .node());
  }
  steps.push_back(script(provider, Params().with("responses", list(std::move(errors)))));
  for (std::uint64_t i = 0; i < count; ++i) {
    steps.push_back(question(choices, provider, choices.below("which", 3, i)));
  }
  return steps;
}

// A static provider's file that is rewritten, now and then with what cannot be read.
Operation flag_file(const Choices& choices, const RunFrame& frame) {
  const std::string& provider = some_provider(choices, frame);
  Operation steps = open_static(choices, provider);
  steps.push_back(question(choices, provider, 0));
  const std::uint64_t changes = 1 + choices.below("changes", 3);
  for (std::uint64_t i = 1; i <= changes; ++i) {
    if (choices.one_in("broken", 2, i)) {
      const char* toml = choices.any_of<const char*>(
          "toml", {"[flags.gate", "flags = 3", "[flags.gate]\nvariants = {}\n"}, i);
      steps.push_back(step("flags_file", provider,
                           Params().with("toml", text(toml)).with("broken", boolean(true)).node()));
    } else {
      const std::int64_t version = choices.between("version", 0, kVersions - 1, i);
      steps.push_back(script(provider, Params().with("flags", book(version))));
      steps.push_back(
          step("flags_file", provider, Params().with("toml", text(static_book(version))).node()));
    }
    if (choices.one_in("asked before it is read", 2, i)) {
      steps.push_back(question(choices, provider, i));
    }
    steps.push_back(refresh_of(provider));
    steps.push_back(question(choices, provider, choices.below("which", 3, i)));
  }
  return steps;
}

constexpr Family kFamilies[] = {
    {"evaluate", 12, true, evaluate},        {"flags: time passes", 8, true, flags_wait},
    {"evaluations", 6, false, evaluations},  {"refresh", 6, false, refresh},
    {"provider restart", 2, false, restart}, {"flags change", 8, true, change},
    {"flags outage", 6, false, outage},      {"rate limit", 5, false, rate_limit},
    {"over quota", 2, false, over_quota},    {"flag errors", 5, false, flag_errors},
    {"flag file", 4, false, flag_file},
};

}  // namespace

std::span<const Family> flag_families() { return kFamilies; }

Operation open_flags(const Choices& choices, const std::string& provider) {
  const std::string backend = choices.any_of<const char*>(
      "backend", {"posthog", "ofrep", "unleash", "launchdarkly", "statsig", "static"});
  if (backend == "static") return open_static(choices, provider);
  Params params;
  params.with("backend", text(backend))
      .with("timeout", text(choices.any_of<const char*>("timeout", {"300ms", "2s", "10s"})))
      .with("max_age", text(choices.any_of<const char*>("max age", {"0s", "0s", "10s", "2m"})))
      .with("max_stale", text(choices.any_of<const char*>("max stale", {"0s", "30s", "5m", "1h"})))
      .with("max_retry_after", text(choices.any_of<const char*>("max pause", {"10s", "10m"})));
  if (choices.one_in("polls", 3)) {
    params.with("poll_interval", text(choices.any_of<const char*>("poll", {"7s", "30s", "5m"})));
  }
  if (backend == "ofrep" && choices.one_in("bulk", 2)) params.with("bulk", boolean(true));
  if (backend == "statsig" && choices.one_in("silent", 2)) {
    params.with("log_exposures", boolean(false));
  }
  return {step("flags_open", provider, std::move(params).node())};
}

Operation begin_flags(const Choices& choices, const std::string& provider) {
  Operation steps{
      script(provider, Params().with("flags", book(choices.between("version", 0, kVersions - 1))))};
  for (scenario::Step& one : open_flags(choices, provider)) steps.push_back(std::move(one));
  return steps;
}

Operation end_flags(const std::string& provider) {
  return {step("assert_flags_converge", provider, Params().node())};
}

}  // namespace lockstep::explore
