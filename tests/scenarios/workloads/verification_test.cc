// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/workloads/verification.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace longhaul::scenario {
namespace {

constexpr std::size_t kElements = 4096;

std::vector<float> input_of(std::size_t rank, std::size_t ranks, std::uint32_t round) {
  std::vector<float> input(kElements);
  fill_input(input, rank, ranks, round);
  return input;
}

std::vector<float> expected_of(std::size_t ranks, std::uint32_t round) {
  std::vector<float> expected(kElements);
  fill_expected(expected, ranks, round);
  return expected;
}

std::vector<float> sum_of(const std::vector<std::vector<float>>& inputs) {
  std::vector<float> sum(kElements, 0.0F);
  for (const auto& input : inputs) {
    for (std::size_t i = 0; i < kElements; ++i) sum[i] += input[i];
  }
  return sum;
}

TEST(Verification, SumIsExactInAnyOrder) {
  for (const std::size_t ranks : {2UL, 3UL, 4UL, 7UL, 64UL, kMaxRanks}) {
    std::vector<std::vector<float>> inputs;
    for (std::size_t r = 0; r < ranks; ++r) inputs.push_back(input_of(r, ranks, 5));
    const auto expected = expected_of(ranks, 5);
    EXPECT_EQ(count_wrong(sum_of(inputs), expected), 0U) << ranks;
    std::reverse(inputs.begin(), inputs.end());
    EXPECT_EQ(count_wrong(sum_of(inputs), expected), 0U) << ranks;
    EXPECT_LT(*std::max_element(expected.begin(), expected.end()), 16'777'216.0F) << ranks;
  }
}

// What an all-reduce may get wrong. Two hashes may agree by chance (1 in 4 million), so "nearly all"
// elements.
class Fault : public ::testing::Test {
 protected:
  void expect_found(const std::vector<float>& output, std::size_t elements) const {
    EXPECT_GE(count_wrong(output, expected_), elements - 2);
    EXPECT_LE(count_wrong(output, expected_), elements);
  }
  const std::vector<float> a_ = input_of(0, 4, 1), b_ = input_of(1, 4, 1), c_ = input_of(2, 4, 1),
                           d_ = input_of(3, 4, 1);
  const std::vector<float> expected_ = expected_of(4, 1);
};

TEST_F(Fault, ContributionMissing) {
  expect_found(sum_of({a_, b_, d_}), kElements);
}
TEST_F(Fault, ContributionTwice) {
  expect_found(sum_of({a_, b_, c_, c_, d_}), kElements);
}
TEST_F(Fault, OneRankInPlaceOfAnother) {
  expect_found(sum_of({a_, b_, c_, c_}), kElements);
}
TEST_F(Fault, NotReducedAtAll) {
  expect_found(a_, kElements);
}
TEST_F(Fault, ResultOfTheRoundBefore) {
  expect_found(expected_of(4, 0), kElements);
}

TEST_F(Fault, ChunksSwapped) {
  auto output = expected_;
  std::swap_ranges(output.begin(), output.begin() + 1024, output.begin() + 2048);
  expect_found(output, 2048);
}

TEST_F(Fault, ShiftedByOneElement) {
  auto output = expected_;
  std::rotate(output.begin(), output.begin() + 1, output.end());
  expect_found(output, kElements);
}

TEST_F(Fault, OneElementOffByOne) {
  for (const std::size_t i : {std::size_t{0}, kElements / 2, kElements - 1}) {
    auto output = expected_;
    output[i] += 1.0F;
    EXPECT_EQ(count_wrong(output, expected_), 1U) << i;
  }
}

TEST_F(Fault, ElementsNeverWritten) {
  auto output = expected_;
  poison(std::span(output).subspan(100, 17));
  EXPECT_EQ(count_wrong(output, expected_), 17U);
  poison(output);
  EXPECT_EQ(count_wrong(output, expected_), kElements);
}

}  // namespace
}  // namespace longhaul::scenario
