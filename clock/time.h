// Instants, wall times and durations, and arithmetic on them that cannot overflow.
//
// The rule of this file: monotonic time and wall time are two types that do not mix. A deadline is
// an Instant; a timestamp on the wire is a WallTime. Nothing here reads a clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace lockstep {

// A length of time, in nanoseconds. May be negative.
using Duration = std::chrono::nanoseconds;

// Tags Instant so that it cannot be confused with a std::chrono clock's time point. It has no
// now(): an Instant comes only from a Clock.
struct MonotonicTimeline {};

// A reading of a Clock's monotonic timeline: never goes back, says nothing about the date.
using Instant = std::chrono::time_point<MonotonicTimeline, Duration>;

// A date and time, UTC, as a Clock believes it to be. May jump in either direction.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

// The instant that never comes: "no deadline".
inline constexpr Instant kNever = Instant::max();

// a + b, held at the ends of the range instead of overflowing. A hostile Retry-After or an absurd
// option value must not wrap round into the past.
constexpr Duration saturating_add(Duration a, Duration b) noexcept {
  const auto x = a.count();
  const auto y = b.count();
  if (y > 0 && x > std::numeric_limits<Duration::rep>::max() - y) return Duration::max();
  if (y < 0 && x < std::numeric_limits<Duration::rep>::min() - y) return Duration::min();
  return Duration{x + y};
}

constexpr Instant saturating_add(Instant at, Duration by) noexcept {
  return Instant{saturating_add(at.time_since_epoch(), by)};
}

constexpr WallTime saturating_add(WallTime at, Duration by) noexcept {
  return WallTime{saturating_add(Duration{at.time_since_epoch()}, by)};
}

// factor * d for d >= 0, held at Duration::max().
constexpr Duration saturating_multiply(Duration d, std::uint64_t factor) noexcept {
  const auto x = static_cast<std::uint64_t>(d.count());
  constexpr auto top = static_cast<std::uint64_t>(std::numeric_limits<Duration::rep>::max());
  if (x != 0 && factor > top / x) return Duration::max();
  return Duration{static_cast<Duration::rep>(x * factor)};
}

// A monotonic and a wall reading taken together. What the engine is told about time.
struct Now {
  Instant at{};
  WallTime wall{};
};

}  // namespace lockstep
