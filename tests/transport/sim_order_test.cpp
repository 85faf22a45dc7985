// In which order things happen on the simulated network, and what a cancel and a late collect() do
// to it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim_bench.h"

namespace lockstep::test {
namespace {

using http::Fault;

std::vector<TransferId> ids_of(const std::vector<Outcome>& outcomes) {
  std::vector<TransferId> ids;
  for (const auto& outcome : outcomes) ids.push_back(outcome.id);
  return ids;
}

std::vector<std::string> paths_of(const Script& server) {
  std::vector<std::string> paths;
  for (const auto& [request, now] : server.seen) paths.push_back(request.url.path);
  return paths;
}

TEST(SimOrder, EqualInstantsRunInTheOrderOfTheirStartsNotOfTheirIds) {
  SimBench bench;
  for (const TransferId id : {9u, 2u, 5u, 1u}) {
    bench.network.start(id, request_to("/" + std::to_string(id)), {});
  }
  EXPECT_EQ(ids_of(bench.run()), (std::vector<TransferId>{9, 2, 5, 1}));
  EXPECT_EQ(paths_of(bench.server), (std::vector<std::string>{"/9", "/2", "/5", "/1"}));
}

TEST(SimOrder, TheSoonerAnswerCompletesFirst) {
  SimBench bench;
  for (const auto delay : {milliseconds{30}, milliseconds{10}, milliseconds{20}}) {
    bench.server.replies.push_back(reply_with(Fault::none, 0, delay));
  }
  for (const TransferId id : {1u, 2u, 3u}) bench.network.start(id, request_to("/"), {});
  EXPECT_EQ(ids_of(bench.run()), (std::vector<TransferId>{2, 3, 1}));
}

// Both are back at 13 ms; the first was scheduled at 3 ms, the second at 8 ms.
TEST(SimOrder, CompletionsAtOneInstantComeInTheOrderInWhichTheServerAnswered) {
  SimBench bench;
  bench.server.replies.push_back(reply_with(Fault::none, 0, milliseconds{5}));
  bench.network.start(2, request_to("/"), {});
  bench.run(at(milliseconds{3}));
  bench.clock.advance_to(at(milliseconds{5}));
  bench.network.start(1, request_to("/"), {});
  const auto outcomes = bench.run();
  EXPECT_EQ(ids_of(outcomes), (std::vector<TransferId>{2, 1}));
  EXPECT_EQ(outcomes[0].at, at(milliseconds{13}));
  EXPECT_EQ(outcomes[1].at, at(milliseconds{13}));
}

// --- cancelling ----------------------------------------------------------------------------------

TEST(SimOrder, ARequestCancelledOnItsWayNeverReachesTheServer) {
  SimBench bench;
  bench.network.start(1, request_to("/"), {});
  bench.clock.advance_to(at(milliseconds{2}));
  bench.network.cancel(1);
  EXPECT_EQ(bench.network.next_instant(), kNever);
  EXPECT_TRUE(bench.run().empty());
  EXPECT_TRUE(bench.server.seen.empty());
}

TEST(SimOrder, ARequestCancelledAfterItsArrivalWasProcessedButNeverCompletes) {
  SimBench bench;
  bench.network.start(1, request_to("/"), {});
  bench.run(at(milliseconds{3}));
  ASSERT_EQ(bench.server.seen.size(), 1u);
  bench.network.cancel(1);
  EXPECT_EQ(bench.network.next_instant(), kNever);
  EXPECT_TRUE(bench.run().empty());
}

TEST(SimOrder, ACancelTouchesItsOwnTransferOnlyAndUnknownIdsNotAtAll) {
  SimBench bench;
  for (const TransferId id : {1u, 2u, 3u}) bench.network.start(id, request_to("/"), {});
  bench.network.cancel(2);
  bench.network.cancel(2);
  bench.network.cancel(77);
  EXPECT_EQ(ids_of(bench.run()), (std::vector<TransferId>{1, 3}));
  bench.network.cancel(1);
  EXPECT_TRUE(bench.run().empty());
}

TEST(SimOrder, AnIdMayBeUsedAgainAfterItsEnd) {
  SimBench bench;
  bench.network.start(1, request_to("/a"), {});
  bench.network.cancel(1);
  bench.network.start(1, request_to("/b"), {});
  EXPECT_EQ(ids_of(bench.run()), (std::vector<TransferId>{1}));
  bench.network.start(1, request_to("/c"), {});
  EXPECT_EQ(ids_of(bench.run()), (std::vector<TransferId>{1}));
  EXPECT_EQ(paths_of(bench.server), (std::vector<std::string>{"/b", "/c"}));
}

// --- collecting ----------------------------------------------------------------------------------

TEST(SimOrder, StartingAndMovingTimeDoNothingUntilSomebodyCollects) {
  SimBench bench;
  bench.network.start(1, request_to("/"), {});
  bench.clock.advance(seconds{1});
  EXPECT_TRUE(bench.server.seen.empty());
  EXPECT_EQ(bench.network.collect().size(), 1u);
  EXPECT_TRUE(bench.network.collect().empty());
}

// advance(M * N) and M times advance(N) come to the same.
TEST(SimOrder, CollectingLateBringsAboutWhatCollectingInTimeWould) {
  const auto run = [](std::vector<Duration> stops) {
    SimBench bench;
    for (const auto delay : {seconds{3}, seconds{1}, seconds{2}}) {
      bench.server.replies.push_back(reply_with(Fault::none, 0, delay));
    }
    TransferLimits limits;
    limits.deadline = at(milliseconds{2500});
    for (const TransferId id : {1u, 2u, 3u}) bench.network.start(id, request_to("/"), limits);
    std::vector<TransferId> ids;
    for (const auto stop : stops) {
      bench.clock.advance_to(at(stop));
      for (const auto& [id, result] : bench.network.collect()) {
        ids.push_back(std::holds_alternative<http::Response>(result) ? id : 100 + id);
      }
    }
    for (const auto& [request, now] : bench.server.seen) {
      EXPECT_EQ(now.at, at(milliseconds{3}));
      EXPECT_EQ(now.wall, VirtualClock::kDefaultStart + milliseconds{3});
    }
    return ids;
  };
  const std::vector<TransferId> expected{2, 3, 101};
  EXPECT_EQ(run({seconds{10}}), expected);
  EXPECT_EQ(run({milliseconds{3}, milliseconds{1500}, seconds{4}}), expected);
}

TEST(SimOrder, TheNextInstantIsTheEarliestThingDue) {
  SimBench bench;
  EXPECT_EQ(bench.network.next_instant(), kNever);
  bench.server.replies.push_back(reply_with(Fault::none, 0, milliseconds{100}));
  bench.network.start(1, request_to("/"), {});
  EXPECT_EQ(bench.network.next_instant(), at(milliseconds{3}));
  bench.run(at(milliseconds{3}));
  EXPECT_EQ(bench.network.next_instant(), at(milliseconds{108}));
  bench.network.start(2, request_to("/"), {});
  EXPECT_EQ(bench.network.next_instant(), at(milliseconds{6}));
}

TEST(SimOrder, ANetworkWithoutLatencyAnswersAtTheInstantOfTheStart) {
  SimBench bench({Duration{0}, Duration{0}});
  bench.network.start(1, request_to("/"), {});
  EXPECT_EQ(bench.network.collect().size(), 1u);
  EXPECT_EQ(bench.clock.now(), Instant{});
}

}  // namespace
}  // namespace lockstep::test
