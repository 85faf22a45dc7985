#include "adapter/adapter.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/serve.h"
#include "cli/verbs.h"
#include "clock/system_clock.h"
#include "sdk/host/stepped_host.h"
#include "sdk/host/thread_host.h"

namespace lockstep::cli {
namespace {

struct AdapterArguments {
  ServeOptions serve{"adapter"};
  std::string capture = "v0";
  std::string compression = "none";
  std::string clock = "system";
};

int run_adapter(const AdapterArguments& arguments) {
  const HeldSignals signals;
  adapter::AdapterOptions options;
  options.clock = std::make_shared<SystemClock>();
  if (arguments.clock == "virtual") {
    options.virtual_host = [real = options.clock] { return SteppedHost::create(real->wall_now()); };
  } else {
    options.host = ThreadHost::create();
  }
  options.capture = *parse_capture(arguments.capture);
  options.compression = *parse_compression(arguments.compression);
  const std::shared_ptr<Clock> clock = options.clock;
  adapter::Adapter adapter(std::move(options));
  ServeOptions serving = arguments.serve;
  serving.note = " (capture " + arguments.capture + ", compression " + arguments.compression +
                 ", " + arguments.clock + " clock)";
  return serve(adapter, *clock, signals, serving, [&adapter] { adapter.close(); });
}

}  // namespace

void add_adapter(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<AdapterArguments>();
  CLI::App* verb = app.add_subcommand(
      "adapter", "Serve the compliance adapter, which PostHog's shared SDK suite drives.");
  add_serve_options(*verb, arguments->serve);
  verb->add_option("--capture", arguments->capture, "Protocol of the clients")
      ->check(CLI::IsMember(std::vector<std::string>(kCaptureNames.begin(), kCaptureNames.end())))
      ->capture_default_str();
  verb->add_option("--compression", arguments->compression,
                   "What enable_compression turns on; none means gzip")
      ->check(CLI::IsMember({"none", "gzip", "deflate", "br", "zstd"}))
      ->capture_default_str();
  verb->add_option("--clock", arguments->clock,
                   "system, or virtual: time stands still until POST /clock moves it")
      ->check(CLI::IsMember({"system", "virtual"}))
      ->capture_default_str();
  verb->callback([arguments, &exit_code] { exit_code = run_adapter(*arguments); });
}

}  // namespace lockstep::cli
