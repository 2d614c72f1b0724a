// SPDX-License-Identifier: GPL-2.0-only
//
// A histogram of release lateness (sent - due) in fixed memory, for the hot path: record() is a few
// instructions, never allocates and never throws. Log-linear buckets as in HdrHistogram (Tene, 2012): 32 per
// power of two, in picoseconds, exact below 64 ps. Percentiles are the upper edge of their bucket, so they
// overstate by 1/32 at most and never understate. Negative lateness is counted apart as `early`. One writer,
// no synchronisation: the writer copies the object (11 KiB) and hands the copy to whoever reads.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "emulator/core/units.h"
#include "results/run_record.h"

namespace longhaul::results {

class LatenessHistogram {
 public:
  // Upper bound of the relative error of percentile() within range().
  static constexpr double kRelativeError = 1.0 / 32;
  // Lateness from zero to here keeps kRelativeError; a percentile above it comes out as max(). About 138 s.
  static constexpr Duration range() { return upper_edge(kBuckets - 2); }

  // Counts one frame that was sent `lateness` after it was due.
  void record(Duration lateness) {
    if (lateness < Duration()) {
      ++early_;
      return;
    }
    ++count_;
    if (lateness > max_) max_ = lateness;
    ++buckets_[lateness <= range() ? bucket_of(lateness) : kBuckets - 1];
  }

  // Adds everything that `other` counted, as if its frames had been recorded here.
  void merge(const LatenessHistogram& other);

  // Smallest lateness that `percent` of the frames do not exceed (nearest rank, 0..100), rounded up to a
  // bucket edge but never above max(); zero when nothing was recorded. Early frames do not take part.
  Duration percentile(double percent) const;

  std::uint64_t count() const { return count_; }  // frames recorded, early ones not among them
  std::uint64_t early() const { return early_; }
  Duration max() const { return max_; }  // exact

 private:
  static constexpr int kSubBucketBits = 5;  // 2^5 buckets per power of two
  static constexpr int kRangeBits = 47;
  static constexpr std::size_t kSubBuckets = std::size_t{1} << kSubBucketBits;
  static constexpr std::size_t kBuckets = kSubBuckets * (kRangeBits - kSubBucketBits + 1);

  // Worked: 1,000 ps has 10 bits; the shift is 10 - 1 - 5 = 4; 1,000 >> 4 = 62; bucket 4 * 32 + 62 = 190,
  // which holds 992..1,007 ps.
  static constexpr std::size_t bucket_of(Duration lateness) {
    const auto ps = static_cast<std::uint64_t>(lateness.ps());
    if (ps < kSubBuckets) return ps;
    const auto shift = static_cast<std::size_t>(std::bit_width(ps) - 1 - kSubBucketBits);
    return shift * kSubBuckets + (ps >> shift);
  }
  static constexpr Duration upper_edge(std::size_t bucket) {
    if (bucket < 2 * kSubBuckets) return Duration::picoseconds(static_cast<std::int64_t>(bucket));
    const std::size_t shift = bucket / kSubBuckets - 1;
    const std::size_t mantissa = bucket - shift * kSubBuckets;
    return Duration::picoseconds(static_cast<std::int64_t>(((mantissa + 1) << shift) - 1));
  }

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t early_ = 0;
  Duration max_;
};

// The figures of a run from its histogram, in nanoseconds rounded up.
Lateness lateness_of(const LatenessHistogram& histogram);

}  // namespace longhaul::results
