// Several threads in blocking calls on one manual host: one of them pumps for all, and none gets
// its answer later for it.

#include <gtest/gtest.h>

#include <mutex>
#include <optional>
#include <thread>

#include "tests/hosts/worlds.h"

namespace lockstep {

namespace {

using namespace std::chrono_literals;

// A stuck client whose flush, on a thread of its own, is pumping when the test goes on.
class ManualThreads : public testing::Test {
 protected:
  ManualThreads()
      : server_([this](const http::Request& request, std::size_t) {
          if (request.body.find("phc_late") != std::string::npos) return late_answer();
          if (request.body.find("phc_stuck") == std::string::npos) return answer();
          const std::lock_guard lock(mutex_);
          stuck_ = true;
          world_.host->clock().notify(stuck_condition_);
          return no_answer();
        }),
        world_(HostKind::manual, server_) {
    Options options = world_options();
    options.api_key = "phc_stuck";
    stuck_client_.emplace(std::move(options), world_.host);
    static_cast<void>(stuck_client_->capture("u", "e"));
    pumping_ = std::thread([this, seat = Seat(world_.host->clock())]() mutable {
      const Participant participant(std::move(seat));
      slow_report_ = stuck_client_->flush(10s);
      slow_returned_at_ = world_.now();
    });
    std::unique_lock lock(mutex_);
    world_.host->clock().await(lock, stuck_condition_, kNever, [this] { return stuck_; });
  }
  ~ManualThreads() override {
    if (pumping_.joinable()) finish_slow_flush();
  }

  static http::Reply late_answer() {
    http::Reply reply = answer();
    reply.delay = 12s;
    return reply;
  }

  // Lets the slow flush run to its deadline: this thread must not stand in the way of time.
  void finish_slow_flush() {
    std::mutex mutex;
    Condition never;
    std::unique_lock lock(mutex);
    world_.host->clock().await(lock, never, Instant{20s}, [] { return false; });
    pumping_.join();
    static_cast<void>(stuck_client_->shutdown(0s));
  }

  std::mutex mutex_;
  Condition stuck_condition_;
  bool stuck_ = false;
  FunctionServer server_;
  World world_;
  std::optional<Client> stuck_client_;
  std::thread pumping_;
  FlushReport slow_report_;
  Instant slow_returned_at_{};
};

TEST_F(ManualThreads, AQuickFlushDoesNotWaitForTheSlowOneThatPumps) {
  Client healthy(world_options(), world_.host);
  static_cast<void>(healthy.capture("u", "e"));
  const Instant start = world_.now();
  EXPECT_TRUE(healthy.flush(5s).ok());
  EXPECT_LE(world_.now(), start + 10ms);
}

TEST_F(ManualThreads, EachKeepsItsOwnDeadline) {
  const Instant start = world_.now();
  EXPECT_EQ(stuck_client_->flush(1s).status, FlushStatus::timed_out);
  EXPECT_EQ(world_.now(), start + 1s);
  finish_slow_flush();
  EXPECT_EQ(slow_report_.status, FlushStatus::timed_out);
  EXPECT_EQ(slow_returned_at_, Instant{10s});
}

// A producer that waits for room has a deadline that nobody who pumps knows of.
TEST_F(ManualThreads, AProducerThatWaitsForRoomKeepsItsOwnDeadline) {
  Options options = world_options();
  options.max_queue_size = 1;
  options.queue_full = QueueFullPolicy::block;
  options.max_block = 1s;
  Client full(std::move(options), world_.host);
  EXPECT_TRUE(full.capture("u", "e").ok());
  const Instant start = world_.now();
  EXPECT_EQ(full.capture("u", "one too many").reason, DropReason::queue_full);
  EXPECT_EQ(world_.now(), start + 1s);
}

// Whoever pumped may leave: the one that still waits goes on pumping.
TEST_F(ManualThreads, TheOtherGoesOnWhenThePumpingOneIsDone) {
  Options options = world_options();
  options.api_key = "phc_late";
  Client waits_longer(std::move(options), world_.host);
  static_cast<void>(waits_longer.capture("u", "e"));
  EXPECT_TRUE(waits_longer.flush(15s).ok());
  EXPECT_EQ(slow_returned_at_, Instant{10s});
  EXPECT_GE(world_.now(), Instant{12s});
  EXPECT_LT(world_.now(), Instant{12s + 10ms});
}

}  // namespace

}  // namespace lockstep
