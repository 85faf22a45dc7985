#include "adapter/adapter.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/serve.h"
#include "cli/verbs.h"
#include "sdk/host/thread_host.h"

namespace lockstep::cli {
namespace {

struct AdapterArguments {
  ServeOptions serve{"adapter"};
  std::string capture = "v0";
  std::string compression = "none";
};

int run_adapter(const AdapterArguments& arguments) {
  const HeldSignals signals;
  adapter::AdapterOptions options;
  options.host = ThreadHost::create();
  options.capture = *parse_capture(arguments.capture);
  options.compression = *parse_compression(arguments.compression);
  const std::shared_ptr<Host> host = options.host;
  adapter::Adapter adapter(std::move(options));
  ServeOptions serving = arguments.serve;
  serving.note = " (capture " + arguments.capture + ", compression " + arguments.compression + ")";
  return serve(adapter, host->clock(), signals, serving, [&adapter] { adapter.close(); });
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
  verb->callback([arguments, &exit_code] { exit_code = run_adapter(*arguments); });
}

}  // namespace lockstep::cli
