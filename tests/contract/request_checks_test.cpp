// The finer points of checks of requests.
#include "bench.h"

namespace lockstep::contract {
namespace {

TEST(ContractRequestChecks, CountEveryRequestOfTheTest) {
  Bench bench;
  bench.batch({event_of(1)});
  bench.post("/flags?v=2", "{}");
  EXPECT_TRUE(passes(bench, "assert_request_count", "{expected: 2}"));
  EXPECT_TRUE(
      fails(bench, "assert_request_count", "{expected: 1}", "the number of requests to be 1", "2"));
  EXPECT_NE(complaint("assert_request_count", "{expected: -1}"), "");
  EXPECT_NE(complaint("assert_request_count_gte", "{expected: -1}"), "");
  EXPECT_TRUE(
      fails(bench, "assert_request_count_gte", "{expected: 3}", "at least 3", "2 requests"));
}

TEST(ContractRequestChecks, PathsAreComparedWithoutSlashesAtTheirEnds) {
  Bench bench;
  bench.post("/batch/", "{}");
  bench.post("/batch", "{}");
  EXPECT_TRUE(passes(bench, "assert_request_path", "{expected: /batch///}"));
  EXPECT_TRUE(passes(bench, "assert_no_requests_to_paths", "{paths: [/, '', batch]}"));
  EXPECT_TRUE(fails(bench, "assert_no_requests_to_paths", "{paths: [/x, /batch//]}",
                    "no request to /batch//", "POST /batch"));
  bench.post("/flags", "{}");
  EXPECT_TRUE(fails(bench, "assert_request_path", "{expected: /batch}", "requests to /batch only",
                    "POST /flags"));
}

TEST(ContractRequestChecks, OneHeaderIsLookedForInAllRequestsTheOthersInTheFirst) {
  Bench bench;
  bench.post("/batch", "{}", {{"A", "1"}});
  bench.post("/batch", "{}", {{"B", "2"}});
  EXPECT_TRUE(passes(bench, "assert_request_has_header", "{header: b}"));
  EXPECT_TRUE(passes(bench, "assert_request_has_header", "{header: b, expected: '2'}"));
  EXPECT_TRUE(fails(bench, "assert_request_has_header", "{header: b, expected: '1'}",
                    "a request with the header b: 1", "no b header"));
  EXPECT_TRUE(fails(bench, "assert_request_has_header", "{header: a, expected: ''}"));
  EXPECT_TRUE(passes(bench, "assert_header_absent", "{header: b}"));
  EXPECT_TRUE(fails(bench, "assert_header_absent", "{header: a}", "no header a", "a: 1"));
  EXPECT_TRUE(
      fails(bench, "assert_header_is_integer", "{header: b}", "the whole number", "no b header"));
  EXPECT_TRUE(fails(bench, "assert_header_value_matches", "{header: b, pattern: ''}"));
  EXPECT_TRUE(
      passes(bench, "assert_header_value_matches", "{header: b, pattern: x, optional: true}"));
}

TEST(ContractRequestChecks, HeadersOfOneNameAreOneToTheOriginal) {
  Bench bench;
  bench.post("/batch", "{}", {{"A", "1"}, {"a", "2"}});
  EXPECT_TRUE(passes(bench, "assert_request_has_header", "{header: A, expected: '1,2'}"));
  EXPECT_TRUE(fails(bench, "assert_header_is_integer", "{header: A}", "", "A: 1,2"));
}

TEST(ContractRequestChecks, APatternIsAnchoredAtTheBeginningOnly) {
  Bench bench;
  bench.post("/batch", "{}", {{"A", "application/json; charset=utf-8"}, {"Empty", ""}});
  EXPECT_TRUE(passes(bench, "assert_header_value_matches", "{header: A, pattern: application}"));
  EXPECT_TRUE(fails(bench, "assert_header_value_matches", "{header: A, pattern: json}",
                    "to match json", "A: application/json; charset=utf-8"));
  EXPECT_TRUE(fails(bench, "assert_header_value_matches", "{header: A, pattern: 'x|json'}"));
  EXPECT_TRUE(passes(bench, "assert_header_value_matches", "{header: A, pattern: '^.+/.+$'}"));
  EXPECT_TRUE(fails(bench, "assert_header_value_matches", "{header: A, pattern: 'application$'}"));
  EXPECT_TRUE(fails(bench, "assert_header_value_matches", "{header: Empty, pattern: '^.+$'}"));
  EXPECT_TRUE(passes(bench, "assert_header_value_matches", "{header: Empty, pattern: '.*'}"));
  EXPECT_TRUE(
      fails(bench, "assert_header_value_matches", "{header: A, pattern: json, optional: true}"));
}

TEST(ContractRequestChecks, APatternIsNotTriedOnAnEndlessHeader) {
  Bench bench;
  bench.post("/batch", "{}", {{"A", std::string(1'000'000, 'a')}});
  EXPECT_TRUE(fails(bench, "assert_header_value_matches", "{header: A, pattern: '^.+$'}", "",
                    "1000000 bytes"));
}

TEST(ContractRequestChecks, AWrongPatternIsAMistakeInTheFile) {
  const std::string found = complaint("assert_header_value_matches", "{header: A, pattern: '(a'}");
  EXPECT_TRUE(found.starts_with("step.yaml:1:22: found the text \"(a\"")) << found;
  EXPECT_TRUE(found.ends_with("expected a regular expression")) << found;
}

TEST(ContractRequestChecks, AHeaderMayBeWhatIntAndUuidTake) {
  Bench bench;
  bench.post("/batch", "{}",
             {{"N", " +07 "}, {"U", "{URN}"}, {"V", "urn:uuid:0198c0de000070008000000000000abc"}});
  EXPECT_TRUE(passes(bench, "assert_header_is_integer", "{header: N, expected: 7}"));
  EXPECT_TRUE(fails(bench, "assert_header_is_integer", "{header: N, expected: 8}",
                    "the whole number 8 in the header N", "N:  +07"));
  EXPECT_TRUE(fails(bench, "assert_header_is_uuid", "{header: U}", "a UUID in the header U"));
  EXPECT_TRUE(passes(bench, "assert_header_is_uuid", "{header: V}"));
}

TEST(ContractRequestChecks, ABearersCaseAndSpacesDoNotMatterAndItIsNeverShown) {
  const auto verdict = [](const std::string& authorization, const std::string& params) {
    Bench bench;
    bench.post("/batch", "{}", {{"Authorization", authorization}});
    const Finding finding = bench.run("assert_authorization_bearer_token", params);
    if (finding) {
      EXPECT_EQ((finding->expected + finding->seen).find("phc_"), std::string::npos);
    }
    return !finding;
  };
  for (const char* right : {"Bearer phc_a", "bearer phc_a", "BEARER   phc_a  "}) {
    EXPECT_TRUE(verdict(right, "{expected: phc_a}")) << right;
    EXPECT_FALSE(verdict(right, "{expected: phc_b}")) << right;
    EXPECT_TRUE(verdict(right, "{}")) << right;
  }
  for (const char* wrong : {"phc_a", "Basic phc_a", "Bearer", "Bearer ", "Bearer\tphc_a", ""}) {
    EXPECT_FALSE(verdict(wrong, "{}")) << wrong;
  }
  Bench bench;
  bench.post("/batch", "{}", {{"Authorization", "Bearer phc_a"}});
  EXPECT_TRUE(fails(bench, "assert_header_absent", "{header: authorization}", "", "(not shown)"));
}

TEST(ContractRequestChecks, ABatchNeedsOnlyWhatItIsAskedFor) {
  Bench bench;
  bench.post("/batch", R"({"batch":{}})");
  EXPECT_TRUE(passes(bench, "assert_batch_format"));
  EXPECT_TRUE(passes(bench, "assert_batch_format", "{has_batch_array: false}"));
  EXPECT_TRUE(fails(bench, "assert_batch_format", "{has_batch_array: true}", "an array \"batch\""));
  EXPECT_TRUE(fails(bench, "assert_batch_format", "{has_api_key_field: true}", "\"api_key\""));
  for (const char* body : {"", "{"}) {
    Bench other;
    other.post("/batch", body);
    EXPECT_TRUE(fails(other, "assert_batch_format", "{}", "a batch")) << body;
  }
}

TEST(ContractRequestChecks, AFieldOfABodyMayBeAnyValueOfAnyRequest) {
  Bench bench;
  bench.post("/batch", R"({"a":null,"b":1.0,"c":true})");
  bench.post("/batch", R"({"d":{"e":[1]}})");
  EXPECT_TRUE(passes(bench, "assert_body_field", "{field: a}"));
  EXPECT_TRUE(passes(bench, "assert_body_field", "{field: a, expected: null}"));
  EXPECT_TRUE(passes(bench, "assert_body_field", "{field: b, expected: 1}"));
  EXPECT_TRUE(passes(bench, "assert_body_field", "{field: c, expected: 1}"));
  EXPECT_TRUE(fails(bench, "assert_body_field", "{field: c, expected: 2}",
                    "\"c\" in the body to be 2", "true"));
  EXPECT_TRUE(fails(bench, "assert_body_field", "{field: z, expected: null}", "\"z\" in the body",
                    "none in {\"a\":null"));
  EXPECT_TRUE(
      passes(bench, "assert_body_field", "{field: d, expected: {e: [1]}, request_index: -1}"));
  EXPECT_TRUE(passes(bench, "assert_body_field", "{field: d, request_index: 1}"));
  EXPECT_TRUE(fails(bench, "assert_body_field", "{field: d, request_index: 2}", "in request 2",
                    "2 requests"));
  EXPECT_TRUE(fails(bench, "assert_body_field", "{field: d, request_index: -3}"));
}

TEST(ContractRequestChecks, ABodyThatCannotBeReadHasNoFields) {
  for (const char* body : {"", "{", R"({"b":1})", R"([{"a":1}])", R"("b")"}) {
    Bench bench;
    bench.post("/batch", body);
    bench.post("/batch", R"({"a":1})");  // only the first counts
    EXPECT_TRUE(passes(bench, "assert_body_field_absent", "{fields: [a, c]}")) << body;
  }
  for (const char* body : {R"({"a":null,"x":1})", R"(["a"])", "7", "null"}) {
    Bench bench;
    bench.post("/batch", body);
    EXPECT_TRUE(fails(bench, "assert_body_field_absent", "{fields: [c, a]}", "in the body", body))
        << body;
  }
}

TEST(ContractRequestChecks, ADecompressibleBodyHasACodingAndEvents) {
  const auto send = [](Bench& bench, const std::string& body, const std::string& coding) {
    bench.post("/batch", body, {{"Content-Encoding", coding}});
  };
  const struct {
    const char* body;
    const char* coding;
    const char* seen;
  } cases[] = {
      {R"([])", "br", "no events"},
      {R"({"batch":[]})", "br", "no events"},
      {R"({})", "", "no Content-Encoding"},
      {R"({})", "gzip", "cannot be decoded"},
      {"", "br", "no body"},
  };
  for (const auto& one : cases) {
    Bench bench;
    send(bench, one.body, one.coding);
    EXPECT_TRUE(fails(bench, "assert_compressed_body_decompressible", "{}", "", one.seen));
  }
}

TEST(ContractRequestChecks, AV1BodyHasATimeAndEvents) {
  const auto verdict = [](const std::string& body) {
    Bench bench;
    bench.post("/i/v1/analytics/events", body);
    return !bench.run("assert_v1_body_format");
  };
  EXPECT_TRUE(verdict(R"({"created_at":"2025-01-01T00:00:00+00:00","batch":[7]})"));
  EXPECT_FALSE(verdict(R"({"created_at":"2025-01-01T00:00:00+01:00","batch":[7]})"));
  EXPECT_FALSE(verdict(R"({"created_at":"2025-02-30T00:00:00Z","batch":[7]})"));
  EXPECT_FALSE(verdict(R"({"created_at":1735689600,"batch":[7]})"));
  EXPECT_FALSE(verdict(R"({"created_at":"2025-01-01T00:00:00Z","batch":[]})"));
  EXPECT_FALSE(verdict(R"({"created_at":"2025-01-01T00:00:00Z","batch":{"a":1}})"));
  EXPECT_FALSE(verdict(R"({"created_at":"2025-01-01T00:00:00Z"})"));
  EXPECT_FALSE(verdict(R"([{"created_at":"2025-01-01T00:00:00Z","batch":[7]}])"));
}

TEST(ContractRequestChecks, CreatedAtIsComparedWithTheStagesWallClock) {
  const auto verdict = [](const std::string& created_at, const std::string& params = "{}") {
    Bench bench;  // its clock starts at 2025-01-01T00:00:00Z
    bench.post("/i/v1/analytics/events", R"({"created_at":)" + created_at + "}");
    return !bench.run("assert_v1_created_at_recent", params);
  };
  EXPECT_TRUE(verdict(R"("2025-01-01T00:00:05Z")"));
  EXPECT_TRUE(verdict(R"("2024-12-31T23:59:55.000Z")"));
  EXPECT_FALSE(verdict(R"("2024-12-31T23:59:54.999999Z")"));
  EXPECT_FALSE(verdict(R"("2025-01-01T00:00:05.000001Z")"));
  EXPECT_TRUE(verdict(R"("2025-01-01T00:00:07Z")", "{max_age_seconds: 7}"));
  EXPECT_TRUE(verdict(R"("9999-12-31T23:59:59Z")", "{max_age_seconds: 9223372036854775807}"));
  EXPECT_FALSE(verdict(R"("0001-01-01T00:00:00Z")", "{max_age_seconds: 60000000000}"));
  for (const char* wrong : {R"("")", "null", "0", "1735689600", R"("2025-01-01")"}) {
    EXPECT_FALSE(verdict(wrong)) << wrong;
  }
}

TEST(ContractRequestChecks, ATokenIsInAnEventOrAtTheRoot) {
  const auto verdict = [](const std::string& body) {
    Bench bench;
    bench.post("/batch", body);
    return !bench.run("assert_token_present", "{expected: k}");
  };
  EXPECT_TRUE(verdict(R"({"api_key":"k","batch":[]})"));
  EXPECT_TRUE(verdict(R"({"token":"k","batch":[{}]})"));
  EXPECT_TRUE(verdict(R"({"batch":[{},{"token":"k"}]})"));
  EXPECT_TRUE(verdict(R"([{"token":"k"}])"));
  EXPECT_TRUE(verdict(R"({"token":"k"})"));
  EXPECT_FALSE(verdict(R"({"batch":[{"api_key":"k"},{"properties":{"token":"k"}}]})"));
  EXPECT_FALSE(verdict(R"({"api_key":"K"})"));
  EXPECT_FALSE(verdict(R"(["k"])"));
  EXPECT_TRUE(verdict(R"({"batch":[{"token":"k"},7]})")) << "found before the odd one";
  EXPECT_FALSE(verdict(R"({"api_key":"k","batch":[7]})"));
}

TEST(ContractRequestChecks, ParametersOfAWrongTypeAreMistakesInTheFile) {
  const std::pair<const char*, const char*> wrong[] = {
      {"assert_request_count", "{}"},
      {"assert_request_count", "{expected: '1'}"},
      {"assert_request_path", "{expected: 1}"},
      {"assert_no_requests_to_paths", "{paths: /batch}"},
      {"assert_no_requests_to_paths", "{paths: [1]}"},
      {"assert_request_has_header", "{header: a, expected: 1}"},
      {"assert_header_value_matches", "{header: a}"},
      {"assert_header_value_matches", "{header: a, pattern: a, optional: 'yes'}"},
      {"assert_header_is_integer", "{header: a, expected: '1'}"},
      {"assert_batch_format", "{has_batch_array: 1}"},
      {"assert_body_field", "{field: a, request_index: first}"},
      {"assert_body_field_absent", "{fields: a}"},
      {"assert_v1_body_format", "{expected: 1}"},
      {"assert_v1_created_at_recent", "{max_age_seconds: 1.5}"},
      {"assert_token_present", "{}"},
  };
  for (const auto& [action, params] : wrong) {
    EXPECT_NE(complaint(action, params), "") << action << " " << params;
  }
}

}  // namespace
}  // namespace lockstep::contract
