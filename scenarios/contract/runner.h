// Runs contract tests and says what happened.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "clock/clock.h"
#include "scenarios/contract/contract.h"
#include "scenarios/contract/stage.h"
#include "scenarios/runner.h"

namespace lockstep::contract {

// What the tests run against.
class Target {
 public:
  virtual ~Target() = default;
  // "v1 gzip", "posthog-rs 0.3.1": names it in reports.
  virtual const std::string& name() const = 0;
  virtual const std::set<std::string>& capabilities() const = 0;
  // How many tests may run at once; 1 where they share one SDK.
  virtual std::size_t concurrency() const = 0;
  // A stage for one test. Thread-safe where concurrency() > 1. Throws std::runtime_error with what
  // is wrong.
  virtual std::unique_ptr<Stage> stage(const Test& test) = 0;
};

struct RunOptions {
  Clock* stopwatch = nullptr;  // measures real time; none: real times are 0
  bool keep_trace = false;     // Result::entries
  // Holds every test to more than the original does: the mock's strict mode may have nothing to
  // complain about, and negative checks at the end must still hold once the SDK came to rest.
  bool strict = true;
  // Told of each test that ended, from whichever thread ran it, one at a time.
  std::function<void(const scenario::Result&)> progress;
};

// Runs one test. Never throws: whatever goes wrong is its failure.
scenario::Result run(const Test& test, Target& target, const RunOptions& options);

// Runs the tests that the target can run, side by side where it allows it; results come in the
// order of the tests.
std::vector<scenario::Result> run(const std::vector<const Test*>& tests, Target& target,
                                  const RunOptions& options);

}  // namespace lockstep::contract
