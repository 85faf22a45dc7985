#include "mockserver/store.h"

#include <gtest/gtest.h>

#include "requests.h"

namespace lockstep::mock {
namespace {

Json with(Json event, const char* key, const Json& value) {
  event[key] = value;
  return event;
}

TEST(Store, ARepeatIsMergedAndCounted) {
  Server server;
  server.handle(v0(batch_of(2)), at(1));
  server.handle(v0({event_of(2), event_of(3)}), at(2));
  const auto rows = server.stored();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].requests, std::vector<std::uint64_t>{1});
  EXPECT_EQ(rows[1].uuid, uuid_of(2));
  EXPECT_EQ(rows[1].requests, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(rows[1].first_arrival.at, at(1).at);
  EXPECT_EQ(rows[2].requests, std::vector<std::uint64_t>{2});
}

TEST(Store, ARowHoldsTheEventAsItCame) {
  Server server;
  const std::string event =
      R"({ "uuid":")" + uuid_of(1) +
      R"(", "event":"b", "distinct_id":"d", "timestamp":"2025-01-31T10:00:00+02:00",)" +
      R"( "z":1, "a":[1.50]})";
  server.handle(post("/batch", R"({"api_key":"k","batch":[)" + event + "]}"), at(0));
  const StoredEvent row = server.stored().at(0);
  EXPECT_EQ(row.bytes, event);
  EXPECT_EQ(row.to_json_text(), Json::parse(event).dump());
  EXPECT_EQ(row.name, "b");
  EXPECT_EQ(row.distinct_id, "d");
  EXPECT_EQ(row.timestamp, "2025-01-31T10:00:00+02:00");
  EXPECT_EQ(row.day, "2025-01-31");
  EXPECT_EQ(row.route, Route::batch);
}

TEST(Store, ATimestampRestampedAcrossMidnightIsANewRow) {
  Server server;
  const Json late = with(event_of(1), "timestamp", "2025-01-01T23:59:59.999Z");
  const Json same_day = with(event_of(1), "timestamp", "2025-01-01T10:00:00Z");
  const Json next_day = with(event_of(1), "timestamp", "2025-01-02T00:00:00Z");
  server.handle(v0({late}), at(0));
  server.handle(v0({same_day}), at(1));
  EXPECT_EQ(server.stored().size(), 1U);
  server.handle(v0({next_day}), at(2));
  ASSERT_EQ(server.stored().size(), 2U);
  EXPECT_EQ(server.stored()[1].day, "2025-01-02");
  EXPECT_EQ(server.received_count(uuid_of(1)), 3U);
}

TEST(Store, TheDayIsThatOfTheInstantInUtc) {
  Server server;
  server.handle(v0({with(event_of(1), "timestamp", "2025-01-01T23:30:00Z")}), at(0));
  server.handle(v0({with(event_of(1), "timestamp", "2025-01-02T01:30:00+02:00")}), at(1));
  EXPECT_EQ(server.stored().size(), 1U);
}

TEST(Store, NameDistinctIdAndUuidArePartOfTheKey) {
  Server server;
  server.handle(
      v0({event_of(1), with(event_of(1), "event", "other"),
          with(event_of(1), "distinct_id", "other"), with(event_of(1), "uuid", uuid_of(2))}),
      at(0));
  EXPECT_EQ(server.stored().size(), 4U);
}

TEST(Store, AnEventWithoutATimestampIsStampedOnArrival) {
  Server server;
  Json event = event_of(1);
  event.erase("timestamp");
  server.handle(v0({event}), at(0));
  server.handle(v0({event}), at(24 * 3600));
  ASSERT_EQ(server.stored().size(), 2U);
  EXPECT_EQ(server.stored()[1].day, "2025-01-02");
}

TEST(Store, OnlyAcceptedV0RequestsAreStored) {
  Server server;
  server.enqueue({status_step(500), status_step(429), status_step(413), status_step(302)});
  const auto one = v0(batch_of(1));
  statuses(server, {one, one, one, one});
  EXPECT_TRUE(server.stored().empty());
  EXPECT_EQ(server.received_count(uuid_of(1)), 4U);
  server.handle(one, at(9));
  EXPECT_EQ(server.stored().at(0).requests, std::vector<std::uint64_t>{5});
  EXPECT_EQ(server.stored().at(0).first_arrival.at, at(9).at);
}

TEST(Store, OfAV1AnswerOkWarningAndLimitedAreStored) {
  Server server;
  Step step;
  step.v1_event_results = {"ok", "warning", "limited", "drop", "retry", "unheard_of"};
  server.enqueue({step});
  server.handle(v1(batch_of(6)), at(0));
  const auto rows = server.stored();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[2].uuid, uuid_of(3));
  EXPECT_EQ(rows[0].route, Route::v1);
}

TEST(Store, AScriptedV1BodyDecidesByWhatItSaysOfEachUuid) {
  Server server;
  Step step;
  step.body = Json{{"results",
                    {{uuid_of(1), {{"result", "ok"}}},
                     {uuid_of(2), {{"result", "retry"}}},
                     {uuid_of(3), 5}}}}
                  .dump();
  server.enqueue({step});
  server.handle(v1(batch_of(4)), at(0));
  ASSERT_EQ(server.stored().size(), 1U);
  EXPECT_EQ(server.stored()[0].uuid, uuid_of(1));
  for (const char* body : {"not JSON", "[]", R"({"results": 5})", "{}"}) {
    step.body = body;
    server.enqueue({step});
    server.handle(v1({event_of(9)}), at(1));
    EXPECT_EQ(server.stored().size(), 1U) << body;
  }
}

TEST(Store, ChangedBytesOfARepeatAreSeenWhateverWasAnswered) {
  Server server;
  server.enqueue({status_step(503)});
  server.handle(v0({event_of(1), event_of(2)}), at(0));
  server.handle(v0({event_of(1), with(event_of(2), "properties", {{"$lib", "changed"}})}), at(1));
  const auto rows = server.stored();
  EXPECT_TRUE(rows.at(0).same_bytes);
  EXPECT_FALSE(rows.at(1).same_bytes);
}

TEST(Store, CanBeSwitchedOff) {
  ServerOptions options;
  options.keep_store = false;
  Server server(options);
  server.handle(v0(batch_of(1)), at(0));
  EXPECT_TRUE(server.stored().empty());
  EXPECT_EQ(server.request_count(), 1U);
}

}  // namespace
}  // namespace lockstep::mock
