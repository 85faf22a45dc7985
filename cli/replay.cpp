// `lockstep replay`: one run again, from its file or its seed, with its trace.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "cli/drawings.h"
#include "cli/numbers.h"
#include "cli/verbs.h"
#include "clock/system_clock.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/laws.h"
#include "scenarios/explore/write.h"
#include "scenarios/load.h"
#include "scenarios/report.h"
#include "scenarios/runner.h"

namespace lockstep::cli {

namespace {

struct ReplayArguments {
  std::string file;
  std::optional<std::uint64_t> seed;
  std::string tape;
  std::optional<std::uint64_t> keep;
  std::string capture;
  std::string workload;
  std::uint64_t times = 1;
  bool print = false;
  bool quiet = false;
  Drawings drawings;
};

// What the tape's file holds, or its beginning; nothing where it is wrong, which has been said.
std::optional<ChoiceTape> tape_of(const ReplayArguments& arguments) {
  std::ifstream file(arguments.tape, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) {
    std::cerr << "lockstep replay: " << arguments.tape << ": cannot be read\n";
    return std::nullopt;
  }
  try {
    ChoiceTape tape = ChoiceTape::from_text(text);
    return arguments.keep ? explore::beginning_of(tape, *arguments.keep) : std::move(tape);
  } catch (const std::invalid_argument& problem) {
    std::cerr << "lockstep replay: " << arguments.tape << ": " << problem.what() << '\n';
    return std::nullopt;
  }
}

// A run that is made of choices: a seed's, a tape's, a tape's and what it lacks from a seed.
std::optional<scenario::Scenario> drawn(const ReplayArguments& arguments) {
  const auto capture = parse_capture(arguments.capture);
  const auto workload = explore::parse_workload(arguments.workload);
  if (arguments.tape.empty()) {
    return explore::scenario_of_seed(*arguments.seed, capture, workload);
  }
  std::optional<ChoiceTape> tape = tape_of(arguments);
  if (!tape) return std::nullopt;
  return arguments.seed
             ? explore::scenario_of(Chance(*arguments.seed, *std::move(tape)), capture, workload)
             : explore::scenario_of(Chance(*std::move(tape)), capture, workload);
}

// The scenario to replay; nothing where the file is wrong, which has been said.
std::optional<scenario::Scenario> wanted(const ReplayArguments& arguments) {
  if (arguments.file.empty()) return drawn(arguments);
  scenario::Catalogue catalogue = scenario::load_files({arguments.file});
  for (const scenario::Problem& problem : catalogue.problems) {
    std::cerr << problem.to_text() << '\n';
  }
  if (!catalogue.problems.empty()) return std::nullopt;
  if (catalogue.scenarios.size() != 1) {
    std::cerr << "lockstep replay: found " << catalogue.scenarios.size() << " scenarios in "
              << arguments.file << "; expected one (lockstep run takes several)\n";
    return std::nullopt;
  }
  return std::move(catalogue.scenarios.front());
}

int run_replay(const ReplayArguments& arguments) {
  const bool is_drawn = arguments.seed || !arguments.tape.empty();
  if (arguments.file.empty() != is_drawn) {
    std::cerr << "lockstep replay: expected a FILE, or --seed, --tape or both\n";
    return kBadUsage;
  }
  const bool about = !arguments.capture.empty() || !arguments.workload.empty();
  if (!is_drawn && about) {
    std::cerr << "lockstep replay: --capture and --workload go with --seed and --tape\n";
    return kBadUsage;
  }
  const auto scenario = wanted(arguments);
  if (!scenario || !arguments.drawings.can_be_written()) return kBadUsage;
  if (arguments.print) {
    std::cout << explore::to_yaml(*scenario);
    return kPassed;
  }
  SystemClock stopwatch;
  scenario::Run run;
  scenario::RunOptions options;
  options.stopwatch = &stopwatch;
  options.keep_trace = true;
  run.results.push_back(scenario::run(*scenario, options));
  scenario::Result& first = run.results.front();
  if (first.passed()) first.failed = explore::broken_law(*scenario, first);
  const std::uint64_t digest = first.digest;
  run.digest = digest;
  for (std::uint64_t i = 1; i < arguments.times; ++i) {
    const std::uint64_t again = scenario::run(*scenario).digest;
    if (again == digest) continue;
    std::cerr << "lockstep replay: run " << i + 1 << " left another trace\n";
    return kFailed;
  }
  if (!arguments.quiet) {
    for (const TraceEntry& entry : run.results.front().entries) {
      std::cout << entry.to_text() << '\n';
    }
  }
  std::cout << scenario::report(run, scenario::Format::text);
  if (!arguments.drawings.write(run)) return kBadUsage;
  return run.failures() == 0 ? kPassed : kFailed;
}

}  // namespace

void add_replay(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ReplayArguments>();
  CLI::App* verb = app.add_subcommand(
      "replay", "Replay one run with its trace: exit 0 it passed, 1 it failed, 2 bad input.");
  verb->add_option("file", arguments->file, "A scenario file, such as explore writes");
  check_number(*verb->add_option(
      "--seed", arguments->seed,
      "The run that explore makes from this seed alone; with --tape: what that does not name"));
  auto* const tape = verb->add_option(
      "--tape", arguments->tape, "The run whose choices explore wrote of a failure; others are 0");
  check_number(*verb->add_option("--keep", arguments->keep,
                                 "Of the tape, the choices of its first so many operations"))
      .needs(tape);
  verb->add_option("--capture", arguments->capture, "In this protocol, as explore --capture does")
      ->check(CLI::IsMember(std::vector<std::string>(kCaptureNames.begin(), kCaptureNames.end())));
  verb->add_option("--workload", arguments->workload, "About that, as explore --workload does")
      ->check(CLI::IsMember(std::vector<std::string>(explore::kWorkloadNames.begin(),
                                                     explore::kWorkloadNames.end())));
  add_number(*verb, "--times", arguments->times, "So often; every trace must be the same", 1);
  add_drawing_options(*verb, arguments->drawings, "--chrome-trace");
  verb->add_flag("--print", arguments->print, "Print the scenario as a file; run nothing");
  verb->add_flag("--quiet", arguments->quiet, "No trace, the verdict only");
  verb->callback([arguments, &exit_code] { exit_code = run_replay(*arguments); });
}

}  // namespace lockstep::cli
