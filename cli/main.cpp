#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "cli/verbs.h"

namespace {

using namespace lockstep::cli;

// In the order of the help text.
constexpr void (*kVerbs[])(CLI::App& app, int& exit_code) = {
    add_run, add_contract, add_explore, add_prove, add_replay, add_adapter, add_mock, add_actions,
};

// Before CLI11's own word: that a verb is missing says nothing about the one that was misspelt.
bool is_unknown_verb(const CLI::App& app) {
  const std::vector<std::string> rest = app.remaining();
  if (!app.get_subcommands().empty() || rest.empty() || rest.front().starts_with('-')) return false;
  std::cerr << "lockstep: found no verb \"" << rest.front() << "\"; there are";
  for (const CLI::App* verb : app.get_subcommands({})) std::cerr << ' ' << verb->get_name();
  std::cerr << '\n';
  return true;
}

// Output that got lost, on a full disk for one, is no success.
int unless_lost(int exit_code) {
  const bool is_out = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
  if (is_out) return exit_code;
  std::cerr << "lockstep: cannot write the output\n";
  return kBadUsage;
}

int run(int argc, char** argv) {
  CLI::App app("Event-capture SDK and deterministic compliance harness.", "lockstep");
  app.set_version_flag("--version", "lockstep " LOCKSTEP_VERSION);
  app.require_subcommand(1);
  int exit_code = kPassed;
  for (const auto add : kVerbs) add(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (is_unknown_verb(app)) return kBadUsage;
    // --help and --version come this way too, with status 0.
    return app.exit(error) == 0 ? kPassed : kBadUsage;
  } catch (const std::exception& error) {
    std::cerr << "lockstep: " << error.what() << '\n';
    return kFailed;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) { return unless_lost(run(argc, argv)); }
