#include "mockserver/script.h"

#include <gtest/gtest.h>

#include "requests.h"

namespace lockstep::mock {
namespace {

TEST(ScriptJson, EveryFieldIsRead) {
  const Script script = parse_script(std::string_view(R"({
    "responses": [{"status_code": 503, "headers": {"Retry-After": 3, "Date": ["a", "b"]},
                   "body": {"x": 1}, "retry_after_date": 30, "delay_ms": 1.5,
                   "fault": "no_answer", "fault_bytes": 10, "processed": true, "repeat": 4},
                  {"body": "raw {", "v1_event_results": ["retry", {"result": "drop"},
                                                         {"result": "ok", "details": "d"}]}],
    "default": {"status": 204},
    "sequences": [{"name": "first", "path": "/batch", "method": "POST",
                   "steps": [{"fault": "reset_before"}], "when_exhausted": "error"},
                  {"steps": [{}]}],
    "latency_ms": 7, "max_body_bytes": 100, "max_batch_events": 10})"));
  const Step& first = script.responses->at(0);
  EXPECT_EQ(first.status, 503);
  EXPECT_EQ(first.headers.get("Retry-After"), "3");
  EXPECT_EQ(first.headers.all("Date"), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_EQ(first.body, R"({"x":1})");
  EXPECT_EQ(first.retry_after_date, std::chrono::seconds{30});
  EXPECT_EQ(first.delay, std::chrono::microseconds{1500});
  EXPECT_EQ(first.fault, http::Fault::no_answer);
  EXPECT_EQ(first.fault_bytes, 10U);
  EXPECT_TRUE(first.processed);
  EXPECT_EQ(first.repeat, 4U);
  const Step& second = script.responses->at(1);
  EXPECT_EQ(second.body, "raw {");
  EXPECT_EQ(
      *second.v1_event_results,
      (std::vector<EventResult>{{"retry", "not_persisted"}, {"drop", std::nullopt}, {"ok", "d"}}));
  EXPECT_EQ(script.default_response->status, 204);
  const Sequence& sequence = script.sequences->at(0);
  EXPECT_EQ(sequence.name, "first");
  EXPECT_EQ(sequence.path, "/batch");
  EXPECT_EQ(sequence.method, "POST");
  EXPECT_EQ(sequence.steps.at(0).fault, http::Fault::reset_before);
  EXPECT_EQ(sequence.when_exhausted, WhenExhausted::error);
  EXPECT_EQ(script.sequences->at(1).when_exhausted, WhenExhausted::use_default);
  EXPECT_EQ(script.latency, std::chrono::milliseconds{7});
  EXPECT_EQ(script.max_body_bytes, 100U);
  EXPECT_EQ(script.max_batch_events, 10U);
}

TEST(ScriptJson, NullIsAsGoodAsAbsent) {
  const Script script = parse_script(std::string_view(
      R"({"responses": [{"status_code": 500, "headers": null, "body": null,
                         "v1_event_results": null}],
          "default": null})"));
  EXPECT_FALSE(script.responses->at(0).body);
  EXPECT_FALSE(script.responses->at(0).v1_event_results);
  EXPECT_FALSE(script.default_response);
}

TEST(ScriptJson, EveryFaultIsKnownByItsName) {
  for (const char* name :
       {"none", "refuse_connection", "hang_connection", "fail_resolution", "reset_before",
        "reset_after", "no_answer", "truncate_body", "garbage", "slow_body", "endless_body"}) {
    const auto fault = parse_fault(name);
    ASSERT_TRUE(fault) << name;
    EXPECT_EQ(fault_name(*fault), name);
  }
  EXPECT_FALSE(parse_fault("explode"));
}

struct BadScript {
  const char* text;
  const char* path;  // of the field that the error names
};

class BadScripts : public testing::TestWithParam<BadScript> {};

TEST_P(BadScripts, AreRefusedWithThePathOfTheField) {
  try {
    parse_script(std::string_view(GetParam().text));
    FAIL() << "accepted: " << GetParam().text;
  } catch (const ScriptError& error) {
    EXPECT_EQ(error.path(), GetParam().path) << error.what();
    EXPECT_NE(std::string(error.what()).find(GetParam().path), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadScripts,
    testing::Values(
        BadScript{"", ""}, BadScript{"[]", ""}, BadScript{"{", ""},
        BadScript{R"({"respones": []})", "respones"},
        BadScript{R"({"responses": [], "responses": []})", "responses"},
        BadScript{R"({"responses": {}})", "responses"},
        BadScript{R"({"responses": [5]})", "responses[0]"},
        BadScript{R"({"responses": [{"status": "503"}]})", "responses[0].status"},
        BadScript{R"({"responses": [{"status": 503.5}]})", "responses[0].status"},
        BadScript{R"({"responses": [{"status": 99}]})", "responses[0].status"},
        BadScript{R"({"responses": [{}, {"status": 600}]})", "responses[1].status"},
        BadScript{R"({"responses": [{"status": 4294967796}]})", "responses[0].status"},
        BadScript{R"({"responses": [{"status": 200, "status_code": 200}]})",
                  "responses[0].status_code"},
        BadScript{R"({"responses": [{"stauts": 200}]})", "responses[0].stauts"},
        BadScript{R"({"responses": [{"headers": []}]})", "responses[0].headers"},
        BadScript{R"({"responses": [{"headers": {"A": true}}]})", "responses[0].headers.A"},
        BadScript{R"({"responses": [{"headers": {"A": ["x", 5]}}]})", "responses[0].headers.A[1]"},
        BadScript{R"({"responses": [{"headers": {"A": "x\r\ny: z"}}]})", "responses[0].headers.A"},
        BadScript{R"({"responses": [{"headers": {"A B": "x"}}]})", "responses[0].headers.A B"},
        BadScript{R"({"responses": [{"v1_event_results": "ok"}]})",
                  "responses[0].v1_event_results"},
        BadScript{R"({"responses": [{"v1_event_results": ["ok", 1]}]})",
                  "responses[0].v1_event_results[1]"},
        BadScript{R"({"responses": [{"v1_event_results": [{"details": "x"}]}]})",
                  "responses[0].v1_event_results[0].result"},
        BadScript{R"({"responses": [{"v1_event_results": [{"result": "ok", "x": 1}]}]})",
                  "responses[0].v1_event_results[0].x"},
        BadScript{R"({"responses": [{"delay_ms": -1}]})", "responses[0].delay_ms"},
        BadScript{R"({"responses": [{"retry_after_date": -1}]})", "responses[0].retry_after_date"},
        BadScript{R"({"responses": [{"retry_after_date": 40000000}]})",
                  "responses[0].retry_after_date"},
        BadScript{R"({"responses": [{"delay_ms": 1e300}]})", "responses[0].delay_ms"},
        BadScript{R"({"responses": [{"fault": "explode"}]})", "responses[0].fault"},
        BadScript{R"({"responses": [{"fault": 1}]})", "responses[0].fault"},
        BadScript{R"({"responses": [{"fault": "slow_body"}]})", "responses[0].fault_bytes"},
        BadScript{R"({"responses": [{"fault": "endless_body"}]})", "responses[0].fault_bytes"},
        BadScript{R"({"responses": [{"fault_bytes": -1}]})", "responses[0].fault_bytes"},
        BadScript{R"({"responses": [{"repeat": 0}]})", "responses[0].repeat"},
        BadScript{R"({"responses": [{"processed": 1}]})", "responses[0].processed"},
        BadScript{R"({"responses": [{"fault": "reset_before", "processed": true}]})",
                  "responses[0].processed"},
        BadScript{R"({"default": {"status": 1}})", "default.status"},
        BadScript{R"({"latency_ms": -1})", "latency_ms"},
        BadScript{R"({"max_body_bytes": 1.5})", "max_body_bytes"},
        BadScript{R"({"max_batch_events": "10"})", "max_batch_events"},
        BadScript{R"({"sequences": [{}]})", "sequences[0].steps"},
        BadScript{R"({"sequences": [{"steps": []}]})", "sequences[0].steps"},
        BadScript{R"({"sequences": [{"steps": [{}, {"fault": "x"}]}]})",
                  "sequences[0].steps[1].fault"},
        BadScript{R"({"sequences": [{"steps": [{}], "path": "batch"}]})", "sequences[0].path"},
        BadScript{R"({"sequences": [{"steps": [{}], "path": "/b?x=1"}]})", "sequences[0].path"},
        BadScript{R"({"sequences": [{"steps": [{}], "method": ""}]})", "sequences[0].method"},
        BadScript{R"({"sequences": [{"steps": [{}], "when_exhausted": "stop"}]})",
                  "sequences[0].when_exhausted"},
        BadScript{R"({"sequences": [{"steps": [{}], "when": "x"}]})", "sequences[0].when"}));

TEST(ScriptJson, ACountMayBeAsLargeAsACountCanBe) {
  const auto script =
      parse_script(std::string_view(R"({"responses": [{"repeat": 18446744073709551615}]})"));
  EXPECT_EQ(script.responses->at(0).repeat, 18446744073709551615u);
}

TEST(ScriptJson, ANumberThatIsTooLargeIsNotSaidToHaveAFraction) {
  const auto problem = [](const char* text) -> std::string {
    try {
      parse_script(std::string_view(text));
      return "";
    } catch (const ScriptError& error) {
      return error.what();
    }
  };
  EXPECT_EQ(problem(R"({"max_body_bytes": 1e30})"),
            "max_body_bytes must be a whole number, not negative and below 2^64, "
            "and is the number 1e+30");
  EXPECT_EQ(problem(R"({"max_body_bytes": 1.5})"),
            "max_body_bytes must be a whole number, not negative and below 2^64, "
            "and is a number with a fraction");
}

TEST(Script, ATypedScriptIsCheckedLikewise) {
  Server server;
  EXPECT_THROW(server.enqueue({status_step(1000)}), ScriptError);
  EXPECT_THROW(server.add_sequence({}), ScriptError);
  Script script;
  script.latency = Duration{-1};
  EXPECT_THROW(server.script(script), ScriptError);
  EXPECT_TRUE(server.partitions().empty());
}

TEST(Script, AWrongOneChangesNothing) {
  Server server;
  server.enqueue({status_step(503)});
  Script script;
  script.responses = {status_step(200)};
  script.sequences.emplace().emplace_back();
  EXPECT_THROW(server.script(script), ScriptError);
  EXPECT_EQ(server.handle(v0(batch_of(1)), at(0)).response.status, 503);
}

}  // namespace
}  // namespace lockstep::mock
