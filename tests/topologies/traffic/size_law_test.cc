// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/traffic/size_law.h"

#include <gtest/gtest.h>

#include <string>

#include "topologies/data_file.h"

namespace longhaul::traffic {
namespace {

// The form of the public files, from 0 % on.
constexpr std::string_view kLaw = "0 0\n10000 15\n20000 20\n\n1000000 100  # the end\n";

TEST(SizeLaw, GrowsEvenlyBetweenTwoLines) {
  const SizeLaw law = parse_size_law(kLaw);
  ASSERT_EQ(law.points.size(), 4U);
  EXPECT_EQ(law.points[1], (SizeLaw::Point{10'000, 15}));
  EXPECT_EQ(law.quantile(0.15), 10'000U);
  EXPECT_EQ(law.quantile(0.075), 5'000U);
  EXPECT_EQ(law.quantile(0.6), 510'000U);
  EXPECT_EQ(law.quantile(1), 1'000'000U);
  EXPECT_EQ(law.quantile(1e-9), 1U);  // never nothing
}

// 0.15 x 5,000 + 0.05 x 15,000 + 0.8 x 510,000 = 409,500; in whole packets a little more.
TEST(SizeLaw, MeanIsThatOfThePiecesAndOfPacketsEnds) {
  const SizeLaw law = parse_size_law(kLaw);
  EXPECT_NEAR(law.mean_sent(1'500), 409'500, 20);
  const SizeLaw mice = parse_size_law("10 50\n10 50\n70 50\n70 100");
  EXPECT_DOUBLE_EQ(mice.mean_sent(1'500), 65);  // half of them padded to 60 B, half 70 B
}

TEST(SizeLaw, AFirstLineAboveZeroIsAShareOfThatSize) {
  const SizeLaw law = parse_size_law("100 50\n300 100");
  EXPECT_EQ(law.quantile(0.2), 100U);
  EXPECT_EQ(law.quantile(0.75), 200U);
  EXPECT_NEAR(law.mean_sent(1'500), 150, 1);
}

TEST(SizeLaw, SaysWhatIsWrongInWhichLine) {
  const auto wrong = [](std::string_view text) -> std::string {
    try {
      parse_size_law(text);
    } catch (const topology::LineError& e) {
      return std::to_string(e.line()) + ": " + e.what();
    }
    return "nothing";
  };
  EXPECT_EQ(wrong(""), "0: has no line with a size and a percentage");
  EXPECT_EQ(wrong("10 0\n20"), "2: has 1 words, allowed: a size in bytes and a percentage, as in 10000 15");
  EXPECT_EQ(wrong("-1 0"), "1: -1 B is out of range, allowed: 0 to 1000000000000");
  EXPECT_EQ(wrong("1 101"), "1: 101 % is out of range, allowed: 0 to 100");
  EXPECT_EQ(wrong("10 50\n9 100"), "2: 9 B at 100 % does not follow 10 B at 50 %, allowed: both ascending");
  EXPECT_EQ(wrong("10 50\n20 99"), "2: ends at 99 %, allowed: 100");
  EXPECT_EQ(wrong("0 0\n0 100"), "2: all flows have 0 B, allowed: some above");
  EXPECT_TRUE(wrong("ten 100").starts_with("1: ")) << wrong("ten 100");
}

}  // namespace
}  // namespace longhaul::traffic
