// The oracles of flags, tracking and tools, each shown a history in which its behaviour is broken,
// and one in which it is kept.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "mockserver/flag_backends.h"
#include "providers/static.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kFlags = R"({"flags": {"text": {"value": "a", "variant": "a",
  "subjects": {"u2": {"value": "b", "variant": "b"}}}}})";
constexpr Duration kWay = milliseconds{1};

Settings without_oracles() {
  Settings settings;
  settings.oracles = false;
  return settings;
}

// A world with a flag provider and what its server knows; the histories are the tests' own.
struct FlagStand {
  explicit FlagStand(const std::string& backend) : world(without_oracles(), 1) {
    FlagLimits limits;
    limits.backend = backend;
    limits.timeout = seconds{1};
    limits.max_stale = minutes{1};
    limits.max_retry_after = minutes{10};
    world.open_flags("flags", providers::Static::from_text(""), limits);
    world.server().script(mock::parse_script(std::string_view(kFlags)), "flags");
  }

  Seen request(const std::string& subject, Duration sent, int status = 200) {
    Seen seen;
    seen.number = ++requests;
    seen.at = Instant{sent + kWay};
    seen.client = "flags";
    seen.reply.response.status = status;
    if (status == 200) {
      seen.reply.response.headers.set(std::string(mock::kFlagsVersionHeader),
                                      world.server().flags("flags").etag());
    }
    seen.question = std::make_shared<mock::FlagQuestion>(
        mock::FlagQuestion{subject, "context of " + subject, {"text"}});
    return seen;
  }

  // An evaluation of "text" that took as long as its request, where it made one.
  Finding evaluated(Oracle& oracle, const std::string& subject, Duration at, const json& told,
                    std::string_view status = "READY", bool asked = true) {
    const std::string provider = "flags";
    const std::string key = "text";
    const json fallback = "default";
    return oracle.evaluated(world,
                            {provider, key, subject, subject, fallback, told, status, Instant{at},
                             Instant{asked ? at + 2 * kWay : at}, asked ? requests - 1 : requests});
  }

  World world;
  std::size_t requests = 0;
};

const json kFresh{{"value", "a"}, {"reason", "TARGETING_MATCH"}};
const json kStale{{"value", "a"}, {"reason", "STALE"}};
const json kNothing{{"value", "default"}, {"reason", "ERROR"}, {"error_code", "GENERAL"}};

TEST(FlagOracle, TakesWhatTheServerSaysAndWhatItSaidBeforeAnOutage) {
  FlagStand stand("ofrep");
  const auto oracle = make_flags_oracle();
  EXPECT_FALSE(oracle->arrived(stand.world, stand.request("u1", seconds{0})));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{0}, kFresh));
  EXPECT_FALSE(oracle->arrived(stand.world, stand.request("u1", seconds{10}, 503)));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{10}, kStale, "STALE"));
  EXPECT_FALSE(oracle->arrived(stand.world, stand.request("u1", seconds{80}, 503)));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{80}, kNothing, "STALE"));
}

TEST(FlagOracle, AValueOfAnotherContextIsABreach) {
  FlagStand stand("ofrep");
  const auto oracle = make_flags_oracle();
  oracle->arrived(stand.world, stand.request("u2", seconds{0}));
  const auto breach = stand.evaluated(*oracle, "u2", seconds{0}, kFresh);
  ASSERT_TRUE(breach);
  EXPECT_NE(breach->expected.find("\"b\""), std::string::npos) << breach->expected;
}

TEST(FlagOracle, AnOldValueIsABreachWhereTheServerHasAnswered) {
  FlagStand stand("ofrep");
  const auto oracle = make_flags_oracle();
  oracle->arrived(stand.world, stand.request("u1", seconds{0}));
  EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{0}, kStale, "STALE"));
}

TEST(FlagOracle, AStaleValueHasToSaySoAndToEnd) {
  FlagStand stand("ofrep");
  const auto oracle = make_flags_oracle();
  oracle->arrived(stand.world, stand.request("u1", seconds{0}));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{0}, kFresh));
  oracle->arrived(stand.world, stand.request("u1", seconds{30}, 503));
  EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{30}, kFresh, "STALE"));
  EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{30}, kStale, "READY"));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{30}, kStale, "STALE"));
  oracle->arrived(stand.world, stand.request("u1", seconds{90}, 503));
  EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{90}, kStale, "STALE"));
}

// What a refresh brought may have been known at its first instant or at its last.
TEST(FlagOracle, WhatARefreshBroughtIsOfTheInstantsFromItsAnswerToItsEnd) {
  FlagStand stand("ofrep");
  const auto oracle = make_flags_oracle();
  oracle->arrived(stand.world, stand.request("u1", seconds{0}));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{0}, kFresh));
  oracle->arrived(stand.world, stand.request("u1", seconds{1}));
  stand.world.clock().advance(seconds{3});
  oracle->returned(stand.world, {"flags", false, Instant{seconds{1}}, kNever});
  oracle->arrived(stand.world, stand.request("u1", seconds{3}, 503));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{3}, kFresh, "STALE"));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{3}, kStale, "STALE"));
  oracle->arrived(stand.world, stand.request("u1", seconds{4}, 503));
  EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{4}, kFresh, "STALE"));
}

// The second of two refreshes at one instant changes nothing about the first.
TEST(FlagOracle, ARefreshSettlesItsOwnAnswersOnly) {
  FlagStand stand("ofrep");
  const auto oracle = make_flags_oracle();
  oracle->arrived(stand.world, stand.request("u1", seconds{-1}));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{-1}, kFresh));
  oracle->arrived(stand.world, stand.request("u1", Duration{0}));
  oracle->returned(stand.world, {"flags", false, Instant{}, kNever});
  stand.world.clock().advance(seconds{3});
  oracle->returned(stand.world, {"flags", false, Instant{}, kNever});
  oracle->arrived(stand.world, stand.request("u1", seconds{3}, 503));
  EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{3}, kFresh, "STALE"));
}

TEST(FlagOracle, AnErrorForAFlagThatUnleashLeavesOutIsABreach) {
  FlagStand stand("unleash");
  stand.world.server().script(mock::parse_script(std::string_view(R"({"flags": {}})")), "flags");
  const auto oracle = make_flags_oracle();
  oracle->arrived(stand.world, stand.request("u1", seconds{0}));
  const json missing{{"value", "default"}, {"reason", "ERROR"}, {"error_code", "FLAG_NOT_FOUND"}};
  EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{0}, missing));
  const json off{{"value", "default"}, {"reason", "UNKNOWN"}};
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{0}, off));
}

TEST(FlagOracle, ARequestBeforeTheRetryAfterIsABreach) {
  FlagStand stand("ofrep");
  const auto oracle = make_flags_oracle();
  Seen limited = stand.request("u1", seconds{0}, 429);
  limited.reply.response.headers.set("Retry-After", "60");
  EXPECT_FALSE(oracle->arrived(stand.world, limited));
  EXPECT_TRUE(oracle->arrived(stand.world, stand.request("u1", seconds{59})));
  EXPECT_FALSE(oracle->arrived(stand.world, stand.request("u1", seconds{61})));
}

TEST(FlagOracle, AnEvaluationThatMayAskHasToAsk) {
  FlagStand stand("ofrep");
  const auto oracle = make_flags_oracle();
  oracle->arrived(stand.world, stand.request("u1", seconds{0}));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{0}, kFresh));
  EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{1}, kFresh, "READY", false));
}

TEST(FlagOracle, AnExposureThatNoEvaluationMadeIsABreach) {
  FlagStand stand("statsig");
  const auto oracle = make_flags_oracle();
  oracle->arrived(stand.world, stand.request("u1", seconds{0}));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{0}, kFresh));
  oracle->arrived(stand.world, stand.request("u1", seconds{5}));  // a refresh
  oracle->arrived(stand.world, stand.request("u1", seconds{9}));
  EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{9}, kFresh));
}

json error(const std::string& code) {
  return {{"value", "default"}, {"reason", "ERROR"}, {"error_code", code}};
}

// An answer in OFREP's words, to a question for one flag or for all.
Seen refusal(FlagStand& stand, Duration at, const std::string& code, bool all = false) {
  Seen seen = stand.request("u1", at, code == "FLAG_NOT_FOUND" ? 404 : 400);
  seen.reply.response.body = json{{"errorCode", code}}.dump();
  if (all) {
    mock::FlagQuestion question = *seen.question;
    question.keys.clear();
    seen.question = std::make_shared<mock::FlagQuestion>(std::move(question));
  }
  return seen;
}

TEST(FlagOracle, AnErrorOfAFlagLeavesWhatWasKnownAndIsToldWhereNothingWas) {
  for (const char* code : {"GENERAL", "PARSE_ERROR"}) {
    FlagStand stand("ofrep");
    const auto oracle = make_flags_oracle();
    oracle->arrived(stand.world, refusal(stand, seconds{0}, code));
    EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{0}, error(code)));
    EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{0}, error("TYPE_MISMATCH")));
    EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{0}, error(code), "ERROR"));
    oracle->arrived(stand.world, stand.request("u1", seconds{1}));
    EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{1}, kFresh));
    oracle->arrived(stand.world, refusal(stand, seconds{2}, code));
    EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{2}, error(code)));
    EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{2}, kStale, "STALE"));
    EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{2}, kStale, "READY"));
    oracle->arrived(stand.world, refusal(stand, seconds{90}, code));
    EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{90}, kStale)) << "too old";
    EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{90}, error("GENERAL")));
  }
}

TEST(FlagOracle, AnErrorOfTheContextIsToldWhateverIsKnown) {
  for (const char* code : {"TARGETING_KEY_MISSING", "INVALID_CONTEXT"}) {
    FlagStand stand("ofrep");
    const auto oracle = make_flags_oracle();
    oracle->arrived(stand.world, stand.request("u1", seconds{0}));
    EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{0}, kFresh));
    oracle->arrived(stand.world, refusal(stand, seconds{1}, code));
    EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{1}, kStale));
    EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{1}, kNothing));
    EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{1}, error(code)));
    oracle->arrived(stand.world, stand.request("u1", seconds{2}, 503));
    EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{2}, kStale, "STALE")) << "what stays";
  }
}

TEST(FlagOracle, AFlagThatIsNotThereIsAnAnswerAndAllThatAreNotAreNone) {
  FlagStand stand("ofrep");
  const auto oracle = make_flags_oracle();
  oracle->arrived(stand.world, stand.request("u1", seconds{0}));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{0}, kFresh));
  oracle->arrived(stand.world, refusal(stand, seconds{1}, "FLAG_NOT_FOUND", true));
  EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{1}, error("FLAG_NOT_FOUND")));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{1}, kStale, "STALE"));
  oracle->arrived(stand.world, refusal(stand, seconds{2}, "FLAG_NOT_FOUND"));
  EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{2}, kStale, "STALE"));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{2}, error("FLAG_NOT_FOUND")));
}

TEST(FlagOracle, AFlagThatItsServerCannotComputeIsNoAnswer) {
  FlagStand stand("ofrep");
  const auto oracle = make_flags_oracle();
  oracle->arrived(stand.world, stand.request("u1", seconds{0}));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{0}, kFresh));
  stand.world.server().script(
      mock::parse_script(std::string_view(R"({"flags": {"text": {"error": "PARSE_ERROR"}}})")),
      "flags");
  oracle->arrived(stand.world, stand.request("u1", seconds{1}));
  EXPECT_TRUE(stand.evaluated(*oracle, "u1", seconds{1}, error("PARSE_ERROR")));
  EXPECT_FALSE(stand.evaluated(*oracle, "u1", seconds{1}, kStale, "READY"));
}

TEST(FlagOracle, TheStaticProviderTellsWhatItsFileSaidWhateverItsServerSays) {
  FlagStand stand("static");
  const auto oracle = make_flags_oracle();
  EXPECT_FALSE(oracle->opened(stand.world, "flags"));
  stand.world.server().script(mock::parse_script(std::string_view(R"({"flags": {}})")), "flags");
  const auto evaluated = [&](const json& told, std::string_view status = "READY") {
    return stand.evaluated(*oracle, "u1", seconds{0}, told, status, false);
  };
  EXPECT_FALSE(evaluated(kFresh));
  EXPECT_TRUE(evaluated(kFresh, "STALE"));
  EXPECT_TRUE(evaluated(kStale));
  EXPECT_TRUE(evaluated(error("FLAG_NOT_FOUND")));
  EXPECT_TRUE(evaluated({{"value", "b"}, {"reason", "TARGETING_MATCH"}}));
}

TEST(FlagOracle, AStaticProvidersFileCountsOnceItWasReadAndABrokenOneTakesNothingAway) {
  FlagStand stand("static");
  const auto oracle = make_flags_oracle();
  EXPECT_FALSE(oracle->opened(stand.world, "flags"));
  const mock::FlagBook none;
  const auto refreshed = [&] {
    return oracle->returned(stand.world, {"flags", false, Instant{}, kNever, 0, std::nullopt});
  };
  const auto evaluated = [&](const json& told, std::string_view status) {
    return stand.evaluated(*oracle, "u1", seconds{0}, told, status, false);
  };
  EXPECT_FALSE(oracle->written(stand.world, "flags", none, true));
  EXPECT_FALSE(evaluated(kFresh, "READY")) << "nobody has read it";
  EXPECT_FALSE(refreshed());
  EXPECT_TRUE(evaluated(kFresh, "READY"));
  EXPECT_FALSE(evaluated(kFresh, "STALE"));
  EXPECT_TRUE(evaluated(error("FLAG_NOT_FOUND"), "STALE"));
  EXPECT_FALSE(oracle->written(stand.world, "flags", none, false));
  EXPECT_FALSE(evaluated(kFresh, "STALE"));
  EXPECT_FALSE(refreshed());
  EXPECT_TRUE(evaluated(kFresh, "READY"));
  EXPECT_FALSE(evaluated(error("FLAG_NOT_FOUND"), "READY"));
}

// --- tracking and tools --------------------------------------------------------------------------

constexpr const char* kEvent = "01941f29-7c00-7000-8000-000000000001";

Seen events(const json& event, const std::string& client) {
  Seen seen;
  seen.client = client;
  seen.request.url.path = "/v1/events:publish";
  seen.decoded = json{{"events", json::array({event})}}.dump();
  seen.parts.push_back({Uuid::parse(uuid_of(event)).value_or(Uuid{}), 0});
  return seen;
}

TEST(TrackingOracle, AZeroThatIsLostIsABreach) {
  World world(without_oracles(), 1);
  const auto oracle = make_tracking_oracle();
  const json members{{"value", 0}, {"context", {{"targeting_key", "u"}}}};
  EXPECT_FALSE(oracle->tracked(world, {*Uuid::parse(kEvent), members}));
  const auto arrived = [&](const json& payload) {
    return oracle->arrived(world, events({{"payload", payload}}, "main"));
  };
  json payload = members;
  payload["event_id"] = kEvent;
  EXPECT_FALSE(arrived(payload));
  payload.erase("value");
  EXPECT_TRUE(arrived(payload));
  payload["value"] = 0;
  payload["context"]["targeting_key"] = "somebody else";
  EXPECT_TRUE(arrived(payload));
}

TEST(ToolOracle, AnotherVersionOrASecondCompletionIsABreach) {
  World world(without_oracles(), 1);
  telemetry::TelemetryOptions options;
  options.write_key = "k";
  options.endpoint = "http://ingest.test";
  world.open_tool("tool", std::move(options));
  const auto oracle = make_tool_oracle();
  const auto arrived = [&](const char* name, const char* id, const char* version,
                           const char* command) {
    return oracle->arrived(
        world, events({{"event", name},
                       {"messageId", id},
                       {"properties",
                        {{"invocation_id", "i"}, {"version", version}, {"command", command}}}},
                      "tool"));
  };
  EXPECT_FALSE(arrived("Command Invoked", "1", "1.0", "import"));
  EXPECT_FALSE(arrived("Command Completed", "2", "1.0", "import"));
  EXPECT_FALSE(arrived("Command Completed", "2", "1.0", "import")) << "a repeat";
  EXPECT_TRUE(arrived("Command Completed", "3", "1.0", "import"));
  EXPECT_TRUE(arrived("Command Completed", "2", "1.0", ""));
  EXPECT_TRUE(arrived("E", "4", "mine", "import"));
}

}  // namespace
}  // namespace lockstep::scenario
