// Drives an engine by hand: a time, verbs for the inputs, everything that came out, and a referee.
//
// As a host does, it calls advance() after each input and at each instant the engine asks for.
// After every step the engine's own laws and the referee's are checked; a broken one fails the
// test. A driver is a value: copy it to go two ways from one state.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clock/chance.h"
#include "sdk/engine/engine.h"
#include "tests/sdk/engine_referee.h"

namespace lockstep::engine {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Small limits, no jitter: every instant can be said beforehand. flush_at and max_batch_size 3,
// flush_interval 5 s, one request in flight at a time, 2 retries after 1 s doubling up to 8 s.
Config small_config();
// Sets one limit of all lanes.
template <typename T>
void all_lanes(Config& config, T LaneConfig::*limit, T value) {
  for (LaneConfig& lane : config.lanes) lane.*limit = value;
}

// Answers.
Verdict delivered();
Verdict refused();
Verdict trouble(std::optional<Duration> pause = std::nullopt);
Verdict too_large();
// One letter for each event: d delivered, u unconfirmed, x drop, r retry.
Verdict per_event(const std::string& letters);

class EngineDriver {
 public:
  struct Sent {
    Instant at{};
    Send send;
  };
  struct End {
    Instant at{};
    Ended ended;
  };

  explicit EngineDriver(const Config& config = small_config(), Instant start = Instant{},
                        std::uint64_t seed = 1);

  // --- inputs -----------------------------------------------------------------------------------

  // Captures one event whose JSON has `bytes` bytes.
  Admitted capture(Lane lane = Lane::analytics, std::size_t bytes = 100);
  void capture_many(std::size_t count, Lane lane = Lane::analytics, std::size_t bytes = 100);
  void answer(RequestNumber request, const Verdict& verdict);
  // Answers the oldest request in flight.
  void answer(const Verdict& verdict);
  // Answers what is in flight, and what that sets free, until nothing is in flight.
  void answer_all(const Verdict& verdict);
  Ticket flush(Duration timeout = seconds{60});
  Ticket shutdown(Duration timeout = seconds{60});
  void forget(Ticket ticket) { engine.forget(ticket); }

  // Lets time pass up to and including `at`, with a stop wherever the engine asks for one, and at
  // each multiple of `also` where that is given.
  void until(Instant at, Duration also = Duration::max());
  void after(Duration by, Duration also = Duration::max()) {
    until(saturating_add(now_, by), also);
  }

  // --- what it says -----------------------------------------------------------------------------

  Instant now() const noexcept { return now_; }
  Now reading() const noexcept;
  // From now to the engine's next wake; Duration::max() where there is none.
  Duration next_wake() const;
  bool done(Ticket ticket) const { return engine.report(ticket)->second; }
  FlushReport report(Ticket ticket) const { return engine.report(ticket)->first; }
  const LaneStats& stats(Lane lane = Lane::analytics) const {
    return engine.ledger()[static_cast<std::size_t>(lane)];
  }
  std::uint64_t pending() const;
  const std::set<std::uint64_t>& open() const noexcept { return referee_.open(); }
  // The sequences of the i-th request's events; of the last for -1.
  std::vector<std::uint64_t> events(int i = -1) const;
  const Batch& batch(int i = -1) const;
  // When the i-th request left, counted from the start.
  Duration sent_at(int i = -1) const { return at(i).at - start_; }
  // How the event of that sequence ended, which it must have.
  const Ended& end_of(std::uint64_t sequence) const;
  bool has_ended(std::uint64_t sequence) const { return find_end(sequence) != nullptr; }

  Engine engine;
  std::vector<Sent> sent;
  std::map<RequestNumber, Send> in_flight;
  std::vector<End> ended;
  std::vector<RequestNumber> cancelled;
  std::vector<ErrorReport> errors;

 private:
  EngineDriver(const Config& config, Instant start, std::shared_ptr<const Chance> chance);
  const Sent& at(int i) const;
  const Ended* find_end(std::uint64_t sequence) const;
  void step(Effects& out);
  void take(const Effects& out);

  std::shared_ptr<const Chance> chance_;
  Instant start_;
  Instant now_;
  std::uint64_t captured_ = 0;
  Referee referee_;
  std::size_t complaints_told_ = 0;
};

// "0 1 2", for comparisons that read well when they fail.
std::string text_of(const std::vector<std::uint64_t>& sequences);

}  // namespace lockstep::engine
