// What one capture costs the engine, in allocations: a queue that is full for hours must not make
// each further capture dear.
#include <gtest/gtest.h>

#include <utility>

#include "bench/allocations.h"
#include "tests/sdk/engine_driver.h"

namespace lockstep::engine {
namespace {

// With `batches` of `events` each in the queue's whole room, all waiting for their retry.
Engine outage(const Chance& chance, std::size_t batches, std::size_t events) {
  Config config = small_config();
  config.queue_full = QueueFullPolicy::drop_oldest;
  config.max_in_flight = batches;
  all_lanes(config, &LaneConfig::max_queue_size, batches * events);
  all_lanes(config, &LaneConfig::max_queue_bytes, std::size_t{1} << 30);
  all_lanes(config, &LaneConfig::max_batch_bytes, std::size_t{1} << 20);
  all_lanes(config, &LaneConfig::max_batch_size, events);
  all_lanes(config, &LaneConfig::flush_at, events);
  Engine engine(config, chance);
  Effects out;
  for (std::size_t i = 0; i < batches * events; ++i) {
    engine.admit(EventRef(Uuid{}.to_string(), 0, Lane::analytics), {}, out);
  }
  engine.advance({}, out);
  const std::vector<Send> sends = std::move(out.sends);
  for (const Send& send : sends) engine.completed(send.request, trouble(), {}, out);
  return engine;
}

TEST(EngineCost, ACaptureThatTakesARetrysPlaceAllocatesItsOwnEventOnly) {
  constexpr int kCaptures = 100;
  const Chance chance(1);
  Engine engine = outage(chance, 5, 200);
  Effects out;
  out.ended.reserve(kCaptures + 1);
  const std::string json = Uuid{}.to_string();
  const auto capture = [&] { engine.admit(EventRef(json, 0, Lane::analytics), {}, out); };
  capture();  // the first one says that the queue is full
  const std::uint64_t before = bench::allocations_of_this_thread();
  for (int i = 0; i < kCaptures; ++i) capture();
  const std::uint64_t allocations = bench::allocations_of_this_thread() - before;
  EXPECT_LE(allocations, std::uint64_t{kCaptures} + 10) << "the queue itself grows by blocks";
  ASSERT_EQ(out.ended.size(), std::size_t{kCaptures} + 1);
  for (const Ended& ended : out.ended) EXPECT_EQ(ended.reason, DropReason::evicted);
  EXPECT_EQ(engine.broken_invariant(), std::nullopt);
}

}  // namespace
}  // namespace lockstep::engine
