// What capture() says, and what its helpers put on the wire.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "clock/timestamp.h"
#include "sdk/json.h"
#include "tests/sdk/client_bench.h"

namespace lockstep {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Names = std::vector<std::string>;

// The only event of the last request.
json last_event(ClientBench& bench) {
  static_cast<void>(bench.client->flush());
  const json batch = bench.server.body(bench.server.seen.size() - 1)["batch"];
  EXPECT_EQ(batch.size(), 1u);
  return batch[0];
}

TEST(ClientCapture, AnAcceptedEventSaysItsUuid) {
  ClientBench bench;
  const CaptureResult result = bench.client->capture("user-1", "order", {{"total", 42.5}});
  EXPECT_EQ(result.admission, Admission::accepted);
  EXPECT_EQ(result.uuid.version(), 7);
  EXPECT_TRUE(bench.server.seen.empty()) << "capture does no I/O";
  const json event = last_event(bench);
  EXPECT_EQ(event["uuid"], result.uuid.to_string());
  EXPECT_EQ(event["event"], "order");
  EXPECT_EQ(event["distinct_id"], "user-1");
  EXPECT_EQ(event["properties"]["total"], 42.5);
}

TEST(ClientCapture, TimestampAndUuidAreThoseOfTheCapture) {
  ClientBench bench;
  bench.host->run_for(milliseconds{1500});
  bench.capture("e");
  bench.host->run_for(seconds{2});
  bench.server.then(503);
  EXPECT_EQ(last_event(bench)["timestamp"], "2025-01-01T00:00:01.500Z");
  ASSERT_EQ(bench.server.seen.size(), 2u);
  EXPECT_EQ(bench.server.body(0)["batch"], bench.server.body(1)["batch"])
      << "a retry carries the same envelope";
  EXPECT_NE(bench.server.body(0)["sent_at"], bench.server.body(1)["sent_at"]);
}

TEST(ClientCapture, AnEventMayBringItsOwnUuidAndTime) {
  ClientBench bench;
  Event event;
  event.name = "e";
  event.distinct_id = "u";
  event.uuid = make_uuid_v4(1, 2);
  event.timestamp = parse_rfc3339("2020-02-29T12:00:00+02:00");
  EXPECT_EQ(bench.client->capture(event).uuid, *event.uuid);
  const json got = last_event(bench);
  EXPECT_EQ(got["uuid"], event.uuid->to_string());
  EXPECT_EQ(got["timestamp"], "2020-02-29T10:00:00.000Z");
}

TEST(ClientCapture, ANilUuidIsReplaced) {
  ClientBench bench;
  Event event;
  event.name = "e";
  event.distinct_id = "u";
  event.uuid = Uuid{};
  EXPECT_FALSE(bench.client->capture(event).uuid.is_nil());
}

TEST(ClientCapture, UuidsDiffer) {
  ClientBench bench;
  std::set<Uuid> uuids;
  for (int i = 0; i < 100; ++i) uuids.insert(bench.capture("e"));
  EXPECT_EQ(uuids.size(), 100u);
}

TEST(ClientCapture, InvalidEventsAreRefusedAndNotCaptured) {
  ClientBench bench;
  EXPECT_EQ(bench.client->capture("", "e").admission, Admission::invalid);
  EXPECT_EQ(bench.client->capture("u", "").admission, Admission::invalid);
  EXPECT_EQ(bench.client->capture("u", "e", {{"a", Json{"{"}}}).admission, Admission::invalid);
  EXPECT_EQ(bench.client
                ->capture("u", "e",
                          {{"a", Json{"\xEF\xBB\xBF"
                                      "1"}}})
                .admission,
            Admission::invalid);
  EXPECT_EQ(bench.client->capture(Event{}).admission, Admission::invalid);
  EXPECT_TRUE(bench.client->capture("", "e").uuid.is_nil());
  EXPECT_EQ(bench.client->stats().refused, 6u);
  EXPECT_EQ(bench.client->stats().total().captured, 0u);
}

TEST(ClientCapture, AnEventThatIsTooLargeIsCountedAndTold) {
  ClientBench bench([](Options& options) { options.max_event_bytes = 500; });
  const std::string text(500, 'x');
  const CaptureResult result = bench.client->capture("u", "e", {{"a", text}});
  EXPECT_EQ(result.admission, Admission::dropped);
  EXPECT_EQ(result.reason, DropReason::too_large);
  bench.host->settle();
  ASSERT_EQ(bench.outcomes.size(), 1u);
  EXPECT_EQ(bench.outcomes[0].uuid, result.uuid);
  EXPECT_EQ(bench.outcomes[0].reason, DropReason::too_large);
  EXPECT_EQ(bench.client->stats().lane(Lane::analytics).dropped(DropReason::too_large), 1u);
}

TEST(ClientCapture, AFullQueueSaysSo) {
  ClientBench bench([](Options& options) { options.max_queue_size = 2; });
  bench.capture("a");
  bench.capture("b");
  const CaptureResult result = bench.client->capture("u", "c");
  EXPECT_EQ(result.admission, Admission::dropped);
  EXPECT_EQ(result.reason, DropReason::queue_full);
  bench.host->settle();
  ASSERT_EQ(bench.errors.size(), 1u);
  EXPECT_NE(bench.errors[0].message.find("queue is full"), std::string::npos);
  EXPECT_FALSE(bench.logged.empty());
}

TEST(ClientCapture, BlockingWaitsForRoomAndNotLongerThanItMay) {
  ClientBench bench([](Options& options) {
    options.max_queue_size = 3;
    options.queue_full = QueueFullPolicy::block;
    options.max_block = milliseconds{100};
  });
  bench.server.delay = milliseconds{30};
  for (const char* name : {"a", "b", "c"}) bench.capture(name);
  EXPECT_TRUE(bench.client->capture("u", "d").ok());
  EXPECT_EQ(bench.now(), milliseconds{32}) << "until the answer was there";

  bench.server.then(http::Fault::no_answer);
  for (const char* name : {"e", "f"}) bench.capture(name);
  const Duration before = bench.now();
  EXPECT_EQ(bench.client->capture("u", "g").reason, DropReason::queue_full);
  EXPECT_EQ(bench.now() - before, milliseconds{100});
}

TEST(ClientCapture, ABatchSaysOfEachEventWhatBecameOfIt) {
  ClientBench bench([](Options& options) { options.max_queue_size = 2; });
  std::vector<Event> events(4);
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].name = i == 1 ? "" : "e" + std::to_string(i);
    events[i].distinct_id = "u";
  }
  const std::vector<CaptureResult> results = bench.client->capture_batch(std::move(events));
  ASSERT_EQ(results.size(), 4u);
  EXPECT_TRUE(results[0].ok());
  EXPECT_EQ(results[1].admission, Admission::invalid);
  EXPECT_TRUE(results[2].ok());
  EXPECT_EQ(results[3].reason, DropReason::queue_full);
}

TEST(ClientCapture, LanesGoToTheirEndpoints) {
  ClientBench bench;
  Event event;
  event.name = "$ai_generation";
  event.distinct_id = "u";
  EXPECT_TRUE(bench.client->capture_ai(event).ok());
  event.name = "old";
  event.historical = true;
  EXPECT_TRUE(bench.client->capture(event).ok());
  EXPECT_TRUE(bench.client->flush().ok());
  ASSERT_EQ(bench.server.seen.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    const bool ai = bench.server.seen[i].request.url.path == "/i/v0/ai/batch/";
    EXPECT_EQ(bench.server.names(i), (Names{ai ? "$ai_generation" : "old"}));
    EXPECT_EQ(bench.server.body(i).contains("historical_migration"), !ai);
  }
  EXPECT_EQ(bench.client->stats().lane(Lane::ai).delivered, 1u);
  EXPECT_EQ(bench.client->stats().lane(Lane::historical).delivered, 1u);
}

TEST(ClientCapture, HistoricalMigrationMovesEveryEvent) {
  ClientBench bench([](Options& options) {
    options.historical_migration = true;
    options.before_send = {[](Event& event) { return event.name != "secret"; }};
  });
  bench.capture("e");
  EXPECT_EQ(bench.client->capture("u", "secret").reason, DropReason::hook);
  static_cast<void>(bench.client->flush());
  EXPECT_EQ(bench.server.body(0)["historical_migration"], true);
  EXPECT_EQ(bench.client->stats().lane(Lane::historical).captured, 2u)
      << "also the one a hook dropped";
}

TEST(ClientCapture, IdentifySetsThePerson) {
  ClientBench bench;
  EXPECT_TRUE(bench.client->identify("u", {{"plan", "pro"}}, {{"first", "2025"}}).ok());
  const json event = last_event(bench);
  EXPECT_EQ(event["event"], "$identify");
  EXPECT_EQ(event["distinct_id"], "u");
  EXPECT_EQ(event["properties"]["$set"], (json{{"plan", "pro"}}));
  EXPECT_EQ(event["properties"]["$set_once"], (json{{"first", "2025"}}));
  EXPECT_TRUE(bench.client->identify("u", {}).ok());
  EXPECT_FALSE(last_event(bench)["properties"].contains("$set_once"));
  EXPECT_EQ(bench.client->identify("", {}).admission, Admission::invalid);
}

TEST(ClientCapture, AliasLinksTwoIds) {
  ClientBench bench;
  EXPECT_TRUE(bench.client->alias("user", "anonymous").ok());
  const json event = last_event(bench);
  EXPECT_EQ(event["event"], "$create_alias");
  EXPECT_EQ(event["distinct_id"], "user");
  EXPECT_EQ(event["properties"]["distinct_id"], "user");
  EXPECT_EQ(event["properties"]["alias"], "anonymous");
  EXPECT_EQ(bench.client->alias("user", "").admission, Admission::invalid);
  EXPECT_EQ(bench.client->alias("", "a").admission, Admission::invalid);
}

TEST(ClientCapture, GroupIdentifySetsTheGroup) {
  ClientBench bench;
  EXPECT_TRUE(bench.client->group_identify("company", "acme", {{"seats", 7}}).ok());
  const json event = last_event(bench);
  EXPECT_EQ(event["event"], "$groupidentify");
  EXPECT_EQ(event["distinct_id"], "$company_acme");
  EXPECT_EQ(event["properties"]["$group_type"], "company");
  EXPECT_EQ(event["properties"]["$group_key"], "acme");
  EXPECT_EQ(event["properties"]["$group_set"], (json{{"seats", 7}}));
  EXPECT_EQ(bench.client->group_identify("company", "", {}).admission, Admission::invalid);
  EXPECT_EQ(bench.client->group_identify("", "acme", {}).admission, Admission::invalid);
}

TEST(ClientCapture, ADisabledClientDoesNothingAndSaysSo) {
  ClientBench bench([](Options& options) {
    options.disabled = true;
    options.api_key.clear();
  });
  EXPECT_EQ(bench.client->capture("u", "e").admission, Admission::disabled);
  EXPECT_EQ(bench.client->flush().status, FlushStatus::complete);
  EXPECT_EQ(bench.client->get_feature_flag({"f", "u"}).error, "disabled");
  bench.client.reset();
  EXPECT_EQ(bench.now(), Duration{0});
  EXPECT_TRUE(bench.server.seen.empty() && bench.server.flags_seen.empty());
}

TEST(ClientCapture, OptingOutStopsCapturesAndNotWhatIsQueued) {
  ClientBench bench;
  bench.capture("before");
  bench.client->opt_out();
  EXPECT_TRUE(bench.client->opted_out());
  EXPECT_EQ(bench.client->capture("u", "during").admission, Admission::disabled);
  static_cast<void>(bench.client->flush());
  EXPECT_EQ(bench.server.all_names(), (Names{"before"}));
  bench.client->opt_in();
  bench.capture("after");
  static_cast<void>(bench.client->flush());
  EXPECT_EQ(bench.server.all_names(), (Names{"before", "after"}));
  EXPECT_EQ(bench.client->stats().refused, 1u);
}

TEST(ClientCapture, BadOptionsAreRefusedBeforeAnythingStarts) {
  ScriptedServer server;
  const auto host = std::make_shared<SimHost>(server);
  Options options = ClientBench::options();
  options.flush_at = 0;
  EXPECT_THROW(Client(options, host), ConfigError);
  EXPECT_EQ(host.use_count(), 1);
}

}  // namespace
}  // namespace lockstep
