// One client for the whole process, owned by a guard in main().
//
//   int main() {
//     lockstep::ProcessClient guard({.api_key = "phc_..."});
//     ...
//   }                                     // drained here, while everything still exists
//
//   lockstep::with_process_client([](lockstep::Client& client) { client.capture("u", "e"); });
//
// There is no global object with a destructor: a capture during static destruction finds no client
// and is a no-op, not a crash.
#pragma once

#include <functional>
#include <memory>

#include "sdk/client.h"

namespace lockstep {

class ProcessClient {
 public:
  // Throws ConfigError for bad options, std::logic_error when the process already has one.
  explicit ProcessClient(Options options);
  ProcessClient(Options options, std::shared_ptr<Host> host);
  // Shuts the client down and takes it away; waits for with_process_client() calls that still use
  // it.
  ~ProcessClient();
  ProcessClient(const ProcessClient&) = delete;
  ProcessClient& operator=(const ProcessClient&) = delete;

 private:
  std::unique_ptr<Client> client_;
};

// Calls `use` with the process's client and returns true; returns false when there is none.
// Thread-safe.
bool with_process_client(const std::function<void(Client&)>& use);

}  // namespace lockstep
