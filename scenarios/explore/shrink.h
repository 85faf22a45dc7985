// Makes a failing scenario small: what remains fails in the same way, and nothing of it can go.
#pragma once

#include <cstddef>
#include <functional>

#include "scenarios/runner.h"
#include "scenarios/scenario.h"

namespace lockstep::explore {

struct Shrunk {
  scenario::Scenario scenario;
  std::size_t runs = 0;   // how many candidates were tried
  bool finished = false;  // nothing more can go; false: the limit was reached first
};

// Whether two results are the same failure: the same behaviour broken, or the same action failing.
bool same_failure(const scenario::Result& one, const scenario::Result& other);

// Removes steps, then parts of their parameters, then options, and makes numbers smaller, one after
// the other, for as long as `fails` holds, and at most `limit` runs. Every candidate is a scenario
// that the loader would take.
Shrunk shrink(const scenario::Scenario& failing,
              const std::function<bool(const scenario::Scenario&)>& fails, std::size_t limit);

}  // namespace lockstep::explore
