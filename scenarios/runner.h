// Runs scenarios and says what happened.
//
// Each scenario gets a world of its own, so scenarios cannot touch each other and their order does
// not matter. After its last step the runner checks what must hold whatever the scenario was about:
// the ledger balances, what the SDK calls delivered is stored, and a strict mock saw no breach.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clock/clock.h"
#include "clock/trace.h"
#include "scenarios/action.h"
#include "scenarios/scenario.h"

namespace lockstep::scenario {

struct RunOptions {
  std::uint64_t seed = 1;      // of scenarios that name none
  Clock* stopwatch = nullptr;  // measures real time; none: real times are 0
  bool keep_trace = false;     // Result::entries
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
  std::vector<std::string> requests;  // one line each, as the mock saw them; only of a failure
  Duration virtual_time{0};           // that passed in the scenario
  Duration real_time{0};              // that it took
  std::size_t trace_entries = 0;
  std::uint64_t digest = 0;         // of its trace
  std::vector<TraceEntry> entries;  // the trace itself, where RunOptions asked for it

  // Of a contract test only.
  std::string suite;
  std::string target;  // what it ran against
  std::string replay;  // the command line that runs just this test again

  bool passed() const noexcept { return !failed.has_value(); }
};

struct Run {
  std::vector<Result> results;
  std::uint64_t digest = 0;  // over the names and digests of all, in order

  std::size_t failures() const noexcept;
  Duration virtual_time() const noexcept;
  Duration real_time() const noexcept;
};

// Never throws for what a scenario does: that is a failure of its step.
Result run(const Scenario& scenario, const RunOptions& options = {});
Run run(const std::vector<Scenario>& scenarios, const RunOptions& options = {});

}  // namespace lockstep::scenario
