// What each endpoint does and answers when it is used as it should be.
#include <gtest/gtest.h>

#include "clock/timestamp.h"
#include "tests/adapter/bench.h"

namespace lockstep::adapter {
namespace {

Json capabilities(Capture capture, Compression compression) {
  Bench bench([&](AdapterOptions& options) {
    options.capture = capture;
    options.compression = compression;
  });
  return bench.get("/health").body["capabilities"];
}

TEST(AdapterHealth, SaysWhatTheSuiteRequiresOfIt) {
  Bench bench;
  const Answer answer = bench.get("/health");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.get("content-type"), "application/json");
  EXPECT_EQ(answer.body["sdk_name"], "lockstep-cpp");
  EXPECT_TRUE(answer.body["sdk_version"].is_string());
  EXPECT_TRUE(answer.body["adapter_version"].is_string());
  EXPECT_EQ(answer.body["supports_parallel"], true);
}

TEST(AdapterHealth, DeclaresAProtocolAndOneEncoding) {
  EXPECT_EQ(capabilities(Capture::v0, Compression::none),
            Json({"capture_v0", "capture_ai_v0", "encoding_gzip"}));
  EXPECT_EQ(capabilities(Capture::v0, Compression::gzip),
            Json({"capture_v0", "capture_ai_v0", "encoding_gzip"}));
  EXPECT_EQ(capabilities(Capture::client, Compression::none),
            Json({"capture_v0", "encoding_gzip"}));
  EXPECT_EQ(capabilities(Capture::segment, Compression::gzip),
            Json({"capture_segment", "encoding_gzip"}));
  EXPECT_EQ(capabilities(Capture::v1, Compression::zstd), Json({"capture_v1", "encoding_zstd"}));
  EXPECT_EQ(capabilities(Capture::v1, Compression::br), Json({"capture_v1", "encoding_br"}));
}

TEST(AdapterRouting, KnowsItsPathsAndMethods) {
  Bench bench;
  EXPECT_EQ(bench.get("/nothing").status, 404);
  EXPECT_EQ(bench.post("/health").status, 405);
  const Answer answer = bench.get("/flush");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.headers.get("Allow"), "POST");
  EXPECT_EQ(answer.headers.get("Content-Type"), "application/json");
  EXPECT_TRUE(answer.body["error"].is_string());
}

TEST(AdapterInit, UsesTheSuitesDefaults) {
  Options seen;
  Bench bench([&](AdapterOptions& options) {
    options.customise = [&seen](Options& each) { seen = each; };
  });
  const Json minimal{{"api_key", "phc_k"}, {"host", "http://mock.test"}};
  ASSERT_EQ(bench.post("/init", minimal).body, Json({{"success", true}}));
  EXPECT_EQ(seen.flush_at, 100u);
  EXPECT_EQ(seen.flush_interval, std::chrono::milliseconds{500});
  EXPECT_EQ(seen.max_retries, 3u);
  EXPECT_EQ(seen.compression, Compression::none);
  EXPECT_TRUE(seen.headers.empty());
}

// The options of the client that an /init with these members makes.
Options options_after(Json members) {
  Options seen;
  Bench bench([&](AdapterOptions& options) {
    options.customise = [&seen](Options& each) { seen = each; };
  });
  members["api_key"] = "phc_k";
  if (!members.contains("host")) members["host"] = "http://mock.test";
  const Answer answer = bench.post("/init?test_id=t-1", members);
  EXPECT_EQ(answer.status, 200) << answer.body;
  return seen;
}

TEST(AdapterInit, TakesWhatGoesOnTheWireByName) {
  const Options seen = options_after({{"host", "http://mock.test/prefix"},
                                      {"disabled", true},
                                      {"capture", "v1"},
                                      {"compression", "zstd"},
                                      {"headers", {{"X-Team", "seven"}}},
                                      {"disable_geoip", true},
                                      {"historical_migration", true},
                                      {"is_server", false},
                                      {"super_properties", {{"plan", "free"}}}});
  EXPECT_EQ(seen.host, "http://mock.test/prefix");
  EXPECT_TRUE(seen.disabled);
  EXPECT_EQ(seen.capture, Capture::v1);
  EXPECT_EQ(seen.compression, Compression::zstd);
  const std::vector<std::pair<std::string, std::string>> headers{{"X-Team", "seven"},
                                                                 {"X-Test-Id", "t-1"}};
  EXPECT_EQ(seen.headers, headers);
  EXPECT_TRUE(seen.disable_geoip);
  EXPECT_TRUE(seen.historical_migration);
  EXPECT_FALSE(seen.is_server);
  EXPECT_EQ(seen.super_properties.json("plan"), "\"free\"");
}

TEST(AdapterInit, TakesSizesByName) {
  const Options seen = options_after({{"flush_at", 1},
                                      {"max_batch_size", 3},
                                      {"max_batch_bytes", 4'000},
                                      {"max_event_bytes", 1'005},
                                      {"max_ai_event_bytes", 1'006},
                                      {"max_queue_size", 7},
                                      {"max_queue_bytes", 8'000},
                                      {"queue_full", "drop_oldest"},
                                      {"max_in_flight", 10},
                                      {"max_retries", 11},
                                      {"retry_jitter_percent", 14},
                                      {"max_response_bytes", 18},
                                      {"flags_max_retries", 21},
                                      {"flag_called_cache_size", 23}});
  EXPECT_EQ(seen.flush_at, 1u);
  EXPECT_EQ(seen.max_batch_size, 3u);
  EXPECT_EQ(seen.max_batch_bytes, 4'000u);
  EXPECT_EQ(seen.max_event_bytes, 1'005u);
  EXPECT_EQ(seen.max_ai_event_bytes, 1'006u);
  EXPECT_EQ(seen.max_queue_size, 7u);
  EXPECT_EQ(seen.max_queue_bytes, 8'000u);
  EXPECT_EQ(seen.queue_full, QueueFullPolicy::drop_oldest);
  EXPECT_EQ(seen.max_in_flight, 10u);
  EXPECT_EQ(seen.max_retries, 11u);
  EXPECT_EQ(seen.retry_jitter_percent, 14u);
  EXPECT_EQ(seen.max_response_bytes, 18u);
  EXPECT_EQ(seen.flags_max_retries, 21u);
  EXPECT_EQ(seen.flag_called_cache_size, 23u);
}

TEST(AdapterInit, TakesDurationsByNameInMilliseconds) {
  const Options seen = options_after({{"flush_interval_ms", 2},
                                      {"max_block_ms", 9},
                                      {"retry_initial_backoff_ms", 12},
                                      {"retry_max_backoff_ms", 13},
                                      {"max_retry_after_ms", 15},
                                      {"request_timeout_ms", 16},
                                      {"connect_timeout_ms", 17},
                                      {"shutdown_timeout_ms", 19},
                                      {"flags_timeout_ms", 20},
                                      {"flags_retry_backoff_ms", 22}});
  using std::chrono::milliseconds;
  EXPECT_EQ(seen.flush_interval, milliseconds{2});
  EXPECT_EQ(seen.max_block, milliseconds{9});
  EXPECT_EQ(seen.retry_initial_backoff, milliseconds{12});
  EXPECT_EQ(seen.retry_max_backoff, milliseconds{13});
  EXPECT_EQ(seen.max_retry_after, milliseconds{15});
  EXPECT_EQ(seen.request_timeout, milliseconds{16});
  EXPECT_EQ(seen.connect_timeout, milliseconds{17});
  EXPECT_EQ(seen.shutdown_timeout, milliseconds{19});
  EXPECT_EQ(seen.flags_timeout, milliseconds{20});
  EXPECT_EQ(seen.flags_retry_backoff, milliseconds{22});
}

TEST(AdapterInit, EnableCompressionTurnsOnTheCodecOfTheProcess) {
  for (const auto& [process, expected] :
       {std::pair{Compression::none, Compression::gzip}, {Compression::br, Compression::br}}) {
    Options seen;
    Bench bench([&seen, codec = process](AdapterOptions& options) {
      options.compression = codec;
      options.customise = [&seen](Options& each) { seen = each; };
    });
    bench.init("", {{"enable_compression", true}});
    EXPECT_EQ(seen.compression, expected);
    bench.init("", {{"enable_compression", false}});
    EXPECT_EQ(seen.compression, Compression::none);
  }
}

TEST(AdapterInit, ASecondOneReplacesTheClientAndDropsWhatItHeld) {
  Bench bench;
  bench.init();
  bench.capture("of the first");
  bench.init();
  EXPECT_EQ(bench.state()["total_events_captured"], 0);
  const std::string uuid = bench.capture("of the second");
  bench.post("/flush");
  const Json journal = bench.journal();
  ASSERT_EQ(journal.size(), 1u);
  ASSERT_EQ(journal[0]["parsed_events"].size(), 1u);
  EXPECT_EQ(journal[0]["parsed_events"][0]["uuid"], uuid);
  EXPECT_EQ(bench.adapter->instances(), 1u);
}

TEST(AdapterCapture, AnswersTheUuidOfTheWire) {
  Bench bench;
  bench.init();
  const std::string made = bench.capture("made");
  const Json given{{"distinct_id", "user"},
                   {"event", "given"},
                   {"uuid", "0189B3C2-0000-7000-8000-00000000ABCD"},
                   {"properties", nullptr},
                   {"timestamp", nullptr}};
  EXPECT_EQ(bench.post("/capture", given).body,
            Json({{"success", true}, {"uuid", "0189b3c2-0000-7000-8000-00000000abcd"}}));
  bench.post("/flush");
  const Json events = bench.journal()[0]["parsed_events"];
  EXPECT_EQ(events[0]["uuid"], made);
  EXPECT_EQ(events[1]["uuid"], "0189b3c2-0000-7000-8000-00000000abcd");
}

TEST(AdapterCapture, CarriesPropertiesAndTheInstantOfTheTimestamp) {
  Bench bench;
  bench.init();
  const Json properties{{"nested", {{"list", {1, 2.5, "drei", nullptr, true}}}},
                        {"looks_like_a_time", "2025-01-02T08:34:05+05:30"}};
  bench.post("/capture", {{"distinct_id", "user"},
                          {"event", "e"},
                          {"timestamp", "2025-01-02T08:34:05.25+05:30"},
                          {"properties", properties}});
  bench.post("/flush");
  const Json event = bench.journal()[0]["parsed_events"][0];
  EXPECT_EQ(parse_rfc3339(event["timestamp"].get<std::string>()),
            parse_rfc3339("2025-01-02T03:04:05.25Z"));
  EXPECT_EQ(event["properties"]["nested"], properties["nested"]);
  EXPECT_EQ(event["properties"]["looks_like_a_time"], properties["looks_like_a_time"]);
}

TEST(AdapterCapture, CarriesOptionsAndOnlyThoseThatAreSet) {
  Bench bench;
  bench.init("", {{"capture", "v1"}});
  bench.post("/capture", {{"distinct_id", "user"},
                          {"event", "e"},
                          {"options",
                           {{"process_person_profile", false},
                            {"cookieless_mode", nullptr},
                            {"product_tour_id", "tour"}}}});
  bench.post("/flush");
  EXPECT_EQ(bench.journal()[0]["parsed_events"][0]["options"],
            Json({{"process_person_profile", false}, {"product_tour_id", "tour"}}));
}

TEST(AdapterCapture, SaysWhyAnEventWasNotTaken) {
  Bench bench([](AdapterOptions& options) {
    options.customise = [](Options& each) {
      each.before_send.push_back([](Event& event) { return event.name != "unwanted"; });
    };
  });
  bench.init();
  const Answer dropped = bench.post("/capture", {{"distinct_id", "u"}, {"event", "unwanted"}});
  EXPECT_EQ(dropped.status, 200);
  EXPECT_EQ(dropped.body["success"], false);
  EXPECT_EQ(dropped.body["admission"], "dropped");
  EXPECT_EQ(dropped.body["reason"], "hook");
  EXPECT_TRUE(dropped.body["uuid"].is_string());
  const Answer invalid = bench.post("/capture", {{"distinct_id", ""}, {"event", "e"}});
  EXPECT_EQ(invalid.body, Json({{"success", false}, {"uuid", nullptr}, {"admission", "invalid"}}));
  bench.post("/shutdown");
  const Answer closed = bench.post("/capture", {{"distinct_id", "u"}, {"event", "e"}});
  EXPECT_EQ(closed.body["admission"], "closed");
  EXPECT_FALSE(closed.body.contains("reason"));
}

TEST(AdapterCaptureAi, UsesTheAiEndpointAndCaptureDoesNot) {
  Bench bench;
  bench.init();
  const Json generation{{"distinct_id", "u"},
                        {"event", "$ai_generation"},
                        {"uuid", "0189b3c2-0000-7000-8000-000000000001"}};
  EXPECT_EQ(bench.post("/capture_ai", generation).body,
            Json({{"success", true}, {"uuid", generation["uuid"]}}));
  bench.post("/flush");
  bench.capture("$ai_generation");
  bench.post("/flush");
  const Json journal = bench.journal();
  ASSERT_EQ(journal.size(), 2u);
  EXPECT_EQ(journal[0]["path"], "/i/v0/ai/batch/");
  EXPECT_EQ(journal[1]["path"], "/batch/");
}

TEST(AdapterFlush, AnswersWithSuccessfulStatusAndTheTruthWhenDeliveryFailed) {
  Bench bench;
  bench.init();
  bench.answers({{{"status_code", 400}}});
  bench.capture("refused by the server");
  const Answer answer = bench.post("/flush");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, Json({{"success", false},
                               {"events_flushed", 0},
                               {"status", "complete"},
                               {"delivered", 0},
                               {"dropped", 1},
                               {"pending", 0}}));
}

TEST(AdapterFlush, CountsWhatThisFlushDelivered) {
  Bench bench;
  bench.init();
  bench.capture("a");
  bench.post("/flush");
  bench.capture("b");
  bench.capture("c");
  EXPECT_EQ(bench.post("/flush").body["events_flushed"], 2);
  EXPECT_EQ(bench.post("/flush").body["events_flushed"], 0);
}

TEST(AdapterFlush, ReturnsAtItsDeadline) {
  Bench bench;
  bench.init("", {{"retry_initial_backoff_ms", 60'000}, {"retry_max_backoff_ms", 60'000}});
  bench.answers({{{"status_code", 503}}});
  bench.capture("a");
  for (const auto& [target, body, limit] :
       {std::tuple{"/flush?timeout_ms=250", Json(), std::chrono::milliseconds{250}},
        {"/flush", Json({{"timeout_ms", 1'250}}), std::chrono::milliseconds{1'250}}}) {
    const Instant start = bench.host->clock().now();
    const Answer answer = bench.post(target, body);
    EXPECT_EQ(answer.body["status"], "timed_out");
    EXPECT_EQ(answer.body["pending"], 1);
    EXPECT_EQ(bench.host->clock().now() - start, limit);
  }
}

TEST(AdapterShutdown, DrainsAndThenTheStateSaysClosed) {
  Bench bench;
  bench.init();
  bench.capture("a");
  const Answer answer = bench.post("/shutdown", {{"timeout_ms", 5'000}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body["events_flushed"], 1);
  const Json state = bench.state();
  EXPECT_EQ(state["closed"], true);
  EXPECT_EQ(state["total_events_sent"], 1);
}

TEST(AdapterFeatureFlag, AnswersBooleansVariantsAndNull) {
  Bench bench;
  bench.init();
  bench.answers({{{"status_code", 200},
                  {"body", {{"featureFlags", {{"on", true}, {"off", false}, {"ab", "b"}}}}}},
                 {{"status_code", 200}, {"body", {{"featureFlags", {{"off", false}}}}}},
                 {{"status_code", 200}, {"body", {{"featureFlags", {{"ab", "b"}}}}}},
                 {{"status_code", 200}, {"body", {{"featureFlags", Json::object()}}}}});
  const auto value = [&bench](const char* key) {
    const Answer answer = bench.post("/get_feature_flag",
                                     {{"key", key}, {"distinct_id", "u"}, {"force_remote", true}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body["success"], true) << answer.body;
    return answer.body["value"];
  };
  EXPECT_EQ(value("on"), true);
  EXPECT_EQ(value("off"), false);
  EXPECT_EQ(value("ab"), "b");
  EXPECT_EQ(value("unknown"), nullptr);
}

TEST(AdapterFeatureFlag, SendsWhatItWasGiven) {
  Bench bench;
  bench.init();
  bench.post("/get_feature_flag", {{"key", "k"},
                                   {"distinct_id", "u"},
                                   {"person_properties", {{"plan", "pro"}}},
                                   {"groups", {{"company", "acme"}}},
                                   {"group_properties", {{"company", {{"size", 3}}}}},
                                   {"disable_geoip", true},
                                   {"force_remote", false}});
  const Json request = bench.journal()[0];
  EXPECT_EQ(request["path"], "/flags");
  const Json body = Json::parse(request["body_decompressed"].get<std::string>());
  EXPECT_EQ(body["distinct_id"], "u");
  EXPECT_EQ(body["person_properties"]["plan"], "pro");
  EXPECT_EQ(body["groups"], Json({{"company", "acme"}}));
  EXPECT_EQ(body["group_properties"]["company"]["size"], 3);
  EXPECT_EQ(body["geoip_disable"], true);
}

TEST(AdapterFeatureFlag, SaysWhyThereIsNoAnswer) {
  Bench bench;
  bench.init();
  bench.answers({{{"status_code", 500}}});
  const Answer answer = bench.post("/get_feature_flag", {{"key", "k"}, {"distinct_id", "u"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body["success"], false);
  EXPECT_EQ(answer.body["value"], nullptr);
  EXPECT_NE(answer.body["error"].get<std::string>().find("500"), std::string::npos);
}

TEST(AdapterState, WhatIsInFlightIsPending) {
  Bench bench;
  bench.init("", {{"flush_at", 1}});
  bench.answers({{{"fault", "no_answer"}}});
  bench.capture("a");
  bench.host->run_for(std::chrono::milliseconds{50});
  ASSERT_EQ(bench.journal().size(), 1u) << "the request is out";
  EXPECT_EQ(bench.state()["pending_events"], 1);
}

TEST(AdapterReset, IsFineForATestIdNobodyHasSeen) {
  Bench bench;
  EXPECT_EQ(bench.post("/reset?test_id=t-never").body, Json({{"success", true}}));
  EXPECT_EQ(bench.post("/reset").body, Json({{"success", true}}));
}

TEST(AdapterReset, DuringARetryEndsItForGood) {
  Bench bench;
  bench.init("", {{"flush_at", 1}});
  bench.answers({{{"status_code", 503}}, {{"status_code", 503}}});
  bench.capture("a");
  bench.host->run_for(std::chrono::milliseconds{50});
  ASSERT_EQ(bench.state()["pending_events"], 1);
  ASSERT_EQ(bench.journal().size(), 1u);
  const Instant start = bench.host->clock().now();
  bench.post("/reset");
  EXPECT_EQ(bench.host->clock().now(), start) << "a reset waits for nothing";
  bench.host->run_for(std::chrono::hours{24});
  EXPECT_EQ(bench.journal().size(), 1u);
  EXPECT_EQ(bench.post("/flush").status, 400) << "there is no client any more";
}

TEST(AdapterReset, AbortsARequestThatIsOnItsWay) {
  Bench bench;
  bench.init("", {{"flush_at", 1}});
  bench.capture("a");
  bench.host->settle();
  bench.post("/reset");
  bench.host->run_for(std::chrono::hours{1});
  EXPECT_TRUE(bench.journal().empty()) << bench.journal();
}

}  // namespace
}  // namespace lockstep::adapter
