// What the network, the server and the clocks do to the SDK.
#include "scenarios/explore/family.h"
#include "scenarios/explore/params.h"
#include "scenarios/world.h"

namespace lockstep::explore {

using scenario::Node;

namespace {

const std::string& some_client(const Choices& choices, const RunFrame& frame) {
  return frame.clients[choices.below("client", frame.clients.size())];
}

// Seconds, dates before, at and after now, numbers that are absurd, and what is no Retry-After.
std::string retry_after(const Choices& choices, std::uint64_t index) {
  return choices.any_of<const char*>(
      "retry after",
      {"1", "2", "5", "30", "0", "3600", "86400", "99999999999999999999", "-5", "1.5", "soon", "",
       "Wed, 01 Jan 2025 00:00:10 GMT", "Wed, 01 Jan 2025 00:10:00 GMT",
       "Mon, 01 Jan 2024 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"},
      index);
}

// Patience asked for as a number or as a date, which lies ahead by the server's clock.
void ask_patience(const Choices& choices, std::uint64_t index, Params& answer) {
  if (choices.one_in("as a date", 3, index)) {
    answer.with("retry_after_date", choices.any_of<std::int64_t>("date", {2, 5, 30, 600}, index));
    return;
  }
  answer.with("headers", Params().with("Retry-After", text(retry_after(choices, index))).node());
}

// What some servers do with a request that they do not like: they say it back.
void say_the_key(const Choices& choices, std::uint64_t index, Params& answer) {
  if (!choices.one_in("says the key", 8, index)) return;
  answer.with("body", text("no project of the key " + std::string(scenario::World::kApiKey)));
}

// The answers of one script, `make` each.
template <typename Make>
Operation answers(const Choices& choices, const RunFrame& frame, Make make) {
  std::vector<Node> steps;
  const std::uint64_t count = 1 + choices.below("answers", 4);
  for (std::uint64_t i = 0; i < count; ++i) steps.push_back(std::move(make(i)).node());
  Params script;
  script.with("responses", list(std::move(steps)));
  return {step("script_server", some_client(choices, frame), std::move(script).node())};
}

Operation errors(const Choices& choices, const RunFrame& frame) {
  return answers(choices, frame, [&](std::uint64_t i) {
    Params answer;
    answer.with("status", choices.any_of<std::int64_t>(
                              "status", {500, 502, 503, 504, 408, 429, 520, 507}, i));
    if (choices.one_in("with retry after", 3, i)) ask_patience(choices, i, answer);
    say_the_key(choices, i, answer);
    if (choices.one_in("repeated", 4, i)) answer.with("repeat", choices.between("repeat", 2, 6, i));
    return answer;
  });
}

Operation refusals(const Choices& choices, const RunFrame& frame) {
  return answers(choices, frame, [&](std::uint64_t i) {
    Params answer;
    answer.with("status", choices.any_of<std::int64_t>(
                              "status", {400, 401, 402, 403, 404, 415, 301, 308, 304}, i));
    say_the_key(choices, i, answer);
    return answer;
  });
}

Operation too_large(const Choices& choices, const RunFrame& frame) {
  if (choices.one_in("by bytes", 6)) {
    return {step("script_server", some_client(choices, frame),
                 Params().with("max_body_bytes", choices.between("bytes", 900, 6000)).node())};
  }
  if (choices.one_in("by limit", 2)) {
    return {step("script_server", some_client(choices, frame),
                 Params().with("max_batch_events", choices.between("events", 1, 4)).node())};
  }
  return answers(choices, frame,
                 [&](std::uint64_t) { return Params().with("status", std::int64_t{413}); });
}

// Refusals of single events by their index, which may lie outside the request.
Operation event_errors(const Choices& choices, const RunFrame& frame) {
  return answers(choices, frame, [&](std::uint64_t i) {
    std::vector<Node> indexes;
    const std::uint64_t count = choices.below("errors", 4, i);
    for (std::uint64_t k = 0; k < count; ++k) {
      indexes.push_back(number(choices.between("index", 0, 9, i * 4 + k)));
    }
    return Params().with("event_errors", list(std::move(indexes)));
  });
}

Operation partial(const Choices& choices, const RunFrame& frame) {
  if (frame.capture == Capture::confidence) return event_errors(choices, frame);
  if (frame.capture != Capture::v1) return errors(choices, frame);
  std::vector<Node> steps;
  const std::uint64_t count = 1 + choices.below("answers", 4);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::vector<Node> results;
    const std::uint64_t events = 1 + choices.below("results", 8, i);
    for (std::uint64_t r = 0; r < events; ++r) {
      const auto result = choices.any_of<const char*>(
          "result", {"ok", "retry", "drop", "limited", "warning", "unheard_of"}, i * 8 + r);
      // Now and then the answer does not name the event.
      results.push_back(choices.one_in("unnamed", 8, i * 8 + r) ? nothing() : text(result));
    }
    steps.push_back(Params().with("v1_event_results", list(std::move(results))).node());
  }
  // For the v1 endpoint alone: elsewhere nobody reads the results of single events.
  Params sequence;
  sequence.with("path", text("/i/v1/analytics/events")).with("steps", list(std::move(steps)));
  return {step("script_server", some_client(choices, frame),
               Params().with("sequences", list({std::move(sequence).node()})).node())};
}

// Answers with status 200 whose body does not say what it should: the events count as delivered
// without a word about them, or the answer as none.
Operation strange_bodies(const Choices& choices, const RunFrame& frame) {
  return answers(choices, frame, [&](std::uint64_t i) {
    return Params().with(
        "body", text(choices.any_of<const char*>("body",
                                                 {"", "{}", "[]", "null", "{\"results\":{}}",
                                                  "{\"results\":[1]}", "<html>", "{\"status\":"},
                                                 i)));
  });
}

Operation connect_faults(const Choices& choices, const RunFrame& frame) {
  return answers(choices, frame, [&](std::uint64_t i) {
    return Params().with(
        "fault", text(choices.any_of<const char*>(
                     "fault", {"refuse_connection", "hang_connection", "fail_resolution"}, i)));
  });
}

Operation broken_connections(const Choices& choices, const RunFrame& frame) {
  return answers(choices, frame, [&](std::uint64_t i) {
    return Params().with(
        "fault", text(choices.any_of<const char*>("fault", {"reset_before", "reset_after"}, i)));
  });
}

Operation silence(const Choices& choices, const RunFrame& frame) {
  return answers(choices, frame, [&](std::uint64_t i) {
    return Params()
        .with("fault", text("no_answer"))
        .with("processed", boolean(choices.one_in("processed", 2, i)));
  });
}

Operation broken_answers(const Choices& choices, const RunFrame& frame) {
  return answers(choices, frame, [&](std::uint64_t i) {
    return Params()
        .with("fault", text(choices.any_of<const char*>(
                           "fault", {"truncate_body", "garbage", "slow_body", "endless_body"}, i)))
        .with("fault_bytes", choices.between("bytes", 1, 40, i) *
                                 // More than some clients take in.
                                 (choices.one_in("large", 4, i) ? 250 : 1));
  });
}

Operation slow_answers(const Choices& choices, const RunFrame& frame) {
  return answers(choices, frame, [&](std::uint64_t i) {
    const Duration delay = choices.span("delay", std::chrono::seconds{20}, i);
    return Params().with("delay_ms", delay / std::chrono::milliseconds{1});
  });
}

// Until the next script, or the healing at the end of the run.
Operation outage(const Choices& choices, const RunFrame& frame) {
  Params answer;
  if (choices.one_in("partition", 2)) {
    answer.with("fault", text(choices.any_of<const char*>(
                             "fault", {"refuse_connection", "hang_connection", "no_answer"})));
  } else {
    answer.with("status", choices.any_of<std::int64_t>("status", {503, 500, 429, 413}));
  }
  return {step("script_server", some_client(choices, frame),
               Params().with("default", std::move(answer).node()).node())};
}

Operation recovery(const Choices& choices, const RunFrame& frame) {
  return {step("script_server", some_client(choices, frame),
               Params().with("default", Params().node()).with("responses", list({})).node())};
}

Operation slow_network(const Choices& choices, const RunFrame& frame) {
  return {step("set_latency", frame.clients.front(),
               Params().with("by", duration(choices.span("by", std::chrono::seconds{12}))).node())};
}

Operation wall_jump(const Choices& choices, const RunFrame& frame) {
  const Duration by = choices.span("by", std::chrono::hours{48});
  return {step("jump_wall", frame.clients.front(),
               Params().with("by", duration(choices.one_in("back", 2) ? -by : by)).node())};
}

Operation wall_drift(const Choices& choices, const RunFrame& frame) {
  return {
      step("drift", frame.clients.front(),
           Params().with("parts_per_million", choices.between("ppm", -200'000, 200'000)).node())};
}

// --- servers in trouble, as a row of answers ----------------------------------------------------

Params status(std::int64_t code) { return Params().with("status", code); }

Params fault(const char* name) { return Params().with("fault", text(name)); }

Node repeated(Params answer, std::int64_t times) {
  return std::move(answer.with("repeat", times)).node();
}

Operation row(const Choices& choices, const RunFrame& frame, std::vector<Node> responses) {
  return {step("script_server", some_client(choices, frame),
               Params().with("responses", list(std::move(responses))).node())};
}

// So many requests, then a window in which it takes none, and again.
Operation rate_limiter(const Choices& choices, const RunFrame& frame) {
  std::vector<Node> responses;
  const std::uint64_t windows = 1 + choices.below("windows", 3);
  for (std::uint64_t i = 0; i < windows; ++i) {
    responses.push_back(repeated(status(200), choices.between("taken", 1, 3, i)));
    Params limited = status(429);
    const std::int64_t seconds = choices.between("seconds", 1, 60, i);
    if (choices.one_in("until a date", 3, i)) {
      limited.with("retry_after_date", seconds);
    } else {
      limited.with("headers", Params().with("Retry-After", seconds).node());
    }
    responses.push_back(repeated(std::move(limited), choices.between("refused", 1, 3, i)));
  }
  return row(choices, frame, std::move(responses));
}

// The process that held the requests is gone, and what it had not answered with it; nobody listens;
// then one does, at first slowly.
Operation server_restart(const Choices& choices, const RunFrame& frame) {
  std::vector<Node> responses;
  Params forgotten = fault(choices.any_of<const char*>("end", {"no_answer", "reset_before"}));
  forgotten.with("processed", boolean(false));
  responses.push_back(repeated(std::move(forgotten), choices.between("in work", 1, 4)));
  responses.push_back(repeated(fault("refuse_connection"), choices.between("down", 1, 6)));
  if (choices.one_in("not ready", 2)) {
    responses.push_back(repeated(status(503), choices.between("unready", 1, 3)));
  }
  for (std::int64_t delay = choices.between("slow start", 0, 8000); delay > 100; delay /= 2) {
    responses.push_back(Params().with("delay_ms", delay).node());
  }
  return row(choices, frame, std::move(responses));
}

// Answers that overtake each other, and some that are lost.
Operation uneven_network(const Choices& choices, const RunFrame& frame) {
  std::vector<Node> responses;
  const std::uint64_t answers = 4 + choices.below("answers", 9);
  for (std::uint64_t i = 0; i < answers; ++i) {
    const Duration delay = choices.span("delay", std::chrono::seconds{4}, i);
    Params answer;
    answer.with("delay_ms", delay / std::chrono::milliseconds{1});
    if (choices.one_in("lost", 8, i)) answer.with("fault", text("no_answer"));
    responses.push_back(std::move(answer).node());
  }
  return row(choices, frame, std::move(responses));
}

// Statuses that are rare, and patience asked for in ways that are.
Operation rare_answers(const Choices& choices, const RunFrame& frame) {
  return answers(choices, frame, [&](std::uint64_t i) {
    Params answer;
    answer.with(
        "status",
        choices.any_of<std::int64_t>(
            "status", {200, 201, 202, 204, 400, 410, 413, 422, 425, 429, 501, 503, 505, 599}, i));
    if (choices.one_in("without patience", 3, i)) return answer;
    Params headers;
    if (choices.one_in("two headers", 5, i)) {
      headers.with(
          "Retry-After",
          list({text("2"), text(choices.any_of<const char*>("second header", {"7", "soon"}, i))}));
    } else {
      headers.with("Retry-After",
                   text(choices.any_of<const char*>(
                       "retry after",
                       {"4", " 9 ", "Wednesday, 01-Jan-25 00:00:20 GMT", "Wed Jan  1 00:01:00 2025",
                        "Wed, 01 Jan 2025 00:00:30 GMT", "0x10", "1e3", "18446744073709551616"},
                       i)));
    }
    answer.with("headers", std::move(headers).node());
    return answer;
  });
}

Operation events_over_quota(const Choices& choices, const RunFrame& frame) {
  return answers(choices, frame, [&](std::uint64_t i) {
    return Params().with("body", text(choices.one_in("of recordings", 4, i)
                                          ? R"({"status": 1, "quota_limited": ["recordings"]})"
                                          : R"({"status": 1, "quota_limited": ["events"]})"));
  });
}

constexpr Family kFamilies[] = {
    {"errors", 3, false, errors},
    {"refusals", 1, false, refusals},
    {"too large", 2, false, too_large},
    {"partial results", 3, false, partial},
    {"strange bodies", 1, false, strange_bodies},
    {"connect faults", 1, false, connect_faults},
    {"broken connections", 2, false, broken_connections},
    {"silence", 1, false, silence},
    {"broken answers", 1, false, broken_answers},
    {"slow answers", 2, false, slow_answers},
    {"outage", 2, false, outage},
    {"recovery", 2, false, recovery},
    {"slow network", 1, false, slow_network},
    {"wall jump", 1, false, wall_jump},
    {"wall drift", 1, false, wall_drift},
    {"rate limiter", 2, false, rate_limiter},
    {"server restart", 2, false, server_restart},
    {"uneven network", 1, false, uneven_network},
    {"rare answers", 3, false, rare_answers},
    {"events over quota", 1, false, events_over_quota, Capture::v0},
};

}  // namespace

std::span<const Family> fault_families() { return kFamilies; }

}  // namespace lockstep::explore
