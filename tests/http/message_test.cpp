#include "http/message.h"

#include <gtest/gtest.h>

#include <set>

namespace lockstep::http {
namespace {

using Values = std::vector<std::string_view>;

TEST(Headers, NamesCompareWithoutRegardToCase) {
  const Headers headers{{"Retry-After", "5"}};
  EXPECT_EQ(headers.get("retry-after"), "5");
  EXPECT_TRUE(headers.has("RETRY-AFTER"));
  EXPECT_FALSE(headers.has("Retry_After"));
  EXPECT_FALSE(headers.has("Retry-Afte"));
  EXPECT_EQ(headers.get(""), std::nullopt);
}

TEST(Headers, ANameMayOccurMoreThanOnceInTheOrderOfAdding) {
  Headers headers;
  headers.add("A", "1");
  headers.add("B", "2");
  headers.add("a", "3");
  EXPECT_EQ(headers.get("a"), "1");
  EXPECT_EQ(headers.all("A"), (Values{"1", "3"}));
  EXPECT_EQ(headers.all("C"), Values{});
  EXPECT_EQ(headers, (Headers{{"A", "1"}, {"B", "2"}, {"a", "3"}}));
}

TEST(Headers, SetReplacesEveryFieldOfTheNameInThePlaceOfTheFirst) {
  Headers headers{{"x", "0"}, {"A", "1"}, {"B", "2"}, {"a", "3"}};
  headers.set("a", "new");
  EXPECT_EQ(headers, (Headers{{"x", "0"}, {"a", "new"}, {"B", "2"}}));
  headers.set("C", "4");
  EXPECT_EQ(headers, (Headers{{"x", "0"}, {"a", "new"}, {"B", "2"}, {"C", "4"}}));
}

TEST(Headers, RemoveTakesEveryFieldOfTheName) {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
  headers.remove("A");
  EXPECT_EQ(headers, (Headers{{"B", "2"}}));
  headers.remove("missing");
  EXPECT_EQ(headers.size(), 1u);
}

TEST(Headers, ANameMayBeAViewOfAFieldThatIsReplacedOrRemoved) {
  Headers headers{{"Name", "1"}, {"Other", "2"}, {"name", "3"}, {"Last", "4"}};
  headers.set(headers.begin()->name, "5");
  EXPECT_EQ(headers, (Headers{{"Name", "5"}, {"Other", "2"}, {"Last", "4"}}));
  headers.add("name", "6");
  headers.remove(headers.begin()->name);
  EXPECT_EQ(headers, (Headers{{"Other", "2"}, {"Last", "4"}}));
}

TEST(EqualsIgnoringCase, FoldsAsciiLettersAndNothingElse) {
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_TRUE(equals_ignoring_case("aZ-9", "Az-9"));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
  EXPECT_FALSE(equals_ignoring_case("\xc9", "\xe9"));
}

TEST(TransportErrorKind, EachHasItsName) {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(TransportErrorKind::cancelled); ++kind) {
    names.insert(to_string(static_cast<TransportErrorKind>(kind)));
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"resolve", "connect", "tls", "timeout", "reset",
                                               "truncated", "response_too_large", "malformed",
                                               "cancelled"}));
}

}  // namespace
}  // namespace lockstep::http
