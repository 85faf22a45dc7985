// What is told of the run in which the process dies, by each way to die.
#include "cli/last_words.h"

#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>
#include <thread>

namespace lockstep::cli {
namespace {

// What it calls is not for the compiler to know, which would make a loop of it.
int deeper(int depth);
int (*volatile g_next)(int) = deeper;
int deeper(int depth) { return g_next(depth + 1) + depth; }

void die_in_run(std::uint64_t number, void (*die)()) {
  say_last_words();
  std::thread([&] {
    begin_run(number, true);
    die();
  }).join();
}

TEST(LastWords, AStackThatOverflowsIsTold) {
  EXPECT_EXIT(die_in_run(7, [] { deeper(0); }), testing::KilledBySignal(SIGSEGV),
              "dies in run 7, of signal 11; `lockstep replay --seed 7`");
}

TEST(LastWords, AnExceptionThatNobodyCatchesIsTold) {
  EXPECT_EXIT(die_in_run(8, [] { throw std::runtime_error("lost"); }),
              testing::KilledBySignal(SIGABRT), "dies in run 8, of signal 6; ");
}

TEST(LastWords, WhoHasBegunNoRunSaysNothing) {
  EXPECT_EXIT(
      {
        say_last_words();
        std::raise(SIGABRT);
      },
      testing::KilledBySignal(SIGABRT), "^$");
}

}  // namespace
}  // namespace lockstep::cli
