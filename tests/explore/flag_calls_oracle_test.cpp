// The oracle of $feature_flag_called events, shown histories that break its rule and one that keeps
// it.
#include "tests/explore/oracle_stand.h"

namespace lockstep::scenario {
namespace {

constexpr const char* kQuestion = R"({"distinct_id":"u","key":"flag"})";

struct FlagCalls : Stand {
  FlagCalls() { EXPECT_FALSE(oracle->opened(world, "main")); }

  void ask() { EXPECT_FALSE(oracle->asking(world, "main")); }
  Finding answer(const std::string& value, const std::string& question = kQuestion) {
    return oracle->asked(world, {"main", question, R"({"success":true,"value":)" + value + "}"});
  }
  void capture(bool accepted) {
    CapturedEvent event = captured(kOne, 1);
    event.accepted = accepted;
    EXPECT_FALSE(oracle->captured(world, event));
  }

  std::unique_ptr<Oracle> oracle = make_flag_calls_oracle();
};

TEST(FlagCallsOracle, AnAnswerIsToldOfAndNotTwice) {
  FlagCalls stand;
  stand.ask();
  EXPECT_TRUE(stand.answer("true"));
  stand.ask();
  stand.capture(true);
  EXPECT_FALSE(stand.answer("true"));
  stand.ask();
  EXPECT_FALSE(stand.answer("true"));
  stand.ask();
  stand.capture(true);
  EXPECT_TRUE(stand.answer("true"));
}

TEST(FlagCallsOracle, AnotherValueOrPersonIsAnotherAnswer) {
  FlagCalls stand;
  stand.ask();
  stand.capture(true);
  EXPECT_FALSE(stand.answer("true"));
  stand.ask();
  EXPECT_TRUE(stand.answer("\"true\""));
  stand.ask();
  EXPECT_TRUE(stand.answer("true", R"({"distinct_id":"v","key":"flag"})"));
}

TEST(FlagCallsOracle, WhatWasNotTakenIsToldOfAnotherTime) {
  FlagCalls stand;
  stand.ask();
  stand.capture(false);
  EXPECT_FALSE(stand.answer("true"));
  stand.ask();
  EXPECT_TRUE(stand.answer("true"));
  stand.ask();
  EXPECT_FALSE(stand.oracle->refused(stand.world, "main", "closed"));
  EXPECT_FALSE(stand.answer("true"));
}

TEST(FlagCallsOracle, NothingIsOwedOfAnErrorOrWhereNobodyWantsAnEvent) {
  FlagCalls stand;
  stand.ask();
  EXPECT_FALSE(stand.oracle->asked(
      stand.world, {"main", kQuestion, R"({"success":false,"value":null,"error":"timeout"})"}));
  stand.ask();
  EXPECT_FALSE(stand.answer("true", R"({"distinct_id":"u","key":"flag","send_event":false})"));
}

TEST(FlagCallsOracle, AShutdownForgets) {
  FlagCalls stand;
  stand.ask();
  stand.capture(true);
  EXPECT_FALSE(stand.answer("true"));
  EXPECT_FALSE(stand.oracle->closing(stand.world, "main"));
  stand.ask();
  EXPECT_FALSE(stand.oracle->refused(stand.world, "main", "closed"));
  EXPECT_FALSE(stand.answer("true"));
}

}  // namespace
}  // namespace lockstep::scenario
