// The prover: every state of a small scope, each once, breadth first; so what it finds is shortest.
//
// It says nothing about more events or faults than the scope has. What it says of the scope is
// certain, as far as 64 bits tell states apart.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/prove/scope.h"

namespace lockstep::prove {

struct Counterexample {
  std::string law;                 // that was broken
  std::vector<std::string> steps;  // that lead to it, the fewest there are
};

struct Proof {
  std::uint64_t states = 0;
  std::uint64_t steps = 0;   // from state to state, each judged
  std::uint32_t depth = 0;   // of the state that is farthest from the start
  std::uint64_t ends = 0;    // states in which nothing can happen any more
  std::uint64_t digest = 0;  // of all states, in the order in which they were met
  bool closed = false;       // every state was met: false at `most_states` or a counterexample
  std::optional<Counterexample> counterexample;
};

struct ProveOptions {
  std::uint64_t most_states = 20'000'000;
  std::function<void(const Proof&)> progress;  // called once for each distance from the start
};

Proof prove(const Scope& scope, const ProveOptions& options = {});

}  // namespace lockstep::prove
