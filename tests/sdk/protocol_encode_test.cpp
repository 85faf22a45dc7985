// What a request looks like, attempt by attempt.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sdk/engine/config.h"
#include "tests/sdk/protocol_bench.h"

namespace lockstep {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr Uuid kRequestId{{1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}};

http::Request encoded(const Protocol& protocol, const engine::Batch& batch,
                      WallTime wall = kMidnight) {
  return protocol.encode({batch, kRequestId, {Instant{}, wall}});
}

TEST(ProtocolEncode, V0PostsTheBatchWithItsKeyInTheBody) {
  const auto protocol = make_posthog_v0(protocol_config(protocol_options()));
  const http::Request request = encoded(*protocol, make_batch(*protocol, 2));
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url.to_string(), "https://eu.example.com/batch/");
  EXPECT_EQ(request.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(request.headers.get("User-Agent"), "lockstep-cpp/0.1.0");
  EXPECT_FALSE(request.headers.has("Authorization"));
  const json body = json::parse(request.body);
  EXPECT_EQ(body["api_key"], kKey);
  EXPECT_EQ(body["sent_at"], "2025-01-01T00:00:00.000Z");
  EXPECT_FALSE(body.contains("historical_migration"));
  ASSERT_EQ(body["batch"].size(), 2u);
  EXPECT_EQ(body["batch"][0]["event"], "event 0");
  EXPECT_EQ(body["batch"][1]["uuid"], nth_uuid(1).to_string());
  EXPECT_EQ(body.size(), 3u);
}

TEST(ProtocolEncode, AiHasItsOwnPath) {
  const auto protocol = make_posthog_ai(protocol_config(protocol_options()));
  const http::Request request = encoded(*protocol, make_batch(*protocol, 1, Lane::ai));
  EXPECT_EQ(request.url.path, "/i/v0/ai/batch/");
  EXPECT_EQ(json::parse(request.body)["api_key"], kKey);
}

TEST(ProtocolEncode, ClientPostsTheSameEnvelopeWhereBrowsersPost) {
  const auto protocol = make_posthog_client(protocol_config(protocol_options()));
  const http::Request request = encoded(*protocol, make_batch(*protocol, 2));
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url.to_string(), "https://eu.example.com/e/");
  EXPECT_FALSE(request.headers.has("Authorization"));
  const json body = json::parse(request.body);
  EXPECT_EQ(body["api_key"], kKey);
  EXPECT_EQ(body["sent_at"], "2025-01-01T00:00:00.000Z");
  ASSERT_EQ(body["batch"].size(), 2u);
  EXPECT_EQ(body["batch"][1]["uuid"], nth_uuid(1).to_string());
  EXPECT_EQ(body["batch"][1]["token"], kKey);
  EXPECT_EQ(body.size(), 3u);
}

TEST(ProtocolEncode, V1SaysWhoItIsInItsHeaders) {
  const auto protocol = make_posthog_v1(protocol_config(protocol_options()));
  engine::Batch batch = make_batch(*protocol, 2);
  batch.created_at = kMidnight - seconds{90};
  const http::Request request = encoded(*protocol, batch);
  EXPECT_EQ(request.url.path, "/i/v1/analytics/events");
  EXPECT_EQ(request.headers.get("Authorization"), "Bearer phc_secret_key");
  EXPECT_EQ(request.headers.get("PostHog-Sdk-Info"), "lockstep-cpp/0.1.0");
  EXPECT_EQ(request.headers.get("PostHog-Attempt"), "1");
  EXPECT_EQ(request.headers.get("PostHog-Request-Id"), kRequestId.to_string());
  EXPECT_EQ(request.headers.get("PostHog-Request-Timestamp"), "2025-01-01T00:00:00.000Z");
  EXPECT_EQ(request.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(request.headers.get("User-Agent"), "lockstep-cpp/0.1.0");
  const json body = json::parse(request.body);
  EXPECT_EQ(body["created_at"], "2024-12-31T23:58:30.000Z");
  EXPECT_FALSE(body.contains("api_key")) << "the key is in the header";
  EXPECT_FALSE(body.contains("sent_at"));
  EXPECT_EQ(body["batch"].size(), 2u);
}

TEST(ProtocolEncode, OnlyTheAttemptAndTheTimeOfSendingChangeInV1) {
  const auto protocol = make_posthog_v1(protocol_config(protocol_options()));
  engine::Batch batch = make_batch(*protocol, 2);
  const http::Request first = encoded(*protocol, batch);
  batch.attempt = 2;
  http::Request second = encoded(*protocol, batch, kMidnight + seconds{5});
  EXPECT_EQ(second.headers.get("PostHog-Attempt"), "2");
  EXPECT_EQ(second.headers.get("PostHog-Request-Timestamp"), "2025-01-01T00:00:05.000Z");
  EXPECT_EQ(second.body, first.body) << "created_at included";
  second.headers.set("PostHog-Attempt", "1");
  second.headers.set("PostHog-Request-Timestamp", "2025-01-01T00:00:00.000Z");
  EXPECT_EQ(second, first);
}

TEST(ProtocolEncode, V0AndClientStampSentAtAnewForEachAttempt) {
  for (const Capture capture : {Capture::v0, Capture::client}) {
    const auto protocol = make_protocol(capture, protocol_config(protocol_options()));
    engine::Batch batch = make_batch(*protocol, 1);
    const json first = json::parse(encoded(*protocol, batch).body);
    batch.attempt = 2;
    const json second = json::parse(encoded(*protocol, batch, kMidnight + seconds{5}).body);
    EXPECT_EQ(second["sent_at"], "2025-01-01T00:00:05.000Z")
        << "a frozen one would shift the events by the whole backoff";
    EXPECT_EQ(second["batch"], first["batch"]);
  }
}

TEST(ProtocolEncode, TheHistoricalLaneSaysSo) {
  for (const Capture capture : {Capture::v0, Capture::v1, Capture::client}) {
    const auto protocol = make_protocol(capture, protocol_config(protocol_options()));
    const json body =
        json::parse(encoded(*protocol, make_batch(*protocol, 1, Lane::historical)).body);
    EXPECT_EQ(body["historical_migration"], true);
  }
}

TEST(ProtocolEncode, EachProtocolIsMadeByItsName) {
  const auto name = [](Capture capture) {
    return std::string(make_protocol(capture, protocol_config(protocol_options()))->name());
  };
  EXPECT_EQ(name(Capture::v0), "posthog-v0");
  EXPECT_EQ(name(Capture::v1), "posthog-v1");
  EXPECT_EQ(name(Capture::client), "posthog-client");
  EXPECT_EQ(name(Capture::segment), "segment");
  EXPECT_EQ(name(Capture::confidence), "confidence");
}

TEST(ProtocolEncode, APathOfTheHostIsAPrefix) {
  for (const char* host : {"http://proxy.local:8080/ingest", "http://proxy.local:8080/ingest/"}) {
    Options options = protocol_options();
    options.host = host;
    const auto protocol = make_posthog_v0(protocol_config(options));
    EXPECT_EQ(encoded(*protocol, make_batch(*protocol, 1)).url.to_string(),
              "http://proxy.local:8080/ingest/batch/");
  }
}

TEST(ProtocolEncode, HeadersOfOnesOwnAreOnEveryRequest) {
  Options options = protocol_options();
  options.headers = {{"X-Tenant", "acme"}, {"user-agent", "mine"}};
  const auto protocol = make_posthog_v1(protocol_config(options));
  const http::Request request = encoded(*protocol, make_batch(*protocol, 1));
  EXPECT_EQ(request.headers.get("X-Tenant"), "acme");
  EXPECT_EQ(request.headers.all("User-Agent"), (std::vector<std::string_view>{"mine"}));
}

TEST(ProtocolEncode, AHeaderOfOnesOwnCannotDoubleOneOfTheProtocol) {
  Options options = protocol_options();
  options.headers = {{"authorization", "Basic x"}, {"PostHog-Attempt", "77"}};
  const auto protocol = make_posthog_v1(protocol_config(options));
  const http::Request request = encoded(*protocol, make_batch(*protocol, 1));
  EXPECT_EQ(request.headers.all("Authorization").size(), 1u);
  EXPECT_EQ(request.headers.get("Authorization"), "Bearer phc_secret_key");
  EXPECT_EQ(request.headers.all("PostHog-Attempt"), (std::vector<std::string_view>{"1"}));
}

TEST(ProtocolEncode, AKeyThatNeedsEscapingIsEscaped) {
  Options options = protocol_options();
  options.api_key = R"(phc_"\x)";
  const auto protocol = make_posthog_v0(protocol_config(options));
  EXPECT_EQ(json::parse(encoded(*protocol, make_batch(*protocol, 1)).body)["api_key"],
            options.api_key);
}

TEST(ProtocolEncode, TheEnvelopeFitsInWhatTheEngineReservesForIt) {
  Options options = protocol_options();
  options.api_key = std::string(Options::kMaxApiKeyLength, '"');
  options.validate();
  const std::size_t reserved = engine::config_from(options, 1).envelope_bytes;
  for (const auto& protocol :
       {make_posthog_v0(protocol_config(options)), make_posthog_v1(protocol_config(options)),
        make_posthog_client(protocol_config(options)), make_posthog_ai(protocol_config(options))}) {
    const engine::Batch batch = make_batch(*protocol, 3, Lane::historical);
    const std::size_t size = encoded(*protocol, batch, WallTime::max()).body.size();
    EXPECT_LE(size, reserved + batch.bytes) << protocol->name();
  }
}

}  // namespace
}  // namespace lockstep
