#include <gtest/gtest.h>

#include "compressed.h"
#include "mockserver/validate.h"
#include "requests.h"

namespace lockstep::mock {
namespace {

ServerOptions strict() {
  ServerOptions options;
  options.strict = true;
  return options;
}

// The tag of the answer's error; "" when there is none.
std::string error_of(const http::Reply& reply) {
  const Json body = Json::parse(reply.response.body, nullptr, false);
  return body.is_object() ? body.value("error", "") : "";
}

http::Request with_body(const std::string& body) { return post("/batch", body); }

Json event_with(const char* key, const Json& value) {
  Json event = event_of(1);
  event[key] = value;
  return event;
}

Json event_without(const char* key) {
  Json event = event_of(1);
  event.erase(key);
  return event;
}

TEST(StrictV0, AGoodRequestPassesWithoutViolations) {
  Server server(strict());
  auto request = v0(batch_of(3));
  EXPECT_EQ(server.handle(request, at(0)).response.status, 200);
  request.url.path = "/i/v0/ai/batch/";
  EXPECT_EQ(server.handle(request, at(0)).response.status, 200);
  EXPECT_TRUE(server.violations().empty());
  EXPECT_EQ(server.stored().size(), 3U);
}

TEST(StrictV0, WhatIsWrongWithTheBodyRefusesIt) {
  struct Case {
    const char* body;
    int status;
    const char* tag;
  };
  const Case cases[] = {
      {"", 400, "request_parsing_error"},
      {"{", 400, "request_parsing_error"},
      {"5", 400, "request_parsing_error"},
      {R"({"api_key": "k", "batch": {}})", 400, "request_parsing_error"},
      {R"({"api_key": "k", "batch": []})", 400, "empty_batch"},
      {R"({"api_key": "k", "batch": [5]})", 400, "invalid_event"},
  };
  for (const Case& one : cases) {
    Server server(strict());
    const auto reply = server.handle(with_body(one.body), at(0));
    EXPECT_EQ(reply.response.status, one.status) << one.body;
    EXPECT_EQ(error_of(reply), one.tag) << one.body;
    EXPECT_EQ(server.violations().size(), 1U) << one.body;
    EXPECT_TRUE(server.stored().empty()) << one.body;
  }
}

TEST(StrictV0, AKeyIsNeededAndMayStandWhereBrowsersPutIt) {
  Server server(strict());
  const auto answer = [&](const Json& body) {
    return server.handle(post("/e/", body.dump()), at(0)).response.status;
  };
  EXPECT_EQ(answer({{"batch", batch_of(1)}}), 401);
  EXPECT_EQ(answer({{"api_key", ""}, {"batch", batch_of(1)}}), 401);
  EXPECT_EQ(answer({{"token", "phc"}, {"batch", batch_of(1)}}), 200);
  EXPECT_EQ(answer(Json::array({event_with("token", "phc")})), 200);
  EXPECT_EQ(answer(Json::array({event_with("properties", {{"token", "phc"}})})), 200);
  EXPECT_EQ(answer(Json::array({event_of(1)})), 401);
}

TEST(StrictV0, TheEventsOfABrowserBelongToOneProject) {
  const auto answer = [](Server& server, const Json& body) {
    return server.handle(post("/e/", body.dump()), at(0));
  };
  Server server(strict());
  const Json one = event_with("token", "phc");
  Json other = event_of(2);
  other["properties"]["token"] = "phc_other";
  EXPECT_EQ(error_of(answer(server, Json::array({one, other}))), "multiple_tokens");
  EXPECT_EQ(server.violations().size(), 1U);

  // What the service lets pass, and no SDK should send.
  const std::pair<Json, const char*> odd[] = {
      {Json::array({one, event_of(2)}), "event 1 names no token"},
      {{{"api_key", "phc"}, {"batch", {one, other}}}, "another token than the batch"},
      {{{"api_key", "phc"}, {"batch", {other}}}, "another token than the batch"}};
  for (const auto& [body, violation] : odd) {
    Server lenient(strict());
    EXPECT_EQ(answer(lenient, body).response.status, 200) << body;
    ASSERT_EQ(lenient.violations().size(), 1U) << body;
    EXPECT_NE(lenient.violations()[0].text.find(violation), std::string::npos) << body;
  }
  Server content(strict());
  answer(content, {{"api_key", "phc"}, {"batch", {one, event_of(2)}}});
  answer(content, Json::array({one}));
  EXPECT_TRUE(content.violations().empty());
}

TEST(StrictV0, EveryEventNeedsItsFields) {
  const Json wrong[] = {event_without("event"),
                        event_without("distinct_id"),
                        event_without("uuid"),
                        event_without("timestamp"),
                        event_with("event", ""),
                        event_with("distinct_id", 5),
                        event_with("uuid", "1234"),
                        event_with("timestamp", nullptr),
                        event_with("timestamp", "yesterday"),
                        event_with("timestamp", "2025-01-01 00:00:00Z"),
                        event_with("timestamp", "2025-13-01T00:00:00Z")};
  for (const Json& event : wrong) {
    Server server(strict());
    const auto reply = server.handle(v0({event_of(2), event}), at(0));
    EXPECT_EQ(reply.response.status, 400) << event;
    EXPECT_EQ(error_of(reply), "invalid_event") << event;
    ASSERT_EQ(server.violations().size(), 1U) << event;
    EXPECT_NE(server.violations()[0].text.find("event 1"), std::string::npos);
    EXPECT_TRUE(server.stored().empty()) << event;
  }
}

TEST(StrictV0, BrowserEventsMayHaveTheirDistinctIdInTheProperties) {
  Server server(strict());
  Json event = event_without("distinct_id");
  event["properties"]["$distinct_id"] = "d";
  EXPECT_EQ(server.handle(v0({event}), at(0)).response.status, 200);
  EXPECT_EQ(server.stored().at(0).distinct_id, "d");
}

TEST(StrictV0, ARepeatedKeyIsAnError) {
  Server server(strict());
  const std::string event = event_of(1).dump();
  const auto reply =
      server.handle(with_body(R"({"api_key":"k","batch":[)" + event.substr(0, event.size() - 1) +
                              R"(,"event":"x"}]})"),
                    at(0));
  EXPECT_EQ(reply.response.status, 400);
  EXPECT_NE(server.violations().at(0).text.find("batch[0].event"), std::string::npos);
}

TEST(StrictV0, TooLongBodiesAndEventsGet413) {
  ServerOptions options = strict();
  const auto request = v0(batch_of(2));
  options.limits.event = event_of(2).dump().size();
  options.limits.v0_batch_body = request.body.size();
  options.limits.v0_event_body = request.body.size() - 1;
  Server server(options);
  EXPECT_EQ(server.handle(request, at(0)).response.status, 200);
  auto longer = request;
  longer.body += ' ';
  EXPECT_EQ(error_of(server.handle(longer, at(0))), "payload_too_large");
  auto browser = request;
  browser.url.path = "/e/";
  EXPECT_EQ(error_of(server.handle(browser, at(0))), "payload_too_large");
  Json big = event_of(2);
  big["distinct_id"] = "person-22";
  const auto reply = server.handle(v0({big}), at(0));
  EXPECT_EQ(reply.response.status, 413);
  EXPECT_EQ(error_of(reply), "event_too_big");
}

TEST(StrictLimits, AreTheRealOnesByDefault) {
  const IngestLimits limits;
  EXPECT_EQ(limits.v0_batch_body, 20U << 20);
  EXPECT_EQ(limits.v0_event_body, 2U << 20);
  EXPECT_EQ(limits.v1_compressed, 10U << 20);
  EXPECT_EQ(limits.v1_decompressed, 50U << 20);
  EXPECT_EQ(limits.event, 1'000'000U);
  EXPECT_EQ(limits.event_name, 200U);
  EXPECT_EQ(limits.distinct_id, 200U);
}

TEST(StrictV0, EncodingsThatCannotBeReadAreRefused) {
  ServerOptions options = strict();
  options.max_decoded_bytes = 100'000;
  Server server(options);
  auto request = v0(batch_of(1));
  request.headers.add("Content-Encoding", "gzip");
  EXPECT_EQ(server.handle(request, at(0)).response.status, 400);
  request.headers.set("Content-Encoding", "snappy");
  EXPECT_EQ(server.handle(request, at(0)).response.status, 415);
  request.headers.set("Content-Encoding", "gzip");
  request.body = gzipped(std::string(100'001, ' '));
  EXPECT_EQ(server.handle(request, at(0)).response.status, 413);
  EXPECT_EQ(server.violations().size(), 3U);
}

TEST(StrictV0, WhatTheServiceToleratesIsAViolationOnly) {
  Server server(strict());
  EXPECT_EQ(server.handle(v0({event_of(1), event_of(1)}), at(0)).response.status, 200);
  EXPECT_NE(server.violations().at(0).text.find(uuid_of(1)), std::string::npos);
  EXPECT_EQ(server.handle(v0({event_with("timestamp", "2025-01-01T02:00:00+02:00")}), at(0))
                .response.status,
            200);
  EXPECT_NE(server.violations().at(1).text.find("UTC"), std::string::npos);
  auto raw = v0(batch_of(1));
  raw.body = raw_deflated(raw.body);
  raw.headers.add("Content-Encoding", "deflate");
  EXPECT_EQ(server.handle(raw, at(0)).response.status, 200);
  EXPECT_NE(server.violations().at(2).text.find("raw deflate"), std::string::npos);
  EXPECT_EQ(server.violations().at(2).request, 3U);
}

TEST(StrictV0, ScriptedErrorsStandAndTheViolationIsNotedAllTheSame) {
  Server server(strict());
  server.enqueue({status_step(503), status_step(200)});
  EXPECT_EQ(statuses(server, {v0({}), v0({}), v0(batch_of(1))}), (std::vector{503, 400, 200}));
  EXPECT_EQ(server.violations().size(), 2U);
}

TEST(StrictV0, AFaultTravelsWithTheRefusal) {
  Server server(strict());
  Step step;
  step.fault = http::Fault::reset_after;
  server.enqueue({step});
  const auto reply = server.handle(v0({}), at(0));
  EXPECT_EQ(reply.fault, http::Fault::reset_after);
  EXPECT_EQ(reply.response.status, 400);
}

TEST(StrictV0, ViolationsAreBounded) {
  ServerOptions options = strict();
  options.max_violations = 2;
  Server server(options);
  for (int i = 0; i < 5; ++i) server.handle(v0({}), at(i));
  EXPECT_EQ(server.violations().size(), 2U);
}

TEST(StrictOff, NothingIsJudged) {
  Server server;
  EXPECT_EQ(statuses(server, {with_body("{"), v0({}), v0({5})}), (std::vector{200, 200, 200}));
  EXPECT_TRUE(server.violations().empty());
}

}  // namespace
}  // namespace lockstep::mock
