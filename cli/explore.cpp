// `lockstep explore`: runs by the thousand, made up from seeds and judged by the oracles.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/drawings.h"
#include "cli/last_words.h"
#include "cli/numbers.h"
#include "cli/state_file.h"
#include "cli/verbs.h"
#include "clock/system_clock.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/report.h"
#include "scenarios/report.h"
#include "scenarios/schema.h"

namespace lockstep::cli {

namespace {

struct ExploreArguments {
  std::string capture;
  std::string workload;
  explore::ExploreOptions options;
  std::string budget;
  std::string until_unseen;
  bool has_seeds = false;
  std::string state;
  bool seeds_only = false;
  bool coverage = false;
  std::uint64_t shrink_limit = 20'000;
  std::string out = ".";
  std::string format = "text";
};

// More than anybody waits for.
constexpr std::uint64_t kWithoutEnd = 1'000'000'000'000'000;

// A number between 0 and 1, both excluded.
std::optional<double> parse_share(const std::string& text) {
  double share = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), share);
  const bool holds = error == std::errc{} && end == text.data() + text.size();
  return holds && share > 0 && share < 1 ? std::optional(share) : std::nullopt;
}

double seconds(Duration time) { return static_cast<double>(time.count()) / 1e9; }

double per_second(std::uint64_t count, Duration time) {
  return time > Duration{0} ? static_cast<double>(count) / seconds(time) : 0;
}

// A failure and its file, where that could be written.
struct Told {
  const explore::FoundFailure* failure;
  explore::FailureFile file;
  std::string path;
  std::string tape_path;
};

std::vector<Told> write_failures(const explore::Exploration& found,
                                 const ExploreArguments& arguments) {
  std::vector<Told> all;
  for (const explore::FoundFailure& failure : found.failures) {
    Told told{&failure, explore::file_of(failure, arguments.shrink_limit), {}, {}};
    const std::filesystem::path folder(arguments.out);
    const std::string path = (folder / told.file.name).string();
    if (write_file(path, told.file.text)) told.path = path;
    const std::string tape_path = (folder / told.file.tape_name).string();
    if (write_file(tape_path, told.file.tape)) told.tape_path = tape_path;
    all.push_back(std::move(told));
  }
  return all;
}

void print_failures(const std::vector<Told>& failures, const ExploreArguments& arguments) {
  for (const Told& told : failures) {
    const explore::FoundFailure& failure = *told.failure;
    std::cout << "FAIL  " << failure.behaviour << ": run " << failure.seed << '\n'
              << scenario::explain(failure.result);
    if (!told.path.empty()) std::cout << "shrunk to " << told.path << '\n';
    const std::string from =
        failure.from_seed ? "--seed " + std::to_string(failure.seed) : "--tape " + told.tape_path;
    // Without its canary the run would pass.
    const bool is_canary = arguments.options.canary;
    if (!is_canary && (failure.from_seed || !told.tape_path.empty())) {
      std::cout << "the whole run: lockstep replay " << from
                << (arguments.capture.empty() ? "" : " --capture " + arguments.capture)
                << (arguments.workload.empty() ? "" : " --workload " + arguments.workload) << '\n';
    }
    std::cout << '\n';
  }
}

void print_text(const explore::Exploration& found, const std::vector<Told>& failures,
                const ExploreArguments& arguments) {
  print_failures(failures, arguments);
  std::printf(
      "%llu runs in %.2f s: %.0f runs/s, %.1f virtual days, %.0f : 1\n",
      static_cast<unsigned long long>(found.runs), seconds(found.real_time),
      per_second(found.runs, found.real_time), seconds(found.virtual_time) / 86400,
      found.real_time > Duration{0} ? seconds(found.virtual_time) / seconds(found.real_time) : 0.0);
  std::printf(
      "%zu transitions, %zu of them seen once; %zu runs in the corpus; a new one in the "
      "next run: at most %.2g\n",
      found.transitions, found.singletons, found.corpus, found.unseen_probability());
  std::printf("%llu runs made again for the laws of determinism and time\n",
              static_cast<unsigned long long>(found.verified));
  for (const auto& [family, runs] : found.families) {
    std::printf("  %-20s in %llu runs\n", std::string(family).c_str(),
                static_cast<unsigned long long>(runs));
  }
  for (const std::string_view family : found.missing_families()) {
    std::printf("  %-20s never\n", std::string(family).c_str());
  }
  if (arguments.coverage) {
    std::fputs(explore::to_text(explore::tables_of(found), found.runs).c_str(), stdout);
  }
  std::printf("%zu failed; digest %016llx\n", found.failed_runs,
              static_cast<unsigned long long>(found.digest));
}

void print_json(const explore::Exploration& found, const std::vector<Told>& failures,
                const ExploreArguments& arguments) {
  std::printf(
      "{\"runs\":%llu,\"failed\":%zu,\"real_seconds\":%.6f,\"virtual_seconds\":%.3f,"
      "\"transitions\":%zu,\"singletons\":%zu,\"unseen_probability\":%.9g,"
      "\"verified\":%llu,\"digest\":\"%016llx\",\"failures\":[",
      static_cast<unsigned long long>(found.runs), found.failed_runs, seconds(found.real_time),
      seconds(found.virtual_time), found.transitions, found.singletons, found.unseen_probability(),
      static_cast<unsigned long long>(found.verified),
      static_cast<unsigned long long>(found.digest));
  const char* separator = "\n  ";
  for (const Told& told : failures) {
    std::printf("%s%s", separator, explore::to_json(*told.failure, told.file, told.path).c_str());
    separator = ",\n  ";
  }
  std::printf("]");
  if (arguments.coverage) {
    std::printf(",\n\"coverage\":%s",
                explore::to_json(explore::tables_of(found), found.runs).c_str());
  }
  std::printf("}\n");
}

// Explores, from the state file on where there is one. Nothing where the file is no state of this
// exploration, or cannot be written, which stderr then says.
std::optional<explore::Exploration> explored(const ExploreArguments& arguments) {
  explore::ExploreOptions options = arguments.options;
  remember_signals();
  say_last_words();
  options.on_run = begin_run;
  options.is_stopped = [] { return remembered_signal() != 0; };
  const bool is_terminal = isatty(STDERR_FILENO) != 0;
  const Instant begun = options.stopwatch->now();
  if (is_terminal) {
    options.progress = [&](const explore::Progress& progress) {
      const Duration elapsed = options.stopwatch->now() - begun;
      const std::string line = explore::progress_line(progress, options, elapsed);
      std::fprintf(stderr, "\r%s \033[K", line.c_str());
    };
  }
  const StateFile file(arguments.state);
  try {
    if (!arguments.state.empty()) {
      options.state = file.read();
      options.keep_state = [&](const std::string& state) { file.write(state); };
    }
    explore::Exploration found = explore::explore(options);
    if (is_terminal) std::fputs("\r\033[K", stderr);
    return found;
  } catch (const std::exception& problem) {
    if (arguments.state.empty()) throw;
    std::cerr << "lockstep explore: --state " << arguments.state << ": " << problem.what() << '\n';
    return std::nullopt;
  }
}

// Ends the program as the signal that came would have ended it, now that its report is out.
void end_by_signal() {
  if (remembered_signal() == 0) return;
  std::fflush(stdout);
  std::raise(remembered_signal());
}

int run_explore(const ExploreArguments& given) {
  ExploreArguments arguments = given;
  SystemClock stopwatch;
  explore::ExploreOptions& options = arguments.options;
  options.stopwatch = &stopwatch;
  options.novelty = !arguments.seeds_only;
  options.capture = parse_capture(arguments.capture);
  options.workload = explore::parse_workload(arguments.workload);
  if (!arguments.budget.empty()) {
    const auto budget = scenario::parse_duration(arguments.budget);
    if (!budget || *budget <= Duration{0}) {
      std::cerr << "lockstep explore: --budget: found \"" << arguments.budget
                << "\"; expected a duration such as 60s\n";
      return kBadUsage;
    }
    options.budget = *budget;
  }
  if (!arguments.until_unseen.empty()) {
    const auto share = parse_share(arguments.until_unseen);
    if (!share) {
      std::cerr << "lockstep explore: --until-unseen: found \"" << arguments.until_unseen
                << "\"; expected a number between 0 and 1 such as 0.01\n";
      return kBadUsage;
    }
    if (options.workload == explore::Workload::flags) {
      std::cerr << "lockstep explore: --until-unseen: found --workload flags beside it; expected "
                   "runs with engines, whose transitions are what is counted\n";
      return kBadUsage;
    }
    options.until_unseen = *share;
  }
  const bool ends_otherwise = options.budget > Duration{0} || options.until_unseen > 0;
  if (!arguments.has_seeds && ends_otherwise) options.seeds = kWithoutEnd;
  const auto found = explored(arguments);
  if (!found) return kBadUsage;
  const std::vector<Told> failures = write_failures(*found, arguments);
  if (arguments.format == "json") {
    print_json(*found, failures, arguments);
  } else {
    print_text(*found, failures, arguments);
  }
  end_by_signal();
  const bool all_written = std::none_of(failures.begin(), failures.end(),
                                        [](const Told& told) { return told.path.empty(); });
  if (!all_written) return kBadUsage;
  return found->failures.empty() ? kPassed : kFailed;
}

}  // namespace

void add_explore(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ExploreArguments>();
  arguments->options.jobs = std::max(1u, std::thread::hardware_concurrency());
  CLI::App* verb = app.add_subcommand(
      "explore",
      "Make up runs from seeds and judge them: exit 0 none failed, 1 one failed, 2 bad usage.");
  explore::ExploreOptions& options = arguments->options;
  CLI::Option* seeds = &add_number(*verb, "--seeds", options.seeds,
                                   "How many runs; without end where another option says when to "
                                   "stop and this one is not given");
  add_number(*verb, "--first", options.first_seed, "The first seed");
  verb->add_option("--capture", arguments->capture, "All runs in this protocol; default: drawn")
      ->check(CLI::IsMember(std::vector<std::string>(kCaptureNames.begin(), kCaptureNames.end())));
  verb->add_option("--workload", arguments->workload,
                   "All runs about that: events or flags; default: drawn, flags seldom")
      ->check(CLI::IsMember(std::vector<std::string>(explore::kWorkloadNames.begin(),
                                                     explore::kWorkloadNames.end())));
  verb->add_option("--budget", arguments->budget, "Stop after so much real time: 60s, 5m");
  verb->add_option("--until-unseen", arguments->until_unseen,
                   "Stop after the round by which a new transition in the next run is less likely "
                   "than this: 0.01");
  verb->add_option("--jobs", options.jobs, "Threads; the result does not depend on them")
      ->check(CLI::Range(1u, 1024u))
      ->capture_default_str();
  add_number(*verb, "--round", options.round,
             "Runs between two looks at what was new; part of what a range of seeds means", 1);
  CLI::Option* state = verb->add_option(
      "--state", arguments->state,
      "Keep the state in this file, and go on from it where it exists: the result is "
      "that of a run that was never stopped");
  verb->add_flag("--coverage", arguments->coverage,
                 "Tell which conditions of an engine, and which combinations with faults, were "
                 "reached and which never");
  verb->add_flag(
          "--canary", options.canary,
          "Watch with an oracle that is wrong as well: exit 1, which shows that failures are "
          "found and told")
      ->excludes(state);
  verb->add_flag("--seeds-only", arguments->seeds_only,
                 "Make every run from its seed alone, none from runs that reached something new");
  add_number(*verb, "--verify-one-in", options.verify_one_in,
             "Make one run in so many again, for the laws of determinism and time; 0: none");
  add_number(*verb, "--stop-after", options.stop_after, "Failures of so many kinds", 1);
  add_number(*verb, "--shrink-limit", arguments->shrink_limit, "Runs spent on shrinking a failure");
  verb->add_option("--out", arguments->out, "Folder for the scenario files of failures")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  verb->add_option("--format", arguments->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  verb->callback([arguments, seeds, &exit_code] {
    arguments->has_seeds = seeds->count() > 0;
    exit_code = run_explore(*arguments);
  });
}

}  // namespace lockstep::cli
