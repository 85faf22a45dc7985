// Checks of what the mock answered to the first request: that the test bed does what a test relies
// on.
#include <nlohmann/json.hpp>

#include "scenarios/contract/look.h"
#include "scenarios/contract/python_values.h"

namespace lockstep::contract {

using nlohmann::json;

namespace {

constexpr Field kTag[] = {{"expected", Type::text, true, "the error's tag"}};
constexpr Field kEventResult[] = {
    {"uuid", Type::text, true, "the event's uuid"},
    {"expected_result", Type::text, true, "its result"},
    {"expected_details", Type::text, false, "its details; default: any"},
};
constexpr Field kAllResults[] = {{"expected_result", Type::text, true, "the result of each event"}};

// The first request's answer, an object.
Found<json> first_answer(Context& context, const std::string& expected) {
  const auto request = first_request(context, expected);
  if (!request) return request.failure();
  auto answer = answer_of(*request, expected);
  if (!answer) return answer.failure();
  if (!answer->is_object()) return Failure{expected, shown(*answer)};
  return answer;
}

// Its "results", by uuid.
Found<json> first_results(Context& context) {
  const std::string expected = "an object \"results\" in the answer";
  const auto answer = first_answer(context, expected);
  if (!answer) return answer.failure();
  const json& results = member(*answer, "results");
  if (!results.is_object()) return Failure{expected, shown(*answer)};
  return results;
}

Finding v1_error_response_format(Context& context, const Step&) {
  const auto answer = first_answer(context, "an error of capture v1");
  if (!answer) return answer.failure();
  for (const char* field : {"error", "error_description", "error_uri"}) {
    if (member(*answer, field).is_string()) continue;
    return Failure{"a text in " + in_quotes(field) + " of the answer", shown(*answer)};
  }
  return std::nullopt;
}

Finding v1_error_tag(Context& context, const Step& step) {
  const auto answer = first_answer(context, "an error of capture v1");
  if (!answer) return answer.failure();
  return expect_equal("\"error\" of the answer", Params(step.params).text("expected"),
                      member(*answer, "error"));
}

Finding v1_per_event_result(Context& context, const Step& step) {
  const Params params(step.params);
  const std::string& uuid = params.text("uuid");
  const auto results = first_results(context);
  if (!results) return results.failure();
  const json& entry = member(*results, uuid);
  if (!entry.is_object()) return Failure{"a result for " + uuid, "none in " + shown(*results)};
  if (auto failure = expect_equal("the result of " + uuid, params.text("expected_result"),
                                  member(entry, "result"))) {
    return failure;
  }
  if (!params.has("expected_details")) return std::nullopt;
  return expect_equal("the details of " + uuid, params.text("expected_details"),
                      member(entry, "details"));
}

Finding v1_all_events_result(Context& context, const Step& step) {
  const json expected = Params(step.params).text("expected_result");
  const auto results = first_results(context);
  if (!results) return results.failure();
  for (const auto& entry : results->items()) {
    const json& value = entry.value();
    const json& result = value.is_object() ? member(value, "result") : value;
    if (auto failure = expect_equal("the result of " + entry.key(), expected, result)) {
      return failure;
    }
  }
  return std::nullopt;
}

Finding v1_response_has_results_map(Context& context, const Step&) {
  return first_results(context).failure();
}

Finding v1_response_results_count(Context& context, const Step& step) {
  const auto answer = first_answer(context, "an answer of capture v1");
  if (!answer) return answer.failure();
  const auto results = answer->find("results");
  const bool none = results == answer->end();
  if (!none && !results->is_structured()) {
    return Failure{"\"results\" that can be counted", shown(*answer)};
  }
  return expect_equal("the number of results", Params(step.params).integer("expected"),
                      none ? 0 : results->size());
}

Finding v1_response_status(Context& context, const Step& step) {
  const auto request = first_request(context, "an answer");
  if (!request) return request.failure();
  return expect_equal("the status", Params(step.params).integer("expected"), request->entry.status);
}

// An empty header is none.
bool has_retry_after(const Recorded& request) {
  return !header_of(request.entry.response_headers, "Retry-After").value_or("").empty();
}

Finding v1_retry_after_present(Context& context, const Step&) {
  const auto request = first_request(context, "an answer with Retry-After");
  if (!request) return request.failure();
  return unless(has_retry_after(*request), "Retry-After in the answer", "none");
}

Finding v1_retry_after_absent(Context& context, const Step&) {
  const auto request = first_request(context, "an answer without Retry-After");
  if (!request) return request.failure();
  return unless(!has_retry_after(*request), "no Retry-After in the answer",
                header_text(request->entry.response_headers, "Retry-After"));
}

Finding v1_response_echoes_request_id(Context& context, const Step&) {
  constexpr std::string_view kName = "PostHog-Request-Id";
  const auto request = first_request(context, "a request with PostHog-Request-Id");
  if (!request) return request.failure();
  const std::string sent = header_of(request->entry.headers, kName).value_or("");
  if (sent.empty()) return Failure{"PostHog-Request-Id in the request", "none"};
  const auto echoed = header_of(request->entry.response_headers, kName);
  // To a body that it cannot read, the original answers without the header, and records it.
  const bool is_bare = request->entry.route == mock::Route::v1 && request->entry.body_filled_in;
  if (!echoed && is_bare) return std::nullopt;
  return unless(echoed == sent, "PostHog-Request-Id: " + sent + " in the answer",
                header_text(request->entry.response_headers, kName));
}

constexpr Action kResponseChecks[] = {
    {"assert_v1_error_response_format",
     Kind::check,
     "the first answer has error, error_description and error_uri",
     {},
     v1_error_response_format},
    {"assert_v1_error_tag", Kind::check, "of the first answer", kTag, v1_error_tag},
    {"assert_v1_per_event_result", Kind::check, "of one event in the first answer", kEventResult,
     v1_per_event_result},
    {"assert_v1_all_events_result", Kind::check, "of each event in the first answer", kAllResults,
     v1_all_events_result},
    {"assert_v1_response_has_results_map",
     Kind::check,
     "the first answer has results by uuid",
     {},
     v1_response_has_results_map},
    {"assert_v1_response_results_count", Kind::check, "in the first answer", kCount,
     v1_response_results_count},
    {"assert_v1_response_status", Kind::check, "of the first answer", kCount, v1_response_status},
    {"assert_v1_retry_after_present",
     Kind::check,
     "in the first answer",
     {},
     v1_retry_after_present},
    {"assert_v1_retry_after_absent",
     Kind::negative,
     "from the first answer",
     {},
     v1_retry_after_absent},
    {"assert_v1_response_echoes_request_id",
     Kind::check,
     "the first answer has its request's PostHog-Request-Id",
     {},
     v1_response_echoes_request_id},
};

}  // namespace

std::span<const Action> response_checks() { return kResponseChecks; }

}  // namespace lockstep::contract
