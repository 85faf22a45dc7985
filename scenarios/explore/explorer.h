// The explorer: makes up runs by the thousand, judges each by the oracles, keeps what is new.
//
// Runs come in rounds. Within a round every run is independent, so they are spread over threads; at
// its end their findings are merged in the order of their numbers. So a range of seeds gives one
// result, whatever the number of jobs, and whether or not it was stopped in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clock/clock.h"
#include "scenarios/explore/coverage.h"
#include "scenarios/explore/family.h"
#include "scenarios/runner.h"
#include "scenarios/scenario.h"

namespace lockstep::explore {

struct Progress {
  std::uint64_t runs = 0;
  std::size_t failures = 0;
  std::size_t transitions = 0;
  Duration virtual_time{0};
  Duration real_time{0};
};

struct ExploreOptions {
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 10'000;
  Duration budget{0};  // of real time, looked at between rounds; zero: none
  // Stop after the round by which a new transition in the next seed is less likely than this
  // (Exploration::unseen_probability); zero: none. The same round whatever `jobs`.
  double until_unseen = 0;
  // Every run is watched by an oracle that is wrong, so that some run must fail.
  bool canary = false;
  std::optional<Capture> capture{};    // all runs in that protocol; nothing: it is drawn
  std::optional<Workload> workload{};  // all runs of that workload; likewise
  unsigned jobs = 1;
  std::uint64_t round = 1024;  // runs; part of what a range of seeds means where novelty is on
  // Half of the runs are made by changing choices of runs that reached something new; the others,
  // and all of them without it, are made from their seed alone.
  bool novelty = true;
  // One run in so many is made twice and must leave the same trace; another is made with its waits
  // cut into pieces and must behave the same. 0: none.
  std::uint64_t verify_one_in = 50;
  std::size_t stop_after = 1;  // failures of different kinds; the run that shows it is the last
  Clock* stopwatch = nullptr;  // measures real time; none: it is 0, and the budget is not kept
  std::function<void(const Progress&)> progress;  // called between rounds
  std::function<bool()> is_stopped;  // asked between rounds: true ends the exploration there
  // Called before each run by the thread that makes it: with the run's number, and whether that
  // alone makes it again.
  std::function<void(std::uint64_t run, bool from_seed)> on_run;

  // What an earlier exploration with the same meaning of seeds gave to `keep_state`: this one goes
  // on from there, and its result is that of one that was never stopped. Empty: from the start.
  std::string state;
  // Given the state after the first round, then after a round whenever `keep_every` of real time
  // has passed, and at the end. Always after a whole round: a smaller one, which ends the range, is
  // made anew by whoever goes on.
  std::function<void(const std::string& state)> keep_state;
  Duration keep_every = std::chrono::seconds{10};
};

struct FoundFailure {
  std::uint64_t seed = 0;  // the number of the run
  bool from_seed = false;  // `seed` alone makes the run again
  std::string behaviour;   // that was broken
  ChoiceTape tape;         // of the whole run
  scenario::Scenario scenario;
  scenario::Result result;
};

// In how many runs a transition was seen, and in how many of those made from their seed alone.
struct SeenIn {
  std::uint64_t runs = 0;
  std::uint64_t seed_runs = 0;
  bool operator==(const SeenIn&) const = default;
};
using SeenTransitions = std::map<std::uint64_t, SeenIn>;

struct Exploration {
  std::uint64_t runs = 0;
  std::optional<Capture> capture{};    // of all runs
  std::optional<Workload> workload{};  // likewise
  std::uint64_t digest = 0;            // over the traces of all runs, in order
  Duration virtual_time{0};
  Duration real_time{0};
  std::uint64_t verified = 0;          // runs that were made again
  std::vector<FoundFailure> failures;  // the first of each kind
  std::size_t failed_runs = 0;

  std::size_t transitions = 0;  // kinds of steps between kinds of states that were seen
  std::size_t singletons = 0;   // of them, seen in one run only of those made from their seed alone
  std::uint64_t seed_runs = 0;  // how many runs were made so
  SeenTransitions seen;         // in how many runs each kind of step was
  std::size_t corpus = 0;       // runs that reached something new
  std::map<std::string_view, std::uint64_t> families;  // in how many runs each had an operation
  Coverage coverage;                                   // of what could be named beforehand

  // Good and Turing's estimate of how likely the next seed is to show a transition not seen yet:
  // how many were seen once, per run. Over the runs made from their seed alone, which are a sample
  // of what seeds make; those made from other runs repeat what those showed. An upper bound, since
  // a run shows several at a time, and the other runs have seen some of it.
  double unseen_probability() const noexcept;
  // Families that no run had: a batch in which one stands still has not tested it. Those of a
  // single protocol count where all runs were of it.
  std::vector<std::string_view> missing_families() const;
};

// Throws std::invalid_argument where `state` is none, or is of other options or another build of
// Lockstep, whose runs are others; it names the line, what was found and what was expected.
Exploration explore(const ExploreOptions& options);

// The run that these choices mean: of a tape, which a failure has, of its beginning and a seed.
scenario::Scenario scenario_of(const Chance& chance, std::optional<Capture> capture = {},
                               std::optional<Workload> workload = {});

// The run that a seed alone makes, of that protocol where one is given.
scenario::Scenario scenario_of_seed(std::uint64_t seed, std::optional<Capture> capture = {},
                                    std::optional<Workload> workload = {});

// Runs one scenario as the explorer does, behaviour 10 included: twice, and the traces must agree.
scenario::Result run_twice(const scenario::Scenario& scenario);

}  // namespace lockstep::explore
