// One state of the small world that the prover enumerates: the bare engine, the requests in flight,
// and what is known of each event from outside. A value: each move is carried out on a copy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clock/time.h"
#include "scenarios/prove/scope.h"
#include "sdk/engine/engine.h"

namespace lockstep::prove {

// The shortest time there is. Inputs come so much before an instant that counts, at it, and after.
inline constexpr Duration kTick{1};

struct Flight {
  engine::RequestNumber request = 0;
  engine::BatchPtr batch;
  Instant started{};
  Instant deadline{};
};

// What is known of one event without asking the engine. Its place in World::fates is its sequence.
struct Fate {
  std::uint32_t arrivals = 0;            // how often the server took it in
  std::uint32_t failures = 0;            // retryable ones
  std::size_t most_together = SIZE_MAX;  // events that may travel with it, by the 413 it met
  Instant admitted{};
  Instant not_before = Instant::min();  // of its own backoff
  bool sent = false;
  bool flying = false;
  bool rejected = false;   // the server refused it for good
  bool too_large = false;  // a 413 for it alone
  bool ended = false;
  bool delivered = false;
};

// A call of flush() or shutdown().
struct Drain {
  engine::Ticket ticket = 0;
  bool shutdown = false;
  Instant deadline{};
  std::vector<std::uint64_t> covered;  // sequences without an outcome at the call
  bool done = false;
};

struct World {
  World(const Scope& scope, const Chance& chance) : engine(scope.config, chance) {}

  engine::Engine engine;
  Instant now{};
  std::vector<Flight> flights;
  std::vector<Fate> fates;
  std::vector<Drain> drains;
  // Of the endpoint: its pause, and the failed rounds in a row that make it longer.
  Instant pause_until = Instant::min();
  std::uint32_t rounds = 0;
  Instant trouble_since = Instant::min();
  std::uint32_t faults = 0;  // so far

  // Both readings: the wall's zero is where monotonic time begins.
  Now read() const noexcept { return {now, WallTime{now.time_since_epoch()}}; }
  // The flush or shutdown that was called; null where it was not.
  const Drain* drain(bool shutdown) const noexcept;
  // The earliest deadline of a request in flight; kNever without one.
  Instant first_timeout() const noexcept;
  // Equal for worlds in which the same things can happen from here on.
  std::uint64_t digest() const noexcept;
};

struct Move {
  enum class Kind : std::uint8_t { capture, answer, wait, flush, shutdown };
  Kind kind = Kind::capture;
  Answer answer = Answer::ok;
  std::uint8_t flight = 0;    // of answer: its place among those in flight
  std::uint8_t verdicts = 0;  // of a partial answer: a digit to the base of 3 for each event
  std::int64_t time = 0;      // ns. Of wait: the instant; of flush and shutdown: time to go
};

// What can happen in a world. Never empty before all events are in and have ended.
std::vector<Move> moves(const Scope& scope, const World& world);

// Lets it happen. The law that it broke, for people; nothing when all hold.
std::optional<std::string> carry_out(const Scope& scope, const Move& move, World& world);

// A move in words, in the world before it.
std::string describe(const Move& move, const World& world);

}  // namespace lockstep::prove
