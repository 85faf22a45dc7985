// Tracking, from the call to what the service gets: the mock server on a simulated network.
#include "openfeature/tracker.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "clock/timestamp.h"
#include "clock/trace.h"
#include "mockserver/server.h"
#include "sdk/host/sim_host.h"

namespace lockstep::openfeature {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class Tracking : public testing::Test {
 protected:
  static mock::ServerOptions strict() {
    mock::ServerOptions options;
    options.strict = true;
    return options;
  }

  static Options options() {
    Options options;
    options.api_key = "client-secret";
    options.host = "http://events.test";
    options.capture = Capture::confidence;
    return options;
  }

  void TearDown() override {
    for (const auto& violation : server_.violations()) ADD_FAILURE() << violation.text;
  }

  // The event that the tracker's call makes, as the service gets it.
  json sent(Tracker& tracker, const EvaluationContext& context,
            const TrackingEventDetails& details = {}) {
    server_.clear_requests();
    EXPECT_TRUE(tracker.track("checkout", context, details).ok());
    EXPECT_TRUE(client_.flush().ok());
    return json::parse(server_.journal().at(0).body)["events"][0];
  }
  json payload(const EvaluationContext& context, const TrackingEventDetails& details = {}) {
    return sent(tracker_, context, details)["payload"];
  }

  mock::Server server_{strict()};
  std::shared_ptr<SimHost> host_ = std::make_shared<SimHost>(server_);
  ::lockstep::Client client_{options(), host_};
  Tracker tracker_{client_};
};

TEST_F(Tracking, AnEventHasItsNameItsTimeItsDetailsAndTheContext) {
  const std::string now = to_rfc3339(host_->clock().wall_now());
  tracker_.track("checkout", EvaluationContext("user-1", {{"country", "SE"}}),
                 {.value = 99.5, .fields = {{"currency", "SEK"}, {"items", List{1, 2}}}});
  host_->run_for(3s);
  client_.flush();
  const json body = json::parse(server_.journal().at(0).body);
  EXPECT_EQ(body["clientSecret"], "client-secret");
  EXPECT_GE(*parse_rfc3339(body["sendTime"].get<std::string>()), *parse_rfc3339(now) + 3s);
  EXPECT_EQ(body["events"][0],
            json({{"eventDefinition", "eventDefinitions/checkout"},
                  {"eventTime", now},
                  {"payload",
                   {{"currency", "SEK"},
                    {"items", {1, 2}},
                    {"value", 99.5},
                    {"context", {{"targeting_key", "user-1"}, {"country", "SE"}}}}}}));
}

TEST_F(Tracking, AValueOfZeroIsAValue) {
  EXPECT_EQ(payload({}, {.value = 0})["value"], 0.0);
  EXPECT_FALSE(payload({}).contains("value"));
  EXPECT_EQ(payload({}, {.value = 0, .fields = {{"value", 7}}})["value"], 0.0);
  EXPECT_EQ(payload({}, {.value = {}, .fields = {{"value", 7}}})["value"], 7);
}

TEST_F(Tracking, AContextAmongTheDetailsIsRefused) {
  const auto result = tracker_.track("checkout", {}, {.value = {}, .fields = {{"context", 1}}});
  EXPECT_EQ(result.admission, Admission::invalid);
  EXPECT_EQ(tracker_.track("").admission, Admission::invalid);
  for (const double value :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(tracker_.track("e", {}, {.value = value}).admission, Admission::invalid);
  }
  EXPECT_EQ(client_.stats().total().captured, 0u);
}

TEST_F(Tracking, FlatPayloadsHaveEverythingSideBySideAndDetailsWin) {
  Tracker flat(client_, PayloadShape::flat);
  EXPECT_EQ(sent(flat, EvaluationContext("u", {{"a", "context"}, {"b", "context"}}),
                 {.value = 0, .fields = {{"b", "details"}, {"context", "mine"}}})["payload"],
            json({{"targeting_key", "u"},
                  {"a", "context"},
                  {"b", "details"},
                  {"context", "mine"},
                  {"value", 0.0}}));
  server_.clear_requests();  // a text as context is what the mock complains about
}

TEST_F(Tracking, ContextsMergeByTheirLevels) {
  tracker_.set_context(ContextLevel::client, EvaluationContext("client", {{"c", "client"}}));
  tracker_.set_context(ContextLevel::api, EvaluationContext("api", {{"a", "api"}, {"c", "api"}}));
  tracker_.set_context(ContextLevel::transaction, EvaluationContext("", {{"t", "t"}, {"i", "t"}}));
  EXPECT_EQ(payload(EvaluationContext("", {{"i", "invocation"}}))["context"],
            json({{"targeting_key", "client"},
                  {"a", "api"},
                  {"c", "client"},
                  {"t", "t"},
                  {"i", "invocation"}}));
}

TEST_F(Tracking, WithoutATargetingKeyTheEventIsNobodys) {
  EXPECT_EQ(payload({}), json({{"context", json::object()}}));
}

TEST_F(Tracking, IsForAnyProtocol) {
  for (const Capture capture : {Capture::v1, Capture::segment}) {
    Options other = options();
    other.capture = capture;
    ::lockstep::Client client(other, host_);
    Tracker tracker(client);
    server_.clear_requests();
    tracker.track("checkout", EvaluationContext("user-1"), {.value = 0});
    tracker.track("checkout");
    ASSERT_TRUE(client.flush().ok());
    const json batch = json::parse(server_.journal().at(0).body)["batch"];
    EXPECT_EQ(batch[0]["event"], "checkout");
    EXPECT_EQ(batch[0]["properties"]["value"], 0.0);
    EXPECT_EQ(batch[0]["properties"]["context"], json({{"targeting_key", "user-1"}}));
    const bool is_segment = capture == Capture::segment;
    EXPECT_EQ(batch[0][is_segment ? "userId" : "distinct_id"], "user-1");
    EXPECT_EQ(batch[1][is_segment ? "anonymousId" : "distinct_id"],
              batch[1][is_segment ? "messageId" : "uuid"])
        << "nobody's event has its id as one";
  }
}

// What the original left open: nothing leaves memory before the service has confirmed it.
TEST_F(Tracking, AnEventStaysUntilItIsConfirmed) {
  server_.enqueue({{.status = 503}, {.fault = http::Fault::reset_after}, {.body = "<html>"}});
  tracker_.track("checkout", EvaluationContext("u"));
  EXPECT_FALSE(client_.flush(1ms).ok());
  EXPECT_EQ(client_.stats().total().pending, 1u);
  EXPECT_TRUE(client_.flush(1min).ok());
  EXPECT_EQ(client_.stats().total().delivered, 1u);
  EXPECT_EQ(server_.request_count(), 4u);
}

TEST_F(Tracking, TheClientSecretIsInTheBodyAndNowhereElse) {
  std::string said;
  Options talkative = options();
  Trace trace;
  talkative.trace = &trace;
  talkative.logger = [&](LogLevel, std::string_view text) { said += text; };
  talkative.on_error = [&](const ErrorReport& error) { said += error.message; };
  talkative.on_outcome = [&](const Outcome& outcome) { said += outcome.detail; };
  talkative.on_request = [&](const RequestReport& request) { said += request.error; };
  const std::string echo = "no client has client-secret";
  server_.enqueue({{.status = 503, .body = echo},
                   {.body = echo},
                   {.body = R"({"errors":[{"message":")" + echo + R"("}]})"},
                   {.status = 401, .body = echo}});
  ::lockstep::Client client(talkative, host_);
  Tracker tracker(client);
  tracker.track("first");
  client.flush();
  tracker.track("second");
  client.flush();
  for (const TraceEntry& entry : trace.entries()) said += entry.to_text();
  EXPECT_NE(said.find("no client has [api key]"), std::string::npos);
  EXPECT_EQ(said.find("client-secret"), std::string::npos);
  for (const auto& request : server_.journal()) {
    EXPECT_NE(request.body.find("client-secret"), std::string::npos);
    for (const auto& header : request.headers) {
      EXPECT_EQ(header.value.find("client-secret"), std::string::npos);
    }
  }
}

TEST_F(Tracking, ShutdownSendsWhatWasTracked) {
  tracker_.track("checkout");
  EXPECT_EQ(client_.shutdown().delivered, 1u);
  EXPECT_EQ(server_.stored().size(), 1u);
}

TEST_F(Tracking, MayBeCalledFromManyThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 50; ++n) {
        tracker_.set_context(ContextLevel::client, EvaluationContext("c", {{"thread", i}}));
        EXPECT_TRUE(tracker_.track("checkout").ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(client_.flush().ok());
  EXPECT_EQ(server_.stored().size(), 200u);
}

}  // namespace
}  // namespace lockstep::openfeature
