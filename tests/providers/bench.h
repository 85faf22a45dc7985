// A remote provider against the mock server in virtual time, and what its tests ask about.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "mockserver/server.h"
#include "openfeature/client.h"
#include "providers/remote.h"
#include "sdk/host/sim_host.h"

namespace lockstep::providers {

struct Bench {
  explicit Bench(const std::string& flags) {
    server.script(mock::parse_script(std::string_view(R"({"flags": )" + flags + "}")));
  }

  // From now on the flags are these.
  void change(const std::string& flags) {
    server.script(mock::parse_script(std::string_view(R"({"flags": )" + flags + "}")));
  }
  // Every request from now on is answered so, and as usual after a second call with {}.
  void answer_all(mock::Step step) {
    mock::Script script;
    script.default_response = std::move(step);
    server.script(std::move(script));
  }
  mock::JournalEntry last() const { return server.journal().back(); }
  nlohmann::json last_body() const { return nlohmann::json::parse(last().body); }
  std::size_t requests() const { return server.request_count(); }

  mock::Server server;
  std::shared_ptr<SimHost> host = std::make_shared<SimHost>(server);
};

// Options of a provider whose server is the bench's.
inline RemoteOptions remote() { return {.base_url = "http://flags.test"}; }

inline openfeature::EvaluationContext user(std::string key) {
  return openfeature::EvaluationContext(std::move(key));
}

}  // namespace lockstep::providers
