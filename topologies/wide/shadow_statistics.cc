// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include "topologies/wide/shadow_network.h"

namespace longhaul::wide {
namespace {

void add(ShadowRow& sum, const ShadowLink::Interval& interval) {
  sum.carried += interval.carried;
  sum.real += interval.real;
  sum.left.share_left += interval.background.share_left;
  sum.left.wait += interval.background.wait;
  sum.left.loss += interval.background.loss;
  sum.left.mark += interval.background.mark;
}

ShadowRow zero() {
  ShadowRow row;
  row.left.share_left = 0;
  return row;
}

ShadowRow mean_of(const ShadowRow& sum, std::uint64_t intervals, Instant until) {
  if (intervals == 0) return {until, 0, 0, {}};
  const auto n = static_cast<double>(intervals);
  const core::Background& left = sum.left;
  return {
      until,
      sum.carried / n,
      sum.real / n,
      {left.share_left / n, left.wait / static_cast<std::int64_t>(intervals), left.loss / n, left.mark / n}};
}

}  // namespace

void ShadowNetwork::record(Direction& direction) {
  if (intervals_ == 1) direction.sum = zero();
  add(direction.sum, direction.last);
  ShadowDirection& statistics = direction.statistics;
  statistics.longest_wait = std::max(statistics.longest_wait, direction.last.background.wait);
  statistics.least_share_left = std::min(statistics.least_share_left, direction.last.background.share_left);
  if (options_.row == Duration()) return;
  if (direction.intervals_of_row++ == 0) direction.sum_of_row = zero();
  add(direction.sum_of_row, direction.last);
  if (options_.interval * static_cast<std::int64_t>(direction.intervals_of_row) < options_.row) return;
  statistics.rows.push_back(mean_of(direction.sum_of_row, direction.intervals_of_row, time_));
  direction.intervals_of_row = 0;
}

ShadowStatistics ShadowNetwork::statistics() const {
  ShadowStatistics all{k_, intervals_, frames_, {}};
  for (const Direction& direction : directions_) {
    ShadowDirection one = direction.statistics;
    one.mean = mean_of(direction.sum, intervals_, time_);
    if (direction.intervals_of_row > 0)
      one.rows.push_back(mean_of(direction.sum_of_row, direction.intervals_of_row, time_));
    one.counters = direction.link.counters();
    all.directions.push_back(std::move(one));
  }
  return all;
}

}  // namespace longhaul::wide
