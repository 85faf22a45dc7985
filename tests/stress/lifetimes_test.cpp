// Clients that come and go on one host while others work: made, closed, destroyed on any thread.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "tests/stress/load.h"

namespace lockstep {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kClientsEach = 40;
constexpr Stream kHow{"how-it-ends"};

// Where threads leave clients for others to destroy.
class Bin {
 public:
  void put(std::unique_ptr<Client> client) {
    const std::lock_guard lock(mutex_);
    clients_.push_back(std::move(client));
  }
  std::unique_ptr<Client> take() {
    const std::lock_guard lock(mutex_);
    if (clients_.empty()) return nullptr;
    std::unique_ptr<Client> client = std::move(clients_.back());
    clients_.pop_back();
    return client;
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Client>> clients_;
};

struct Crowd {
  TroubledServer troubled{21};
  Ledger ledger;
  // Latency, so that there is something in flight when a shutdown has to end it.
  std::shared_ptr<ThreadHost> host = make_stress_host(troubled.server, 22, 300us);
  Bin bin;
  std::atomic<std::uint64_t> captured{0};
  // What the server had of a client when its shutdown() returned, by the client's name.
  std::mutex mutex;
  std::map<std::string, std::size_t> seen_at_shutdown;

  std::unique_ptr<Client> make(const std::string& name) {
    Options options = stress_options();
    options.headers = {{"X-Test-Id", name}};
    options.shutdown_timeout = 5ms;
    ledger.listen(options);
    return std::make_unique<Client>(std::move(options), host);
  }
};

void live(Crowd& crowd, const Chance& chance, std::size_t thread, std::size_t number) {
  const std::string name = std::to_string(thread) + "-" + std::to_string(number);
  std::unique_ptr<Client> client = crowd.make(name);
  const std::uint64_t events = chance.below({kHow, thread, 2 * number}, 60);
  for (std::uint64_t i = 0; i < events; ++i) {
    if (client->capture("u", "e").ok()) ++crowd.captured;
  }
  switch (chance.below({kHow, thread, 2 * number + 1}, 7)) {
    case 0:
      static_cast<void>(client->flush(1ms));
      break;
    case 1:
      static_cast<void>(client->begin_shutdown(1ms));
      break;
    case 2:
      static_cast<void>(client->begin_flush(1s));
      break;
    case 3: {
      static_cast<void>(client->shutdown(1ms));
      const std::size_t seen = crowd.troubled.server.request_count(name);
      const std::lock_guard lock(crowd.mutex);
      crowd.seen_at_shutdown[name] = seen;
      break;
    }
    case 4:
      crowd.bin.put(std::move(client));
      break;
    case 5:
      static_cast<void>(client->begin_shutdown(0s));  // what is queued ends unsent
      break;
    default:
      break;
  }
  if (number % 3 == 0) crowd.bin.take();  // and with it somebody else's client
}

TEST(Lifetimes, EveryEventOfEveryClientHasOneOutcome) {
  Crowd crowd;
  const Chance chance(23);
  on_threads(kThreads, [&](std::size_t thread) {
    for (std::size_t number = 0; number < kClientsEach; ++number) {
      live(crowd, chance, thread, number);
    }
  });
  while (crowd.bin.take() != nullptr) {
  }
  EXPECT_EQ(crowd.ledger.size(), crowd.captured);
  EXPECT_EQ(crowd.ledger.twice(), 0u);
  EXPECT_FALSE(crowd.seen_at_shutdown.empty());
  for (const auto& [name, requests] : crowd.seen_at_shutdown) {
    EXPECT_EQ(crowd.troubled.server.request_count(name), requests)
        << "sent after shutdown returned";
  }
  const std::vector<std::string> delivered = crowd.ledger.delivered_uuids();
  const std::vector<std::string> stored = stored_uuids(crowd.troubled.server);
  EXPECT_TRUE(std::includes(stored.begin(), stored.end(), delivered.begin(), delivered.end()));
}

// Hosts too: each client is the only owner of its own.
TEST(Lifetimes, HostsComeAndGoWithTheirClients) {
  TroubledServer troubled(31);
  Ledger ledger;
  std::atomic<std::uint64_t> captured = 0;
  on_threads(kThreads, [&](std::size_t thread) {
    for (std::size_t number = 0; number < 20; ++number) {
      Options options = stress_options();
      ledger.listen(options);
      Client client(std::move(options), make_stress_host(troubled.server, thread + 1));
      for (int i = 0; i < 10; ++i) {
        if (client.capture("u", "e").ok()) ++captured;
      }
    }
  });
  EXPECT_EQ(ledger.delivered(), captured);
  EXPECT_EQ(stored_uuids(troubled.server).size(), captured);
}

}  // namespace

}  // namespace lockstep
