// What `lockstep contract` was asked for, and the targets that follow from it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cli/drawings.h"
#include "scenarios/contract/runner.h"

namespace CLI {
class App;
}

namespace lockstep::cli {

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
  Drawings drawings;

  // An adapter over HTTP; empty: our SDK, in process.
  std::string adapter_url;
  std::size_t concurrency = 10;
  std::string mock_listen = "127.0.0.1";
  std::uint16_t mock_port = 0;
  std::string mock_url;
  std::uint32_t start_timeout_s = 30;
  std::uint32_t call_timeout_s = 300;
  bool strict = false;
};

// --adapter-url and what goes with it.
void add_adapter_options(CLI::App& verb, ContractArguments& arguments);

// Whether tests are held to more than the original runner holds them to: our SDK is, unless told
// otherwise, and somebody else's is not.
bool is_strict(const ContractArguments& arguments);

// The adapter; or one process of our SDK for each protocol and codec that is asked for. Throws
// std::runtime_error when the adapter cannot be reached.
std::vector<std::unique_ptr<contract::Target>> targets_of(const ContractArguments& arguments);

// The command line that runs just this test again.
std::string replay_command(const scenario::Result& result, const ContractArguments& arguments);

}  // namespace lockstep::cli
