#include "scenarios/prove/world.h"

#include <algorithm>
#include <utility>

#include "clock/trace.h"
#include "scenarios/prove/laws.h"

namespace lockstep::prove {

namespace {

constexpr Lane kLane = Lane::analytics;
constexpr std::uint8_t kVerdictKinds = 3;  // of an event in a partial answer: taken, dropped, again

engine::EventRef make_event(std::size_t sequence) {
  const std::string digits = std::to_string(1000 + sequence);
  const std::string json = "{\"uuid\":\"00000000-0000-7000-8000-00000000" + digits + "\"}";
  return {json, json.find('0'), kLane};
}

std::uint8_t verdict_of(std::uint8_t verdicts, std::size_t place) {
  for (; place > 0; --place) verdicts = static_cast<std::uint8_t>(verdicts / kVerdictKinds);
  return verdicts % kVerdictKinds;
}

// The answers that a request in flight can get now.
void add_answers(const Scope& scope, const World& world, std::size_t place,
                 std::vector<Move>& out) {
  const Flight& flight = world.flights[place];
  const bool in_time = world.now < flight.deadline;
  const bool may_fail = world.faults < scope.faults;
  const auto add = [&](Answer answer, std::uint8_t verdicts) {
    out.push_back({.kind = Move::Kind::answer,
                   .answer = answer,
                   .flight = static_cast<std::uint8_t>(place),
                   .verdicts = verdicts});
  };
  for (const Answer answer : scope.answers) {
    const bool is_silence = answer == Answer::lost || answer == Answer::refused;
    if (answer != Answer::ok && !may_fail) continue;
    if (!in_time && !is_silence) continue;
    if (answer != Answer::partial) {
      add(answer, 0);
      continue;
    }
    int combinations = 1;
    for (std::size_t i = 0; i < flight.batch->events.size(); ++i) combinations *= kVerdictKinds;
    // The first of them is that every event is taken, which is no fault.
    for (int i = 1; i < combinations; ++i) add(answer, static_cast<std::uint8_t>(i));
  }
  // Where no scope's answer is silence, a request that runs out of time was never seen.
  if (!in_time && may_fail &&
      std::none_of(scope.answers.begin(), scope.answers.end(), [](Answer answer) {
        return answer == Answer::lost || answer == Answer::refused;
      })) {
    add(Answer::refused, 0);
  }
}

// The instants to which time can move: those at which something is due, a tick before and after.
void add_waits(const Scope& scope, const World& world, std::vector<Move>& out) {
  const Instant wake = world.engine.next_wake(world.now);
  const Instant timeout = world.first_timeout();
  // A request cannot wait beyond its deadline; nor up to it, where no fault is left for it.
  const Instant latest = timeout == kNever             ? kNever
                         : world.faults < scope.faults ? timeout
                                                       : timeout - kTick;
  std::vector<Instant> instants;
  const auto add = [&](Instant at) {
    // Who is woken late is late by one tick.
    const bool is_too_late = at > latest || (wake != kNever && at > wake + kTick);
    if (at > world.now && !is_too_late) instants.push_back(at);
  };
  for (const Instant due : {wake, timeout}) {
    if (due == kNever) continue;
    add(due - kTick);
    add(due);
    add(due + kTick);
  }
  std::sort(instants.begin(), instants.end());
  instants.erase(std::unique(instants.begin(), instants.end()), instants.end());
  for (const Instant at : instants) {
    out.push_back({.kind = Move::Kind::wait, .time = at.time_since_epoch().count()});
  }
}

void add_drains(const std::vector<Duration>& deadlines, Move::Kind kind, const World& world,
                std::vector<Move>& out) {
  if (world.drain(kind == Move::Kind::shutdown) != nullptr) return;
  for (const Duration time : deadlines) out.push_back({.kind = kind, .time = time.count()});
}

// --- what an answer is to the engine, and to what is known from outside -------------------------

engine::Verdict verdict_for(const Move& move, const engine::Batch& batch) {
  using Kind = engine::Verdict::Kind;
  using Event = engine::EventVerdict;
  engine::Verdict verdict;
  switch (move.answer) {
    case Answer::ok:
      verdict.status = 200;
      break;
    case Answer::lost:
    case Answer::refused:
      verdict.kind = Kind::retry;
      verdict.endpoint_trouble = true;
      break;
    case Answer::unavailable:
      verdict.kind = Kind::retry;
      verdict.endpoint_trouble = true;
      verdict.status = 503;
      break;
    case Answer::slow_down:
      verdict.kind = Kind::retry;
      verdict.endpoint_trouble = true;
      verdict.status = 429;
      verdict.pause = kRetryAfter;
      break;
    case Answer::rejected:
      verdict.kind = Kind::drop;
      verdict.status = 400;
      break;
    case Answer::too_large:
      verdict.kind = Kind::too_large;
      verdict.status = 413;
      break;
    case Answer::partial:
      verdict.kind = Kind::per_event;
      verdict.status = 200;
      for (std::size_t i = 0; i < batch.events.size(); ++i) {
        constexpr Event::Kind kKinds[] = {Event::Kind::delivered, Event::Kind::drop,
                                          Event::Kind::retry};
        verdict.events.push_back({kKinds[verdict_of(move.verdicts, i)], DropReason::rejected, {}});
      }
      break;
  }
  return verdict;
}

Duration backoff_of(const engine::Config& config, std::uint32_t failures) {
  const Duration doubled = config.retry_initial_backoff * (std::int64_t{1} << (failures - 1));
  return std::min(doubled, config.retry_max_backoff);
}

bool goes_again(const Move& move, std::size_t place) {
  switch (move.answer) {
    case Answer::lost:
    case Answer::refused:
    case Answer::unavailable:
    case Answer::slow_down:
      return true;
    case Answer::partial:
      return verdict_of(move.verdicts, place) == 2;
    default:
      return false;
  }
}

bool is_trouble(Answer answer) { return goes_again({.answer = answer}, 0); }

// Notes at an event what the answer to its request means for it.
void note(const Scope& scope, const Move& move, const engine::Batch& batch, std::size_t place,
          World& world) {
  Fate& fate = world.fates[batch.events[place].sequence()];
  fate.flying = false;
  const std::uint8_t verdict = verdict_of(move.verdicts, place);
  const bool is_partial = move.answer == Answer::partial;
  const std::size_t together = batch.events.size();
  if (move.answer == Answer::ok || move.answer == Answer::lost || (is_partial && verdict == 0)) {
    ++fate.arrivals;
  }
  if (move.answer == Answer::rejected || (is_partial && verdict == 1)) fate.rejected = true;
  if (move.answer == Answer::too_large) {
    fate.too_large = together == 1;
    fate.most_together = (together + 1) / 2;
  }
  if (!goes_again(move, place)) return;
  ++fate.failures;
  const bool of_all = is_trouble(move.answer);
  const std::uint32_t round = of_all ? std::max(fate.failures, world.rounds) : fate.failures;
  fate.not_before = world.now + backoff_of(scope.config, round);
  if (of_all) world.pause_until = std::max(world.pause_until, fate.not_before);
}

void answer(const Scope& scope, const Move& move, World& world, engine::Effects& effects) {
  const Flight flight = world.flights[move.flight];
  world.flights.erase(world.flights.begin() + move.flight);
  if (move.answer != Answer::ok) ++world.faults;
  if (!is_trouble(move.answer)) {
    world.rounds = 0;
  } else if (flight.started >= world.trouble_since) {
    // Requests that were in flight together fail together: that is one round.
    ++world.rounds;
    world.trouble_since = world.now;
  }
  for (std::size_t i = 0; i < flight.batch->events.size(); ++i) {
    note(scope, move, *flight.batch, i, world);
  }
  if (move.answer == Answer::slow_down) {
    const Duration pause = std::min(kRetryAfter, scope.config.max_retry_after);
    world.pause_until = std::max(world.pause_until, world.now + pause);
  }
  world.engine.completed(flight.request, verdict_for(move, *flight.batch), world.read(), effects);
}

void drain(const Move& move, World& world, engine::Effects& effects) {
  Drain call;
  call.shutdown = move.kind == Move::Kind::shutdown;
  call.deadline = world.now + Duration{move.time};
  for (std::size_t i = 0; i < world.fates.size(); ++i) {
    if (!world.fates[i].ended) call.covered.push_back(i);
  }
  call.ticket = call.shutdown ? world.engine.shutdown(world.read(), call.deadline, effects)
                              : world.engine.flush(world.read(), call.deadline, effects);
  world.drains.push_back(std::move(call));
}

}  // namespace

const Drain* World::drain(bool shutdown) const noexcept {
  for (const Drain& call : drains) {
    if (call.shutdown == shutdown) return &call;
  }
  return nullptr;
}

Instant World::first_timeout() const noexcept {
  Instant first = kNever;
  for (const Flight& flight : flights) first = std::min(first, flight.deadline);
  return first;
}

std::uint64_t World::digest() const noexcept {
  std::uint64_t state = engine.future_digest(now);
  const auto add = [&](std::uint64_t number) { state = digest_number(state, number); };
  const auto add_instant = [&](Instant at) {
    add(static_cast<std::uint64_t>(std::max(at, now).time_since_epoch().count() -
                                   now.time_since_epoch().count()));
  };
  add_instant(pause_until);
  add(faults);
  for (const Fate& fate : fates) {
    // How an event ended, and after what, has been judged; what comes does not ask for it.
    add((fate.ended ? 1u : 0u) + (fate.delivered ? 2u : 0u));
    if (fate.ended) continue;
    add(fate.failures);
    add(fate.most_together);
    add_instant(fate.not_before);
    add((fate.arrivals > 0 ? 1u : 0u) + (fate.sent ? 2u : 0u) + (fate.rejected ? 4u : 0u) +
        (fate.too_large ? 8u : 0u));
  }
  for (const Drain& call : drains) {
    add((call.shutdown ? 1u : 0u) + (call.done ? 2u : 0u));
    for (const std::uint64_t sequence : call.covered) add(call.done ? 0 : sequence);
  }
  return state;
}

std::vector<Move> moves(const Scope& scope, const World& world) {
  std::vector<Move> found;
  const bool is_open = world.drain(true) == nullptr;
  if (is_open && world.fates.size() < scope.events) found.push_back({});
  for (std::size_t i = 0; i < world.flights.size(); ++i) add_answers(scope, world, i, found);
  // At its deadline a request has its end before anything else happens.
  if (world.first_timeout() <= world.now) return found;
  add_waits(scope, world, found);
  if (is_open) add_drains(scope.flush_deadlines, Move::Kind::flush, world, found);
  add_drains(scope.shutdown_deadlines, Move::Kind::shutdown, world, found);
  return found;
}

std::optional<std::string> carry_out(const Scope& scope, const Move& move, World& world) {
  engine::Effects effects;
  switch (move.kind) {
    case Move::Kind::capture:
      world.fates.push_back({.admitted = world.now});
      world.engine.admit(make_event(world.fates.size() - 1), world.read(), effects);
      break;
    case Move::Kind::answer:
      answer(scope, move, world, effects);
      break;
    case Move::Kind::wait:
      world.now = Instant{Duration{move.time}};
      break;
    case Move::Kind::flush:
    case Move::Kind::shutdown:
      drain(move, world, effects);
      break;
  }
  world.engine.advance(world.read(), effects);
  if (Broken broken = take_up(scope, effects, world)) return broken;
  return at_rest(scope, world);
}

std::string describe(const Move& move, const World& world) {
  const auto ms = [](std::int64_t time) {
    const std::int64_t rest = time % 1'000'000;
    const std::string whole = std::to_string((time + 500'000) / 1'000'000) + " ms";
    return rest == 0 ? whole : whole + (rest > 500'000 ? " less a tick" : " and a tick");
  };
  switch (move.kind) {
    case Move::Kind::capture:
      return "capture event " + std::to_string(world.fates.size());
    case Move::Kind::answer: {
      std::string text = "answer the request of events";
      const engine::Batch& batch = *world.flights[move.flight].batch;
      for (const engine::EventRef& event : batch.events) {
        text += ' ' + std::to_string(event.sequence());
      }
      text += ": " + std::string(to_string(move.answer));
      if (move.answer != Answer::partial) return text;
      for (std::size_t i = 0; i < batch.events.size(); ++i) {
        constexpr std::string_view kWords[] = {" taken", " dropped", " again"};
        text += kWords[verdict_of(move.verdicts, i)];
      }
      return text;
    }
    case Move::Kind::wait:
      return "wait until " + ms(move.time);
    case Move::Kind::flush:
      return "flush, " + ms(move.time) + " to go";
    case Move::Kind::shutdown:
      return "shutdown, " + ms(move.time) + " to go";
  }
  return {};
}

}  // namespace lockstep::prove
