// Bodies that are JSON but for a few bytes, on every route that takes events.

#include <gtest/gtest.h>

#include "requests.h"

namespace lockstep::mock {
namespace {

using namespace std::string_literals;

const std::string kByteOrderMark = "\xEF\xBB\xBF";
// Which the quicker of the two parsers leaves to the other.
const std::string kHugeNumber = "123456789012345678901234567890";

// A good request to each route that takes events.
std::vector<http::Request> good_requests() {
  std::vector<http::Request> all;
  for (const char* path : {"/batch", "/e", "/capture", "/track", "/i/v0/e", "/i/v0/ai/batch/"}) {
    auto request = v0(batch_of(2));
    request.url.path = path;
    all.push_back(std::move(request));
  }
  all.push_back(v1(batch_of(2)));
  all.push_back(segment(messages_of(2)));
  all.push_back(confidence(published(2)));
  return all;
}

// The body, a list of events, one event; each also with a number that is too large for most.
std::vector<std::string> forms(const http::Request& request) {
  std::vector<std::string> all = {request.body, Json(batch_of(2)).dump(), event_of(1).dump()};
  for (int i = 0; i < 3; ++i) {
    std::string text = all[static_cast<std::size_t>(i)];
    const auto in_object = text.find('{') + 1;
    all.push_back(text.insert(in_object, R"("n":)" + kHugeNumber + ","));
  }
  return all;
}

ServerOptions strict() {
  ServerOptions options;
  options.strict = true;
  return options;
}

void expect_refused(const http::Request& request) {
  SCOPED_TRACE(request.url.path + " " + request.body);
  Server lenient;
  EXPECT_EQ(lenient.handle(request, at(0)).response.status, 200);
  EXPECT_TRUE(lenient.stored().empty());
  ASSERT_EQ(lenient.journal().size(), 1u);
  EXPECT_FALSE(lenient.journal()[0].event_count);

  Server server(strict());
  const auto reply = server.handle(request, at(0));
  EXPECT_EQ(reply.response.status, 400);
  EXPECT_TRUE(Json::accept(reply.response.body)) << reply.response.body;
  EXPECT_EQ(server.journal().size(), 1u);
}

TEST(OddBytes, AByteOrderMarkMakesABodyNoJson) {
  for (http::Request request : good_requests()) {
    for (const std::string& body : forms(request)) {
      request.body = kByteOrderMark + body;
      expect_refused(request);
    }
  }
}

TEST(OddBytes, NothingIsReadPastAZeroByteAndSoNothingBeforeIt) {
  for (http::Request request : good_requests()) {
    for (const std::string& body : forms(request)) {
      request.body = body + "\0junk"s;
      expect_refused(request);
      request.body = body + "\0"s;
      expect_refused(request);
    }
  }
}

TEST(OddBytes, ARefusalQuotesHalfACharacterAndIsUtf8) {
  for (http::Request request : good_requests()) {
    request.body = "\xC3\xA9{\xC3";
    expect_refused(request);
    request.body = "{\"a\":\"\xC3\"}";
    expect_refused(request);
  }
}

TEST(OddBytes, AScriptWithThemIsRefused) {
  EXPECT_THROW(parse_script(std::string_view(kByteOrderMark + "{}")), ScriptError);
  EXPECT_THROW(parse_script(std::string_view("{}\0x"s)), ScriptError);
  EXPECT_THROW(parse_script(std::string_view("{}\0"s)), ScriptError);
}

}  // namespace
}  // namespace lockstep::mock
