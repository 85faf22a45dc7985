// What a trace draws: spans and instants on tracks over virtual time, for the timeline page and the
// Chrome trace. A plain function of a result's trace; knows neither HTML nor JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clock/time.h"
#include "scenarios/runner.h"

namespace lockstep::scenario {

// The tracks of a scenario, from top to bottom.
enum class Track : std::uint8_t {
  steps,     // what the test does
  calls,     // what the program asks of a client: capture, flush, shutdown
  waits,     // why a client does nothing: pauses, retries to come, timers
  outcomes,  // what became of its events
  network,   // its requests, from their start to their answer
  server,    // requests as the server sees them
};
inline constexpr std::size_t kTrackCount = 6;
std::string_view to_string(Track track) noexcept;

enum class Tone : std::uint8_t {
  neutral,
  good,
  trouble,  // it goes on: a retry follows, an event is unconfirmed
  bad,
};
std::string_view to_string(Tone tone) noexcept;

struct Span {
  Track track = Track::steps;
  std::size_t client = 0;  // which of Spans::clients; 0 on the tracks of the test and the server
  std::size_t row = 0;     // spans of one row of a track do not overlap
  Instant from{};
  Instant to{};       // `from`: an instant
  bool open = false;  // goes on after the last entry of the trace
  std::string kind;   // "step", "capture", "flush", "shutdown", "pause", "retry", "split", "timer",
                      // "outcome", "request", "arrival"
  std::string title;  // a few words
  Tone tone = Tone::neutral;
  std::size_t count = 1;             // how many of the same happened at that instant
  std::vector<std::size_t> entries;  // indices into Result::entries
  // The span it follows from: of a request the one whose events it carries again, of an arrival its
  // request.
  std::optional<std::size_t> link;
};

struct Spans {
  std::vector<std::string> clients;  // at least one
  std::vector<Span> spans;           // in order of their starts
  Instant end{};                     // of the trace
};

Spans spans_of(const Result& result);

}  // namespace lockstep::scenario
