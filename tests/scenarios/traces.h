// Results with a trace made by hand, for what draws traces.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "scenarios/runner.h"

namespace lockstep::scenario {

// A trace that is written line by line.
class HandMade {
 public:
  explicit HandMade(std::string name) { result_.name = std::move(name); }

  // Appends an entry at the millisecond, of client "main" unless its first field names another, and
  // returns its number.
  std::uint64_t at(std::int64_t ms, std::string_view label,
                   std::initializer_list<TraceField> fields = {}, std::uint64_t cause = 0) {
    std::vector<TraceField> all(fields);
    if (all.empty() || all.front().name != "client") all.insert(all.begin(), {"client", "main"});
    return trace_.record({Instant{std::chrono::milliseconds{ms}}, label, cause, all});
  }

  Result& result() {
    result_.entries = trace_.entries();
    return result_;
  }

 private:
  Result result_;
  Trace trace_;
};

// A batch that gets a 503, waits from 2 ms to 200 ms, and is delivered at 202 ms.
inline Result retried_once() {
  HandMade trace("a 503 is retried");
  trace.at(0, "step", {{"number", "1"}, {"action", "init"}});
  trace.at(0, "step", {{"number", "2"}, {"action", "capture"}});
  for (const char* uuid : {"u1", "u2"})
    trace.at(0, "capture", {{"uuid", uuid}, {"admission", "accepted"}});
  trace.at(0, "step", {{"number", "3"}, {"action", "flush"}});
  const auto flush = trace.at(0, "flush", {{"ticket", "1"}});
  const auto first =
      trace.at(0, "send", {{"batch", "1"}, {"attempt", "1"}, {"path", "/batch/"}, {"body", "7"}});
  trace.at(0, "timer", {{"until", "30.000000000"}});
  trace.at(1, "request",
           {{"to", "/batch/"}, {"status", "503"}, {"body", "7"}, {"delay", "0.000000000"}});
  const auto answer = trace.at(2, "answer", {{"status", "503"}}, first);
  trace.at(2, "retry", {{"batch", "1"}, {"until", "0.200000000"}}, answer);
  trace.at(2, "pause", {{"endpoint", "0"}, {"until", "0.200000000"}}, answer);
  trace.at(2, "timer", {{"until", "0.200000000"}});
  const auto second =
      trace.at(200, "send", {{"batch", "1"}, {"attempt", "2"}, {"path", "/batch/"}, {"body", "8"}});
  trace.at(200, "timer", {{"until", "30.000000000"}});
  trace.at(201, "request",
           {{"to", "/batch/"}, {"status", "200"}, {"body", "8"}, {"delay", "0.000000000"}});
  trace.at(202, "answer", {{"status", "200"}}, second);
  trace.at(202, "report", {{"ticket", "1"}, {"status", "complete"}}, flush);
  for (const char* uuid : {"u1", "u2"})
    trace.at(202, "outcome", {{"uuid", uuid}, {"end", "delivered"}});
  trace.at(202, "step", {{"number", "4"}, {"action", "assert_stored"}});
  trace.result().steps = 4;
  return trace.result();
}

}  // namespace lockstep::scenario
