// The writer against another JSON library: what it writes reads back as what was meant.
#include "sdk/json/writer.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "clock/chance.h"

namespace lockstep {
namespace {

using nlohmann::json;

class Dice {
 public:
  explicit Dice(std::string_view stream) : stream_(stream) {}
  std::uint64_t bits() { return chance_.bits({stream_, 0, index_++}); }
  std::uint64_t below(std::uint64_t bound) { return chance_.below({stream_, 0, index_++}, bound); }

 private:
  Chance chance_{2024};
  Stream stream_;
  std::uint64_t index_ = 0;
};

std::string written(std::string_view text) {
  JsonWriter out;
  out.string(text);
  return std::string(out.text());
}

// Texts of the bytes where UTF-8 and escaping go wrong: leads, continuations, quotes, controls.
std::string nasty_text(Dice& dice, std::size_t length) {
  static constexpr unsigned char kBytes[] = {'"',  '\\', 0x00, 0x1F, 0x20, 'a',  0x7F, 0x80,
                                             0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2,
                                             0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4,
                                             0xF5, 0xFF, 'b',  '\n', '/',  'u',  0xBB, 0xBD};
  std::string text;
  for (std::size_t i = 0; i < length; ++i) {
    text += static_cast<char>(dice.below(4) == 0 ? dice.below(256)
                                                 : kBytes[dice.below(std::size(kBytes))]);
  }
  return text;
}

TEST(JsonWriterTest, RandomTextsReadBackAsAnotherLibraryWouldWriteThem) {
  Dice dice("json-text");
  for (int i = 0; i < 50'000; ++i) {
    const std::string text = nasty_text(dice, dice.below(24));
    const std::string theirs = json(text).dump(-1, ' ', false, json::error_handler_t::replace);
    const json got = json::parse(written(text), nullptr, false);
    ASSERT_TRUE(got.is_string()) << "case " << i << ": " << written(text);
    ASSERT_EQ(got, json::parse(theirs)) << "case " << i;
  }
}

TEST(JsonWriterTest, TextThatIsUtf8PassesUnchanged) {
  std::string text;
  for (std::uint32_t c = 1; c < 0x11'0000; c += c < 0x3000 ? 1 : 37) {
    if (c >= 0xD800 && c < 0xE000) continue;
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else if (c < 0x800) {
      text += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    } else if (c < 0x1'0000) {
      text += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
               static_cast<char>(0x80 | (c & 63))};
    } else {
      text += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
               static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    }
  }
  EXPECT_EQ(json::parse(written(text)).get<std::string>(), text);
}

TEST(JsonWriterTest, EachMaximalBrokenSequenceIsOneReplacement) {
  EXPECT_EQ(written("\xE2\x82"), "\"\uFFFD\"") << "a three-byte character that breaks off";
  EXPECT_EQ(written("\xE2\x82z"), "\"\uFFFDz\"");
  EXPECT_EQ(written("\xF0\x9F\x98"), "\"\uFFFD\"");
  EXPECT_EQ(written("\x80\x80"), "\"\uFFFD\uFFFD\"");
  EXPECT_EQ(written("\xC0\xAF"), "\"\uFFFD\uFFFD\"") << "overlong";
  EXPECT_EQ(written("\xF4\x90\x80\x80"), "\"\uFFFD\uFFFD\uFFFD\uFFFD\"") << "beyond Unicode";
}

TEST(JsonWriterTest, RandomDoublesReadBackExactly) {
  Dice dice("json-real");
  for (int i = 0; i < 50'000; ++i) {
    const double number = std::bit_cast<double>(dice.bits());
    JsonWriter out;
    out.real(number);
    if (!std::isfinite(number)) {
      ASSERT_EQ(out.text(), "null");
      continue;
    }
    const json got = json::parse(out.text());
    ASSERT_EQ(got.get<double>(), number) << out.text();
  }
}

TEST(JsonWriterTest, RandomIntegersReadBackExactly) {
  Dice dice("json-integer");
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t number = dice.bits() >> dice.below(64);
    JsonWriter natural;
    natural.natural(number);
    ASSERT_EQ(json::parse(natural.text()).get<std::uint64_t>(), number);
    JsonWriter integer;
    integer.integer(static_cast<std::int64_t>(number));
    ASSERT_EQ(json::parse(integer.text()).get<std::int64_t>(), static_cast<std::int64_t>(number));
  }
}

// One random value, written by ours and built by theirs.
json random_value(Dice& dice, JsonWriter& out, int depth) {
  switch (dice.below(depth > 0 ? 6 : 4)) {
    case 0: {
      const auto number = static_cast<std::int64_t>(dice.bits());
      out.integer(number);
      return number;
    }
    case 1: {
      const bool yes = dice.below(2) == 1;
      out.value(yes);
      return yes;
    }
    case 2:
      out.value(nullptr);
      return nullptr;
    case 3: {
      const std::string text(dice.below(300), static_cast<char>(dice.below(127) + 1));
      out.string(text);
      return text;
    }
    case 4: {
      json array = json::array();
      out.raw('[');
      const std::uint64_t length = dice.below(5);
      for (std::uint64_t i = 0; i < length; ++i) {
        if (i > 0) out.raw(',');
        array.push_back(random_value(dice, out, depth - 1));
      }
      out.raw(']');
      return array;
    }
    default: {
      json object = json::object();
      out.raw('{');
      bool first = true;
      const std::uint64_t length = dice.below(5);
      for (std::uint64_t i = 0; i < length; ++i) {
        const std::string name = "k" + std::to_string(i) + "\"";
        out.member(name, first);
        object[name] = random_value(dice, out, depth - 1);
      }
      out.raw('}');
      return object;
    }
  }
}

TEST(JsonWriterTest, RandomDocumentsReadBackAsBuilt) {
  Dice dice("json-document");
  for (int i = 0; i < 2000; ++i) {
    JsonWriter out;
    const json expected = random_value(dice, out, 5);
    ASSERT_EQ(json::parse(out.text(), nullptr, false), expected) << "case " << i;
    ASSERT_TRUE(is_json(out.text()));
  }
}

TEST(JsonWriterTest, ItGrowsPastItsInlineRoomWithoutLosingAByte) {
  for (const std::size_t length : {4093u, 4094u, 4095u, 4096u, 8192u, 1'000'000u}) {
    JsonWriter out;
    const std::string text(length, 'x');
    out.string(text);
    out.raw(',');
    out.natural(7);
    EXPECT_EQ(out.size(), length + 4);
    EXPECT_EQ(out.text(), '"' + text + "\",7");
  }
}

TEST(JsonWriterTest, EmptyTextNeedsNoMemory) {
  JsonWriter out;
  out.raw(std::string_view{});
  out.string(std::string_view{});
  EXPECT_EQ(out.text(), "\"\"");
}

TEST(JsonWriterTest, IsJsonMeansExactlyOneDocument) {
  for (const char* good :
       {"1", "-0.5e3", "\"a\"", "[]", "{}", " {\"a\": [true, null]} ", "\n1\t"}) {
    EXPECT_TRUE(is_json(good)) << good;
  }
  for (const char* bad : {"", " ", "1 2", "{", "[1,]", "{\"a\":1,}", "nan", "'a'", "01", "tru",
                          "// 1\n1", "1 // one", "\"\x01\"", "\"\xFF\"", "{a:1}", "[1}"}) {
    EXPECT_FALSE(is_json(bad)) << bad;
  }
}

TEST(JsonWriterTest, WhatWouldBreakTheBatchAroundItIsNoJson) {
  EXPECT_FALSE(is_json("\xEF\xBB\xBF{}")) << "a byte order mark belongs at the start of a file";
  EXPECT_FALSE(is_json(std::string_view("1\0", 2)));
  EXPECT_FALSE(is_json(std::string_view("1\0,\"x\":", 7))) << "text after a zero byte";
}

TEST(JsonWriterTest, IsJsonDoesNotRunOutOfStack) {
  const std::size_t depth = 1'000'000;
  EXPECT_TRUE(is_json(std::string(depth, '[') + std::string(depth, ']')));
  EXPECT_FALSE(is_json(std::string(depth, '[')));
}

}  // namespace
}  // namespace lockstep
