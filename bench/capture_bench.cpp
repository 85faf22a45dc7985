// What a producer pays: time and allocations of capture(), and the memory a queued event takes.
// Only accepted events count; a refused one would be cheap and flatter the figure.

#include <benchmark/benchmark.h>

#include <memory>
#include <thread>
#include <utility>

#include "bench/allocations.h"
#include "bench/events.h"
#include "bench/sink_transport.h"
#include "clock/system_clock.h"
#include "sdk/client.h"
#include "sdk/engine/engine.h"
#include "sdk/host/thread_host.h"
#include "sdk/protocol/protocol.h"

namespace lockstep::bench {
namespace {

Options options() {
  Options options;
  options.api_key = "phc_bench";
  options.host = "http://127.0.0.1:1";
  options.max_queue_size = 4'000'000;
  options.max_queue_bytes = std::size_t{4} << 30;
  return options;
}

std::unique_ptr<Client> make_client() {
  auto host = std::make_shared<ThreadHost>(std::make_shared<SystemClock>(),
                                           std::make_shared<const Chance>(1),
                                           std::make_unique<SinkTransport>());
  return std::make_unique<Client>(options(), host);
}

// The client is shared by the benchmark's threads and made anew for each run.
std::unique_ptr<Client> shared_client;

void Capture(benchmark::State& state) {
  if (state.thread_index() == 0) shared_client = make_client();
  const auto properties = ten_properties();
  std::uint64_t accepted = 0;
  std::uint64_t allocations = 0;
  for (auto _ : state) {
    const std::uint64_t before = allocations_of_this_thread();
    const CaptureResult result = shared_client->capture("user-4711", "order placed", properties);
    allocations += allocations_of_this_thread() - before;
    accepted += result.ok() ? 1 : 0;
  }
  state.counters["accepted"] = static_cast<double>(accepted) / static_cast<double>(state.threads());
  state.counters["allocations"] = static_cast<double>(allocations) /
                                  static_cast<double>(state.iterations()) /
                                  static_cast<double>(state.threads());
  if (state.thread_index() == 0) {
    if (!shared_client->shutdown(std::chrono::seconds{60}).ok()) state.SkipWithError("events lost");
    shared_client.reset();
  }
}
BENCHMARK(Capture)->Threads(1)->Threads(4)->Threads(16)->UseRealTime()->Iterations(100'000);

// A host that never pumps, so that what is captured stays queued.
class StillHost final : public Host {
 public:
  Clock& clock() noexcept override { return clock_; }
  const Chance& chance() noexcept override { return chance_; }
  std::uint64_t next_client_id() noexcept override { return 1; }
  void attach(std::shared_ptr<Hosted>) override {}
  void detach(const Hosted&) noexcept override {}
  void wake() noexcept override {}
  bool wait(Hosted&, Instant, const std::function<bool()>&) override { return false; }

 private:
  SystemClock clock_;
  Chance chance_{1};
};

void BytesPerQueuedEvent(benchmark::State& state) {
  constexpr int kEvents = 100'000;
  const auto properties = ten_properties();
  for (auto _ : state) {
    Client client(options(), std::make_shared<StillHost>());
    const std::int64_t before = bytes_held();
    for (int i = 0; i < kEvents; ++i) {
      benchmark::DoNotOptimize(client.capture("user-4711", "order placed", properties));
    }
    const double held = static_cast<double>(bytes_held() - before) / kEvents;
    const double wire = static_cast<double>(client.stats().total().pending_bytes) / kEvents;
    state.counters["wire_bytes"] = wire;
    state.counters["overhead_bytes"] = held - wire;
  }
}
BENCHMARK(BytesPerQueuedEvent)->Iterations(1)->Unit(benchmark::kMillisecond);

// An outage has filled the queue, and each capture takes the place of the oldest event that waits
// for its retry, among so many batches.
void CaptureInAnOutage(benchmark::State& state) {
  constexpr std::size_t kEvents = 100;
  const auto batches = static_cast<std::size_t>(state.range(0));
  engine::Config config;
  config.queue_full = QueueFullPolicy::drop_oldest;
  config.max_in_flight = batches;
  for (engine::LaneConfig& lane : config.lanes) {
    lane.max_queue_size = batches * kEvents;
    lane.flush_at = lane.max_batch_size = kEvents;
  }
  const Chance chance(1);
  engine::Engine engine(config, chance);
  engine::Effects out;
  const auto capture = [&] {
    engine.admit(engine::EventRef(Uuid{}.to_string(), 0, Lane::analytics), {}, out);
  };
  for (std::size_t i = 0; i < batches * kEvents; ++i) capture();
  engine.advance({}, out);
  for (const engine::Send& send : std::exchange(out.sends, {})) {
    engine.completed(send.request, transport_verdict({}), {}, out);
  }
  for (auto _ : state) {
    capture();
    out.ended.clear();
  }
  const auto evicted = engine.ledger()[0].dropped(DropReason::evicted);
  state.counters["evicted"] = static_cast<double>(evicted);
}
BENCHMARK(CaptureInAnOutage)->Arg(10)->Arg(1000)->Iterations(1000);

}  // namespace
}  // namespace lockstep::bench
