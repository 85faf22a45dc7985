#include "scenarios/side_by_side.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace lockstep::scenario {

void side_by_side(std::size_t count, std::size_t jobs,
                  const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  const auto take_turns = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < std::min(jobs, count); ++i) others.emplace_back(take_turns);
  take_turns();
  for (std::thread& other : others) other.join();
}

}  // namespace lockstep::scenario
