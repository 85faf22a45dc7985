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

ProtocolConfig config() {
  Options options;
  options.api_key = "phc_bench";
  options.host = "http://127.0.0.1:1";
  return protocol_config(options);
}

using ProtocolPtr = std::unique_ptr<Protocol>;

ProtocolPtr v0() { return make_posthog_v0(config()); }
ProtocolPtr v1() { return make_posthog_v1(config()); }
ProtocolPtr ai() { return make_posthog_ai(config()); }

EventView event_of(const std::array<Property, kProperties>& properties) {
  return {"order placed",
          "user-4711",
          make_uuid_v7(VirtualClock::kDefaultStart, 42),
          VirtualClock::kDefaultStart,
          std::span<const Property>(properties),
          nullptr};
}

void Render(benchmark::State& state, ProtocolPtr (*make)()) {
  const auto protocol = make();
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
BENCHMARK_CAPTURE(Render, v0, v0);
BENCHMARK_CAPTURE(Render, v1, v1);
BENCHMARK_CAPTURE(Render, ai, ai);

void Encode(benchmark::State& state, ProtocolPtr (*make)(), Compression compression) {
  constexpr int kEvents = 100;
  const auto protocol = make();
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
BENCHMARK_CAPTURE(Encode, v0_none, v0, Compression::none);
BENCHMARK_CAPTURE(Encode, v0_gzip, v0, Compression::gzip);
BENCHMARK_CAPTURE(Encode, v0_deflate, v0, Compression::deflate);
BENCHMARK_CAPTURE(Encode, v0_br, v0, Compression::br);
BENCHMARK_CAPTURE(Encode, v0_zstd, v0, Compression::zstd);
BENCHMARK_CAPTURE(Encode, v1_none, v1, Compression::none);
BENCHMARK_CAPTURE(Encode, v1_gzip, v1, Compression::gzip);
BENCHMARK_CAPTURE(Encode, v1_deflate, v1, Compression::deflate);
BENCHMARK_CAPTURE(Encode, v1_br, v1, Compression::br);
BENCHMARK_CAPTURE(Encode, v1_zstd, v1, Compression::zstd);
BENCHMARK_CAPTURE(Encode, ai_none, ai, Compression::none);
BENCHMARK_CAPTURE(Encode, ai_gzip, ai, Compression::gzip);
BENCHMARK_CAPTURE(Encode, ai_deflate, ai, Compression::deflate);
BENCHMARK_CAPTURE(Encode, ai_br, ai, Compression::br);
BENCHMARK_CAPTURE(Encode, ai_zstd, ai, Compression::zstd);

}  // namespace
}  // namespace lockstep::bench
