#include "scenarios/explore/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "scenarios/explore/shrink.h"
#include "scenarios/explore/write.h"
#include "scenarios/node.h"

namespace lockstep::explore {

using scenario::json_quoted;
using scenario::Result;
using scenario::Scenario;

namespace {

constexpr std::size_t kBarWidth = 20;

Shrunk shrunk(const FoundFailure& failure, std::size_t limit) {
  const auto fails = [&](const Scenario& candidate) {
    // A law needs the run a second time to be judged.
    const Result result =
        failure.result.failed->number == 0 ? run_twice(candidate) : scenario::run(candidate);
    return same_failure(result, failure.result);
  };
  return shrink(failure.scenario, fails, limit);
}

double in_seconds(Duration time) { return static_cast<double>(time.count()) / 1e9; }

double rate_of(const Progress& progress) {
  const double time = in_seconds(progress.real_time);
  return time > 0 ? static_cast<double>(progress.runs) / time : 0;
}

// Whichever of the two bounds is nearer: the number of seeds or the budget.
double share_done(const Progress& progress, const ExploreOptions& options, Duration elapsed) {
  double share = options.seeds == 0
                     ? 1
                     : static_cast<double>(progress.runs) / static_cast<double>(options.seeds);
  if (options.budget > Duration{0}) {
    share = std::max(share, in_seconds(elapsed) / in_seconds(options.budget));
  }
  return std::min(share, 1.0);
}

double seconds_left(const Progress& progress, const ExploreOptions& options, Duration elapsed) {
  const double rate = rate_of(progress);
  const auto runs = static_cast<double>(options.seeds - std::min(progress.runs, options.seeds));
  double left = rate > 0 ? runs / rate : 0;
  if (options.budget > Duration{0}) {
    left = std::min(left, in_seconds(options.budget - std::min(elapsed, options.budget)));
  }
  return left;
}

}  // namespace

FailureFile file_of(const FoundFailure& failure, std::size_t limit) {
  const Shrunk small = shrunk(failure, limit);
  const std::string number = std::to_string(failure.seed);
  const std::string made_from = failure.from_seed ? "seed" : "run";
  const std::string stem = made_from + "-" + number;
  Scenario named = small.scenario;
  named.name = failure.behaviour + " (" + made_from + " " + number + ")";
  FailureFile file{stem + ".yaml", "", named.steps.size(), stem + ".tape", failure.tape.to_text()};
  const std::string comment = "Found by lockstep explore, run " + number + "; shrunk from " +
                              std::to_string(failure.scenario.steps.size()) + " steps to " +
                              std::to_string(file.steps) + " in " + std::to_string(small.runs) +
                              " runs" + (small.finished ? "." : ", and not to the end.") +
                              "\nexpected " + failure.result.failed->failure.expected + "\nsaw " +
                              failure.result.failed->failure.seen + "\nAgain: lockstep replay " +
                              file.name;
  file.text = to_yaml(named, comment);
  return file;
}

std::string to_json(const FoundFailure& failure, const FailureFile& file, const std::string& path) {
  const scenario::Failure& what = failure.result.failed->failure;
  return "{\"run\":" + std::to_string(failure.seed) +
         ",\"from_seed\":" + (failure.from_seed ? "true" : "false") +
         ",\"behaviour\":" + json_quoted(failure.behaviour) +
         ",\"expected\":" + json_quoted(what.expected) + ",\"seen\":" + json_quoted(what.seen) +
         ",\"steps\":" + std::to_string(failure.scenario.steps.size()) +
         ",\"shrunk_steps\":" + std::to_string(file.steps) +
         ",\"file\":" + (path.empty() ? "null" : json_quoted(path)) + "}";
}

std::vector<Coverage::Table> tables_of(const Exploration& found) {
  std::optional<Workload> workload = found.workload;
  if (!workload && found.capture) workload = Workload::events;
  return found.coverage.tables(found.capture, workload);
}

std::string progress_line(const Progress& progress, const ExploreOptions& options,
                          Duration elapsed) {
  const double share = share_done(progress, options, elapsed);
  const auto full = static_cast<std::size_t>(std::floor(share * kBarWidth));
  const std::string bar = std::string(full, '#') + std::string(kBarWidth - full, '.');
  char rest[256];
  std::snprintf(rest, sizeof rest,
                "%3.0f %%, %llu runs, %.0f/s, %.1f virtual hours, %zu transitions, %zu failed, "
                "%.0f s left",
                std::floor(share * 100), static_cast<unsigned long long>(progress.runs),
                rate_of(progress), in_seconds(progress.virtual_time) / 3600, progress.transitions,
                progress.failures, seconds_left(progress, options, elapsed));
  return "[" + bar + "] " + rest;
}

}  // namespace lockstep::explore
