#include "mockserver/json_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace lockstep::mock {
namespace {

using Json = nlohmann::json;

std::vector<std::string> elements(const std::string& text, const std::string& key) {
  std::vector<std::string> found;
  for (const Slice& slice : array_elements(text, key)) {
    found.push_back(text.substr(slice.begin, slice.size));
  }
  return found;
}

TEST(JsonText, AValueIsReadAsTheLibraryReadsIt) {
  const std::string text =
      R"( {"a": [1, -2, 3.5, "x\n\u00e9", true, null, {}], "b": {"c": []},
           "d": 18446744073709551615} )";
  const JsonText read = read_json(text);
  ASSERT_TRUE(read.value) << read.error;
  EXPECT_EQ(*read.value, Json::parse(text));
  EXPECT_TRUE(read.duplicate_keys.empty());
}

// A quicker parser is asked first: it must read what the library reads, and nothing else.
TEST(JsonText, EditedTextsAreReadAsTheLibraryReadsThem) {
  const std::string whole =
      R"({"batch":[{"event":"a\"b\\\n\/","n":-12,"x":0.25e-3,"t":true,"u":[{},[],null]}, 7 ],)"
      R"("z":-0})";
  const std::string_view bits = "\"\\/{}[],:0129.-+eEtfnu \t\x01\x7f\xc3";
  std::size_t valid = 0;
  const auto expect_same = [&](const std::string& text) {
    const Json expected = Json::parse(text, nullptr, false);
    const JsonText read = read_json(text);
    ASSERT_EQ(read.value == nullptr, expected.is_discarded()) << text;
    if (read.value == nullptr) return;
    ++valid;
    EXPECT_EQ(read.value->dump(), expected.dump()) << text;
  };
  expect_same(whole);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    expect_same(whole.substr(0, at));
    std::string text = whole;
    expect_same(text.erase(at, 1));
    for (const char bit : bits) {
      text = whole;
      text[at] = bit;
      expect_same(text);
      expect_same(std::string(whole).insert(at, 1, bit));
    }
  }
  EXPECT_GT(valid, 500u);
}

TEST(JsonText, NumbersAreReadAsTheLibraryReadsThem) {
  for (const char* text : {"0",
                           "-0",
                           "-0.0",
                           "1.",
                           ".5",
                           "01",
                           "-",
                           "-01",
                           "1e5",
                           "1E+5",
                           "1e",
                           "1e+",
                           "0.1e-7",
                           "9223372036854775807",
                           "-9223372036854775808",
                           "-9223372036854775809",
                           "18446744073709551615",
                           "18446744073709551616",
                           "4.9e-324",
                           "1e-999",
                           "1e308",
                           "1e309",
                           "123456789012345678901234567890",
                           "0.30000000000000004"}) {
    const Json expected = Json::parse(text, nullptr, false);
    const JsonText read = read_json(text);
    ASSERT_EQ(read.value == nullptr, expected.is_discarded()) << text;
    if (read.value == nullptr) continue;
    EXPECT_EQ(*read.value, expected) << text;
    EXPECT_EQ(read.value->is_number_float(), expected.is_number_float()) << text;
  }
}

TEST(JsonText, WhatIsNotJsonSaysWhy) {
  for (const char* text :
       {"", "{", "[1,]", "{\"a\" 1}", "nul", "1e999", "\"\xff\"", "{} {}", "[01]"}) {
    const JsonText read = read_json(text);
    EXPECT_FALSE(read.value) << text;
    EXPECT_FALSE(read.error.empty()) << text;
  }
}

TEST(JsonText, RepeatedKeysAreFoundByPathAndTheLastValueCounts) {
  const JsonText read =
      read_json(R"({"batch": [{"uuid": 1}, {"p": {"k": 1, "k": 2}}], "batch2": 0, "a":1, "a":3})");
  EXPECT_EQ(read.duplicate_keys, (std::vector<std::string>{"batch[1].p.k", "a"}));
  EXPECT_EQ((*read.value)["a"], 3);
  EXPECT_EQ((*read.value)["batch"][1]["p"]["k"], 2);
}

TEST(JsonText, TheSameKeyInTwoObjectsIsNoRepetition) {
  EXPECT_TRUE(read_json(R"([{"a": {"a": 1}}, {"a": 2}])").duplicate_keys.empty());
}

TEST(JsonText, DepthIsBounded) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(read_json(nested(kMaxJsonDepth)).value);
  EXPECT_NE(read_json(nested(kMaxJsonDepth + 1)).error.find("deeper"), std::string::npos);
  EXPECT_FALSE(read_json(std::string(2'000'000, '[')).value);
}

TEST(ArrayElements, AreCutExactlyAsWritten) {
  const std::string text =
      R"({ "x" : "]}\"" , "batch" : [ {"a": "},]"} , 12,"q\\", [ [1] ] ,null,{} ] })";
  EXPECT_EQ(elements(text, "batch"), (std::vector<std::string>{R"({"a": "},]"})", "12", R"("q\\")",
                                                               "[ [1] ]", "null", "{}"}));
}

TEST(ArrayElements, TheTextItselfMayBeTheArray) {
  EXPECT_EQ(elements(" [1 , {\"b\":[]}]", ""), (std::vector<std::string>{"1", "{\"b\":[]}"}));
  EXPECT_TRUE(elements("[ ]", "").empty());
  EXPECT_TRUE(elements("7", "").empty());
}

TEST(ArrayElements, TheLastOfRepeatedKeysCountsAndKeysMayBeEscaped) {
  EXPECT_EQ(elements(R"({"batch": [1], "batch": [2, 3]})", "batch"),
            (std::vector<std::string>{"2", "3"}));
  EXPECT_TRUE(elements(R"({"batch": [1], "batch": 5})", "batch").empty());
  EXPECT_EQ(elements(R"({"b\u0061tch": [4]})", "batch"), (std::vector<std::string>{"4"}));
  EXPECT_TRUE(elements(R"({"other": {"batch": [1]}})", "batch").empty());
}

TEST(ArrayElements, EachParsesToTheElementOfThatPlace) {
  const std::string text = R"([{"a":[{"b":"\\\""}]},"",[],-1.5e3,false,"\u005d",{"":{}}])";
  const Json whole = Json::parse(text);
  const auto cut = elements(text, "");
  ASSERT_EQ(cut.size(), whole.size());
  for (std::size_t i = 0; i < cut.size(); ++i) EXPECT_EQ(Json::parse(cut[i]), whole[i]);
}

TEST(AppendQuoted, EscapesAndReplacesBadBytes) {
  std::string out = "x";
  append_quoted(out, "a\"b\n");
  EXPECT_EQ(out, "x\"a\\\"b\\n\"");
  out.clear();
  append_quoted(out, "\xff");
  EXPECT_EQ(out, "\"\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace lockstep::mock
