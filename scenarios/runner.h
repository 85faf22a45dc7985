// Runs scenarios and says what happened.
//
// Each scenario gets a world of its own, so scenarios cannot touch each other and their order does
// not matter. After its last step the runner checks what must hold whatever the scenario was about:
// the ledger balances, what the SDK calls delivered is stored, and a strict mock saw no breach.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clock/clock.h"
#include "clock/trace.h"
#include "scenarios/action.h"
#include "scenarios/scenario.h"
#include "scenarios/sightings.h"

namespace lockstep::scenario {

struct Result;

struct RunOptions {
  std::uint64_t seed = 1;  // of scenarios that name none
  Epoch epoch{};
  Clock* stopwatch = nullptr;  // measures real time; none: real times are 0
  bool keep_trace = false;     // Result::entries
  bool is_watched = true;      // by the oracles, where the scenario's settings want them
  bool keep_states = false;    // Result::states; steps that look at the trace find none then
  // How many scenarios run at a time; the result does not depend on it.
  unsigned jobs = 1;
  // Told of each scenario that ended, by one thread at a time, in the order in which they end.
  std::function<void(const Result&)> progress{};
};

struct FailedStep {
  std::size_t number = 0;  // from 1; 0: the checks after the last step
  std::string action;      // or the name of the check
  Mark at;
  Failure failure;
};

struct Result {
  std::string name;
  std::string file;
  Mark at;
  std::size_t steps = 0;
  std::optional<FailedStep> failed;
  std::string skipped;                // why it was not run; empty: it was
  std::vector<std::string> requests;  // one line each, as the mock saw them; only of a failure
  std::string nearest;                // which request came nearest to what failed; empty: none
  Duration virtual_time{0};           // that passed in the scenario
  Duration real_time{0};              // that it took
  std::size_t trace_entries = 0;
  std::uint64_t digest = 0;         // of its trace
  std::vector<TraceEntry> entries;  // the trace itself, where RunOptions asked for it
  // What was seen of the engines' kinds of states: each step from one to another, once, as numbers.
  std::vector<std::uint64_t> states;
  Sightings sightings;  // and of their conditions

  std::string replay;  // the command line that runs just this one again; empty: it is in no file

  // Of a contract test only.
  std::string suite;
  std::string target;  // what it ran against

  bool passed() const noexcept { return skipped.empty() && !failed.has_value(); }
};

struct Run {
  std::vector<Result> results;
  std::uint64_t digest = 0;  // over the names and digests of all, in order
  // Real time from the first one's start to the last one's end, where they ran side by side.
  std::optional<Duration> elapsed;

  std::size_t passed() const noexcept;
  std::size_t failures() const noexcept;
  std::size_t skipped() const noexcept;
  Duration virtual_time() const noexcept;
  // `elapsed`; without it the sum of all real times.
  Duration real_time() const noexcept;
};

// The text as one word of a POSIX shell, for the command lines of Result::replay.
std::string shell_quoted(std::string_view text);

// Never throws for what a scenario does: that is a failure of its step.
Result run(const Scenario& scenario, const RunOptions& options = {});
Run run(const std::vector<Scenario>& scenarios, const RunOptions& options = {});

}  // namespace lockstep::scenario
