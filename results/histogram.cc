// SPDX-License-Identifier: GPL-2.0-only
#include "results/histogram.h"

#include <algorithm>

#include "results/statistics.h"

namespace longhaul::results {

void LatenessHistogram::merge(const LatenessHistogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  early_ += other.early_;
  max_ = std::max(max_, other.max_);
}

Duration LatenessHistogram::percentile(double percent) const {
  if (count_ == 0) return Duration();
  const std::uint64_t rank = nearest_rank(percent, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i + 1 < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(upper_edge(i), max_);
  }
  return max_;  // the last bucket holds what lies beyond range()
}

namespace {

std::int64_t nanoseconds_rounded_up(Duration d) {
  return (d.ps() + 999) / 1000;
}

}  // namespace

Lateness lateness_of(const LatenessHistogram& histogram) {
  Lateness lateness;
  lateness.frames = histogram.count();
  lateness.early = histogram.early();
  lateness.p50_ns = nanoseconds_rounded_up(histogram.percentile(50));
  lateness.p99_ns = nanoseconds_rounded_up(histogram.percentile(99));
  lateness.p999_ns = nanoseconds_rounded_up(histogram.percentile(99.9));
  lateness.max_ns = nanoseconds_rounded_up(histogram.max());
  return lateness;
}

}  // namespace longhaul::results
