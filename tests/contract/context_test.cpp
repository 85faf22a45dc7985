// What a test sees of the requests: which events a body holds, which answers count, and how the
// adapter's answers are taken.
#include <nlohmann/json.hpp>

#include "bench.h"

namespace lockstep::contract {
namespace {

using nlohmann::json;

TEST(ContractContext, FindsTheEventsInEachOfTheForms) {
  const struct {
    const char* body;
    const char* events;  // nullptr: none are found
  } cases[] = {
      {R"([{"event":"a"},{"event":"b"}])", R"([{"event":"a"},{"event":"b"}])"},
      {R"([])", R"([])"},
      {R"({"batch":[{"event":"a"}],"data":[1]})", R"([{"event":"a"}])"},
      {R"({"batch":[]})", R"([])"},
      {R"({"batch":[1,"x"]})", R"([1,"x"])"},
      {R"({"data":[{"event":"a"}]})", R"([{"event":"a"}])"},
      {R"({"event":"a","data":"x"})", R"([{"event":"a","data":"x"}])"},
      {R"({})", R"([{}])"},
      {R"([1,{"event":"a"}])", nullptr},
      {R"({"batch":null})", nullptr},
      {R"({"batch":{"a":1}})", nullptr},
      {R"("text")", nullptr},
      {R"(null)", nullptr},
      {R"({"batch":)", nullptr},
      {R"()", nullptr},
  };
  for (const auto& one : cases) {
    Bench bench;
    bench.post("/e/", one.body);
    const Recorded& request = bench.context.requests().at(0);
    if (one.events == nullptr) {
      EXPECT_EQ(request.events, nullptr) << one.body;
    } else {
      ASSERT_NE(request.events, nullptr) << one.body;
      EXPECT_EQ(*request.events, json::parse(one.events)) << one.body;
    }
  }
}

TEST(ContractContext, ReadsOnlyGzipAsTheOriginalsMockDoes) {
  Bench bench;
  bench.post("/batch", R"({"batch":[{"event":"a"}]})", {{"Content-Encoding", "GZIP"}});
  bench.post("/batch", R"({"batch":[{"event":"a"}]})", {{"Content-Encoding", "gzip"}});
  EXPECT_NE(bench.context.requests()[0].events, nullptr) << "not gzip to it: read as it is";
  EXPECT_EQ(bench.context.requests()[1].body, nullptr) << "no gzip stream";
  EXPECT_EQ(bench.context.requests()[1].events, nullptr);
}

TEST(ContractContext, DoesNotReadABodyThatTheJournalCut) {
  mock::ServerOptions options = Bench::suite_options();
  options.max_journal_body_bytes = 2;
  Bench bench(options);
  bench.post("/batch", "12345");
  EXPECT_EQ(bench.context.requests()[0].body, nullptr) << "12 is not what was sent";
  EXPECT_TRUE(fails(bench, "assert_body_field_absent", "{fields: [api_key]}", "a body to look into",
                    "longer than the mock server keeps"));
}

TEST(ContractContext, AnAnswerThatTheMockFilledInDoesNotCount) {
  Bench bench;
  bench.batch({event_of(1)});                        // {"status":1}
  bench.v1({event_of(1)});                           // results, by capture v1
  bench.post("/i/v1/analytics/events", "not JSON");  // {"results":{}}
  bench.script(503);
  bench.batch({event_of(1)});  // {"error":"Server error"}
  bench.script(503, R"({"error":"Server error"})");
  bench.batch({event_of(1)});
  bench.post("/flags?v=2", "{}");
  bench.script(200, R"({"featureFlags":{"a":true}})");
  bench.post("/flags?v=2", "{}");
  bench.script(200, "not JSON");
  bench.batch({event_of(1)});
  const auto& requests = bench.context.requests();
  ASSERT_EQ(requests.size(), 8u);
  EXPECT_EQ(requests[0].answer, nullptr);
  ASSERT_NE(requests[1].answer, nullptr);
  EXPECT_TRUE((*requests[1].answer)["results"].contains(uuid_of(1)));
  EXPECT_EQ(requests[2].answer, nullptr);
  EXPECT_EQ(requests[3].answer, nullptr);
  ASSERT_NE(requests[4].answer, nullptr);
  EXPECT_EQ(requests[5].answer, nullptr);
  ASSERT_NE(requests[6].answer, nullptr);
  EXPECT_EQ(requests[7].answer, nullptr);
}

TEST(ContractContext, ReadsARequestOnceAndForgetsWhatTheMockForgot) {
  Bench bench;
  bench.batch({event_of(1)});
  const json* first = bench.context.requests()[0].body.get();
  bench.batch({event_of(2)});
  ASSERT_EQ(bench.context.requests().size(), 2u);
  EXPECT_EQ(bench.context.requests()[0].body.get(), first);
  bench.stage.server().clear_requests(bench.stage.test_id());
  bench.batch({event_of(3)});
  bench.batch({event_of(4)});
  ASSERT_EQ(bench.context.requests().size(), 2u);
  EXPECT_EQ((*bench.context.requests()[0].events)[0]["uuid"], uuid_of(3));
}

TEST(ContractContext, SeesTheRequestsOfItsTestOnly) {
  Bench bench;
  bench.post("/batch", "{}", {{"X-Test-Id", "another"}});
  bench.post("/nowhere", "{}");
  EXPECT_TRUE(bench.context.requests().empty());
}

TEST(ContractContext, ACallFailsAsTheOriginalsClientSaysItDoes) {
  const struct {
    Answer answer;
    const char* expected;
    const char* seen;
  } cases[] = {
      {{0, "", "refused"}, "POST /flush to be answered", "refused"},
      {{400, "{}", ""}, "a status below 400", "400"},
      {{503, "down", ""}, "a status below 400", "503 \"down\""},
      {{200, "ok", ""}, "answered with JSON", "\"ok\""},
      {{200, "", ""}, "answered with JSON", "\"\""},
  };
  for (const auto& one : cases) {
    Bench bench;
    bench.stage.answers = {one.answer};
    EXPECT_TRUE(fails(bench, "flush", "{}", one.expected, one.seen));
    EXPECT_TRUE(bench.context.answer().is_null());
  }
  for (const int status : {200, 204, 302, 399}) {
    Bench bench;
    bench.stage.answers = {{status, R"({"a":1})", ""}};
    EXPECT_TRUE(passes(bench, "flush"));
    EXPECT_EQ(bench.context.answer(), json({{"a", 1}}));
  }
}

}  // namespace
}  // namespace lockstep::contract
