#include <gtest/gtest.h>

#include "mockserver/validate.h"
#include "requests.h"

namespace lockstep::mock {
namespace {

class StrictConfidence : public testing::Test {
 protected:
  static ServerOptions strict() {
    ServerOptions options;
    options.strict = true;
    return options;
  }

  // The code of the answer's error, "" where there is none.
  std::string error_of(const http::Request& request) {
    const auto reply = server_.handle(request, at(0));
    status_ = reply.response.status;
    return Json::parse(reply.response.body).value("code", "");
  }

  std::string error_with(const char* path, const Json& value) {
    Json body = Json::parse(confidence(published(2)).body);
    Json& member = body[Json::json_pointer(path)];
    member = value;
    return error_of(post("/v1/events:publish", body.dump()));
  }

  Json answer_to(int events) {
    return json_of(server_.handle(confidence(published(events)), at(0)));
  }

  std::vector<std::string> stored() {
    std::vector<std::string> ids;
    for (const StoredEvent& event : server_.stored()) ids.push_back(event.uuid.substr(35));
    return ids;
  }

  Server server_{strict()};
  int status_ = 0;
};

TEST_F(StrictConfidence, AGoodRequestIsTaken) {
  EXPECT_EQ(answer_to(2), (Json{{"errors", Json::array()}}));
  const auto rows = server_.stored();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].name, "eventDefinitions/signed-up");
  EXPECT_EQ(rows[0].distinct_id, "p");
  EXPECT_TRUE(server_.violations().empty()) << server_.violations()[0].text;
}

TEST_F(StrictConfidence, ARepeatIsAnotherEvent) {
  answer_to(1), answer_to(1);
  EXPECT_EQ(stored(), (std::vector<std::string>{"1", "1"})) << "it has no id there";
}

TEST_F(StrictConfidence, WhatIsRequiredIsRequired) {
  EXPECT_EQ(error_with("/clientSecret", ""), "UNAUTHENTICATED");
  EXPECT_EQ(status_, 401);
  EXPECT_EQ(error_with("/sendTime", "now"), "INVALID_ARGUMENT");
  EXPECT_EQ(status_, 400);
  EXPECT_EQ(error_with("/events", Json::array()), "INVALID_ARGUMENT");
  EXPECT_EQ(error_with("/events", Json::object()), "INVALID_ARGUMENT");
  EXPECT_EQ(error_with("/events/1/eventDefinition", "signed-up"), "INVALID_ARGUMENT");
  EXPECT_EQ(error_with("/events/1/eventDefinition", "eventDefinitions/"), "INVALID_ARGUMENT");
  EXPECT_EQ(error_with("/events/1/eventTime", 7), "INVALID_ARGUMENT");
  EXPECT_EQ(error_with("/events/1/payload", "text"), "INVALID_ARGUMENT");
  EXPECT_EQ(error_with("/events/1", "text"), "INVALID_ARGUMENT");
  EXPECT_EQ(error_with("/sdk", Json{{"version", "1"}}), "INVALID_ARGUMENT");
  EXPECT_TRUE(server_.stored().empty());
}

TEST_F(StrictConfidence, AFieldThatNobodyKnowsIsRefused) {
  for (const char* path : {"/send_time", "/batch", "/sdk/name", "/events/0/messageId"}) {
    EXPECT_EQ(error_with(path, "x"), "INVALID_ARGUMENT") << path;
  }
}

TEST_F(StrictConfidence, TheSecretIsNeverQuoted) {
  error_with("/sendTime", "now");
  error_with("/nobody", 1);
  for (const Violation& violation : server_.violations()) {
    EXPECT_EQ(violation.text.find("s3cret"), std::string::npos);
  }
}

TEST_F(StrictConfidence, ScriptedErrorsRefuseTheEventsThatTheyName) {
  server_.script(parse_script(std::string_view(R"({"responses":[{"event_errors":
      [1, {"index":2,"reason":"EVENT_DEFINITION_NOT_FOUND","message":"no such"}]}]})")));
  const Json answer = answer_to(4);
  EXPECT_EQ(answer["errors"][0],
            (Json{{"index", 1}, {"reason", "EVENT_SCHEMA_VALIDATION_FAILED"}}));
  EXPECT_EQ(answer["errors"][1],
            (Json{{"index", 2}, {"reason", "EVENT_DEFINITION_NOT_FOUND"}, {"message", "no such"}}));
  EXPECT_EQ(stored(), (std::vector<std::string>{"1", "4"}));
}

TEST_F(StrictConfidence, AScriptedBodyDecidesByWhatItSays) {
  Script script;
  script.responses.emplace();
  for (const char* body : {R"({"errors":[{"reason":"x"}]})", "<html>", "{}"}) {
    Step step;
    step.body = body;
    script.responses->push_back(step);
  }
  server_.script(script);
  server_.handle(confidence(published(2)), at(0));
  EXPECT_EQ(stored(), (std::vector<std::string>{"2"})) << "an index that is left out is 0";
  server_.handle(confidence(published(2)), at(1));
  EXPECT_EQ(stored().size(), 1u) << "no answer of the service";
  server_.handle(confidence(published(2)), at(2));
  EXPECT_EQ(stored().size(), 3u);
}

TEST_F(StrictConfidence, AWrongScriptIsRefusedByItsPath) {
  const auto path_of = [](const char* text) {
    try {
      parse_script(std::string_view(text));
    } catch (const ScriptError& error) {
      return error.path();
    }
    return std::string("none");
  };
  EXPECT_EQ(path_of(R"({"responses":[{"event_errors":["x"]}]})"), "responses[0].event_errors[0]");
  EXPECT_EQ(path_of(R"({"responses":[{"event_errors":[{"reason":"x"}]}]})"),
            "responses[0].event_errors[0].index");
  EXPECT_EQ(path_of(R"({"responses":[{"event_errors":[{"index":1,"id":2}]}]})"),
            "responses[0].event_errors[0].id");
}

}  // namespace
}  // namespace lockstep::mock
