// Thousands of random histories. After every step the engine's own laws and the referee's must
// hold; at the end a healthy server must make everything converge.
#include <gtest/gtest.h>

#include "tests/sdk/engine_driver.h"

namespace lockstep::engine {
namespace {

constexpr int kSteps = 200;

// Draws for one history.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : seed_(seed) {}
  std::uint64_t below(std::uint64_t bound) {
    return Chance(seed_).below({Stream{"engine-model"}, 0, index_++}, bound);
  }
  bool one_in(std::uint64_t bound) { return below(bound) == 0; }
  Duration span(Duration most) {
    return Duration{
        static_cast<Duration::rep>(below(static_cast<std::uint64_t>(most.count()) + 1))};
  }

 private:
  std::uint64_t seed_;
  std::uint64_t index_ = 0;
};

Config random_config(Dice& dice) {
  Config config = small_config();
  for (LaneConfig& lane : config.lanes) {
    lane.flush_at = 1 + dice.below(6);
    lane.max_batch_size = 1 + dice.below(8);
    lane.flush_interval = milliseconds{1 + dice.below(8000)};
    lane.max_event_bytes = 600;
    lane.max_batch_bytes = config.envelope_bytes + 601 + dice.below(2000);
    lane.max_queue_size = 1 + dice.below(30);
    lane.max_queue_bytes = 600 + dice.below(8000);
  }
  config.queue_full = static_cast<QueueFullPolicy>(dice.below(3));
  config.max_in_flight = 1 + dice.below(4);
  config.max_retries = static_cast<std::uint32_t>(dice.below(4));
  config.retry_initial_backoff = milliseconds{1 + dice.below(1000)};
  config.retry_max_backoff = config.retry_initial_backoff + milliseconds{dice.below(5000)};
  config.retry_jitter_percent = static_cast<std::uint32_t>(dice.below(101));
  config.max_retry_after = seconds{dice.below(20)};
  return config;
}

Verdict random_verdict(Dice& dice, std::size_t events) {
  switch (dice.below(8)) {
    case 0:
      return refused();
    case 1:
      return too_large();
    case 2:
      return trouble(dice.span(seconds{30}));
    case 3:
      return trouble();
    case 4: {
      std::string letters;
      for (std::size_t i = dice.below(3); i < events; ++i) letters += "duxr"[dice.below(4)];
      Verdict verdict = per_event(letters);
      if (dice.one_in(3)) verdict.pause = dice.span(seconds{5});
      return verdict;
    }
    default:
      return delivered();
  }
}

void answer_some(EngineDriver& driver, Dice& dice) {
  if (driver.in_flight.empty()) return;
  auto chosen = driver.in_flight.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(dice.below(driver.in_flight.size())));
  driver.answer(chosen->first, random_verdict(dice, chosen->second.batch->events.size()));
}

struct History {
  EngineDriver driver;
  Dice dice;
  std::vector<Ticket> tickets;
  std::map<Ticket, Instant> deadlines;
};

void remember(History& history, Ticket ticket, Duration timeout) {
  history.tickets.push_back(ticket);
  history.deadlines[ticket] = saturating_add(history.driver.now(), timeout);
}

// One random input. `also`: a further stop after each such span of time, which must not matter.
void step(History& history, Duration also) {
  EngineDriver& driver = history.driver;
  Dice& dice = history.dice;
  const std::uint64_t what = dice.below(100);
  if (what < 45) {
    driver.capture(static_cast<Lane>(dice.below(kLaneCount)), 60 + dice.below(560));
  } else if (what < 70) {
    answer_some(driver, dice);
  } else if (what < 90) {
    driver.after(dice.span(seconds{3}), also);
  } else if (what < 94) {
    driver.until(std::min(driver.engine.next_wake(driver.now()), driver.now() + seconds{30}), also);
  } else if (what < 98) {
    const Duration timeout = dice.span(seconds{10});
    remember(history, driver.flush(timeout), timeout);
  } else if (what < 99 && !history.tickets.empty()) {
    const std::size_t which = dice.below(history.tickets.size());
    driver.forget(history.tickets[which]);
    history.deadlines.erase(history.tickets[which]);
    history.tickets.erase(history.tickets.begin() + static_cast<std::ptrdiff_t>(which));
  } else if (dice.one_in(4)) {
    const Duration timeout = dice.span(seconds{10});
    remember(history, driver.shutdown(timeout), timeout);
  }
}

void tickets_keep_their_deadlines(const History& history) {
  for (const auto& [ticket, deadline] : history.deadlines) {
    if (history.driver.now() >= deadline) {
      EXPECT_TRUE(history.driver.done(ticket)) << "a ticket outlives its deadline";
    }
    const FlushReport report = history.driver.report(ticket);
    if (report.status == FlushStatus::complete && history.driver.done(ticket)) {
      EXPECT_EQ(report.pending, 0u);
    }
  }
}

// A copy is taken and both go on alike, the copy with more wake-ups: they must stay equal.
void branch(const History& history) {
  History one = history;
  History other = history;
  for (int i = 0; i < 10; ++i) {
    step(one, Duration::max());
    step(other, milliseconds{777});
    ASSERT_EQ(one.driver.engine.digest(), other.driver.engine.digest());
    ASSERT_EQ(one.driver.sent.size(), other.driver.sent.size());
  }
}

// From here on the server is healthy: without any call everything must leave, whatever came before.
void converge(EngineDriver& driver) {
  for (int i = 0; i < 500 && driver.pending() > 0; ++i) {
    driver.answer_all(delivered());
    driver.until(std::min(driver.engine.next_wake(driver.now()), driver.now() + hours{1}));
  }
  EXPECT_EQ(driver.pending(), 0u) << driver.engine.to_text();
  EXPECT_TRUE(driver.open().empty()) << "an event has no outcome";
  std::size_t outcomes = 0;
  for (const LaneStats& lane : driver.engine.ledger()) outcomes += lane.captured;
  EXPECT_EQ(driver.ended.size(), outcomes) << "one outcome for each captured event";
}

void run(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Dice dice(seed);
  const Config config = random_config(dice);
  History history{EngineDriver(config, Instant{} + dice.span(hours{1000}), seed), dice, {}, {}};
  for (int i = 0; i < kSteps; ++i) {
    step(history, Duration::max());
    if (i % 50 == 49) {
      tickets_keep_their_deadlines(history);
      branch(history);
    }
    if (testing::Test::HasFailure()) return;
  }
  converge(history.driver);
}

// The seeds are split so that they run side by side and none comes near a test's time limit.
class EngineModel : public testing::TestWithParam<std::uint64_t> {};

TEST_P(EngineModel, EveryLawHoldsInEveryRandomHistory) {
  constexpr std::uint64_t kHistories = 250;
  for (std::uint64_t i = 0; i < kHistories && !HasFailure(); ++i) run(GetParam() * kHistories + i);
}

INSTANTIATE_TEST_SUITE_P(Seeds, EngineModel, testing::Range<std::uint64_t>(0, 8));

}  // namespace
}  // namespace lockstep::engine
