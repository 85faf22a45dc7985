#include "clock/chance.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace lockstep {
namespace {

constexpr Stream kJitter{"retry-jitter"};
constexpr Stream kFaults{"faults"};

std::string error_of(std::string_view text) {
  try {
    ChoiceTape::from_text(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

// Seeds stand in bug reports and in the catalogue: a draw may never change its value.
TEST(Chance, DrawsKeepTheirValuesForever) {
  const Chance chance(42);
  EXPECT_EQ(kJitter.id, 0xf3da84b293936eaaULL);
  EXPECT_EQ(chance.bits({kJitter, 0, 0}), 0xfe78284f05662f94ULL);
  EXPECT_EQ(chance.bits({kJitter, 0, 1}), 0x3561484c43e0efe6ULL);
  EXPECT_EQ(chance.bits({kJitter, 1, 0}), 0x818393a9af41ba4fULL);
  EXPECT_EQ(chance.bits({kFaults, ~0ULL, ~0ULL}), 0x5b404e80e6f2831ULL);
  EXPECT_EQ(Chance(0).bits({kJitter, 0, 0}), 0x345bebb97fc819feULL);
  EXPECT_EQ(chance.below({kJitter, 7, 7}, 1000), 779u);
  EXPECT_EQ(chance.below({kJitter, 7, 7}, (1ULL << 63) + 1), 0x5814ccaa40997bddULL);
}

TEST(Chance, EveryPartOfTheKeyAndTheSeedMatter) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const Chance chance(seed);
    for (const auto stream : {kJitter, kFaults}) {
      for (std::uint64_t cause = 0; cause < 16; ++cause) {
        for (std::uint64_t index = 0; index < 16; ++index) {
          seen.insert(chance.bits({stream, cause, index}));
        }
      }
    }
  }
  EXPECT_EQ(seen.size(), 8u * 2 * 16 * 16);
}

// The chi-square statistic of `counts` against an even spread. With 255 degrees of freedom it lies
// between 180 and 350 except about once in ten thousand.
double chi_square(const std::array<int, 256>& counts, int draws) {
  const double expected = draws / 256.0;
  double sum = 0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

TEST(Chance, BitsAreSpreadEvenlyAlongIndicesCausesAndSeeds) {
  constexpr int kDraws = 256 * 400;
  for (const int shift : {0, 28, 56}) {
    std::array<int, 256> by_index{};
    std::array<int, 256> by_cause{};
    std::array<int, 256> by_seed{};
    const Chance chance(1);
    for (std::uint64_t i = 0; i < kDraws; ++i) {
      ++by_index[chance.bits({kJitter, 3, i}) >> shift & 0xff];
      ++by_cause[chance.bits({kJitter, i, 3}) >> shift & 0xff];
      ++by_seed[Chance(i).bits({kJitter, 3, 3}) >> shift & 0xff];
    }
    for (const auto& counts : {by_index, by_cause, by_seed}) {
      EXPECT_GT(chi_square(counts, kDraws), 180) << "bits from " << shift;
      EXPECT_LT(chi_square(counts, kDraws), 350) << "bits from " << shift;
    }
  }
}

// Draws under neighbouring keys agree in half of their bits, as unrelated numbers do.
TEST(Chance, NeighbouringKeysAreUnrelated) {
  const Chance chance(9);
  long agreeing = 0;
  constexpr int kPairs = 20'000;
  for (std::uint64_t i = 0; i < kPairs; ++i) {
    const auto a = chance.bits({kJitter, i, 0});
    const auto b = chance.bits({kJitter, i ^ 1, 0});
    agreeing += std::popcount(~(a ^ b));
  }
  EXPECT_NEAR(static_cast<double>(agreeing) / kPairs, 32.0, 0.2);
}

TEST(Chance, BelowStaysInRangeAndReachesAllOfIt) {
  const Chance chance(5);
  std::array<int, 7> counts{};
  for (std::uint64_t i = 0; i < 7000; ++i) ++counts.at(chance.below({kJitter, 0, i}, 7));
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
  EXPECT_EQ(chance.below({kJitter, 0, 0}, 0), 0u);
  EXPECT_EQ(chance.below({kJitter, 0, 0}, 1), 0u);
}

// With this bound the plain scaling would give even numbers half as often again as odd ones.
TEST(Chance, BelowIsFairForBoundsNearTheTop) {
  constexpr std::uint64_t kBound = 3ULL << 62;
  const Chance chance(5);
  std::array<int, 3> thirds{};
  for (std::uint64_t i = 0; i < 30'000; ++i) {
    ++thirds.at(chance.below({kJitter, 0, i}, kBound) % 3);
  }
  for (const int count : thirds) EXPECT_NEAR(count, 10'000, 400);
}

TEST(Chance, RatioHoldsInItsShareOfCases) {
  const Chance chance(6);
  int held = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) held += chance.ratio({kFaults, 0, i}, 1, 4) ? 1 : 0;
  EXPECT_NEAR(held, 2500, 150);
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_FALSE(chance.ratio({kFaults, 1, i}, 0, 4));
    EXPECT_TRUE(chance.ratio({kFaults, 1, i}, 4, 4));
    EXPECT_FALSE(chance.ratio({kFaults, 1, i}, 1, 0));
  }
}

TEST(Chance, OneMoreDrawChangesNoOther) {
  const Chance plain(3);
  const Chance with_more(3);
  for (std::uint64_t i = 0; i < 10; ++i) with_more.bits({kFaults, 0, i});
  for (std::uint64_t i = 10; i-- > 0;) {
    EXPECT_EQ(plain.bits({kJitter, 0, i}), with_more.bits({kJitter, 0, i}));
  }
}

TEST(Chance, ATapeIsPlayedWhereItNamesTheChoiceAndTheSeedElsewhere) {
  ChoiceTape tape;
  tape.put({kJitter, 1, 0}, 77);
  const Chance played(4, tape);
  const Chance drawn(4);
  EXPECT_EQ(played.bits({kJitter, 1, 0}), 77u);
  EXPECT_EQ(played.bits({kJitter, 1, 1}), drawn.bits({kJitter, 1, 1}));
  EXPECT_EQ(played.below({kJitter, 1, 0}, 10), 7u);
  EXPECT_TRUE(played.ratio({kJitter, 1, 0}, 0, 10));
}

TEST(Chance, ATapeWithoutASeedIsZeroElsewhere) {
  constexpr Stream kStream{"s"};
  ChoiceTape tape;
  tape.put({kStream, 1, 0}, 7);
  const Chance chance(tape);
  EXPECT_EQ(chance.below({kStream, 1, 0}, 10), 7u);
  for (std::uint64_t index = 1; index < 50; ++index) {
    EXPECT_EQ(chance.below({kStream, 1, index}, 10), 0u);
    EXPECT_FALSE(chance.ratio({kStream, 2, index}, 9, 10));
    EXPECT_EQ(chance.bits({kStream, 3, index}), 0u);
  }
}

TEST(Chance, NothingIsRecordedUntilAskedFor) {
  Chance chance(4);
  chance.bits({kJitter, 0, 0});
  chance.start_recording();
  chance.bits({kJitter, 0, 1});
  EXPECT_EQ(chance.tape().size(), 1u);
  EXPECT_EQ(chance.tape().find({kJitter, 0, 0}), nullptr);
}

TEST(Chance, ARecordedRunPlaysBackUnderAnyOtherSeed) {
  const auto run = [](const Chance& chance) {
    std::vector<std::uint64_t> choices;
    for (std::uint64_t i = 0; i < 20; ++i) {
      choices.push_back(chance.bits({kJitter, 1, i}));
      choices.push_back(chance.below({kJitter, 2, i}, 9));
      choices.push_back(chance.ratio({kFaults, 3, i}, 1, 3) ? 1 : 0);
    }
    return choices;
  };
  Chance original(10);
  original.start_recording();
  const auto choices = run(original);
  EXPECT_EQ(original.tape().size(), 60u);
  EXPECT_EQ(run(Chance(999, original.tape())), choices);
  EXPECT_NE(run(Chance(999)), choices);
}

TEST(Chance, WhatIsRecordedOfAPlayedTapeIsWhatCameOfIt) {
  ChoiceTape tape;
  tape.put({kJitter, 0, 0}, 25);
  tape.put({kFaults, 0, 0}, 25);
  Chance chance(1, tape);
  chance.start_recording();
  EXPECT_EQ(chance.below({kJitter, 0, 0}, 10), 5u);
  EXPECT_TRUE(chance.ratio({kFaults, 0, 0}, 1, 2));
  EXPECT_EQ(*chance.tape().find({kJitter, 0, 0}), 5u);
  EXPECT_EQ(*chance.tape().find({kFaults, 0, 0}), 1u);
}

TEST(Chance, ThreadsMayDrawTogether) {
  const Chance chance(2);
  std::vector<std::vector<std::uint64_t>> drawn(4);
  std::vector<std::thread> threads;
  for (std::uint64_t cause = 0; cause < drawn.size(); ++cause) {
    threads.emplace_back([&, cause] {
      for (std::uint64_t i = 0; i < 500; ++i)
        drawn[cause].push_back(chance.bits({kJitter, cause, i}));
    });
  }
  for (auto& thread : threads) thread.join();
  const Chance alone(2);
  for (std::uint64_t cause = 0; cause < drawn.size(); ++cause) {
    for (std::uint64_t i = 0; i < 500; ++i) {
      ASSERT_EQ(drawn[cause][i], alone.bits({kJitter, cause, i})) << cause << ", " << i;
    }
  }
}

TEST(ChoiceTape, IsWrittenInKeyOrderWhateverTheOrderOfTheChoices) {
  ChoiceTape tape;
  tape.put({kJitter, 2, 0x1f}, 3);
  tape.put({kJitter, 1, 0}, 0xffffffffffffffffULL);
  tape.put({kJitter, 1, 0}, 0xabc);
  tape.put({kFaults, 9, 9}, 0);
  EXPECT_EQ(tape.to_text(),
            "8f7d6133a7f61844 9 9 0\nf3da84b293936eaa 1 0 abc\nf3da84b293936eaa 2 1f 3\n");
}

TEST(ChoiceTape, TextReadsBackToTheSameTape) {
  Chance chance(8);
  chance.start_recording();
  for (std::uint64_t i = 0; i < 50; ++i) chance.bits({kJitter, i * i, i});
  const auto tape = chance.tape();
  EXPECT_EQ(ChoiceTape::from_text(tape.to_text()), tape);
  EXPECT_EQ(ChoiceTape::from_text(""), ChoiceTape{});
}

TEST(ChoiceTape, AnEditorsTracesInTheTextDoNoHarm) {
  const auto tape = ChoiceTape::from_text("\n  1\t2  3 FF \r\n\r\n0 0 0 1");
  EXPECT_EQ(tape.to_text(), "0 0 0 1\n1 2 3 ff\n");
}

TEST(ChoiceTape, ErasingAChoiceHandsItBackToTheSeed) {
  ChoiceTape tape;
  tape.put({kJitter, 0, 0}, 1);
  tape.erase({kJitter, 0, 0});
  tape.erase({kJitter, 0, 5});
  EXPECT_EQ(tape.size(), 0u);
  EXPECT_EQ(Chance(3, tape).bits({kJitter, 0, 0}), Chance(3).bits({kJitter, 0, 0}));
}

TEST(ChoiceTape, BadTextIsRefusedWithTheLineAndTheReason) {
  EXPECT_EQ(error_of("1 2 3 4\n1 2 3\n"),
            "choice tape, line 2: expected \"stream cause index value\", found no value");
  EXPECT_EQ(error_of("\n\n1 2 x3 4"),
            "choice tape, line 3: index \"x3\" is not a hexadecimal number of at most 16 digits");
  EXPECT_EQ(error_of("1 -2 3 4"),
            "choice tape, line 1: cause \"-2\" is not a hexadecimal number of at most 16 digits");
  EXPECT_EQ(error_of("1 2 3 10000000000000000"),
            "choice tape, line 1: value \"10000000000000000\" is not a hexadecimal number of at "
            "most 16 digits");
  EXPECT_EQ(error_of("1 2 3 4 5"), "choice tape, line 1: unexpected \"5\" after the value");
  EXPECT_EQ(error_of("1 2 3 4\n1 2 3 5"),
            "choice tape, line 2: names a choice that an earlier line names already");
}

}  // namespace
}  // namespace lockstep
