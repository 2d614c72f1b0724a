// SPDX-License-Identifier: GPL-2.0-only
//
// Figures over small sets of numbers, such as the iteration times of a collective. Not for the hot path:
// these copy and sort. The definitions are those of nccl-tests, so that its users compare like with like:
// percentiles by nearest rank, the median as the upper of the two middle values, the standard deviation of
// the population.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "results/run_record.h"

namespace longhaul::results {

// The rank, from 1, of the smallest of `count` sorted values that `percent` (0..100) of them do not exceed.
// `count` must not be zero. Worked: P99.9 of 1,000 values is number 999.
std::uint64_t nearest_rank(double percent, std::uint64_t count);

// Arithmetic mean; 0 of no values.
double mean(std::span<const double> values);

struct Spread {  // of values in their own unit
  double min = 0, max = 0, mean = 0, p50 = 0, p95 = 0, p99 = 0;
  double stdev = 0;
  double cv_percent = 0;  // coefficient of variation: stdev / mean
};

// All zero when there are no values.
Spread spread(std::span<const double> values);

// (measured - predicted) / predicted in percent, positive when slower than predicted; nothing without a
// prediction.
std::optional<double> residual_percent(double measured, double predicted);

// Wrong elements of all collectives of a run.
std::uint64_t wrong_in_all(const RunRecord& record);

// Mean of the bus bandwidths of all sizes, GB/s, as nccl-tests reports; 0 when there are none.
double average_busbw(const RunRecord& record);

}  // namespace longhaul::results
