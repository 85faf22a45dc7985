#include <gtest/gtest.h>

#include "requests.h"

namespace lockstep::mock {
namespace {

const Json kQuestion{{"token", "phc_test"}, {"distinct_id", "person-1"}};

TEST(Flags, TheDefaultIsNoFlags) {
  Server server;
  const auto reply = server.handle(flags(kQuestion), at(0));
  EXPECT_EQ(json_of(reply), (Json{{"featureFlags", Json::object()},
                                  {"featureFlagPayloads", Json::object()},
                                  {"errorsWhileComputingFlags", false}}));
}

TEST(Flags, AScriptedObjectIsLaidOverTheDefault) {
  Server server;
  server.script(parse_script(Json{{"responses", {{{"body", {{"featureFlags", {{"a", true}}}}}}}}}));
  const Json body = json_of(server.handle(flags(kQuestion), at(0)));
  EXPECT_EQ(body["featureFlags"], (Json{{"a", true}}));
  EXPECT_EQ(body["featureFlagPayloads"], Json::object());
  EXPECT_EQ(body["errorsWhileComputingFlags"], false);
}

TEST(Flags, TheModernFormGetsNoneOfTheOlderFields) {
  Server server;
  const Json modern{{"flags", {{"a", {{"key", "a"}, {"enabled", true}, {"variant", "x"}}}}}};
  server.script(parse_script(Json{{"responses", {{{"body", modern}}}}}));
  const Json body = json_of(server.handle(flags(kQuestion), at(0)));
  EXPECT_EQ(body["flags"], modern["flags"]);
  EXPECT_EQ(body["errorsWhileComputingFlags"], false);
  EXPECT_FALSE(body.contains("featureFlags"));
}

TEST(Flags, ErrorsAndBodiesThatAreNoObjectsGoOutAsTheyAre) {
  Server server;
  server.script(parse_script(Json{{"responses",
                                   {{{"status", 502}},
                                    {{"status", 402}, {"body", {{"error", "quota"}}}},
                                    {{"body", "half {"}}}}}));
  EXPECT_EQ(server.handle(flags(kQuestion), at(0)).response.body, R"({"error":"Server error"})");
  EXPECT_EQ(server.handle(flags(kQuestion), at(0)).response.body, R"({"error":"quota"})");
  EXPECT_EQ(server.handle(flags(kQuestion), at(0)).response.body, "half {");
}

TEST(Flags, ARequestHoldsNoEventsAndStoresNothing) {
  Server server;
  server.handle(flags(kQuestion), at(0));
  EXPECT_FALSE(server.journal().at(0).event_count);
  EXPECT_EQ(server.journal().at(0).route, Route::flags);
  EXPECT_TRUE(server.stored().empty());
}

TEST(FlagsStrict, TokenAndDistinctIdAreNeededAndVersionTwoExpected) {
  ServerOptions options;
  options.strict = true;
  Server server(options);
  EXPECT_EQ(server.handle(flags({{"distinct_id", "x"}}), at(0)).response.status, 401);
  EXPECT_EQ(server.handle(flags({{"token", "phc"}}), at(0)).response.status, 400);
  EXPECT_EQ(server.handle(flags({{"api_key", "phc"}, {"distinct_id", "x"}}), at(0)).response.status,
            200);
  EXPECT_EQ(server.violations().size(), 2U);
  EXPECT_EQ(server.handle(post("/flags", kQuestion.dump()), at(0)).response.status, 200);
  EXPECT_EQ(server.violations().size(), 3U);
  EXPECT_EQ(server.handle(post("/flags?v=2", "[]"), at(0)).response.status, 401);
  EXPECT_EQ(server.handle(post("/flags?v=2", "{"), at(0)).response.status, 400);
}

}  // namespace
}  // namespace lockstep::mock
