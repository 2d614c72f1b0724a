// SPDX-License-Identifier: GPL-2.0-only
//
// The shapes of jitter against their laws by Kolmogorov-Smirnov at fixed seeds, and its correlation. Frames
// may overtake, so the order of the line bends nothing.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/core/course.h"
#include "tests/core/statistics.h"

namespace longhaul::testing {
namespace {

using core::JitterShape;

constexpr double kPi = 3.14159265358979323846;

// The deviation of each of `frames` frames from the constant delay, in units of the scale.
std::vector<double> deviations(const core::Jitter& jitter, std::uint64_t frames, std::uint64_t seed,
                               Duration spacing = Duration::microseconds(1)) {
  core::LinkConfig config = bare_line();
  config.delay = Duration::milliseconds(1);
  config.line.jitter = jitter;
  config.line.order = core::Order::kFree;
  Course course(config, seed);
  for (std::uint64_t i = 0; i < frames; ++i) {
    course.offer(Instant::at(spacing * static_cast<std::int64_t>(i)), 60);
  }
  course.finish();
  const Duration sending = serialisation_time(Bytes(84), config.rate);
  std::vector<double> units;
  std::uint64_t frame = 0;
  for (const Instant due : course.due_times()) {
    const Instant sent = Instant::at(spacing * static_cast<std::int64_t>(frame++)) + sending;
    units.push_back(static_cast<double>((due - sent - config.delay).ps()) /
                    static_cast<double>(jitter.scale.ps()));
  }
  return units;
}

core::Jitter shaped(JitterShape shape, double correlation = 0) {
  return {.scale = Duration::microseconds(10), .shape = shape, .correlation = correlation, .table = {}};
}

double uniform_cdf(double x) {
  return std::clamp((x + 1) / 2, 0.0, 1.0);
}

// Index 3, smallest 1: mean 3/2, variance 3/4.
double pareto_cdf(double x) {
  const double raw = 1.5 + x * std::sqrt(0.75);
  return raw <= 1 ? 0 : 1 - std::pow(raw, -3);
}

double inverse(const std::function<double(double)>& rising, double wanted, double low, double high) {
  for (int i = 0; i < 44; ++i) {
    const double middle = (low + high) / 2;
    (rising(middle) < wanted ? low : high) = middle;
  }
  return low;
}

double pareto_normal_quantile(double u) {
  return 0.25 * inverse(normal_cdf, u, -40, 40) + 0.75 * (std::pow(1 - u, -1.0 / 3) - 1.5) / std::sqrt(0.75);
}

// Between knots of the quantile function, 20,000 of them.
double pareto_normal_cdf(double x) {
  constexpr std::size_t kKnots = 20'000;
  static const std::vector<double> knots = [] {
    std::vector<double> made;
    for (std::size_t i = 0; i < kKnots; ++i) {
      made.push_back(pareto_normal_quantile((static_cast<double>(i) + 0.5) / kKnots));
    }
    return made;
  }();
  const auto above = std::upper_bound(knots.begin(), knots.end(), x);
  return static_cast<double>(above - knots.begin()) / kKnots;
}

std::vector<double> every(std::size_t stride, const std::vector<double>& series) {
  std::vector<double> some;
  for (std::size_t i = 0; i < series.size(); i += stride) some.push_back(series[i]);
  return some;
}

TEST(JitterLaw, Uniform) {
  const std::vector<double> jitter = deviations(shaped(JitterShape::kUniform), 40'000, 31);
  EXPECT_GT(kolmogorov_smirnov_p(jitter, uniform_cdf), kSignificance);
  EXPECT_LE(*std::max_element(jitter.begin(), jitter.end()), 1.0);
  EXPECT_GE(*std::min_element(jitter.begin(), jitter.end()), -1.0);
}

TEST(JitterLaw, Normal) {
  const std::vector<double> jitter = deviations(shaped(JitterShape::kNormal), 40'000, 32);
  EXPECT_GT(kolmogorov_smirnov_p(jitter, normal_cdf), kSignificance);
  EXPECT_LT(kolmogorov_smirnov_p(jitter, [](double x) { return normal_cdf(x * 1.06); }), kSignificance);
  EXPECT_LE(*std::max_element(jitter.begin(), jitter.end()), 4.0);
  EXPECT_GE(*std::min_element(jitter.begin(), jitter.end()), -4.0);
  EXPECT_NEAR(mean(jitter), 0, 4.0 / std::sqrt(40'000));
}

TEST(JitterLaw, Pareto) {
  const std::vector<double> jitter = deviations(shaped(JitterShape::kPareto), 40'000, 33);
  EXPECT_GT(kolmogorov_smirnov_p(jitter, pareto_cdf), kSignificance);
  EXPECT_GE(*std::min_element(jitter.begin(), jitter.end()), -0.5 / std::sqrt(0.75) - 1e-5);
  EXPECT_GT(*std::max_element(jitter.begin(), jitter.end()), 15) << "a tail of index 3 reaches far";
}

TEST(JitterLaw, ParetoNormal) {
  const std::vector<double> jitter = deviations(shaped(JitterShape::kParetoNormal), 100'000, 34);
  EXPECT_GT(kolmogorov_smirnov_p(jitter, pareto_normal_cdf), kSignificance);
  EXPECT_LT(kolmogorov_smirnov_p(jitter, pareto_cdf), kSignificance);
  EXPECT_LT(kolmogorov_smirnov_p(jitter, normal_cdf), kSignificance);
}

TEST(JitterLaw, Table) {
  // A lopsided law with an edge at either side: density falling from -1 to +2.
  core::Jitter jitter = shaped(JitterShape::kTable);
  for (int i = 0; i < 1'024; ++i) {
    jitter.table.push_back(
        static_cast<std::int16_t>(std::lround(8'192 * (2 - 3 * std::sqrt(1 - (i + 0.5) / 1'024)))));
  }
  const std::vector<double> drawn = deviations(jitter, 40'000, 35);
  EXPECT_GT(kolmogorov_smirnov_p(drawn,
                                 [](double x) {
                                   const double rest = std::clamp((2 - x) / 3, 0.0, 1.0);
                                   return 1 - rest * rest;
                                 }),
            kSignificance);
}

TEST(JitterLaw, ASmallTableIsNotLeft) {
  core::Jitter jitter = shaped(JitterShape::kTable);
  jitter.table = {-8'192, 0, 4'096};
  const std::vector<double> drawn = deviations(jitter, 2'000, 36);
  EXPECT_NEAR(*std::min_element(drawn.begin(), drawn.end()), -1, 0.02);
  EXPECT_NEAR(*std::max_element(drawn.begin(), drawn.end()), 0.5, 0.02);
}

TEST(JitterLaw, CorrelationOfNormalJitterAndItsMarginal) {
  for (const double c : {0.3, 0.8}) {
    const std::vector<double> jitter = deviations(shaped(JitterShape::kNormal, c), 60'000, 37);
    // Bartlett: the sample correlation of such a series scatters by sqrt((1 - c^2) / n) at lag one.
    const double error = std::sqrt((1 - c * c) / 60'000);
    EXPECT_NEAR(autocorrelation(jitter, 1), c, 4 * error + 1e-3);
    EXPECT_NEAR(autocorrelation(jitter, 3), c * c * c, 0.03);
    const std::vector<double> independent = every(c < 0.5 ? 10 : 50, jitter);
    EXPECT_GT(kolmogorov_smirnov_p(independent, normal_cdf), kSignificance) << c;
    EXPECT_NEAR(variance(jitter), 1, c < 0.5 ? 0.03 : 0.06);
  }
}

TEST(JitterLaw, ACorrelatedUniformStaysUniform) {
  constexpr double kC = 0.9;
  const std::vector<double> jitter = deviations(shaped(JitterShape::kUniform, kC), 100'000, 38);
  EXPECT_GT(kolmogorov_smirnov_p(every(100, jitter), uniform_cdf), kSignificance);
  EXPECT_NEAR(variance(jitter), 1.0 / 3, 0.02) << "netem's correlation would shrink it";
  // A Gaussian copula of correlation c gives uniform marginals one of 6/pi asin(c/2).
  EXPECT_NEAR(autocorrelation(jitter, 1), 6 / kPi * std::asin(kC / 2), 0.01);
}

TEST(JitterLaw, WithoutCorrelationNeighboursAreStrangers) {
  const std::vector<double> jitter = deviations(shaped(JitterShape::kNormal), 60'000, 39);
  for (const std::size_t lag : {1u, 2u, 7u}) {
    EXPECT_NEAR(autocorrelation(jitter, lag), 0, 4.0 / std::sqrt(60'000)) << lag;
  }
}

TEST(JitterLaw, OrderIsKeptByDefaultAndNobodyIsEarlierThanItsOwnDelay) {
  core::LinkConfig config = bare_line();
  config.delay = Duration::microseconds(100);
  config.line.jitter = shaped(JitterShape::kNormal);
  Course kept(config, 40);
  config.line.order = core::Order::kFree;
  Course free(config, 40);
  for (std::int64_t i = 0; i < 20'000; ++i) {
    kept.offer(at_us(i), 60);  // ten frames within a standard deviation
    free.offer(at_us(i), 60);
  }
  kept.finish();
  free.finish();
  Instant earliest;  // nobody arrives faster than the line could have sent it behind the frame before
  const Duration sending = serialisation_time(Bytes(84), config.rate);
  const std::vector<Instant> ordered = kept.due_times(), own = free.due_times();
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    ASSERT_EQ(ordered[i], std::max(earliest, own[i])) << i;
    earliest = ordered[i] + sending;
  }
  EXPECT_EQ(kept.counters().reordered, 0u);
  EXPECT_GT(free.counters().reordered, 5'000u);
}

}  // namespace
}  // namespace longhaul::testing
