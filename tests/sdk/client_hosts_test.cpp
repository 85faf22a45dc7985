// The same client on the two hosts that are not a simulation: a manual one and a thread.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "sdk/host/manual_host.h"
#include "sdk/host/pump.h"
#include "sdk/host/thread_host.h"
#include "tests/sdk/client_bench.h"

namespace lockstep {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Names = std::vector<std::string>;

// A server that several threads may ask and look at.
class SharedServer final : public http::Handler {
 public:
  http::Reply handle(const http::Request& request, Now now) override {
    const std::lock_guard lock(mutex_);
    return server_.handle(request, now);
  }
  template <typename Use>
  auto with(Use&& use) {
    const std::lock_guard lock(mutex_);
    return use(server_);
  }

 private:
  std::mutex mutex_;
  ScriptedServer server_;
};

// The test's thread takes part in the virtual time from before the host starts until after it has
// ended, so that time stands still while the test does something.
template <typename HostType>
struct World {
  Duration now() const { return clock->now() - Instant{}; }
  Names names() {
    return server.with([](const ScriptedServer& seen) { return seen.all_names(); });
  }

  SharedServer server;
  std::shared_ptr<VirtualClock> clock = std::make_shared<VirtualClock>();
  Participant participant{*clock};
  std::shared_ptr<HostType> host = std::make_shared<HostType>(
      clock, std::make_shared<const Chance>(1), std::make_unique<SimTransport>(*clock, server));
};

// --- manual
// ---------------------------------------------------------------------------------------

TEST(ClientManualHost, PollDoesWhatIsDueAndReturns) {
  World<ManualHost> world;
  Client client(ClientBench::options(), world.host);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.capture("u", "e").ok());
  client.poll();
  EXPECT_EQ(world.now(), Duration{0}) << "poll does not wait";
  EXPECT_TRUE(world.names().empty()) << "the request is under way";
  world.clock->advance(kLatency);
  client.poll();
  EXPECT_EQ(world.names().size(), 3u);
  EXPECT_EQ(client.stats().total().pending, 3u);
  world.clock->advance(kLatency);
  client.poll();
  EXPECT_EQ(client.stats().total().delivered, 3u);
}

TEST(ClientManualHost, NothingHappensUntilSomebodyPolls) {
  World<ManualHost> world;
  Client client(ClientBench::options(), world.host);
  EXPECT_TRUE(client.capture("u", "e").ok());
  world.clock->advance(minutes{1});
  EXPECT_EQ(client.stats().total().requests, 0u);
  client.poll();
  EXPECT_EQ(client.stats().total().requests, 1u);
}

TEST(ClientManualHost, BlockingCallsPumpOnTheCallingThread) {
  World<ManualHost> world;
  Client client(ClientBench::options(), world.host);
  world.server.with([](ScriptedServer& server) {
    server.then(503);
    server.then_flags(200, R"({"flags":{"f":{"enabled":true}}})");
    return 0;
  });
  EXPECT_TRUE(client.capture("u", "e").ok());
  EXPECT_TRUE(client.flush().ok());
  EXPECT_EQ(world.now(), seconds{1} + 4 * kLatency);
  EXPECT_TRUE(client.get_feature_flag({"f", "u"}).enabled());
  EXPECT_TRUE(client.shutdown().ok());
  EXPECT_EQ(world.names().size(), 3u) << "two attempts and $feature_flag_called";
}

TEST(ClientManualHost, AFlushKeepsItsDeadline) {
  World<ManualHost> world;
  Client client(ClientBench::options(), world.host);
  world.server.with([](ScriptedServer& server) { return server.then(http::Fault::no_answer), 0; });
  EXPECT_TRUE(client.capture("u", "e").ok());
  EXPECT_EQ(client.flush(seconds{2}).status, FlushStatus::timed_out);
  EXPECT_EQ(world.now(), seconds{2});
  EXPECT_EQ(client.shutdown(seconds{1}).dropped, 1u);
  EXPECT_EQ(world.now(), seconds{3});
}

TEST(ClientManualHost, AFlushFromACallbackDoesNotWait) {
  World<ManualHost> world;
  Client* self = nullptr;
  FlushStatus status = FlushStatus::complete;
  Options options = ClientBench::options();
  options.on_outcome = [&](const Outcome&) {
    static_cast<void>(self->capture("u", "again"));
    status = self->flush().status;
    self->poll();
  };
  Client client(options, world.host);
  self = &client;
  EXPECT_TRUE(client.capture("u", "e").ok());
  EXPECT_TRUE(client.flush().ok());
  EXPECT_EQ(status, FlushStatus::deferred);
}

// --- thread
// ---------------------------------------------------------------------------------------

TEST(ClientThreadHost, SendsWithoutAnyHelp) {
  World<ThreadHost> world;
  std::mutex mutex;
  Condition told;
  bool delivered = false;
  Options options = ClientBench::options();
  options.on_outcome = [&](const Outcome& outcome) {
    {
      const std::lock_guard lock(mutex);
      delivered = outcome.delivered;
    }
    world.clock->notify(told);
  };
  Client client(options, world.host);
  EXPECT_TRUE(client.capture("u", "e").ok());
  std::unique_lock lock(mutex);
  EXPECT_TRUE(world.clock->await(lock, told, Instant{} + minutes{1}, [&] { return delivered; }));
  EXPECT_EQ(world.now(), seconds{5} + 2 * kLatency) << "at the interval, in virtual time";
}

TEST(ClientThreadHost, FlushWaitsThroughRetriesInVirtualTime) {
  World<ThreadHost> world;
  world.server.with([](ScriptedServer& server) {
    server.then(503);
    server.then(http::Fault::reset_before);
    return 0;
  });
  Client client(ClientBench::options(), world.host);
  EXPECT_TRUE(client.capture("u", "e").ok());
  EXPECT_TRUE(client.flush().ok());
  EXPECT_EQ(world.now(), seconds{1} + seconds{2} + 6 * kLatency);
}

TEST(ClientThreadHost, ShutdownReturnsAtItsDeadline) {
  World<ThreadHost> world;
  world.server.with([](ScriptedServer& server) { return server.then(http::Fault::no_answer), 0; });
  std::atomic<int> outcomes{0};
  Options options = ClientBench::options();
  options.on_outcome = [&](const Outcome&) { ++outcomes; };
  Client client(options, world.host);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(client.capture("u", "e").ok());
  EXPECT_EQ(client.shutdown(seconds{2}).dropped, 5u);
  EXPECT_EQ(world.now(), seconds{2});
  EXPECT_EQ(outcomes.load(), 5) << "told before it returned";
}

TEST(ClientThreadHost, AFlushFromACallbackIsDeferred) {
  World<ThreadHost> world;
  Client* self = nullptr;
  std::atomic<FlushStatus> status{FlushStatus::complete};
  Options options = ClientBench::options();
  options.on_request = [&](const RequestReport&) {
    static_cast<void>(self->capture("u", "again"));
    if (status.load() == FlushStatus::complete) status.store(self->flush().status);
  };
  Client client(options, world.host);
  self = &client;
  EXPECT_TRUE(client.capture("u", "e").ok());
  EXPECT_TRUE(client.flush().ok());
  EXPECT_EQ(status.load(), FlushStatus::deferred);
  EXPECT_EQ(client.shutdown().pending, 0u);
}

TEST(ClientThreadHost, ABlockedCaptureIsWokenByRoom) {
  World<ThreadHost> world;
  Options options = ClientBench::options();
  options.max_queue_size = 3;
  options.queue_full = QueueFullPolicy::block;
  options.max_block = seconds{30};
  world.server.with([](ScriptedServer& server) { return server.delay = milliseconds{50}, 0; });
  Client client(options, world.host);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.capture("u", "e").ok());
  EXPECT_TRUE(client.capture("u", "fourth").ok());
  EXPECT_EQ(world.now(), milliseconds{52});
}

TEST(ClientThreadHost, EveryBlockedProducerGetsItsRoomInTurn) {
  World<ThreadHost> world;
  Options options = ClientBench::options();
  options.max_queue_size = 3;
  options.queue_full = QueueFullPolicy::block;
  options.max_block = minutes{10};
  Client client(options, world.host);
  std::mutex mutex;
  Condition finished;
  int left = 3;
  int accepted = 0;
  std::vector<std::thread> producers;
  for (int i = 0; i < 3; ++i) {
    producers.emplace_back([&, seat = Seat(*world.clock)]() mutable {
      const Participant participant(std::move(seat));
      int own = 0;
      for (int event = 0; event < 30; ++event) own += client.capture("u", "e").ok() ? 1 : 0;
      {
        const std::lock_guard lock(mutex);
        accepted += own;
        --left;
      }
      world.clock->notify(finished);
    });
  }
  {
    std::unique_lock lock(mutex);
    world.clock->await(lock, finished, Instant{} + minutes{60}, [&] { return left == 0; });
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_EQ(accepted, 90) << "none was refused while it could still wait";
}

// --- a host that gets no processor
// ---------------------------------------------------------------------------------------

// Its turns never come, and those who wait wait in vain.
class StarvedHost final : public Host {
 public:
  Clock& clock() noexcept override { return clock_; }
  const Chance& chance() noexcept override { return chance_; }
  std::uint64_t next_client_id() noexcept override { return 1; }
  void attach(std::shared_ptr<Hosted> core) override { pump_.attach(std::move(core)); }
  void detach(const Hosted& core) noexcept override { pump_.detach(core); }
  void wake() noexcept override {}
  bool wait(Hosted&, Instant deadline, const std::function<bool()>&) override {
    clock_.advance_to(deadline);
    return true;
  }

 private:
  ScriptedServer server_;
  VirtualClock clock_;
  Chance chance_{1};
  SimTransport transport_{clock_, server_};
  Pump pump_{clock_, transport_};
};

TEST(ClientStarvedHost, ShutdownIsFinalAtItsDeadline) {
  Client client(ClientBench::options(), std::make_shared<StarvedHost>());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.capture("u", "e").ok());
  const FlushReport report = client.shutdown(seconds{1});
  EXPECT_EQ(report.status, FlushStatus::timed_out);
  EXPECT_EQ(report.dropped, 3u);
  EXPECT_EQ(report.pending, 0u);
  EXPECT_EQ(client.capture("u", "e").admission, Admission::closed);
}

TEST(ClientStarvedHost, ADestroyedClientHasToldEveryOutcome) {
  Names ends;
  Options options = ClientBench::options();
  options.on_outcome = [&](const Outcome& outcome) {
    ends.emplace_back(outcome.delivered ? "delivered" : to_string(outcome.reason));
  };
  {
    Client client(std::move(options), std::make_shared<StarvedHost>());
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(client.capture("u", "e").ok());
  }
  EXPECT_EQ(ends, Names(2, "shutdown_deadline"));
}

}  // namespace
}  // namespace lockstep
