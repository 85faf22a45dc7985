#include "clock/timestamp.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clock/chance.h"

namespace lockstep {
namespace {

using std::chrono::seconds;

WallTime at(std::int64_t unix_seconds, std::int64_t nanoseconds = 0) {
  return WallTime{seconds{unix_seconds}} + Duration{nanoseconds};
}

TEST(Rfc3339, WritesAsFewGroupsOfDigitsAsLoseNothing) {
  EXPECT_EQ(to_rfc3339(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(at(1'735'689'600, 1'000'000)), "2025-01-01T00:00:00.001Z");
  EXPECT_EQ(to_rfc3339(at(1'735'689'600, 1'000)), "2025-01-01T00:00:00.000001Z");
  EXPECT_EQ(to_rfc3339(at(1'735'689'600, 1)), "2025-01-01T00:00:00.000000001Z");
  EXPECT_EQ(to_rfc3339(at(1'709'251'199, 987'654'321)), "2024-02-29T23:59:59.987654321Z");
}

TEST(Rfc3339, WritesTimesBefore1970AndBothEndsOfTheRange) {
  EXPECT_EQ(to_rfc3339(at(0, -1)), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(to_rfc3339(at(-86'400)), "1969-12-31T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(WallTime::min()), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(to_rfc3339(WallTime::max()), "2262-04-11T23:47:16.854775807Z");
}

TEST(Rfc3339, WritesNoMoreThanItPromises) {
  std::string out(kRfc3339MaxLength + 1, '#');
  EXPECT_EQ(write_rfc3339(at(0, 1), out.data()), kRfc3339MaxLength);
  EXPECT_EQ(out, "1970-01-01T00:00:00.000000001Z#");
}

struct Reading {
  std::string text;
  WallTime time;
};

TEST(Rfc3339, ReadsEveryFormOfTheStandard) {
  const std::vector<Reading> readings = {
      {"1970-01-01T00:00:00Z", at(0)},
      {"1985-04-12T23:20:50.52Z", at(482'196'050, 520'000'000)},
      {"1996-12-19T16:39:57-08:00", at(851'042'397)},
      {"1937-01-01T12:00:27.87+00:20", at(-1'041'337'173, 870'000'000)},
      {"2024-02-29t12:00:00z", at(1'709'208'000)},
      {"2024-02-29 12:00:00-00:00", at(1'709'208'000)},
      {"2024-02-29T12:00:00.123456789123Z", at(1'709'208'000, 123'456'789)},
      {"1990-12-31T23:59:60Z", at(662'688'000)},
      {"1990-12-31T15:59:60.5-08:00", at(662'688'000, 500'000'000)},
      {"2024-01-01T00:00:00+23:59", at(1'704'067'200 - 86'340)},
      {"1677-09-21T00:12:43.145224192Z", WallTime::min()},
      {"2262-04-11T23:47:16.854775807Z", WallTime::max()},
      {"2262-04-12T00:47:16.854775807+01:00", WallTime::max()},
  };
  for (const auto& [text, time] : readings) EXPECT_EQ(parse_rfc3339(text), time) << text;
}

TEST(Rfc3339, ReadsNothingElse) {
  using namespace std::string_literals;
  const std::vector<std::string> texts = {
      "",
      "2024",
      "2024-02-29",
      "2024-02-29T12:00Z",
      "2024-02-29T12:00:00",
      "2024-02-29T12:00:00.Z",
      "2024-02-29T12:00:00,5Z",
      "2024-02-29T12:00:00.5",
      "2024-02-29T12:00:00+0100",
      "2024-02-29T12:00:00+01",
      "2024-02-29T12:00:00+01:0",
      "2024-02-29T12:00:00+24:00",
      "2024-02-29T12:00:00+01:60",
      "2024-02-29T12:00:00ZZ",
      "2024-02-29T12:00:00Z ",
      " 2024-02-29T12:00:00Z",
      "2024-02-29_12:00:00Z",
      "2023-02-29T12:00:00Z",
      "1900-02-29T12:00:00Z",
      "2024-00-10T12:00:00Z",
      "2024-13-10T12:00:00Z",
      "2024-04-31T12:00:00Z",
      "2024-04-00T12:00:00Z",
      "2024-04-10T24:00:00Z",
      "2024-04-10T12:60:00Z",
      "2024-04-10T12:00:61Z",
      "2024-4-10T12:00:00Z",
      "-024-04-10T12:00:00Z",
      "+2024-04-10T12:00:00Z",
      "12024-04-10T12:00:00Z",
      "99999999999999999999-04-10T12:00:00Z",
      "2024-04-10T12:00:-1Z",
      "2024-04-10T12:00:00\0Z"s,
      "2024-04-10T12:00:00Z\0"s,
      "0000-01-01T00:00:00Z",
      "1677-09-21T00:12:43.145224191Z",
      "2262-04-11T23:47:16.854775808Z",
      "2262-04-11T23:47:16.854775807-00:01",
      "9999-12-31T23:59:60.999999999-23:59",
  };
  for (const auto& text : texts) EXPECT_FALSE(parse_rfc3339(text)) << text;
}

TEST(Rfc3339, WhatIsWrittenReadsBack) {
  const Chance chance(1);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const auto count = static_cast<Duration::rep>(chance.bits({Stream{"time"}, 0, i}));
    const WallTime time{Duration{count - count % (i % 3 == 0 ? 1'000'000 : 1)}};
    EXPECT_EQ(parse_rfc3339(to_rfc3339(time)), time) << count;
  }
}

TEST(Seconds, AreWrittenWithNineDigits) {
  EXPECT_EQ(to_seconds(Duration{0}), "0.000000000");
  EXPECT_EQ(to_seconds(Duration{12'500'000'000}), "12.500000000");
  EXPECT_EQ(to_seconds(Duration{-1}), "-0.000000001");
  EXPECT_EQ(to_seconds(Duration::max()), "9223372036.854775807");
  EXPECT_EQ(to_seconds(Duration::min()), "-9223372036.854775808");
}

constexpr WallTime kNow{seconds{1'735'689'600}};  // 2025-01-01T00:00:00Z

TEST(HttpDate, IsWrittenAsImfFixdate) {
  EXPECT_EQ(to_http_date(at(784'111'777)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(to_http_date(at(784'111'777, 999'999'999)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(to_http_date(kNow), "Wed, 01 Jan 2025 00:00:00 GMT");
  EXPECT_EQ(to_http_date(WallTime::min()), "Tue, 21 Sep 1677 00:12:43 GMT");
  EXPECT_EQ(to_http_date(WallTime::max()), "Fri, 11 Apr 2262 23:47:16 GMT");
}

TEST(HttpDate, ReadsTheThreeForms) {
  const auto time = at(784'111'777);
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", kNow), time);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", kNow), time);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", kNow), time);
  EXPECT_EQ(parse_http_date("Wed Nov 16 08:49:37 1994", kNow), time + seconds{10 * 86'400});
}

TEST(HttpDate, AWrongWeekdayAndALeapSecondAreForgiven) {
  EXPECT_EQ(parse_http_date("Mon, 06 Nov 1994 08:49:37 GMT", kNow), at(784'111'777));
  EXPECT_EQ(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", kNow), at(1'483'228'800));
}

TEST(HttpDate, ReadsNothingElse) {
  using namespace std::string_literals;
  const std::vector<std::string> texts = {
      "",
      "120",
      "now",
      "Sun",
      "Sun, ",
      "sun, 06 Nov 1994 08:49:37 GMT",
      "Sun, 06 nov 1994 08:49:37 GMT",
      "Xyz, 06 Nov 1994 08:49:37 GMT",
      "Sunday, 06 Nov 1994 08:49:37 GMT",
      "Sun, 06 Foo 1994 08:49:37 GMT",
      "Sun, 6 Nov 1994 08:49:37 GMT",
      "Sun,  6 Nov 1994 08:49:37 GMT",
      "Sun 06 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 94 08:49:37 GMT",
      "Sun, 06 Nov 19940 08:49:37 GMT",
      "Sun, 31 Nov 1994 08:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:00:00 GMT",
      "Sun, 06 Nov 1994 08:60:37 GMT",
      "Sun, 06 Nov 1994 08:49:61 GMT",
      "Sun, 06 Nov 1994 08:49 GMT",
      "Sun, 06 Nov 1994 08:49:37",
      "Sun, 06 Nov 1994 08:49:37 UTC",
      "Sun, 06 Nov 1994 08:49:37 +0000",
      "Sun, 06 Nov 1994 08:49:37 GMT ",
      " Sun, 06 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:37 GMT\0"s,
      "Sun, 06\0Nov 1994 08:49:37 GMT"s,
      "Sun, 31 Nov 9999 08:49:37 GMT",
      "Mon, 29 Feb 9999 08:49:37 GMT",
      "Sun, 06-Nov-94 08:49:37 GMT",
      "Sunday, 06-Nov-1994 08:49:37 GMT",
      "Sunday, 29-Feb-23 08:49:37 GMT",
      "Sun Nov 6 08:49:37 1994",
      "Sun Nov  6 08:49:37 94",
      "Sun Nov  6 08:49:37 1994 GMT",
      "Sun Nov   6 08:49:37 1994",
      "1994-11-06T08:49:37Z",
  };
  for (const auto& text : texts) EXPECT_FALSE(parse_http_date(text, kNow)) << text;
}

TEST(HttpDate, ADateBeyondTheRangeIsHeldAtItsEnd) {
  const auto read = [](const char* text) {
    const auto time = parse_http_date(text, kNow);
    return time ? to_rfc3339(*time) : "none";
  };
  EXPECT_EQ(read("Fri, 31 Dec 9999 23:59:59 GMT"), "2262-04-11T23:47:16.000Z");
  EXPECT_EQ(read("Fri Dec 31 23:59:59 9999"), "2262-04-11T23:47:16.000Z");
  EXPECT_EQ(read("Sun, 06 Nov 0000 08:49:37 GMT"), "1677-09-21T00:12:44.000Z");
}

std::string year_of(const std::string& rfc850, WallTime now) {
  const auto time = parse_http_date(rfc850, now);
  return time ? to_rfc3339(*time).substr(0, 4) : "none";
}

TEST(HttpDate, ATwoDigitYearIsTheOneWithinFiftyYears) {
  EXPECT_EQ(year_of("Monday, 01-Jul-24 00:00:00 GMT", kNow), "2024");
  EXPECT_EQ(year_of("Monday, 01-Jul-74 00:00:00 GMT", kNow), "2074");
  EXPECT_EQ(year_of("Monday, 01-Jul-76 00:00:00 GMT", kNow), "1976");
  EXPECT_EQ(year_of("Monday, 01-Jan-00 00:00:00 GMT", kNow), "2000");
  // Exactly fifty years ahead, and one second more.
  EXPECT_EQ(year_of("Monday, 01-Jan-75 00:00:00 GMT", kNow), "2075");
  EXPECT_EQ(year_of("Monday, 01-Jan-75 00:00:01 GMT", kNow), "1975");
}

TEST(HttpDate, ATwoDigitYearReachesIntoTheNextAndTheLastCentury) {
  const auto late = *parse_rfc3339("2099-06-01T00:00:00Z");
  EXPECT_EQ(year_of("Monday, 01-Jan-05 00:00:00 GMT", late), "2105");
  EXPECT_EQ(year_of("Monday, 01-Jan-49 00:00:00 GMT", late), "2149");
  EXPECT_EQ(year_of("Monday, 01-Jul-49 00:00:00 GMT", late), "2049");
  const auto early = *parse_rfc3339("2001-06-01T00:00:00Z");
  EXPECT_EQ(year_of("Monday, 01-Jan-99 00:00:00 GMT", early), "1999");
}

TEST(HttpDate, ATwoDigitYearDecidesWhetherThereIsAFebruary29) {
  EXPECT_EQ(year_of("Thursday, 29-Feb-00 00:00:00 GMT", kNow), "2000");
  EXPECT_EQ(year_of("Thursday, 29-Feb-00 00:00:00 GMT", *parse_rfc3339("2080-01-01T00:00:00Z")),
            "none");
}

TEST(HttpDate, NoNowIsTooOdd) {
  for (const auto now : {WallTime::min(), WallTime{}, WallTime::max()}) {
    for (int year = 0; year < 100; ++year) {
      const auto digits = std::to_string(year / 10) + std::to_string(year % 10);
      const auto time = parse_http_date("Monday, 15-Jun-" + digits + " 00:00:00 GMT", now);
      if (time) {
        EXPECT_EQ(to_rfc3339(*time).substr(2, 2), digits);
      }
    }
  }
}

// Texts one or a few bytes away from a good one. Nothing may be read that does not mean what was
// written, and under the sanitizers nothing may overflow.
TEST(Dates, DamagedTextsAreReadOrRefusedButNeverHarm) {
  const Chance chance(7);
  const std::vector<std::string> good = {
      "2024-02-29T12:00:00.123456789+01:00", "Sun, 06 Nov 1994 08:49:37 GMT",
      "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"};
  for (std::uint64_t round = 0; round < 20'000; ++round) {
    auto text = good[round % good.size()];
    const auto edits = 1 + chance.below({Stream{"edits"}, 0, round}, 4);
    for (std::uint64_t edit = 0; edit < edits && !text.empty(); ++edit) {
      const auto where = chance.below({Stream{"where"}, round, edit}, text.size());
      const auto what = static_cast<char>(chance.below({Stream{"what"}, round, edit}, 256));
      if (chance.ratio({Stream{"cut"}, round, edit}, 1, 5)) {
        text.erase(where, 1);
      } else if (chance.ratio({Stream{"digit"}, round, edit}, 1, 2)) {
        text[where] = static_cast<char>('0' + static_cast<unsigned char>(what) % 10);
      } else {
        text[where] = what;
      }
    }
    if (const auto time = parse_rfc3339(text)) {
      EXPECT_EQ(parse_rfc3339(to_rfc3339(*time)), time) << text;
    }
    if (const auto time = parse_http_date(text, kNow)) {
      EXPECT_EQ(parse_http_date(to_http_date(*time), kNow), time) << text;
    }
  }
}

}  // namespace
}  // namespace lockstep
