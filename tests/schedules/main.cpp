// Explores how the threads of clients, producers and the thread host may interleave: by seed.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>

#include "clock/trace.h"
#include "tests/schedules/scheduler.h"
#include "tests/schedules/workload.h"

namespace {

using lockstep::schedules::Schedule;

// A run has some thousands of points; one that has so many goes round in circles.
constexpr std::uint64_t kMostPoints = 2'000'000;

// What a run that fails leaves behind are threads that wait for ever: the process ends with it.
std::string failing;

[[noreturn]] void fail(const std::string& what) {
  std::cout << failing << what << std::endl;
  _exit(1);
}

void on_signal(int number) {
  static_cast<void>(!write(STDOUT_FILENO, failing.data(), failing.size()));
  const std::string_view what = number == SIGABRT ? "abort\n" : "crash\n";
  static_cast<void>(!write(STDOUT_FILENO, what.data(), what.size()));
  _exit(1);
}

Schedule run_seed(std::uint64_t seed) {
  failing = "seed " + std::to_string(seed) + ": ";
  return lockstep::schedules::run(
      seed, kMostPoints, [seed] { lockstep::schedules::work(seed, fail); }, fail);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Runs the thread host with its threads interleaved by seed: exit 0 every law held, 1 one "
      "did not and --seed repeats it, 2 bad usage.");
  std::uint64_t first = 1;
  std::uint64_t seeds = 2000;
  std::uint64_t verify_one_in = 20;
  std::optional<std::uint64_t> only;
  app.add_option("--first", first, "The first seed")->capture_default_str();
  app.add_option("--seeds", seeds, "How many")->capture_default_str();
  app.add_option("--seed", only, "This one alone");
  app.add_option("--verify-one-in", verify_one_in, "Run one in so many twice; 0: none")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (only) {
    first = *only;
    seeds = verify_one_in = 1;
  }
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) std::signal(number, on_signal);

  std::uint64_t points = 0;
  std::uint64_t switches = 0;
  std::uint64_t digest = lockstep::kDigestStart;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const Schedule schedule = run_seed(seed);
    points += schedule.points;
    switches += schedule.switches;
    digest = lockstep::digest_number(digest, schedule.digest);
    if (verify_one_in == 0 || seed % verify_one_in != 0) continue;
    if (run_seed(seed).digest != schedule.digest) fail("a second run went another way");
  }
  std::printf("%llu seeds, %llu points, %llu switches; digest %016llx\n",
              static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(points),
              static_cast<unsigned long long>(switches), static_cast<unsigned long long>(digest));
  return 0;
}
