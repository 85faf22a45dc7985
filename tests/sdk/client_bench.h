// What the client tests stand on: a server whose answers a test writes down, and a simulation.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "http/handler.h"
#include "sdk/client.h"
#include "sdk/host/sim_host.h"

namespace lockstep {

inline constexpr std::chrono::milliseconds kLatency{1};  // each way

// Answers requests to ingest with what is next in the script, then with 200; requests for flags
// with what is next in `flags`, then with 500.
class ScriptedServer final : public http::Handler {
 public:
  struct Seen {
    Instant at{};
    http::Request request;
  };

  http::Reply handle(const http::Request& request, Now now) override;

  void then(int status, http::Headers headers = {}, std::string body = "");
  void then(http::Fault fault);
  void then_flags(int status, std::string body);
  // v1: a 200 that names the result of each event, one letter each: o ok, d drop, r retry.
  void then_results(std::string letters);

  // The events of the i-th ingestion request, by name.
  std::vector<std::string> names(std::size_t i) const;
  // All events ever seen, by name, in order of arrival.
  std::vector<std::string> all_names() const;
  nlohmann::json body(std::size_t i) const;

  std::vector<Seen> seen;        // ingestion requests
  std::vector<Seen> flags_seen;  // flag requests
  Duration delay{0};             // of every answer

 private:
  using Step = std::function<http::Reply(const http::Request&)>;
  std::deque<Step> script_;
  std::deque<http::Reply> flags_;
};

// A client on a simulation with everything it said. flush_at 3, interval 5 s, no jitter, retries
// after 1 s doubling.
class ClientBench {
 public:
  explicit ClientBench(const std::function<void(Options&)>& adjust = {});
  ~ClientBench();

  static Options options();
  Duration now() const { return host->clock().now() - Instant{}; }
  // Captures an event of that name, which must be accepted.
  Uuid capture(std::string_view name);
  // "name: delivered" or "name: reason", in the order of the outcomes.
  std::vector<std::string> ends() const;

  ScriptedServer server;
  std::shared_ptr<SimHost> host;
  std::vector<Outcome> outcomes;
  std::vector<RequestReport> requests;
  std::vector<ErrorReport> errors;
  std::vector<std::string> logged;
  std::unique_ptr<Client> client;

 private:
  std::vector<std::pair<Uuid, std::string>> names_;
};

}  // namespace lockstep
