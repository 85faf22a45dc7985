#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "requests.h"

namespace lockstep::mock {
namespace {

constexpr int kThreads = 4;
constexpr int kRequests = 200;

TEST(Threads, RequestsFromManyAreNumberedOnceAndLandInTheirPartition) {
  Server server;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&server, thread] {
      const std::string id = "t-" + std::to_string(thread);
      for (int i = 0; i < kRequests; ++i) {
        server.handle(with_test_id(v0({event_of(thread * kRequests + i)}), id), at(i));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto entries = server.journal();
  ASSERT_EQ(entries.size(), static_cast<std::size_t>(kThreads * kRequests));
  for (std::size_t i = 0; i < entries.size(); ++i) EXPECT_EQ(entries[i].number, i + 1);
  EXPECT_EQ(server.stored().size(), entries.size());
  EXPECT_EQ(server.request_count("t-0"), static_cast<std::size_t>(kRequests));
}

TEST(Threads, AStepIsTakenByExactlyOneRequest) {
  Server server;
  Step failing = status_step(503);
  failing.repeat = 100;
  server.enqueue({failing});
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRequests; ++i) {
        if (server.handle(v0(batch_of(1)), at(i)).response.status == 503) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 100);
}

TEST(Threads, ScriptingReadingAndResettingBesideRequestsIsSafe) {
  ServerOptions options;
  options.strict = true;
  options.max_partitions = 2;
  Server server(options);
  std::atomic<bool> done{false};
  std::thread requests([&] {
    for (int i = 0; i < kRequests; ++i) {
      server.handle(with_test_id(v1(batch_of(2)), std::to_string(i % 5)), at(i));
    }
    done = true;
  });
  std::size_t rounds = 0;
  while (!done || rounds < 3) {
    server.enqueue({status_step(503)}, std::to_string(rounds % 5));
    server.set_responder([](const ParsedRequest&) { return std::optional<Step>(); });
    for (const JournalEntry& entry : server.journal()) EXPECT_FALSE(entry.uuids.empty());
    server.stored();
    server.violations();
    server.partitions();
    if (++rounds % 10 == 0) server.reset();
  }
  requests.join();
}

}  // namespace
}  // namespace lockstep::mock
