#include "clock/system_clock.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>

namespace lockstep {

Instant SystemClock::now() const noexcept {
  return Instant{Duration{std::chrono::steady_clock::now().time_since_epoch()}};
}

WallTime SystemClock::wall_now() const noexcept { return std::chrono::system_clock::now(); }

bool SystemClock::await(std::unique_lock<std::mutex>& lock, Condition& condition, Instant deadline,
                        const std::function<bool()>& ready) {
  using SteadyPoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
  while (!ready()) {
    if (deadline == kNever) {
      condition.signal_.wait(lock);
    } else if (now() < deadline) {
      condition.signal_.wait_until(lock, SteadyPoint{deadline.time_since_epoch()});
    } else {
      return false;
    }
  }
  return true;
}

void SystemClock::notify(Condition& condition) noexcept { condition.signal_.notify_all(); }

std::uint64_t system_entropy() {
  // Not std::random_device: what it asks (an instruction of the processor, a file) differs between
  // libraries, and a sandbox may have taken the file away.
  std::uint64_t bits = 0;
  if (getentropy(&bits, sizeof bits) != 0) {
    throw std::system_error(errno, std::generic_category(), "the system gives no entropy");
  }
  return bits;
}

}  // namespace lockstep
