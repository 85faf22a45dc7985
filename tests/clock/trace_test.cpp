#include "clock/trace.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "tests/clock/start.h"

namespace lockstep {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Bytes are taken eight at a step, low byte first: a machine of another byte order agrees.
TEST(Digest, OfBytesIsThatOfTheirLengthAndOfEachStepOfEight) {
  const std::uint64_t length = digest_number(kDigestStart, 10);
  EXPECT_EQ(digest_bytes(kDigestStart, "\1\2\3\4\5\6\7\x08\x09\x0a"),
            digest_number(digest_number(length, 0x0807060504030201ULL), 0x0a09ULL));
}

TEST(Digest, SeesEveryByteTheOrderAndTheLength) {
  const auto digest_content = [](std::string_view bytes) {
    return digest_bytes(kDigestStart, bytes);
  };
  const std::string text(100, 'x');
  const std::uint64_t whole = digest_content(text);
  EXPECT_EQ(whole, digest_content(text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = 'y';
    EXPECT_NE(digest_content(other), whole) << i;
  }
  EXPECT_NE(digest_content("12345678abcdefgh"), digest_content("abcdefgh12345678"));
  EXPECT_NE(digest_content(std::string("a\0", 2)), digest_content("a"));
  EXPECT_NE(digest_content(""), digest_content(std::string(1, '\0')));
}

TEST(Trace, AnEmptyTraceHasTheStartingDigest) {
  const Trace trace;
  EXPECT_EQ(trace.digest(), kDigestStart);
  EXPECT_EQ(trace.size(), 0u);
  EXPECT_EQ(trace.to_text(), "");
}

TEST(Trace, EntriesAreNumberedFromOneAndKept) {
  Trace trace;
  EXPECT_EQ(trace.record(kStart, "send", {{"url", "https://x"}}), 1u);
  EXPECT_EQ(trace.record(kStart + seconds{1}, "response", {{"status", "200"}}, 1), 2u);
  const auto entries = trace.entries();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1].number, 2u);
  EXPECT_EQ(entries[1].at, kStart + seconds{1});
  EXPECT_EQ(entries[1].label, "response");
  EXPECT_EQ(entries[1].cause, 1u);
  ASSERT_EQ(entries[1].fields.size(), 1u);
  EXPECT_EQ(entries[1].fields[0].first, "status");
  EXPECT_EQ(entries[1].fields[0].second, "200");
  EXPECT_EQ(entries[1].digest, trace.digest());
}

TEST(Trace, EveryPartOfAnEntryIsInTheDigest) {
  const std::vector<std::function<void(Trace&)>> entries = {
      [](Trace& t) { t.record(kStart, "ab", {}); },
      [](Trace& t) { t.record(kStart, "a", {}); },
      [](Trace& t) { t.record(kStart + Duration{1}, "ab", {}); },
      [](Trace& t) { t.record(kStart, "ab", {}, 1); },
      [](Trace& t) {
        t.record(kStart, "ab", {{"", ""}});
      },
      [](Trace& t) {
        t.record(kStart, "ab", {{"ab", "c"}});
      },
      [](Trace& t) {
        t.record(kStart, "ab", {{"a", "bc"}});
      },
      [](Trace& t) {
        t.record(kStart, "ab", {{"abc", ""}});
      },
      [](Trace& t) {
        t.record(kStart, "a", {{"b", "abc"}});
      },
      [](Trace& t) {
        t.record(kStart, "ab", {{"ab", "c"}, {"", ""}});
      },
      [](Trace& t) {
        t.record(kStart, "ab", {{"a", "b"}, {"c", "d"}});
      },
      [](Trace& t) {
        t.record(kStart, "ab", {{"c", "d"}, {"a", "b"}});
      },
  };
  std::set<std::uint64_t> digests{kDigestStart};
  for (const auto& record : entries) {
    Trace trace;
    record(trace);
    digests.insert(trace.digest());
  }
  EXPECT_EQ(digests.size(), entries.size() + 1);
}

TEST(Trace, ADigestCoversAllThatWasBefore) {
  Trace left;
  Trace right;
  left.record(kStart, "one", {});
  right.record(kStart, "other", {});
  left.record(kStart, "two", {});
  right.record(kStart, "two", {});
  EXPECT_NE(left.digest(), right.digest());
}

// Digests are compared across compilers and stored beside scenarios.
TEST(Trace, DigestsKeepTheirValuesForever) {
  Trace trace;
  trace.record(kStart + milliseconds{1500}, "send", {{"url", "https://x"}, {"attempt", "1"}});
  trace.record(kStart + seconds{2}, "response", {{"status", "503"}}, 1);
  EXPECT_EQ(trace.digest(), 0x97ffab45ef17fcf8ULL);
}

TEST(Trace, TextHasOneAlignedLinePerEntry) {
  Trace trace;
  trace.record(kStart + milliseconds{1500}, "send", {{"url", "https://x"}, {"attempt", "1"}});
  trace.record(kStart + seconds{100}, "response", {{"status", "503"}}, 1);
  trace.record(kStart + seconds{100}, "quiet", {});
  EXPECT_EQ(trace.to_text(),
            "     1      1.500000000  send                       url=https://x attempt=1\n"
            "     2    100.000000000  response           <1      status=503\n"
            "     3    100.000000000  quiet\n");
}

TEST(Trace, ValuesThatWouldBlurALineAreQuoted) {
  const auto text_of = [](std::string value) {
    Trace trace;
    trace.record(kStart, "x", {{"v", value}});
    const auto text = trace.to_text();
    return text.substr(text.find("v="), text.size() - text.find("v=") - 1);
  };
  EXPECT_EQ(text_of("{\"a\":1}"), "v={\"a\":1}");
  EXPECT_EQ(text_of(""), "v=\"\"");
  EXPECT_EQ(text_of("a b=c"), "v=\"a b=c\"");
  EXPECT_EQ(text_of("two\nlines"), "v=\"two\\nlines\"");
  EXPECT_EQ(text_of("a\"\\ \x1b"), "v=\"a\\\"\\\\ \\x1b\"");
  EXPECT_EQ(text_of("\"quoted\""), "v=\"\\\"quoted\\\"\"");
  EXPECT_EQ(text_of("h\xc3\xa9"), "v=h\xc3\xa9");
}

std::vector<TraceEntry> trace_of(const std::vector<std::string>& labels) {
  Trace trace;
  for (const auto& label : labels) trace.record(kStart, label, {});
  return trace.entries();
}

TEST(FirstDivergence, EqualTracesHaveNone) {
  EXPECT_FALSE(first_divergence({}, {}));
  EXPECT_FALSE(first_divergence(trace_of({"a", "b"}), trace_of({"a", "b"})));
}

TEST(FirstDivergence, ShowsTheLastCommonEntriesAndTheFirstDifferentOnes) {
  const auto text =
      first_divergence(trace_of({"a", "b", "c", "d", "e"}), trace_of({"a", "b", "c", "x", "e"}), 2);
  EXPECT_EQ(text,
            "the traces part at entry 4\n"
            "both        2      0.000000000  b\n"
            "both        3      0.000000000  c\n"
            "left        4      0.000000000  d\n"
            "right       4      0.000000000  x\n");
}

TEST(FirstDivergence, ATraceThatEndsEarlyPartsThere) {
  EXPECT_EQ(first_divergence(trace_of({"a"}), trace_of({"a", "b"}), 0),
            "the traces part at entry 2\n"
            "left   (the trace ends here)\n"
            "right       2      0.000000000  b\n");
  EXPECT_EQ(first_divergence(trace_of({"a"}), {}),
            "the traces part at entry 1\n"
            "left        1      0.000000000  a\n"
            "right  (the trace ends here)\n");
}

}  // namespace
}  // namespace lockstep
