// `lockstep contract`: the shared suite's contract tests, in process and in virtual time, or over
// HTTP against any adapter.
#include "cli/contract.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <set>
#include <stdexcept>
#include <string>

#include "cli/numbers.h"
#include "cli/verbs.h"
#include "clock/system_clock.h"
#include "scenarios/contract/audit.h"
#include "scenarios/contract/runner.h"
#include "scenarios/progress.h"
#include "scenarios/report.h"

namespace lockstep::cli {

namespace {

int complain(const std::string& problem) {
  std::cerr << "lockstep contract: " << problem << '\n';
  return kBadUsage;
}

using Tests = std::vector<const contract::Test*>;

// The tests that the arguments ask for, whatever they need. Throws std::runtime_error for a suite
// that is not there.
Tests chosen(const contract::Contract& contract, const ContractArguments& arguments) {
  for (const std::string& suite : arguments.suites) {
    if (std::find(contract.suites.begin(), contract.suites.end(), suite) == contract.suites.end()) {
      throw std::runtime_error("the contract has no suite \"" + suite + "\"");
    }
  }
  Tests tests;
  for (const contract::Test& test : contract.tests) {
    const bool in_suite = arguments.suites.empty() ||
                          std::find(arguments.suites.begin(), arguments.suites.end(), test.suite) !=
                              arguments.suites.end();
    const bool is_named = test.full_name().find(arguments.test) != std::string::npos;
    if (in_suite && is_named && test.is_for(arguments.sdk_type)) tests.push_back(&test);
  }
  if (tests.empty()) throw std::runtime_error("no test of the contract is asked for");
  return tests;
}

// Each test on the first target that can run it, or on every one.
struct Plan {
  std::unique_ptr<contract::Target> target;
  Tests tests;
};

std::vector<Plan> plan(const Tests& tests, const ContractArguments& arguments) {
  std::vector<Plan> plans;
  std::set<const contract::Test*> done;
  for (auto& target : targets_of(arguments)) {
    Tests mine;
    for (const contract::Test* test : tests) {
      if (!test->missing(target->capabilities()).empty()) continue;
      if (done.insert(test).second || arguments.every_target) mine.push_back(test);
    }
    plans.push_back({std::move(target), std::move(mine)});
  }
  return plans;
}

scenario::Run run_all(const Tests& tests, const ContractArguments& arguments) {
  const std::vector<Plan> plans = plan(tests, arguments);
  std::size_t total = 0;
  for (const Plan& one : plans) total += one.tests.size();

  SystemClock stopwatch;
  scenario::Progress progress(std::cerr, isatty(STDERR_FILENO) == 1, total, stopwatch);
  contract::RunOptions options;
  options.stopwatch = &stopwatch;
  options.strict = is_strict(arguments);
  options.keep_trace = arguments.drawings.wanted();
  options.progress = [&](const scenario::Result& result) { progress.ended(result); };
  scenario::Run run;
  run.digest = kDigestStart;
  const Instant start = stopwatch.now();
  for (const Plan& one : plans) {
    for (scenario::Result& result : contract::run(one.tests, *one.target, options)) {
      result.replay = replay_command(result, arguments);
      run.digest = digest_bytes(run.digest, result.target + " " + result.name);
      run.digest = digest_number(run.digest, result.digest);
      run.results.push_back(std::move(result));
    }
  }
  run.elapsed = stopwatch.now() - start;
  return run;
}

int list(const Tests& tests) {
  for (const contract::Test* test : tests) {
    std::cout << test->file << ':' << test->at.line << ": " << test->full_name();
    for (const std::string& need : test->requirements) std::cout << ' ' << need;
    std::cout << '\n';
  }
  return kPassed;
}

int run_contract(const ContractArguments& arguments) {
  const SystemClock stopwatch;
  const Instant start = stopwatch.now();
  const contract::Contract contract = contract::load(arguments.file);
  for (const scenario::Problem& problem : contract.problems) {
    std::cerr << problem.to_text() << '\n';
  }
  if (!contract.problems.empty()) return kBadUsage;
  Tests tests;
  try {
    tests = chosen(contract, arguments);
  } catch (const std::runtime_error& error) {
    return complain(error.what());
  }
  if (arguments.list) return list(tests);
  if (arguments.audit) {
    const contract::Audit audit = contract::audit(tests);
    std::cout << (arguments.format == "json" ? to_json(audit) : to_text(audit));
    return kPassed;
  }
  if (!arguments.drawings.can_be_written()) return kBadUsage;
  scenario::Run run;
  try {
    run = run_all(tests, arguments);
  } catch (const std::runtime_error& error) {
    return complain(error.what());  // no target, nothing was run
  }
  if (run.results.empty()) return complain("no target can run what is asked for");
  std::cout << scenario::report(run, *scenario::parse_format(arguments.format));
  if (arguments.format == "text") {
    const auto whole = std::chrono::round<std::chrono::milliseconds>(stopwatch.now() - start);
    std::cout << "from reading the file to the end: " << whole.count() << " ms\n";
  }
  if (!arguments.drawings.write(run)) return kBadUsage;
  return run.failures() == 0 ? kPassed : kFailed;
}

}  // namespace

void add_contract(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ContractArguments>();
  CLI::App* verb = app.add_subcommand(
      "contract",
      "Run the tests of a contract file: exit 0 all passed, 1 one failed, 2 bad input.");
  verb->add_option("file", arguments->file, "The shared suite's CONTRACT.yaml")->required();
  add_adapter_options(*verb, *arguments);
  verb->add_option("--capture", arguments->capture, "Protocol of our SDK")
      ->excludes("--adapter-url")
      ->check(CLI::IsMember({"v0", "v1", "client", "all"}))
      ->capture_default_str();
  verb->add_option("--compression", arguments->compression, "Codec of our SDK")
      ->excludes("--adapter-url")
      ->check(CLI::IsMember({"none", "gzip", "deflate", "br", "zstd", "all"}))
      ->capture_default_str();
  verb->add_flag("--every-target", arguments->every_target,
                 "Run each test under every protocol and codec that can, not under the first only")
      ->excludes("--adapter-url");
  verb->add_option("--sdk-type", arguments->sdk_type, "Which flavour of SDK the tests are for")
      ->check(CLI::IsMember({"server", "client"}))
      ->capture_default_str();
  verb->add_option("--suite", arguments->suites, "Only this suite; may be given again");
  verb->add_option("--test", arguments->test, "Only tests whose suite.category.name contains this");
  add_number(*verb, "--seed", arguments->seed, "Of our SDK's draws").excludes("--adapter-url");
  verb->add_flag("--lenient", arguments->lenient,
                 "Ask for no more than the original runner does: no strict mock, no laws, no "
                 "second look at negative checks once the SDK came to rest")
      ->excludes("--adapter-url");
  auto* const format =
      verb->add_option("--format", arguments->format, "text, json, junit or markdown")
          ->check(CLI::IsMember({"text", "json", "junit", "markdown"}))
          ->capture_default_str();
  add_drawing_options(*verb, arguments->drawings, "--trace");
  verb->add_flag("--audit", arguments->audit,
                 "Say which checks an SDK that sends nothing, or speaks the other protocol, would "
                 "pass as well");
  verb->add_flag("--list", arguments->list, "Name the tests and what they need; run nothing")
      ->excludes(format);
  verb->callback([arguments, &exit_code] { exit_code = run_contract(*arguments); });
}

}  // namespace lockstep::cli
