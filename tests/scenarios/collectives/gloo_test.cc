// SPDX-License-Identifier: GPL-2.0-only
//
// Gloo's schedules: right sums, the textbook's bytes, and no more in flight than its ranks allow.
#include "scenarios/collectives/gloo.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/scenarios/collectives/symbolic.h"

namespace longhaul::scenario::collectives {
namespace {

using testing::beginning;
using testing::bytes_in_all;
using testing::kElement;
using testing::run;
using testing::sum_of;
using testing::test_seed;

void expect_sums(const Schedule& schedule, const Shape& shape) {
  for (std::uint64_t order = 0; order < 3; ++order) {
    const auto after = run(schedule, beginning(shape.ranks, shape.size / kElement), test_seed() + order);
    for (std::uint32_t r = 0; r < shape.ranks; ++r) {
      for (std::uint64_t i = 0; i < shape.size / kElement; ++i)
        ASSERT_EQ(after[r][i], sum_of(shape.ranks, i)) << "element " << i << " of rank " << r;
    }
  }
}

TEST(GlooRing, SumsEverywhereWithTheBytesOfARing) {
  for (std::uint32_t n = 1; n <= 17; ++n) {
    for (const std::uint64_t elements : {1U, n, 41U}) {
      SCOPED_TRACE(::testing::Message() << n << " ranks, " << elements << " elements");
      const Shape shape{n, elements * kElement, 1, kElement};
      const Schedule schedule = gloo_ring(shape);
      EXPECT_EQ(bytes_in_all(schedule), 2 * (n - 1) * shape.size);
      expect_sums(schedule, shape);
      if (HasFailure()) return;
    }
  }
}

TEST(GlooRing, EachMessageWaitsForItsReceiversWord) {
  const Schedule schedule = gloo_ring({5, 5 * 64, 1, kElement});
  std::vector<bool> answered(schedule.steps.size());
  for (const Step& step : schedule.steps) {
    if (step.action == Action::kSignal) continue;
    const auto word = std::find_if(step.after.begin(), step.after.end(), [&](std::uint32_t s) {
      return schedule.steps[s].action == Action::kSignal && schedule.steps[s].from == step.to;
    });
    ASSERT_NE(word, step.after.end());
    EXPECT_FALSE(answered[*word]) << "one word for two messages";
    answered[*word] = true;
  }
}

// A word for message i goes out when message i-2 has come, so at most two are asked for and not there.
TEST(GlooRing, HasTwoSegmentsInFlight) {
  const Schedule schedule = gloo_ring({4, 4 * 64, 1, kElement});
  std::vector<std::uint32_t> messages;  // from rank 1 to rank 0, first phase
  std::vector<std::uint32_t> words;     // the other way
  for (std::uint32_t s = 0; s < schedule.steps.size(); ++s) {
    const Step& step = schedule.steps[s];
    if (step.from == 1 && step.to == 0 && step.action == Action::kReduce) messages.push_back(s);
    if (step.from == 0 && step.to == 1 && step.action == Action::kSignal) words.push_back(s);
  }
  ASSERT_EQ(messages.size(), 2 * 4 - 2U);
  ASSERT_GE(words.size(), messages.size());
  for (std::size_t i = 2; i < messages.size(); ++i) {
    const auto& after = schedule.steps[words[i]].after;
    EXPECT_NE(std::find(after.begin(), after.end(), messages[i - 2]), after.end()) << i;
    EXPECT_EQ(std::find(after.begin(), after.end(), messages[i - 1]), after.end()) << i;
  }
}

TEST(GlooHalvingDoubling, SumsEverywhereWithTheBytesOfTheTextbook) {
  for (const std::uint32_t n : {1U, 2U, 4U, 8U, 16U}) {
    for (const std::uint64_t elements : {1U, n, 41U}) {
      SCOPED_TRACE(::testing::Message() << n << " ranks, " << elements << " elements");
      const Shape shape{n, elements * kElement, 1, kElement};
      const Schedule schedule = gloo_halving_doubling(shape);
      EXPECT_EQ(bytes_in_all(schedule), 2 * (n - 1) * shape.size);
      expect_sums(schedule, shape);
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace longhaul::scenario::collectives
