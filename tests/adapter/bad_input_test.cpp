// Requests that are wrong: 400 with the name of the member at fault, and nothing has changed.
#include <gtest/gtest.h>

#include <ostream>

#include "tests/adapter/bench.h"

namespace lockstep::adapter {
namespace {

struct BadRequestCase {
  const char* target;
  std::string body;
  const char* field;
};

void PrintTo(const BadRequestCase& each, std::ostream* out) {
  *out << each.target << " " << each.body.substr(0, 100);
}

class BadInput : public testing::TestWithParam<BadRequestCase> {};

TEST_P(BadInput, NamesTheFieldAndChangesNothing) {
  Bench bench;
  bench.init("t-1");
  bench.capture("pending", "t-1");
  const Json before = bench.state("t-1");

  const Answer answer = call_raw(*bench.adapter, bench.host->clock().read(), "POST",
                                 GetParam().target, GetParam().body);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(answer.body["field"], GetParam().field) << answer.body;
  EXPECT_EQ(answer.body["success"], false);
  EXPECT_FALSE(answer.body["error"].get<std::string>().empty());
  EXPECT_EQ(answer.body.dump().find("phc_wrong"), std::string::npos) << answer.body;

  EXPECT_EQ(bench.state("t-1"), before);
  EXPECT_EQ(bench.adapter->instances(), 1u);
  bench.host->run_for(std::chrono::seconds{1});
  EXPECT_TRUE(bench.journal("t-1").empty());
}

constexpr const char* kInit = "/init?test_id=t-1";
constexpr const char* kCapture = "/capture?test_id=t-1";
constexpr const char* kFlag = "/get_feature_flag?test_id=t-1";

const std::string kPlain = R"({"distinct_id":"u","event":"e"})";

// An /init that is right but for `members`.
BadRequestCase init_with(const std::string& members, const char* field) {
  return {kInit, R"({"api_key":"phc_wrong","host":"http://mock.test",)" + members + "}", field};
}

BadRequestCase capture_with(const std::string& members, const char* field) {
  return {kCapture, R"({"distinct_id":"u","event":"e",)" + members + "}", field};
}

BadRequestCase flag_with(const std::string& members, const char* field) {
  return {kFlag, R"({"key":"k","distinct_id":"u",)" + members + "}", field};
}

struct WordsCase {
  BadRequestCase request;
  const char* says;
};

TEST(BadInputWords, SayWhatTheValueShouldHaveBeen) {
  const WordsCase cases[] = {
      {capture_with(R"("timestamp":"9999-12-31T23:59:59Z")", ""), "of the years 1678 to 2261"},
      {init_with("\"flush_at\":1" + std::string(30, '0'), ""), "must be a whole number from 0 to "},
      {init_with(R"("flush_at":1.5)", ""), "must be a whole number from 0 to "},
      {init_with(R"("flush_at":"1")", ""), "must be a whole number, found string"}};
  Bench bench;
  bench.init("t-1");
  for (const auto& [request, says] : cases) {
    const Answer answer =
        call_raw(*bench.adapter, bench.host->clock().read(), "POST", request.target, request.body);
    EXPECT_NE(answer.body["error"].get<std::string>().find(says), std::string::npos) << answer.body;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Body, BadInput,
    testing::Values(BadRequestCase{kInit, "", "body"}, BadRequestCase{kInit, "{", "body"},
                    BadRequestCase{kInit, "[]", "body"}, BadRequestCase{kInit, "null", "body"},
                    BadRequestCase{kInit, "{\"api_key\":\"phc_wrong\x80\"}", "body"},
                    BadRequestCase{kCapture, "\"phc_wrong\" x", "body"},
                    BadRequestCase{kCapture, kPlain + std::string("\0junk", 5), "body"},
                    BadRequestCase{kCapture, "\xEF\xBB\xBF" + kPlain, "body"},
                    capture_with("\"properties\":{\"a\":1e999}", "body"),
                    capture_with("\"properties\":" + std::string(200, '['), "body"),
                    BadRequestCase{"/flush?test_id=t-1", "[]", "body"}));

INSTANTIATE_TEST_SUITE_P(
    Init, BadInput,
    testing::Values(
        BadRequestCase{kInit, R"({"host":"http://mock.test"})", "api_key"},
        BadRequestCase{kInit, R"({"api_key":"phc_wrong"})", "host"},
        BadRequestCase{kInit, R"({"api_key":null,"host":"http://m"})", "api_key"},
        BadRequestCase{kInit, R"({"api_key":"","host":"http://m"})", "api_key"},
        BadRequestCase{kInit, R"({"api_key":"a\nb","host":"http://m"})", "api_key"},
        BadRequestCase{kInit, R"({"api_key":"phc_wrong","host":7})", "host"},
        BadRequestCase{kInit, R"({"api_key":"phc_wrong","host":"phc_wrong"})", "host"},
        init_with(R"("flush_att":1)", "flush_att"), init_with(R"("flush_at":"1")", "flush_at"),
        init_with(R"("flush_at":1.5)", "flush_at"), init_with(R"("flush_at":-1)", "flush_at"),
        init_with(R"("flush_at":0)", "flush_at"),
        init_with(R"("flush_at":18446744073709551616)", "flush_at"),
        init_with(R"("flush_interval":5)", "flush_interval"),
        init_with(R"("flush_interval_ms":0)", "flush_interval_ms"),
        init_with(R"("flush_interval_ms":9300000000000)", "flush_interval_ms"),
        init_with(R"("max_retries":4294967296)", "max_retries"),
        init_with(R"("retry_jitter_percent":101)", "retry_jitter_percent"),
        init_with(R"("retry_max_backoff_ms":1)", "retry_max_backoff_ms"),
        init_with(R"("max_batch_bytes":1000)", "max_batch_bytes"),
        init_with(R"("enable_compression":"yes")", "enable_compression"),
        init_with(R"("enable_compression":true,"compression":"br")", "enable_compression"),
        init_with(R"("compression":"lzma")", "compression"),
        init_with(R"("capture":"v2")", "capture"),
        init_with(R"("queue_full":"explode")", "queue_full"),
        init_with(R"("headers":["a"])", "headers"), init_with(R"("headers":{"a":1})", "headers.a"),
        init_with(R"("headers":{"a":"x\r\ny"})", "headers"),
        init_with(R"("headers":{"x-test-id":"t-2"})", "headers.x-test-id"),
        init_with(R"("super_properties":"plan")", "super_properties"),
        init_with(R"("disable_geoip":1)", "disable_geoip"),
        init_with(R"("before_send":true)", "before_send")));

INSTANTIATE_TEST_SUITE_P(
    Capture, BadInput,
    testing::Values(BadRequestCase{kCapture, R"({"event":"e"})", "distinct_id"},
                    BadRequestCase{kCapture, R"({"distinct_id":"u"})", "event"},
                    BadRequestCase{kCapture, R"({"distinct_id":7,"event":"e"})", "distinct_id"},
                    capture_with(R"("properties":[])", "properties"),
                    capture_with(R"("timestamp":1735689600)", "timestamp"),
                    capture_with(R"("timestamp":"yesterday")", "timestamp"),
                    capture_with(R"("timestamp":"2025-01-02T03:04:05")", "timestamp"),
                    capture_with(R"("timestamp":"2025-02-30T00:00:00Z")", "timestamp"),
                    capture_with(R"("uuid":"7")", "uuid"),
                    capture_with(R"("options":true)", "options"),
                    capture_with(R"("options":{"cookieless_mode":"yes"})",
                                 "options.cookieless_mode"),
                    capture_with(R"("options":{"product_tour_id":7})", "options.product_tour_id"),
                    capture_with(R"("options":{"tour":"x"})", "options.tour"),
                    capture_with(R"("historical":"yes")", "historical"),
                    capture_with(R"("propertys":{})", "propertys"),
                    BadRequestCase{"/capture_ai?test_id=t-1", R"({"event":"e"})", "distinct_id"}));

INSTANTIATE_TEST_SUITE_P(Flag, BadInput,
                         testing::Values(BadRequestCase{kFlag, R"({"distinct_id":"u"})", "key"},
                                         BadRequestCase{kFlag, R"({"key":"k"})", "distinct_id"},
                                         flag_with(R"("groups":{"company":7})", "groups.company"),
                                         flag_with(R"("groups":[])", "groups"),
                                         flag_with(R"("group_properties":{"company":"acme"})",
                                                   "group_properties.company"),
                                         flag_with(R"("person_properties":7)", "person_properties"),
                                         flag_with(R"("disable_geoip":"no")", "disable_geoip"),
                                         flag_with(R"("force_remote":"yes")", "force_remote"),
                                         flag_with(R"("only_local":true)", "only_local")));

INSTANTIATE_TEST_SUITE_P(
    Timeout, BadInput,
    testing::Values(
        BadRequestCase{"/flush?test_id=t-1&timeout_ms=-1", "", "timeout_ms"},
        BadRequestCase{"/flush?test_id=t-1&timeout_ms=1s", "", "timeout_ms"},
        BadRequestCase{"/flush?test_id=t-1&timeout_ms=", "", "timeout_ms"},
        BadRequestCase{"/flush?test_id=t-1&timeout_ms=1", R"({"timeout_ms":1})", "timeout_ms"},
        BadRequestCase{"/flush?test_id=t-1", R"({"timeout":1})", "timeout"},
        BadRequestCase{"/shutdown?test_id=t-1", R"({"timeout_ms":1.5})", "timeout_ms"}));

INSTANTIATE_TEST_SUITE_P(
    TestId, BadInput,
    testing::Values(BadRequestCase{"/reset?test_id=", "", "test_id"},
                    BadRequestCase{"/reset?test_id=a%0d%0aX-Evil:1", "", "test_id"},
                    BadRequestCase{"/reset?test_id=a%20b", "", "test_id"},
                    BadRequestCase{"/flush?test_id=t-2", "", "test_id"},
                    BadRequestCase{"/flush", "", "test_id"},
                    BadRequestCase{"/capture?test_id=t-2", R"({"distinct_id":"u","event":"e"})",
                                   "test_id"}));

TEST(AdapterLimits, ABodyThatIsTooLargeIsRefusedUnread) {
  Bench bench([](AdapterOptions& options) { options.max_body_bytes = 100; });
  const Answer answer = call_raw(*bench.adapter, bench.host->clock().read(), "POST", "/capture",
                                 std::string(101, 'x'));
  EXPECT_EQ(answer.status, 413);
  EXPECT_TRUE(answer.body["error"].is_string());
}

TEST(AdapterLimits, ALongNameIsNotSentBack) {
  Bench bench;
  const Json body{{"api_key", "phc_k"}, {"host", "http://m"}, {std::string(100'000, 'x'), 1}};
  const Answer answer = bench.post("/init", body);
  EXPECT_EQ(answer.status, 400);
  EXPECT_LT(answer.body.dump().size(), 1'000u);
}

}  // namespace
}  // namespace lockstep::adapter
