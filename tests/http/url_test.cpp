#include "http/url.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lockstep::http {
namespace {

struct Parsing {
  std::string text;
  Url url;
};

TEST(Url, IsTakenApart) {
  const std::vector<Parsing> parsings = {
      {"http://example.com", {"http", "example.com", 80, "/", ""}},
      {"https://example.com/", {"https", "example.com", 443, "/", ""}},
      {"HTTPS://Eu.I.PostHog.com/Batch", {"https", "eu.i.posthog.com", 443, "/Batch", ""}},
      {"http://localhost:8080/a/b?c=d&e=%20f", {"http", "localhost", 8080, "/a/b", "c=d&e=%20f"}},
      {"http://mock_server:65535?x", {"http", "mock_server", 65535, "/", "x"}},
      {"http://h/?", {"http", "h", 80, "/", ""}},
      {"http://h/p??q?", {"http", "h", 80, "/p", "?q?"}},
      {"http://h/a@b:c", {"http", "h", 80, "/a@b:c", ""}},
      {"http://h?u=http://x/y", {"http", "h", 80, "/", "u=http://x/y"}},
      {"http://h//double", {"http", "h", 80, "//double", ""}},
      {"http://127.0.0.1:1/", {"http", "127.0.0.1", 1, "/", ""}},
      {"http://[::1]:8080/x", {"http", "::1", 8080, "/x", ""}},
      {"https://[2001:DB8::A]", {"https", "2001:db8::a", 443, "/", ""}},
      {"http://[::ffff:10.0.0.1]/", {"http", "::ffff:10.0.0.1", 80, "/", ""}},
  };
  for (const auto& [text, url] : parsings) EXPECT_EQ(Url::parse(text), url) << text;
}

TEST(Url, IsRefusedWhereItIsNotOneOfOurs) {
  using namespace std::string_literals;
  const std::vector<std::string> texts = {
      "",
      "example.com",
      "/path",
      "//example.com/",
      "http:",
      "http:/example.com",
      "http//example.com",
      "://example.com",
      "ftp://example.com",
      "httpx://example.com",
      " http://example.com",
      "http://example.com ",
      "http://exa mple.com",
      "http://example.com/a b",
      "http://example.com/\tx",
      "http://example.com/\r\nHost:evil",
      "http://example.com\0"s,
      "http://example.com/\x7f",
      "http://ex\xc3\xa4mple.com/",
      "http://example.com/\xc3\xa4",
      "http://user@example.com/",
      "http://user:secret@example.com/",
      "http://@example.com/",
      "http://example.com/#top",
      "http://example.com#",
      "http://",
      "http:///path",
      "http://?query",
      "http://:80/",
      "http://exa%6dple.com/",
      "http://evil\\@example.com/",
      "http://a,b/",
      "http://h:/",
      "http://h:0/",
      "http://h:65536/",
      "http://h:99999999999999999999/",
      "http://h:-1/",
      "http://h:+1/",
      "http://h:8o/",
      "http://h:80:80/",
      "http://[::1/",
      "http://::1/",
      "http://[]/",
      "http://[::1]x/",
      "http://[::1]80/",
      "http://[::g]/",
      "http://[1::2::3]/",
      "http://[127.0.0.1]/",
      "http://[fe80::1%25eth0]/",
  };
  for (const auto& text : texts) EXPECT_FALSE(Url::parse(text)) << text;
}

TEST(Url, NamesThePortOnlyWhereItIsNotTheSchemesOwn) {
  EXPECT_EQ(Url::parse("http://h:80/")->origin(), "http://h");
  EXPECT_EQ(Url::parse("https://h:443/")->origin(), "https://h");
  EXPECT_EQ(Url::parse("https://h:80/")->origin(), "https://h:80");
  EXPECT_EQ(Url::parse("http://[::1]:443/")->origin(), "http://[::1]:443");
}

TEST(Url, ItsTargetIsWhatStandsInTheRequestLine) {
  EXPECT_EQ(Url::parse("http://h")->target(), "/");
  EXPECT_EQ(Url::parse("http://h/flags/?v=2")->target(), "/flags/?v=2");
}

TEST(Url, TextReadsBackToTheSameUrl) {
  for (const auto* text : {"http://h/", "https://h:8443/a/b?c=d", "http://[2001:db8::1]:81/x"}) {
    const auto url = Url::parse(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(url->to_string(), text);
    EXPECT_EQ(Url::parse(url->to_string()), url);
  }
}

TEST(QueryParameter, IsTheFirstOfItsNameDecoded) {
  EXPECT_EQ(query_parameter("a=1&b=2&a=3", "a"), "1");
  EXPECT_EQ(query_parameter("a=1&b=2", "b"), "2");
  EXPECT_EQ(query_parameter("a=x+y%20z%2Bw%c3%A9", "a"), "x y z+w\xc3\xa9");
  EXPECT_EQ(query_parameter("a%20b=1", "a b"), "1");
  EXPECT_EQ(query_parameter("a==b=", "a"), "=b=");
}

TEST(QueryParameter, MayBeEmptyOrMissing) {
  EXPECT_EQ(query_parameter("send_cohorts&b=", "send_cohorts"), "");
  EXPECT_EQ(query_parameter("send_cohorts&b=", "b"), "");
  EXPECT_EQ(query_parameter("ab=1", "a"), std::nullopt);
  EXPECT_EQ(query_parameter("", "a"), std::nullopt);
  EXPECT_EQ(query_parameter("&&a=1&", "a"), "1");
  EXPECT_EQ(query_parameter("&&a=1&", ""), std::nullopt);
}

TEST(QueryParameter, AStrayPercentSignStandsForItself) {
  EXPECT_EQ(query_parameter("a=100%", "a"), "100%");
  EXPECT_EQ(query_parameter("a=%4", "a"), "%4");
  EXPECT_EQ(query_parameter("a=%zz%41", "a"), "%zzA");
  EXPECT_EQ(query_parameter("a=%00", "a"), std::string(1, '\0'));
}

TEST(PercentDecoded, APlusSignStandsForItself) {
  EXPECT_EQ(percent_decoded("a+b%2Bc%20d%3d"), "a+b+c d=");
  EXPECT_EQ(percent_decoded("100%"), "100%");
  EXPECT_EQ(percent_decoded(""), "");
}

}  // namespace
}  // namespace lockstep::http
