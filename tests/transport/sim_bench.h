// What the tests of the simulated network stand on: a handler that says what it is told to and
// remembers what it was asked, and a driver that moves virtual time from one due instant to the
// next.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clock/virtual_clock.h"
#include "http/handler.h"
#include "sdk/transport/sim_transport.h"

namespace lockstep::test {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr Instant at(Duration since_start) { return Instant{since_start}; }

// Gives the replies it holds in their order, then empty 200s.
class Script final : public http::Handler {
 public:
  http::Reply handle(const http::Request& request, Now now) override {
    seen.emplace_back(request, now);
    if (replies.empty()) return {};
    auto reply = std::move(replies.front());
    replies.pop_front();
    return reply;
  }

  std::deque<http::Reply> replies;
  std::vector<std::pair<http::Request, Now>> seen;
};

inline http::Reply reply_with(http::Fault fault, std::uint64_t fault_bytes = 0,
                              Duration delay = Duration{0}, std::string body = "0123456789") {
  return {http::Response{200, {{"A", "1"}, {"A", "2"}}, std::move(body)}, delay, fault,
          fault_bytes};
}

inline http::Request request_to(std::string path, std::string method = "POST") {
  http::Request request;
  request.method = std::move(method);
  request.url = http::Url::parse("http://sim.test" + std::move(path)).value();
  return request;
}

// A completion and the instant at which it came out.
struct Outcome {
  Instant at{};
  TransferId id = 0;
  http::Result result;

  std::optional<http::TransportErrorKind> error() const {
    const auto* failure = std::get_if<http::TransportError>(&result);
    return failure == nullptr ? std::nullopt : std::optional(failure->kind);
  }
  const http::Response* response() const { return std::get_if<http::Response>(&result); }
};

struct SimBench {
  explicit SimBench(SimNetworkOptions options = {milliseconds{3}, milliseconds{5}})
      : network(clock, server, options) {}

  // Goes from one due instant to the next until nothing is due any more, or not before `limit`.
  std::vector<Outcome> run(Instant limit = kNever - nanoseconds{1}) {
    std::vector<Outcome> outcomes;
    for (;;) {
      for (auto& [id, result] : network.collect()) {
        outcomes.push_back({clock.now(), id, std::move(result)});
      }
      if (network.next_instant() > limit) return outcomes;
      clock.advance_to(network.next_instant());
    }
  }

  // One transfer from start to end, on a bench of its own.
  static std::optional<Outcome> carry(http::Reply reply, const TransferLimits& limits = {},
                                      http::Request request = request_to("/")) {
    SimBench bench;
    bench.server.replies.push_back(std::move(reply));
    bench.network.start(1, std::move(request), limits);
    auto outcomes = bench.run();
    EXPECT_LE(outcomes.size(), 1u);
    return outcomes.empty() ? std::nullopt : std::optional(std::move(outcomes.front()));
  }

  VirtualClock clock;
  Script server;
  SimTransport network;
};

}  // namespace lockstep::test
