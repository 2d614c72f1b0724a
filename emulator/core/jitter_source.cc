// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/jitter_source.h"

#include <algorithm>
#include <cmath>

namespace longhaul::core {
namespace {

constexpr std::size_t kIntervals = 4'096;
constexpr double kNormalCut = 4;

double normal_distribution(double z) {
  return 0.5 * std::erfc(-z * M_SQRT1_2);
}

double normal_quantile(double probability) {
  double low = -kNormalCut, high = kNormalCut;
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (normal_distribution(middle) < probability ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

// Mean 0 and standard deviation 1 of the whole law; the last knot stands for the upper half of the last
// interval.
double pareto_quantile(double probability) {
  constexpr double kIndex = 3, kMean = 1.5, kVariance = 0.75;
  const double cut = std::min(probability, 1 - 0.5 / static_cast<double>(kIntervals));
  return (std::pow(1 - cut, -1 / kIndex) - kMean) / std::sqrt(kVariance);
}

// Made once for all links.
const std::vector<double>& normal_quantiles() {
  static const std::vector<double> table = [] {
    std::vector<double> knots;
    for (std::size_t i = 0; i <= kIntervals; ++i) {
      knots.push_back(normal_quantile(static_cast<double>(i) / static_cast<double>(kIntervals)));
    }
    return knots;
  }();
  return table;
}

std::vector<std::int32_t> table_of(const Jitter& jitter, unsigned fraction_bits) {
  const double one = static_cast<double>(std::uint64_t{1} << fraction_bits);
  std::vector<std::int32_t> knots;
  if (jitter.shape == JitterShape::kUniform) return knots;
  if (jitter.shape == JitterShape::kTable) {
    constexpr std::int32_t kTableOne = 8'192;
    for (const std::int16_t entry : jitter.table) {
      knots.push_back(entry * static_cast<std::int32_t>(one) / kTableOne);
    }
    return knots;
  }
  for (std::size_t i = 0; i <= kIntervals; ++i) {
    const double normal = normal_quantiles()[i];
    const double pareto = pareto_quantile(static_cast<double>(i) / static_cast<double>(kIntervals));
    const double z = jitter.shape == JitterShape::kNormal   ? normal
                     : jitter.shape == JitterShape::kPareto ? pareto
                                                            : 0.25 * normal + 0.75 * pareto;
    knots.push_back(static_cast<std::int32_t>(std::lround(z * one)));
  }
  return knots;
}

}  // namespace

JitterSource::JitterSource(const Jitter& jitter, RandomStream stream)
    : scale_ps_(jitter.scale.ps()),
      correlation_(jitter.correlation),
      innovation_(std::sqrt(1 - jitter.correlation * jitter.correlation)),
      quantiles_(table_of(jitter, kFractionBits)),
      words_(stream) {
  if (correlation_ != 0) normal_quantiles();  // made now, not for the first frame
}

std::uint32_t JitterSource::correlated_word() {
  const double position = words_.uniform() * static_cast<double>(kIntervals);
  const auto knot = std::min(static_cast<std::size_t>(position), kIntervals - 1);
  const std::vector<double>& table = normal_quantiles();
  const double fresh = table[knot] + (table[knot + 1] - table[knot]) * (position - static_cast<double>(knot));
  normal_ = first_ ? fresh : correlation_ * normal_ + innovation_ * fresh;
  first_ = false;
  const double word = normal_distribution(normal_) * 0x1p32;
  return word < 0x1p32 ? static_cast<std::uint32_t>(word) : ~std::uint32_t{0};
}

}  // namespace longhaul::core
