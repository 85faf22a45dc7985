// Checks of several requests together: whether they came again, when, and with what in them. The
// original compares the first two, and it takes the second for a retry of the first.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "scenarios/contract/look.h"
#include "scenarios/contract/python_values.h"

namespace lockstep::contract {

using nlohmann::json;

namespace {

constexpr Field kStatuses[] = {
    {"success_statuses", Type::list, false, "a list of statuses; default: [200]"}};
constexpr Field kDelay[] = {{"min_delay_ms", Type::integer, true, "milliseconds"}};
constexpr Field kFirstDelay[] = {{"min_first_delay_ms", Type::integer, true, "milliseconds"}};

constexpr std::string_view kAttempt = "PostHog-Attempt";
constexpr std::string_view kRequestId = "PostHog-Request-Id";
constexpr std::string_view kRequestTimestamp = "PostHog-Request-Timestamp";

// A failure where there are fewer than two requests.
Finding needs_two(Context& context) {
  const auto count = context.requests().size();
  return unless(count >= 2, "at least 2 requests", counted(count, "request"));
}

// --- times and statuses -------------------------------------------------------------------------

Finding final_success(Context& context, const Step& step) {
  std::set<std::int64_t> wanted;
  if (const Node* statuses = step.params.find("success_statuses")) {
    for (const Node& status : statuses->items()) wanted.insert(status.integer());
  } else {
    wanted.insert(200);
  }
  json seen = json::array();
  for (const Recorded& request : context.requests()) {
    if (wanted.count(request.entry.status) > 0) return std::nullopt;
    seen.push_back(request.entry.status);
  }
  return Failure{"a request answered with one of " + json(wanted).dump(), shown(seen)};
}

std::optional<Complaint> check_statuses(const Node& params) {
  const Node* statuses = params.find("success_statuses");
  if (statuses == nullptr) return std::nullopt;
  for (const Node& status : statuses->items()) {
    if (!status.is(Node::Kind::integer)) {
      return Complaint{status.at(), status.describe(), "an HTTP status in \"success_statuses\""};
    }
  }
  return std::nullopt;
}

Finding least_delay(Context& context, std::int64_t least, const std::string& what) {
  if (auto failure = needs_two(context)) return failure;
  const auto& requests = context.requests();
  const auto delay = requests[1].entry.timestamp_ms() - requests[0].entry.timestamp_ms();
  return unless(delay >= least, what + " of at least " + std::to_string(least) + "ms",
                std::to_string(delay) + "ms");
}

Finding retry_delay(Context& context, const Step& step) {
  return least_delay(context, Params(step.params).integer("min_delay_ms"), "a retry delay");
}

Finding backoff_implemented(Context& context, const Step& step) {
  return least_delay(context, Params(step.params).integer("min_first_delay_ms"), "a first delay");
}

Finding sdk_did_not_retry(Context& context, const Step&) {
  const auto& requests = context.requests();
  const auto count = std::count_if(requests.begin(), requests.end(),
                                   [](const Recorded& request) { return !is_flags(request); });
  return unless(count == 1, "1 capture request",
                counted(static_cast<std::size_t>(count), "capture request"));
}

// --- headers ------------------------------------------------------------------------------------

Finding attempt_header_increments(Context& context, const Step&) {
  if (auto failure = needs_two(context)) return failure;
  std::size_t attempt = 0;
  for (const Recorded& request : context.requests()) {
    ++attempt;
    const auto value = header_of(request.entry.headers, kAttempt);
    if (value && whole_number(*value) == std::to_string(attempt)) continue;
    return Failure{std::string(kAttempt) + ": " + std::to_string(attempt) + " in request " +
                       std::to_string(attempt - 1),
                   header_text(request.entry.headers, kAttempt)};
  }
  return std::nullopt;
}

Finding request_id_preserved_on_retry(Context& context, const Step&) {
  if (auto failure = needs_two(context)) return failure;
  const auto& requests = context.requests();
  const auto first = header_of(requests[0].entry.headers, kRequestId);
  if (first.value_or("").empty()) {
    return Failure{"a " + std::string(kRequestId) + " in the first request", "none"};
  }
  for (const Recorded& request : requests) {
    if (header_of(request.entry.headers, kRequestId) == first) continue;
    return Failure{std::string(kRequestId) + ": " + *first + " in each request",
                   header_text(request.entry.headers, kRequestId)};
  }
  return std::nullopt;
}

// A failure unless the first two requests have the header, with different values.
Finding differs(Context& context, std::string_view name) {
  if (auto failure = needs_two(context)) return failure;
  const auto& first = context.requests()[0].entry.headers;
  const auto& second = context.requests()[1].entry.headers;
  const std::string what = std::string(name) + " in the first two requests";
  for (const http::Headers* headers : {&first, &second}) {
    if (header_of(*headers, name).value_or("").empty()) {
      return Failure{what, header_text(*headers, name)};
    }
  }
  return unless(header_of(first, name) != header_of(second, name), "another " + what,
                header_text(first, name) + " in both");
}

Finding request_timestamp_changes_on_retry(Context& context, const Step&) {
  return differs(context, kRequestTimestamp);
}

Finding different_request_ids(Context& context, const Step&) {
  return differs(context, kRequestId);
}

// --- events -------------------------------------------------------------------------------------

struct Values {
  json list = json::array();
  Finding failure;
};

// Of the events of a request that have the field, in order.
Values values_of(const Recorded& request, const std::string& field) {
  Values values;
  values.failure = each_event(request, [&](std::size_t, const json& event) -> Finding {
    if (event.contains(field)) values.list.push_back(member(event, field));
    return std::nullopt;
  });
  return values;
}

// Two requests without events pass.
Finding preserved(Context& context, const std::string& field) {
  if (auto failure = needs_two(context)) return failure;
  const Values first = values_of(context.requests()[0], field);
  if (first.failure) return first.failure;
  const Values second = values_of(context.requests()[1], field);
  if (second.failure) return second.failure;
  return expect_equal("the " + field + "s of the second request", first.list, second.list);
}

Finding uuid_preserved_on_retry(Context& context, const Step&) {
  return preserved(context, "uuid");
}

Finding timestamp_preserved_on_retry(Context& context, const Step&) {
  return preserved(context, "timestamp");
}

// Which events of a batch an answer tells to retry, and which it does not, by uuid.
struct Verdicts {
  std::set<json> retry;
  std::set<json> others;
  Finding failure;
};

Verdicts verdicts_by_uuid(const json& results) {
  Verdicts verdicts;
  for (const auto& entry : results.items()) {
    const bool retried = entry.value().is_object() && member(entry.value(), "result") == "retry";
    (retried ? verdicts.retry : verdicts.others).insert(entry.key());
  }
  return verdicts;
}

// The older form: a list by place in the batch.
Verdicts verdicts_by_place(const json& results, const Recorded& request) {
  Verdicts verdicts;
  std::vector<json> uuids;
  verdicts.failure = each_event(request, [&](std::size_t, const json& event) -> Finding {
    uuids.push_back(event.value("uuid", json("")));
    return std::nullopt;
  });
  for (std::size_t i = 0; i < results.size() && !verdicts.failure; ++i) {
    if (!results[i].is_object()) {
      verdicts.failure = Failure{"results that are objects", shown(results[i])};
      break;
    }
    const bool retried = member(results[i], "result") == "retry";
    (retried ? verdicts.retry : verdicts.others).insert(i < uuids.size() ? uuids[i] : json(""));
  }
  return verdicts;
}

Finding compare(const Verdicts& verdicts, const Recorded& second) {
  std::set<json> seen;
  Finding odd = each_event(second, [&](std::size_t, const json& event) -> Finding {
    const json& uuid = member(event, "uuid");
    if (uuid.is_structured()) return Failure{"a uuid that is a text", shown(uuid)};
    seen.insert(uuid);
    return std::nullopt;
  });
  if (odd) return odd;
  for (const json& uuid : seen) {
    if (verdicts.others.count(uuid) == 0) continue;
    return Failure{"only events to be retried in the second request", shown(uuid)};
  }
  for (const json& uuid : verdicts.retry) {
    if (seen.count(uuid) > 0) continue;
    return Failure{shown(uuid) + " in the second request", shown(json(seen))};
  }
  return std::nullopt;
}

Finding partial_batch_retry_pruning(Context& context, const Step&) {
  if (auto failure = needs_two(context)) return failure;
  const Recorded& first = context.requests()[0];
  const std::string expected = "\"results\" in the first answer";
  const auto answer = answer_of(first, expected);
  if (!answer) return answer.failure();
  if (!answer->is_object()) return Failure{expected, shown(*answer)};
  const json& results = member(*answer, "results");
  if (!truthy(results)) return Failure{expected, "none in " + shown(*answer)};
  Verdicts verdicts;
  if (results.is_object()) verdicts = verdicts_by_uuid(results);
  if (results.is_array()) verdicts = verdicts_by_place(results, first);
  if (verdicts.failure) return verdicts.failure;
  return compare(verdicts, context.requests()[1]);
}

constexpr Action kRetryChecks[] = {
    {"assert_final_success", Kind::check, "some request was answered with success", kStatuses,
     final_success, check_statuses},
    {"assert_retry_delay", Kind::check, "between the first two requests", kDelay, retry_delay},
    {"assert_backoff_implemented", Kind::check, "between the first two requests", kFirstDelay,
     backoff_implemented},
    {"assert_sdk_did_not_retry",
     Kind::negative,
     "exactly one request that is not to /flags",
     {},
     sdk_did_not_retry},
    {"assert_attempt_header_increments",
     Kind::check,
     "1, 2, 3, ... over all requests of the test",
     {},
     attempt_header_increments},
    {"assert_request_id_preserved_on_retry",
     Kind::check,
     "the same over all requests of the test",
     {},
     request_id_preserved_on_retry},
    {"assert_request_timestamp_changes_on_retry",
     Kind::check,
     "from the first request to the second",
     {},
     request_timestamp_changes_on_retry},
    {"assert_different_request_ids",
     Kind::check,
     "in the first two requests",
     {},
     different_request_ids},
    {"assert_uuid_preserved_on_retry",
     Kind::check,
     "the first two requests have the same, in order",
     {},
     uuid_preserved_on_retry},
    {"assert_timestamp_preserved_on_retry",
     Kind::check,
     "the first two requests have the same, in order",
     {},
     timestamp_preserved_on_retry},
    {"assert_partial_batch_retry_pruning",
     Kind::check,
     "the second request holds what the first answer said to retry",
     {},
     partial_batch_retry_pruning},
};

}  // namespace

std::span<const Action> retry_checks() { return kRetryChecks; }

}  // namespace lockstep::contract
