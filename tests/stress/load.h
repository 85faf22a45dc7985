// What the stress tests stand on: a real clock, a thread host on a network that takes no time, a
// server that fails often, and a ledger of the tests' own to hold the client's against.
//
// The rule of these tests: seeds are fixed and every choice is drawn by key, but threads run as
// they like; so they assert what must hold under every interleaving.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "clock/chance.h"
#include "clock/system_clock.h"
#include "mockserver/server.h"
#include "sdk/client.h"
#include "sdk/host/thread_host.h"

namespace lockstep {

// Outcomes by uuid, from several clients at once.
class Ledger {
 public:
  void note(const Outcome& outcome);
  // Puts on_outcome into the options.
  void listen(Options& options);

  std::size_t size() const;
  std::size_t delivered() const;
  std::size_t twice() const;  // outcomes beyond the first of an event
  bool has(const Uuid& uuid) const;
  // The uuids of delivered events, as the server writes them, in order.
  std::vector<std::string> delivered_uuids() const;

 private:
  mutable std::mutex mutex_;
  std::map<Uuid, Outcome> ends_;
  std::size_t twice_ = 0;
};

// A server that answers one request in three with some kind of trouble, all of which a retry cures.
class TroubledServer {
 public:
  explicit TroubledServer(std::uint64_t seed);
  mock::Server server;

 private:
  std::optional<mock::Step> decide(const mock::ParsedRequest& request);

  const Chance chance_;
  std::atomic<std::uint64_t> number_{0};
};

// Real time, and a network that takes so long each way.
std::shared_ptr<ThreadHost> make_stress_host(http::Handler& server, std::uint64_t seed,
                                             Duration latency = Duration{0});

// Short backoffs and as many retries as it takes.
Options stress_options();

// How many threads go at one client where a test has no reason for another number.
inline constexpr std::size_t kThreads = 8;

// Runs `work` on so many threads at once, with the number of each; returns when all are done.
void on_threads(std::size_t count, const std::function<void(std::size_t)>& work);

// The uuids the server has stored, in order.
std::vector<std::string> stored_uuids(const mock::Server& server);

}  // namespace lockstep
