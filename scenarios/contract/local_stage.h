// Contract tests against our own SDK, in process: the adapter's handler is called as a function,
// the mock through the simulated network, time is virtual. No socket, no thread.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "scenarios/contract/runner.h"
#include "scenarios/scenario.h"

namespace lockstep::contract {

class LocalTarget final : public Target {
 public:
  // The SDK as `lockstep adapter --capture CAPTURE --compression COMPRESSION` would serve it.
  LocalTarget(Capture capture, Compression compression, bool strict, std::uint64_t seed);

  const std::string& name() const override { return name_; }
  const std::set<std::string>& capabilities() const override { return capabilities_; }
  std::size_t concurrency() const override { return 1; }
  std::unique_ptr<Stage> stage(const Test& test) override;

 private:
  scenario::Settings settings_;
  std::uint64_t seed_;
  std::string name_;
  std::set<std::string> capabilities_;
};

}  // namespace lockstep::contract
