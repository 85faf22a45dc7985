// The clock of the machine, and its entropy: the only place of the SDK, beside the transports, that
// touches either.
#pragma once

#include <cstdint>

#include "clock/clock.h"

namespace lockstep {

// Real time. Stateless; any number may exist, and all of them agree. Thread-safe.
class SystemClock final : public Clock {
 public:
  Instant now() const noexcept override;
  WallTime wall_now() const noexcept override;
  bool await(std::unique_lock<std::mutex>& lock, Condition& condition, Instant deadline,
             const std::function<bool()>& ready) override;
  void notify(Condition& condition) noexcept override;
};

// 64 bits from the operating system, to seed a Chance in production. Throws std::system_error where
// the system has none to give. Thread-safe.
std::uint64_t system_entropy();

}  // namespace lockstep
