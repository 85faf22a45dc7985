// Requests from several threads, over the threaded host on a virtual clock.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "sdk/host/thread_host.h"
#include "sdk/transport/sim_transport.h"
#include "tests/adapter/bench.h"

namespace lockstep::adapter {
namespace {

const Json kClient{
    {"api_key", "phc_k"}, {"host", "http://mock.test"}, {"flush_interval_ms", 3'600'000}};
const Json kStalled{{"api_key", "phc_k"},
                    {"host", "http://mock.test"},
                    {"retry_initial_backoff_ms", 36'000'000},
                    {"retry_max_backoff_ms", 36'000'000}};
const Json kEvent{{"distinct_id", "u"}, {"event", "e"}};

// The test's own thread takes part in the virtual time for as long as the bench lives: time cannot
// pass behind its back, and the host is never left waiting for nobody.
struct ThreadedBench {
  ThreadedBench() {
    AdapterOptions options;
    options.host = std::make_shared<ThreadHost>(
        clock, std::make_shared<const Chance>(1),
        std::make_unique<SimTransport>(*clock, server, SimNetworkOptions{}));
    adapter = std::make_unique<Adapter>(std::move(options));
  }
  Answer post(std::string_view target, const Json& body = nullptr) {
    return call(*adapter, clock->read(), "POST", target, body);
  }

  mock::Server server;
  std::shared_ptr<VirtualClock> clock = std::make_shared<VirtualClock>();
  Participant participant{*clock};
  std::unique_ptr<Adapter> adapter;
};

// Threads whose end is awaited in virtual time.
class Threads {
 public:
  explicit Threads(VirtualClock& clock) : clock_(clock) {}
  ~Threads() { join(); }

  // The seat keeps time from passing before the thread is there.
  void start(std::function<void()> body) {
    ++running_;
    threads_.emplace_back([this, body = std::move(body), seat = Seat(clock_)]() mutable {
      const Participant participant(std::move(seat));
      body();
      const std::lock_guard lock(mutex_);
      --running_;
      clock_.notify(ended_);
    });
  }
  bool all_ended() const { return running_ == 0; }
  void join() {
    std::unique_lock lock(mutex_);
    clock_.await(lock, ended_, kNever, [this] { return running_ == 0; });
    lock.unlock();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  VirtualClock& clock_;
  std::mutex mutex_;
  Condition ended_;
  std::atomic<int> running_{0};
  std::vector<std::thread> threads_;
};

// A client with an event that the server will not take for hours, and a thread that waits for it.
class StalledFlush {
 public:
  explicit StalledFlush(ThreadedBench& bench) : threads_(*bench.clock) {
    mock::Step unavailable;
    unavailable.status = 503;
    bench.server.enqueue({unavailable}, "stalled");
    EXPECT_EQ(bench.post("/init?test_id=stalled", kStalled).status, 200);
    bench.post("/capture?test_id=stalled", kEvent);
    threads_.start([this, &bench] {
      answer_ = bench.post("/flush?test_id=stalled", {{"timeout_ms", 18'000'000}});
    });
  }
  bool done() const { return threads_.all_ended(); }
  Answer join() {
    threads_.join();
    return answer_;
  }

 private:
  Answer answer_;
  Threads threads_;
};

// What another test id does meanwhile. It needs virtual time, which passes only while the stalled
// flush really waits.
void use_another_test_id(ThreadedBench& bench) {
  const Instant start = bench.clock->now();
  ASSERT_EQ(bench.post("/init?test_id=lively", kClient).status, 200);
  bench.post("/capture?test_id=lively", kEvent);
  EXPECT_EQ(bench.post("/flush?test_id=lively").body["events_flushed"], 1);
  EXPECT_EQ(
      bench.post("/get_feature_flag?test_id=lively", {{"key", "k"}, {"distinct_id", "u"}}).status,
      200);
  EXPECT_EQ(bench.post("/reset?test_id=lively").status, 200);
  EXPECT_GT(bench.clock->now(), start);
}

constexpr Instant kSoon{std::chrono::seconds{1}};

TEST(AdapterConcurrency, AFlushThatWaitsHoldsUpNoOtherTestId) {
  ThreadedBench bench;
  StalledFlush stalled(bench);
  use_another_test_id(bench);
  EXPECT_LT(bench.clock->now(), kSoon);
  EXPECT_FALSE(stalled.done());
  EXPECT_EQ(stalled.join().body["status"], "timed_out");
  EXPECT_EQ(bench.clock->now(), Instant{std::chrono::hours{5}});
}

TEST(AdapterConcurrency, AResetReleasesAFlushOfTheSameTestId) {
  ThreadedBench bench;
  StalledFlush stalled(bench);
  use_another_test_id(bench);
  EXPECT_EQ(bench.post("/reset?test_id=stalled").status, 200);
  const Answer answer = stalled.join();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body["dropped"], 1) << answer.body;
  EXPECT_LT(bench.clock->now(), kSoon);
}

TEST(AdapterConcurrency, ANewInitReleasesAFlushOfTheFormerClient) {
  ThreadedBench bench;
  StalledFlush stalled(bench);
  use_another_test_id(bench);
  EXPECT_EQ(bench.post("/init?test_id=stalled", kClient).status, 200);
  EXPECT_EQ(stalled.join().body["dropped"], 1);
  EXPECT_LT(bench.clock->now(), kSoon);
}

TEST(AdapterConcurrency, CloseReleasesWhoeverWaits) {
  ThreadedBench bench;
  StalledFlush stalled(bench);
  use_another_test_id(bench);
  bench.adapter->close();
  EXPECT_EQ(stalled.join().status, 200);
  EXPECT_LT(bench.clock->now(), kSoon);
}

TEST(AdapterConcurrency, ManyThreadsOnFewTestIdsGetATrueAnswerEach) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 25;
  ThreadedBench bench;
  std::atomic<int> delivered{0};
  {
    Threads threads(*bench.clock);
    for (int number = 0; number < kThreads; ++number) {
      threads.start([&, query = "?test_id=t-" + std::to_string(number / 2)] {
        // Two threads share a test id, so inits and resets race with captures and flushes.
        for (int round = 0; round < kRounds; ++round) {
          if (round % 5 == 0) bench.post("/init" + query, kClient);
          bench.post("/capture" + query, kEvent);
          const Answer answer = bench.post("/flush" + query);
          EXPECT_TRUE(answer.status == 200 || answer.status == 400) << answer.body;
          if (answer.status == 200) delivered += answer.body["delivered"].get<int>();
          if (round % 7 == 6) bench.post("/reset" + query);
        }
      });
    }
  }
  EXPECT_GT(delivered, 0);
  for (const char* target : {"/state?test_id=t-0", "/state?test_id=t-1"}) {
    const Json state = call(*bench.adapter, bench.clock->read(), "GET", target).body;
    EXPECT_EQ(state["total_events_captured"].get<int>(),
              state["total_events_sent"].get<int>() + state["total_events_dropped"].get<int>() +
                  state["pending_events"].get<int>());
  }
}

}  // namespace
}  // namespace lockstep::adapter
