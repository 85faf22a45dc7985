// Many clients on one host, and their ends: in any order, on any thread, inside callbacks.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include "clock/system_clock.h"
#include "sdk/host/manual_host.h"
#include "sdk/host/thread_host.h"
#include "sdk/transport/sim_transport.h"
#include "tests/hosts/machine.h"
#include "tests/hosts/worlds.h"

namespace lockstep {

namespace {

using namespace std::chrono_literals;

// A thread host of real time whose network takes none.
std::shared_ptr<ThreadHost> make_fast_host(http::Handler& server) {
  auto clock = std::make_shared<SystemClock>();
  auto network = std::make_unique<SimTransport>(*clock, server, SimNetworkOptions{0ns, 0ns});
  return std::make_shared<ThreadHost>(clock, std::make_shared<const Chance>(1), std::move(network));
}

TEST(Clients, FiftyOfThemShareOneThread) {
  FunctionServer server([](const auto&, std::size_t) { return answer(); });
  const std::size_t before = thread_count();
  {
    const std::shared_ptr<ThreadHost> host = make_fast_host(server);
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 50; ++i) {
      clients.push_back(std::make_unique<Client>(world_options(), host));
    }
    std::vector<FlushHandle> flushes;
    for (const auto& client : clients) {
      static_cast<void>(client->capture("u", "e"));
      flushes.push_back(client->begin_flush(60s));
    }
    EXPECT_EQ(thread_count(), before + 1);
    for (const FlushHandle& flush : flushes) EXPECT_TRUE(flush.wait().ok());
    EXPECT_EQ(thread_count(), before + 1);
  }
  EXPECT_EQ(thread_count(), before);
  EXPECT_EQ(server.arrivals("/batch/").size(), 50u);
}

TEST(Clients, TheProcessesSharedHostComesWithTheFirstAndGoesWithTheLast) {
  Options options = world_options();
  options.shutdown_timeout = 0s;
  const std::size_t before = thread_count();
  for (int round = 0; round < 2; ++round) {
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 10; ++i) clients.push_back(std::make_unique<Client>(options));
    EXPECT_EQ(thread_count(), before + 1);
    std::rotate(clients.begin(), clients.begin() + 3, clients.end());
    while (clients.size() > 1) clients.pop_back();
    EXPECT_EQ(thread_count(), before + 1);
    clients.clear();
    EXPECT_EQ(thread_count(), before);
  }
}

// A network that cannot take the first requests of one key.
class ShortOfMemory final : public Transport {
 public:
  ShortOfMemory(std::unique_ptr<Transport> network, int failures)
      : network_(std::move(network)), failures_(failures) {}

  void start(TransferId id, http::Request request, const TransferLimits& limits) override {
    const bool is_unlucky = request.body.find("phc_unlucky") != std::string::npos;
    if (is_unlucky && failures_-- > 0) throw std::runtime_error("no memory left");
    network_->start(id, std::move(request), limits);
  }
  void cancel(TransferId id) override { network_->cancel(id); }
  std::vector<Completion> collect() override { return network_->collect(); }
  Instant next_instant() const override { return network_->next_instant(); }
  void wait(Instant until) override { network_->wait(until); }
  void wake() noexcept override { network_->wake(); }

 private:
  const std::unique_ptr<Transport> network_;
  int failures_;
};

TEST(Clients, ARequestThatCannotBeStartedIsRetriedAndTheOthersDoNotLearnOfIt) {
  FunctionServer server([](const auto&, std::size_t) { return answer(); });
  auto clock = std::make_shared<SystemClock>();
  auto network = std::make_unique<ShortOfMemory>(
      std::make_unique<SimTransport>(*clock, server, SimNetworkOptions{0ns, 0ns}), 2);
  const auto host =
      std::make_shared<ThreadHost>(clock, std::make_shared<const Chance>(1), std::move(network));
  std::vector<RequestReport> requests;
  Options options = world_options();
  options.api_key = "phc_unlucky";
  options.retry_initial_backoff = 1ms;
  options.on_request = [&](const RequestReport& report) { requests.push_back(report); };
  Client unlucky(std::move(options), host);
  Client other(world_options(), host);
  static_cast<void>(unlucky.capture("u", "e"));
  static_cast<void>(other.capture("u", "e"));
  const FlushHandle flush = unlucky.begin_flush(60s);
  EXPECT_TRUE(other.flush(60s).ok());
  EXPECT_TRUE(flush.wait().ok());
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].error, "malformed: no memory left");
  EXPECT_EQ(requests[1].error, "malformed: no memory left");
  EXPECT_EQ(requests[2].status, 200);
  EXPECT_EQ(server.arrivals("/batch/").size(), 2u);
}

class ClientEnds : public testing::TestWithParam<HostKind> {};

// Every order in which four clients with work of their own can end.
TEST_P(ClientEnds, InAnyOrderLoseNothing) {
  std::vector<std::size_t> order{0, 1, 2, 3};
  do {
    FunctionServer server([](const auto&, std::size_t) { return answer(); });
    World world(GetParam(), server);
    std::size_t delivered = 0;
    std::vector<std::unique_ptr<Client>> clients;
    for (std::size_t i = 0; i < order.size(); ++i) {
      Options options = world_options();
      options.on_outcome = [&](const Outcome& outcome) { delivered += outcome.delivered ? 1 : 0; };
      clients.push_back(std::make_unique<Client>(std::move(options), world.host));
    }
    for (const std::size_t which : order) {
      for (const auto& client : clients) {
        if (client != nullptr) static_cast<void>(client->capture("u", "e"));
      }
      clients[which].reset();
    }
    EXPECT_EQ(delivered, 4u + 3u + 2u + 1u);
    EXPECT_EQ(server.arrivals("/batch/").size(), delivered);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_P(ClientEnds, InsideAnothersCallbackDropWhatIsPendingWithItsOutcome) {
  FunctionServer server([](const http::Request& request, std::size_t) {
    return request.body.find("phc_doomed") != std::string::npos ? no_answer() : answer();
  });
  World world(GetParam(), server);
  std::vector<Outcome> told;
  Options options = world_options();
  options.api_key = "phc_doomed";
  options.on_outcome = [&](const Outcome& outcome) { told.push_back(outcome); };
  auto doomed = std::make_unique<Client>(std::move(options), world.host);
  Options killer_options = world_options();
  killer_options.on_outcome = [&](const Outcome&) { doomed.reset(); };
  Client killer(std::move(killer_options), world.host);

  for (int i = 0; i < 6; ++i) static_cast<void>(doomed->capture("u", "e"));
  static_cast<void>(doomed->begin_flush(1h));
  static_cast<void>(killer.capture("u", "e"));
  EXPECT_TRUE(killer.flush(1h).ok());
  EXPECT_EQ(doomed, nullptr);
  ASSERT_EQ(told.size(), 6u);
  for (const Outcome& outcome : told) EXPECT_EQ(outcome.reason, DropReason::shutdown_deadline);
  EXPECT_EQ(server.arrivals("/batch/").size(), 5u);
}

TEST_P(ClientEnds, InsideItsOwnCallbackIsItsLastWord) {
  FunctionServer server([](const auto&, std::size_t) { return answer(); });
  World world(GetParam(), server);
  Options options = world_options();
  options.max_batch_size = 10;
  std::unique_ptr<Client> doomed;
  int told = 0;
  options.on_outcome = [&](const Outcome&) {
    ++told;
    doomed.reset();
  };
  doomed = std::make_unique<Client>(std::move(options), world.host);
  for (int i = 0; i < 3; ++i) static_cast<void>(doomed->capture("u", "e"));
  const FlushHandle flush = doomed->begin_flush(1h);
  EXPECT_EQ(flush.wait().delivered, 3u);
  EXPECT_EQ(told, 1);
}

INSTANTIATE_TEST_SUITE_P(Hosts, ClientEnds,
                         testing::Values(HostKind::sim, HostKind::manual, HostKind::thread),
                         testing::PrintToStringParamName());

// As it may be on a manual host, inside poll().
TEST(Clients, TheLastHandleMayBeLetGoInsidePoll) {
  FunctionServer server([](const auto&, std::size_t) { return answer(); });
  auto clock = std::make_shared<VirtualClock>();
  auto network = std::make_unique<SimTransport>(*clock, server, SimNetworkOptions{0ns, 0ns});
  std::unique_ptr<Client> client;
  Options options = world_options();
  options.on_outcome = [&](const Outcome&) { client.reset(); };
  client = std::make_unique<Client>(
      std::move(options),
      std::make_shared<ManualHost>(clock, std::make_shared<const Chance>(1), std::move(network)));
  static_cast<void>(client->capture("u", "e"));
  static_cast<void>(client->begin_flush(1s));
  client->poll();
  EXPECT_EQ(client, nullptr);
}

// The client in the callback is the last owner of its host: the thread has to end itself.
TEST(Clients, TheLastHandleMayBeLetGoOnTheHostsOwnThread) {
  FunctionServer server([](const auto&, std::size_t) { return answer(); });
  const std::size_t before = thread_count();
  std::unique_ptr<Client> client;
  std::binary_semaphore left(0);  // this thread has done with the client
  std::binary_semaphore gone(0);
  std::atomic<bool> on_another_thread = false;
  const std::thread::id here = std::this_thread::get_id();
  {
    Options options = world_options();
    options.on_outcome = [&](const Outcome&) {
      left.acquire();
      on_another_thread = std::this_thread::get_id() != here;
      client.reset();
      gone.release();
    };
    client = std::make_unique<Client>(std::move(options), make_fast_host(server));
  }
  static_cast<void>(client->capture("u", "e"));
  static_cast<void>(client->begin_flush(60s));
  left.release();
  gone.acquire();
  await_thread_count(before);
  EXPECT_TRUE(on_another_thread);
}

}  // namespace

}  // namespace lockstep
