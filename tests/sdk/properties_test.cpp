// Properties and values: the part of an event a caller and its hooks handle.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sdk/event.h"
#include "sdk/json.h"

namespace lockstep {
namespace {

using nlohmann::json;

TEST(PropertiesTest, KeepsTheirOrderAndTheirJson) {
  const Properties properties{{"b", 1}, {"a", "x\"y"}, {"c", nullptr}};
  ASSERT_EQ(properties.size(), 3u);
  EXPECT_EQ(properties.at(0), (std::pair<std::string_view, std::string_view>("b", "1")));
  EXPECT_EQ(properties.at(1), (std::pair<std::string_view, std::string_view>("a", R"("x\"y")")));
  EXPECT_EQ(properties.json("c"), "null");
  EXPECT_EQ(properties.json("d"), std::nullopt);
  EXPECT_TRUE(properties.has("a"));
}

TEST(PropertiesTest, SettingAgainReplacesTheValueAndKeepsThePlace) {
  Properties properties{{"a", 1}, {"b", 2}};
  EXPECT_TRUE(properties.set("a", "longer than before"));
  EXPECT_EQ(properties.size(), 2u);
  EXPECT_EQ(properties.at(0).first, "a");
  EXPECT_EQ(properties.json("a"), "\"longer than before\"");
  EXPECT_EQ(properties.json("b"), "2");
}

TEST(PropertiesTest, ErasingLeavesTheOthers) {
  Properties properties{{"a", 1}, {"b", 2}, {"c", 3}};
  EXPECT_TRUE(properties.erase("b"));
  EXPECT_FALSE(properties.erase("b"));
  EXPECT_EQ(properties.size(), 2u);
  EXPECT_EQ(properties.at(1).first, "c");
  EXPECT_TRUE(properties.set("b", 4));
  EXPECT_EQ(properties.at(2).first, "b");
}

TEST(PropertiesTest, WhatIsNotJsonIsRefusedAndChangesNothing) {
  Properties properties{{"a", 1}};
  EXPECT_FALSE(properties.set("a", Json{"{"}));
  EXPECT_FALSE(properties.set("b", Json{"1 2"}));
  EXPECT_EQ(properties.json("a"), "1");
  EXPECT_FALSE(properties.has("b"));
  EXPECT_TRUE(properties.set("b", Json{" [1, 2] "}));
}

TEST(PropertiesTest, AValueMayComeFromTheSetItself) {
  Properties properties{{"a", "some text that is long enough to move the buffer"}};
  for (int i = 0; i < 20; ++i) {
    const std::string name = "copy " + std::to_string(i);
    EXPECT_TRUE(properties.set(name, Json{*properties.json("a")}));
    EXPECT_TRUE(properties.set(properties.at(0).first, Json{*properties.json(name)}));
  }
  for (std::size_t i = 0; i < properties.size(); ++i) {
    EXPECT_EQ(properties.at(i).second, "\"some text that is long enough to move the buffer\"");
  }
}

TEST(PropertiesTest, ManyChangesLeaveExactlyWhatWasSetLast) {
  Properties properties{{"a", 1}, {"gone", "x"}};
  for (int i = 0; i < 2000; ++i) {
    properties.set("counter", i);
    properties.set("text", std::string(static_cast<std::size_t>(i % 100), 'x'));
    properties.set("other " + std::to_string(i % 3), "y");
    properties.erase("other " + std::to_string((i + 1) % 3));
  }
  properties.erase("gone");
  EXPECT_EQ(properties.size(), 5u);
  EXPECT_EQ(properties.json("a"), "1");
  EXPECT_EQ(properties.json("counter"), "1999");
  EXPECT_EQ(properties.json("text"), '"' + std::string(99, 'x') + '"');
  EXPECT_EQ(properties.json("other 2"), std::nullopt);
  EXPECT_EQ(properties.json("other 1"), "\"y\"");
}

TEST(PropertiesTest, CopiesAreIndependent) {
  Properties one{{"a", 1}};
  Properties other = one;
  other.set("a", 2);
  EXPECT_EQ(one.json("a"), "1");
}

TEST(ValueTest, EveryKindOfNumberFindsItsKind) {
  EXPECT_EQ(Value(short{-1}).kind(), Value::Kind::integer);
  EXPECT_EQ(Value(1L).kind(), Value::Kind::integer);
  EXPECT_EQ(Value(1u).kind(), Value::Kind::natural);
  EXPECT_EQ(Value(std::size_t{1}).kind(), Value::Kind::natural);
  EXPECT_EQ(Value(1.5f).kind(), Value::Kind::real);
  EXPECT_EQ(Value(true).kind(), Value::Kind::boolean);
  EXPECT_EQ(Value("text").kind(), Value::Kind::text);
  EXPECT_EQ(Value(nullptr).kind(), Value::Kind::null);
}

TEST(ValueTest, ANullTextIsNull) {
  const char* missing = nullptr;
  EXPECT_EQ(Value(missing).kind(), Value::Kind::null) << "what getenv() gives for no variable";
}

TEST(JsonBridge, GoesInAndComesOut) {
  const json object = {{"text", "ä"}, {"list", {1, 2.5, nullptr}}, {"nested", {{"a", true}}}};
  const Properties properties = properties_from_json(object);
  EXPECT_EQ(properties.size(), 3u);
  for (const auto& [name, value] : object.items()) EXPECT_EQ(json_of(properties, name), value);
  EXPECT_EQ(json_of(properties, "absent"), nullptr);
}

TEST(JsonBridge, OnlyAnObjectHoldsProperties) {
  EXPECT_THROW(properties_from_json(json::array()), std::invalid_argument);
  EXPECT_THROW(properties_from_json(nullptr), std::invalid_argument);
  EXPECT_TRUE(properties_from_json(json::object()).empty());
}

TEST(JsonBridge, BytesThatAreNotUtf8AreReplaced) {
  Properties properties;
  set_json(properties, "a", json("x\xFFy"));
  EXPECT_EQ(json_of(properties, "a"), "x\uFFFDy");
}

}  // namespace
}  // namespace lockstep
