#include "scenarios/runner.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <nlohmann/json.hpp>

#include "scenarios/nearest.h"
#include "scenarios/side_by_side.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

// What broke where time cannot go on. It goes before all else: whatever came of the step, it came
// of that.
std::optional<FailedStep> stuck(World& world, std::size_t number, const Mark& at) {
  const std::optional<std::string>& why = world.host().livelock();
  if (!why) return std::nullopt;
  return FailedStep{number,
                    "what is due is done",
                    at,
                    {"time to go on after " + to_text(world.clock().now()), *why}};
}

// Whatever escapes a step is a failure of that step.
template <typename Check>
Finding guarded(Check check) {
  try {
    return check();
  } catch (const std::exception& error) {
    return Failure{"the step to be carried out", error.what()};
  }
}

std::optional<FailedStep> failed_step(World& world, const Scenario& scenario) {
  for (std::size_t i = 0; i < scenario.steps.size(); ++i) {
    const Step& step = scenario.steps[i];
    world.begin_step(i + 1);
    world.trace().record(
        world.clock().now(), "step",
        {{"number", i + 1}, {"action", step.action->name}, {"client", step.client}});
    const Finding failure = guarded([&] { return step.action->run(world, step); });
    if (auto livelock = stuck(world, i + 1, step.at)) return livelock;
    if (failure) {
      return FailedStep{i + 1, std::string(step.action->name), step.at, *failure};
    }
    if (world.breach()) {
      return FailedStep{i + 1, std::string(world.breach()->behaviour), step.at,
                        world.breach()->failure};
    }
  }
  for (const World::Law& law : World::laws()) {
    if (auto failure = guarded([&] { return law.holds(world); })) {
      return FailedStep{0, std::string(law.name), scenario.at, *std::move(failure)};
    }
  }
  return std::nullopt;
}

// The end of the run belongs to the trace: what each client counted.
void record_ledgers(World& world) {
  for (const std::string& name : world.clients()) {
    const LaneStats total = world.client(name).stats().total();
    world.trace().record(world.clock().now(), "ledger",
                         {{"client", name},
                          {"captured", total.captured},
                          {"delivered", total.delivered},
                          {"unconfirmed", total.unconfirmed},
                          {"dropped", total.dropped()},
                          {"pending", total.pending}});
  }
}

void tell_requests(const World& world, const Scenario& scenario, Result& result) {
  for (const auto& seen : world.all_requests()) result.requests.push_back(seen->to_text());
  const FailedStep& failed = *result.failed;
  if (failed.number == 0 || !failed.action.starts_with("assert")) return;
  const Step& step = scenario.steps[failed.number - 1];
  std::vector<Candidate> candidates;
  for (const Seen* seen : world.requests(step.client)) {
    candidates.push_back({seen->to_text(), seen->request.url.path, seen->request.headers,
                          std::make_shared<const nlohmann::json>(seen->body())});
  }
  result.nearest = nearest(step.params, candidates);
}

// Nothing where there is no file that holds it.
std::string replay_of(const Scenario& scenario, std::uint64_t seed) {
  if (scenario.file.empty()) return {};
  std::string command =
      "lockstep run " + shell_quoted(scenario.file) + " --only " + shell_quoted(scenario.name);
  if (!scenario.settings.seed && seed != RunOptions{}.seed)
    command += " --seed " + std::to_string(seed);
  return command;
}

Instant now(const RunOptions& options) {
  return options.stopwatch != nullptr ? options.stopwatch->now() : Instant{};
}

}  // namespace

std::string shell_quoted(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:=,+@%").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return std::string(text);
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::size_t Run::passed() const noexcept { return results.size() - failures() - skipped(); }

std::size_t Run::failures() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(),
                    [](const Result& result) { return result.failed.has_value(); }));
}

std::size_t Run::skipped() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(),
                    [](const Result& result) { return !result.skipped.empty(); }));
}

Duration Run::virtual_time() const noexcept {
  Duration sum{0};
  for (const Result& result : results) sum = saturating_add(sum, result.virtual_time);
  return sum;
}

Duration Run::real_time() const noexcept {
  if (elapsed) return *elapsed;
  Duration sum{0};
  for (const Result& result : results) sum = saturating_add(sum, result.real_time);
  return sum;
}

Result run(const Scenario& scenario, const RunOptions& options) {
  const Instant start = now(options);
  Result result;
  result.name = scenario.name;
  result.file = scenario.file;
  result.at = scenario.at;
  result.steps = scenario.steps.size();
  result.replay = replay_of(scenario, options.seed);
  {
    Settings settings = scenario.settings;
    settings.oracles = settings.oracles && options.is_watched;
    World world(settings, settings.seed.value_or(options.seed), options.epoch);
    if (options.keep_states) world.watch_states();
    if (options.keep_states && !options.keep_trace) world.trace().forget_entries();
    result.failed = failed_step(world, scenario);
    record_ledgers(world);
    result.virtual_time = world.elapsed();
    result.trace_entries = world.trace().size();
    result.digest = world.trace().digest();
    if (options.keep_states) {
      result.states = world.states();
      result.sightings = world.sightings();
    }
    if (options.keep_trace) result.entries = world.trace().entries();
    if (result.failed) tell_requests(world, scenario, result);
    // Clients shut down as they end, which takes time that may not pass.
    world.close();
    if (result.passed()) result.failed = stuck(world, 0, scenario.at);
  }
  result.real_time = now(options) - start;
  return result;
}

Run run(const std::vector<Scenario>& scenarios, const RunOptions& options) {
  Run run;
  run.results.resize(scenarios.size());
  std::mutex progress_mutex;
  const Instant start = now(options);
  side_by_side(scenarios.size(), options.jobs, [&](std::size_t i) {
    run.results[i] = lockstep::scenario::run(scenarios[i], options);
    if (!options.progress) return;
    const std::lock_guard lock(progress_mutex);
    options.progress(run.results[i]);
  });
  run.elapsed = now(options) - start;
  run.digest = kDigestStart;
  for (const Result& result : run.results) {
    run.digest = digest_number(digest_bytes(run.digest, result.name), result.digest);
  }
  return run;
}

}  // namespace lockstep::scenario
