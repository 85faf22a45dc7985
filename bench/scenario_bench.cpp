// How fast the scenario catalogue replays: loading its files, and running what was loaded.

#include <benchmark/benchmark.h>

#include "clock/system_clock.h"
#include "scenarios/load.h"
#include "scenarios/runner.h"

namespace lockstep::bench {
namespace {

void LoadCatalogue(benchmark::State& state) {
  std::size_t scenarios = 0;
  for (auto _ : state) scenarios += scenario::load_files({LOCKSTEP_CATALOGUE}).scenarios.size();
  state.SetItemsProcessed(static_cast<std::int64_t>(scenarios));
}
BENCHMARK(LoadCatalogue)->Unit(benchmark::kMillisecond);

void ReplayCatalogue(benchmark::State& state) {
  const scenario::Catalogue catalogue = scenario::load_files({LOCKSTEP_CATALOGUE});
  std::size_t scenarios = 0;
  Duration virtual_time{0};
  for (auto _ : state) {
    const scenario::Run run = scenario::run(catalogue.scenarios);
    if (run.failures() > 0) state.SkipWithError("a scenario failed");
    scenarios += run.results.size();
    virtual_time += run.virtual_time();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(scenarios));
  state.counters["virtual_seconds_per_second"] = benchmark::Counter(
      std::chrono::duration<double>(virtual_time).count(), benchmark::Counter::kIsRate);
}
BENCHMARK(ReplayCatalogue)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lockstep::bench
