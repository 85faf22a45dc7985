// Assertions about what the SDK says of its events (ledger, outcomes, reports, warnings), and about
// what the server has stored.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "scenarios/look.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using nlohmann::json;

constexpr std::string_view kReasonWords[] = {
    "hook",     "hook_failed",   "too_large",          "queue_full",       "evicted",
    "rejected", "quota_limited", "attempts_exhausted", "shutdown_deadline"};
constexpr std::string_view kStatusWords[] = {"complete", "timed_out", "deferred", "closed"};
constexpr std::string_view kAdmissionWords[] = {"accepted", "dropped", "closed", "disabled",
                                                "invalid"};
constexpr std::string_view kRefusalWords[] = {"dropped", "closed", "disabled", "invalid"};

constexpr Field kReasons[] = {
    {"hook", Type::integer},
    {"hook_failed", Type::integer},
    {"too_large", Type::integer},
    {"queue_full", Type::integer},
    {"evicted", Type::integer},
    {"rejected", Type::integer},
    {"quota_limited", Type::integer},
    {"attempts_exhausted", Type::integer},
    {"shutdown_deadline", Type::integer},
};
constexpr Field kLedger[] = {
    {"lane", Type::word, false, "default: all lanes together", {}, kLaneWords},
    {"captured", Type::integer},
    {"delivered", Type::integer},
    {"unconfirmed", Type::integer},
    {"dropped", Type::object, false, "by reason; reasons that are not named must be 0", kReasons},
    {"pending", Type::integer},
    {"in_flight", Type::integer},
    {"requests", Type::integer},
    {"retries", Type::integer},
    {"refused", Type::integer},
};
constexpr Field kOutcome[] = {
    {"count", Type::integer, false, "how many outcomes are such; default: 1"},
    {"delivered", Type::boolean},
    {"unconfirmed", Type::boolean},
    {"reason", Type::word, false, "", {}, kReasonWords},
    {"attempts", Type::integer},
    {"status", Type::integer},
    {"lane", Type::word, false, "", {}, kLaneWords},
    {"detail_contains", Type::text},
};
constexpr Field kOutcomes[] = {
    {"outcomes", Type::list, true, "kinds of outcomes; their counts add up to all", kOutcome}};
constexpr Field kReport[] = {
    {"of", Type::text, false, "a flush or shutdown that was started; default: the last answer"},
    {"done", Type::boolean, false, "only with `of`"},
    {"status", Type::word, false, "", {}, kStatusWords},
    {"delivered", Type::integer},
    {"dropped", Type::integer},
    {"pending", Type::integer},
};
constexpr Field kCaptured[] = {
    {"admission", Type::word, true, "what capture answered", {}, kAdmissionWords},
    {"reason", Type::word, false, "", {}, kReasonWords},
};
constexpr Field kRefused[] = {
    {"admission", Type::word, true, "what capture answered", {}, kRefusalWords},
    {"reason", Type::word, false, "", {}, kReasonWords},
};
constexpr Field kElapsed[] = {
    {"exactly", Type::duration},
    {"at_least", Type::duration},
    {"at_most", Type::duration},
};
constexpr Field kResult[] = {
    {"expected", Type::any, true, "the answer, or the member's value"},
    {"field", Type::text},
};
constexpr Field kStored[] = {
    {"count", Type::integer, true, "different events the server kept"},
    {"received", Type::integer, false, "copies it accepted, repeats included"},
    {"events", Type::texts, false, "their names, in the order in which they first came"},
};
constexpr Field kWarnings[] = {
    {"count", Type::integer, false, "of on_error calls"},
    {"contains", Type::text, false, "in one of them"},
};
constexpr Field kTrace[] = {
    {"label", Type::text, true, "the kind of step"},
    {"field", Type::text},
    {"value", Type::scalar},
};
constexpr Field kViolations[] = {
    {"count", Type::integer, false, "default: at least 1"},
    {"contains", Type::text},
};
constexpr Field kTime[] = {
    {"time", Type::duration, true, "since the scenario's start"},
};

// --- the SDK's word -----------------------------------------------------------------------------

Finding differs(const Params& params, std::string_view name, std::uint64_t value) {
  if (!params.has(name) || params.integer(name) == static_cast<std::int64_t>(value)) return {};
  return Failure{std::string(name) + " " + std::to_string(params.integer(name)),
                 std::string(name) + " " + std::to_string(value)};
}

Lane lane_of(const std::string& name) {
  return name == "ai" ? Lane::ai : name == "historical" ? Lane::historical : Lane::analytics;
}

Finding ledger(World& world, const Step& step) {
  const Params params(step.params);
  const Stats stats = world.client(step.client).stats();
  const LaneStats count =
      params.has("lane") ? stats.lane(lane_of(params.text("lane"))) : stats.total();
  const std::pair<std::string_view, std::uint64_t> numbers[] = {
      {"captured", count.captured},       {"delivered", count.delivered},
      {"unconfirmed", count.unconfirmed}, {"pending", count.pending},
      {"in_flight", count.in_flight},     {"requests", count.requests},
      {"retries", count.retries},         {"refused", stats.refused}};
  for (const auto& [name, value] : numbers) {
    if (auto failure = differs(params, name, value)) return failure;
  }
  if (!params.has("dropped")) return std::nullopt;
  const Params dropped(params.node("dropped"));
  for (std::size_t i = 0; i < kDropReasonCount; ++i) {
    const auto reason = to_string(static_cast<DropReason>(i));
    const auto expected = dropped.integer(reason, 0);
    const auto value = count.dropped_by_reason[i];
    if (expected != static_cast<std::int64_t>(value)) {
      return Failure{std::to_string(expected) + " dropped as " + std::string(reason),
                     std::to_string(value)};
    }
  }
  return std::nullopt;
}

bool is_such(const Outcome& outcome, const Params& params) {
  if (params.has("delivered") && params.boolean("delivered") != outcome.delivered) return false;
  if (params.has("unconfirmed") && params.boolean("unconfirmed") != outcome.unconfirmed)
    return false;
  if (params.has("reason") &&
      (outcome.delivered || params.text("reason") != to_string(outcome.reason))) {
    return false;
  }
  if (params.has("attempts") && params.integer("attempts") != outcome.attempts) return false;
  if (params.has("status") && params.integer("status") != outcome.status) return false;
  if (params.has("lane") && params.text("lane") != to_string(outcome.lane)) return false;
  return outcome.detail.find(params.text("detail_contains", "")) != std::string::npos;
}

std::string outcome_text(const Outcome& outcome) {
  std::string text = outcome.delivered ? (outcome.unconfirmed ? "unconfirmed" : "delivered")
                                       : "dropped (" + std::string(to_string(outcome.reason)) + ")";
  text +=
      ", " + counted(outcome.attempts, "attempt") + ", status " + std::to_string(outcome.status);
  if (!outcome.detail.empty()) text += ", \"" + outcome.detail + "\"";
  return text;
}

// Equal outcomes are told once, with their number.
std::string summary(const std::vector<Outcome>& outcomes) {
  if (outcomes.empty()) return "no outcome";
  std::map<std::string, std::size_t> counts;
  for (const Outcome& outcome : outcomes) ++counts[outcome_text(outcome)];
  std::string text;
  for (const auto& [kind, count] : counts) {
    text += (text.empty() ? "" : "; ") + std::to_string(count) + " x " + kind;
  }
  return text;
}

Finding outcomes(World& world, const Step& step) {
  const auto& seen = world.log(step.client).outcomes;
  std::size_t total = 0;
  for (const Node& kind : Params(step.params).node("outcomes").items()) {
    const Params params(kind);
    const auto expected = static_cast<std::size_t>(params.integer("count", 1));
    const auto count = static_cast<std::size_t>(
        std::count_if(seen.begin(), seen.end(),
                      [&](const Outcome& outcome) { return is_such(outcome, params); }));
    if (count != expected) {
      return Failure{counted(expected, "outcome") + " such as " + kind.to_json(), summary(seen)};
    }
    total += expected;
  }
  return unless(total == seen.size(), counted(total, "outcome") + " in all", summary(seen));
}

Finding report_matches(const Params& params, const json& report) {
  if (params.has("status") && member(report, "status") != params.text("status")) {
    return Failure{"status " + params.text("status"), report.dump()};
  }
  for (const char* name : {"delivered", "dropped", "pending"}) {
    if (params.has(name) && member(report, name) != params.integer(name)) {
      return Failure{std::string(name) + " " + std::to_string(params.integer(name)), report.dump()};
    }
  }
  return std::nullopt;
}

Finding flush_report(World& world, const Step& step) {
  const Params params(step.params);
  if (!params.has("of")) return report_matches(params, world.last_answer());
  const auto& started = world.log(step.client).started;
  const auto found = started.find(params.text("of"));
  if (found == started.end()) {
    return Failure{"something started as \"" + params.text("of") + "\"", "nothing"};
  }
  if (params.has("done") && found->second.done() != params.boolean("done")) {
    return Failure{params.boolean("done") ? "it to be over" : "it to go on",
                   found->second.done() ? "it is over" : "it goes on"};
  }
  return report_matches(params, World::to_json(found->second.report()));
}

Finding captured(World& world, const Step& step) {
  const Params params(step.params);
  const json& answer = world.last_answer();
  const bool accepted = member(answer, "success") == true;
  const std::string admission = accepted ? "accepted"
                                : member(answer, "admission").is_string()
                                    ? member(answer, "admission").get<std::string>()
                                    : "no answer of capture";
  if (admission != params.text("admission")) {
    return Failure{"capture to say " + params.text("admission"), admission};
  }
  if (params.has("reason") && member(answer, "reason") != params.text("reason")) {
    return Failure{"the reason " + params.text("reason"), member(answer, "reason").dump()};
  }
  return std::nullopt;
}

Finding elapsed(World& world, const Step& step) {
  const Params params(step.params);
  const Duration seen = world.last_elapsed();
  if (params.has("exactly") && seen != params.duration("exactly")) {
    return Failure{"to take exactly " + to_text(params.duration("exactly")), to_text(seen)};
  }
  if (params.has("at_least") && seen < params.duration("at_least")) {
    return Failure{"to take at least " + to_text(params.duration("at_least")), to_text(seen)};
  }
  if (params.has("at_most") && seen > params.duration("at_most")) {
    return Failure{"to take at most " + to_text(params.duration("at_most")), to_text(seen)};
  }
  return std::nullopt;
}

Finding time_is(World& world, const Step& step) {
  const Duration expected = Params(step.params).duration("time");
  return unless(world.elapsed() == expected, "it to be " + to_text(expected),
                to_text(world.elapsed()));
}

Finding action_result(World& world, const Step& step) {
  const Params params(step.params);
  const json expected = json_of(params.node("expected"));
  const json& answer = world.last_answer();
  const json value = params.has("field") ? member(answer, params.text("field")) : answer;
  return unless(value == expected, expected.dump(), value.dump());
}

Finding result_uuid_matches_event(World& world, const Step& step) {
  const auto events = events_of(capture_requests(world, step));
  if (events.empty()) return Failure{"an event", "none"};
  const json uuid = member(world.last_answer(), "uuid");
  return unless(member(events.back(), "uuid") == uuid, "the uuid " + uuid.dump() + " on the wire",
                member(events.back(), "uuid").dump());
}

Finding warnings(World& world, const Step& step) {
  const Params params(step.params);
  const auto& errors = world.log(step.client).errors;
  std::string seen = counted(errors.size(), "warning");
  for (const ErrorReport& error : errors) seen += "; \"" + error.message + "\"";
  if (params.has("count") && params.integer("count") != static_cast<std::int64_t>(errors.size())) {
    return Failure{counted(static_cast<std::size_t>(params.integer("count")), "warning"), seen};
  }
  if (!params.has("contains")) return std::nullopt;
  const bool found = std::any_of(errors.begin(), errors.end(), [&](const ErrorReport& error) {
    return error.message.find(params.text("contains")) != std::string::npos;
  });
  return unless(found, "a warning with \"" + params.text("contains") + "\"", seen);
}

// --- the server's word --------------------------------------------------------------------------

Finding stored(World& world, const Step& step) {
  const Params params(step.params);
  const World::Store store = world.store(step.client);
  if (auto failure = differs(params, "count", store.names.size())) {
    return Failure{"stored: " + failure->expected, failure->seen};
  }
  if (auto failure = differs(params, "received", store.received)) return failure;
  if (!params.has("events")) return std::nullopt;
  const json expected = params.texts("events");
  return unless(json(store.names) == expected, "the events " + expected.dump() + " stored",
                json(store.names).dump());
}

Finding no_shared_uuids(World& world, const Step&) {
  std::set<std::string> uuids;
  for (const mock::StoredEvent& event : world.server().stored()) {
    if (!uuids.insert(event.uuid).second)
      return Failure{"each uuid once over all clients", event.uuid};
  }
  return unless(!uuids.empty(), "stored events", "none");
}

Finding no_violations(World& world, const Step& step) {
  const auto seen = world.violations(step.client);
  return unless(seen.empty(), "no breach of the protocol", seen.empty() ? "" : seen.front());
}

Finding violations(World& world, const Step& step) {
  const Params params(step.params);
  const auto seen = world.violations(step.client);
  const std::string text = seen.empty() ? "none" : seen.front();
  world.expect_violations();
  if (params.has("count")) {
    const auto expected = static_cast<std::size_t>(params.integer("count"));
    if (seen.size() != expected) return Failure{counted(expected, "breach of the protocol"), text};
  }
  const std::string part = params.text("contains", "");
  const bool found = std::any_of(seen.begin(), seen.end(), [&](const std::string& one) {
    return one.find(part) != std::string::npos;
  });
  return unless(found || (params.has("count") && seen.empty()),
                "a breach of the protocol with \"" + part + "\"", text);
}

Finding trace_contains(World& world, const Step& step) {
  const Params params(step.params);
  for (const TraceEntry& entry : world.trace().entries()) {
    if (entry.label != params.text("label")) continue;
    if (!params.has("field")) return std::nullopt;
    for (const auto& [name, value] : entry.fields) {
      if (name != params.text("field")) continue;
      if (!params.has("value") || value == params.text("value")) return std::nullopt;
    }
  }
  return Failure{"a trace entry " + step.params.to_json(), "none"};
}

constexpr Action kLedgerChecks[] = {
    {"assert_ledger", "the client's counters", kLedger, ledger},
    {"assert_outcomes", "how the client's events ended", kOutcomes, outcomes},
    {"assert_flush_report", "what a flush or shutdown reported", kReport, flush_report},
    {"assert_captured", "what the last capture answered", kCaptured, captured},
    {"assert_capture_refused", "the last capture answered that it did not take the event", kRefused,
     captured},
    {"assert_elapsed", "the virtual time the last call took", kElapsed, elapsed},
    {"assert_time", "the virtual time now", kTime, time_is},
    {"assert_action_result", "the last call's answer", kResult, action_result},
    {"assert_action_result_uuid_matches_event",
     "the last call's uuid is the last event's",
     {},
     result_uuid_matches_event},
    {"assert_warnings", "what on_error was told", kWarnings, warnings},
    {"assert_stored", "what the server kept, each event once", kStored, stored},
    {"assert_no_shared_uuids",
     "no two stored events of any clients have one uuid",
     {},
     no_shared_uuids},
    {"assert_no_violations", "the mock saw no breach of the protocol", {}, no_violations},
    {"assert_violations", "the mock saw breaches, and they are meant", kViolations, violations},
    {"assert_trace_contains", "an entry of the trace", kTrace, trace_contains},
};

}  // namespace

std::span<const Action> ledger_checks() { return kLedgerChecks; }

}  // namespace lockstep::scenario
