#include <gtest/gtest.h>

#include "requests.h"

namespace lockstep::mock {
namespace {

TEST(Partitions, ScriptsAreTheirOwn) {
  Server server;
  server.enqueue({status_step(503)}, "a");
  server.enqueue({status_step(429)});
  const auto one = v0(batch_of(1));
  EXPECT_EQ(statuses(server, {with_test_id(one, "b"), one, with_test_id(one, "a"), one,
                              with_test_id(one, "a")}),
            (std::vector{200, 429, 503, 200, 200}));
}

TEST(Partitions, JournalStoreAndViolationsAreTheirOwn) {
  ServerOptions options;
  options.strict = true;
  Server server(options);
  server.handle(with_test_id(v0(batch_of(2)), "a"), at(0));
  server.handle(with_test_id(v0({}), "b"), at(1));
  server.handle(v0({event_of(3)}), at(2));
  EXPECT_EQ(server.request_count("a"), 1U);
  EXPECT_EQ(server.request_count(""), 1U);
  EXPECT_EQ(server.request_count("nobody"), 0U);
  EXPECT_EQ(server.journal("b").at(0).number, 2U);
  EXPECT_EQ(server.stored("a").size(), 2U);
  EXPECT_EQ(server.stored("").at(0).uuid, uuid_of(3));
  EXPECT_EQ(server.received_count(uuid_of(1), "a"), 1U);
  EXPECT_EQ(server.received_count(uuid_of(1), "b"), 0U);
  EXPECT_TRUE(server.violations("a").empty());
  EXPECT_EQ(server.violations("b").size(), 1U);
}

TEST(Partitions, WithoutANameEverythingIsMeantInOrderOfArrival) {
  Server server;
  for (const char* id : {"z", "a", "z", "m"}) {
    server.handle(with_test_id(v0(batch_of(1)), id), at(0));
  }
  std::string order;
  for (const JournalEntry& entry : server.journal()) {
    order += entry.test_id + std::to_string(entry.number);
  }
  EXPECT_EQ(order, "z1a2z3m4");
  EXPECT_EQ(server.stored().size(), 3U);
  EXPECT_EQ(server.received_count(uuid_of(1)), 4U);
}

TEST(Partitions, TheSameEventInTwoIsStoredInBoth) {
  Server server;
  server.handle(with_test_id(v0(batch_of(1)), "a"), at(0));
  server.handle(with_test_id(v0(batch_of(1)), "b"), at(0));
  EXPECT_EQ(server.stored("a").at(0).requests, std::vector<std::uint64_t>{1});
  EXPECT_EQ(server.stored("b").at(0).requests, std::vector<std::uint64_t>{2});
}

TEST(Partitions, ClearKeepsTheScriptAndResetDoesNot) {
  Server server;
  server.enqueue({status_step(503), status_step(502)}, "a");
  const auto one = with_test_id(v0(batch_of(1)), "a");
  EXPECT_EQ(statuses(server, {one}), std::vector{503});
  server.clear_requests("a");
  EXPECT_EQ(server.request_count(), 0U);
  EXPECT_TRUE(server.stored().empty());
  EXPECT_EQ(server.partitions().at(0).queued_responses, 1U);
  server.reset("a");
  EXPECT_EQ(statuses(server, {one}), std::vector{200});
}

TEST(Partitions, ResetOfOneLeavesTheOthers) {
  Server server;
  server.handle(with_test_id(v0(batch_of(1)), "a"), at(0));
  server.handle(v0(batch_of(1)), at(0));
  server.reset("a");
  EXPECT_EQ(server.request_count("a"), 0U);
  EXPECT_EQ(server.request_count(""), 1U);
  server.reset();
  EXPECT_TRUE(server.partitions().empty());
}

TEST(Partitions, TheOneUsedLongestAgoGoesAndTheUnnamedOneStays) {
  ServerOptions options;
  options.max_partitions = 3;
  Server server(options);
  const auto one = v0(batch_of(1));
  server.handle(one, at(0));
  for (const char* id : {"a", "b", "a", "c"}) server.handle(with_test_id(one, id), at(0));
  std::vector<std::string> names;
  for (const PartitionSummary& partition : server.partitions()) names.push_back(partition.test_id);
  EXPECT_EQ(names, (std::vector<std::string>{"", "a", "c"}));
  EXPECT_EQ(server.request_count("a"), 2U);
}

TEST(Partitions, LatencyAndLimitsAreTheirOwn) {
  Server server;
  server.script(parse_script(Json{{"latency_ms", 50}, {"max_batch_events", 1}}), "slow");
  const auto slow = server.handle(with_test_id(v0(batch_of(2)), "slow"), at(0));
  EXPECT_EQ(slow.delay, std::chrono::milliseconds{50});
  EXPECT_EQ(slow.response.status, 413);
  const auto fast = server.handle(v0(batch_of(2)), at(0));
  EXPECT_EQ(fast.delay, Duration::zero());
  EXPECT_EQ(fast.response.status, 200);
}

TEST(Partitions, UnroutedRequestsMakeNone) {
  Server server;
  server.handle(with_test_id(post("/decide", "{}"), "a"), at(0));
  EXPECT_TRUE(server.partitions().empty());
}

TEST(Partitions, AreSummedUp) {
  ServerOptions options;
  options.strict = true;
  Server server(options);
  server.enqueue({status_step(503), status_step(503)}, "a");
  server.handle(with_test_id(v0(batch_of(1)), "a"), at(0));
  server.handle(with_test_id(v0({}), "b"), at(0));
  server.handle(with_test_id(v0(batch_of(2)), "b"), at(0));
  const auto summaries = server.partitions();
  ASSERT_EQ(summaries.size(), 2U);
  EXPECT_EQ(summaries[0].test_id, "a");
  EXPECT_EQ(summaries[0].requests, 1U);
  EXPECT_EQ(summaries[0].queued_responses, 1U);
  EXPECT_EQ(summaries[0].stored_events, 0U);
  EXPECT_EQ(summaries[1].stored_events, 2U);
  EXPECT_EQ(summaries[1].violations, 1U);
}

}  // namespace
}  // namespace lockstep::mock
