// Reads scenario files.
//
// A file holds one scenario, or several under `scenarios:`, with `options` they share:
//
//   scenario: v0 retries after ${status}
//   description: free text                    # optional
//   options: { capture: v0, seed: 7 }         # optional; see Settings
//   for_each: { status: [500, 503] }          # optional; every combination is a scenario of its
//   own steps:
//     - action: configure_mock_responses
//       params: { responses: [{ status_code: "${status}" }] }
//     - action: capture
//       client: second                        # optional, where a scenario has several clients
//       params: { distinct_id: u, event: e }
//
// for_each may also be a list of maps: each is one combination. A text that is nothing but a
// placeholder takes the value with its type.
//
// Everything wrong in a file is found in one reading. Where there is a problem, nothing should be
// run.
#pragma once

#include <string>
#include <vector>

#include "scenarios/node.h"
#include "scenarios/scenario.h"

namespace lockstep::scenario {

struct Catalogue {
  std::vector<Scenario> scenarios;
  std::vector<Problem> problems;
};

// Reads each path: a file, or a folder whose *.yaml files are read in the order of their names,
// folders within it included. Scenario names are unique over all of them.
Catalogue load_files(const std::vector<std::string>& paths);

// Reads one file's text; `file` is what messages call it.
Catalogue load_text(const std::string& text, const std::string& file);

}  // namespace lockstep::scenario
