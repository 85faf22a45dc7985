#include "openfeature/context.h"

#include <gtest/gtest.h>

namespace lockstep::openfeature {
namespace {

TEST(EvaluationContext, IsAnonymousUntilItIsTold) {
  const EvaluationContext nobody;
  EXPECT_TRUE(nobody.anonymous());
  EXPECT_TRUE(nobody.empty());
  EXPECT_FALSE(EvaluationContext("user-1").anonymous());
}

TEST(EvaluationContext, WhatIsOnTopWins) {
  EvaluationContext below("user-1");
  below.set("plan", "free").set("country", "DE");
  EvaluationContext over("user-2");
  over.set("plan", "pro").set("beta", true);

  const EvaluationContext both = below.merged(over);
  EXPECT_EQ(both.targeting_key(), "user-2");
  EXPECT_EQ(*both.find("plan"), Value("pro"));
  EXPECT_EQ(*both.find("country"), Value("DE"));
  EXPECT_EQ(*both.find("beta"), Value(true));
  EXPECT_EQ(*below.find("plan"), Value("free"));
}

TEST(EvaluationContext, AnAnonymousOneOnTopKeepsTheSubject) {
  EXPECT_EQ(EvaluationContext("user-1").merged(EvaluationContext()).targeting_key(), "user-1");
}

TEST(EvaluationContext, AStructureIsReplacedAsAWhole) {
  EvaluationContext below;
  below.set("app", Structure{{"name", "shop"}, {"version", 1}});
  EvaluationContext over;
  over.set("app", Structure{{"version", 2}});
  EXPECT_EQ(*below.merged(over).find("app"), Value(Structure{{"version", 2}}));
}

TEST(EvaluationContext, ItsFlatFormHasTheTargetingKeyUnderTheBackendsName) {
  EvaluationContext context("user-1");
  context.set("userId", "shadowed").set("plan", "pro");
  EXPECT_EQ(flatten(context, "userId"), (Structure{{"plan", "pro"}, {"userId", "user-1"}}));
  EXPECT_EQ(flatten(EvaluationContext(), "userId"), Structure{});
}

}  // namespace
}  // namespace lockstep::openfeature
