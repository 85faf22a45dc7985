// `lockstep contract`: the shared suite's contract tests, in process and in virtual time.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/verbs.h"
#include "clock/system_clock.h"
#include "scenarios/contract/audit.h"
#include "scenarios/contract/local_stage.h"
#include "scenarios/contract/runner.h"
#include "scenarios/report.h"

namespace lockstep::cli {

namespace {

struct ContractArguments {
  std::string file;
  std::string capture = "all";
  std::string compression = "all";
  std::string sdk_type = "server";
  std::vector<std::string> suites;
  std::string test;
  std::string format = "text";
  std::uint64_t seed = 1;
  bool every_target = false;
  bool lenient = false;
  bool audit = false;
  bool list = false;
};

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

// One process of the SDK for each protocol and codec that is asked for.
std::vector<contract::LocalTarget> local_targets(const ContractArguments& arguments) {
  const auto wanted = [](const std::string& argument, std::string_view word) {
    return argument == "all" || argument == word;
  };
  std::vector<contract::LocalTarget> targets;
  const auto add = [&](Capture capture, Compression compression) {
    targets.emplace_back(capture, compression, !arguments.lenient, arguments.seed);
  };
  // v0 has no test that looks at the codec, but for one that wants gzip.
  if (wanted(arguments.capture, "v0")) {
    add(Capture::v0, arguments.compression == "all" ? Compression::none
                                                    : *parse_compression(arguments.compression));
  }
  if (!wanted(arguments.capture, "v1")) return targets;
  for (const Compression codec :
       {Compression::gzip, Compression::deflate, Compression::br, Compression::zstd}) {
    if (wanted(arguments.compression, to_string(codec))) add(Capture::v1, codec);
  }
  if (arguments.compression == "none") add(Capture::v1, Compression::none);
  return targets;
}

std::string replay_command(const scenario::Result& result, const ContractArguments& arguments) {
  const std::string& target = result.target;
  const auto space = target.find(' ');
  std::string command = "lockstep contract " + arguments.file + " --test " + result.name +
                        " --capture " + target.substr(0, space) + " --compression " +
                        (space == std::string::npos ? "none" : target.substr(space + 1));
  if (arguments.sdk_type != "server") command += " --sdk-type " + arguments.sdk_type;
  if (arguments.seed != 1) command += " --seed " + std::to_string(arguments.seed);
  if (arguments.lenient) command += " --lenient";
  return command;
}

// Each test on the first target that can run it, or on every one.
scenario::Run run_all(const Tests& tests, const ContractArguments& arguments) {
  SystemClock stopwatch;
  contract::RunOptions options;
  options.stopwatch = &stopwatch;
  options.strict = !arguments.lenient;
  scenario::Run run;
  run.digest = kDigestStart;
  std::set<const contract::Test*> done;
  for (contract::LocalTarget& target : local_targets(arguments)) {
    Tests mine;
    for (const contract::Test* test : tests) {
      if (!test->missing(target.capabilities()).empty()) continue;
      if (done.insert(test).second || arguments.every_target) mine.push_back(test);
    }
    for (scenario::Result& result : contract::run(mine, target, options)) {
      result.replay = replay_command(result, arguments);
      run.digest = digest_bytes(run.digest, result.target + " " + result.name);
      run.digest = digest_number(run.digest, result.digest);
      run.results.push_back(std::move(result));
    }
  }
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
  const scenario::Run run = run_all(tests, arguments);
  if (run.results.empty()) return complain("no target can run what is asked for");
  std::cout << scenario::report(run, *scenario::parse_format(arguments.format));
  if (arguments.format == "text") {
    const auto whole = std::chrono::round<std::chrono::milliseconds>(stopwatch.now() - start);
    std::cout << "from reading the file to the end: " << whole.count() << " ms\n";
  }
  return run.failures() == 0 ? kPassed : kFailed;
}

}  // namespace

void add_contract(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ContractArguments>();
  CLI::App* verb = app.add_subcommand(
      "contract",
      "Run the tests of a contract file: exit 0 all passed, 1 one failed, 2 bad input.");
  verb->add_option("file", arguments->file, "The shared suite's CONTRACT.yaml")->required();
  verb->add_option("--capture", arguments->capture, "Protocol of our SDK")
      ->check(CLI::IsMember({"v0", "v1", "all"}))
      ->capture_default_str();
  verb->add_option("--compression", arguments->compression, "Codec of our SDK")
      ->check(CLI::IsMember({"none", "gzip", "deflate", "br", "zstd", "all"}))
      ->capture_default_str();
  verb->add_flag("--every-target", arguments->every_target,
                 "Run each test under every protocol and codec that can, not under the first only");
  verb->add_option("--sdk-type", arguments->sdk_type, "Which flavour of SDK the tests are for")
      ->check(CLI::IsMember({"server", "client"}))
      ->capture_default_str();
  verb->add_option("--suite", arguments->suites, "Only this suite; may be given again");
  verb->add_option("--test", arguments->test, "Only tests whose suite.category.name contains this");
  verb->add_option("--seed", arguments->seed, "Of the SDK's draws")->capture_default_str();
  verb->add_flag("--lenient", arguments->lenient,
                 "Ask for no more than the original runner does: no strict mock, no laws, no "
                 "second look at negative checks once the SDK came to rest");
  verb->add_option("--format", arguments->format, "text, json, junit or markdown")
      ->check(CLI::IsMember({"text", "json", "junit", "markdown"}))
      ->capture_default_str();
  verb->add_flag("--audit", arguments->audit,
                 "Say which checks an SDK that sends nothing, or speaks the other protocol, would "
                 "pass as well");
  verb->add_flag("--list", arguments->list, "Name the tests and what they need; run nothing");
  verb->callback([arguments, &exit_code] { exit_code = run_contract(*arguments); });
}

}  // namespace lockstep::cli
