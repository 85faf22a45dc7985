#include "mockserver/decode.h"

#include <gtest/gtest.h>

#include "compressed.h"
#include "requests.h"

namespace lockstep::mock {
namespace {

constexpr std::size_t kEnough = 1024 * 1024;

struct Coding {
  const char* token;
  std::string (*encode)(std::string_view);
};

const Coding kCodings[] = {
    {"gzip", gzipped}, {"deflate", deflated}, {"br", brotlied}, {"zstd", zstded}};

std::string varied_text(std::size_t size) {
  std::string text;
  for (unsigned state = 1; text.size() < size; state = state * 1664525 + 1013904223) {
    text += static_cast<char>('a' + (state >> 28));
  }
  return text;
}

TEST(Decode, EachCodingGivesBackWhatWasEncoded) {
  for (const auto& [token, encode] : kCodings) {
    for (const std::string& text : {std::string(), std::string("{}"), varied_text(200'000)}) {
      const Decoded decoded = decode(encode(text), token, kEnough);
      EXPECT_FALSE(decoded.error) << token << ": " << decoded.error.value_or("");
      EXPECT_TRUE(decoded.text == text) << token << " of " << text.size() << " bytes";
      EXPECT_TRUE(decoded.note.empty());
    }
  }
}

TEST(Decode, CodingNamesIgnoreCase) {
  EXPECT_EQ(decode(gzipped("{}"), "GZIP", kEnough).text, "{}");
  EXPECT_EQ(decode(zstded("{}"), " Zstd ", kEnough).text, "{}");
}

TEST(Decode, IdentityAndNoCodingLeaveTheBodyAlone) {
  EXPECT_EQ(decode("{}", "", kEnough).text, "{}");
  EXPECT_EQ(decode("{}", "identity", kEnough).text, "{}");
}

TEST(Decode, AListIsUndoneFromItsEnd) {
  EXPECT_EQ(decode(brotlied(gzipped("{}")), "gzip, br", kEnough).text, "{}");
  EXPECT_TRUE(decode(brotlied(gzipped("{}")), "br, gzip", kEnough).error);
}

TEST(Decode, ManyCodingsAreRefused) {
  EXPECT_TRUE(decode("", "gzip,gzip,gzip,gzip,gzip", kEnough).error);
}

TEST(Decode, RawDeflateIsReadWithANote) {
  const Decoded decoded = decode(raw_deflated("{\"a\": 1}"), "deflate", kEnough);
  EXPECT_EQ(decoded.text, "{\"a\": 1}");
  EXPECT_NE(decoded.note.find("raw deflate"), std::string::npos);
}

TEST(Decode, AnUnknownCodingIsNamed) {
  const Decoded decoded = decode("{}", "snappy", kEnough);
  EXPECT_TRUE(decoded.unsupported);
  EXPECT_NE(decoded.error.value_or("").find("snappy"), std::string::npos);
}

TEST(Decode, ATextOfExactlyTheLimitPassesAndOneByteMoreDoesNot) {
  const std::string text(100'000, 'x');
  for (const auto& [token, encode] : kCodings) {
    EXPECT_EQ(decode(encode(text), token, text.size()).text.size(), text.size()) << token;
    const Decoded over = decode(encode(text), token, text.size() - 1);
    EXPECT_TRUE(over.too_large) << token;
    EXPECT_TRUE(over.text.empty()) << token;
  }
}

TEST(Decode, ABombEndsAtTheLimit) {
  const std::string zeros(16 * 1024 * 1024, '\0');
  for (const auto& [token, encode] : kCodings) {
    const std::string bomb = encode(zeros);
    ASSERT_LT(bomb.size(), zeros.size() / 500) << token;
    const Decoded decoded = decode(bomb, token, kEnough);
    EXPECT_TRUE(decoded.too_large) << token;
    EXPECT_LT(decoded.text.capacity(), kEnough) << token;
  }
}

TEST(Decode, ABreakOffAnywhereIsAnErrorAndNeverHalfAText) {
  const std::string text = varied_text(2'000);
  for (const auto& [token, encode] : kCodings) {
    const std::string whole = encode(text);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Decoded decoded = decode(std::string_view(whole).substr(0, size), token, kEnough);
      EXPECT_TRUE(decoded.error) << token << " cut at " << size;
      EXPECT_TRUE(decoded.text.empty()) << token << " cut at " << size;
    }
  }
}

TEST(Decode, BytesAfterTheEndAreAnError) {
  for (const auto& [token, encode] : kCodings) {
    EXPECT_TRUE(decode(encode("{}") + "more", token, kEnough).error) << token;
  }
}

TEST(Decode, GzipMembersAndZstdFramesAreJoined) {
  EXPECT_EQ(decode(gzipped("{\"a\"") + gzipped(":1}"), "gzip", kEnough).text, "{\"a\":1}");
  EXPECT_EQ(decode(zstded("{\"a\"") + zstded(":1}"), "zstd", kEnough).text, "{\"a\":1}");
}

TEST(Decode, DamagedGzipIsAnErrorByItsChecksum) {
  std::string body = gzipped("{\"a\": 1}");
  body[body.size() - 6] ^= 1;
  EXPECT_TRUE(decode(body, "gzip", kEnough).error);
}

TEST(ServerDecoding, EventsAreFoundInEachCoding) {
  for (const auto& [token, encode] : kCodings) {
    Server server;
    auto request = v0(batch_of(2));
    request.body = encode(request.body);
    request.headers.add("Content-Encoding", token);
    server.handle(request, at(0));
    const JournalEntry entry = server.journal().at(0);
    EXPECT_EQ(entry.uuids, (std::vector{uuid_of(1), uuid_of(2)})) << token;
    EXPECT_EQ(entry.encoded_size, request.body.size()) << token;
    EXPECT_EQ(entry.decoded_size, v0(batch_of(2)).body.size()) << token;
  }
}

TEST(ServerDecoding, ABombIsJournalledAsADecodeError) {
  ServerOptions options;
  options.max_decoded_bytes = 1024 * 1024;
  Server server(options);
  auto request = v0(batch_of(1));
  request.body = gzipped(std::string(1024 * 1024 + 1, ' '));
  request.headers.add("Content-Encoding", "gzip");
  server.handle(request, at(0));
  const JournalEntry entry = server.journal().at(0);
  EXPECT_NE(entry.decode_error.value_or("").find("exceeds"), std::string::npos);
  EXPECT_FALSE(entry.event_count);
  EXPECT_TRUE(server.stored().empty());
}

TEST(ServerDecoding, SuiteCompatibleDecodesGzipSpeltExactlySoAndNothingElse) {
  ServerOptions options;
  options.suite_compatible = true;
  Server server(options);
  const auto send = [&](const char* token, std::string (*encode)(std::string_view)) {
    auto request = v1(batch_of(1));
    request.body = encode(request.body);
    request.headers.add("Content-Encoding", token);
    return server.handle(request, at(0));
  };
  EXPECT_EQ(json_of(send("gzip", gzipped))["results"].size(), 1U);
  for (const auto& reply : {send("GZIP", gzipped), send("br", brotlied), send("zstd", zstded)}) {
    EXPECT_EQ(reply.response.body, R"({"results":{}})");
    EXPECT_FALSE(reply.response.headers.has("Date"));
    EXPECT_FALSE(reply.response.headers.has("PostHog-Request-Id"));
  }
}

}  // namespace
}  // namespace lockstep::mock
