// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/traffic/max_min.h"

#include <gtest/gtest.h>

#include <limits>

namespace longhaul::traffic {
namespace {

using Rates = std::vector<double>;
constexpr double kGreedy = std::numeric_limits<double>::infinity();

TEST(MaxMin, FlowsOfOneLinkShareItByWeight) {
  EXPECT_EQ(max_min(Rates{12}, std::vector<Claim>{{{0}}, {{0}, 3}}), (Rates{3, 9}));
}

TEST(MaxMin, WhatOneDoesNotWantIsLeftToTheOthers) {
  EXPECT_EQ(max_min(Rates{12}, std::vector<Claim>{{{0}, 1, 2}, {{0}}, {{0}}}), (Rates{2, 5, 5}));
}

// The textbook's parking lot: a long flow over two links, of which the second is the narrow one.
TEST(MaxMin, AFlowHeldBackElsewhereLeavesItsShare) {
  EXPECT_EQ(max_min(Rates{10, 4}, std::vector<Claim>{{{0, 1}}, {{0}}, {{1}}}), (Rates{2, 8, 2}));
}

TEST(MaxMin, NobodyGetsAnythingOfAFullLink) {
  EXPECT_EQ(max_min(Rates{0, 4}, std::vector<Claim>{{{0, 1}}, {{1}}}), (Rates{0, 4}));
}

TEST(MaxMin, WithoutALinkAClaimGetsWhatItWants) {
  EXPECT_EQ(max_min(Rates{}, std::vector<Claim>{{{}, 1, 7}, {{}, 1, kGreedy}}), (Rates{7, kGreedy}));
  EXPECT_TRUE(max_min(Rates{1}, {}).empty());
}

}  // namespace
}  // namespace longhaul::traffic
