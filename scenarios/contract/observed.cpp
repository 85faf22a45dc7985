#include "scenarios/contract/observed.h"

#include <string>
#include <utility>

#include "clock/timestamp.h"
#include "mockserver/script.h"

namespace lockstep::contract {

namespace {

using Fields = std::vector<Trace::Field>;

Fields fields_of(const TraceEntry& step) {
  Fields fields;
  for (const auto& [name, value] : step.fields) fields.emplace_back(name, value);
  return fields;
}

Fields fields_of(const mock::JournalEntry& request) {
  const auto patience = request.response_headers.get("Retry-After");
  const bool fault = request.fault != http::Fault::none;
  return {{"client", request.test_id},
          {"number", std::to_string(request.number)},
          {"to", request.path + (request.query.empty() ? "" : "?" + request.query)},
          {"status", std::to_string(request.status)},
          {"retry_after", std::string(patience.value_or(""))},
          {"fault", fault ? std::string(mock::fault_name(request.fault)) : ""},
          {"delay", to_seconds(request.delay)},
          {"attempt", std::to_string(request.attempt)},
          {"events", std::to_string(request.event_count.value_or(0))}};
}

}  // namespace

std::vector<TraceEntry> observed(const std::vector<TraceEntry>& steps,
                                 const std::vector<Recorded>& requests, Instant began) {
  Trace trace;
  const auto since_began = [&](Instant at) { return Instant{at - began}; };
  auto request = requests.begin();
  const auto record_requests_before = [&](Instant at) {
    for (; request != requests.end() && request->entry.arrival.at < at; ++request) {
      trace.record(since_began(request->entry.arrival.at), "request", fields_of(request->entry));
    }
  };
  for (const TraceEntry& step : steps) {
    record_requests_before(step.at);
    trace.record(since_began(step.at), step.label, fields_of(step));
  }
  record_requests_before(kNever);
  return trace.entries();
}

}  // namespace lockstep::contract
