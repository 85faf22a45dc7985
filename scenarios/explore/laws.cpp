#include "scenarios/explore/laws.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "clock/trace.h"
#include "scenarios/action.h"
#include "scenarios/explore/params.h"
#include "scenarios/schema.h"

namespace lockstep::explore {

using scenario::FailedStep;
using scenario::Result;
using scenario::Scenario;
using scenario::Step;

namespace {

constexpr int kPieces = 3;

Result traced(const Scenario& scenario, std::uint64_t seed) {
  scenario::RunOptions options;
  options.seed = seed;
  options.keep_trace = true;
  return scenario::run(scenario, options);
}

// What happened, without the steps that made it happen.
std::vector<TraceEntry> behaviour(const Result& result) {
  Trace trace;
  for (const TraceEntry& entry : result.entries) {
    if (entry.label == "step") continue;
    std::string all;
    for (const auto& [name, value] : entry.fields) {
      all.append(name).append("=").append(value).append(" ");
    }
    trace.record(entry.at, entry.label, {{"fields", all}});
  }
  return trace.entries();
}

// Waits of one go become waits in pieces; every piece ends at another instant than the SDK's own.
Scenario in_pieces(const Scenario& scenario) {
  Scenario pieces = scenario;
  pieces.steps.clear();
  for (const Step& step : scenario.steps) {
    if (step.action->name != "advance") {
      pieces.steps.push_back(step);
      continue;
    }
    const Duration whole = scenario::Params(step.params).duration("by");
    Duration left = whole;
    for (int i = 1; i < kPieces; ++i) {
      Step piece = step;
      piece.params = Params().with("by", duration(whole / kPieces)).node();
      left -= whole / kPieces;
      pieces.steps.push_back(std::move(piece));
    }
    Step rest = step;
    rest.params = Params().with("by", duration(left)).node();
    pieces.steps.push_back(std::move(rest));
  }
  return pieces;
}

}  // namespace

std::optional<FailedStep> broken_law(const Scenario& scenario, const Result& first) {
  const std::uint64_t seed = scenario.settings.seed.value_or(1);
  const Result again = traced(scenario, seed);
  if (again.digest != first.digest) {
    return FailedStep{
        0, "the same run leaves the same trace", scenario.at, {"the same trace", "another digest"}};
  }
  const Result pieces = traced(in_pieces(scenario), seed);
  if (const auto parted = first_divergence(behaviour(again), behaviour(pieces))) {
    return FailedStep{
        0, "time has no grain", scenario.at, {"the same behaviour with waits in pieces", *parted}};
  }
  return std::nullopt;
}

}  // namespace lockstep::explore
