// What flags are made of: reading an answer, the calls as a state machine, and the memory of what
// was reported.
#include <gtest/gtest.h>

#include <set>

#include "bench/allocations.h"
#include "sdk/flags/called_cache.h"
#include "sdk/flags/flag_answer.h"
#include "sdk/flags/flag_calls.h"
#include "tests/sdk/client_bench.h"

namespace lockstep {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kOn = R"({"flags":{"f":{"enabled":true}}})";

FlagResult read(const std::string& body, int status = 200) {
  return read_flag_response({status, {}, body}, "f");
}

// Some megabytes of flags that nobody asked about, of things that are no flags, and one flag.
std::string wide_answer() {
  std::string body = R"({"flags":{)";
  for (int i = 0; i < 30'000; ++i) {
    body += "\"flag-" + std::to_string(i) + R"(-of-many":{"enabled":true,"metadata":{"id":1}},)";
  }
  body += R"("f":{"enabled":true,"variant":"blue","metadata":{"payload":"1"}}},"config":[0)";
  for (int i = 0; i < 500'000; ++i) body += ",[]";
  return body + "]}";
}

FlagCalls::CallNumber begin(FlagCalls& calls) { return calls.begin(calls.encode({"f", "u"}), {}); }

// --- reading an answer
// ----------------------------------------------------------------------------

TEST(FlagAnswers, TheDetailedFormIsRead) {
  EXPECT_EQ(read(R"({"flags":{"f":{"enabled":true,"variant":null}}})").value, FlagValue(true));
  EXPECT_EQ(read(R"({"flags":{"f":{"enabled":false}}})").value, FlagValue(false));
  EXPECT_EQ(read(R"({"flags":{"f":{"enabled":true,"variant":"blue"}}})").value,
            FlagValue(std::string("blue")));
  EXPECT_EQ(read(R"({"flags":{"f":{"enabled":false,"variant":"blue"}}})").value, FlagValue(false));
  const FlagResult paid =
      read(R"({"flags":{"f":{"enabled":true,"variant":"b","metadata":{"payload":"{\"a\":1}"}}}})");
  EXPECT_EQ(paid.value, FlagValue(std::string("b")));
  EXPECT_EQ(paid.payload, R"({"a":1})") << "a JSON text in a string";
  EXPECT_EQ(read(R"({"flags":{"f":{"enabled":true,"metadata":{"payload":{"a":[1]}}}}})").payload,
            R"({"a":[1]})");
  EXPECT_EQ(read(R"({"flags":{"f":{"enabled":true,"metadata":{"payload":null}}}})").payload,
            std::nullopt);
}

TEST(FlagAnswers, ThePlainFormIsRead) {
  EXPECT_EQ(read(R"({"featureFlags":{"f":true}})").value, FlagValue(true));
  const FlagResult paid =
      read(R"({"featureFlags":{"f":"blue"},"featureFlagPayloads":{"f":"[1]","g":"2"}})");
  EXPECT_EQ(paid.value, FlagValue(std::string("blue")));
  EXPECT_EQ(paid.payload, "[1]");
}

TEST(FlagAnswers, AnUnknownFlagHasNoValueAndNoError) {
  for (const char* body : {"{}", R"({"flags":{}})", R"({"flags":{"g":{"enabled":true}}})",
                           R"({"featureFlags":{}})", R"({"featureFlags":["f"]})"}) {
    EXPECT_EQ(read(body).value, std::nullopt) << body;
    EXPECT_EQ(read(body).error, "") << body;
  }
}

TEST(FlagAnswers, WhatIsNoAnswerIsAnError) {
  EXPECT_EQ(read("", 503).error, "status 503");
  EXPECT_EQ(read("not json").error, "the answer is not a JSON object");
  EXPECT_EQ(read("[]").error, "the answer is not a JSON object");
  EXPECT_EQ(read(R"({"quotaLimited":["feature_flags"],"flags":{}})").error, "quota_limited");
  EXPECT_EQ(read(R"({"quotaLimited":["recordings"],"flags":{"f":{"enabled":true}}})").value,
            FlagValue(true));
}

TEST(FlagAnswers, AnAnswerOfWrongTypesIsReadAsFarAsItGoes) {
  for (const char* body :
       {R"({"flags":{"f":{"enabled":"yes","variant":"a"}}})", R"({"flags":{"f":null}})",
        R"({"flags":{"f":{"enabled":null,"variant":"a"}}})", R"({"flags":{"f":{"enabled":1}}})",
        R"({"flags":{"f":{"enabled":true,"variant":7,"metadata":[]}}})", R"({"flags":[1]})",
        R"({"flags":null,"quotaLimited":"feature_flags"})", R"({"featureFlags":{"f":{}}})",
        R"({"featureFlags":{"f":true},"featureFlagPayloads":[]})"}) {
    EXPECT_NO_THROW(static_cast<void>(read(body))) << body;
    EXPECT_EQ(read(body).error, "") << body;
  }
}

TEST(FlagAnswers, ADeepPayloadIsNoStackOverflow) {
  const std::size_t depth = 300'000;
  const std::string deep = std::string(depth, '[') + std::string(depth, ']');
  for (const std::string& body :
       {R"({"flags":{"f":{"enabled":true,"metadata":{"payload":)" + deep + "}}}}",
        R"({"featureFlags":{"f":)" + deep + "}}", R"({"quotaLimited":[)" + deep + "]}",
        std::string(depth, '[')}) {
    EXPECT_EQ(read(body).value, std::nullopt);
    EXPECT_EQ(read(body).error, "the answer nests too deep");
  }
  const std::string sensible = std::string(50, '[') + std::string(50, ']');
  EXPECT_EQ(
      read(R"({"flags":{"f":{"enabled":true,"metadata":{"payload":)" + sensible + "}}}}").payload,
      sensible);
}

TEST(FlagAnswers, WhatIsNotAskedForTakesNoMemory) {
  const http::Response response{200, {}, wide_answer()};
  const std::uint64_t before = bench::allocations_of_this_thread();
  const FlagResult result = read_flag_response(response, "f");
  EXPECT_LT(bench::allocations_of_this_thread() - before, 100u);
  EXPECT_EQ(result.value, FlagValue(std::string("blue")));
  EXPECT_EQ(result.payload, "1");
}

TEST(FlagAnswers, ANameIsWhatItSaysAndTheLastOfItCounts) {
  EXPECT_EQ(read(R"({"fl\u0061gs":{"\u0066":{"enabled":true}}})").value, FlagValue(true));
  EXPECT_EQ(read(R"({"flags":{"f":{"enabled":true},"f":{"enabled":false}}})").value,
            FlagValue(false));
  EXPECT_EQ(read(R"({"flags":{"ff":{"enabled":true},"":{"enabled":true}}})").value, std::nullopt);
  EXPECT_EQ(read(R"({"flags":{"f":{"enabled":true,"variant":"\u00e9\n"}}})").value,
            FlagValue(std::string("\u00e9\n")));
}

TEST(FlagAnswers, EnabledReadsTheValueAsOnOrOff) {
  FlagResult result;
  EXPECT_FALSE(result.enabled());
  EXPECT_TRUE(result.enabled(true));
  result.value = false;
  EXPECT_FALSE(result.enabled(true));
  result.value = std::string("variant");
  EXPECT_TRUE(result.enabled());
}

TEST(FlagCalledCacheTest, KeysAreUnambiguous) {
  const auto key = [](const char* flag, const char* user, std::optional<FlagValue> value,
                      std::map<std::string, std::string> groups = {}) {
    FlagRequest request{flag, user};
    request.groups = std::move(groups);
    FlagResult result;
    result.value = std::move(value);
    return FlagCalledCache::key(request, result);
  };
  const std::set<std::string> keys{key("a_b", "u", FlagValue(std::string("c"))),
                                   key("a", "u", FlagValue(std::string("b_c"))),
                                   key("a", "u", FlagValue(std::string("1"))),
                                   key("a", "u", FlagValue(true)),
                                   key("a", "u", FlagValue(false)),
                                   key("a", "u", std::nullopt),
                                   key("a", "u", FlagValue(std::string())),
                                   key("a", "u", FlagValue(true), {{"g", "h"}}),
                                   key("a", "u", FlagValue(true), {{"gh", ""}}),
                                   key("ua", "", FlagValue(true))};
  EXPECT_EQ(keys.size(), 10u);
}

TEST(FlagCalledCacheTest, ACacheOfNothingRemembersNothing) {
  FlagCalledCache cache(0);
  cache.mark("a");
  EXPECT_FALSE(cache.contains("a"));
  EXPECT_EQ(cache.size(), 0u);
}

// --- the state machine
// ----------------------------------------------------------------------------

TEST(FlagCallsTest, ForgettingACallNamesItsRequestInFlight) {
  FlagCalls calls(ClientBench::options());
  std::vector<FlagCalls::Start> starts;
  const auto waiting = begin(calls);
  EXPECT_EQ(calls.forget(waiting).in_flight, std::nullopt);
  const auto flying = begin(calls);
  calls.advance({}, starts);
  ASSERT_EQ(starts.size(), 1u);
  EXPECT_EQ(starts[0].deadline, Instant{} + seconds{3});
  EXPECT_EQ(calls.next_wake(), kNever);
  const FlagCalls::Forgotten forgotten = calls.forget(flying);
  EXPECT_EQ(forgotten.in_flight, starts[0].request);
  EXPECT_EQ(forgotten.ending, std::nullopt);
  calls.completed(starts[0].request, http::Response{}, {});
  EXPECT_FALSE(calls.ended(flying));
}

TEST(FlagCallsTest, FailingAllFailsWhatHasNoResult) {
  FlagCalls calls(ClientBench::options());
  std::vector<FlagCalls::Start> starts;
  const auto done = begin(calls);
  calls.advance({}, starts);
  calls.completed(starts[0].request, http::Response{200, {}, kOn}, {});
  const auto flying = begin(calls);
  calls.advance({}, starts);
  const auto waiting = begin(calls);
  calls.fail_all("closed");
  calls.completed(starts[1].request, http::Response{200, {}, kOn}, {});
  starts.clear();
  calls.advance({}, starts);
  EXPECT_TRUE(starts.empty());
  EXPECT_EQ(calls.next_wake(), kNever);
  const FlagCalls::Ending closed = "closed";
  EXPECT_EQ(calls.forget(done).ending, FlagCalls::Ending(http::Response{200, {}, kOn}));
  EXPECT_EQ(calls.forget(flying).ending, closed) << "an ending is final";
  EXPECT_EQ(calls.forget(waiting).ending, closed);
}

// The client calls this under its mutex: what a server sends must not decide how long that is held.
TEST(FlagCallsTest, AnAnswerIsTakenAsItCameUnread) {
  const std::string deep = std::string(2'000'000, '[') + std::string(2'000'000, ']');
  for (const std::string& body : {deep, wide_answer()}) {
    FlagCalls calls(ClientBench::options());
    std::vector<FlagCalls::Start> starts;
    const auto call = begin(calls);
    calls.advance({}, starts);
    http::Result result = http::Response{200, {}, body};
    const std::uint64_t before = bench::allocations_of_this_thread();
    calls.completed(starts[0].request, std::move(result), {});
    EXPECT_EQ(bench::allocations_of_this_thread() - before, 0u);
    ASSERT_TRUE(calls.ended(call));
    EXPECT_EQ(std::get<http::Response>(*calls.forget(call).ending).body, body);
  }
}

TEST(FlagCallsTest, TheLongestCallCountsTimeoutsAndBackoffsWithoutOverflow) {
  Options options = ClientBench::options();
  options.flags_max_retries = 2;
  EXPECT_EQ(FlagCalls(options).longest_call(), seconds{9} + milliseconds{900});
  options.flags_max_retries = 4'000'000'000;
  EXPECT_EQ(FlagCalls(options).longest_call(), Duration::max());
}

}  // namespace
}  // namespace lockstep
