// Shutdown against everything: whoever comes first, every call returns, and afterwards it is
// closed.

#include <gtest/gtest.h>

#include <atomic>

#include "tests/stress/load.h"

namespace lockstep {

namespace {

using namespace std::chrono_literals;

TEST(Races, ShutdownAgainstCapturesFlushesAndItself) {
  for (std::uint64_t round = 0; round < 40; ++round) {
    TroubledServer troubled(round);
    Ledger ledger;
    Options options = stress_options();
    ledger.listen(options);
    Client client(std::move(options), make_stress_host(troubled.server, round));
    std::atomic<std::uint64_t> accepted = 0;
    on_threads(kThreads, [&](std::size_t thread) {
      for (int i = 0; i < 50; ++i) {
        if (client.capture("u", "e").ok()) ++accepted;
      }
      switch (thread % 4) {
        case 0:
          static_cast<void>(client.shutdown(2ms));
          break;
        case 1:
          static_cast<void>(client.begin_shutdown(0s));
          break;
        case 2:
          static_cast<void>(client.flush(5ms));
          break;
        default:
          break;
      }
      if (client.capture("u", "late").ok()) ++accepted;
    });
    const FlushReport last = client.shutdown(60s);
    EXPECT_EQ(last.pending, 0u);
    const std::size_t requests = troubled.server.request_count();
    EXPECT_EQ(client.capture("u", "after").admission, Admission::closed);
    const LaneStats total = client.stats().total();
    EXPECT_TRUE(total.balances());
    EXPECT_EQ(total.pending, 0u);
    EXPECT_EQ(total.captured, accepted);
    EXPECT_EQ(ledger.size(), accepted);
    EXPECT_EQ(ledger.twice(), 0u);
    EXPECT_EQ(troubled.server.request_count(), requests);
  }
}

// Producers that wait for room in a full queue while the client closes must learn of it, at once:
// the queue stays full for as long as the shutdown hopes.
TEST(Races, ShutdownFreesProducersThatWaitForRoom) {
  for (std::uint64_t round = 0; round < 20; ++round) {
    mock::Server server;
    mock::Script script;
    mock::Step silence;
    silence.fault = http::Fault::no_answer;
    script.default_response = silence;
    server.script(std::move(script));
    Options options = stress_options();
    options.max_queue_size = 4;
    options.queue_full = QueueFullPolicy::block;
    options.max_block = std::chrono::hours{1};
    Client client(std::move(options), make_stress_host(server, round));
    on_threads(kThreads, [&](std::size_t thread) {
      if (thread == 0) {
        static_cast<void>(client.begin_shutdown(std::chrono::hours{1}));
        return;
      }
      while (client.capture("u", "e").ok()) {
      }
    });
    static_cast<void>(client.shutdown(0s));
    EXPECT_TRUE(client.stats().closed);
    EXPECT_TRUE(client.stats().total().balances());
  }
}

}  // namespace

}  // namespace lockstep
