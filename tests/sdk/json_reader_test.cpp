// Values found in JSON text, compared with what a parser says.
#include "sdk/json/reader.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "clock/chance.h"

namespace lockstep {
namespace {

using nlohmann::json;

TEST(JsonReader, AMemberIsFoundWhereverItStands) {
  EXPECT_EQ(find_member(R"({"a":1,"b":"x","c":[2]})", "a"), "1");
  EXPECT_EQ(find_member(R"({"a":1,"b":"x","c":[2]})", "b"), R"("x")");
  EXPECT_EQ(find_member(R"({"a":1,"b":"x","c":[2]})", "c"), "[2]");
  EXPECT_EQ(find_member(" {\n\t\"a\" : { \"b\" : 1 } , \"b\"\r: true } ", "b"), "true");
  EXPECT_EQ(find_member(R"({"a":1})", "b"), std::nullopt);
}

TEST(JsonReader, AMemberOfAMemberIsAnother) {
  EXPECT_EQ(find_member(R"({"a":{"b":1},"c":[{"b":2}]})", "b"), std::nullopt);
}

TEST(JsonReader, BracketsAndQuotesInStringsAreText) {
  EXPECT_EQ(find_member(R"({"x":"}],\"b\":3","y":["\\"],"b":1})", "b"), "1");
  EXPECT_EQ(find_member(R"({"}":{"{":"["},"b":1})", "b"), "1");
}

TEST(JsonReader, ANameMayBeEscaped) {
  EXPECT_EQ(find_member(R"({"\u0061\"":1})", "a\""), "1");
  EXPECT_EQ(find_member(R"({"a\u0000":1})", "a"), std::nullopt);
}

TEST(JsonReader, OfSeveralMembersOfANameTheLastCounts) {
  EXPECT_EQ(find_member(R"({"a":1,"b":2,"a":3})", "a"), "3");
}

TEST(JsonReader, WhatIsNoObjectHasNoMembers) {
  for (const char* text : {"", "1", "\"a\"", "[]", R"(["a",1])", "null", "{}", " { } "}) {
    EXPECT_EQ(find_member(text, "a"), std::nullopt) << text;
  }
}

TEST(JsonReader, AnItemIsFoundByWhatItSays) {
  EXPECT_TRUE(has_item(R"(["x" , "events"])", "events"));
  EXPECT_TRUE(has_item(R"(["\u0065vents"])", "events"));
  for (const char* text : {R"(["event"])", R"([["events"]])", R"({"events":"events"})", "[]",
                           R"("events")", R"([{"a":"events"}])", R"({"":"events"})"}) {
    EXPECT_FALSE(has_item(text, "events")) << text;
  }
}

TEST(JsonReader, AStringSaysWhatIsWrittenInIt) {
  EXPECT_EQ(string_value(R"("a\n\"\u00e9")"), "a\n\"\u00e9");
  for (const char* text : {"", "1", "null", "[\"a\"]"}) EXPECT_EQ(string_value(text), std::nullopt);
}

// A random document of a few levels.
json random_value(const Chance& chance, std::uint64_t& draws, int depth) {
  const auto below = [&](std::uint64_t bound) {
    return chance.below({Stream{"json-reader"}, 0, draws++}, bound);
  };
  static const std::vector<std::string> kTexts{"",   "a",    "{", "]", "\"",
                                               "\\", "\\\"", ",", ":", "\u00e9"};
  switch (below(depth > 0 ? 6 : 4)) {
    case 0:
      return nullptr;
    case 1:
      return below(2) == 0;
    case 2:
      return static_cast<double>(below(2000)) / 8 - 100;
    case 3:
      return kTexts[below(kTexts.size())];
    case 4: {
      json array = json::array();
      for (std::uint64_t i = below(5); i > 0; --i) {
        array.push_back(random_value(chance, draws, depth - 1));
      }
      return array;
    }
    default: {
      json object = json::object();
      for (std::uint64_t i = below(5); i > 0; --i) {
        object[kTexts[below(kTexts.size())]] = random_value(chance, draws, depth - 1);
      }
      return object;
    }
  }
}

// Reads a whole document through JsonItems and compares it with `expected`.
void expect_reads_as(std::string_view text, const json& expected) {
  if (!expected.is_structured()) {
    EXPECT_EQ(json::parse(text, nullptr, false), expected);
    return;
  }
  std::size_t count = 0;
  for (JsonItems items(text); items.next(); ++count) {
    if (expected.is_object()) {
      const std::string name = string_value(items.name()).value();
      ASSERT_TRUE(expected.contains(name)) << name;
      EXPECT_EQ(find_member(text, name), items.value());
      expect_reads_as(items.value(), expected[name]);
    } else {
      ASSERT_LT(count, expected.size());
      expect_reads_as(items.value(), expected[count]);
    }
  }
  EXPECT_EQ(count, expected.size());
}

TEST(JsonReader, RandomDocumentsReadAsAParserReadsThem) {
  const Chance chance(1);
  std::uint64_t draws = 0;
  for (int i = 0; i < 500; ++i) {
    const json document = random_value(chance, draws, 4);
    for (const int indent : {-1, 0, 2}) {
      const bool ascii = i % 2 == 0;
      expect_reads_as(document.dump(indent, '\t', ascii), document);
    }
  }
}

// A server cannot send it to us (is_json() comes first), but nothing is read past the end.
TEST(JsonReader, TextThatBreaksOffEndsTheItems) {
  const std::string text = R"({"a":{"b":["x\\",1]},"c":"y"})";
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const std::string cut = text.substr(0, length);
    std::size_t count = 0;
    for (JsonItems items(cut); items.next() && count < 10;) ++count;
    EXPECT_LE(count, 2u) << cut;
  }
}

}  // namespace
}  // namespace lockstep
