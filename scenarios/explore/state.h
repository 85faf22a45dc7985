// The state of an exploration as a text: what a run of the explorer that was stopped goes on from.
//
// Runs are kept by what made them, a number and the run they were changed from, and are made again
// when they are needed: a million runs fit into a few megabytes, most of them transitions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clock/time.h"
#include "scenarios/explore/explorer.h"

namespace lockstep::explore {

// What a run was made from.
struct Origin {
  std::uint64_t seed = 0;                 // the number of the run
  std::optional<std::uint64_t> parent{};  // index in the corpus; nothing: from its seed alone

  bool operator==(const Origin&) const = default;
};

// A run that can be made again.
struct KeptRun {
  Origin origin;
  std::uint64_t check = 0;  // a digest by which the run, made again, is known to be the same
  std::size_t line = 0;     // of the text; 0 where it came from none

  bool operator==(const KeptRun& other) const noexcept {
    return origin == other.origin && check == other.check;
  }
};

// After a whole number of rounds.
struct State {
  // Over the traces of a few runs: another build, whose runs may be others, has another one.
  std::uint64_t build = 0;

  // What a range of seeds means: as in ExploreOptions.
  std::uint64_t first_seed = 1;
  std::uint64_t round = 0;
  std::uint64_t verify_one_in = 0;
  bool novelty = true;
  std::string capture;   // "": it is drawn
  std::string workload;  // likewise

  // What came of it: as in Exploration.
  std::uint64_t runs = 0;
  std::uint64_t failed_runs = 0;
  std::uint64_t verified = 0;
  std::uint64_t digest = 0;
  Duration virtual_time{0};
  Duration real_time{0};
  std::map<std::string, std::uint64_t, std::less<>> families;
  Coverage::Counts coverage;
  std::vector<KeptRun> corpus;    // check: over the tape
  std::vector<KeptRun> failures;  // the first of each kind; check: over the trace
  std::uint64_t seed_runs = 0;
  SeenTransitions seen;

  bool operator==(const State&) const = default;
};

// Lines of words, of which the last one holds a checksum.
std::string to_text(const State& state);

// Reads that form back. Throws std::invalid_argument, which names the line, what was found and what
// was expected, for anything else: another file, one of another version, one that was cut short or
// changed.
State state_from_text(std::string_view text);

// The state before the first run, which says what the options make of a range of seeds.
State meaning_of(const ExploreOptions& options);

// Both throw std::invalid_argument, which names the line as above. That the state found may be gone
// on from by an exploration of that meaning, up to `seeds` runs:
void expect_same_meaning(const State& found, const State& wanted, std::uint64_t seeds);
// That a run, made again, has the digest that was kept:
void expect_same_check(const KeptRun& kept, std::uint64_t check);

// The family of that name, which some table of the explorer has. Throws likewise.
std::string_view known_family(std::string_view name);

}  // namespace lockstep::explore
