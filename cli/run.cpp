// `lockstep run`: replays scenario files in process, in virtual time.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "cli/drawings.h"
#include "cli/numbers.h"
#include "cli/verbs.h"
#include "clock/system_clock.h"
#include "scenarios/load.h"
#include "scenarios/progress.h"
#include "scenarios/report.h"
#include "scenarios/runner.h"

namespace lockstep::cli {

namespace {

// A tool that was built here reads the tree it was built from, an installed one what came with it.
// Below the current folder the path is relative, so that reports are easy to read.
std::string default_catalogue() {
  const std::filesystem::path catalogue = std::filesystem::exists(LOCKSTEP_CATALOGUE)
                                              ? LOCKSTEP_CATALOGUE
                                              : LOCKSTEP_INSTALLED_CATALOGUE;
  std::error_code problem;
  const auto relative = std::filesystem::proximate(catalogue, problem);
  const bool below = !problem && !relative.empty() && *relative.begin() != "..";
  return (below ? relative : catalogue).string();
}

struct RunArguments {
  std::vector<std::string> paths{default_catalogue()};
  std::string format = "text";
  std::string filter;
  std::string only;
  std::uint64_t seed = 1;
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  std::string trace_file;
  Drawings drawings;
  bool list = false;
};

int complain(const std::string& problem) {
  std::cerr << "lockstep run: " << problem << '\n';
  return kBadUsage;
}

std::string nothing_found(const RunArguments& arguments) {
  if (!arguments.only.empty()) return "no scenario is called \"" + arguments.only + "\"";
  if (!arguments.filter.empty()) return "no scenario's name contains \"" + arguments.filter + "\"";
  return "no scenarios found";
}

scenario::Run run_with_progress(const std::vector<scenario::Scenario>& scenarios,
                                const RunArguments& arguments) {
  const bool keep_trace = !arguments.trace_file.empty() || arguments.drawings.wanted();
  SystemClock stopwatch;
  scenario::Progress progress(std::cerr, isatty(STDERR_FILENO) == 1, scenarios.size(), stopwatch);
  scenario::RunOptions options;
  options.seed = arguments.seed;
  options.jobs = arguments.jobs;
  options.stopwatch = &stopwatch;
  options.keep_trace = keep_trace;
  options.progress = [&](const scenario::Result& result) { progress.ended(result); };
  return scenario::run(scenarios, options);
}

std::string traces(const scenario::Run& run) {
  std::string out;
  for (const scenario::Result& result : run.results) {
    out += "# " + result.name + '\n';
    for (const TraceEntry& entry : result.entries) out += entry.to_text() + '\n';
  }
  return out;
}

int run_scenarios(const RunArguments& arguments) {
  scenario::Catalogue catalogue = scenario::load_files(arguments.paths);
  for (const scenario::Problem& problem : catalogue.problems)
    std::cerr << problem.to_text() << '\n';
  if (!catalogue.problems.empty()) return kBadUsage;
  std::erase_if(catalogue.scenarios, [&](const scenario::Scenario& one) {
    return one.name.find(arguments.filter) == std::string::npos ||
           (!arguments.only.empty() && one.name != arguments.only);
  });
  if (catalogue.scenarios.empty()) return complain(nothing_found(arguments));
  if (arguments.list) {
    for (const scenario::Scenario& one : catalogue.scenarios) {
      std::cout << one.file << ':' << one.at.line << ": " << one.name << '\n';
    }
    return kPassed;
  }
  if (!arguments.drawings.can_be_written() || !can_be_written(arguments.trace_file)) {
    return kBadUsage;
  }
  const scenario::Run run = run_with_progress(catalogue.scenarios, arguments);
  std::cout << scenario::report(run, *scenario::parse_format(arguments.format));
  if (!arguments.drawings.write(run)) return kBadUsage;
  if (!arguments.trace_file.empty() && !write_file(arguments.trace_file, traces(run)))
    return kBadUsage;
  return run.failures() == 0 ? kPassed : kFailed;
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* verb = app.add_subcommand(
      "run",
      "Replay scenario files in virtual time: exit 0 all passed, 1 one failed, 2 bad input.");
  verb->add_option("paths", arguments->paths,
                   "Scenario files, or folders of them (default: the catalogue)");
  auto* const format =
      verb->add_option("--format", arguments->format, "text, json, junit or markdown")
          ->check(CLI::IsMember({"text", "json", "junit", "markdown"}))
          ->capture_default_str();
  verb->add_option("--filter", arguments->filter, "Only scenarios whose name contains this text");
  verb->add_option("--only", arguments->only, "Just the scenario of this name");
  add_number(*verb, "--seed", arguments->seed, "Seed of scenarios that name none");
  verb->add_option("--jobs", arguments->jobs, "Threads; the result does not depend on them")
      ->check(CLI::Range(1U, 1024U))
      ->capture_default_str();
  verb->add_option("--trace", arguments->trace_file, "Write every scenario's trace to this file");
  add_drawing_options(*verb, arguments->drawings, "--chrome-trace");
  verb->add_flag("--list", arguments->list, "Name the scenarios, and run nothing")
      ->excludes(format);
  verb->callback([arguments, &exit_code] { exit_code = run_scenarios(*arguments); });
}

}  // namespace lockstep::cli
