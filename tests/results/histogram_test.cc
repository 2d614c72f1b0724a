// SPDX-License-Identifier: GPL-2.0-only
#include "results/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "results/statistics.h"

namespace longhaul::results {
namespace {

constexpr double kPercents[] = {0, 0.1, 1, 25, 50, 90, 99, 99.9, 99.99, 100};

// The percentiles of `histogram` against the same values, sorted.
void expect_close_to(std::vector<std::int64_t> values, const LatenessHistogram& histogram) {
  std::sort(values.begin(), values.end());
  ASSERT_EQ(histogram.count(), values.size());
  EXPECT_EQ(histogram.max().ps(), values.back());
  for (const double percent : kPercents) {
    const std::int64_t exact = values[nearest_rank(percent, values.size()) - 1];
    const std::int64_t got = histogram.percentile(percent).ps();
    EXPECT_GE(got, exact) << "P" << percent << " understates";
    EXPECT_LE(static_cast<double>(got - exact),
              static_cast<double>(exact) * LatenessHistogram::kRelativeError)
        << "P" << percent;
  }
}

TEST(Histogram, EmptyIsAllZero) {
  const LatenessHistogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.early(), 0U);
  EXPECT_EQ(histogram.max(), Duration());
  EXPECT_EQ(histogram.percentile(50), Duration());
  const Lateness lateness = lateness_of(histogram);
  EXPECT_EQ(lateness.frames, 0U);
  EXPECT_EQ(lateness.max_ns, 0);
}

TEST(Histogram, OneValueIsEveryPercentileExactly) {
  LatenessHistogram histogram;
  histogram.record(Duration::picoseconds(31'234'567));
  for (const double percent : kPercents) EXPECT_EQ(histogram.percentile(percent).ps(), 31'234'567);
}

TEST(Histogram, RandomDataKeepsTheErrorBound) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> exponent(0, 14);  // 1 ps .. 100 s
    LatenessHistogram histogram;
    std::vector<std::int64_t> values;
    for (unsigned i = 0; i < 500 * seed; ++i) {
      values.push_back(static_cast<std::int64_t>(std::pow(10, exponent(random))));
      histogram.record(Duration::picoseconds(values.back()));
    }
    expect_close_to(values, histogram);
  }
}

TEST(Histogram, EveryBucketEdgeKeepsTheErrorBound) {
  for (std::int64_t power = 1; power < LatenessHistogram::range().ps() / 2; power *= 2) {
    for (const std::int64_t value : {power - 1, power, power + 1, power + power / 32, power + power / 2}) {
      LatenessHistogram histogram;  // with a later frame, so that max() cannot hide the bucket's edge
      histogram.record(Duration::picoseconds(value));
      histogram.record(LatenessHistogram::range());
      expect_close_to({value, LatenessHistogram::range().ps()}, histogram);
    }
  }
}

TEST(Histogram, SmallValuesAreExact) {
  LatenessHistogram histogram;
  std::vector<std::int64_t> values;
  for (std::int64_t ps = 0; ps < 64; ++ps) histogram.record(Duration::picoseconds(ps));
  for (std::uint64_t rank = 1; rank <= 64; ++rank) {
    const double percent = static_cast<double>(rank) / 64 * 100;
    EXPECT_EQ(histogram.percentile(percent).ps(), static_cast<std::int64_t>(rank) - 1);
  }
}

TEST(Histogram, NegativeIsEarlyAndNothingElse) {
  LatenessHistogram histogram;
  histogram.record(Duration::picoseconds(-1));
  histogram.record(Duration::seconds(-5));
  histogram.record(Duration());
  EXPECT_EQ(histogram.early(), 2U);
  EXPECT_EQ(histogram.count(), 1U);
  EXPECT_EQ(histogram.max(), Duration());
  EXPECT_EQ(lateness_of(histogram).early, 2U);
  EXPECT_EQ(lateness_of(histogram).frames, 1U);
}

TEST(Histogram, TheRangeHoldsAHundredSecondsAndBeyondComesOutAsMax) {
  EXPECT_GE(LatenessHistogram::range(), Duration::seconds(100));
  LatenessHistogram histogram;
  histogram.record(Duration::seconds(100));
  const Duration longest = Duration::picoseconds(std::numeric_limits<std::int64_t>::max());
  histogram.record(LatenessHistogram::range() + Duration::picoseconds(1));
  histogram.record(longest);
  EXPECT_LE(histogram.percentile(30).to_seconds(), 100 * (1 + LatenessHistogram::kRelativeError));
  EXPECT_EQ(histogram.percentile(60), longest);
  EXPECT_EQ(histogram.max(), longest);
}

TEST(Histogram, MergeIsAsIfAllHadBeenRecordedInOne) {
  std::mt19937_64 random(11);
  std::uniform_int_distribution<std::int64_t> value(-100, 5'000'000);
  LatenessHistogram parts[3];
  LatenessHistogram whole;
  for (unsigned i = 0; i < 3000; ++i) {
    const Duration lateness = Duration::picoseconds(value(random));
    parts[i % 3].record(lateness);
    whole.record(lateness);
  }
  LatenessHistogram merged;
  for (const LatenessHistogram& part : parts) merged.merge(part);
  EXPECT_EQ(merged.count(), whole.count());
  EXPECT_EQ(merged.early(), whole.early());
  EXPECT_EQ(merged.max(), whole.max());
  for (const double percent : kPercents) EXPECT_EQ(merged.percentile(percent), whole.percentile(percent));
}

TEST(Histogram, LatenessRoundsUpToNanoseconds) {
  LatenessHistogram histogram;
  for (int i = 0; i < 99; ++i) histogram.record(Duration::picoseconds(1));
  histogram.record(Duration::picoseconds(2001));
  const Lateness lateness = lateness_of(histogram);
  EXPECT_EQ(lateness.frames, 100U);
  EXPECT_EQ(lateness.p50_ns, 1);
  EXPECT_EQ(lateness.p99_ns, 1);
  EXPECT_EQ(lateness.p999_ns, 3);
  EXPECT_EQ(lateness.max_ns, 3);
}

}  // namespace
}  // namespace longhaul::results
