// SPDX-License-Identifier: GPL-2.0-only
#include "results/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace longhaul::results {

std::uint64_t nearest_rank(double percent, std::uint64_t count) {
  const double exact = std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count);
  // 99.9 / 100 * 1000 may come out a hair above 999, which must not become rank 1000.
  const double rank = std::ceil(exact * (1 - 1e-12));
  return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(rank), 1, count);
}

double mean(std::span<const double> values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Spread spread(std::span<const double> values) {
  if (values.empty()) return {};
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double percent) { return sorted[nearest_rank(percent, sorted.size()) - 1]; };
  Spread result{.min = sorted.front(),
                .max = sorted.back(),
                .mean = mean(sorted),
                .p50 = sorted[sorted.size() / 2],
                .p95 = at(95),
                .p99 = at(99)};
  double squares = 0;
  for (const double value : sorted) squares += (value - result.mean) * (value - result.mean);
  result.stdev = std::sqrt(squares / static_cast<double>(sorted.size()));
  if (result.mean > 0) result.cv_percent = result.stdev / result.mean * 100;
  return result;
}

std::optional<double> residual_percent(double measured, double predicted) {
  if (!(predicted > 0)) return std::nullopt;
  return (measured - predicted) / predicted * 100;
}

std::uint64_t wrong_in_all(const RunRecord& record) {
  std::uint64_t wrong = 0;
  for (const CollectiveResult& result : record.collectives) wrong += result.wrong;
  return wrong;
}

double average_busbw(const RunRecord& record) {
  std::vector<double> busbw;
  for (const CollectiveResult& result : record.collectives) busbw.push_back(result.busbw_gbps);
  return mean(busbw);
}

}  // namespace longhaul::results
