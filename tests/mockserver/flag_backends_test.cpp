#include "mockserver/flag_backends.h"

#include <gtest/gtest.h>

#include "requests.h"

namespace lockstep::mock {
namespace {

http::Request ask(const std::string& method, const std::string& path, const Json& body = nullptr) {
  http::Request request;
  request.method = method;
  request.url = *http::Url::parse("http://flags.test" + path);
  request.headers.add("Authorization", "key");
  request.headers.add("statsig-api-key", "key");
  if (!body.is_null()) request.body = body.dump();
  return request;
}

struct Flags {
  explicit Flags(const Json& flags) { server.script(parse_script(Json{{"flags", flags}})); }
  http::Response send(const http::Request& request) {
    return server.handle(request, at(0)).response;
  }
  Server server;
};

const Json kUser1{{"context", {{"targetingKey", "user-1"}}}};

TEST(FlagBackends, ASubjectsFlagIsLaidOverTheFlag) {
  Flags flags(
      Json{{"a", {{"value", 1}, {"variant", "x"}, {"subjects", {{"user-1", {{"value", 2}}}}}}}});
  const Json body = Json::parse(flags.send(ask("POST", "/ofrep/v1/evaluate/flags/a", kUser1)).body);
  EXPECT_EQ(body,
            (Json{{"key", "a"}, {"reason", "TARGETING_MATCH"}, {"value", 2}, {"variant", "x"}}));
}

TEST(FlagBackends, TheETagNamesTheFlagsVersionAndNotTheContext) {
  Flags flags(Json{{"a", {{"value", 1}}}});
  auto request = ask("POST", "/ofrep/v1/evaluate/flags", kUser1);
  const auto etag = std::string(*flags.send(request).headers.get("ETag"));
  auto other = ask("POST", "/ofrep/v1/evaluate/flags", {{"context", {{"targetingKey", "user-2"}}}});
  other.headers.add("If-None-Match", etag);
  const auto response = flags.send(other);
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(response.body, "");
  flags.server.script(parse_script(Json{{"flags", {{"a", {{"value", 2}}}}}}));
  EXPECT_EQ(flags.send(other).status, 200);
}

TEST(FlagBackends, UnleashListsWhatIsEnabledOnly) {
  Flags flags(Json{{"on", {{"value", true}}}, {"off", {{"value", false}}}});
  const Json body = Json::parse(flags.send(ask("GET", "/api/frontend?userId=u")).body);
  ASSERT_EQ(body["toggles"].size(), 1u);
  EXPECT_EQ(body["toggles"][0]["name"], "on");
}

TEST(FlagBackends, StatsigsUnknownGateSaysFalse) {
  Flags flags(Json::object());
  const auto response = flags.send(ask("POST", "/v1/check_gate", {{"gateName", "missing"}}));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Json::parse(response.body)["value"], false);
  EXPECT_EQ(flags.send(ask("POST", "/v1/log_event", {{"events", Json::array()}})).status, 200);
}

TEST(FlagBackends, LaunchDarklyReadsTheContextInThePath) {
  Flags flags(Json{{"a", {{"value", 1}, {"subjects", {{"u", {{"value", 2}}}}}}}});
  // {"kind":"user","key":"u"}
  const auto response =
      flags.send(ask("GET", "/sdk/evalx/contexts/eyJraW5kIjoidXNlciIsImtleSI6InUifQ=="));
  EXPECT_EQ(Json::parse(response.body)["a"]["value"], 2);
  EXPECT_EQ(flags.send(ask("GET", "/sdk/evalx/contexts/bm9uc2Vuc2U=")).status, 400);
}

TEST(FlagBackends, LaunchDarklyTellsAReasonOnlyWhereItIsAskedFor) {
  Flags flags(Json{{"a", {{"value", 1}, {"reason", "OFF"}}}});
  for (const std::string method : {"GET", "REPORT"}) {
    const std::string path =
        method == "GET" ? "/sdk/evalx/contexts/eyJrZXkiOiJ1In0=" : "/sdk/evalx/context";
    const Json context{{"key", "u"}};
    const auto reason = [&](const std::string& query) {
      return Json::parse(flags.send(ask(method, path + query, context)).body)["a"]["reason"];
    };
    EXPECT_TRUE(reason("").is_null()) << method;
    EXPECT_TRUE(reason("?withReasons=false").is_null()) << method;
    EXPECT_EQ(reason("?withReasons=true"), (Json{{"kind", "OFF"}})) << method;
  }
}

TEST(FlagBackends, WithoutACredentialThereIs401) {
  Flags flags(Json::object());
  for (const auto& [method, path] :
       std::vector<std::pair<std::string, std::string>>{{"GET", "/api/frontend"},
                                                        {"REPORT", "/sdk/evalx/context"},
                                                        {"POST", "/v1/get_config"}}) {
    auto request = ask(method, path, Json::object());
    request.headers = {};
    EXPECT_EQ(flags.send(request).status, 401) << path;
  }
}

TEST(FlagBackends, AScriptComesFirst) {
  Flags flags(Json{{"a", {{"value", 1}}}});
  flags.server.enqueue({{.status = 503}});
  EXPECT_EQ(flags.send(ask("GET", "/api/frontend")).status, 503);
  EXPECT_EQ(flags.send(ask("GET", "/api/frontend")).status, 200);
  EXPECT_EQ(flags.server.journal().at(0).route, Route::flag_backend);
}

TEST(FlagBackends, AWrongMethodIsRefused) {
  Flags flags(Json::object());
  EXPECT_EQ(flags.send(ask("GET", "/v1/check_gate")).status, 405);
  EXPECT_EQ(flags.send(ask("POST", "/sdk/evalx/contexts/e30=")).status, 405);
}

TEST(FlagBackends, AWrongBookIsRefusedWithItsPlace) {
  Server server;
  try {
    server.script(parse_script(Json{{"flags", {{"a", {{"subjects", {{"u", {{"valu", 1}}}}}}}}}}));
    FAIL();
  } catch (const ScriptError& problem) {
    EXPECT_EQ(problem.path(), "flags.a.subjects.u.valu");
  }
}

}  // namespace
}  // namespace lockstep::mock
