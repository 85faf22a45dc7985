#include "sdk/codec/codec.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

#include "clock/chance.h"
#include "decoders.h"

namespace lockstep {
namespace {

using test::decode;

constexpr std::array kCodecs{Compression::none, Compression::gzip, Compression::deflate,
                             Compression::br, Compression::zstd};

// A batch as the SDK sends it, at least `size` bytes long.
std::string batch_of(std::size_t size) {
  std::string body = R"({"api_key":"phc_test","batch":[)";
  for (int i = 0; body.size() < size; ++i) {
    body += R"({"event":"signup","distinct_id":"user-)" + std::to_string(i) +
            R"(","properties":{"plan":"pro","$lib":"lockstep"}},)";
  }
  return body + "{}]}";
}

// Bytes that do not compress.
std::string noise_of(std::size_t size) {
  const Chance chance(7);
  std::string bytes;
  for (std::uint64_t i = 0; bytes.size() < size; ++i) {
    bytes += static_cast<char>(chance.bits({Stream{"noise"}, 0, i}));
  }
  return bytes;
}

TEST(Codec, EveryCodecsDecoderGivesTheBodyBack) {
  Compressor compressor;
  const std::array bodies{std::string(),     std::string("x"),         std::string("\0\xff\0", 3),
                          batch_of(300),     batch_of(70'000),         noise_of(70'000),
                          batch_of(5 << 20), std::string(5 << 20, 'a')};
  for (const auto codec : kCodecs) {
    for (const auto& body : bodies) {
      const auto decoded = decode(codec, compressor.compress(codec, body));
      ASSERT_TRUE(decoded.has_value()) << to_string(codec) << " of " << body.size();
      EXPECT_TRUE(*decoded == body) << to_string(codec) << " of " << body.size();
    }
  }
}

TEST(Codec, ABatchBecomesMuchSmallerWithEveryCodecButNone) {
  Compressor compressor;
  const auto body = batch_of(100'000);
  EXPECT_EQ(compressor.compress(Compression::none, body), body);
  for (const auto codec :
       {Compression::gzip, Compression::deflate, Compression::br, Compression::zstd}) {
    EXPECT_LT(compressor.compress(codec, body).size(), body.size() / 5) << to_string(codec);
  }
}

TEST(Codec, WhatDoesNotCompressHardlyGrows) {
  Compressor compressor;
  const auto body = noise_of(100'000);
  for (const auto codec : kCodecs) {
    EXPECT_LT(compressor.compress(codec, body).size(), body.size() + 200) << to_string(codec);
  }
}

TEST(Codec, TheOutputDependsOnTheInputAlone) {
  const auto body = batch_of(20'000);
  for (const auto codec : kCodecs) {
    Compressor fresh;
    Compressor used;
    for (const auto other : kCodecs) {
      used.compress(other, noise_of(50'000));
      used.compress(other, batch_of(1 << 20));
    }
    const auto first = fresh.compress(codec, body);
    EXPECT_EQ(used.compress(codec, body), first) << to_string(codec);
    EXPECT_EQ(fresh.compress(codec, body), first) << to_string(codec);
  }
}

// RFC 1952: the modification time is bytes 4 to 7, where 0 means "none".
TEST(Codec, GzipCarriesNoTimeAndNoName) {
  Compressor compressor;
  const auto text = compressor.compress(Compression::gzip, "body");
  ASSERT_GE(text.size(), 18u);
  EXPECT_EQ(text.substr(0, 3), "\x1f\x8b\x08");
  EXPECT_EQ(text.substr(3, 5), std::string(5, '\0'));
}

TEST(Codec, TheOutputOwnsNoMoreMemoryThanItsLength) {
  Compressor compressor;
  const auto body = batch_of(1 << 20);
  for (const auto codec :
       {Compression::gzip, Compression::deflate, Compression::br, Compression::zstd}) {
    const auto text = compressor.compress(codec, body);
    EXPECT_LE(text.capacity(), text.size() + 64) << to_string(codec);
  }
}

TEST(Codec, AMovedCompressorGoesOnWorking) {
  Compressor first;
  first.compress(Compression::zstd, "body");
  Compressor second(std::move(first));
  EXPECT_EQ(decode(Compression::zstd, second.compress(Compression::zstd, "body")), "body");
  Compressor third;
  third = std::move(second);
  EXPECT_EQ(decode(Compression::gzip, third.compress(Compression::gzip, "body")), "body");
}

TEST(Codec, NamesGoThereAndBack) {
  for (const auto codec : kCodecs) EXPECT_EQ(parse_compression(to_string(codec)), codec);
  EXPECT_EQ(parse_compression("brotli"), Compression::br);
  for (const auto* other : {"", "GZIP", "gzip ", "identity", "zlib", "lz4"}) {
    EXPECT_EQ(parse_compression(other), std::nullopt) << other;
  }
}

TEST(Codec, TheContentEncodingIsTheRegisteredTokenAndNoneIsNoHeader) {
  EXPECT_EQ(content_encoding(Compression::none), "");
  EXPECT_EQ(content_encoding(Compression::gzip), "gzip");
  EXPECT_EQ(content_encoding(Compression::deflate), "deflate");
  EXPECT_EQ(content_encoding(Compression::br), "br");
  EXPECT_EQ(content_encoding(Compression::zstd), "zstd");
}

}  // namespace
}  // namespace lockstep
