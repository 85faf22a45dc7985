// Many producers, and everything else one can do to a client at the same time. Nothing is lost:
// what the producers were told, what the ledger says and what the server stored are the same
// events.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "mockserver/http_front.h"
#include "sdk/host/manual_host.h"
#include "sdk/host/thread_host.h"
#include "sdk/transport/sim_transport.h"
#include "tests/stress/load.h"

namespace lockstep {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kProducers = 8;
constexpr std::size_t kEventsEach = 600;
constexpr Stream kPick{"pick"};

// Counts what producers were told.
struct Told {
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> refused{0};

  void count(const CaptureResult& result) {
    if (result.ok()) {
      ++accepted;
    } else if (result.admission == Admission::dropped) {
      ++dropped;
    } else {
      ++refused;
    }
  }
};

void produce(Client& client, const Chance& chance, std::size_t thread, Told& told) {
  for (std::size_t i = 0; i < kEventsEach; ++i) {
    Event event;
    event.name = "event";
    event.distinct_id = "user-" + std::to_string(thread);
    event.properties.set("n", i);
    switch (chance.below({kPick, thread, i}, 8)) {
      case 0:
        told.count(client.capture_ai(std::move(event)));
        break;
      case 1:
        event.historical = true;
        told.count(client.capture(std::move(event)));
        break;
      case 2:
        told.count(client.capture("user", "short", {{"n", i}}));
        break;
      default:
        told.count(client.capture(std::move(event)));
        break;
    }
  }
}

void expect_everything_delivered(const Client& client, const Told& told, const Ledger& ledger,
                                 const mock::Server& server) {
  const LaneStats total = client.stats().total();
  EXPECT_TRUE(total.balances());
  EXPECT_EQ(total.captured, told.accepted + told.dropped);
  EXPECT_EQ(client.stats().refused, told.refused);
  EXPECT_EQ(total.delivered, told.accepted);
  EXPECT_EQ(total.pending, 0u);
  EXPECT_EQ(ledger.size(), total.captured);
  EXPECT_EQ(ledger.twice(), 0u);
  EXPECT_EQ(ledger.delivered_uuids(), stored_uuids(server));
  for (const mock::StoredEvent& row : server.stored()) EXPECT_TRUE(row.same_bytes);
}

class Producers : public testing::TestWithParam<Capture> {};

TEST_P(Producers, BesideEveryOtherCallLoseNothing) {
  TroubledServer troubled(7);
  Ledger ledger;
  Told told;
  const Chance chance(11);
  Options options = stress_options();
  options.capture = GetParam();
  options.compression = Compression::gzip;
  ledger.listen(options);
  options.before_send = {[](Event& event) { return event.properties.json("n") != "13"; }};
  Client client(std::move(options), make_stress_host(troubled.server, 3));

  std::atomic<std::size_t> producing = kProducers;
  on_threads(kProducers + 4, [&](std::size_t thread) {
    if (thread < kProducers) {
      produce(client, chance, thread, told);
      --producing;
      return;
    }
    while (producing > 0) {
      switch (thread - kProducers) {
        case 0:
          EXPECT_NE(client.flush(1s).status, FlushStatus::closed);
          break;
        case 1:
          static_cast<void>(client.begin_flush(1ms));
          break;
        case 2:
          client.opt_out();
          client.opt_in();
          break;
        default:
          EXPECT_TRUE(client.stats().total().balances());
          break;
      }
    }
  });
  // One that the hook drops: those of the producers may all have come while the client was opted
  // out.
  told.count(client.capture("user", "short", {{"n", 13}}));
  EXPECT_GT(told.dropped, 0u);
  EXPECT_EQ(client.shutdown(60s).status, FlushStatus::complete);
  expect_everything_delivered(client, told, ledger, troubled.server);
}

TEST_P(Producers, BesideFlagCallsLoseNothing) {
  TroubledServer troubled(8);
  Ledger ledger;
  Told told;
  const Chance chance(12);
  Options options = stress_options();
  options.capture = GetParam();
  ledger.listen(options);
  Client client(std::move(options), make_stress_host(troubled.server, 4));

  on_threads(kProducers, [&](std::size_t thread) {
    if (thread % 2 == 0) {
      produce(client, chance, thread, told);
      return;
    }
    FlagRequest request;
    request.key = "beta";
    request.send_event = false;
    for (int i = 0; i < 60; ++i) {
      request.distinct_id = "user-" + std::to_string(i);
      const FlagResult result = client.get_feature_flag(request);
      EXPECT_EQ(result.error, "");
    }
  });
  EXPECT_EQ(client.shutdown(60s).status, FlushStatus::complete);
  expect_everything_delivered(client, told, ledger, troubled.server);
}

INSTANTIATE_TEST_SUITE_P(Protocols, Producers,
                         testing::Values(Capture::v0, Capture::v1, Capture::client),
                         [](const auto& capture) { return std::string(to_string(capture.param)); });

// Queues so small that they are always full: refusals and evictions are outcomes like any other.
class FullQueues : public testing::TestWithParam<QueueFullPolicy> {};

TEST_P(FullQueues, AccountForEveryEvent) {
  TroubledServer troubled(9);
  Ledger ledger;
  Told told;
  const Chance chance(13);
  Options options = stress_options();
  options.max_queue_size = 50;
  options.queue_full = GetParam();
  options.max_block = 1ms;
  ledger.listen(options);
  Client client(std::move(options), make_stress_host(troubled.server, 5));

  on_threads(kProducers, [&](std::size_t thread) { produce(client, chance, thread, told); });
  EXPECT_EQ(client.shutdown(60s).status, FlushStatus::complete);
  const LaneStats total = client.stats().total();
  EXPECT_TRUE(total.balances());
  EXPECT_EQ(total.captured, kProducers * kEventsEach);
  EXPECT_EQ(total.captured, told.accepted + told.dropped);
  EXPECT_EQ(total.dropped(DropReason::queue_full), told.dropped);
  EXPECT_EQ(total.delivered + total.dropped(DropReason::evicted), told.accepted);
  EXPECT_EQ(ledger.twice(), 0u);
  // An event that was processed and evicted before its retry is stored all the same.
  const std::vector<std::string> delivered = ledger.delivered_uuids();
  const std::vector<std::string> stored = stored_uuids(troubled.server);
  EXPECT_EQ(delivered.size(), total.delivered);
  EXPECT_TRUE(std::includes(stored.begin(), stored.end(), delivered.begin(), delivered.end()));
}

INSTANTIATE_TEST_SUITE_P(Policies, FullQueues,
                         testing::Values(QueueFullPolicy::drop_newest, QueueFullPolicy::drop_oldest,
                                         QueueFullPolicy::block),
                         [](const auto& policy) { return std::string(to_string(policy.param)); });

// Every thread flushes for itself, so every thread pumps: they take turns.
TEST(ProducersOnAManualHost, LoseNothing) {
  TroubledServer troubled(15);
  Ledger ledger;
  Told told;
  Options options = stress_options();
  ledger.listen(options);
  auto clock = std::make_shared<SystemClock>();
  auto network = std::make_unique<SimTransport>(*clock, troubled.server, SimNetworkOptions{});
  Client client(
      std::move(options),
      std::make_shared<ManualHost>(clock, std::make_shared<const Chance>(6), std::move(network)));
  on_threads(kProducers, [&](std::size_t thread) {
    for (std::size_t i = 0; i < 100; ++i) {
      told.count(client.capture("user", "event", {{"n", i}}));
      if (i % 10 == thread) {
        EXPECT_TRUE(client.flush(60s).ok());
      }
      if (i % 10 == 9) client.poll();
    }
  });
  EXPECT_EQ(client.shutdown(60s).status, FlushStatus::complete);
  expect_everything_delivered(client, told, ledger, troubled.server);
}

// libcurl, sockets and the server's own threads.
TEST(ProducersOnSockets, LoseNothing) {
  TroubledServer troubled(10);
  SystemClock clock;
  mock::HttpFront front(troubled.server, clock);
  front.listen();
  Ledger ledger;
  Told told;
  const Chance chance(14);
  CurlOptions curl;
  curl.no_proxy = "*";
  Options options = stress_options();
  options.host = front.origin();
  options.flush_at = 100;
  options.max_batch_size = 100;
  ledger.listen(options);
  Client client(std::move(options), ThreadHost::create(curl));
  on_threads(kProducers, [&](std::size_t thread) { produce(client, chance, thread, told); });
  EXPECT_EQ(client.shutdown(60s).status, FlushStatus::complete);
  expect_everything_delivered(client, told, ledger, troubled.server);
}

}  // namespace

}  // namespace lockstep
