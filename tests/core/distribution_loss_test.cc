// SPDX-License-Identifier: GPL-2.0-only
//
// The loss models against their laws: fixed seeds, p-values above 1e-4. A model that is off by a few per cent
// in one parameter, or that counts from the wrong frame, fails.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tests/core/course.h"
#include "tests/core/statistics.h"

namespace longhaul::testing {
namespace {

std::vector<bool> lost_by(core::LossModel model, std::uint64_t frames, std::uint64_t seed) {
  core::LinkConfig config = bare_line();
  config.loss = std::move(model);
  return lost_frames(config, frames, seed);
}

std::vector<std::uint64_t> victims(const std::vector<bool>& lost) {
  std::vector<std::uint64_t> positions;
  for (std::uint64_t i = 0; i < lost.size(); ++i) {
    if (lost[i]) positions.push_back(i);
  }
  return positions;
}

// Lengths of complete runs of `value`, less one: the first and the last run are cut off by the ends.
std::vector<std::uint64_t> runs_of(bool value, const std::vector<bool>& series, std::size_t every = 1) {
  std::vector<std::uint64_t> all;
  std::uint64_t length = 1;
  bool first = true;
  for (std::size_t i = 1; i < series.size(); ++i) {
    if (series[i] == series[i - 1]) {
      ++length;
      continue;
    }
    if (!first && series[i - 1] == value) all.push_back(length - 1);
    first = false;
    length = 1;
  }
  std::vector<std::uint64_t> some;
  for (std::size_t i = 0; i < all.size(); i += every) some.push_back(all[i]);
  return some;
}

auto geometric(double stop) {
  return [stop](std::uint64_t k) { return std::pow(1 - stop, static_cast<double>(k)); };
}

std::vector<double> numbers(const std::vector<bool>& series) {
  return {series.begin(), series.end()};
}

TEST(LossLaw, BernoulliGapsAreGeometric) {
  for (const double p : {0.004, 0.05, 0.4}) {
    const std::vector<std::uint64_t> lost = victims(lost_by(p, 400'000, 11));
    std::vector<std::uint64_t> gaps;
    for (std::size_t i = 1; i < lost.size(); ++i) gaps.push_back(lost[i] - lost[i - 1] - 1);
    EXPECT_GT(discrete_fit_p(gaps, geometric(p)), kSignificance) << p;
    EXPECT_GT(share_p(lost.size(), 400'000, p), kSignificance) << p;
  }
}

TEST(LossLaw, BernoulliAtItsEnds) {
  EXPECT_TRUE(victims(lost_by(0.0, 10'000, 1)).empty());
  EXPECT_EQ(victims(lost_by(1.0, 10'000, 1)).size(), 10'000u);
}

TEST(LossLaw, RareLossByExpectation) {
  // 200 streams of 20,000 frames at 2e-6: 8 losses expected. Poisson: P(0) = 3e-4, P(> 22) = 1e-5.
  std::uint64_t lost = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) lost += victims(lost_by(2e-6, 20'000, seed)).size();
  EXPECT_GE(lost, 1u);
  EXPECT_LE(lost, 22u);
}

TEST(LossLaw, TheFirstVictimOfAOneInABillionLineIsDrawnExactly) {
  // The first victim is the integer part of ln(U) / ln(1 - p) with one draw U for any p, so a stream whose
  // first frame is lost at 1e-4 (U > 1 - 1e-4) loses one of its first 100,000 frames at 1e-9, each alike. Of
  // 1e5 streams ten are like that; the other 9,999,000,000 frames need not be sent to know they arrive.
  constexpr std::uint64_t kStreams = 100'000, kFrames = 100'000;
  std::vector<double> first_victims;
  for (std::uint64_t seed = 0; seed < kStreams; ++seed) {
    if (!lost_by(1e-4, 1, seed)[0]) continue;
    const std::vector<std::uint64_t> lost = victims(lost_by(1e-9, kFrames, seed));
    ASSERT_EQ(lost.size(), 1u) << seed;
    first_victims.push_back(static_cast<double>(lost[0]) / kFrames);
  }
  EXPECT_GE(first_victims.size(), 1u);
  EXPECT_LE(first_victims.size(), 25u);
  EXPECT_GT(kolmogorov_smirnov_p(first_victims, [](double x) { return x; }), kSignificance);
}

struct ElliottTruth {
  core::loss::GilbertElliott m;
  double bad() const { return m.to_bad / (m.to_bad + m.to_good); }
  double mean() const { return bad() * m.loss_bad + (1 - bad()) * m.loss_good; }
  // E[lost(i) and lost(i + lag)]
  double both(int lag) const {
    const double memory = std::pow(1 - m.to_bad - m.to_good, lag);
    const double contrast = m.loss_bad - m.loss_good;
    return mean() * mean() + bad() * (1 - bad()) * contrast * contrast * memory;
  }
};

TEST(LossLaw, GilbertElliottMeanAndAutocorrelationWithAllFourParameters) {
  const ElliottTruth truth{{.to_bad = 0.02, .to_good = 0.15, .loss_bad = 0.7, .loss_good = 0.01}};
  const std::vector<bool> lost = lost_by(truth.m, 600'000, 12);
  const std::vector<double> series = numbers(lost);
  EXPECT_GT(batch_mean_p(series, truth.mean()), kSignificance);
  EXPECT_LT(batch_mean_p(series, truth.mean() * 1.07), kSignificance) << "the test must be able to tell";
  for (const int lag : {1, 2, 5, 10}) {
    std::vector<double> both;
    for (std::size_t i = 0; i + static_cast<std::size_t>(lag) < lost.size(); ++i) {
      both.push_back(lost[i] && lost[i + static_cast<std::size_t>(lag)] ? 1 : 0);
    }
    EXPECT_GT(batch_mean_p(both, truth.both(lag)), kSignificance) << lag;
    EXPECT_LT(batch_mean_p(both, truth.mean() * truth.mean()), kSignificance) << lag;
  }
}

TEST(LossLaw, GilbertElliottBurstsAndGapsAreGeometric) {
  const core::loss::GilbertElliott model{.to_bad = 0.03, .to_good = 0.25, .loss_bad = 1, .loss_good = 0};
  const std::vector<bool> lost = lost_by(model, 500'000, 13);
  EXPECT_GT(discrete_fit_p(runs_of(true, lost), geometric(model.to_good)), kSignificance);
  EXPECT_GT(discrete_fit_p(runs_of(false, lost), geometric(model.to_bad)), kSignificance);
  std::array<std::array<std::uint64_t, 2>, 2> moves{};
  for (std::size_t i = 1; i < lost.size(); ++i) ++moves[lost[i - 1]][lost[i]];
  EXPECT_GT(share_p(moves[0][1], moves[0][0] + moves[0][1], model.to_bad), kSignificance);
  EXPECT_GT(share_p(moves[1][0], moves[1][0] + moves[1][1], model.to_good), kSignificance);
}

TEST(LossLaw, GilbertElliottStatesHaveTheirOwnLoss) {
  // Each state for ever: the other one's share would show.
  for (const auto& model :
       {core::loss::GilbertElliott{0, 1, 0.9, 0.08}, core::loss::GilbertElliott{1, 0, 0.08, 0.9}}) {
    const std::vector<std::uint64_t> lost = victims(lost_by(model, 300'000, 15));
    std::vector<std::uint64_t> gaps;
    for (std::size_t i = 2; i < lost.size(); ++i) gaps.push_back(lost[i] - lost[i - 1] - 1);
    EXPECT_GT(discrete_fit_p(gaps, geometric(0.08)), kSignificance);
    EXPECT_GT(share_p(lost.size(), 300'000, 0.08), kSignificance);
  }
}

TEST(LossLaw, GilbertElliottFrameMeetsTheStateBeforeItChanges) {
  const std::vector<bool> alternating = lost_by(core::loss::GilbertElliott{1, 1, 1, 0}, 100, 1);
  for (std::size_t i = 0; i < alternating.size(); ++i) EXPECT_EQ(alternating[i], i % 2 == 1) << i;
  const std::vector<bool> trapped = lost_by(core::loss::GilbertElliott{1, 0, 1, 0}, 100, 1);
  for (std::size_t i = 0; i < trapped.size(); ++i) EXPECT_EQ(trapped[i], i >= 1) << i;
  const std::vector<bool> inverse = lost_by(core::loss::GilbertElliott{1, 0, 0, 1}, 100, 1);
  for (std::size_t i = 0; i < inverse.size(); ++i) EXPECT_EQ(inverse[i], i == 0) << i;
}

struct FourStateTruth {
  core::loss::FourState m;
  // Flow balance: what enters a state leaves it. With share x1 of state 1:
  // 4: x4 = x1 p14.  2: x2 p23 = x3 p32.  3: x3 (p31 + p32) = x1 p13 + x2 p23, so x3 p31 = x1 p13.
  double x3_per_x1() const { return m.p13 / m.p31; }
  double x2_per_x1() const { return x3_per_x1() * m.p32 / m.p23; }
  double loss() const {
    const double lost = m.p14 + x3_per_x1();
    return lost / (1 + x2_per_x1() + lost);
  }
  // Runs of losses begin in 4 (length 1) or in 3, from 1 or from 2.
  double loss_run_tail(std::uint64_t k) const {
    const double isolated = m.p14, burst = m.p13 + x2_per_x1() * m.p23;
    const double stays = std::pow(1 - m.p31 - m.p32, static_cast<double>(k));
    return (isolated * (k == 0 ? 1 : 0) + burst * stays) / (isolated + burst);
  }
  // Runs of arrivals begin in 1, from 4 or 3, or in 2, from 3.
  double arrival_run_tail(std::uint64_t k) const {
    const double in_1 = m.p14 + x3_per_x1() * m.p31, in_2 = x3_per_x1() * m.p32;
    const auto n = static_cast<double>(k);
    return (in_1 * std::pow(1 - m.p13 - m.p14, n) + in_2 * std::pow(1 - m.p23, n)) / (in_1 + in_2);
  }
};

TEST(LossLaw, FourStateSharesAndRunLengths) {
  const FourStateTruth truth{{.p13 = 0.02, .p31 = 0.2, .p32 = 0.3, .p23 = 0.25, .p14 = 0.015}};
  const std::vector<bool> lost = lost_by(truth.m, 600'000, 14);
  EXPECT_GT(batch_mean_p(numbers(lost), truth.loss()), kSignificance);
  EXPECT_LT(batch_mean_p(numbers(lost), truth.loss() * 1.08), kSignificance);
  // Which state a run begins in depends a little on the run before: every third is as good as independent.
  EXPECT_GT(discrete_fit_p(runs_of(true, lost, 3), [&](auto k) { return truth.loss_run_tail(k); }),
            kSignificance);
  EXPECT_GT(discrete_fit_p(runs_of(false, lost, 3), [&](auto k) { return truth.arrival_run_tail(k); }),
            kSignificance);
}

TEST(LossLaw, FourStateChangesBeforeTheFrame) {
  const std::vector<bool> burst = lost_by(core::loss::FourState{.p13 = 1, .p31 = 1}, 100, 1);
  for (std::size_t i = 0; i < burst.size(); ++i) EXPECT_EQ(burst[i], i % 2 == 0) << i;
  const std::vector<bool> isolated = lost_by(core::loss::FourState{.p13 = 0, .p14 = 1}, 100, 1);
  for (std::size_t i = 0; i < isolated.size(); ++i) EXPECT_EQ(isolated[i], i % 2 == 0) << i;
  // 1 -> 3 -> 2 -> 3 -> 2 ...
  const std::vector<bool> inside = lost_by(core::loss::FourState{1, 0, 1, 1, 0}, 100, 1);
  for (std::size_t i = 0; i < inside.size(); ++i) EXPECT_EQ(inside[i], i % 2 == 0) << i;
  const std::vector<bool> for_ever = lost_by(core::loss::FourState{1, 0, 0, 1, 0}, 100, 1);
  EXPECT_EQ(victims(for_ever).size(), 100u);
}

TEST(LossLaw, EveryNthFromTheFirstOn) {
  std::vector<std::uint64_t> expected;
  for (std::uint64_t i = 3; i < 1'000; i += 7) expected.push_back(i);
  EXPECT_EQ(victims(lost_by(core::loss::EveryNth{7, 3}, 1'000, 1)), expected);
  EXPECT_EQ(victims(lost_by(core::loss::EveryNth{1, 998}, 1'000, 1)), (std::vector<std::uint64_t>{998, 999}));
  EXPECT_TRUE(victims(lost_by(core::loss::EveryNth{5, 1'000}, 1'000, 1)).empty());
}

TEST(LossLaw, PositionsOnceAndRepeated) {
  const std::vector<std::uint64_t> frames{0, 5, 6, 99};
  EXPECT_EQ(victims(lost_by(core::loss::Positions{frames, 0}, 1'000, 1)), frames);
  std::vector<std::uint64_t> repeated;
  for (std::uint64_t round = 0; round < 10; ++round) {
    for (const std::uint64_t frame : frames) repeated.push_back(round * 100 + frame);
  }
  EXPECT_EQ(victims(lost_by(core::loss::Positions{frames, 100}, 1'000, 1)), repeated);
  EXPECT_EQ(victims(lost_by(core::loss::Positions{{2}, 3}, 10, 1)), (std::vector<std::uint64_t>{2, 5, 8}));
  EXPECT_TRUE(victims(lost_by(core::loss::Positions{}, 1'000, 1)).empty());
}

}  // namespace
}  // namespace longhaul::testing
