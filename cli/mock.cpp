#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>

#include "cli/serve.h"
#include "cli/verbs.h"
#include "clock/system_clock.h"
#include "mockserver/server.h"

namespace lockstep::cli {
namespace {

struct MockArguments {
  ServeOptions serve{"mock"};
  bool strict = false;
  std::string script;
};

// Gives the server the script of the file; throws std::runtime_error with what is wrong with it.
void load_script(mock::Server& server, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in || in.bad()) throw std::runtime_error("cannot be read");
  server.script(mock::parse_script(text));
}

int run_mock(const MockArguments& arguments) {
  const HeldSignals signals;
  SystemClock clock;
  mock::ServerOptions options;
  options.strict = arguments.strict;
  mock::Server server(options);
  try {
    if (!arguments.script.empty()) load_script(server, arguments.script);
  } catch (const std::exception& error) {
    std::cerr << "lockstep mock: " << arguments.script << ": " << error.what() << '\n';
    return kBadUsage;
  }
  ServeOptions serving = arguments.serve;
  if (arguments.strict) serving.note = " (strict)";
  return serve(server, clock, signals, serving);
}

}  // namespace

void add_mock(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<MockArguments>();
  CLI::App* verb = app.add_subcommand("mock", "Serve the scripted mock ingestion server.");
  add_serve_options(*verb, arguments->serve);
  verb->add_flag("--strict", arguments->strict, "Enforce the limits and rules of real ingestion");
  verb->add_option("--script", arguments->script,
                   "JSON file of answers, as POST /_control/configure takes it")
      ->check(CLI::ExistingFile);
  verb->callback([arguments, &exit_code] { exit_code = run_mock(*arguments); });
}

}  // namespace lockstep::cli
