// SPDX-License-Identifier: GPL-2.0-only
//
// The yardstick itself, against tables and against generators that are not ours.
#include "tests/core/statistics.h"

#include <gtest/gtest.h>

#include <random>

namespace longhaul::testing {
namespace {

TEST(Statistics, ChiSquareTailMatchesTheTables) {
  EXPECT_NEAR(chi_square_tail(3.841459, 1), 0.05, 1e-6);
  EXPECT_NEAR(chi_square_tail(18.307038, 10), 0.05, 1e-6);
  EXPECT_NEAR(chi_square_tail(2.558212, 10), 0.99, 1e-6);
  EXPECT_NEAR(chi_square_tail(124.342113, 100), 0.05, 1e-6);
  EXPECT_NEAR(chi_square_tail(7, 2), std::exp(-3.5), 1e-12);
  EXPECT_NEAR(chi_square_tail(40, 2), std::exp(-20.0), 1e-20);
  EXPECT_EQ(chi_square_tail(0, 5), 1);
}

TEST(Statistics, ChiSquareOfAWorkedExample) {
  // 60 throws of a die: (4 + 1 + 0 + 0 + 1 + 4) / 10 = 1.0 with 5 degrees of freedom.
  const std::vector<double> observed{8, 9, 10, 10, 11, 12};
  EXPECT_NEAR(uniform_counts_p(observed), 0.9625657732, 1e-9);
}

TEST(Statistics, KolmogorovTailMatchesTheTables) {
  EXPECT_NEAR(kolmogorov_tail(1.2238), 0.10, 1e-4);
  EXPECT_NEAR(kolmogorov_tail(1.3581), 0.05, 1e-4);
  EXPECT_NEAR(kolmogorov_tail(1.6276), 0.01, 1e-5);
  EXPECT_EQ(kolmogorov_tail(0.1), 1);
}

TEST(Statistics, KolmogorovSmirnovOfAWorkedExample) {
  // Against the uniform law D = 0.25 at 0.75 - 0.5, n = 4: x = 0.25 x (2 + 0.12 + 0.055) = 0.54375.
  EXPECT_NEAR(kolmogorov_smirnov_p({0.2, 0.35, 0.55, 0.75}, [](double x) { return x; }),
              kolmogorov_tail(0.25 * 2.175), 1e-12);
}

TEST(Statistics, NormalTailMatchesTheTables) {
  EXPECT_NEAR(normal_p(1.959964), 0.05, 1e-6);
  EXPECT_NEAR(normal_p(-3.290527), 0.001, 1e-8);
  EXPECT_NEAR(normal_cdf(1.281552), 0.9, 1e-6);
  EXPECT_NEAR(share_p(540, 1'000, 0.5), normal_p(40 / std::sqrt(250.0)), 1e-12);
}

TEST(Statistics, AcceptsTheRightLawAndRejectsANearMiss) {
  std::mt19937_64 random(7);
  std::geometric_distribution<std::uint64_t> geometric(0.1);
  std::vector<std::uint64_t> gaps;
  for (int i = 0; i < 20'000; ++i) gaps.push_back(geometric(random));
  auto tail = [](double p) {
    return [p](std::uint64_t k) { return std::pow(1 - p, static_cast<double>(k)); };
  };
  EXPECT_GT(discrete_fit_p(gaps, tail(0.1)), kSignificance);
  EXPECT_LT(discrete_fit_p(gaps, tail(0.108)), kSignificance);

  std::normal_distribution<double> normal;
  std::vector<double> samples;
  for (int i = 0; i < 20'000; ++i) samples.push_back(normal(random));
  EXPECT_GT(kolmogorov_smirnov_p(samples, normal_cdf), kSignificance);
  EXPECT_LT(kolmogorov_smirnov_p(samples, [](double x) { return normal_cdf(x / 1.08); }), kSignificance);
  EXPECT_GT(batch_mean_p(samples, 0), kSignificance);
  EXPECT_LT(batch_mean_p(samples, 0.05), kSignificance);
  EXPECT_NEAR(autocorrelation(samples, 1), 0, 0.03);
}

TEST(Statistics, OneBinFitsNothing) {
  EXPECT_EQ(discrete_fit_p({0, 0, 0}, [](std::uint64_t k) { return k == 0 ? 1.0 : 0.0; }), 0);
}

}  // namespace
}  // namespace longhaul::testing
