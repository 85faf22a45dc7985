// The line that shows how far a run has come: done of total, failures, real time so far. It
// rewrites itself in place, so it is for a terminal; otherwise it writes nothing.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <mutex>

#include "clock/clock.h"
#include "scenarios/runner.h"

namespace lockstep::scenario {

// Thread-safe. The line is removed when the object ends.
class Progress {
 public:
  // `terminal` says whether `out` is one. `out` and `stopwatch` must outlive the object.
  Progress(std::ostream& out, bool terminal, std::size_t total, Clock& stopwatch);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  // Counts a test that ended. Writes at most every kBetween, and at the last.
  void ended(const Result& result);

  static constexpr Duration kBetween = std::chrono::milliseconds{50};

 private:
  std::ostream& out_;
  const bool terminal_;
  const std::size_t total_;
  Clock& stopwatch_;
  const Instant start_;

  std::mutex mutex_;
  std::size_t done_ = 0;
  std::size_t failures_ = 0;
  Instant written_ = Instant::min();
};

}  // namespace lockstep::scenario
