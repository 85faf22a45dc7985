// Events per second from capture() to a stored answer, over real sockets on loopback.
//
// Producer, SDK thread and server share the machine's cores; the rate per core is what the
// process's own CPU time allows, SDK and server together. Two servers: one that only answers (the
// SDK's limit) and the mock server, which parses and journals every event (the pair's limit).

#include <benchmark/benchmark.h>

#include <memory>

#include "bench/events.h"
#include "clock/system_clock.h"
#include "mockserver/http_front.h"
#include "mockserver/server.h"
#include "sdk/client.h"
#include "sdk/host/thread_host.h"

namespace lockstep::bench {
namespace {

class OnlyAnswers final : public http::Handler {
 public:
  http::Reply handle(const http::Request&, Now) override {
    return {{200, {{"Content-Type", "application/json"}}, R"({"status":1})"}, {}, {}, 0};
  }
};

void deliver(benchmark::State& state, http::Handler& server, Compression compression) {
  constexpr int kEvents = 200'000;
  SystemClock clock;
  mock::HttpFront front(server, clock);
  front.listen();
  Options options;
  options.api_key = "phc_bench";
  options.host = front.origin();
  options.compression = compression;
  options.max_queue_size = kEvents;
  options.max_queue_bytes = std::size_t{1} << 30;
  const auto properties = ten_properties();
  std::uint64_t delivered = 0;
  for (auto _ : state) {
    Client client(options, ThreadHost::create());
    for (int i = 0; i < kEvents; ++i) {
      benchmark::DoNotOptimize(client.capture("user-4711", "order placed", properties));
    }
    const FlushReport report = client.shutdown(std::chrono::seconds{120});
    const LaneStats total = client.stats().total();
    if (!report.ok() || total.delivered != kEvents) state.SkipWithError("events lost");
    delivered += total.delivered;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(delivered));
}

void EndToEndOnlyAnswers(benchmark::State& state) {
  OnlyAnswers server;
  deliver(state, server, Compression::none);
}
BENCHMARK(EndToEndOnlyAnswers)
    ->Iterations(3)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

void EndToEndMock(benchmark::State& state, Compression compression) {
  mock::ServerOptions options;
  options.keep_store = false;
  options.max_journal_entries = 100;
  mock::Server server(options);
  deliver(state, server, compression);
}
BENCHMARK_CAPTURE(EndToEndMock, none, Compression::none)
    ->Iterations(1)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(EndToEndMock, gzip, Compression::gzip)
    ->Iterations(1)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lockstep::bench
