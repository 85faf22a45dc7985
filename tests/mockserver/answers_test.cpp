// What the server answers without sequences and strict mode: the shared suite's mock.

#include <gtest/gtest.h>

#include "clock/timestamp.h"
#include "requests.h"

namespace lockstep::mock {
namespace {

void answer_with(Server& server, Step step) { server.enqueue({std::move(step)}); }

Step results_step(std::vector<EventResult> results) {
  Step step;
  step.v1_event_results = std::move(results);
  return step;
}

TEST(Answers, EachV0PathIsServedWithAndWithoutASlash) {
  Server server;
  for (const char* path : {"/batch", "/batch/", "/e", "/e/", "/capture", "/capture/", "/track",
                           "/track/", "/i/v0/e", "/i/v0/e/", "/i/v0/ai/batch/"}) {
    auto request = v0(batch_of(1));
    request.url.path = path;
    const auto reply = server.handle(request, at(0));
    EXPECT_EQ(reply.response.status, 200) << path;
    EXPECT_EQ(reply.response.body, R"({"status":1})") << path;
    EXPECT_EQ(header_of(reply, "Content-Type"), "application/json") << path;
    EXPECT_FALSE(reply.response.headers.has("Date")) << path;
  }
  EXPECT_EQ(server.request_count(), 11U);
}

TEST(Answers, ARetryAfterMayBeADateThatLiesAhead) {
  Server server;
  Step step = status_step(503);
  step.headers.set("Retry-After", "7");
  step.retry_after_date = std::chrono::seconds{30};
  answer_with(server, step);
  const Now arrival = at(0);
  const auto reply = server.handle(v0(batch_of(1)), arrival);
  EXPECT_EQ(reply.response.headers.all("Retry-After").size(), 1U);
  EXPECT_EQ(header_of(reply, "Retry-After"), to_http_date(arrival.wall + std::chrono::seconds{30}));
}

TEST(Answers, TheAiPathWithoutItsSlashIsMovedAndNotJournalled) {
  Server server;
  auto request = v0(batch_of(1));
  request.url.path = "/i/v0/ai/batch";
  const auto reply = server.handle(request, at(0));
  EXPECT_EQ(reply.response.status, 308);
  EXPECT_EQ(header_of(reply, "Location"), "/i/v0/ai/batch/");
  EXPECT_EQ(server.request_count(), 0U);
}

TEST(Answers, BrowserPathsTakeGetAndOthersDoNot) {
  Server server;
  EXPECT_EQ(server.handle(get("/e/?ip=1"), at(0)).response.status, 200);
  const auto reply = server.handle(get("/batch"), at(0));
  EXPECT_EQ(reply.response.status, 405);
  EXPECT_EQ(header_of(reply, "Allow"), "POST");
  EXPECT_EQ(server.request_count(), 1U);
}

TEST(Answers, UnknownPathsAreNotFoundAndUseUpNoStep) {
  Server server;
  answer_with(server, status_step(503));
  const auto unknown = server.handle(post("/decide?v=3", "{}"), at(0));
  EXPECT_EQ(unknown.response.status, 404);
  EXPECT_EQ(server.handle(v0(batch_of(1)), at(1)).response.status, 503);
  EXPECT_EQ(server.request_count(), 1U);
  EXPECT_EQ(server.unrouted(), (std::vector<std::string>{"POST /decide"}));
  EXPECT_EQ(server.unrouted_count(), 1U);
}

TEST(Answers, HealthIsServedAndNotJournalled) {
  Server server;
  EXPECT_EQ(server.handle(get("/"), at(0)).response.body, R"({"status":"ok"})");
  EXPECT_EQ(server.handle(get("/_health"), at(0)).response.status, 200);
  EXPECT_EQ(server.request_count(), 0U);
}

TEST(Answers, BeaconsGetNoContentUnlessScripted) {
  Server server;
  EXPECT_EQ(server.handle(post("/e/?beacon=1", "{}"), at(0)).response.status, 204);
  answer_with(server, status_step(500));
  EXPECT_EQ(server.handle(post("/e/?beacon=1", "{}"), at(0)).response.status, 500);
}

TEST(Answers, TheQueueIsFirstInFirstOutAndThenTheDefault) {
  Server server;
  Script script;
  script.responses = {status_step(503), status_step(429)};
  server.script(script);
  EXPECT_EQ(statuses(server, {v0(batch_of(1)), v0(batch_of(1)), v0(batch_of(1))}),
            (std::vector{503, 429, 200}));
  script.responses.reset();
  script.default_response = status_step(500);
  server.script(script);
  EXPECT_EQ(statuses(server, {v0(batch_of(1)), v0(batch_of(1))}), (std::vector{500, 500}));
}

TEST(Answers, AnyRoutedRequestUsesUpTheQueue) {
  Server server;
  server.enqueue({status_step(500), status_step(502), status_step(504)});
  EXPECT_EQ(statuses(server, {get("/e"), flags({}), v1(batch_of(1)), v0(batch_of(1))}),
            (std::vector{500, 502, 504, 200}));
}

TEST(Answers, ARepeatedStepAnswersThatManyRequests) {
  Server server;
  Step step = status_step(503);
  step.repeat = 3;
  server.enqueue({step, status_step(400)});
  EXPECT_EQ(server.partitions().at(0).queued_responses, 4U);
  const auto one = v0(batch_of(1));
  EXPECT_EQ(statuses(server, {one, one, one, one, one}), (std::vector{503, 503, 503, 400, 200}));
}

TEST(Answers, AScriptReplacesTheQueueAndEnqueueAddsToIt) {
  Server server;
  server.enqueue({status_step(500)});
  Script script;
  script.responses = {status_step(501)};
  server.script(script);
  server.enqueue({status_step(502)});
  const auto one = v0(batch_of(1));
  EXPECT_EQ(statuses(server, {one, one, one}), (std::vector{501, 502, 200}));
}

TEST(AnswersV0, ErrorsWithoutABodySayServerError) {
  Server server;
  answer_with(server, status_step(503));
  const auto reply = server.handle(v0(batch_of(1)), at(0));
  EXPECT_EQ(reply.response.body, R"({"error":"Server error"})");
  EXPECT_FALSE(reply.response.headers.has("Retry-After"));
}

TEST(AnswersV0, ScriptedHeadersAndBodiesGoOutAsTheyAre) {
  Server server;
  Step step = status_step(429);
  step.headers = {{"Retry-After", "3"}, {"X-Odd", "1"}, {"X-Odd", "2"}};
  step.body = "slow down";
  answer_with(server, step);
  const auto reply = server.handle(v0(batch_of(1)), at(0));
  EXPECT_EQ(header_of(reply, "Retry-After"), "3");
  EXPECT_EQ(reply.response.headers.all("X-Odd").size(), 2U);
  EXPECT_EQ(reply.response.body, "slow down");
  EXPECT_EQ(header_of(reply, "Content-Type"), "text/plain; charset=utf-8");
}

TEST(AnswersV0, AScriptedContentTypeStays) {
  Server server;
  Step step;
  step.headers = {{"content-type", "text/html"}};
  step.body = "{}";
  answer_with(server, step);
  const auto reply = server.handle(v0(batch_of(1)), at(0));
  EXPECT_EQ(reply.response.headers.all("Content-Type").size(), 1U);
  EXPECT_EQ(header_of(reply, "Content-Type"), "text/html");
}

TEST(AnswersV0, ARedirectIsAStatusWithALocation) {
  Server server;
  Step step = status_step(308);
  step.headers = {{"Location", "https://elsewhere.test/batch"}};
  answer_with(server, step);
  const auto reply = server.handle(v0(batch_of(1)), at(0));
  EXPECT_EQ(reply.response.status, 308);
  EXPECT_EQ(header_of(reply, "Location"), "https://elsewhere.test/batch");
}

TEST(AnswersV0, AScripted204HasNoBody) {
  Server server;
  answer_with(server, status_step(204));
  const auto reply = server.handle(v0(batch_of(1)), at(0));
  EXPECT_EQ(reply.response.status, 204);
  EXPECT_EQ(reply.response.body, "");
}

TEST(AnswersV0, A202WithoutABodyIsTheRoutesAnswerButTheSuitesErrorWhenCompatible) {
  Server server;
  answer_with(server, status_step(202));
  EXPECT_EQ(server.handle(v0(batch_of(1)), at(0)).response.body, R"({"status":1})");
  ServerOptions options;
  options.suite_compatible = true;
  Server suite(options);
  answer_with(suite, status_step(202));
  EXPECT_EQ(suite.handle(v0(batch_of(1)), at(0)).response.body, R"({"error":"Server error"})");
}

TEST(AnswersV0, BodiesInAllFourFormsHoldEvents) {
  Server server;
  const Json event = event_of(1);
  for (const Json& body :
       {Json{{"batch", {event}}}, Json{{"data", {event}}}, Json::array({event}), event}) {
    server.handle(post("/e/", body.dump()), at(0));
  }
  for (const JournalEntry& entry : server.journal()) {
    EXPECT_EQ(entry.uuids, std::vector{uuid_of(1)}) << entry.body;
  }
}

TEST(AnswersV0, ABatchThatIsNoListHoldsNoEvents) {
  Server server;
  server.handle(post("/batch", R"({"batch": 5})"), at(0));
  EXPECT_FALSE(server.journal().at(0).event_count);
}

TEST(AnswersV1, EveryEventIsOkInBatchOrder) {
  Server server;
  const auto reply = server.handle(v1({event_of(2), event_of(1)}), at(0));
  EXPECT_EQ(reply.response.body, R"({"results":{")" + uuid_of(2) + R"(":{"result":"ok"},")" +
                                     uuid_of(1) + R"(":{"result":"ok"}}})");
  EXPECT_FALSE(reply.response.headers.has("Retry-After"));
}

TEST(AnswersV1, SuiteCompatibleSortsResultsByUuid) {
  ServerOptions options;
  options.suite_compatible = true;
  Server server(options);
  const auto body = server.handle(v1({event_of(2), event_of(1)}), at(0)).response.body;
  EXPECT_LT(body.find(uuid_of(1)), body.find(uuid_of(2)));
}

TEST(AnswersV1, TheRequestIdIsEchoedAndThereIsOneDate) {
  Server server;
  const auto reply = server.handle(v1(batch_of(1)), at(3));
  EXPECT_EQ(header_of(reply, "PostHog-Request-Id"), uuid_of(999));
  EXPECT_EQ(reply.response.headers.all("Date"),
            std::vector<std::string_view>{"Wed, 01 Jan 2025 00:00:03 GMT"});
}

TEST(AnswersV1, ScriptedDatesReplaceTheServersOwn) {
  Server server;
  Step step;
  step.headers = {{"Date", "never"}, {"date", "always"}, {"PostHog-Request-Id", "other"}};
  answer_with(server, step);
  const auto reply = server.handle(v1(batch_of(1)), at(0));
  EXPECT_EQ(reply.response.headers.all("Date"), (std::vector<std::string_view>{"never", "always"}));
  EXPECT_EQ(reply.response.headers.all("PostHog-Request-Id"),
            std::vector<std::string_view>{"other"});
}

TEST(AnswersV1, ErrorsCarryTheirTagAndTheRetryableOnesARetryAfter) {
  struct Case {
    int status;
    const char* tag;
    bool retry_after;
  };
  const Case cases[] = {
      {400, "request_parsing_error", false},  {401, "missing_authorization", false},
      {402, "billing_limit_exceeded", false}, {408, "body_read_timeout", true},
      {413, "payload_too_large", false},      {415, "unsupported_content_type", false},
      {429, "server_error", false},           {500, "internal_error", true},
      {502, "server_error", false},           {503, "service_unavailable", true},
      {504, "gateway_timeout", true}};
  Server server;
  for (const Case& one : cases) {
    answer_with(server, status_step(one.status));
    const auto reply = server.handle(v1(batch_of(1)), at(0));
    EXPECT_EQ(reply.response.status, one.status);
    EXPECT_EQ(json_of(reply)["error"], one.tag);
    EXPECT_EQ(json_of(reply)["error_description"],
              "Mock server returned " + std::to_string(one.status));
    EXPECT_EQ(json_of(reply)["error_uri"], "https://posthog.com/docs/api");
    EXPECT_EQ(header_of(reply, "Retry-After"), one.retry_after ? "1" : "") << one.status;
  }
}

TEST(AnswersV1, AScriptedRetryAfterStays) {
  Server server;
  Step step = status_step(503);
  step.headers = {{"Retry-After", "7"}};
  answer_with(server, step);
  const auto reply = server.handle(v1(batch_of(1)), at(0));
  EXPECT_EQ(reply.response.headers.all("Retry-After"), std::vector<std::string_view>{"7"});
}

TEST(AnswersV1, ResultsGoByPositionAndTheRestIsOk) {
  Server server;
  answer_with(
      server,
      results_step({"retry", "drop", "limited", {"drop", "over_quota"}, {"retry", std::nullopt}}));
  const auto reply = server.handle(v1(batch_of(6)), at(0));
  const Json results = json_of(reply)["results"];
  EXPECT_EQ(results[uuid_of(1)], (Json{{"result", "retry"}, {"details", "not_persisted"}}));
  EXPECT_EQ(results[uuid_of(2)], (Json{{"result", "drop"}, {"details", "invalid_event"}}));
  EXPECT_EQ(results[uuid_of(3)],
            (Json{{"result", "limited"}, {"details", "person_processing_disabled"}}));
  EXPECT_EQ(results[uuid_of(4)], (Json{{"result", "drop"}, {"details", "over_quota"}}));
  EXPECT_EQ(results[uuid_of(5)], (Json{{"result", "retry"}}));
  EXPECT_EQ(results[uuid_of(6)], (Json{{"result", "ok"}}));
  EXPECT_EQ(header_of(reply, "Retry-After"), "1");
}

TEST(AnswersV1, AnEventWithoutAResultIsInNeitherAnswerNorStore) {
  Server server;
  server.script(parse_script(std::string_view(R"({"responses": [{"v1_event_results": [null]}]})")));
  const auto reply = server.handle(v1(batch_of(2)), at(0));
  EXPECT_EQ(json_of(reply)["results"], (Json{{uuid_of(2), {{"result", "ok"}}}}));
  const auto stored = server.stored();
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_EQ(stored.front().uuid, uuid_of(2));
}

TEST(AnswersV1, ResultsForceStatus200AndAreIgnoredWithoutEvents) {
  Server server;
  Step step = results_step({"ok"});
  step.status = 500;
  answer_with(server, step);
  EXPECT_EQ(server.handle(v1(batch_of(1)), at(0)).response.status, 200);
  answer_with(server, step);
  EXPECT_EQ(server.handle(v1({}), at(0)).response.status, 500);
}

TEST(AnswersV1, ResultsWorkOnOtherPathsToo) {
  Server server;
  answer_with(server, results_step({"retry"}));
  const auto reply = server.handle(v0(batch_of(1)), at(0));
  EXPECT_EQ(json_of(reply)["results"].size(), 1U);
  EXPECT_EQ(header_of(reply, "Retry-After"), "1");
  EXPECT_FALSE(reply.response.headers.has("Date"));
}

TEST(AnswersV1, AnEventWithoutAUuidIsNamedByItsPlace) {
  Server server;
  Json batch = batch_of(2);
  batch[1].erase("uuid");
  EXPECT_TRUE(json_of(server.handle(v1(batch), at(0)))["results"].contains("unknown-1"));
}

TEST(AnswersV1, AnUnreadableBodyGetsEmptyResults) {
  Server server;
  auto request = v1(batch_of(1));
  request.body = "not JSON";
  const auto reply = server.handle(request, at(0));
  EXPECT_EQ(reply.response.body, R"({"results":{}})");
  EXPECT_TRUE(reply.response.headers.has("Date"));
}

TEST(Limits, LongBodiesAndBatchesGet413AndScriptedErrorsStand) {
  Server server;
  Script script;
  script.max_batch_events = 2;
  server.script(script);
  server.enqueue({status_step(503), status_step(200)});
  EXPECT_EQ(statuses(server, {v0(batch_of(3)), v0(batch_of(3)), v0(batch_of(3)), v0(batch_of(2))}),
            (std::vector{503, 413, 413, 200}));
  script.max_batch_events = 0;
  script.max_body_bytes = v0(batch_of(1)).body.size();
  server.script(script);
  EXPECT_EQ(statuses(server, {v0(batch_of(1)), v0(batch_of(2))}), (std::vector{200, 413}));
  EXPECT_TRUE(server.violations().empty());
}

TEST(Limits, ARefusalReplacesScriptedResultsAndStoresNothing) {
  ServerOptions options;
  options.max_batch_events = 1;
  Server server(options);
  answer_with(server, results_step({"ok", "ok"}));
  const auto reply = server.handle(v1(batch_of(2)), at(0));
  EXPECT_EQ(reply.response.status, 413);
  EXPECT_EQ(json_of(reply)["error"], "payload_too_large");
  EXPECT_TRUE(server.stored().empty());
}

TEST(Replies, DelayLatencyAndFaultGoOutWithTheReply) {
  ServerOptions options;
  options.latency = std::chrono::milliseconds{5};
  Server server(options);
  Step step;
  step.delay = std::chrono::seconds{2};
  step.fault = http::Fault::truncate_body;
  step.fault_bytes = 4;
  answer_with(server, step);
  const auto reply = server.handle(v0(batch_of(1)), at(0));
  EXPECT_EQ(reply.delay, std::chrono::milliseconds{2005});
  EXPECT_EQ(reply.fault, http::Fault::truncate_body);
  EXPECT_EQ(reply.fault_bytes, 4U);
  EXPECT_EQ(server.handle(v0(batch_of(1)), at(0)).delay, std::chrono::milliseconds{5});
}

TEST(Responder, AnswersBeforeTheScriptAndAlsoUnknownPaths) {
  Server server;
  server.enqueue({status_step(503)});
  server.set_responder([](const ParsedRequest& request) -> std::optional<Step> {
    if (request.event_count() == 2) return status_step(418);
    if (request.path == "/v1/batch") return status_step(202);
    return std::nullopt;
  });
  EXPECT_EQ(statuses(server, {v0(batch_of(2)), post("/v1/batch", "{}"), v0(batch_of(1)),
                              post("/other", "{}")}),
            (std::vector{418, 202, 503, 404}));
  EXPECT_EQ(server.request_count(), 3U);
  server.set_responder({});
  EXPECT_EQ(statuses(server, {v0(batch_of(2))}), std::vector{200});
}

TEST(Responder, MayCallTheServer) {
  Server server;
  server.set_responder([&server](const ParsedRequest&) -> std::optional<Step> {
    return status_step(server.request_count() < 2 ? 503 : 200);
  });
  const auto one = v0(batch_of(1));
  EXPECT_EQ(statuses(server, {one, one, one}), (std::vector{503, 503, 200}));
}

}  // namespace
}  // namespace lockstep::mock
