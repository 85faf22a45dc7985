// What all remote providers have in common, seen through the OFREP one.
#include "providers/remote.h"

#include <gtest/gtest.h>

#include <functional>

#include "providers/ofrep.h"
#include "sdk/options.h"
#include "tests/providers/bench.h"

namespace lockstep::providers {
namespace {

using namespace std::chrono_literals;
using openfeature::Client;
using openfeature::ErrorCode;
using openfeature::FlagQuery;
using openfeature::FlagType;
using openfeature::ProviderEvent;
using openfeature::ProviderEventType;
using openfeature::ProviderStatus;
using openfeature::Value;

constexpr const char* kFlags =
    R"({"a": {"value": true, "subjects": {"user-2": {"value": false}}}, "n": {"value": 7}})";

// Every event's type, in order.
std::shared_ptr<std::vector<std::string>> listen(Client& client) {
  auto heard = std::make_shared<std::vector<std::string>>();
  for (const auto type : {ProviderEventType::error, ProviderEventType::stale,
                          ProviderEventType::configuration_changed}) {
    client.on(type, [heard](const ProviderEvent& event) {
      heard->push_back(std::string(to_string(event.type)));
    });
  }
  client.on(ProviderEventType::ready, [heard](const ProviderEvent&) { heard->push_back("ready"); });
  heard->clear();  // of the state at the time of listening
  return heard;
}

TEST(RemoteProvider, AnETagIsNeverUsedForAnotherContext) {
  Bench bench(kFlags);
  Client client(
      std::make_shared<Ofrep>(OfrepOptions{.remote = remote(), .bulk = true}, bench.host));
  EXPECT_TRUE(client.get_boolean_value("a", false, user("user-1")));
  // The server's ETag names the version of the flags alone: a 304 here would be user-1's answer.
  EXPECT_FALSE(client.get_boolean_value("a", true, user("user-2")));
  EXPECT_FALSE(bench.last().headers.has("If-None-Match"));
  EXPECT_EQ(bench.last().status, 200);

  EXPECT_TRUE(client.get_boolean_value("a", false, user("user-1")));
  EXPECT_EQ(bench.last().status, 304);
  EXPECT_FALSE(client.get_boolean_value("a", true, user("user-2")));
  EXPECT_EQ(bench.last().status, 304);
}

TEST(RemoteProvider, ANewVersionReplacesWhatWasKnown) {
  Bench bench(kFlags);
  Client client(
      std::make_shared<Ofrep>(OfrepOptions{.remote = remote(), .bulk = true}, bench.host));
  EXPECT_EQ(client.get_integer_value("n", 0, user("user-1")), 7);
  bench.change(R"({"n": {"value": 8}})");
  EXPECT_EQ(client.get_integer_value("n", 0, user("user-1")), 8);
  EXPECT_EQ(client.get_boolean_details("a", true, user("user-1")).error_code,
            ErrorCode::flag_not_found);
}

// A single flag that came out differently since all of them were told of: the version that the ETag
// names says nothing of it any more, not even that it is back to what it was.
TEST(RemoteProvider, AnETagIsForgottenWithTheFirstFlagThatDiffers) {
  Bench bench(kFlags);
  OfrepOptions options{.remote = remote()};
  options.remote.max_age = std::chrono::minutes{1};
  const auto ofrep = std::make_shared<Ofrep>(options, bench.host);
  Client client(ofrep);
  EXPECT_EQ(client.get_integer_value("n", 0, user("user-1")), 7);
  EXPECT_TRUE(ofrep->refresh());
  bench.host->run_for(std::chrono::minutes{2});
  bench.change(R"({"n": {"value": 8}})");
  EXPECT_EQ(client.get_integer_value("n", 0, user("user-1")), 8);
  bench.change(kFlags);
  EXPECT_TRUE(ofrep->refresh());
  EXPECT_EQ(client.get_integer_value("n", 0, user("user-1")), 7);
}

TEST(RemoteProvider, A304ThatNobodyAskedForIsNoAnswer) {
  Bench bench(kFlags);
  bench.answer_all({.status = 304});
  Client client(
      std::make_shared<Ofrep>(OfrepOptions{.remote = remote(), .bulk = true}, bench.host));
  const auto details = client.get_integer_details("n", 1, user("user-1"));
  EXPECT_EQ(details.value, 1);
  EXPECT_EQ(details.error_code, ErrorCode::general);
  EXPECT_EQ(details.error_message, "status 304");
}

TEST(RemoteProvider, WithinMaxAgeNothingIsAsked) {
  Bench bench(kFlags);
  OfrepOptions options{.remote = remote(), .bulk = true};
  options.remote.max_age = 30s;
  Client client(std::make_shared<Ofrep>(options, bench.host));
  EXPECT_EQ(client.get_integer_details("n", 0, user("user-1")).reason, "TARGETING_MATCH");
  bench.host->run_for(29s);
  const auto cached = client.get_boolean_details("a", false, user("user-1"));
  EXPECT_TRUE(cached.value);
  EXPECT_EQ(cached.reason, "CACHED");
  EXPECT_EQ(bench.requests(), 1u);
  bench.host->run_for(2s);
  EXPECT_EQ(client.get_integer_details("n", 0, user("user-1")).reason, "TARGETING_MATCH");
  EXPECT_EQ(bench.requests(), 2u);
}

TEST(RemoteProvider, AnOutageIsBridgedAndTheRecoveryIsNoticed) {
  Bench bench(kFlags);
  OfrepOptions options{.remote = remote()};
  options.remote.max_stale = 10min;
  Client client(std::make_shared<Ofrep>(options, bench.host));
  EXPECT_EQ(client.get_integer_value("n", 0, user("user-1")), 7);
  const auto heard = listen(client);

  bench.answer_all({.status = 503});
  bench.host->run_for(5min);
  const auto stale = client.get_integer_details("n", 0, user("user-1"));
  EXPECT_EQ(stale.value, 7);
  EXPECT_EQ(stale.reason, "STALE");
  EXPECT_EQ(client.provider_status(), ProviderStatus::stale);
  // Nothing is known of this one.
  EXPECT_EQ(client.get_integer_details("n", 0, user("user-9")).error_message, "status 503");

  bench.host->run_for(6min);
  EXPECT_EQ(client.get_integer_details("n", 1, user("user-1")).error_code, ErrorCode::general);

  bench.answer_all({});
  EXPECT_EQ(client.get_integer_details("n", 0, user("user-1")).reason, "TARGETING_MATCH");
  EXPECT_EQ(client.provider_status(), ProviderStatus::ready);
  EXPECT_EQ(*heard, (std::vector<std::string>{"PROVIDER_STALE", "ready"}));
}

// The evaluation waits in vain, and the poll that begins later does not.
TEST(RemoteProvider, WhatAPollBroughtMeanwhileIsNewerThanWhatWasKnown) {
  Bench bench(kFlags);
  OfrepOptions options{.remote = remote(), .bulk = true};
  options.remote.timeout = std::chrono::seconds{10};
  options.remote.poll_interval = std::chrono::seconds{30};
  Client client(std::make_shared<Ofrep>(options, bench.host));
  EXPECT_EQ(client.get_integer_value("n", 0, user("user-1")), 7);
  bench.host->run_for(std::chrono::seconds{25});
  bench.change(R"({"n": {"value": 8}})");
  mock::Step silence;
  silence.fault = http::Fault::no_answer;
  bench.server.enqueue({silence});
  EXPECT_EQ(client.get_integer_value("n", 0, user("user-1")), 8);
}

TEST(RemoteProvider, WithNothingToFallBackOnItIsInError) {
  Bench bench(kFlags);
  bench.answer_all({.fault = http::Fault::reset_before});
  Client client(std::make_shared<Ofrep>(OfrepOptions{.remote = remote()}, bench.host));
  const auto details = client.get_integer_details("n", 3, user("user-1"));
  EXPECT_EQ(details.value, 3);
  EXPECT_TRUE(details.error_message.starts_with("reset")) << details.error_message;
  EXPECT_EQ(client.provider_status(), ProviderStatus::error);
}

TEST(RemoteProvider, TheServersPatienceIsHonoured) {
  Bench bench(kFlags);
  Client client(std::make_shared<Ofrep>(OfrepOptions{.remote = remote()}, bench.host));
  bench.server.enqueue({{.status = 429, .headers = {{"Retry-After", "60"}}}});
  EXPECT_EQ(client.get_integer_details("n", 1, user("user-1")).error_message, "status 429");
  bench.host->run_for(59s);
  const auto details = client.get_integer_details("n", 1, user("user-2"));
  EXPECT_EQ(details.error_code, ErrorCode::general);
  EXPECT_EQ(bench.requests(), 1u);
  bench.host->run_for(1s);
  EXPECT_EQ(client.get_integer_value("n", 1, user("user-2")), 7);
}

TEST(RemoteProvider, AHostileRetryAfterIsCut) {
  Bench bench(kFlags);
  OfrepOptions options{.remote = remote()};
  options.remote.max_retry_after = 5min;
  Client client(std::make_shared<Ofrep>(options, bench.host));
  bench.server.enqueue({{.status = 429, .headers = {{"Retry-After", "99999999999"}}}});
  client.get_integer_value("n", 1, user("user-1"));
  bench.host->run_for(5min);
  EXPECT_EQ(client.get_integer_value("n", 1, user("user-1")), 7);
}

TEST(RemoteProvider, ThePollerBringsWhatIsRememberedUpToDate) {
  Bench bench(kFlags);
  OfrepOptions options{.remote = remote(), .bulk = true};
  options.remote.max_age = 1h;
  options.remote.poll_interval = 30s;
  auto provider = std::make_shared<Ofrep>(options, bench.host);
  Client client(provider);
  EXPECT_EQ(client.get_integer_value("n", 0, user("user-1")), 7);
  std::vector<std::string> changed;
  client.on(ProviderEventType::configuration_changed,
            [&](const ProviderEvent& event) { changed = event.flags_changed; });
  bench.host->run_for(31s);
  EXPECT_EQ(bench.requests(), 2u);
  EXPECT_EQ(bench.last().status, 304);
  EXPECT_TRUE(changed.empty());

  bench.change(R"({"a": {"value": true}, "n": {"value": 8}})");
  bench.host->run_for(30s);
  EXPECT_EQ(changed, std::vector<std::string>{"n"});
  EXPECT_EQ(client.get_integer_details("n", 0, user("user-1")).reason, "CACHED");
  EXPECT_EQ(client.get_integer_value("n", 0, user("user-1")), 8);
}

// Whoever hears of an event may be the last who holds the provider. (AddressSanitizer sees more.)
TEST(RemoteProvider, MayEndWhileItTellsWhatItsPollerBrought) {
  for (const bool by_change : {true, false}) {
    Bench bench(kFlags);
    OfrepOptions options{.remote = remote(), .bulk = true};
    options.remote.poll_interval = 30s;
    auto client = std::make_unique<Client>(std::make_shared<Ofrep>(options, bench.host));
    client->get_integer_value("n", 0, user("user-1"));
    for (const auto type : {ProviderEventType::configuration_changed, ProviderEventType::stale}) {
      client->on(type, [&](const ProviderEvent&) { client.reset(); });
    }
    if (by_change) {
      bench.change(R"({"a": {"value": true}, "n": {"value": 8}})");
    } else {
      bench.answer_all({.status = 503});
    }
    bench.host->run_for(10min);
    EXPECT_EQ(client, nullptr);
    EXPECT_EQ(bench.requests(), 2u);
  }
}

TEST(RemoteProvider, ThePollerEndsWhenItsCredentialsAreRefused) {
  Bench bench(kFlags);
  OfrepOptions options{.remote = remote(), .bulk = true};
  options.remote.poll_interval = 30s;
  auto provider = std::make_shared<Ofrep>(options, bench.host);
  Client client(provider);
  client.get_integer_value("n", 0, user("user-1"));
  bench.answer_all({.status = 401});
  bench.host->run_for(10min);
  EXPECT_EQ(bench.requests(), 2u);
  EXPECT_EQ(client.provider_status(), ProviderStatus::stale);
  bench.answer_all({});
  EXPECT_TRUE(provider->refresh());
  bench.host->run_for(31s);
  EXPECT_EQ(bench.requests(), 4u);
}

TEST(RemoteProvider, RefreshAsksForEveryRememberedContext) {
  Bench bench(kFlags);
  auto provider =
      std::make_shared<Ofrep>(OfrepOptions{.remote = remote(), .bulk = true}, bench.host);
  Client client(provider);
  for (int i = 0; i < 20; ++i) client.get_integer_value("n", 0, user(std::to_string(i)));
  EXPECT_TRUE(provider->refresh());
  EXPECT_EQ(bench.requests(), 40u);
  bench.answer_all({.status = 500});
  EXPECT_FALSE(provider->refresh());
  EXPECT_FALSE(provider->is_healthy());
}

// A thousand contexts would be a hundred timeouts.
TEST(RemoteProvider, ARefreshEndsWithTheFirstRoundThatNobodyAnswers) {
  for (const mock::Step& outage :
       {mock::Step{.fault = http::Fault::no_answer}, mock::Step{.status = 503}}) {
    Bench bench(kFlags);
    const auto provider =
        std::make_shared<Ofrep>(OfrepOptions{.remote = remote(), .bulk = true}, bench.host);
    Client client(provider);
    for (int i = 0; i < 40; ++i) client.get_integer_value("n", 0, user(std::to_string(i)));
    // One answer among them: the server is there, and the next round is asked too.
    bench.answer_all(outage);
    bench.server.enqueue({{.status = 404}});
    const Instant began = bench.host->clock().now();
    EXPECT_FALSE(provider->refresh());
    EXPECT_EQ(bench.requests(), 56u);
    EXPECT_LE(bench.host->clock().now() - began, 2 * remote().timeout);
    EXPECT_EQ(client.provider_status(), ProviderStatus::stale);
  }
}

TEST(RemoteProvider, ARoundOfThePollerEndsWhenNobodyAnswers) {
  Bench bench(kFlags);
  OfrepOptions options{.remote = remote(), .bulk = true};
  options.remote.poll_interval = 5min;
  Client client(std::make_shared<Ofrep>(options, bench.host));
  for (int i = 0; i < 20; ++i) client.get_integer_value("n", 0, user(std::to_string(i)));
  bench.answer_all({.status = 503});
  bench.server.enqueue({{.status = 503}, {.status = 503}, {.status = 404}});
  bench.host->run_for(6min);
  EXPECT_EQ(bench.requests(), 20u + 3u + 3u);
  EXPECT_EQ(client.provider_status(), ProviderStatus::stale);
  bench.answer_all({});
  bench.host->run_for(5min);
  EXPECT_EQ(bench.requests(), 26u + 20u);
  EXPECT_EQ(client.provider_status(), ProviderStatus::ready);
}

TEST(RemoteProvider, MemoryIsBoundedAndTheOldestGoesFirst) {
  Bench bench(kFlags);
  OfrepOptions options{.remote = remote(), .bulk = true};
  options.remote.max_contexts = 2;
  auto provider = std::make_shared<Ofrep>(options, bench.host);
  Client client(provider);
  client.get_integer_value("n", 0, user("user-1"));
  client.get_integer_value("n", 0, user("user-2"));
  client.get_integer_value("n", 0, user("user-1"));
  client.get_integer_value("n", 0, user("user-3"));
  EXPECT_EQ(provider->remembered(), 2u);
  bench.answer_all({.status = 503});
  EXPECT_EQ(client.get_integer_details("n", 0, user("user-1")).reason, "STALE");
  EXPECT_EQ(client.get_integer_details("n", 0, user("user-2")).reason, "ERROR");
}

TEST(RemoteProvider, WhatIsNoAnswerIsAnErrorAndNeverACrash) {
  for (const std::string body :
       {"", "[]", "{\"flags\": 3}", "{\"flags\": [3]}", "nonsense", "{}"}) {
    Bench bench(kFlags);
    bench.answer_all({.body = body});
    for (const bool bulk : {false, true}) {
      Client client(
          std::make_shared<Ofrep>(OfrepOptions{.remote = remote(), .bulk = bulk}, bench.host));
      EXPECT_EQ(client.get_integer_value("n", 42, user("user-1")), 42) << body;
    }
  }
}

TEST(RemoteProvider, AnEvaluationInACallbackOfTheHostDoesNotWait) {
  Bench bench(kFlags);
  Client client(std::make_shared<Ofrep>(OfrepOptions{.remote = remote()}, bench.host));
  Requester other({}, bench.host);
  std::int64_t value = 0;
  other.run_at(Instant{1s}, [&] { value = client.get_integer_value("n", 5, user("user-1")); });
  bench.host->run_for(2s);
  EXPECT_EQ(value, 5);
}

TEST(RemoteProvider, BadOptionsAreNamed) {
  const auto option_of = [](RemoteOptions options) -> std::string {
    try {
      mock::Server server;
      Ofrep provider({.remote = std::move(options)}, std::make_shared<SimHost>(server));
    } catch (const ConfigError& problem) {
      return problem.option();
    }
    return "";
  };
  EXPECT_EQ(option_of({}), "base_url");
  EXPECT_EQ(option_of({.base_url = "http://a.test?x=1"}), "base_url");
  EXPECT_EQ(option_of({.base_url = "http://a.test", .timeout = 0s}), "timeout");
  EXPECT_EQ(option_of({.base_url = "http://a.test", .poll_interval = -1s}), "poll_interval");
}

}  // namespace
}  // namespace lockstep::providers
