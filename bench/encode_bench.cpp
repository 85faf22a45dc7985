// What rendering an event and encoding a batch cost, per protocol and codec.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "bench/events.h"
#include "clock/virtual_clock.h"
#include "sdk/codec/codec.h"
#include "sdk/protocol/protocol.h"

namespace lockstep::bench {
namespace {

std::unique_ptr<Protocol> protocol_of(Capture capture) {
  Options options;
  options.api_key = "phc_bench";
  options.host = "http://127.0.0.1:1";
  return make_protocol(capture, protocol_config(options));
}

EventView event_of(const std::array<Property, kProperties>& properties) {
  return {"order placed",
          "user-4711",
          make_uuid_v7(VirtualClock::kDefaultStart, 42),
          VirtualClock::kDefaultStart,
          std::span<const Property>(properties),
          nullptr};
}

void Render(benchmark::State& state, Capture capture) {
  const auto protocol = protocol_of(capture);
  const auto properties = ten_properties();
  std::size_t bytes = 0;
  for (auto _ : state) {
    JsonWriter json;
    benchmark::DoNotOptimize(protocol->render(event_of(properties), json));
    bytes += json.size();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(Render, v0, Capture::v0);
BENCHMARK_CAPTURE(Render, v1, Capture::v1);

void Encode(benchmark::State& state, Capture capture, Compression compression) {
  constexpr int kEvents = 100;
  const auto protocol = protocol_of(capture);
  const auto properties = ten_properties();
  engine::Batch batch;
  batch.bytes = 512;
  for (int i = 0; i < kEvents; ++i) {
    JsonWriter json;
    EventView event = event_of(properties);
    event.uuid = make_uuid_v7(VirtualClock::kDefaultStart, static_cast<std::uint64_t>(i));
    const std::size_t uuid_at = protocol->render(event, json);
    batch.events.emplace_back(json.text(), uuid_at, Lane::analytics);
    batch.bytes += json.size() + 1;
  }
  Compressor compressor;
  std::size_t raw = 0;
  std::size_t sent = 0;
  for (auto _ : state) {
    http::Request request =
        protocol->encode({batch, Uuid{}, {Instant{}, VirtualClock::kDefaultStart}});
    raw += request.body.size();
    if (compression != Compression::none) {
      request.body = compressor.compress(compression, request.body);
    }
    sent += request.body.size();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(raw));
  state.SetItemsProcessed(state.iterations() * kEvents);
  state.counters["ratio"] = static_cast<double>(raw) / static_cast<double>(sent);
}
BENCHMARK_CAPTURE(Encode, v0_none, Capture::v0, Compression::none);
BENCHMARK_CAPTURE(Encode, v0_gzip, Capture::v0, Compression::gzip);
BENCHMARK_CAPTURE(Encode, v1_none, Capture::v1, Compression::none);
BENCHMARK_CAPTURE(Encode, v1_gzip, Capture::v1, Compression::gzip);
BENCHMARK_CAPTURE(Encode, v1_deflate, Capture::v1, Compression::deflate);
BENCHMARK_CAPTURE(Encode, v1_br, Capture::v1, Compression::br);
BENCHMARK_CAPTURE(Encode, v1_zstd, Capture::v1, Compression::zstd);

}  // namespace
}  // namespace lockstep::bench
