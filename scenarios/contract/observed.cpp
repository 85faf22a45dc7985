#include "scenarios/contract/observed.h"

#include <string>
#include <utility>

#include "clock/timestamp.h"
#include "mockserver/script.h"

namespace lockstep::contract {

namespace {

void record(Trace& trace, const TraceEntry& step, Instant at) {
  std::vector<TraceField> fields;
  for (const auto& [name, value] : step.fields) fields.push_back({name, value});
  trace.record({at, step.label, 0, fields});
}

void record(Trace& trace, const mock::JournalEntry& request, Instant at) {
  trace.record(
      at, "request",
      {{"client", request.test_id},
       {"number", request.number},
       {"to", request.path + (request.query.empty() ? "" : "?" + request.query)},
       {"status", request.status},
       {"retry_after", request.response_headers.get("Retry-After").value_or("")},
       {"fault", request.fault == http::Fault::none ? "" : mock::fault_name(request.fault)},
       {"delay", to_seconds(request.delay)},
       {"attempt", request.attempt},
       {"events", request.event_count.value_or(0)}});
}

}  // namespace

std::vector<TraceEntry> observed(const std::vector<TraceEntry>& steps,
                                 const std::vector<Recorded>& requests, Instant began) {
  Trace trace;
  const auto since_began = [&](Instant at) { return Instant{at - began}; };
  auto request = requests.begin();
  const auto record_requests_before = [&](Instant at) {
    for (; request != requests.end() && request->entry.arrival.at < at; ++request) {
      record(trace, request->entry, since_began(request->entry.arrival.at));
    }
  };
  for (const TraceEntry& step : steps) {
    record_requests_before(step.at);
    record(trace, step, since_began(step.at));
  }
  record_requests_before(kNever);
  return trace.entries();
}

}  // namespace lockstep::contract
