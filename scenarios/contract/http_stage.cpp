#include "scenarios/contract/http_stage.h"

#include <algorithm>
#include <utility>

namespace lockstep::contract {

namespace {

using std::chrono::milliseconds;

// How long the adapter may take to say that it is quiet. Then it is asked again, with what has
// become known here meanwhile: that the call has ended, that the mock holds an answer back.
constexpr std::int64_t kLookAgainMs = 50;

}  // namespace

// --- both ---------------------------------------------------------------------------------------

HttpStage::HttpStage(Place place) : place_(std::move(place)), link_(place_.adapter, place_.link) {
  place_.server.reset(place_.test_id);
}

HttpStage::~HttpStage() { place_.server.reset(place_.test_id); }

std::optional<Stage::Breach> HttpStage::breach() {
  const auto violations = place_.server.violations(place_.test_id);
  if (violations.empty()) return std::nullopt;
  const mock::Violation& first = violations.front();
  return Breach{"the protocol is kept",
                {"no breach of the protocol",
                 "request #" + std::to_string(first.request) + ": " + first.text}};
}

// --- real time ----------------------------------------------------------------------------------

Answer RealTimeStage::call(std::string_view method, std::string_view path,
                           const std::optional<std::string>& body) {
  return link().call(method, path, body, test_id());
}

void RealTimeStage::wait(Duration time) {
  std::mutex mutex;
  Condition never;
  std::unique_lock lock(mutex);
  clock_.await(lock, never, saturating_add(clock_.now(), time), [] { return false; });
}

std::optional<bool> RealTimeStage::settle(Duration) { return std::nullopt; }

// --- virtual time -------------------------------------------------------------------------------

void TestTimes::put(const std::string& test_id, std::shared_ptr<Clock> clock) {
  const std::lock_guard lock(mutex_);
  clocks_[test_id] = std::move(clock);
}

void TestTimes::remove(const std::string& test_id) {
  const std::lock_guard lock(mutex_);
  clocks_.erase(test_id);
}

std::shared_ptr<Clock> TestTimes::of(const http::Request& request) const {
  const std::lock_guard lock(mutex_);
  const auto found = clocks_.find(request.headers.get("X-Test-Id").value_or(""));
  return found == clocks_.end() ? nullptr : found->second;
}

VirtualTimeStage::VirtualTimeStage(Place place, TestTimes& times)
    : HttpStage(std::move(place)), times_(times) {
  const auto wall = std::chrono::floor<milliseconds>(real_.wall_now());
  clock_ = std::make_shared<StageClock>(wall);
  times_.put(test_id(), clock_);
  try {
    // Without test ids an earlier test has left a client and its time behind.
    if (test_id().empty()) link().forget_clock("");
    ClockStep first;
    first.wall_ms = wall.time_since_epoch().count();
    adapter_ = link().step_clock(first, test_id());
  } catch (...) {
    times_.remove(test_id());
    throw;
  }
  began_at_ms_ = adapter_.now_ms;
  calls_ = adapter_.calls;
}

VirtualTimeStage::~VirtualTimeStage() {
  try {
    if (!broken_) link().forget_clock(test_id());
  } catch (const AdapterError&) {
    // The test is over; the adapter's next one will tell.
  }
  times_.remove(test_id());
}

Answer VirtualTimeStage::call(std::string_view method, std::string_view path,
                              const std::optional<std::string>& body) {
  const AdapterLink::CallId call = link().start(method, path, body, test_id());
  ++calls_;
  Answer answer;
  try {
    carry_out(call);
    answer = link().finish(call);
  } catch (const AdapterError& problem) {
    if (link().ended(call)) answer = link().finish(call);
    if (answer.problem.empty()) answer.problem = problem.what();
    link().abandon(call);
  }
  broken_ = !answer.problem.empty();
  return answer;
}

void VirtualTimeStage::carry_out(AdapterLink::CallId call) {
  until_quiet(call);
  while (adapter_.waiting > 0) {
    const Instant next = next_instant();
    if (next == kNever) {
      throw AdapterError(link().asked(call) +
                         ", waits for something that never comes: nothing is due any more");
    }
    advance_to(next);
    until_quiet(call);
  }
}

void VirtualTimeStage::wait(Duration time) {
  const Instant end = saturating_add(clock_->now(), std::chrono::ceil<milliseconds>(time));
  until_quiet(std::nullopt);
  while (clock_->now() < end) {
    advance_to(std::min(next_instant(), end));
    until_quiet(std::nullopt);
  }
}

std::optional<bool> VirtualTimeStage::settle(Duration limit) {
  const Instant end = saturating_add(clock_->now(), limit);
  until_quiet(std::nullopt);
  while (next_instant() <= end && next_instant() != kNever) {
    advance_to(next_instant());
    until_quiet(std::nullopt);
  }
  return next_instant() == kNever;
}

// Really waits until nothing happens any more without time. Always asks the adapter at least once,
// because between the stage's calls its world goes on.
void VirtualTimeStage::until_quiet(std::optional<AdapterLink::CallId> call) {
  const Instant deadline = saturating_add(real_.now(), place().link.call_timeout);
  bool is_counted = !call.has_value();
  do {
    if (real_.now() >= deadline) {
      throw AdapterError("the adapter at " + place().adapter.origin() +
                         " does not come to rest: " + std::to_string(adapter_.in_flight) +
                         " requests of the SDK in flight, of which the mock server holds " +
                         std::to_string(clock_->held()));
    }
    if (!is_counted && link().ended(*call)) {
      // The adapter has counted it by now, or never will, because it refused it at once.
      ClockStep only_look;
      only_look.max_wait_ms = 0;
      calls_ = link().step_clock(only_look, test_id()).calls;
      is_counted = true;
    }
    adapter_ = link().step_clock(step(), test_id());
  } while (!is_quiet());
}

// An answer of which the SDK does not want to hear any more counts as held back until the mock's
// front has noticed.
bool VirtualTimeStage::is_quiet() const {
  return adapter_.quiet && adapter_.in_flight == clock_->held() && next_instant() > clock_->now();
}

ClockStep VirtualTimeStage::step() const {
  ClockStep step;
  step.calls = calls_;
  step.held = clock_->held();
  step.max_wait_ms = kLookAgainMs;
  return step;
}

// In whole milliseconds, as all instants of this stage.
Instant VirtualTimeStage::next_instant() const {
  Instant next = clock_->next_release();
  if (next != kNever) next = std::chrono::ceil<milliseconds>(next);
  if (adapter_.next_ms) {
    next = std::min(next, Instant{milliseconds{*adapter_.next_ms - began_at_ms_}});
  }
  return next;
}

void VirtualTimeStage::advance_to(Instant at) {
  clock_->arrive_at(at);
  const Instant deadline = saturating_add(real_.now(), place().link.call_timeout);
  const std::int64_t there = began_at_ms_ + at.time_since_epoch() / milliseconds{1};
  do {
    ClockStep next = step();
    next.advance_to_ms = there;
    adapter_ = link().step_clock(next, test_id());
    if (adapter_.now_ms > there || real_.now() >= deadline) {
      throw AdapterError("the clock of the adapter at " + place().adapter.origin() + " shows " +
                         std::to_string(adapter_.now_ms) + " ms where it was told to show " +
                         std::to_string(there));
    }
  } while (adapter_.now_ms < there);
  clock_->release();
}

}  // namespace lockstep::contract
