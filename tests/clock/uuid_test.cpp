#include "clock/uuid.h"

#include <gtest/gtest.h>

#include <string>

#include "clock/timestamp.h"

namespace lockstep {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// RFC 9562 appendix A.6: Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00.
TEST(Uuid, Version7MatchesTheExampleOfTheStandard) {
  const auto time = parse_rfc3339("2022-02-22T14:22:22-05:00");
  ASSERT_TRUE(time);
  const auto uuid = make_uuid_v7(*time, 0x18c4dc0c0c07398fULL);
  EXPECT_EQ(uuid.to_string(), "017f22e2-79b0-7000-98c4-dc0c0c07398f");
  EXPECT_EQ(uuid.version(), 7);
}

// RFC 9562 appendix A.3.
TEST(Uuid, Version4MatchesTheExampleOfTheStandard) {
  const auto uuid = make_uuid_v4(0x919108f752d1f320ULL, 0x5bacf847db4148a8ULL);
  EXPECT_EQ(uuid.to_string(), "919108f7-52d1-4320-9bac-f847db4148a8");
  EXPECT_EQ(uuid.version(), 4);
}

TEST(Uuid, VersionAndVariantHoldWhateverTheBits) {
  for (const auto bits : {0ULL, ~0ULL}) {
    for (const auto& uuid : {make_uuid_v4(bits, bits), make_uuid_v7(WallTime{}, bits)}) {
      EXPECT_EQ(uuid.bytes[8] >> 6, 2);
      EXPECT_TRUE(uuid.version() == 4 || uuid.version() == 7);
    }
  }
}

TEST(Uuid, Version7SortsByTimeWithinAMillisecondToo) {
  const WallTime start{seconds{1'700'000'000}};
  EXPECT_LT(make_uuid_v7(start, ~0ULL), make_uuid_v7(start + microseconds{1}, 0));
  EXPECT_LT(make_uuid_v7(start + microseconds{999}, ~0ULL),
            make_uuid_v7(start + milliseconds{1}, 0));
  EXPECT_EQ(make_uuid_v7(start + Duration{500'000}, 0).to_string().substr(15, 3), "800");
  EXPECT_EQ(make_uuid_v7(start + Duration{999'999}, 0).to_string().substr(15, 3), "fff");
}

TEST(Uuid, TimesBefore1970CountAs1970) {
  EXPECT_EQ(make_uuid_v7(WallTime{Duration{-1}}, 5), make_uuid_v7(WallTime{}, 5));
  EXPECT_EQ(make_uuid_v7(WallTime::min(), 5), make_uuid_v7(WallTime{}, 5));
}

TEST(Uuid, TheLastTimeFitsTheFieldForMilliseconds) {
  EXPECT_EQ(make_uuid_v7(WallTime::max(), 0).to_string().substr(0, 13), "08637bd0-5af6");
}

TEST(Uuid, TextReadsBackInEitherCase) {
  const auto uuid = make_uuid_v4(0x0123456789abcdefULL, 0xfedcba9876543210ULL);
  EXPECT_EQ(Uuid::parse(uuid.to_string()), uuid);
  EXPECT_EQ(Uuid::parse("01234567-89AB-4DEF-BEDC-BA9876543210"), uuid);
}

TEST(Uuid, OtherTextsAreNone) {
  const std::string good = "01234567-89ab-4def-bedc-ba9876543210";
  ASSERT_TRUE(Uuid::parse(good));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char wrong : {'g', ' ', '\0', '\xff', '/', ':', '@', '`'}) {
      auto text = good;
      text[at] = wrong;
      EXPECT_FALSE(Uuid::parse(text)) << at;
    }
    EXPECT_FALSE(Uuid::parse(std::string_view(good).substr(0, at))) << at;
  }
  EXPECT_FALSE(Uuid::parse(good + "0"));
  EXPECT_FALSE(Uuid::parse("{01234567-89ab-4def-bedc-ba98765432}"));
  EXPECT_FALSE(Uuid::parse("0123456789ab4defbedcba9876543210"));
  EXPECT_FALSE(Uuid::parse("012345678-9ab-4def-bedc-ba9876543210"));
}

TEST(Uuid, OnlyTheZeroUuidIsNil) {
  EXPECT_TRUE(Uuid{}.is_nil());
  EXPECT_EQ(Uuid{}.to_string(), "00000000-0000-0000-0000-000000000000");
  EXPECT_FALSE(make_uuid_v4(0, 0).is_nil());
}

}  // namespace
}  // namespace lockstep
