#include "mockserver/journal.h"

#include <gtest/gtest.h>

#include "mockserver/report.h"
#include "requests.h"

namespace lockstep::mock {
namespace {

TEST(Journal, AnEntrySaysExactlyWhatHappened) {
  Server server;
  Step step = status_step(429);
  step.headers = {{"Retry-After", "3"}};
  step.delay = std::chrono::milliseconds{20};
  server.enqueue({step}, "t-1");
  auto request = with_test_id(v0(batch_of(2)), "t-1");
  request.url.query = "ip=0&x=a%20b";
  server.handle(request, at(1.25));

  const JournalEntry entry = server.journal().at(0);
  EXPECT_EQ(entry.number, 1U);
  EXPECT_EQ(entry.arrival.at, at(1.25).at);
  EXPECT_EQ(entry.timestamp_ms(), 1'735'689'601'250);
  EXPECT_EQ(entry.test_id, "t-1");
  EXPECT_EQ(entry.route, Route::batch);
  EXPECT_EQ(entry.method, "POST");
  EXPECT_EQ(entry.path, "/batch");
  EXPECT_EQ(entry.query, "ip=0&x=a%20b");
  EXPECT_EQ(entry.headers, request.headers);
  EXPECT_EQ(entry.body, request.body);
  EXPECT_FALSE(entry.decode_error);
  EXPECT_EQ(entry.encoded_size, request.body.size());
  EXPECT_EQ(entry.decoded_size, request.body.size());
  EXPECT_EQ(entry.event_count, 2U);
  EXPECT_EQ(entry.uuids, (std::vector{uuid_of(1), uuid_of(2)}));
  EXPECT_EQ(entry.event_names, (std::vector<std::string>{"signed up", "signed up"}));
  EXPECT_EQ(entry.attempt, 1U);
  EXPECT_EQ(entry.status, 429);
  EXPECT_EQ(entry.response_headers.get("Retry-After"), "3");
  EXPECT_EQ(entry.response_body, R"({"error":"Server error"})");
  EXPECT_EQ(entry.delay, std::chrono::milliseconds{20});
  EXPECT_EQ(entry.fault, http::Fault::none);
  EXPECT_TRUE(entry.processed);
  EXPECT_EQ(entry.to_text(), "#1  1.250000000s  POST /batch  429  attempt 1  2 events");
}

TEST(Journal, TheReplyIsWhatTheEntrySays) {
  Server server;
  const auto reply = server.handle(v1(batch_of(1)), at(0));
  const JournalEntry entry = server.journal().at(0);
  EXPECT_EQ(entry.status, reply.response.status);
  EXPECT_EQ(entry.response_headers, reply.response.headers);
  EXPECT_EQ(entry.response_body, reply.response.body);
}

TEST(Journal, TheAttemptIsTheHeadersElseCountedByTheFirstUuid) {
  Server server;
  const auto retried = v0({event_of(1), event_of(2)});
  const auto split = v0({event_of(2)});
  auto said = v1({event_of(1)});
  said.headers.set("PostHog-Attempt", "7");
  auto nonsense = v0({event_of(1)});
  nonsense.headers.set("PostHog-Attempt", "many");
  for (const auto& request : {retried, retried, split, said, nonsense}) {
    server.handle(request, at(0));
  }
  std::vector<std::uint64_t> attempts;
  for (const JournalEntry& entry : server.journal()) attempts.push_back(entry.attempt);
  EXPECT_EQ(attempts, (std::vector<std::uint64_t>{1, 2, 1, 7, 4}));
}

TEST(Journal, AttemptsAreCountedAnewAfterTheJournalIsCleared) {
  Server server;
  server.handle(v0(batch_of(1)), at(0));
  server.clear_requests();
  server.handle(v0(batch_of(1)), at(1));
  EXPECT_EQ(server.journal().at(0).attempt, 1U);
  EXPECT_EQ(server.journal().at(0).number, 2U);
}

TEST(Journal, TheOldestEntriesGoAndAreCounted) {
  ServerOptions options;
  options.max_journal_entries = 3;
  Server server(options);
  for (int i = 0; i < 5; ++i) server.handle(v0({event_of(i)}), at(i));
  const auto entries = server.journal();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].number, 3U);
  EXPECT_EQ(server.partitions().at(0).dropped_requests, 2U);
  EXPECT_EQ(server.partitions().at(0).requests, 3U);
}

TEST(Journal, BodiesAreKeptUpToACap) {
  ServerOptions options;
  options.max_journal_body_bytes = 10;
  Server server(options);
  const auto request = v0(batch_of(3));
  server.handle(request, at(0));
  const JournalEntry entry = server.journal().at(0);
  EXPECT_EQ(entry.body, request.body.substr(0, 10));
  EXPECT_TRUE(entry.body_cut);
  EXPECT_EQ(entry.event_count, 3U);
  EXPECT_EQ(entry.decoded_size, request.body.size());
  EXPECT_TRUE(to_json(entry)["parsed_events"].is_null());
}

TEST(Journal, AllBodiesTogetherAreBounded) {
  ServerOptions options;
  options.max_journal_bytes = 3 * v0(batch_of(1)).body.size();
  Server server(options);
  for (int i = 0; i < 10; ++i) server.handle(v0({event_of(1)}), at(i));
  EXPECT_LE(server.request_count(), 3U);
  EXPECT_GE(server.request_count(), 2U);
  EXPECT_EQ(server.journal().back().number, 10U);
}

TEST(JournalJson, HasTheSharedSuitesFields) {
  Server server;
  auto request = v1(batch_of(1));
  request.url.query = "v=2&x=a+b&flag";
  request.headers.add("X-Twice", "a");
  request.headers.add("X-Twice", "b");
  server.handle(request, at(1));
  const Json json = to_json(server.journal().at(0));
  EXPECT_EQ(json["timestamp_ms"], 1'735'689'601'000);
  EXPECT_EQ(json["method"], "POST");
  EXPECT_EQ(json["path"], "/i/v1/analytics/events");
  EXPECT_EQ(json["headers"]["posthog-attempt"], "1");
  EXPECT_EQ(json["headers"]["x-twice"], "a, b");
  EXPECT_EQ(json["query_params"], (Json{{"v", "2"}, {"x", "a b"}, {"flag", ""}}));
  EXPECT_EQ(json["body_decompressed"], request.body);
  EXPECT_EQ(json["parsed_events"], Json::array({event_of(1)}));
  EXPECT_EQ(json["response_status"], 200);
  EXPECT_EQ(json["uuids"], Json::array({uuid_of(1)}));
  EXPECT_EQ(json["route"], "v1");
  EXPECT_EQ(json["fault"], "none");
  EXPECT_EQ(json["processed"], true);
  EXPECT_FALSE(json.contains("note"));
}

TEST(JournalJson, AnUndecodableBodyIsNull) {
  Server server;
  auto request = v0(batch_of(1));
  request.headers.add("Content-Encoding", "gzip");
  server.handle(request, at(0));
  const Json json = to_json(server.journal().at(0));
  EXPECT_TRUE(json["body_decompressed"].is_null());
  EXPECT_TRUE(json["parsed_events"].is_null());
  EXPECT_TRUE(json["event_count"].is_null());
  EXPECT_TRUE(json.contains("decode_error"));
}

}  // namespace
}  // namespace lockstep::mock
