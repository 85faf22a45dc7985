#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "cli/verbs.h"

namespace {

using namespace lockstep::cli;

// In the order of the help text.
constexpr void (*kVerbs[])(CLI::App& app, int& exit_code) = {
    add_run, add_contract, add_explore, add_prove, add_replay, add_adapter, add_mock, add_actions,
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Event-capture SDK and deterministic compliance harness.", "lockstep");
  app.set_version_flag("--version", "lockstep " LOCKSTEP_VERSION);
  app.require_subcommand(1);
  int exit_code = kPassed;
  for (const auto add : kVerbs) add(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version come this way too, with status 0.
    return app.exit(error) == 0 ? kPassed : kBadUsage;
  } catch (const std::exception& error) {
    std::cerr << "lockstep: " << error.what() << '\n';
    return kFailed;
  }
  return exit_code;
}
