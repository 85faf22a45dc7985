// What each fault comes to at the client, and at which instant. The way there takes 3 ms, the way
// back 5 ms.
#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "sdk/transport/message_rules.h"
#include "sim_bench.h"

namespace lockstep::test {
namespace {

using http::Fault;
using Kind = http::TransportErrorKind;

TEST(SimFaults, AnAnswerArrivesWholeAfterBothWaysAndTheDelay) {
  SimBench bench;
  bench.server.replies.push_back(reply_with(Fault::none, 0, milliseconds{100}));
  auto request = request_to("/batch/?x=1");
  request.headers.add("Content-Type", "application/json");
  request.body = "{}";
  bench.network.start(7, request, {});
  const auto outcomes = bench.run();

  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].id, 7u);
  EXPECT_EQ(outcomes[0].at, at(milliseconds{108}));
  ASSERT_NE(outcomes[0].response(), nullptr);
  EXPECT_EQ(*outcomes[0].response(), reply_with(Fault::none).response);
  ASSERT_EQ(bench.server.seen.size(), 1u);
  EXPECT_EQ(bench.server.seen[0].first, request);
  EXPECT_EQ(bench.server.seen[0].second.at, at(milliseconds{3}));
  EXPECT_EQ(bench.server.seen[0].second.wall, VirtualClock::kDefaultStart + milliseconds{3});
}

struct FaultCase {
  const char* name;
  http::Reply reply;
  Duration ends;
  std::optional<Kind> error;  // nothing: a response
};

std::vector<FaultCase> fault_cases() {
  static constexpr Duration kDelay = milliseconds{100};
  const auto reply = [](Fault fault, std::uint64_t bytes = 0) {
    return reply_with(fault, bytes, kDelay);
  };
  return {
      {"none", reply(Fault::none), milliseconds{108}, {}},
      {"refused after one round trip", reply(Fault::refuse_connection), milliseconds{8},
       Kind::connect},
      {"hangs until the connect timeout", reply(Fault::hang_connection), seconds{2}, Kind::connect},
      {"no such host after one round trip", reply(Fault::fail_resolution), milliseconds{8},
       Kind::resolve},
      {"reset before", reply(Fault::reset_before), milliseconds{108}, Kind::reset},
      {"reset after", reply(Fault::reset_after), milliseconds{108}, Kind::reset},
      {"silence until the deadline", reply(Fault::no_answer), seconds{10}, Kind::timeout},
      {"cut to nothing", reply(Fault::truncate_body, 0), milliseconds{108}, Kind::truncated},
      {"cut by one byte", reply(Fault::truncate_body, 9), milliseconds{108}, Kind::truncated},
      {"cut where it ends anyway", reply(Fault::truncate_body, 10), milliseconds{108}, {}},
      {"garbage", reply(Fault::garbage), milliseconds{108}, Kind::malformed},
      {"drips, 10 bytes at 4 a second", reply(Fault::slow_body, 4), milliseconds{2608}, {}},
      {"drips, rounded up to a nanosecond",
       reply(Fault::slow_body, 3),
       milliseconds{108} + nanoseconds{3'333'333'334},
       {}},
      {"drips faster than anybody sees",
       reply(Fault::slow_body, ~std::uint64_t{0}),
       milliseconds{108} + nanoseconds{1},
       {}},
      {"drips past the deadline", reply(Fault::slow_body, 1), seconds{10}, Kind::timeout},
      {"drips at no rate at all", reply(Fault::slow_body, 0), seconds{10}, Kind::timeout},
      {"filler up to the limit", reply(Fault::endless_body, 1000), milliseconds{108}, {}},
      {"filler beyond the limit", reply(Fault::endless_body, 1001), milliseconds{108},
       Kind::response_too_large},
      {"filler beyond all memory", reply(Fault::endless_body, ~std::uint64_t{0}), milliseconds{108},
       Kind::response_too_large},
  };
}

TEST(SimFaults, EveryFaultEndsAtItsInstantInItsWay) {
  TransferLimits limits;
  limits.deadline = at(seconds{10});
  limits.connect_timeout = seconds{2};
  limits.max_body_bytes = 1000;
  for (const auto& fault : fault_cases()) {
    const auto outcome = SimBench::carry(fault.reply, limits);
    ASSERT_TRUE(outcome.has_value()) << fault.name;
    EXPECT_EQ(outcome->at, at(fault.ends)) << fault.name;
    EXPECT_EQ(outcome->error(), fault.error) << fault.name;
  }
}

TEST(SimFaults, TheServerIsAskedOnceWhateverTheFault) {
  for (const auto& fault : fault_cases()) {
    SimBench bench;
    bench.server.replies.push_back(fault.reply);
    TransferLimits limits;
    limits.deadline = at(seconds{10});
    bench.network.start(1, request_to("/"), limits);
    bench.run();
    EXPECT_EQ(bench.server.seen.size(), 1u) << fault.name;
  }
}

TEST(SimFaults, AnEndlessBodyWithinTheLimitIsTheBodyAndThenFiller) {
  const auto outcome = SimBench::carry(reply_with(Fault::endless_body, 15));
  ASSERT_NE(outcome->response(), nullptr);
  EXPECT_EQ(outcome->response()->body, "0123456789     ");
  const auto shorter = SimBench::carry(reply_with(Fault::endless_body, 4));
  EXPECT_EQ(shorter->response()->body, "0123456789");
}

TEST(SimFaults, ABodyOrHeaderIsTooLargeOneByteBeyondItsLimit) {
  const auto reply = reply_with(Fault::none);
  TransferLimits limits;
  limits.max_body_bytes = reply.response.body.size();
  limits.max_header_bytes = 2 * transport::header_cost("A", "1");
  EXPECT_EQ(SimBench::carry(reply, limits)->error(), std::nullopt);
  --limits.max_body_bytes;
  EXPECT_EQ(SimBench::carry(reply, limits)->error(), Kind::response_too_large);
  ++limits.max_body_bytes;
  --limits.max_header_bytes;
  EXPECT_EQ(SimBench::carry(reply, limits)->error(), Kind::response_too_large);
}

// The declared length comes with the header, so nobody waits for the bytes to drip.
TEST(SimFaults, ATooLargeBodyIsKnownWhenTheHeaderArrives) {
  TransferLimits limits;
  limits.deadline = at(seconds{10});
  limits.max_body_bytes = 9;
  for (const auto fault : {Fault::none, Fault::slow_body, Fault::truncate_body}) {
    const auto outcome = SimBench::carry(reply_with(fault, 1), limits);
    EXPECT_EQ(outcome->error(), Kind::response_too_large);
    EXPECT_EQ(outcome->at, at(milliseconds{8}));
  }
}

TEST(SimFaults, AResponseThatHasNoBodyByItsNatureCannotLoseIt) {
  for (const int status : {204, 304}) {
    auto reply = reply_with(Fault::truncate_body, 1);
    reply.response.status = status;
    const auto outcome = SimBench::carry(reply);
    ASSERT_NE(outcome->response(), nullptr) << status;
    EXPECT_EQ(outcome->response()->body, "") << status;
  }
  const auto head = SimBench::carry(reply_with(Fault::slow_body, 1), {}, request_to("/", "HEAD"));
  ASSERT_NE(head->response(), nullptr);
  EXPECT_EQ(head->response()->body, "");
  EXPECT_EQ(head->at, at(milliseconds{8}));
}

TEST(SimFaults, ANegativeDelayIsNone) {
  const auto outcome = SimBench::carry(reply_with(Fault::none, 0, milliseconds{-500}));
  EXPECT_EQ(outcome->at, at(milliseconds{8}));
}

TEST(SimFaults, AnAbsurdDelayIsNotAnInstantInThePast) {
  TransferLimits limits;
  limits.deadline = at(seconds{1});
  const auto outcome = SimBench::carry(reply_with(Fault::none, 0, Duration::max()), limits);
  EXPECT_EQ(outcome->error(), Kind::timeout);
  EXPECT_EQ(outcome->at, at(seconds{1}));
}

TEST(SimFaults, WithoutADeadlineSilenceNeverEnds) {
  SimBench bench;
  bench.server.replies.push_back(reply_with(Fault::no_answer));
  bench.network.start(1, request_to("/"), {});
  EXPECT_TRUE(bench.run().empty());
  EXPECT_EQ(bench.network.next_instant(), kNever);
}

// --- the deadline and the connect timeout --------------------------------------------------------

TEST(SimFaults, TheDeadlineWinsWhenItIsNotLater) {
  for (const auto& fault : fault_cases()) {
    if (fault.error == Kind::timeout) continue;
    TransferLimits limits;
    limits.connect_timeout = seconds{2};
    limits.max_body_bytes = 1000;
    for (const Duration before : {milliseconds{1}, milliseconds{0}}) {
      limits.deadline = at(fault.ends - before);
      const auto outcome = SimBench::carry(fault.reply, limits);
      EXPECT_EQ(outcome->error(), Kind::timeout) << fault.name;
      EXPECT_EQ(outcome->at, limits.deadline) << fault.name;
    }
    limits.deadline = at(fault.ends + nanoseconds{1});
    const auto outcome = SimBench::carry(fault.reply, limits);
    EXPECT_EQ(outcome->error(), fault.error) << fault.name;
    EXPECT_EQ(outcome->at, at(fault.ends)) << fault.name;
  }
}

TEST(SimFaults, ARequestWhoseDeadlineIsNotAfterItsArrivalNeverReachesTheServer) {
  for (const Duration deadline : {milliseconds{2}, milliseconds{3}}) {
    SimBench bench;
    TransferLimits limits;
    limits.deadline = at(deadline);
    bench.network.start(1, request_to("/"), limits);
    const auto outcomes = bench.run();
    ASSERT_EQ(outcomes.size(), 1u);
    EXPECT_EQ(outcomes[0].error(), Kind::timeout);
    EXPECT_EQ(outcomes[0].at, at(deadline));
    EXPECT_TRUE(bench.server.seen.empty());
  }
}

TEST(SimFaults, ADeadlineInThePastEndsTheTransferAtOnce) {
  SimBench bench;
  bench.clock.advance(seconds{1});
  for (const Duration deadline : {Duration{0}, Duration{seconds{1}}}) {
    TransferLimits limits;
    limits.deadline = at(deadline);
    bench.network.start(1, request_to("/"), limits);
    EXPECT_EQ(bench.network.next_instant(), at(seconds{1}));
    const auto outcomes = bench.run();
    ASSERT_EQ(outcomes.size(), 1u);
    EXPECT_EQ(outcomes[0].error(), Kind::timeout);
    EXPECT_EQ(outcomes[0].at, at(seconds{1}));
  }
}

TEST(SimFaults, TheConnectTimeoutCountsFromTheStartOfTheTransfer) {
  SimBench bench;
  bench.clock.advance(seconds{5});
  bench.server.replies.push_back(reply_with(Fault::hang_connection));
  TransferLimits limits;
  limits.connect_timeout = milliseconds{700};
  bench.network.start(1, request_to("/"), limits);
  const auto outcomes = bench.run();
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].at, at(milliseconds{5700}));
}

// That the connection hangs is the handler's word, and it is asked at the arrival.
TEST(SimFaults, AConnectTimeoutShorterThanTheWayThereEndsAtTheArrival) {
  TransferLimits limits;
  limits.connect_timeout = milliseconds{1};
  const auto outcome = SimBench::carry(reply_with(Fault::hang_connection, 0, seconds{1}), limits);
  EXPECT_EQ(outcome->error(), Kind::connect);
  EXPECT_EQ(outcome->at, at(milliseconds{3}));
}

TEST(SimFaults, AnEndlessConnectTimeoutLeavesAHangToTheDeadline) {
  TransferLimits limits;
  limits.connect_timeout = Duration::max();
  limits.deadline = at(seconds{30});
  const auto outcome = SimBench::carry(reply_with(Fault::hang_connection), limits);
  EXPECT_EQ(outcome->error(), Kind::timeout);
  EXPECT_EQ(outcome->at, at(seconds{30}));
}

// --- requests that may not leave -----------------------------------------------------------------

TEST(SimFaults, ARequestThatWouldInjectAHeaderIsRefusedAtOnce) {
  std::vector<http::Request> requests(6, request_to("/"));
  requests[0].headers.add("X", "1\r\nInjected: 1");
  requests[1].headers.add("X", std::string("1\0", 2));
  requests[2].headers.add("X\nInjected", "1");
  requests[3].headers.add("", "1");
  requests[4].url.query = "a=1 HTTP/1.1\r\nInjected: 1";
  requests[5].method = "GET / HTTP/1.1\r\nInjected: 1\r\n";
  for (const auto& request : requests) {
    SimBench bench;
    bench.network.start(1, request, {});
    const auto outcomes = bench.run();
    ASSERT_EQ(outcomes.size(), 1u);
    EXPECT_EQ(outcomes[0].error(), Kind::malformed);
    EXPECT_EQ(outcomes[0].at, Instant{});
    EXPECT_TRUE(bench.server.seen.empty());
  }
}

}  // namespace
}  // namespace lockstep::test
