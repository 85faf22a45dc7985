#include "tests/sdk/engine_driver.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "clock/virtual_clock.h"

namespace lockstep::engine {

namespace {

// Stops at one instant after which an engine must be going round in a circle.
constexpr int kLivelockStops = 10'000;

EventRef make_event(std::uint64_t number, Lane lane, std::size_t bytes) {
  std::string json = R"({"uuid":")";
  const std::size_t uuid_at = json.size();
  json += make_uuid_v4(number + 1, static_cast<std::uint64_t>(lane) + 1).to_string();
  json += R"(","pad":")";
  const std::size_t rest = json.size() + 2;
  json.append(bytes > rest ? bytes - rest : 0, 'x');
  json += R"("})";
  return EventRef(json, uuid_at, lane);
}

}  // namespace

Config small_config() {
  Config config;
  for (LaneConfig& lane : config.lanes) {
    lane.flush_at = 3;
    lane.max_batch_size = 3;
    lane.flush_interval = seconds{5};
    lane.max_queue_size = 100;
    lane.max_event_bytes = 10'000;
    lane.max_batch_bytes = 20'000;
    lane.max_queue_bytes = 1'000'000;
  }
  config.lanes[static_cast<std::size_t>(Lane::ai)].endpoint = 1;
  config.max_in_flight = 1;
  config.max_retries = 2;
  config.retry_initial_backoff = seconds{1};
  config.retry_max_backoff = seconds{8};
  config.retry_jitter_percent = 0;
  config.max_retry_after = hours{1};
  config.request_timeout = seconds{10};
  return config;
}

Verdict delivered() {
  Verdict verdict;
  verdict.status = 200;
  return verdict;
}

Verdict refused() {
  Verdict verdict;
  verdict.kind = Verdict::Kind::drop;
  verdict.status = 400;
  verdict.detail = "status 400";
  return verdict;
}

Verdict trouble(std::optional<Duration> pause) {
  Verdict verdict;
  verdict.kind = Verdict::Kind::retry;
  verdict.endpoint_trouble = true;
  verdict.pause = pause;
  verdict.status = 503;
  verdict.detail = "status 503";
  return verdict;
}

Verdict too_large() {
  Verdict verdict;
  verdict.kind = Verdict::Kind::too_large;
  verdict.status = 413;
  verdict.detail = "status 413";
  return verdict;
}

Verdict per_event(const std::string& letters) {
  Verdict verdict = delivered();
  verdict.kind = Verdict::Kind::per_event;
  for (const char letter : letters) {
    EventVerdict one;
    one.detail = letter;
    if (letter == 'u') one.kind = EventVerdict::Kind::unconfirmed;
    if (letter == 'x') one.kind = EventVerdict::Kind::drop;
    if (letter == 'r') one.kind = EventVerdict::Kind::retry;
    verdict.events.push_back(std::move(one));
  }
  return verdict;
}

EngineDriver::EngineDriver(const Config& config, Instant start, std::uint64_t seed)
    : EngineDriver(config, start, std::make_shared<const Chance>(seed)) {}

EngineDriver::EngineDriver(const Config& config, Instant start,
                           std::shared_ptr<const Chance> chance)
    : engine(config, *chance),
      chance_(std::move(chance)),
      start_(start),
      now_(start),
      referee_(config) {}

Now EngineDriver::reading() const noexcept {
  return {now_, saturating_add(VirtualClock::kDefaultStart, now_ - start_)};
}

Admitted EngineDriver::capture(Lane lane, std::size_t bytes) {
  Effects out;
  const std::uint64_t sequence = captured_;
  const Admitted result = engine.admit(make_event(sequence, lane, bytes), reading(), out);
  if (result.admission != Admission::closed) ++captured_;
  if (result.admission == Admission::accepted) referee_.admitted(sequence, lane, reading());
  take(out);
  Effects after_it;
  engine.advance(reading(), after_it);
  if (!after_it.empty() && !result.wake) {
    ADD_FAILURE() << "an event made something due at once, and admit() did not say so";
  }
  take(after_it);
  return result;
}

void EngineDriver::capture_many(std::size_t count, Lane lane, std::size_t bytes) {
  for (std::size_t i = 0; i < count; ++i) capture(lane, bytes);
}

void EngineDriver::answer(RequestNumber request, const Verdict& verdict) {
  Effects out;
  const auto found = in_flight.find(request);
  if (found != in_flight.end()) {
    referee_.answered(found->second, verdict, reading());
    in_flight.erase(found);
  }
  engine.completed(request, verdict, reading(), out);
  step(out);
}

void EngineDriver::answer(const Verdict& verdict) {
  if (in_flight.empty()) {
    ADD_FAILURE() << "nothing is in flight";
    return;
  }
  answer(in_flight.begin()->first, verdict);
}

void EngineDriver::answer_all(const Verdict& verdict) {
  while (!in_flight.empty()) answer(verdict);
}

Ticket EngineDriver::flush(Duration timeout) {
  Effects out;
  const Ticket ticket = engine.flush(reading(), saturating_add(now_, timeout), out);
  step(out);
  return ticket;
}

Ticket EngineDriver::shutdown(Duration timeout) {
  Effects out;
  const Instant deadline = saturating_add(now_, timeout);
  referee_.shutting_down(deadline);
  const Ticket ticket = engine.shutdown(reading(), deadline, out);
  step(out);
  return ticket;
}

void EngineDriver::until(Instant at, Duration also) {
  const auto next_stop = [&] {
    Instant stop = std::min(at, engine.next_wake(now_));
    if (also != Duration::max()) stop = std::min(stop, saturating_add(now_, also));
    return std::max(stop, now_);
  };
  int stops_at_instant = 0;
  for (Instant stop = next_stop();; stop = next_stop()) {
    stops_at_instant = stop == now_ ? stops_at_instant + 1 : 0;
    if (stops_at_instant > kLivelockStops) {
      ADD_FAILURE() << "livelock: the engine asks for the same instant for ever";
      return;
    }
    now_ = stop;
    Effects out;
    step(out);
    if (now_ == at && engine.next_wake(now_) > at) return;
    if (at == kNever && engine.next_wake(now_) == kNever) return;
  }
}

void EngineDriver::step(Effects& out) {
  engine.advance(reading(), out);
  take(out);
}

void EngineDriver::take(const Effects& out) {
  referee_.judge(out, reading());
  for (const Send& send : out.sends) {
    sent.push_back({now_, send});
    in_flight.emplace(send.request, send);
  }
  for (const RequestNumber request : out.cancels) {
    in_flight.erase(request);
    cancelled.push_back(request);
  }
  for (const Ended& end : out.ended) ended.push_back({now_, end});
  errors.insert(errors.end(), out.errors.begin(), out.errors.end());
  if (const auto broken = engine.broken_invariant()) ADD_FAILURE() << *broken;
  for (; complaints_told_ < referee_.complaints().size(); ++complaints_told_) {
    ADD_FAILURE() << referee_.complaints()[complaints_told_];
  }
}

Duration EngineDriver::next_wake() const {
  const Instant wake = engine.next_wake(now_);
  return wake == kNever ? Duration::max() : wake - now_;
}

std::uint64_t EngineDriver::pending() const {
  std::uint64_t sum = 0;
  for (const LaneStats& lane : engine.ledger()) sum += lane.pending;
  return sum;
}

const EngineDriver::Sent& EngineDriver::at(int i) const {
  return sent.at(i < 0 ? sent.size() - static_cast<std::size_t>(-i) : static_cast<std::size_t>(i));
}

const Batch& EngineDriver::batch(int i) const { return *at(i).send.batch; }

std::vector<std::uint64_t> EngineDriver::events(int i) const {
  std::vector<std::uint64_t> sequences;
  for (const EventRef& event : batch(i).events) sequences.push_back(event.sequence());
  return sequences;
}

const Ended* EngineDriver::find_end(std::uint64_t sequence) const {
  const auto found = std::find_if(ended.begin(), ended.end(), [&](const End& end) {
    return end.ended.event.sequence() == sequence;
  });
  return found == ended.end() ? nullptr : &found->ended;
}

const Ended& EngineDriver::end_of(std::uint64_t sequence) const {
  static const Ended kNone;
  const Ended* end = find_end(sequence);
  if (end == nullptr) ADD_FAILURE() << "event " << sequence << " has not ended";
  return end == nullptr ? kNone : *end;
}

std::string text_of(const std::vector<std::uint64_t>& sequences) {
  std::string text;
  for (const std::uint64_t sequence : sequences) {
    text += (text.empty() ? "" : " ") + std::to_string(sequence);
  }
  return text;
}

}  // namespace lockstep::engine
