#include "mockserver/control.h"

#include <gtest/gtest.h>

#include "requests.h"

namespace lockstep::mock {
namespace {

int configure(Server& server, const std::string& script, const std::string& query = "") {
  return server.handle(post("/_control/configure" + query, script), at(0)).response.status;
}

TEST(Control, ConfigureFillsTheQueueAsTheSharedSuiteDoes) {
  Server server;
  const std::string script =
      R"({"responses": [{"status_code": 503, "headers": {"Retry-After": "2"},
                         "body": "{\"x\": 1}"}]})";
  const auto answer = server.handle(post("/_control/configure", script), at(0));
  EXPECT_EQ(answer.response.body, R"({"success":true})");
  const auto reply = server.handle(v0(batch_of(1)), at(0));
  EXPECT_EQ(reply.response.status, 503);
  EXPECT_EQ(header_of(reply, "Retry-After"), "2");
  EXPECT_EQ(json_of(reply), (Json{{"x", 1}}));
}

TEST(Control, ScopeIsTheHeaderOrTheParameter) {
  Server server;
  EXPECT_EQ(configure(server, R"({"responses": [{"status": 503}]})", "?test_id=a"), 200);
  auto by_header =
      with_test_id(post("/_control/configure", R"({"responses": [{"status": 502}]})"), "b");
  EXPECT_EQ(server.handle(by_header, at(0)).response.status, 200);
  const auto one = v0(batch_of(1));
  EXPECT_EQ(statuses(server, {one, with_test_id(one, "a"), with_test_id(one, "b")}),
            (std::vector{200, 503, 502}));
  const auto requests = json_of(server.handle(get("/_control/requests?test_id=a"), at(0)));
  ASSERT_EQ(requests["requests"].size(), 1U);
  EXPECT_EQ(requests["requests"][0]["response_status"], 503);
}

TEST(Control, TwoDifferentScopesAreRefused) {
  Server server;
  const auto reply = server.handle(with_test_id(get("/_control/requests?test_id=a"), "b"), at(0));
  EXPECT_EQ(reply.response.status, 400);
  EXPECT_EQ(json_of(reply)["field"], "test_id");
  EXPECT_EQ(
      server.handle(with_test_id(get("/_control/requests?test_id=a"), "a"), at(0)).response.status,
      200);
}

TEST(Control, ABadScriptNamesItsFieldAndChangesNothing) {
  Server server;
  configure(server, R"({"responses": [{"status": 503}]})");
  const auto reply = server.handle(
      post("/_control/configure", R"({"responses": [{"status": 200}, {"fautl": "garbage"}]})"),
      at(0));
  EXPECT_EQ(reply.response.status, 400);
  EXPECT_EQ(json_of(reply)["field"], "responses[1].fautl");
  EXPECT_NE(json_of(reply)["error"].get<std::string>().find("responses[1].fautl"),
            std::string::npos);
  EXPECT_EQ(server.handle(v0(batch_of(1)), at(0)).response.status, 503);
  EXPECT_EQ(configure(server, ""), 400);
  EXPECT_EQ(configure(server, "\xff"), 400);
}

TEST(Control, ClearForgetsRequestsAndResetTheScriptToo) {
  Server server;
  configure(server, R"({"responses": [{"status": 503}, {"status": 502}]})");
  const auto one = v0(batch_of(1));
  EXPECT_EQ(statuses(server, {one}), std::vector{503});
  server.handle(with_test_id(one, "other"), at(0));
  EXPECT_EQ(server.handle(post("/_control/requests/clear", ""), at(0)).response.status, 200);
  EXPECT_EQ(server.request_count(""), 0U);
  EXPECT_EQ(server.request_count("other"), 1U);
  EXPECT_EQ(statuses(server, {one}), std::vector{502});
  configure(server, R"({"responses": [{"status": 503}]})");
  server.handle(post("/_control/reset", ""), at(0));
  EXPECT_EQ(statuses(server, {one}), std::vector{200});
  EXPECT_EQ(server.request_count("other"), 1U);
}

TEST(Control, StoredViolationsAndPartitionsAreShown) {
  ServerOptions options;
  options.strict = true;
  Server server(options);
  server.handle(v0(batch_of(2)), at(0));
  server.handle(v0({}), at(0));
  server.handle(get("/nowhere"), at(0));
  const auto show = [&](const std::string& what) {
    return json_of(server.handle(get("/_control/" + what), at(0)));
  };
  EXPECT_EQ(show("stored")["events"][1]["uuid"], uuid_of(2));
  EXPECT_EQ(show("stored")["events"][1]["json"], event_of(2));
  EXPECT_EQ(show("violations")["violations"][0]["request"], 2);
  const Json partitions = show("partitions");
  EXPECT_EQ(partitions["partitions"][0]["stored_events"], 2);
  EXPECT_EQ(partitions["unrouted"], Json::array({"GET /nowhere"}));
}

TEST(Control, RequestsToItAreNotJournalledAndUseUpNothing) {
  Server server;
  configure(server, R"({"responses": [{"status": 503}]})");
  server.handle(get("/_control/requests"), at(0));
  EXPECT_EQ(server.request_count(), 0U);
  EXPECT_EQ(server.handle(v0(batch_of(1)), at(0)).response.status, 503);
}

TEST(Control, UnknownPathsAndWrongMethodsAreRefused) {
  Server server;
  EXPECT_EQ(server.handle(get("/_control/nothing"), at(0)).response.status, 404);
  EXPECT_EQ(server.handle(get("/_control"), at(0)).response.status, 404);
  const auto reply = server.handle(get("/_control/reset"), at(0));
  EXPECT_EQ(reply.response.status, 405);
  EXPECT_EQ(header_of(reply, "Allow"), "POST");
  EXPECT_FALSE(is_control("/_controller"));
}

TEST(Control, BodiesThatAreNoTextAreShownAsFarAsTheyAre) {
  Server server;
  server.handle(post("/batch", "\xff\xfe"), at(0));
  const auto reply = server.handle(get("/_control/requests"), at(0));
  EXPECT_EQ(json_of(reply)["requests"][0]["event_count"], nullptr);
}

}  // namespace
}  // namespace lockstep::mock
