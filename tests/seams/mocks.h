// The mocks of the SDK's seams: transport, clock, and what a user hands in (hooks, callbacks).
//
// The rule of these tests: they say which calls cross a seam, with which arguments and in which
// order. What the engine decides is tested with the engine.
#pragma once

#include <memory>
#include <ostream>
#include <string_view>
#include <trompeloeil.hpp>
#include <utility>
#include <vector>

#include "clock/clock.h"
#include "sdk/options.h"
#include "sdk/transport/transport.h"

// How a mock's complaint shows what our types hold.
namespace trompeloeil {

template <>
inline void print(std::ostream& out, const lockstep::http::Request& request) {
  out << request.method << ' ' << request.url.to_string() << ' ' << request.body;
}
template <>
inline void print(std::ostream& out, const lockstep::Instant& at) {
  out << at.time_since_epoch().count() << " ns";
}

}  // namespace trompeloeil

namespace lockstep {

class MockTransport : public Transport {
 public:
  MAKE_MOCK3(start, void(TransferId, http::Request, const TransferLimits&), override);
  MAKE_MOCK1(cancel, void(TransferId), override);
  MAKE_MOCK0(collect, std::vector<Completion>(), override);
  MAKE_CONST_MOCK0(next_instant, Instant(), override);
  MAKE_MOCK1(wait, void(Instant), override);
  MAKE_MOCK0(wake, void(), noexcept override);
};

class MockClock : public Clock {
 public:
  MAKE_CONST_MOCK0(now, Instant(), noexcept override);
  MAKE_CONST_MOCK0(wall_now, WallTime(), noexcept override);
  MAKE_MOCK4(await,
             bool(std::unique_lock<std::mutex>&, Condition&, Instant, const std::function<bool()>&),
             override);
  MAKE_MOCK1(notify, void(Condition&), noexcept override);
};

// What a user hands to a client; connect() puts it into the options by reference.
class MockUser {
 public:
  MAKE_MOCK1(first_hook, bool(Event&));
  MAKE_MOCK1(second_hook, bool(Event&));
  MAKE_MOCK1(third_hook, bool(Event&));
  MAKE_MOCK1(on_outcome, void(const Outcome&));
  MAKE_MOCK1(on_error, void(const ErrorReport&));
  MAKE_MOCK1(on_request, void(const RequestReport&));
  MAKE_MOCK2(log, void(LogLevel, std::string_view));

  void connect_hooks(Options& options) {
    options.before_send = {[this](Event& event) { return first_hook(event); },
                           [this](Event& event) { return second_hook(event); },
                           [this](Event& event) { return third_hook(event); }};
  }
  void connect_callbacks(Options& options) {
    options.on_outcome = [this](const Outcome& outcome) { on_outcome(outcome); };
    options.on_error = [this](const ErrorReport& error) { on_error(error); };
    options.on_request = [this](const RequestReport& request) { on_request(request); };
    options.logger = [this](LogLevel level, std::string_view text) { log(level, text); };
  }
};

}  // namespace lockstep
