#include "scenarios/contract/runner.h"

#include <exception>
#include <mutex>
#include <optional>

#include "scenarios/contract/action.h"
#include "scenarios/contract/observed.h"
#include "scenarios/nearest.h"
#include "scenarios/side_by_side.h"

namespace lockstep::contract {

using scenario::FailedStep;
using scenario::Result;

namespace {

// How long a strict run waits for the SDK to come to rest: longer than any pause that a
// Retry-After can cause, and virtual.
constexpr Duration kLongestRest = std::chrono::hours{24};

// Whatever escapes a step is a failure of that step.
template <typename Check>
Finding guarded(Check check) {
  try {
    return check();
  } catch (const std::exception& error) {
    return Failure{"the step to be carried out", error.what()};
  }
}

void note(Stage& stage, Trace& steps, const Step& step, std::size_t number) {
  Trace& trace = stage.trace() != nullptr ? *stage.trace() : steps;
  trace.record(stage.now().at, "step", {{"number", number}, {"action", step.action->name}});
}

std::optional<FailedStep> carry_out(Context& context, const Step& step, std::size_t number) {
  if (auto failure = guarded([&] { return step.action->run(context, step); })) {
    return FailedStep{number, std::string(step.action->name), step.at, *std::move(failure)};
  }
  return std::nullopt;
}

// The original begins each test so: it forgets what the mock saw, then what the SDK holds.
Finding begin(Context& context) {
  Stage& stage = context.stage();
  stage.server().reset(stage.test_id());
  return guarded([&] { return context.call("POST", "/reset"); });
}

// "No request in two seconds" becomes "no request, ever": the negative checks behind the last deed
// must still hold when nothing is due any more.
std::optional<FailedStep> recheck_at_rest(Context& context, const Test& test) {
  std::size_t first = test.steps.size();
  while (first > 0 && test.steps[first - 1].action->kind != Kind::deed) --first;
  const std::optional<bool> rests = context.stage().settle(kLongestRest);
  if (!rests) return std::nullopt;
  if (!*rests) {
    return FailedStep{0, "the SDK comes to rest", test.at, {"nothing due after a day", "more"}};
  }
  for (std::size_t i = first; i < test.steps.size(); ++i) {
    if (test.steps[i].action->kind != Kind::negative) continue;
    if (auto failed = carry_out(context, test.steps[i], i + 1)) {
      failed->failure.seen += ", once the SDK came to rest";
      return failed;
    }
  }
  return std::nullopt;
}

// `steps` is where they are noted where the stage has no trace.
std::optional<FailedStep> failed_step(Context& context, const Test& test, bool strict,
                                      Trace& steps) {
  if (auto failure = begin(context)) return FailedStep{0, "reset", test.at, *std::move(failure)};
  for (std::size_t i = 0; i < test.steps.size(); ++i) {
    note(context.stage(), steps, test.steps[i], i + 1);
    if (auto failed = carry_out(context, test.steps[i], i + 1)) return failed;
  }
  if (!strict) return std::nullopt;
  if (auto failed = recheck_at_rest(context, test)) return failed;
  if (auto breach = context.stage().breach()) {
    return FailedStep{0, std::move(breach->law), test.at, std::move(breach->failure)};
  }
  return std::nullopt;
}

void describe(const Test& test, const Target& target, Result& result) {
  result.name = test.full_name();
  result.suite = test.suite;
  result.target = target.name();
  result.file = test.file;
  result.at = test.at;
  result.steps = test.steps.size();
}

// An SDK that cannot be looked into leaves its steps and its requests. No digest: their times are
// not the same in two runs.
void keep_trace(Context& context, const Trace& steps, Instant began, const RunOptions& options,
                Result& result) {
  const Trace* trace = context.stage().trace();
  if (trace != nullptr) {
    result.trace_entries = trace->size();
    result.digest = trace->digest();
    if (options.keep_trace) result.entries = trace->entries();
  } else if (options.keep_trace) {
    result.entries = observed(steps.entries(), context.requests(), began);
    result.trace_entries = result.entries.size();
  }
}

void tell_requests(Context& context, const Test& test, Result& result) {
  std::vector<scenario::Candidate> candidates;
  for (const Recorded& seen : context.requests()) {
    result.requests.push_back(seen.entry.to_text());
    candidates.push_back({result.requests.back(), seen.entry.path, seen.entry.headers, seen.body});
  }
  const FailedStep& failed = *result.failed;
  if (failed.number == 0 || !failed.action.starts_with("assert")) return;
  result.nearest = scenario::nearest(test.steps[failed.number - 1].params, candidates);
}

}  // namespace

Result run(const Test& test, Target& target, const RunOptions& options) {
  const auto now = [&] {
    return options.stopwatch != nullptr ? options.stopwatch->now() : Instant{};
  };
  const Instant start = now();
  Result result;
  describe(test, target, result);
  try {
    const std::unique_ptr<Stage> stage = target.stage(test);
    const Instant began = stage->now().at;
    Context context(*stage);
    Trace steps;
    result.failed = failed_step(context, test, options.strict, steps);
    result.virtual_time = stage->now().at - began;
    keep_trace(context, steps, began, options, result);
    if (result.failed) tell_requests(context, test, result);
  } catch (const std::exception& error) {
    result.failed = FailedStep{0, "the stage", test.at, {"a stage for the test", error.what()}};
  }
  result.real_time = now() - start;
  return result;
}

std::vector<Result> run(const std::vector<const Test*>& tests, Target& target,
                        const RunOptions& options) {
  std::vector<Result> results(tests.size());
  std::mutex progress_mutex;
  scenario::side_by_side(tests.size(), target.concurrency(), [&](std::size_t i) {
    results[i] = run(*tests[i], target, options);
    if (!options.progress) return;
    const std::lock_guard lock(progress_mutex);
    options.progress(results[i]);
  });
  return results;
}

}  // namespace lockstep::contract
