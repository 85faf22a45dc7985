// Test ids side by side, and how their clients go.
#include <gtest/gtest.h>

#include "tests/adapter/bench.h"

namespace lockstep::adapter {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(AdapterInstances, EachTestIdHasItsOwnClientAndPutsItsIdOnEveryRequest) {
  Bench bench;
  const std::vector<std::string> ids{"t-1", "t-2", ""};
  std::map<std::string, std::string> uuids;
  for (const std::string& id : ids) bench.init(id);
  for (const std::string& id : ids) uuids[id] = bench.capture("event of " + id, id);
  for (const std::string& id : ids) {
    EXPECT_EQ(bench.post("/flush" + Bench::query(id)).body["events_flushed"], 1);
    bench.post("/get_feature_flag" + Bench::query(id), {{"key", "k"}, {"distinct_id", "u"}});
  }
  for (const std::string& id : ids) {
    const Json journal = bench.journal(id);
    ASSERT_EQ(journal.size(), 2u) << id;
    EXPECT_EQ(journal[0]["parsed_events"][0]["uuid"], uuids[id]);
    EXPECT_EQ(journal[1]["path"], "/flags");
    EXPECT_EQ(bench.state(id)["requests_made"][0]["uuid_list"], Json({uuids[id]}));
  }
}

TEST(AdapterInstances, AResetLeavesTheOthersAlone) {
  Bench bench;
  bench.init("t-1");
  bench.init("t-2");
  bench.capture("a", "t-1");
  bench.capture("b", "t-2");
  bench.post("/reset?test_id=t-1");
  EXPECT_EQ(bench.state("t-1")["initialised"], false);
  EXPECT_EQ(bench.state("t-1")["pending_events"], 0);
  EXPECT_EQ(bench.state("t-2")["pending_events"], 1);
}

TEST(AdapterInstances, IdleOnesAreReclaimedAndSendNothingMore) {
  Bench bench([](AdapterOptions& options) { options.instances.idle_timeout = minutes{5}; });
  bench.init("t-old");
  bench.init("");
  bench.host->run_for(minutes{3});
  bench.capture("pending", "t-old");
  bench.init("t-new");
  bench.host->run_for(minutes{5} - seconds{1});
  EXPECT_EQ(bench.state("t-old")["initialised"], true) << "idle for less than the timeout";
  bench.host->run_for(minutes{4});
  bench.post("/flush?test_id=t-old");
  bench.host->run_for(minutes{2});
  bench.get("/health");
  EXPECT_EQ(bench.adapter->instances(), 2u) << "t-new is gone; t-old was in use";
  EXPECT_EQ(bench.state("t-new")["initialised"], false);
  EXPECT_EQ(bench.state("")["initialised"], true) << "the one without a test id stays";
}

TEST(AdapterInstances, AReclaimedClientDropsWhatItHeldWithoutWaiting) {
  Bench bench;
  bench.init("t-1", {{"flush_at", 1},
                     {"retry_initial_backoff_ms", 3'600'000},
                     {"retry_max_backoff_ms", 3'600'000}});
  bench.answers({{{"status_code", 503}}}, "t-1");
  bench.capture("a", "t-1");
  bench.host->run_for(minutes{6});
  const Instant start = bench.host->clock().now();
  bench.get("/health");
  EXPECT_EQ(bench.adapter->instances(), 0u);
  EXPECT_EQ(bench.host->clock().now(), start);
  bench.host->run_for(std::chrono::hours{2});
  EXPECT_EQ(bench.journal("t-1").size(), 1u);
}

TEST(AdapterInstances, ALongRequestDoesNotCountAsIdling) {
  Bench bench([](AdapterOptions& options) { options.instances.idle_timeout = minutes{1}; });
  bench.init("t-1", {{"retry_initial_backoff_ms", 600'000}, {"retry_max_backoff_ms", 600'000}});
  bench.answers({{{"status_code", 503}}}, "t-1");
  bench.capture("a", "t-1");
  bench.post("/flush?test_id=t-1", {{"timeout_ms", 300'000}});
  EXPECT_EQ(bench.state("t-1")["initialised"], true);
}

TEST(AdapterInstances, TheCapGivesUpTheOneThatWasIdleForLongest) {
  Bench bench([](AdapterOptions& options) { options.instances.max_instances = 3; });
  for (const char* id : {"t-1", "t-2", "t-3"}) {
    bench.init(id);
    bench.host->run_for(seconds{1});
  }
  bench.capture("keeps it young", "t-1");
  bench.init("t-4");
  EXPECT_EQ(bench.adapter->instances(), 3u);
  EXPECT_EQ(bench.state("t-2")["initialised"], false);
  EXPECT_EQ(bench.state("t-1")["pending_events"], 1);
}

TEST(AdapterInstances, TheCapNeverGivesUpOneInUse) {
  Bench bench([](AdapterOptions& options) { options.instances.max_instances = 1; });
  bench.init("t-1");
  const std::shared_ptr<Client> used = bench.adapter->client("t-1");
  const Json body{{"api_key", "phc_k"}, {"host", "http://mock.test"}};
  EXPECT_EQ(bench.post("/init?test_id=t-2", body).status, 503);
  EXPECT_EQ(bench.state("t-1")["initialised"], true);
  EXPECT_EQ(bench.post("/init?test_id=t-1", body).status, 200) << "replacing needs no room";
}

TEST(AdapterInstances, AfterCloseNothingIsSentAndNoClientIsMade) {
  Bench bench;
  bench.init("t-1");
  bench.capture("a", "t-1");
  bench.adapter->close();
  EXPECT_EQ(bench.adapter->instances(), 0u);
  EXPECT_EQ(bench.post("/init", {{"api_key", "phc_k"}, {"host", "http://mock.test"}}).status, 503);
  bench.host->run_for(std::chrono::hours{2});
  EXPECT_TRUE(bench.journal("t-1").empty());
}

}  // namespace
}  // namespace lockstep::adapter
