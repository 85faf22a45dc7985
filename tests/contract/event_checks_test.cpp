// The finer points of checks of events.
#include "bench.h"

namespace lockstep::contract {
namespace {

// Whether the check passes on a batch of these events.
bool verdict(const std::vector<std::string>& events, std::string_view action,
             const std::string& params = "{}") {
  Bench bench;
  bench.batch(events);
  return !bench.run(action, params);
}

TEST(ContractEventChecks, LookAtTheFirstEventOfTheFirstRequest) {
  Bench bench;
  bench.batch({R"({"a":1})", R"({"a":2})"});
  bench.batch({R"({"a":3})"});
  EXPECT_TRUE(passes(bench, "assert_event_field", "{field: a, expected: 1}"));
  EXPECT_TRUE(fails(bench, "assert_event_field", "{field: a, expected: 2}",
                    "\"a\" of the event to be 2", "1"));
}

TEST(ContractEventChecks, NoEventsAreAFailureOfTheirOwn) {
  for (const char* body : {R"({"batch":[]})", "[]", "7", "", "{"}) {
    Bench bench;
    bench.post("/batch", body);
    EXPECT_TRUE(
        fails(bench, "assert_event_field", "{field: a, expected: null}", "\"a\" of the event"))
        << body;
  }
  Bench bench;
  EXPECT_TRUE(
      fails(bench, "assert_event_has_field", "{field: a}", "\"a\" in the event", "no request"));
}

TEST(ContractEventChecks, AnEventThatIsNoObjectIsAFailure) {
  for (const char* event : {"7", "\"uuid\"", "null", "[\"uuid\"]", "true"}) {
    for (const auto& [action, params] : std::vector<std::pair<const char*, const char*>>{
             {"assert_event_field", "{field: a, expected: null}"},
             {"assert_event_has_field", "{field: uuid}"},
             {"assert_event_property", "{property: a}"},
             {"assert_event_option", "{option: a, absent: true}"},
             {"assert_event_field_not_in_properties", "{field: uuid}"},
             {"assert_event_count_with_name", "{name: a, expected: 0}"},
             {"assert_all_uuids_unique", "{}"},
             {"assert_no_duplicate_events_in_batch", "{}"},
             {"assert_v1_event_format", "{}"},
             {"assert_token_present_client", "{expected: a}"}}) {
      EXPECT_FALSE(verdict({event, R"({"uuid":"u"})"}, action, params)) << action << " " << event;
    }
    EXPECT_TRUE(verdict({event, "{}"}, "assert_events_in_batch_count", "{expected: 2}"));
  }
}

TEST(ContractEventChecks, NullIsAValueToSomeAndAbsenceToOthers) {
  EXPECT_TRUE(verdict({R"({"a":null})"}, "assert_event_has_field", "{field: a}"));
  EXPECT_TRUE(verdict({"{}"}, "assert_event_field", "{field: a, expected: null}"));
  EXPECT_FALSE(verdict({R"({"a":null})"}, "assert_event_field_is_string", "{field: a}"));
  EXPECT_TRUE(verdict({R"({"a":""})"}, "assert_event_field_is_string", "{field: a}"));
  EXPECT_FALSE(verdict({R"({"a":1})"}, "assert_event_field_is_string", "{field: a}"));
  EXPECT_TRUE(verdict({R"({"a":1})"}, "assert_event_field", "{field: a, expected: 1.0}"));
  EXPECT_TRUE(verdict({R"({"a":true})"}, "assert_event_field", "{field: a, expected: 1}"));
  EXPECT_FALSE(verdict({R"({"a":"1"})"}, "assert_event_field", "{field: a, expected: 1}"));
}

TEST(ContractEventChecks, APropertyIsOnlyLookedAtWhenItIsAskedFor) {
  const char* action = "assert_event_property";
  for (const char* event : {"{}", R"({"properties":null})", R"({"properties":7})"}) {
    EXPECT_TRUE(verdict({event}, action, "{property: a}")) << event;
    EXPECT_TRUE(verdict({event}, action, "{property: a, exists: false}")) << event;
    EXPECT_FALSE(verdict({event}, action, "{property: a, exists: true}")) << event;
  }
  EXPECT_TRUE(verdict({"{}"}, action, "{property: a, expected: null}"));
  EXPECT_FALSE(verdict({R"({"properties":null})"}, action, "{property: a, expected: null}"));
  const char* event = R"({"properties":{"a":{"b":[1]},"n":null}})";
  EXPECT_TRUE(verdict({event}, action, "{property: a, exists: false}"));
  EXPECT_TRUE(verdict({event}, action, "{property: n, exists: true}"));
  EXPECT_TRUE(verdict({event}, action, "{property: a, expected: {b: [1.0]}}"));
  EXPECT_FALSE(verdict({event}, action, "{property: a, expected: {b: [1, 2]}}"));
}

TEST(ContractEventChecks, AnOptionMayBeAbsentPresentOrEqual) {
  const char* action = "assert_event_option";
  const char* event = R"({"options":{"a":false,"n":null}})";
  EXPECT_TRUE(verdict({event}, action, "{option: a}"));
  EXPECT_TRUE(verdict({event}, action, "{option: a, expected: false}"));
  EXPECT_TRUE(verdict({event}, action, "{option: a, expected: 0, exists: true}"));
  EXPECT_FALSE(verdict({event}, action, "{option: a, expected: true}"));
  EXPECT_FALSE(verdict({event}, action, "{option: a, absent: true, expected: false}"));
  EXPECT_TRUE(verdict({event}, action, "{option: b, absent: true, exists: true}"))
      << "absent, and nothing else is looked at";
  EXPECT_TRUE(verdict({event}, action, "{option: b, absent: false}"));
  EXPECT_FALSE(verdict({event}, action, "{option: b, exists: true}"));
  EXPECT_TRUE(verdict({event}, action, "{option: b, expected: null}"));
  EXPECT_TRUE(verdict({event}, action, "{option: n, exists: true, expected: null}"));
  for (const char* none : {"{}", R"({"options":null})", R"({"options":[]})", R"({"options":0})"}) {
    EXPECT_TRUE(verdict({none}, action, "{option: a, absent: true}")) << none;
    EXPECT_FALSE(verdict({none}, action, "{option: a, exists: true}")) << none;
  }
  EXPECT_FALSE(verdict({R"({"options":7})"}, action, "{option: a, absent: true}"));
}

TEST(ContractEventChecks, AnOptionIsThatOfTheChosenRequest) {
  Bench bench;
  bench.batch({R"({"options":{"a":1}})"});
  bench.batch({R"({"options":{"a":2}})"});
  EXPECT_TRUE(passes(bench, "assert_event_option", "{option: a, expected: 1}"));
  EXPECT_TRUE(passes(bench, "assert_event_option", "{option: a, expected: 2, request_index: -1}"));
  EXPECT_TRUE(fails(bench, "assert_event_option", "{option: a, request_index: 2}",
                    "the option a in request 2", "2 requests"));
}

TEST(ContractEventChecks, EachTimeOfTheRequestIsComparedAsAnInstant) {
  const char* action = "assert_event_field_is_rfc3339";
  const std::string params = "{field: t, expected: '2025-01-02T03:04:05Z'}";
  EXPECT_TRUE(
      verdict({R"({"t":"2025-01-02T03:04:05.000+00:00"})", R"({"t":"2025-01-02T03:04:05Z"})"},
              action, params));
  EXPECT_FALSE(verdict({R"({"t":"2025-01-02T03:04:05Z"})", R"({"t":"2025-01-02T03:04:05.001Z"})"},
                       action, params));
  EXPECT_TRUE(verdict({R"({"t":"2024-01-02T03:04:05.5Z"})"}, action, "{field: t}"));
  for (const char* time :
       {"null", "7", R"("2025-01-02T08:34:05+05:30")", R"("2025-01-02 03:04:05Z")"}) {
    EXPECT_FALSE(verdict({R"({"t":)" + std::string(time) + "}"}, action, "{field: t}")) << time;
  }
  Bench bench;
  bench.batch({R"({"t":"2025-01-02T03:04:05Z"})", "{}"});
  EXPECT_TRUE(fails(bench, action, "{field: t}", "\"t\" of each event", "null in event 1"));
}

TEST(ContractEventChecks, AnInstantThatIsNotCanonicalIsAMistakeInTheFile) {
  EXPECT_EQ(complaint("assert_event_field_is_rfc3339",
                      "{field: t, expected: '2025-01-02T08:34:05+05:30'}"),
            "step.yaml:1:22: found the text \"2025-01-02T08:34:05+05:30\"; expected an RFC 3339 "
            "time in UTC, such as \"2025-01-02T03:04:05Z\"");
}

TEST(ContractEventChecks, AFieldMustBeAtTheRootAndNotInside) {
  const char* action = "assert_event_field_not_in_properties";
  for (const char* event : {R"({"a":1})", R"({"a":null,"properties":null})",
                            R"({"a":1,"properties":["a"]})", R"({"a":1,"properties":{"b":1}})"}) {
    EXPECT_TRUE(verdict({event}, action, "{field: a}")) << event;
  }
  for (const char* event :
       {"{}", R"({"properties":{"a":1}})", R"({"a":1,"properties":{"a":null}})"}) {
    EXPECT_FALSE(verdict({event}, action, "{field: a}")) << event;
  }
}

TEST(ContractEventChecks, APropertyIsAnObjectWhenItIsOne) {
  const char* action = "assert_event_property_is_object";
  EXPECT_TRUE(verdict({R"({"properties":{"a":{}}})"}, action, "{property: a}"));
  for (const char* event : {"{}", R"({"properties":null})", R"({"properties":{"a":[]}})",
                            R"({"properties":{"a":null}})", R"({"properties":["a"]})"}) {
    EXPECT_FALSE(verdict({event}, action, "{property: a}")) << event;
  }
}

TEST(ContractEventChecks, TheEventsOfABatchAreCounted) {
  Bench bench;
  bench.batch({"{}", "{}"});
  bench.batch({});
  bench.post("/batch", "{");
  bench.batch({"{}"});
  const char* action = "assert_events_in_batch_count";
  EXPECT_TRUE(passes(bench, action, "{expected: 2}"));
  EXPECT_TRUE(passes(bench, action, "{expected: 1, operator: gte}"));
  EXPECT_TRUE(fails(bench, action, "{expected: 1, operator: eq}", "exactly 1 events", "2 events"));
  EXPECT_TRUE(fails(bench, action, "{expected: 3, operator: gte}", "at least 3 events"));
  EXPECT_TRUE(passes(bench, action, "{expected: 0, request_index: 1}"));
  EXPECT_TRUE(passes(bench, action, "{expected: 0, request_index: -2}")) << "unreadable: none";
  EXPECT_TRUE(passes(bench, action, "{expected: 1, request_index: -1}"));
  EXPECT_TRUE(fails(bench, action, "{expected: 0, request_index: 4}"));
  EXPECT_NE(complaint(action, "{expected: 1, operator: lt}"), "");
}

TEST(ContractEventChecks, NamesAreCountedOverAllRequestsButFlags) {
  Bench bench;
  bench.batch({R"({"event":"a"})", R"({"event":"b"})"});
  bench.post("/flags?v=2", R"({"event":"a"})");
  bench.post("/batch", "{");
  bench.post("/e", R"({"event":"a"})");
  EXPECT_TRUE(passes(bench, "assert_event_count_with_name", "{name: a, expected: 2}"));
  EXPECT_TRUE(passes(bench, "assert_event_count_with_name", "{name: c, expected: 0}"));
  EXPECT_TRUE(fails(bench, "assert_event_count_with_name", "{name: a, expected: 3}",
                    "the number of events named \"a\" to be 3", "2"));
}

TEST(ContractEventChecks, TheFirstEventOfANameDecides) {
  const char* action = "assert_event_property_in_named_event";
  Bench bench;
  bench.post("/flags?v=2", R"({"event":"b","properties":{"p":0}})");
  bench.batch({R"({"event":"a"})"});
  bench.batch({R"({"event":"b","properties":{"p":1,"n":null}})",
               R"({"event":"b","properties":{"p":2}})", "7"});
  EXPECT_TRUE(passes(bench, action, "{event_name: b, property: p, expected: 1}"));
  EXPECT_TRUE(fails(bench, action, "{event_name: b, property: p, expected: 2}",
                    "the property p of the event \"b\" to be 2", "1"));
  EXPECT_TRUE(passes(bench, action, "{event_name: b, property: n, expected: null}"));
  EXPECT_TRUE(fails(bench, action, "{event_name: b, property: q, expected: null}", "", "none in"));
  EXPECT_TRUE(fails(bench, action, "{event_name: a, property: p, expected: null}"));
  EXPECT_TRUE(fails(bench, action, "{event_name: c, property: p, expected: 1}"))
      << "and the odd event is looked at on the way";
  EXPECT_FALSE(verdict({R"({"event":"b","properties":[]})"}, action,
                       "{event_name: b, property: p, expected: 1}"));
}

TEST(ContractEventChecks, AClientsFieldMayBeAmongItsProperties) {
  const char* action = "assert_event_field_client";
  const std::string id = "{field: distinct_id, expected: ann}";
  EXPECT_TRUE(verdict({R"({"properties":{"distinct_id":"ann"}})"}, action, id));
  EXPECT_TRUE(verdict({R"({"properties":{"$distinct_id":"","distinct_id":"ann"}})"}, action, id));
  EXPECT_FALSE(verdict({R"({"properties":{"$distinct_id":"x","distinct_id":"ann"}})"}, action, id));
  EXPECT_FALSE(verdict({R"({"distinct_id":"ann","properties":{}})"}, action, id))
      << "its own is not looked at";
  EXPECT_TRUE(verdict({R"({"properties":null})"}, action, "{field: distinct_id, expected: null}"));
  const std::string field = "{field: a, expected: 1}";
  EXPECT_TRUE(verdict({R"({"a":1,"properties":{"$a":2}})"}, action, field));
  EXPECT_FALSE(verdict({R"({"a":0,"properties":{"$a":1}})"}, action, field)) << "0 is a value";
  EXPECT_TRUE(verdict({R"({"a":null,"properties":{"$a":1,"a":2}})"}, action, field));
  EXPECT_TRUE(verdict({R"({"properties":{"$a":0,"a":1}})"}, action, field));
  EXPECT_TRUE(verdict({"{}"}, action, "{field: a, expected: null}"));
  EXPECT_FALSE(verdict({R"({"properties":null})"}, action, "{field: a, expected: null}"));
}

TEST(ContractEventChecks, AUuidIsATextThatIsOne) {
  const char* action = "assert_uuid_format";
  EXPECT_TRUE(verdict({R"({"u":"{0198C0DE-0000-7000-8000-000000000ABC}"})"}, action, "{field: u}"));
  for (const char* uuid : {"null", "\"\"", "7", "[]", "{}", "true", "\"0198c0de\""}) {
    EXPECT_FALSE(verdict({R"({"u":)" + std::string(uuid) + "}"}, action, "{field: u}")) << uuid;
  }
}

TEST(ContractEventChecks, UuidsAreComparedWhereThereAreAny) {
  const auto all_unique = [](const std::vector<std::string>& events) {
    return verdict(events, "assert_all_uuids_unique");
  };
  EXPECT_TRUE(all_unique({"{}", "{}", R"({"uuid":"a"})", R"({"uuid":null})"}));
  EXPECT_FALSE(all_unique({R"({"uuid":null})", R"({"uuid":null})"}));
  EXPECT_FALSE(all_unique({R"({"uuid":1})", R"({"uuid":1.0})"}));
  EXPECT_FALSE(all_unique({R"({"uuid":["a"]})"})) << "no set holds a list";

  EXPECT_TRUE(verdict({R"({"uuid":"a"})", "{}", R"({"uuid":"b"})", R"({"uuid":"a"})"},
                      "assert_different_uuids"));
  EXPECT_FALSE(verdict({R"({"uuid":"a"})", R"({"uuid":"a"})"}, "assert_different_uuids"));
  EXPECT_FALSE(verdict({R"({"uuid":"a"})", "{}"}, "assert_different_uuids"));
  EXPECT_TRUE(verdict({R"({"uuid":["a"]})", R"({"uuid":["b"]})"}, "assert_different_uuids"));
  EXPECT_FALSE(verdict({R"({"uuid":1})", R"({"uuid":true})"}, "assert_different_uuids"));
}

TEST(ContractEventChecks, ADuplicateIsTheSameUuidTwiceInOneRequest) {
  const char* action = "assert_no_duplicate_events_in_batch";
  EXPECT_TRUE(
      verdict({"{}", "{}", R"({"uuid":""})", R"({"uuid":""})", R"({"uuid":null})"}, action));
  EXPECT_FALSE(verdict({R"({"uuid":"a"})", "{}", R"({"uuid":"a"})"}, action));
  EXPECT_FALSE(verdict({R"({"uuid":["a"]})"}, action));
  Bench bench;
  bench.batch({event_of(1)});
  bench.batch({event_of(1)});
  EXPECT_TRUE(passes(bench, action));
  bench.batch({event_of(2), event_of(2)});
  EXPECT_TRUE(fails(bench, action, "{}", "each uuid once in a request", uuid_of(2)));
}

TEST(ContractEventChecks, EachV1EventHasItsFieldsWhateverTheyHold) {
  const char* action = "assert_v1_event_format";
  const char* whole = R"({"event":null,"uuid":1,"distinct_id":"","timestamp":[]})";
  EXPECT_TRUE(verdict({whole, whole}, action));
  Bench bench;
  bench.batch({whole, R"({"event":"a","uuid":"b","timestamp":"c"})"});
  EXPECT_TRUE(fails(bench, action, "{}", "\"distinct_id\" in each event", "none in event 1"));
}

TEST(ContractEventChecks, AClientsTokenIsInAnyEventOfTheFirstRequest) {
  const auto found = [](const std::vector<std::string>& events) {
    return verdict(events, "assert_token_present_client", "{expected: k}");
  };
  for (const char* event :
       {R"({"token":"k"})", R"({"api_key":"k"})", R"({"properties":{"token":"k"}})",
        R"({"properties":{"api_key":"k"}})", R"({"token":"","properties":{"token":"k"}})",
        R"({"token":"k","properties":null})"}) {
    EXPECT_TRUE(found({event})) << event;
    EXPECT_TRUE(found({"{}", event})) << event;
    EXPECT_TRUE(found({event, R"({"properties":null})"})) << event;
  }
  EXPECT_FALSE(found({R"({"token":"x","api_key":"k"})"})) << "the first that is set decides";
  EXPECT_FALSE(found({R"({"token":"x","properties":{"token":"k"}})"}));
  EXPECT_FALSE(found({R"({"properties":null})", R"({"token":"k"})"}));
  EXPECT_FALSE(found({"{}"}));
}

TEST(ContractEventChecks, ParametersOfAWrongTypeAreMistakesInTheFile) {
  const std::pair<const char*, const char*> wrong[] = {
      {"assert_event_field", "{field: a}"},
      {"assert_event_field", "{field: 1, expected: 1}"},
      {"assert_event_property", "{expected: 1}"},
      {"assert_event_property", "{property: a, exists: 1}"},
      {"assert_event_option", "{option: a, absent: 'no'}"},
      {"assert_event_field_is_rfc3339", "{field: a, expected: 1}"},
      {"assert_events_in_batch_count", "{operator: eq}"},
      {"assert_event_count_with_name", "{name: a}"},
      {"assert_event_property_in_named_event", "{event_name: a, property: b}"},
      {"assert_all_uuids_unique", "{field: uuid}"},
  };
  for (const auto& [action, params] : wrong) {
    EXPECT_NE(complaint(action, params), "") << action << " " << params;
  }
}

}  // namespace
}  // namespace lockstep::contract
