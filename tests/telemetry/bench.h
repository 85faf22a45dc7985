// A tool's telemetry on a simulated network, and what the service stored of it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "mockserver/server.h"
#include "sdk/host/sim_host.h"
#include "telemetry/telemetry.h"

namespace lockstep::telemetry::test {

class Stand : public testing::Test {
 protected:
  static mock::ServerOptions strict() {
    mock::ServerOptions options;
    options.strict = true;
    return options;
  }

  TelemetryOptions options() {
    TelemetryOptions made;
    made.write_key = "write-key";
    made.endpoint = "http://telemetry.test";
    made.version = "1.2.3";
    made.anonymous_id = "device-1";
    made.opt_out = "TOOL_TELEMETRY";
    made.host = host_;
    made.environment = [this](const char* name) -> const char* {
      const auto found = environment_.find(name);
      return found == environment_.end() ? nullptr : found->second.c_str();
    };
    made.log = [this](std::string_view line) { lines_.emplace_back(line); };
    return made;
  }

  // The messages that the service stored.
  std::vector<nlohmann::json> stored() const {
    std::vector<nlohmann::json> messages;
    for (const auto& row : server_.stored()) messages.push_back(nlohmann::json::parse(row.bytes));
    return messages;
  }

  mock::Server server_{strict()};
  std::shared_ptr<SimHost> host_ = std::make_shared<SimHost>(server_);
  std::map<std::string, std::string> environment_;
  std::vector<std::string> lines_;
};

}  // namespace lockstep::telemetry::test
