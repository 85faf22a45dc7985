// Any adapter as the target of contract tests, over HTTP, in whatever language it is written: in
// real time, or in the adapter's virtual time where it offers a clock (docs/adapter-clock.md).
#pragma once

#include <memory>
#include <set>
#include <string>

#include "scenarios/contract/adapter_link.h"
#include "scenarios/contract/runner.h"

namespace lockstep::contract {

struct HttpOptions {
  LinkOptions link;
  // How long the adapter may take to come up.
  Duration start_timeout = std::chrono::seconds{30};
  // Tests side by side, each with a test id of its own. Where this is 1, or the adapter can do only
  // one at a time, there are no test ids.
  std::size_t concurrency = 10;
  std::string mock_listen = "127.0.0.1";
  std::uint16_t mock_port = 0;  // 0: any free one
  // The mock's address as the SDK is told it. Empty: loopback and its port.
  std::string mock_url;
  // The mock holds requests to the real limits and rules; what breaks them is the stage's breach().
  bool strict = false;
};

// The mock server stands in this process, on a real socket. Thread-safe; outlives its stages.
class HttpTarget final : public Target {
 public:
  // Starts the mock and waits for the adapter. Throws std::runtime_error with what is wrong: the
  // URL, the mock's address, an adapter that does not come up or does not speak as one.
  explicit HttpTarget(const std::string& adapter_url, const HttpOptions& options = {});
  ~HttpTarget() override;

  // "posthog-rs 0.3.1"
  const std::string& name() const override;
  const std::set<std::string>& capabilities() const override;
  std::size_t concurrency() const override;
  std::unique_ptr<Stage> stage(const Test& test) override;

  const Health& health() const noexcept;
  const std::string& mock_url() const noexcept;

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace lockstep::contract
