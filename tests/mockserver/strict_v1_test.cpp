#include <gtest/gtest.h>

#include "compressed.h"
#include "mockserver/validate.h"
#include "requests.h"

namespace lockstep::mock {
namespace {

class StrictV1 : public testing::Test {
 protected:
  static ServerOptions strict() {
    ServerOptions options;
    options.strict = true;
    return options;
  }

  // The tag of the answer's error, "" when there is none.
  std::string error_of(const http::Request& request) {
    const auto reply = server_.handle(request, at(0));
    status_ = reply.response.status;
    return Json::parse(reply.response.body).value("error", "");
  }

  // The details with which the second of two events is dropped; "" when it is ok.
  std::string drop_of(const Json& event) {
    Json second = event;
    second["uuid"] = uuid_of(2);
    const Json body = json_of(server_.handle(v1({event_of(1), second}), at(0)));
    EXPECT_EQ(body["results"][uuid_of(1)]["result"], "ok");
    const Json entry = body["results"][uuid_of(2)];
    return entry["result"] == "drop" ? entry["details"].get<std::string>() : "";
  }

  static http::Request with_header(const char* name, const std::string& value) {
    auto request = v1(batch_of(1));
    request.headers.set(name, value);
    return request;
  }

  static http::Request with_root(const char* key, const Json& value) {
    auto request = v1(batch_of(1));
    Json body = Json::parse(request.body);
    body[key] = value;
    request.body = body.dump();
    return request;
  }

  static Json event_with(const char* key, const Json& value) {
    Json event = event_of(1);
    event[key] = value;
    return event;
  }

  Server server_{strict()};
  int status_ = 0;
};

TEST_F(StrictV1, AGoodRequestPassesWithoutViolations) {
  EXPECT_EQ(error_of(v1(batch_of(3))), "");
  EXPECT_EQ(error_of(with_root("historical_migration", true)), "");
  EXPECT_EQ(error_of(with_header("Content-Type", "application/json; charset=utf-8")), "");
  for (const auto& [token, encode] :
       std::vector<std::pair<const char*, std::string (*)(std::string_view)>>{
           {"gzip", gzipped}, {"deflate", deflated}, {"br", brotlied}, {"zstd", zstded}}) {
    auto request = with_header("Content-Encoding", token);
    request.body = encode(request.body);
    EXPECT_EQ(error_of(request), "") << token;
  }
  EXPECT_TRUE(server_.violations().empty()) << server_.violations()[0].text;
}

TEST_F(StrictV1, EachRequiredHeaderIsRequired) {
  for (const char* name : {"Authorization", "Content-Type", "PostHog-Sdk-Info", "PostHog-Attempt",
                           "PostHog-Request-Id", "PostHog-Request-Timestamp", "User-Agent"}) {
    auto request = v1(batch_of(1));
    request.headers.remove(name);
    EXPECT_EQ(error_of(request), "missing_required_headers") << name;
    EXPECT_EQ(status_, 400);
    EXPECT_NE(server_.violations().back().text.find(name), std::string::npos);
  }
  EXPECT_TRUE(server_.stored().empty());
}

TEST_F(StrictV1, HeadersAreHeldToTheirForm) {
  const std::pair<const char*, const char*> wrong[] = {{"PostHog-Attempt", "0"},
                                                       {"PostHog-Attempt", "-1"},
                                                       {"PostHog-Attempt", "1.5"},
                                                       {"PostHog-Attempt", "one"},
                                                       {"PostHog-Request-Id", "42"},
                                                       {"PostHog-Sdk-Info", "lockstep"},
                                                       {"PostHog-Sdk-Info", "/1"},
                                                       {"PostHog-Sdk-Info", "a/"},
                                                       {"PostHog-Request-Timestamp", "1735689600"}};
  for (const auto& [name, value] : wrong) {
    EXPECT_EQ(error_of(with_header(name, value)), "invalid_header_value") << name << ' ' << value;
    EXPECT_EQ(status_, 400);
  }
  EXPECT_EQ(error_of(with_header("Authorization", "Basic cGhjOg==")), "missing_authorization");
  EXPECT_EQ(status_, 401);
  EXPECT_EQ(error_of(with_header("Content-Type", "text/plain")), "unsupported_content_type");
  EXPECT_EQ(status_, 415);
}

TEST_F(StrictV1, ACredentialIsNeverQuoted) {
  error_of(with_header("Authorization", "Basic s3cret"));
  EXPECT_EQ(server_.violations().at(0).text.find("s3cret"), std::string::npos);
}

TEST_F(StrictV1, ARepeatedHeaderIsAViolation) {
  auto request = v1(batch_of(1));
  request.headers.add("PostHog-Attempt", "2");
  EXPECT_EQ(error_of(request), "");
  EXPECT_EQ(server_.violations().size(), 1U);
}

TEST_F(StrictV1, TheBatchIsHeldToItsForm) {
  EXPECT_EQ(error_of(v1({})), "empty_batch");
  EXPECT_EQ(error_of(with_root("created_at", "now")), "invalid_batch");
  EXPECT_EQ(error_of(with_root("created_at", nullptr)), "invalid_batch");
  EXPECT_EQ(error_of(with_root("batch", 5)), "request_parsing_error");
  EXPECT_EQ(error_of(with_root("historical_migration", "yes")), "request_parsing_error");
  auto request = v1(batch_of(1));
  request.body = "[]";
  EXPECT_EQ(error_of(request), "request_parsing_error");
  request.body = "{\"batch\": [";
  EXPECT_EQ(error_of(request), "request_parsing_error");
  EXPECT_EQ(status_, 400);
}

TEST_F(StrictV1, FieldsOfV0AtTheRootAreViolations) {
  EXPECT_EQ(error_of(with_root("api_key", "phc")), "");
  EXPECT_EQ(error_of(with_root("sent_at", "2025-01-01T00:00:00Z")), "");
  EXPECT_EQ(server_.violations().size(), 2U);
}

TEST_F(StrictV1, AUuidThatIsWrongRefusesTheWholeBatch) {
  const auto batch_with = [](const Json& event) { return v1({event_of(2), event}); };
  Json without = event_of(1);
  without.erase("uuid");
  EXPECT_EQ(error_of(batch_with(without)), "request_parsing_error");
  EXPECT_EQ(error_of(batch_with(event_with("uuid", ""))), "missing_event_uuid");
  EXPECT_EQ(error_of(batch_with(event_with("uuid", "x"))), "invalid_event_uuid");
  EXPECT_EQ(error_of(batch_with(event_of(2))), "duplicate_event_uuid");
  EXPECT_EQ(status_, 400);
  without = event_of(1);
  without.erase("timestamp");
  EXPECT_EQ(error_of(batch_with(without)), "request_parsing_error");
  EXPECT_EQ(error_of(batch_with(Json(5))), "request_parsing_error");
  EXPECT_TRUE(server_.stored().empty());
}

TEST_F(StrictV1, AnEventThatIsWrongIsDroppedAlone) {
  EXPECT_EQ(drop_of(event_of(1)), "");
  EXPECT_EQ(drop_of(event_with("event", "")), "missing_event_name");
  EXPECT_EQ(drop_of(event_with("event", std::string(200, 'x'))), "");
  EXPECT_EQ(drop_of(event_with("event", std::string(201, 'x'))), "event_name_too_long");
  EXPECT_EQ(drop_of(event_with("distinct_id", nullptr)), "missing_distinct_id");
  EXPECT_EQ(drop_of(event_with("distinct_id", std::string(200, 'x'))), "");
  EXPECT_EQ(drop_of(event_with("distinct_id", std::string(201, 'x'))), "distinct_id_too_large");
  EXPECT_EQ(drop_of(event_with("timestamp", "soon")), "invalid_event_timestamp");
  EXPECT_EQ(drop_of(event_with("timestamp", 5)), "invalid_event_timestamp");
  EXPECT_EQ(drop_of(event_with("properties", 5)), "malformed_event_properties");
  EXPECT_EQ(drop_of(event_with("properties", {{"x", std::string(1'000'000, 'x')}})),
            "event_too_big");
}

TEST_F(StrictV1, LengthsAreCountedInBytes) {
  std::string name;
  for (int i = 0; i < 101; ++i) name += "\xc3\xa9";
  EXPECT_EQ(drop_of(event_with("event", name)), "event_name_too_long");
}

TEST_F(StrictV1, OptionsAreCoercedWhereTheyCanBe) {
  EXPECT_EQ(
      drop_of(event_with("options", {{"cookieless_mode", "true"}, {"process_person_profile", 1}})),
      "");
  EXPECT_EQ(drop_of(event_with("options", {{"product_tour_id", "t"}, {"unknown", {}}})), "");
  EXPECT_EQ(drop_of(event_with("options", {{"cookieless_mode", "maybe"}})), "invalid_options");
  EXPECT_EQ(drop_of(event_with("options", {{"product_tour_id", 5}})), "invalid_options");
  EXPECT_EQ(drop_of(event_with("options", 5)), "invalid_options");
}

TEST_F(StrictV1, ADroppedEventIsNotStoredAndTheViolationNamesIt) {
  drop_of(event_with("event", ""));
  ASSERT_EQ(server_.stored().size(), 1U);
  EXPECT_EQ(server_.stored()[0].uuid, uuid_of(1));
  EXPECT_EQ(server_.violations().at(0).text, "event 1 is dropped: missing_event_name");
}

TEST_F(StrictV1, ADropStandsAgainstAScriptedResult) {
  Step step;
  step.v1_event_results = {"ok", "ok"};
  server_.enqueue({step});
  EXPECT_EQ(drop_of(event_with("event", "")), "missing_event_name");
}

TEST_F(StrictV1, DistinctIdInThePropertiesIsAViolation) {
  EXPECT_EQ(drop_of(event_with("properties", {{"distinct_id", "d"}})), "");
  EXPECT_EQ(server_.violations().size(), 1U);
  Json event = event_with("properties", {{"distinct_id", "d"}});
  event.erase("distinct_id");
  EXPECT_EQ(drop_of(event), "missing_distinct_id");
}

TEST_F(StrictV1, CompressedAndDecompressedBodiesHaveTheirLimits) {
  ServerOptions options = strict();
  const auto request = v1(batch_of(1));
  options.limits.v1_decompressed = request.body.size();
  options.limits.v1_compressed = gzipped(request.body).size();
  Server server(options);
  auto compressed = request;
  compressed.body = gzipped(request.body);
  compressed.headers.add("Content-Encoding", "gzip");
  auto too_long = request;
  too_long.body += ' ';
  auto decodes_too_long = compressed;
  decodes_too_long.body = gzipped(too_long.body);
  auto compressed_too_long = compressed;
  compressed_too_long.body += gzipped("");
  EXPECT_EQ(
      statuses(server, {request, compressed, too_long, decodes_too_long, compressed_too_long}),
      (std::vector{200, 200, 413, 413, 413}));
}

}  // namespace
}  // namespace lockstep::mock
