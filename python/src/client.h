// A client as Python holds it: of a simulation, or of the real world.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pybind.h"
#include "sdk/client.h"
#include "sdk/transport/curl_transport.h"
#include "simulation.h"

namespace lockstep::python {

class NativeClient {
 public:
  // On the process's thread host; with curl options, on one of its own. Throws ConfigError.
  NativeClient(Options options, std::optional<CurlOptions> curl);
  // In a simulation, whose trace and outcomes know it by its name.
  NativeClient(Options options, std::shared_ptr<Simulation> simulation, const std::string& name);
  // Shuts it down where that has not happened, without the GIL.
  ~NativeClient();
  NativeClient(const NativeClient&) = delete;
  NativeClient& operator=(const NativeClient&) = delete;

  // The client behind it; in a forked child a new one with the same options, since the parent's has
  // no thread there.
  Client& client();
  // Captures without the GIL: because it may wait for room in the queue.
  bool may_wait() const noexcept { return may_wait_; }

  // Runs `body`, which may wait or run callables, without the GIL.
  template <typename Body>
  auto wait(Body body) {
    Client& client = this->client();
    if (simulation_ != nullptr) return simulation_->use([&] { return body(client); });
    const py::gil_scoped_release released;
    return body(client);
  }
  // Runs `body`, which does not wait, with the GIL.
  template <typename Body>
  auto touch(Body body) {
    Client& client = this->client();
    if (simulation_ != nullptr) return simulation_->touch([&] { return body(client); });
    return body(client);
  }

 private:
  std::shared_ptr<Simulation> simulation_;  // outlives the client
  std::optional<Options> options_;          // of a real one, for a forked child
  std::optional<CurlOptions> curl_;
  bool may_wait_ = false;
  std::uint64_t fork_generation_ = 0;
  std::vector<std::unique_ptr<Client>> of_parents_;  // closed ones, which trackers may still know
  std::unique_ptr<Client> client_;
};

// Adds capture(), the one method that is called often enough to be worth a call without pybind11's
// argument handling.
void add_capture(py::handle type);

}  // namespace lockstep::python
