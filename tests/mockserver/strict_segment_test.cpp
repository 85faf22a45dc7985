#include <gtest/gtest.h>

#include "mockserver/validate.h"
#include "requests.h"

namespace lockstep::mock {
namespace {

class StrictSegment : public testing::Test {
 protected:
  static ServerOptions strict() {
    ServerOptions options;
    options.strict = true;
    options.limits.segment_message = 1000;
    options.limits.segment_body = 2000;
    options.limits.segment_messages = 4;
    return options;
  }

  // The code of the answer's error, "" where there is none.
  std::string error_of(const http::Request& request) {
    const auto reply = server_.handle(request, at(0));
    status_ = reply.response.status;
    return Json::parse(reply.response.body).value("code", "");
  }

  std::string error_with(const char* key, const Json& value) {
    Json message = message_of(1);
    if (value.is_null()) {
      message.erase(key);
    } else {
      message[key] = value;
    }
    return error_of(segment({message}));
  }

  Server server_{strict()};
  int status_ = 0;
};

TEST_F(StrictSegment, AGoodBatchIsStoredOnceForEachMessageId) {
  EXPECT_EQ(error_of(segment(messages_of(3))), "");
  EXPECT_EQ(status_, 200);
  EXPECT_EQ(error_of(segment(messages_of(2))), "");
  ASSERT_EQ(server_.stored().size(), 3u);
  EXPECT_EQ(server_.stored()[0].requests.size(), 2u);
  EXPECT_EQ(server_.stored()[0].name, "signed up");
  EXPECT_EQ(server_.stored()[0].distinct_id, "person-1");
  EXPECT_EQ(server_.journal()[0].uuids.at(2), uuid_of(3));
  EXPECT_TRUE(server_.violations().empty()) << server_.violations()[0].text;
}

TEST_F(StrictSegment, SomebodyMustSend) {
  auto request = segment(messages_of(1));
  for (const char* authorization : {"", "Bearer write", "Basic Og=="}) {
    request.headers.set("Authorization", authorization);
    EXPECT_EQ(error_of(request), "unauthorized") << authorization;
    EXPECT_EQ(status_, 401);
  }
  request.headers.remove("Authorization");
  Json body = Json::parse(request.body);
  body["writeKey"] = "write";
  request.body = body.dump();
  EXPECT_EQ(error_of(request), "");
}

TEST_F(StrictSegment, EachKindOfMessageNeedsItsOwn) {
  EXPECT_EQ(error_with("type", "trick"), "invalid_message");
  EXPECT_EQ(error_with("type", nullptr), "invalid_message");
  EXPECT_EQ(error_with("event", nullptr), "invalid_message");
  EXPECT_EQ(error_with("type", "identify"), "");
  EXPECT_EQ(error_with("type", "group"), "invalid_message");
  EXPECT_EQ(error_with("type", "alias"), "invalid_message");
  EXPECT_EQ(status_, 400);
  EXPECT_EQ(error_with("userId", nullptr), "invalid_message");
  EXPECT_EQ(error_with("messageId", nullptr), "invalid_message");
  EXPECT_EQ(error_with("messageId", std::string(99, 'i')), "");
  EXPECT_EQ(error_with("messageId", std::string(100, 'i')), "invalid_message");
  EXPECT_EQ(error_with("timestamp", "yesterday"), "invalid_message");
  EXPECT_EQ(error_with("properties", "text"), "invalid_message");
  EXPECT_EQ(error_of(post("/v1/batch", "{}")), "invalid_request");
  EXPECT_EQ(error_of(segment({})), "invalid_request");
}

TEST_F(StrictSegment, SizesAreHeldTo) {
  Json large = message_of(1);
  const std::size_t around = large.dump().size() + std::string(R"(,"context":{"x":""})").size();
  large["context"]["x"] = std::string(1000 - around, 'x');
  ASSERT_EQ(large.dump().size(), 1000u);
  EXPECT_EQ(error_of(segment({large})), "");
  large["context"]["x"] = std::string(1001 - around, 'x');
  EXPECT_EQ(error_of(segment({large})), "message_too_large");
  large["context"]["x"] = std::string(900 - around, 'x');
  EXPECT_EQ(error_of(segment({large, large, large})), "request_too_large");
  EXPECT_EQ(status_, 400) << "Segment says no 413";
}

// A 200 is not proof.
TEST_F(StrictSegment, MessagesBeyondTheLimitAreTakenAndThrownAway) {
  EXPECT_EQ(error_of(segment(messages_of(5))), "");
  EXPECT_EQ(server_.stored().size(), 4u);
  ASSERT_EQ(server_.violations().size(), 1u);
}

TEST_F(StrictSegment, ARepeatedIdIsAViolation) {
  EXPECT_EQ(error_of(segment({message_of(1), message_of(1)})), "");
  EXPECT_EQ(server_.violations().size(), 1u);
}

}  // namespace
}  // namespace lockstep::mock
