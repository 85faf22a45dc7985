// The five backends against the mock's endpoints: what they send, and what they make of the
// answers. The traps of their protocols have a test each, named after them.
#include <gtest/gtest.h>

#include <map>

#include "clock/system_clock.h"
#include "mockserver/http_front.h"
#include "providers/launchdarkly.h"
#include "providers/ofrep.h"
#include "providers/posthog.h"
#include "providers/statsig.h"
#include "providers/unleash.h"
#include "sdk/host/thread_host.h"
#include "sdk/options.h"
#include "tests/providers/bench.h"

namespace lockstep::providers {
namespace {

using nlohmann::json;
using openfeature::Client;
using openfeature::ErrorCode;
using openfeature::EvaluationContext;
using openfeature::FlagQuery;
using openfeature::FlagType;
using openfeature::Structure;
using openfeature::Value;

constexpr const char* kFlags = R"({
  "on": {"value": true, "variant": "on"},
  "off": {"value": false},
  "text": {"value": "v2", "variant": "new"},
  "half": {"value": 0.5},
  "object": {"value": {"a": [1]}, "variant": "big", "payload": {"a": [1]}},
  "valueless": {"reason": "DEFAULT"},
  "broken": {"error": "PARSE_ERROR"}
})";

template <typename Provider, typename Options>
Client client_of(Bench& bench, Options options) {
  options.remote = remote();
  return Client(std::make_shared<Provider>(std::move(options), bench.host));
}

// --- OFREP ---------------------------------------------------------------------------------------

TEST(Ofrep, ASingleFlagIsAskedForByItsKey) {
  Bench bench(R"({"a/b c": {"value": "x", "variant": "v", "metadata": {"tier": 1}}})");
  Client client = client_of<Ofrep>(bench, OfrepOptions{.token = "secret"});
  EvaluationContext context("user-1");
  context.set("plan", "pro").set("seats", 3);
  const auto details = client.get_string_details("a/b c", "?", context);
  EXPECT_EQ(details.value, "x");
  EXPECT_EQ(details.variant, "v");
  EXPECT_EQ(details.metadata, (Structure{{"tier", 1}}));
  EXPECT_EQ(bench.last().path, "/ofrep/v1/evaluate/flags/a%2Fb%20c");
  EXPECT_EQ(bench.last().headers.get("Authorization"), "Bearer secret");
  EXPECT_EQ(bench.last_body(),
            (json{{"context", {{"targetingKey", "user-1"}, {"plan", "pro"}, {"seats", 3}}}}));
}

TEST(Ofrep, ABatchIsOneRequest) {
  Bench bench(kFlags);
  Ofrep provider({.remote = remote()}, bench.host);
  const std::vector<FlagQuery> queries{
      {"on", FlagType::boolean}, {"missing", FlagType::string}, {"broken", FlagType::string}};
  const auto answers = provider.evaluate_batch(queries, user("user-1"));
  EXPECT_EQ(answers[0].value, Value(true));
  EXPECT_EQ(answers[1].error_code, ErrorCode::flag_not_found);
  EXPECT_EQ(answers[2].error_code, ErrorCode::parse_error);
  EXPECT_EQ(bench.requests(), 1u);
}

TEST(Ofrep, AFlagWithoutAValueIsTheCallersDefaultAndNoError) {
  Bench bench(kFlags);
  Client client = client_of<Ofrep>(bench, OfrepOptions{});
  const auto details = client.get_integer_details("valueless", 7, user("user-1"));
  EXPECT_EQ(details.value, 7);
  EXPECT_FALSE(details.error_code);
  EXPECT_EQ(details.reason, "DEFAULT");
}

TEST(Ofrep, TypesAreCheckedByTheClient) {
  Bench bench(kFlags);
  Client client = client_of<Ofrep>(bench, OfrepOptions{});
  EXPECT_EQ(client.get_integer_details("half", 1, user("user-1")).error_code,
            ErrorCode::type_mismatch);
  EXPECT_EQ(client.get_double_value("half", 1, user("user-1")), 0.5);
}

TEST(Ofrep, TheServersErrorCodesComeThrough) {
  Bench bench(kFlags);
  Client client = client_of<Ofrep>(bench, OfrepOptions{});
  EXPECT_EQ(client.get_boolean_details("missing", true, user("user-1")).error_code,
            ErrorCode::flag_not_found);
  EXPECT_EQ(client.get_boolean_details("broken", true, user("user-1")).error_code,
            ErrorCode::parse_error);
  EXPECT_EQ(client.get_boolean_details("on", true).error_code, ErrorCode::targeting_key_missing);
  EXPECT_EQ(client.provider_status(), openfeature::ProviderStatus::ready);
}

TEST(Ofrep, ARefusalOfAllFlagsIsAnOutageAndNoKnowledge) {
  Bench bench(kFlags);
  Client client = client_of<Ofrep>(bench, OfrepOptions{.bulk = true});
  const mock::Step refusal{.status = 400,
                           .body = R"({"errorCode": "PARSE_ERROR", "errorDetails": "no JSON"})"};
  bench.server.enqueue({refusal});
  const auto unknown = client.get_boolean_details("on", false, user("user-1"));
  EXPECT_EQ(unknown.error_code, ErrorCode::parse_error);
  EXPECT_EQ(unknown.error_message, "no JSON");
  EXPECT_EQ(client.provider_status(), openfeature::ProviderStatus::error);

  EXPECT_TRUE(client.get_boolean_value("on", false, user("user-1")));
  bench.host->run_for(std::chrono::seconds{1});
  bench.server.enqueue({refusal, {.status = 503}});
  for (const char* why : {"refused", "out"}) {
    const auto stale = client.get_string_details("text", "", user("user-1"));
    EXPECT_EQ(stale.value, "v2") << why;
    EXPECT_EQ(stale.reason, "STALE") << why;
    EXPECT_EQ(client.provider_status(), openfeature::ProviderStatus::stale) << why;
  }
  EXPECT_EQ(client.get_string_details("text", "", user("user-1")).reason, "TARGETING_MATCH");
}

TEST(Ofrep, ARefreshThatIsRefusedKeepsWhatIsKnown) {
  Bench bench(kFlags);
  OfrepOptions options{.remote = remote()};
  options.remote.max_age = std::chrono::hours{1};
  const auto provider = std::make_shared<Ofrep>(options, bench.host);
  Client client(provider);
  EXPECT_TRUE(client.get_boolean_value("on", false, user("user-1")));
  bench.server.enqueue({{.status = 400, .body = R"({"errorCode": "GENERAL"})"}});
  EXPECT_FALSE(provider->refresh());
  EXPECT_EQ(client.get_boolean_details("on", false, user("user-1")).reason, "CACHED");
  EXPECT_EQ(client.get_string_value("text", "", user("user-1")), "v2");
}

// In a bulk answer the ETag names the version in which it could not be evaluated, not the value
// that stays.
TEST(Ofrep, AFlagThatCouldNotBeEvaluatedKeepsItsValue) {
  for (const std::string code : {"PARSE_ERROR", "GENERAL"}) {
    for (const bool bulk : {false, true}) {
      Bench bench(R"({"n": {"value": 7}})");
      Client client = client_of<Ofrep>(bench, OfrepOptions{.bulk = bulk});
      EXPECT_EQ(client.get_integer_value("n", 0, user("user-1")), 7);
      bench.host->run_for(std::chrono::seconds{1});
      bench.change(R"({"n": {"error": ")" + code + R"("}})");
      for (int i = 0; i < 2; ++i) {
        const auto stale = client.get_integer_details("n", 0, user("user-1"));
        EXPECT_EQ(stale.value, 7) << code << bulk;
        EXPECT_EQ(stale.reason, "STALE") << code << bulk;
        EXPECT_EQ(client.provider_status(), openfeature::ProviderStatus::ready);
      }
      const auto unknown = client.get_integer_details("n", 0, user("user-2"));
      EXPECT_EQ(to_string(*unknown.error_code), code) << bulk;
      bench.answer_all({.status = 503});
      EXPECT_EQ(client.get_integer_details("n", 0, user("user-1")).reason, "STALE");
    }
  }
}

TEST(Ofrep, WhatIsWrongWithTheContextIsToldAndNotRemembered) {
  for (const std::string code : {"TARGETING_KEY_MISSING", "INVALID_CONTEXT"}) {
    for (const bool bulk : {false, true}) {
      Bench bench(R"({"n": {"value": 7}})");
      Client client = client_of<Ofrep>(bench, OfrepOptions{.bulk = bulk});
      EXPECT_EQ(client.get_integer_value("n", 0, user("user-1")), 7);
      bench.host->run_for(std::chrono::seconds{1});
      bench.server.enqueue(
          {{.status = 400, .body = R"({"errorCode": ")" + code + "\"}"}, {.status = 503}});
      const auto told = client.get_integer_details("n", 0, user("user-1"));
      EXPECT_EQ(told.value, 0);
      EXPECT_EQ(to_string(*told.error_code), code) << bulk;
      EXPECT_EQ(client.provider_status(), openfeature::ProviderStatus::ready);
      const auto stale = client.get_integer_details("n", 0, user("user-1"));
      EXPECT_EQ(stale.value, 7) << code << bulk;
      EXPECT_EQ(stale.reason, "STALE") << code << bulk;
    }
  }
}

OfrepOptions options_from(const std::map<std::string, std::string>& variables) {
  return ofrep_options_from_environment([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(Ofrep, TheEnvironmentSaysWhereTheServerIsAndHowToAskIt) {
  const OfrepOptions options =
      options_from({{"OFREP_ENDPOINT", "https://flags.test"},
                    {"OFREP_HEADERS", " Authorization=Bearer%20a+b== ,X-Custom=%76alue"},
                    {"OFREP_TIMEOUT_MS", "2500"}});
  EXPECT_EQ(options.remote.base_url, "https://flags.test");
  EXPECT_EQ(options.remote.timeout, std::chrono::milliseconds{2500});
  const std::vector<std::pair<std::string, std::string>> headers{{"Authorization", "Bearer a+b=="},
                                                                 {"X-Custom", "value"}};
  EXPECT_EQ(options.remote.headers, headers);

  Bench bench(kFlags);
  Client client(std::make_shared<Ofrep>(options, bench.host));
  EXPECT_EQ(client.get_string_value("text", "", user("user-1")), "v2");
  EXPECT_EQ(bench.last().headers.get("Authorization"), "Bearer a+b==");
}

TEST(Ofrep, AnEnvironmentThatSaysNothingLeavesTheDefaults) {
  for (const OfrepOptions& options :
       {options_from({}),
        options_from({{"OFREP_ENDPOINT", ""}, {"OFREP_HEADERS", ""}, {"OFREP_TIMEOUT_MS", ""}})}) {
    EXPECT_EQ(options.remote.base_url, "");
    EXPECT_TRUE(options.remote.headers.empty());
    EXPECT_EQ(options.remote.timeout, RemoteOptions{}.timeout);
  }
}

TEST(Ofrep, AWrongVariableIsNamedAndNotQuoted) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"OFREP_ENDPOINT", "secret.test"},
      {"OFREP_ENDPOINT", "ftp://secret.test"},
      {"OFREP_ENDPOINT", "http://a/?secret"},
      {"OFREP_HEADERS", "secret"},
      {"OFREP_HEADERS", "=secret"},
      {"OFREP_HEADERS", "secret="},
      {"OFREP_HEADERS", "a=b,,secret=c"},
      {"OFREP_HEADERS", "a=b%0d%0asecret: c"},
      {"OFREP_TIMEOUT_MS", "0"},
      {"OFREP_TIMEOUT_MS", "-1"},
      {"OFREP_TIMEOUT_MS", "1.5"},
      {"OFREP_TIMEOUT_MS", "5s"}};
  for (const auto& [name, value] : wrong) {
    try {
      options_from({{name, value}});
      ADD_FAILURE() << name << "=" << value;
    } catch (const ConfigError& problem) {
      EXPECT_EQ(problem.option(), name);
      EXPECT_EQ(std::string(problem.what()).find("secret"), std::string::npos) << value;
    }
  }
}

// --- Unleash -------------------------------------------------------------------------------------

TEST(Unleash, TheContextIsInTheQuery) {
  Bench bench(kFlags);
  Client client =
      client_of<Unleash>(bench, UnleashOptions{.token = "frontend", .app_name = "shop"});
  EvaluationContext context("user-1");
  context.set("sessionId", "s-1").set("plan", "a&b").set("seats", 3);
  EXPECT_TRUE(client.get_boolean_value("on", false, context));
  EXPECT_EQ(bench.last().query,
            "appName=shop&properties%5Bplan%5D=a%26b&properties%5Bseats%5D=3&sessionId=s-1"
            "&userId=user-1");
  EXPECT_EQ(bench.last().headers.get("Authorization"), "frontend");
}

TEST(Unleash, AbsenceMeansOffOrUnknownAndIsNeverFlagNotFound) {
  Bench bench(kFlags);
  Client client = client_of<Unleash>(bench, UnleashOptions{.token = "t"});
  for (const char* key : {"off", "missing"}) {
    const auto details = client.get_boolean_details(key, true, user("user-1"));
    EXPECT_FALSE(details.value) << key;
    EXPECT_FALSE(details.error_code) << key;
    EXPECT_EQ(details.reason, "UNKNOWN") << key;
    const auto text = client.get_string_details(key, "fallback", user("user-1"));
    EXPECT_EQ(text.value, "fallback") << key;
    EXPECT_FALSE(text.error_code) << key;
  }
}

TEST(Unleash, ValuesComeFromTheVariantsPayload) {
  Bench bench(kFlags);
  Client client = client_of<Unleash>(bench, UnleashOptions{.token = "t"});
  const auto details = client.get_string_details("text", "?", user("user-1"));
  EXPECT_EQ(details.value, "v2");
  EXPECT_EQ(details.variant, "new");
  EXPECT_EQ(client.get_string_value("on", "?", user("user-1")), "on");  // no payload: the name
  EXPECT_EQ(client.get_object_value("object", Structure{}, user("user-1")),
            Value(Structure{{"a", openfeature::List{1}}}));
  EXPECT_EQ(client.get_integer_details("text", 1, user("user-1")).error_code,
            ErrorCode::type_mismatch);
}

// --- LaunchDarkly --------------------------------------------------------------------------------

TEST(LaunchDarkly, TheContextIsInThePathOrInTheBody) {
  Bench bench(kFlags);
  EvaluationContext context("user-1");
  context.set("plan", "pro?");
  Client get = client_of<LaunchDarkly>(bench, LaunchDarklyOptions{.sdk_key = "sdk-1"});
  EXPECT_EQ(get.get_string_value("text", "", context), "v2");
  EXPECT_EQ(bench.last().method, "GET");
  EXPECT_EQ(bench.last().path,
            "/sdk/evalx/contexts/eyJrZXkiOiJ1c2VyLTEiLCJraW5kIjoidXNlciIsInBsYW4iOiJwcm8_In0=");
  EXPECT_EQ(bench.last().query, "withReasons=true");
  EXPECT_EQ(bench.last().headers.get("Authorization"), "sdk-1");

  Client report =
      client_of<LaunchDarkly>(bench, LaunchDarklyOptions{.sdk_key = "k", .report = true});
  EXPECT_EQ(report.get_string_value("text", "", context), "v2");
  EXPECT_EQ(bench.last().method, "REPORT");
  EXPECT_EQ(bench.last().query, "withReasons=true");
  EXPECT_EQ(bench.last_body(), (json{{"kind", "user"}, {"key", "user-1"}, {"plan", "pro?"}}));
}

// A method that no HTTP library knows by heart, with a body: both must survive libcurl and the
// wire.
TEST(LaunchDarkly, AReportGoesOverRealSocketsAsItIs) {
  Bench bench(kFlags);
  SystemClock clock;
  mock::HttpFront front(bench.server, clock);
  front.listen();
  LaunchDarklyOptions options{.sdk_key = "k", .report = true};
  options.remote.base_url = front.origin();
  Client client(std::make_shared<LaunchDarkly>(options, ThreadHost::create()));
  for (const char* key : {"user-1", "user-2"}) {
    ASSERT_EQ(client.get_string_value("text", "", user(key)), "v2");
    EXPECT_EQ(bench.last().method, "REPORT");
    EXPECT_EQ(bench.last().path, "/sdk/evalx/context");
    EXPECT_EQ(bench.last_body(), (json{{"kind", "user"}, {"key", key}}));
  }
  EXPECT_EQ(front.connections(), 1u);  // the next one finds its connection as it should be
}

TEST(LaunchDarkly, ReasonsAndErrorsAreOpenFeatures) {
  Bench bench(R"({"rule": {"value": 1, "variant": 0, "reason": "RULE_MATCH"},
                  "off": {"value": 2, "reason": "OFF"},
                  "own": {"value": 3, "reason": "PREREQUISITE_FAILED"},
                  "error": {"value": null, "reason": "ERROR"}})");
  Client client = client_of<LaunchDarkly>(bench, LaunchDarklyOptions{.sdk_key = "k"});
  const auto rule = client.get_integer_details("rule", 0, user("user-1"));
  EXPECT_EQ(rule.reason, "TARGETING_MATCH");
  EXPECT_EQ(rule.variant, "0");
  EXPECT_EQ(client.get_integer_details("off", 0, user("user-1")).reason, "DISABLED");
  EXPECT_EQ(client.get_integer_details("own", 0, user("user-1")).reason, "PREREQUISITE_FAILED");
  EXPECT_EQ(client.get_integer_details("error", 0, user("user-1")).error_code, ErrorCode::general);
  EXPECT_EQ(client.get_integer_details("missing", 0, user("user-1")).error_code,
            ErrorCode::flag_not_found);
}

TEST(LaunchDarkly, ANullValueIsTheCallersDefaultAndNoError) {
  Bench bench(R"({"a": {"value": null, "variant": null, "reason": "OFF"}})");
  Client client = client_of<LaunchDarkly>(bench, LaunchDarklyOptions{.sdk_key = "k"});
  const auto details = client.get_string_details("a", "fallback", user("user-1"));
  EXPECT_EQ(details.value, "fallback");
  EXPECT_FALSE(details.error_code);
}

TEST(LaunchDarkly, WithoutAKeyNothingIsAsked) {
  Bench bench(kFlags);
  Client client = client_of<LaunchDarkly>(bench, LaunchDarklyOptions{.sdk_key = "k"});
  EXPECT_EQ(client.get_boolean_details("on", true).error_code, ErrorCode::targeting_key_missing);
  EXPECT_EQ(bench.requests(), 0u);
}

// --- Statsig -------------------------------------------------------------------------------------

TEST(Statsig, ABooleanIsAGateAndAnObjectAConfig) {
  Bench bench(kFlags);
  Client client = client_of<Statsig>(bench, StatsigOptions{.api_key = "key"});
  EvaluationContext context("user-1");
  context.set("email", "a@b.test").set("plan", "pro");
  EXPECT_TRUE(client.get_boolean_value("on", false, context));
  EXPECT_EQ(bench.last().path, "/v1/check_gate");
  EXPECT_EQ(bench.last().headers.get("statsig-api-key"), "key");
  EXPECT_EQ(bench.last_body(),
            (json{{"gateName", "on"},
                  {"user",
                   {{"userID", "user-1"}, {"email", "a@b.test"}, {"custom", {{"plan", "pro"}}}}}}));
  const auto details = client.get_object_details("object", Structure{}, context);
  EXPECT_EQ(details.value, Value(Structure{{"a", openfeature::List{1}}}));
  EXPECT_EQ(details.variant, "big");
  EXPECT_EQ(bench.last().path, "/v1/get_config");
  EXPECT_EQ(client.get_string_value("text", "", context), "v2");
}

TEST(Statsig, AnUnknownGateSaysFalseAndIsNeverFlagNotFound) {
  Bench bench(kFlags);
  Client client = client_of<Statsig>(bench, StatsigOptions{.api_key = "key"});
  const auto details = client.get_boolean_details("missing", true, user("user-1"));
  EXPECT_FALSE(details.value);
  EXPECT_FALSE(details.error_code);
  EXPECT_EQ(details.reason, "DEFAULT");
  const auto config = client.get_object_details("missing", Structure{{"own", 1}}, user("user-1"));
  EXPECT_EQ(config.value, Value(Structure{{"own", 1}}));
  EXPECT_FALSE(config.error_code);
}

TEST(Statsig, ExposuresAreLoggedByChoiceAndNeverByARefresh) {
  Bench bench(kFlags);
  for (const bool log : {true, false}) {
    Statsig provider({.remote = remote(), .api_key = "key", .log_exposures = log}, bench.host);
    provider.evaluate("on", FlagType::boolean, user("user-1"));
    EXPECT_EQ(bench.last_body().contains("statsigMetadata"), !log);
    provider.refresh();
    EXPECT_EQ(bench.last_body()["statsigMetadata"], (json{{"exposureLoggingDisabled", true}}));
  }
}

TEST(Statsig, AGateAndAConfigOfOneNameAreTwoThings) {
  Bench bench(R"({"x": {"value": {"value": "text"}}})");
  Statsig provider({.remote = remote(), .api_key = "key"}, bench.host);
  const std::vector<FlagQuery> queries{
      {"x", FlagType::boolean}, {"x", FlagType::string}, {"x", FlagType::object}};
  const auto answers = provider.evaluate_batch(queries, user("user-1"));
  EXPECT_EQ(answers[0].value, Value(false));
  EXPECT_EQ(answers[1].value, Value("text"));
  EXPECT_EQ(answers[2].value, Value(Structure{{"value", "text"}}));
  EXPECT_EQ(bench.requests(), 2u);
}

TEST(Statsig, ABatchOfManyFlagsIsAskedForAFewAtATime) {
  Bench bench("{}");
  Statsig provider({.remote = remote(), .api_key = "key"}, bench.host);
  std::vector<FlagQuery> queries;
  for (int i = 0; i < 20; ++i) queries.push_back({std::to_string(i), FlagType::boolean});
  EXPECT_EQ(provider.evaluate_batch(queries, user("user-1")).size(), 20u);
  std::map<Instant, int> at_once;
  for (const auto& entry : bench.server.journal()) ++at_once[entry.arrival.at];
  std::vector<int> rounds;
  for (const auto& [at, count] : at_once) rounds.push_back(count);
  EXPECT_EQ(rounds, (std::vector<int>{8, 8, 4}));
}

TEST(Statsig, NothingMoreOfABatchIsAskedAfterA429) {
  Bench bench("{}");
  Statsig provider({.remote = remote(), .api_key = "key"}, bench.host);
  std::vector<FlagQuery> queries;
  for (int i = 0; i < 20; ++i) queries.push_back({std::to_string(i), FlagType::boolean});
  bench.server.enqueue({{.status = 429, .headers = {{"Retry-After", "60"}}}});
  const auto answers = provider.evaluate_batch(queries, user("user-1"));
  EXPECT_EQ(bench.requests(), 8u);
  EXPECT_EQ(answers[1].value, Value(false));
  EXPECT_EQ(answers.back().error_message, "status 429");
}

TEST(Statsig, ABatchInAnOutageCostsOneTimeout) {
  Bench bench("{}");
  bench.answer_all({.fault = http::Fault::no_answer});
  Statsig provider({.remote = remote(), .api_key = "key"}, bench.host);
  std::vector<FlagQuery> queries;
  for (int i = 0; i < 20; ++i) queries.push_back({std::to_string(i), FlagType::boolean});
  const Instant began = bench.host->clock().now();
  const auto answers = provider.evaluate_batch(queries, user("user-1"));
  EXPECT_EQ(bench.host->clock().now() - began, remote().timeout);
  EXPECT_EQ(answers.back().error_message, answers.front().error_message);
}

// --- PostHog -------------------------------------------------------------------------------------

TEST(Posthog, AsksForWhatItNeedsInOneRequest) {
  Bench bench(kFlags);
  Posthog provider({.remote = remote(), .api_key = "phc_1"}, bench.host);
  EvaluationContext context("user-1");
  context.set("plan", "pro").set("groups", Structure{{"company", "acme"}});
  const std::vector<FlagQuery> queries{{"on", FlagType::boolean}, {"text", FlagType::string}};
  const auto answers = provider.evaluate_batch(queries, context);
  EXPECT_EQ(answers[0].value, Value(true));
  EXPECT_EQ(answers[1].value, Value("new"));
  EXPECT_EQ(bench.requests(), 1u);
  EXPECT_EQ(bench.last().query, "v=2");
  EXPECT_EQ(bench.last_body(),
            (json{{"token", "phc_1"},
                  {"distinct_id", "user-1"},
                  {"groups", {{"company", "acme"}}},
                  {"group_properties", json::object()},
                  {"person_properties", {{"distinct_id", "user-1"}, {"plan", "pro"}}},
                  {"geoip_disable", false},
                  {"flag_keys_to_evaluate", {"on", "text"}}}));
}

TEST(Posthog, EachTypeIsReadFromItsPlace) {
  Bench bench(R"({"n": {"value": true, "variant": "12"},
                  "object": {"value": true, "variant": "x", "payload": {"a": 1}},
                  "on": {"value": true},
                  "off": {"value": false, "variant": "x", "payload": {"a": 1}}})");
  Client client = client_of<Posthog>(bench, PosthogOptions{.api_key = "phc_1"});
  EXPECT_EQ(client.get_integer_value("n", 0, user("user-1")), 12);
  EXPECT_EQ(client.get_object_value("object", Structure{}, user("user-1")),
            Value(Structure{{"a", 1}}));
  EXPECT_EQ(client.get_integer_details("object", 0, user("user-1")).error_code,
            ErrorCode::type_mismatch);
  // On, and nothing of that type: not the flag that was meant.
  for (const auto code : {client.get_string_details("on", "?", user("user-1")).error_code,
                          client.get_double_details("on", 0.5, user("user-1")).error_code,
                          client.get_object_details("on", {}, user("user-1")).error_code}) {
    EXPECT_EQ(code, ErrorCode::type_mismatch);
  }
  // Not enrolled: the caller's default, and no error.
  const auto off = client.get_string_details("off", "fallback", user("user-1"));
  EXPECT_EQ(off.value, "fallback");
  EXPECT_FALSE(off.error_code);
  EXPECT_EQ(off.reason, "DEFAULT");
  EXPECT_FALSE(client.get_boolean_value("off", true, user("user-1")));
}

TEST(Posthog, AMissingFlagIsNotFoundUnlessSomeCouldNotBeComputed) {
  Bench bench(kFlags);
  Client client = client_of<Posthog>(bench, PosthogOptions{.api_key = "phc_1"});
  EXPECT_EQ(client.get_boolean_details("missing", true, user("user-1")).error_code,
            ErrorCode::flag_not_found);
  bench.answer_all({.body = R"({"flags": {}, "errorsWhileComputingFlags": true})"});
  EXPECT_EQ(client.get_boolean_details("missing", true, user("user-2")).error_code,
            ErrorCode::general);
}

TEST(Posthog, AFlagThatCouldNotBeComputedKeepsItsValue) {
  Bench bench(R"({"a": {"value": "v1"}})");
  Client client = client_of<Posthog>(bench, PosthogOptions{.api_key = "phc_1"});
  EXPECT_EQ(client.get_string_value("a", "", user("user-1")), "v1");
  bench.host->run_for(std::chrono::seconds{1});
  bench.change(R"({"a": {"value": false, "failed": true}})");
  const auto details = client.get_string_details("a", "", user("user-1"));
  EXPECT_EQ(details.value, "v1");
  EXPECT_EQ(details.reason, "STALE");
  EXPECT_EQ(client.get_string_details("a", "", user("user-2")).error_code, ErrorCode::general);
}

TEST(Posthog, OverQuotaIsAnOutageAndNotAllOff) {
  Bench bench(kFlags);
  Client client = client_of<Posthog>(bench, PosthogOptions{.api_key = "phc_1"});
  bench.answer_all({.body = R"({"flags": {}, "quotaLimited": ["feature_flags"]})"});
  const auto details = client.get_boolean_details("on", true, user("user-1"));
  EXPECT_TRUE(details.value);
  EXPECT_EQ(details.error_message, "quota_limited");
}

// --- credentials ---------------------------------------------------------------------------------

TEST(Backends, ACredentialIsRequiredAndInNoMessage) {
  mock::Server server;
  const auto host = std::make_shared<SimHost>(server);
  EXPECT_THROW(Unleash({.remote = remote()}, host), ConfigError);
  EXPECT_THROW(LaunchDarkly({.remote = remote()}, host), ConfigError);
  EXPECT_THROW(Statsig({.remote = remote()}, host), ConfigError);
  EXPECT_THROW(Posthog({.remote = remote()}, host), ConfigError);

  Bench bench(kFlags);
  bench.answer_all({.status = 401, .body = "no such key: sdk-secret"});
  Client client = client_of<LaunchDarkly>(bench, LaunchDarklyOptions{.sdk_key = "sdk-secret"});
  EXPECT_EQ(client.get_boolean_details("on", true, user("user-1")).error_message, "status 401");
}

}  // namespace
}  // namespace lockstep::providers
