// What the adapter's tests stand on: the mock server, a simulated network, an adapter over a sim
// host, and calls by path. No socket, no thread, virtual time.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/adapter.h"
#include "mockserver/server.h"
#include "sdk/host/sim_host.h"

namespace lockstep::adapter {

using Json = nlohmann::json;

struct Answer {
  int status = 0;
  http::Headers headers;
  Json body;
};

// One request to a handler; a body that is not text is sent as JSON, a null one as no body.
Answer call(http::Handler& handler, Now now, std::string_view method, std::string_view target,
            const Json& body = nullptr);
Answer call_raw(http::Handler& handler, Now now, std::string_view method, std::string_view target,
                std::string body);

class Bench {
 public:
  // `adjust` sees the adapter's options before the adapter is made.
  explicit Bench(const std::function<void(AdapterOptions&)>& adjust = {});

  Answer post(std::string_view target, const Json& body = nullptr) {
    return call(*adapter, host->clock().read(), "POST", target, body);
  }
  Answer get(std::string_view target) {
    return call(*adapter, host->clock().read(), "GET", target);
  }
  // POST /init of a client that sends only when flushed, with `more` options; must succeed.
  void init(const std::string& test_id = "", const Json& more = Json::object());
  // POST /capture of an event of that name, which must be accepted; returns its uuid.
  std::string capture(const std::string& name, const std::string& test_id = "");
  Json state(const std::string& test_id = "") { return get("/state" + query(test_id)).body; }

  // Tells the mock how to answer the next requests of a test id, then 200.
  void answers(const Json& responses, const std::string& test_id = "");
  // The requests of a test id that the mock saw, in order.
  Json journal(const std::string& test_id = "");

  // "?test_id=...", or nothing.
  static std::string query(const std::string& test_id);

  mock::Server server;
  std::shared_ptr<SimHost> host;
  std::unique_ptr<Adapter> adapter;
};

}  // namespace lockstep::adapter
