#include "mockserver/script.h"

#include <algorithm>
#include <array>

#include "http/field_rules.h"

namespace lockstep::mock {

namespace {

constexpr std::array<std::pair<http::Fault, std::string_view>, 11> kFaultNames{
    {{http::Fault::none, "none"},
     {http::Fault::refuse_connection, "refuse_connection"},
     {http::Fault::hang_connection, "hang_connection"},
     {http::Fault::fail_resolution, "fail_resolution"},
     {http::Fault::reset_before, "reset_before"},
     {http::Fault::reset_after, "reset_after"},
     {http::Fault::no_answer, "no_answer"},
     {http::Fault::truncate_body, "truncate_body"},
     {http::Fault::garbage, "garbage"},
     {http::Fault::slow_body, "slow_body"},
     {http::Fault::endless_body, "endless_body"}}};

std::optional<std::string> shorthand_details(const std::string& result) {
  if (result == "retry") return "not_persisted";
  if (result == "drop") return "invalid_event";
  if (result == "limited" || result == "warning") return "person_processing_disabled";
  return std::nullopt;
}

// `path` says where the step stands, in words that are made when it is wrong.
template <typename Path>
void check_step(const Step& step, const Path& path) {
  const auto refuse_at = [&](const std::string& member, const std::string& problem) {
    throw ScriptError(path() + '.' + member, problem);
  };
  if (step.status < 200 || step.status > 599) {
    refuse_at("status", "is " + std::to_string(step.status) + "; it must be in 200..599");
  }
  for (const http::Header& header : step.headers) {
    if (!http::is_token(header.name)) refuse_at("headers." + header.name, "is no name of a header");
    if (!http::is_field_value(header.value)) {
      refuse_at("headers." + header.name, "holds a control character");
    }
  }
  if (step.delay < Duration::zero()) refuse_at("delay_ms", "is negative");
  if (step.repeat == 0) refuse_at("repeat", "is 0; it must be at least 1");
  const bool needs_bytes =
      step.fault == http::Fault::slow_body || step.fault == http::Fault::endless_body;
  if (needs_bytes && step.fault_bytes == 0) {
    refuse_at("fault_bytes",
              "must be at least 1 for the fault " + std::string(fault_name(step.fault)));
  }
  if (step.processed && step.fault != http::Fault::no_answer && !is_processed(step)) {
    refuse_at("processed", "contradicts the fault " + std::string(fault_name(step.fault)));
  }
}

void check_steps(const std::vector<Step>& steps, const std::string& path) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    check_step(steps[i], [&] { return path + '[' + std::to_string(i) + ']'; });
  }
}

void check_sequence(const Sequence& sequence, const std::string& path) {
  if (sequence.path && (!sequence.path->starts_with('/') ||
                        sequence.path->find_first_of("?#") != std::string::npos)) {
    throw ScriptError(path + ".path", "must begin with '/' and hold neither '?' nor '#'");
  }
  if (sequence.method && !http::is_token(*sequence.method)) {
    throw ScriptError(path + ".method", "is no HTTP method");
  }
  if (sequence.steps.empty()) throw ScriptError(path + ".steps", "is empty");
  check_steps(sequence.steps, path + ".steps");
}

}  // namespace

EventResult::EventResult(std::string shorthand)
    : result(std::move(shorthand)), details(shorthand_details(result)) {}

ScriptError::ScriptError(std::string path, const std::string& problem)
    : std::invalid_argument((path.empty() ? "the script" : path) + ' ' + problem),
      path_(std::move(path)) {}

bool is_processed(const Step& step) noexcept {
  switch (step.fault) {
    case http::Fault::refuse_connection:
    case http::Fault::hang_connection:
    case http::Fault::fail_resolution:
    case http::Fault::reset_before:
      return false;
    case http::Fault::no_answer:
      return step.processed;
    default:
      return true;
  }
}

void check(const Script& script) {
  if (script.responses) check_steps(*script.responses, "responses");
  if (script.default_response)
    check_step(*script.default_response, [] { return std::string("default"); });
  if (script.sequences) {
    for (std::size_t i = 0; i < script.sequences->size(); ++i) {
      check_sequence((*script.sequences)[i], "sequences[" + std::to_string(i) + ']');
    }
  }
  if (script.latency && *script.latency < Duration::zero()) {
    throw ScriptError("latency_ms", "is negative");
  }
}

std::string_view fault_name(http::Fault fault) noexcept {
  const auto named = std::find_if(kFaultNames.begin(), kFaultNames.end(),
                                  [&](const auto& one) { return one.first == fault; });
  return named == kFaultNames.end() ? "none" : named->second;
}

std::optional<http::Fault> parse_fault(std::string_view name) noexcept {
  const auto named = std::find_if(kFaultNames.begin(), kFaultNames.end(),
                                  [&](const auto& one) { return one.second == name; });
  if (named == kFaultNames.end()) return std::nullopt;
  return named->first;
}

}  // namespace lockstep::mock
