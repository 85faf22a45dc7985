// What an exploration tells: how far it has come, and its failures, each shrunk to a file.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "scenarios/explore/coverage.h"
#include "scenarios/explore/explorer.h"

namespace lockstep::explore {

// The smallest scenario found that fails as a run did.
struct FailureFile {
  std::string name;       // "seed-17.yaml"; "run-17.yaml" where no seed alone makes the run
  std::string text;       // the scenario, with a comment that says where it comes from
  std::size_t steps = 0;  // of the scenario
  std::string tape_name;  // "seed-17.tape"
  std::string tape;       // the choices of the whole run, not shrunk
};

// Spends at most `limit` runs on making it small.
FailureFile file_of(const FoundFailure& failure, std::size_t limit);

// One failure as a JSON object. `path`: where its file is; empty: it could not be written.
std::string to_json(const FoundFailure& failure, const FailureFile& file, const std::string& path);

// What there was to reach: runs that all speak one protocol are all about events.
std::vector<Coverage::Table> tables_of(const Exploration& found);

// One line: a bar with the share that is done, runs, their rate, what they reached, the time that
// is left. `elapsed`: real time since this exploration began, which is what its budget counts.
std::string progress_line(const Progress& progress, const ExploreOptions& options,
                          Duration elapsed);

}  // namespace lockstep::explore
