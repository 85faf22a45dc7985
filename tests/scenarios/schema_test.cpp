#include "scenarios/schema.h"

#include <gtest/gtest.h>

namespace lockstep::scenario {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(Duration, IsReadInEveryUnitAndInTheirSums) {
  const std::pair<const char*, Duration> cases[] = {{"0s", seconds{0}},
                                                    {"5ns", nanoseconds{5}},
                                                    {"2us", nanoseconds{2000}},
                                                    {"250ms", milliseconds{250}},
                                                    {"1.5s", milliseconds{1500}},
                                                    {"1h30m", minutes{90}},
                                                    {"2d", hours{48}},
                                                    {"1d12h", hours{36}},
                                                    {"-2h", hours{-2}},
                                                    {"0.5d", hours{12}},
                                                    {"0.000001s", nanoseconds{1000}}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(parse_duration(text), expected) << text;
}

TEST(Duration, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "5", "s", "1x", "1s1h", "1s1s", "-", "1.s", "--1s", "1 s", "1e3s",
                           "1.0000000001s", "1..5s", "ms"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Duration, IsWrittenAsItIsRead) {
  for (const char* text : {"0s", "1h30m", "250ms", "2d", "-1m30s", "1s5ns"}) {
    EXPECT_EQ(to_text(*parse_duration(text)), text);
  }
  EXPECT_EQ(to_text(Duration::min()).front(), '-');
}

TEST(Duration, HoldsAbsurdNumbersAtTheEndOfTheRange) {
  EXPECT_EQ(parse_duration("999999999999d"), Duration::max());
}

TEST(Params, AskingForWhatIsNotThereIsABugOfOurs) {
  const Node map = Node::map({1, 1});
  EXPECT_THROW(Params(map).text("x"), std::logic_error);
  EXPECT_EQ(Params(map).integer("x", 7), 7);
}

}  // namespace
}  // namespace lockstep::scenario
