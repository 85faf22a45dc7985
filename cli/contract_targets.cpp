// What contract tests run against: our SDK in process, or an adapter over HTTP.
#include <CLI/CLI.hpp>

#include "cli/contract.h"
#include "scenarios/contract/http_target.h"
#include "scenarios/contract/local_stage.h"

namespace lockstep::cli {

namespace {

using Targets = std::vector<std::unique_ptr<contract::Target>>;

Targets local_targets(const ContractArguments& arguments) {
  const auto wanted = [](const std::string& argument, std::string_view word) {
    return argument == "all" || argument == word;
  };
  Targets targets;
  const Compression codec_or_none = arguments.compression == "all"
                                        ? Compression::none
                                        : *parse_compression(arguments.compression);
  const auto add = [&](Capture capture, Compression compression) {
    targets.push_back(std::make_unique<contract::LocalTarget>(
        capture, compression, is_strict(arguments), arguments.seed));
  };
  // The client's flavour of the tests is for SDKs that speak to /e/; ours does in that protocol.
  if (arguments.capture == "client" ||
      (arguments.capture == "all" && arguments.sdk_type == "client")) {
    add(Capture::client, codec_or_none);
    return targets;
  }
  // v0 has no test that looks at the codec, but for one that wants gzip.
  if (wanted(arguments.capture, "v0")) add(Capture::v0, codec_or_none);
  if (!wanted(arguments.capture, "v1")) return targets;
  for (const Compression codec :
       {Compression::gzip, Compression::deflate, Compression::br, Compression::zstd}) {
    if (wanted(arguments.compression, to_string(codec))) add(Capture::v1, codec);
  }
  if (arguments.compression == "none") add(Capture::v1, Compression::none);
  return targets;
}

Targets http_targets(const ContractArguments& arguments) {
  contract::HttpOptions options;
  options.link.call_timeout = std::chrono::seconds{arguments.call_timeout_s};
  options.start_timeout = std::chrono::seconds{arguments.start_timeout_s};
  options.concurrency = arguments.concurrency;
  options.mock_listen = arguments.mock_listen;
  options.mock_port = arguments.mock_port;
  options.mock_url = arguments.mock_url;
  options.strict = arguments.strict;
  Targets targets;
  targets.push_back(std::make_unique<contract::HttpTarget>(arguments.adapter_url, options));
  return targets;
}

}  // namespace

void add_adapter_options(CLI::App& verb, ContractArguments& arguments) {
  auto* const url = verb.add_option("--adapter-url", arguments.adapter_url,
                                    "Test this adapter over HTTP instead of our SDK in process: in "
                                    "real time, or on its virtual clock where it has one");
  verb.add_option("--concurrency", arguments.concurrency,
                  "Tests side by side, where the adapter can")
      ->needs(url)
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb.add_option("--mock-listen", arguments.mock_listen, "Address of the mock server")
      ->needs(url)
      ->capture_default_str();
  verb.add_option("--mock-port", arguments.mock_port, "Its port; 0 takes any free one")
      ->needs(url)
      ->capture_default_str();
  verb.add_option("--mock-url", arguments.mock_url,
                  "Its address as the adapter's SDK is told it, e.g. from inside a container")
      ->needs(url);
  verb.add_option("--start-timeout", arguments.start_timeout_s,
                  "Seconds that the adapter may take to come up")
      ->needs(url)
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  verb.add_option("--call-timeout", arguments.call_timeout_s,
                  "Seconds that one call of the adapter may take")
      ->needs(url)
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  verb.add_flag("--strict", arguments.strict,
                "Hold the adapter's SDK to more than the original runner does: the rules of real "
                "ingestion and, in virtual time, negative checks once the SDK came to rest")
      ->needs(url);
}

bool is_strict(const ContractArguments& arguments) {
  return arguments.adapter_url.empty() ? !arguments.lenient : arguments.strict;
}

Targets targets_of(const ContractArguments& arguments) {
  return arguments.adapter_url.empty() ? local_targets(arguments) : http_targets(arguments);
}

std::string replay_command(const scenario::Result& result, const ContractArguments& arguments) {
  std::string command = "lockstep contract " + scenario::shell_quoted(arguments.file) + " --test " +
                        scenario::shell_quoted(result.name);
  if (arguments.sdk_type != "server") command += " --sdk-type " + arguments.sdk_type;
  if (!arguments.adapter_url.empty()) {
    command += " --adapter-url " + scenario::shell_quoted(arguments.adapter_url);
    if (arguments.strict) command += " --strict";
    return command;
  }
  const std::string& target = result.target;
  const auto space = target.find(' ');
  command += " --capture " + target.substr(0, space) + " --compression " +
             (space == std::string::npos ? "none" : target.substr(space + 1));
  if (arguments.seed != 1) command += " --seed " + std::to_string(arguments.seed);
  if (arguments.lenient) command += " --lenient";
  return command;
}

}  // namespace lockstep::cli
