// Segment's batch API: messages, requests, answers; and the golden requests of Segment's own Go
// library, where they are at hand (../shared/vectors/segment).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "clock/timestamp.h"
#include "sdk/engine/config.h"
#include "tests/sdk/protocol_bench.h"

namespace lockstep {
namespace {

using nlohmann::json;
using std::chrono::seconds;

const Uuid kRequestId = nth_uuid(77);

Options segment_options() {
  Options options = protocol_options();
  options.capture = Capture::segment;
  options.api_key = "write-key";
  return options;
}

std::unique_ptr<Protocol> segment(const Options& options = segment_options()) {
  return make_protocol(Capture::segment, protocol_config(options));
}

http::Request encoded(const Protocol& protocol, const engine::Batch& batch,
                      WallTime now = kMidnight) {
  return protocol.encode({batch, kRequestId, {Instant{}, now}});
}

Event event_named(std::string name, Properties properties = {}) {
  Event event;
  event.name = std::move(name);
  event.distinct_id = "user-1";
  event.properties = std::move(properties);
  return event;
}

json message(const Event& event) { return rendered(*segment(), event); }

TEST(SegmentMessage, AnEventIsATrack) {
  EXPECT_EQ(message(event_named("order placed", {{"total", 42.5}})),
            json({{"type", "track"},
                  {"messageId", nth_uuid(0).to_string()},
                  {"timestamp", "2025-01-01T00:00:00.000Z"},
                  {"userId", "user-1"},
                  {"event", "order placed"},
                  {"properties", {{"total", 42.5}}}}));
}

TEST(SegmentMessage, NothingOfPosthogsIsAdded) {
  EXPECT_FALSE(message(event_named("e")).contains("properties"));
  Options options = segment_options();
  options.super_properties.set("plan", "pro");
  EXPECT_EQ(rendered(*segment(options), event_named("e"))["properties"], json({{"plan", "pro"}}));
}

TEST(SegmentMessage, IdentifyHasTraitsOfWhatIsSet) {
  const json identify =
      message(event_named("$identify", {{"$set", Json{R"({"email":"a@b.c","n\u0061me":"Ada"})"}},
                                        {"$set_once", Json{R"({"name":"Bob","since":2020})"}},
                                        {"city", "Paris"}}));
  EXPECT_EQ(identify["type"], "identify");
  EXPECT_FALSE(identify.contains("event"));
  EXPECT_EQ(identify["traits"],
            json({{"email", "a@b.c"}, {"name", "Ada"}, {"since", 2020}, {"city", "Paris"}}));
}

TEST(SegmentMessage, GroupAliasPageAndScreenAreTheirOwnKinds) {
  const json group = message(event_named(
      "$groupidentify", {{"$group_key", "acme"}, {"$group_set", Json{R"({"plan":"pro"})"}}}));
  EXPECT_EQ(group["type"], "group");
  EXPECT_EQ(group["groupId"], "acme");
  EXPECT_EQ(group["traits"], json({{"plan", "pro"}}));
  const json alias = message(event_named("$create_alias", {{"alias", "anon"}}));
  EXPECT_EQ(alias["type"], "alias");
  EXPECT_EQ(alias["previousId"], "anon");
  EXPECT_EQ(alias["userId"], "user-1");
  EXPECT_FALSE(alias.contains("properties"));
  const json page = message(event_named("$pageview", {{"name", "Home"}, {"url", "/"}}));
  EXPECT_EQ(page["type"], "page");
  EXPECT_EQ(page["name"], "Home");
  EXPECT_EQ(page["properties"], json({{"url", "/"}}));
  EXPECT_EQ(message(event_named("$screen", {{"$screen_name", "Cart"}}))["name"], "Cart");
}

TEST(SegmentMessage, WhoMakesNoProfileIsAnonymous) {
  Event event = event_named("e");
  event.options.process_person_profile = false;
  EXPECT_EQ(message(event)["anonymousId"], "user-1");
  EXPECT_FALSE(message(event).contains("userId"));
  const json by_property = message(event_named("e", {{"$process_person_profile", false}}));
  EXPECT_EQ(by_property["anonymousId"], "user-1");
  EXPECT_FALSE(by_property.contains("properties")) << "it is an option, no property";
  const json both = message(event_named("e", {{"$anon_distinct_id", "device"}}));
  EXPECT_EQ(both["userId"], "user-1");
  EXPECT_EQ(both["anonymousId"], "device");
}

// A message that Segment cannot take would cost its whole batch.
TEST(SegmentMessage, WhatHasTheWrongShapeForAMemberStaysAProperty) {
  const json track = message(event_named("e", {{"$context", "text"}, {"$anon_distinct_id", 7}}));
  EXPECT_FALSE(track.contains("context"));
  EXPECT_FALSE(track.contains("anonymousId"));
  EXPECT_EQ(track["properties"], json({{"$context", "text"}, {"$anon_distinct_id", 7}}));
  EXPECT_EQ(message(event_named("$pageview", {{"name", 7}}))["properties"], json({{"name", 7}}));
  EXPECT_EQ(message(event_named("$create_alias", {{"alias", 7}}))["type"], "track");
  EXPECT_EQ(message(event_named("$groupidentify"))["type"], "track");
  EXPECT_EQ(message(event_named("$groupidentify"))["event"], "$groupidentify");
}

TEST(SegmentRequest, CarriesTheKeyAsTheUserOfBasicAuthentication) {
  const auto authorization = [](std::string key) {
    Options options = segment_options();
    options.api_key = std::move(key);
    const auto protocol = segment(options);
    return std::string(*encoded(*protocol, make_batch(*protocol, 1)).headers.get("Authorization"));
  };
  EXPECT_EQ(authorization("Aladdin"), "Basic QWxhZGRpbjo=");
  EXPECT_EQ(authorization("ab"), "Basic YWI6");
  EXPECT_EQ(authorization("a"), "Basic YTo=");
  EXPECT_EQ(authorization(""), "Basic Og==");
}

TEST(SegmentRequest, OnlySentAtChangesOverTheAttempts) {
  const auto protocol = segment();
  engine::Batch batch = make_batch(*protocol, 3);
  const http::Request first = encoded(*protocol, batch);
  EXPECT_EQ(first.method, "POST");
  EXPECT_EQ(first.url.to_string(), "https://eu.example.com/v1/batch");
  batch.attempt = 2;
  json again = json::parse(encoded(*protocol, batch, kMidnight + seconds{5}).body);
  EXPECT_EQ(again["sentAt"], "2025-01-01T00:00:05.000Z");
  again["sentAt"] = "2025-01-01T00:00:00.000Z";
  const json body = json::parse(first.body);
  EXPECT_EQ(again, body);
  EXPECT_EQ(body["messageId"], kRequestId.to_string());
  EXPECT_EQ(body["batch"].size(), 3u);
  EXPECT_EQ(body["context"]["library"], json({{"name", "lockstep-cpp"}, {"version", "0.1.0"}}));
  EXPECT_EQ(first.body.find("write-key"), std::string::npos);
}

TEST(SegmentRequest, TheEnvelopeFitsInWhatTheEngineReservesForIt) {
  const Options options = segment_options();
  const auto protocol = segment();
  const engine::Batch batch = make_batch(*protocol, 3);
  EXPECT_LE(encoded(*protocol, batch, WallTime::max()).body.size(),
            engine::config_from(options, 1).envelope_bytes + batch.bytes);
}

TEST(SegmentLimits, AreSegments) {
  Options options = segment_options();
  options.max_batch_size = 10'000;
  options.validate();
  for (const engine::LaneConfig& lane : engine::config_from(options, 1).lanes) {
    EXPECT_EQ(lane.max_event_bytes, 32'000u);
    EXPECT_EQ(lane.max_batch_bytes, 500'000u);
    EXPECT_EQ(lane.max_batch_size, 2500u);
    EXPECT_EQ(lane.endpoint, 0u) << "Segment has one endpoint";
  }
}

TEST(SegmentLimits, AHostMustBeNamedAndTheKeyMayBeEmpty) {
  Options options = segment_options();
  options.api_key.clear();
  EXPECT_NO_THROW(options.validate()) << "a proxy may add it";
  options.host = Options::kPosthogHost;
  EXPECT_THROW(options.validate(), ConfigError);
}

TEST(SegmentAnswer, GoesByTheStatus) {
  using Kind = engine::Verdict::Kind;
  const auto protocol = segment();
  const engine::Batch batch = make_batch(*protocol, 2);
  const auto verdict = [&](int status, http::Headers headers = {}) {
    return protocol->interpret(batch, response(status, "{}", std::move(headers)), kMidnight);
  };
  EXPECT_EQ(verdict(200).kind, Kind::delivered);
  for (const int status : {400, 401, 403, 404}) EXPECT_EQ(verdict(status).kind, Kind::drop);
  for (const int status : {408, 429, 500, 502, 503}) EXPECT_EQ(verdict(status).kind, Kind::retry);
  EXPECT_EQ(verdict(429, {{"Retry-After", "7"}, {"X-RateLimit-Reset", "9"}}).pause, seconds{7});
  EXPECT_EQ(verdict(429, {{"X-RateLimit-Reset", "9"}}).pause, seconds{9});
  EXPECT_EQ(verdict(503, {{"X-RateLimit-Reset", "9"}}).pause, std::nullopt);
}

// --- the golden requests ------------------------------------------------------------------------

struct Golden {
  const char* file;
  std::vector<Event> batch;
};

Properties download(std::initializer_list<Property> more = {}) {
  Properties properties{
      {"application", "Segment Desktop"}, {"version", "1.1.0"}, {"platform", "osx"}};
  for (const Property& property : more) properties.set(property.name, property.value);
  return properties;
}

Event of(std::string who, std::string name, Properties properties = {}) {
  Event event = event_named(std::move(name), std::move(properties));
  event.distinct_id = std::move(who);
  return event;
}

std::vector<Golden> golden() {
  std::vector<Golden> all{
      {"test-enqueue-track.json", {of("123456", "Download", download())}},
      {"test-interval-track.json", {of("123456", "Download", download())}},
      {"test-context-track.json",
       {of("123456", "Download", download({{"$context", Json{R"({"whatever":"here"})"}}}))}},
      {"test-integrations-track.json",
       {of("123456", "Download",
           download(
               {{"$integrations", Json{R"({"All":true,"Intercom":false,"Mixpanel":true})"}}}))}},
      {"test-timestamp-track.json", {of("123456", "Download", download())}},
      {"test-messageid-track.json", {of("123456", "Download", download())}},
      {"test-many-track.json", {}},
      {"test-enqueue-alias.json", {of("B", "$create_alias", {{"alias", "A"}})}},
      {"test-enqueue-group.json", {of("B", "$groupidentify", {{"$group_key", "A"}})}},
      {"test-enqueue-identify.json", {of("B", "$identify")}},
      {"test-enqueue-page.json", {of("B", "$pageview", {{"name", "A"}})}},
      {"test-enqueue-screen.json", {of("B", "$screen", {{"$screen_name", "A"}})}},
  };
  for (Golden& one : all) {
    const std::string file = one.file;
    if (file == "test-timestamp-track.json") {
      one.batch[0].timestamp = parse_rfc3339("2015-07-10T23:00:00Z");
    }
    for (int i = 0; i < 3 && file == "test-many-track.json"; ++i) {
      const Properties properties{{"application", "Segment Desktop"}, {"version", i}};
      one.batch.push_back(of("123456", "Download", properties));
    }
  }
  return all;
}

// What may differ: ids, which are uuids here, digits of a time, and who says it.
json normalised(json body) {
  const auto plain = [](json& object, const char* key) {
    object[key] = to_rfc3339(*parse_rfc3339(object[key].get<std::string>()));
  };
  body["messageId"] = "id";
  body["context"]["library"] = "library";
  plain(body, "sentAt");
  for (json& message : body["batch"]) {
    message["messageId"] = "id";
    plain(message, "timestamp");
  }
  return body;
}

TEST(SegmentVectors, ARequestIsTheOneOfSegmentsGoLibrary) {
  const std::filesystem::path folder(LOCKSTEP_SHARED "/vectors/segment");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  const WallTime then = *parse_rfc3339("2009-11-10T23:00:00Z");
  const auto protocol = segment();
  for (const auto& [file, events] : golden()) {
    std::ifstream stream(folder / file);
    ASSERT_TRUE(stream) << file;
    engine::Batch batch;
    for (const Event& event : events) {
      JsonWriter out;
      const EventView view{event.name,       event.distinct_id,
                           nth_uuid(0),      event.timestamp.value_or(then),
                           event.properties, nullptr};
      const std::size_t uuid_at = protocol->render(view, out);
      batch.events.emplace_back(out.text(), uuid_at, Lane::analytics);
    }
    EXPECT_EQ(normalised(json::parse(encoded(*protocol, batch, then).body)),
              normalised(json::parse(stream)))
        << file;
  }
}

}  // namespace
}  // namespace lockstep
