#include "openfeature/value.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "clock/virtual_clock.h"

namespace lockstep::openfeature {
namespace {

TEST(FlagValue, KeepsIntegersAndNumbersApart) {
  EXPECT_EQ(Value(1).type(), ValueType::integer);
  EXPECT_EQ(Value(1.0).type(), ValueType::number);
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_EQ(to_json(Value(1)), "1");
  EXPECT_EQ(to_json(Value(1.0)), "1.0");
  EXPECT_EQ(to_json(Value(-0.0)), "-0.0");
  EXPECT_EQ(from_json("1"), Value(1));
  EXPECT_EQ(from_json("1.0"), Value(1.0));
  EXPECT_EQ(from_json("1e2"), Value(100.0));
}

TEST(FlagValue, ABooleanIsNoIntegerAndATextIsNoBoolean) {
  EXPECT_EQ(Value(true).type(), ValueType::boolean);
  EXPECT_EQ(Value("on").type(), ValueType::string);
  EXPECT_FALSE(Value(true).as_integer());
  EXPECT_FALSE(Value(1).as_boolean());
  EXPECT_FALSE(Value(1).as_number());
  EXPECT_EQ(Value(1).as_any_number(), 1.0);
  EXPECT_EQ(Value("1").as_any_number(), std::nullopt);
}

TEST(FlagValue, AnIntegerThatDoesNotFitBecomesANumber) {
  const auto top = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(Value(top), Value(18446744073709551616.0));
  EXPECT_EQ(Value(std::numeric_limits<std::int64_t>::min()).type(), ValueType::integer);
  EXPECT_EQ(from_json("18446744073709551615"), Value(18446744073709551616.0));
}

TEST(FlagValue, AWholeDocumentSurvivesTheWayThroughJson) {
  const Value value = Structure{
      {"list", List{1, 2.5, "three", nullptr, false}},
      {"nested", Structure{{"empty", Structure{}}, {"quote", "\"\n"}}},
  };
  EXPECT_EQ(to_json(value),
            R"({"list":[1,2.5,"three",null,false],"nested":{"empty":{},"quote":"\"\n"}})");
  EXPECT_EQ(from_json(to_json(value)), value);
}

TEST(FlagValue, ADateIsWrittenAsText) {
  EXPECT_EQ(to_json(Value(VirtualClock::kDefaultStart)), R"("2025-01-01T00:00:00.000Z")");
}

TEST(FlagValue, WhatJsonHasNoTextForIsNull) {
  EXPECT_EQ(to_json(Value(std::numeric_limits<double>::infinity())), "null");
}

TEST(FlagValue, TextThatIsNoDocumentIsRefused) {
  EXPECT_FALSE(from_json(""));
  EXPECT_FALSE(from_json("{"));
  EXPECT_FALSE(from_json("1 2"));
  EXPECT_FALSE(from_json(std::string(200, '[') + std::string(200, ']')));
}

TEST(FlagValue, TheTaggedFormHasFourKinds) {
  EXPECT_EQ(to_tagged_json(Value(true)), R"({"kind":"bool","value":true})");
  EXPECT_EQ(to_tagged_json(Value("a")), R"({"kind":"string","value":"a"})");
  EXPECT_EQ(to_tagged_json(Value(7)), R"({"kind":"int","value":7})");
  EXPECT_EQ(to_tagged_json(Value(List{1.5})), R"({"kind":"json","value":"[1.5]"})");
  EXPECT_EQ(to_tagged_json(Value(0.0)), R"({"kind":"json","value":"0.0"})");
}

TEST(FlagValue, TheTaggedFormReadsBack) {
  for (const Value& value : {Value(false), Value(""), Value(0), Value(0.0), Value(nullptr),
                             Value(Structure{{"a", List{}}})}) {
    EXPECT_EQ(from_tagged_json(to_tagged_json(value)), value) << to_json(value);
  }
}

TEST(FlagValue, ATagThatDoesNotFitItsValueIsRefused) {
  EXPECT_FALSE(from_tagged_json(R"({"kind":"bool","value":1})"));
  EXPECT_FALSE(from_tagged_json(R"({"kind":"int","value":1.5})"));
  EXPECT_FALSE(from_tagged_json(R"({"kind":"json","value":{}})"));
  EXPECT_FALSE(from_tagged_json(R"({"kind":"json","value":"{"})"));
  EXPECT_FALSE(from_tagged_json(R"({"kind":"float","value":1.5})"));
  EXPECT_FALSE(from_tagged_json(R"({"kind":"bool"})"));
  EXPECT_FALSE(from_tagged_json(R"({"kind":"bool","value":true,"more":1})"));
}

}  // namespace
}  // namespace lockstep::openfeature
