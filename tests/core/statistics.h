// SPDX-License-Identifier: GPL-2.0-only
//
// How likely is what was measured, if the law is right: the few p-values that the distribution tests need.
// Chi-square by the regularised incomplete gamma function (series and continued fraction as in Abramowitz and
// Stegun 6.5), Kolmogorov-Smirnov by the limit law with Stephens' correction for finite samples (JRSS B,
// 1970). Accurate to about 1e-9 absolute for chi-square and the normal law, to a few per cent of p for KS.
// Pure functions; samples are taken by value where they must be sorted.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace longhaul::testing {

// A fit this unlikely is a wrong law: at a fixed seed one test in ten thousand fails by bad luck, once.
inline constexpr double kSignificance = 1e-4;

// Q(a, x): the upper tail of a gamma law of shape `a`.
inline double upper_gamma(double a, double x) {
  if (x <= 0) return 1;
  const double front = std::exp(a * std::log(x) - x - std::lgamma(a));
  if (x < a + 1) {
    double term = 1 / a, sum = term;
    for (double n = a + 1; term > sum * 1e-16; ++n) sum += term *= x / n;
    return 1 - front * sum;
  }
  double b = x + 1 - a, c = 1e300, d = 1 / b, fraction = d;
  for (double i = 1; i < 10'000; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    fraction *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return front * fraction;
}

// Probability that a chi-square variable of so many degrees of freedom exceeds `statistic`.
inline double chi_square_tail(double statistic, double degrees) {
  return upper_gamma(degrees / 2, statistic / 2);
}

// p-value of counts against expected counts of the same sum; every bin should expect at least 5.
inline double chi_square_p(std::span<const double> observed, std::span<const double> expected) {
  double statistic = 0;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    statistic += (observed[i] - expected[i]) * (observed[i] - expected[i]) / expected[i];
  }
  return chi_square_tail(statistic, static_cast<double>(observed.size() - 1));
}

// p-value of whole numbers from 0 on against tail(k) = P(value >= k): bins hold at least `least` expected.
inline double discrete_fit_p(const std::vector<std::uint64_t>& values,
                             const std::function<double(std::uint64_t)>& tail, double least = 25) {
  const auto n = static_cast<double>(values.size());
  std::vector<std::uint64_t> first_of_bin{0};
  std::vector<double> expected;
  double above = 1;  // of what is not yet in a bin
  for (std::uint64_t k = 1; above * n >= 2 * least && k < 100'000; ++k) {
    const double next = tail(k);
    if ((above - next) * n < least || next * n < least) continue;
    expected.push_back((above - next) * n);
    first_of_bin.push_back(k);
    above = next;
  }
  expected.push_back(above * n);
  std::vector<double> observed(expected.size());
  for (const std::uint64_t value : values) {
    const auto bin = std::upper_bound(first_of_bin.begin(), first_of_bin.end(), value);
    ++observed[static_cast<std::size_t>(bin - first_of_bin.begin()) - 1];
  }
  return expected.size() < 2 ? 0 : chi_square_p(observed, expected);  // one bin would fit anything
}

// p-value of counts that should be all alike.
inline double uniform_counts_p(std::span<const double> observed) {
  double sum = 0;
  for (const double count : observed) sum += count;
  return chi_square_p(observed,
                      std::vector<double>(observed.size(), sum / static_cast<double>(observed.size())));
}

// Probability that Kolmogorov's variable exceeds `x`.
inline double kolmogorov_tail(double x) {
  if (x < 0.2) return 1;
  double sum = 0;
  for (int j = 1; j < 101; ++j) sum += (j % 2 != 0 ? 2 : -2) * std::exp(-2.0 * j * j * x * x);
  return std::clamp(sum, 0.0, 1.0);
}

// p-value of independent samples against a continuous distribution function.
inline double kolmogorov_smirnov_p(std::vector<double> samples, const std::function<double(double)>& cdf) {
  std::sort(samples.begin(), samples.end());
  const auto n = static_cast<double>(samples.size());
  double distance = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double f = cdf(samples[i]);
    distance = std::max({distance, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  return kolmogorov_tail(distance * (std::sqrt(n) + 0.12 + 0.11 / std::sqrt(n)));
}

inline double normal_cdf(double z) {
  return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

// Probability of a normal variable at least `z` standard deviations from its mean, on either side.
inline double normal_p(double z) {
  return std::erfc(std::abs(z) / std::sqrt(2.0));
}

// p-value of `hits` in `trials` independent ones of probability `p` each; normal approximation.
inline double share_p(std::uint64_t hits, std::uint64_t trials, double p) {
  const auto n = static_cast<double>(trials);
  return normal_p((static_cast<double>(hits) - n * p) / std::sqrt(n * p * (1 - p)));
}

inline double mean(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

inline double variance(std::span<const double> values) {
  const double centre = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - centre) * (value - centre);
  return sum / static_cast<double>(values.size() - 1);
}

// Sample correlation of values `lag` apart.
inline double autocorrelation(std::span<const double> values, std::size_t lag) {
  const double centre = mean(values);
  double together = 0, alone = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    alone += (values[i] - centre) * (values[i] - centre);
    if (i + lag < values.size()) together += (values[i] - centre) * (values[i + lag] - centre);
  }
  return together / alone;
}

// p-value of the mean of a stationary, short-memory series against `expected`: the error is estimated from
// the scatter of the means of 100 batches.
inline double batch_mean_p(std::span<const double> series, double expected) {
  constexpr std::size_t kBatches = 100;
  const std::size_t length = series.size() / kBatches;
  std::vector<double> batches;
  for (std::size_t i = 0; i < kBatches; ++i) batches.push_back(mean(series.subspan(i * length, length)));
  return normal_p((mean(batches) - expected) / std::sqrt(variance(batches) / kBatches));
}

}  // namespace longhaul::testing
