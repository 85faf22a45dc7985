#include "scenarios/contract/python_values.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace lockstep::contract {
namespace {

using nlohmann::json;

TEST(PythonValues, NumbersAreEqualByValueWhateverTheirTypes) {
  const auto is_equal = [](const char* a, const char* b) {
    const bool one_way = equal(json::parse(a), json::parse(b));
    EXPECT_EQ(one_way, equal(json::parse(b), json::parse(a))) << a << " and " << b;
    return one_way;
  };
  EXPECT_TRUE(is_equal("1", "1.0"));
  EXPECT_TRUE(is_equal("true", "1"));
  EXPECT_TRUE(is_equal("false", "0.0"));
  EXPECT_TRUE(is_equal("-0.0", "0"));
  EXPECT_TRUE(is_equal(R"({"a":[1,{"b":true}]})", R"({"a":[1.0,{"b":1}]})"));
  EXPECT_TRUE(is_equal("null", "null"));
  EXPECT_FALSE(is_equal("true", "2"));
  EXPECT_FALSE(is_equal("1", "\"1\""));
  EXPECT_FALSE(is_equal("null", "0"));
  EXPECT_FALSE(is_equal("null", "false"));
  EXPECT_FALSE(is_equal("[]", "{}"));
  EXPECT_FALSE(is_equal("[1]", "[1,2]"));
  EXPECT_FALSE(is_equal(R"({"a":1})", R"({"b":1})"));
  EXPECT_FALSE(is_equal(R"({"a":1})", R"({"a":1,"b":1})"));
}

TEST(PythonValues, LargeNumbersAreNotRoundedBeforeTheyAreCompared) {
  EXPECT_FALSE(equal(json::parse("9007199254740993"), json::parse("9007199254740992.0")));
  EXPECT_FALSE(equal(json::parse("-9007199254740993"), json::parse("-9007199254740992.0")));
  EXPECT_TRUE(equal(json::parse("9007199254740992"), json::parse("9007199254740992.0")));
  EXPECT_FALSE(equal(json::parse("-1"), json::parse("18446744073709551615")));
}

TEST(PythonValues, WhatIsEmptyIsFalse) {
  for (const char* text : {"null", "false", "0", "0.0", "-0", "\"\"", "[]", "{}"}) {
    EXPECT_FALSE(truthy(json::parse(text))) << text;
  }
  for (const char* text : {"true", "1", "-0.5", "\"0\"", "\" \"", "[0]", R"({"a":null})"}) {
    EXPECT_TRUE(truthy(json::parse(text))) << text;
  }
}

TEST(PythonValues, OnlyContainersAndTextsContain) {
  EXPECT_EQ(contains(json::parse(R"({"a":null})"), "a"), true);
  EXPECT_EQ(contains(json::parse(R"({"a":null})"), "b"), false);
  EXPECT_EQ(contains(json::parse(R"(["a"])"), "a"), true);
  EXPECT_EQ(contains(json::parse(R"([{"a":1}])"), "a"), false);
  EXPECT_EQ(contains(json("banana"), "nan"), true);
  EXPECT_EQ(contains(json("banana"), "nana!"), false);
  for (const char* text : {"null", "true", "1", "1.5"}) {
    EXPECT_EQ(contains(json::parse(text), "a"), std::nullopt) << text;
  }
}

TEST(PythonValues, WholeNumbersAreReadAsIntReadsThem) {
  const std::pair<std::string_view, std::string_view> numbers[] = {
      {"7", "7"},
      {" 7\t", "7"},
      {"+7", "7"},
      {"-7", "-7"},
      {"007", "7"},
      {"0", "0"},
      {"-0", "0"},
      {"000", "0"},
      {"1_000", "1000"},
      {"\x1f"
       "3",
       "3"},
      {"00_1", "1"},
      {"\n12\r\n", "12"},
      {"99999999999999999999", "99999999999999999999"}};
  for (const auto& [text, number] : numbers) EXPECT_EQ(whole_number(text), number) << text;
  for (const std::string_view text : {"", " ", "+", "-", "--1", "+ 1", "1.0", "1e3", "0x10", "_1",
                                      "1_", "1__0", "1 2", "one", "\xd9\xa1"}) {
    EXPECT_EQ(whole_number(text), std::nullopt) << text;
  }
}

TEST(PythonValues, UuidsAreReadAsTheUuidModuleReadsThem) {
  for (const std::string_view text :
       {"0198c0de-0000-7000-8000-000000000abc", "0198C0DE00007000800000000000 0ABC",
        "0198c0de000070008000000000000abc", "{0198c0de-0000-7000-8000-000000000abc}",
        "urn:uuid:0198c0de-0000-7000-8000-000000000abc", "uuid:0198c0de000070008000000000000abc",
        "{{0198c0de000070008000000000000abc", "0-1-9-8c0de000070008000000000000abc",
        "00000000000000000000000000000000", "0x98c0de000070008000000000000abc",
        "+198c0de000070008000000000000abc", "0198c0de_00070008000000000000abc"}) {
    const bool has_space = text.find(' ') != std::string_view::npos;
    EXPECT_EQ(is_uuid(text), !has_space) << text;
  }
  for (const std::string_view text :
       {"", "0198c0de-0000-7000-8000-000000000ab", "0198c0de-0000-7000-8000-000000000abcd",
        "0198c0de-0000-7000-8000-000000000abg", "URN:0198c0de000070008000000000000abc",
        "-198c0de000070008000000000000abc", "(0198c0de000070008000000000000abc)", "{}"}) {
    EXPECT_FALSE(is_uuid(text)) << text;
  }
}

TEST(PythonValues, OneFormOfTimeIsCanonical) {
  for (const std::string_view text :
       {"2025-01-02T03:04:05Z", "2025-01-02T03:04:05+00:00", "2025-01-02T03:04:05.5Z",
        "2025-01-02T03:04:05.123456789012Z", "2024-02-29T23:59:59Z", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z"}) {
    EXPECT_TRUE(is_rfc3339_utc(text)) << text;
  }
  for (const std::string_view text : {"",
                                      "2025-01-02",
                                      "2025-01-02t03:04:05Z",
                                      "2025-01-02T03:04:05z",
                                      "2025-01-02 03:04:05Z",
                                      "2025-01-02T03:04:05",
                                      "2025-01-02T03:04:05-00:00",
                                      "2025-01-02T03:04:05+01:00",
                                      "2025-01-02T03:04:05.Z",
                                      "2025-01-02T03:04:05,5Z",
                                      "2025-02-29T00:00:00Z",
                                      "2025-00-01T00:00:00Z",
                                      "2025-13-01T00:00:00Z",
                                      "2025-04-31T00:00:00Z",
                                      "2025-01-00T00:00:00Z",
                                      "2025-01-02T24:00:00Z",
                                      "2025-01-02T03:60:05Z",
                                      "2025-01-02T03:04:60Z",
                                      "0000-01-01T00:00:00Z",
                                      "2025-01-02T03:04:05Z ",
                                      " 2025-01-02T03:04:05Z",
                                      "25-01-02T03:04:05Z",
                                      "2025-01-02T03:04:05.5+00:00Z"}) {
    EXPECT_FALSE(is_rfc3339_utc(text)) << text;
  }
}

TEST(PythonValues, AnInstantHasNoZerosAtItsEnd) {
  EXPECT_EQ(instant_of("2025-01-02T03:04:05Z"), "2025-01-02T03:04:05");
  EXPECT_EQ(instant_of("2025-01-02T03:04:05.000+00:00"), "2025-01-02T03:04:05");
  EXPECT_EQ(instant_of("2025-01-02T03:04:05.0500Z"), "2025-01-02T03:04:05.05");
  EXPECT_NE(instant_of("2025-01-02T03:04:05.05Z"), instant_of("2025-01-02T03:04:05.5Z"));
}

TEST(PythonValues, ATimeIsCountedFrom1970) {
  EXPECT_EQ(microseconds_of("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(microseconds_of("1970-01-02T01:01:01.5Z"), 90'061'500'000);
  EXPECT_EQ(microseconds_of("1969-12-31T23:59:59.9999999Z"), -1);
  EXPECT_EQ(microseconds_of("0001-01-01T00:00:00+00:00"), -62'135'596'800'000'000);
}

TEST(PythonValues, AnIndexIsPutWhereItsPlaceholderStands) {
  EXPECT_EQ(format_index("user_{index}", 3), "user_3");
  EXPECT_EQ(format_index("{index}{index}", 12), "1212");
  EXPECT_EQ(format_index("{{index}}", 3), "{index}");
  EXPECT_EQ(format_index("{{{index}}}", 3), "{3}");
  EXPECT_EQ(format_index("", 3), "");
  for (const char* text : {"{", "}", "{}", "{0}", "{other}", "{index", "index}", "{index}}",
                           "{ index }", "{index:03}"}) {
    EXPECT_THROW(format_index(text, 3), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace lockstep::contract
