// SPDX-License-Identifier: GPL-2.0-only
//
// The arrivals themselves against what is known of them: exact cases, and laws by their p-values at fixed
// seeds.
#include "topologies/traffic/source.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/core/statistics.h"

namespace longhaul::traffic {
namespace {

using testing::kSignificance;

constexpr BitRate kGigabit = BitRate::gigabits_per_second(1);  // 1,500 B each 12 us
constexpr core::StreamOwner kOwner{3, 0};

Instant seconds(double s) {
  return Instant::at(Duration::from_seconds(s));
}

SourceConfig config_of(Kind kind) {
  SourceConfig config;
  config.kind = std::move(kind);
  return config;
}

std::vector<Arrival> arrivals(const SourceConfig& config, Instant until, std::uint32_t scale_down = 1,
                              std::uint64_t seed = 1) {
  Source source(config, kOwner, seed, scale_down);
  std::vector<Arrival> all;
  while (source.peek().at < until) all.push_back(source.take());
  return all;
}

double bytes_of(const std::vector<Arrival>& all) {
  double bytes = 0;
  for (const Arrival& arrival : all) bytes += arrival.size;
  return bytes;
}

SizeLaw web() {
  return parse_size_law(
      "0 0\n10000 15\n20000 20\n30000 30\n50000 40\n80000 53\n200000 60\n1000000 70\n2000000 "
      "80\n5000000 90\n10000000 97\n30000000 100");
}

TEST(Source, ConstantIsEvenToThePicosecond) {
  const auto all = arrivals(config_of(Constant{BitRate::gigabits_per_second(7)}), seconds(0.7));
  ASSERT_EQ(all.size(), 408'333U);  // 0.7 s x 7 Gbit/s / 12,000 bit, and a third of a gap is left
  EXPECT_EQ(all[0], (Arrival{Instant::at(Duration::picoseconds(1'714'285)), 1'500}));
  EXPECT_NEAR(static_cast<double>(all[349'999].at.ps()), 0.6e12, 1);
}

TEST(Source, StartAndStopBoundIt) {
  SourceConfig config = config_of(Constant{kGigabit});
  config.start = seconds(1);
  config.stop = seconds(1.00006);
  const auto all = arrivals(config, seconds(9));
  ASSERT_EQ(all.size(), 4U);  // the fifth would be at the stop
  EXPECT_EQ(all[0].at, seconds(1.000012));
  EXPECT_EQ(all[3].at, seconds(1.000048));
}

TEST(Source, AStepChangesTheRateAtItsInstant) {
  SourceConfig config = config_of(Constant{kGigabit});
  config.profile.steps = {{Duration::microseconds(30), 2}};
  const auto all = arrivals(config, seconds(50e-6));
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[1].at, seconds(24e-6));
  EXPECT_EQ(all[2].at, seconds(33e-6));  // half a gap at 1, half at 2
  EXPECT_EQ(all[4].at, seconds(45e-6));
}

TEST(Source, PoissonGapsAreExponentialAndIndependent) {
  const auto all = arrivals(config_of(Poisson{kGigabit}), seconds(1));
  std::vector<double> gaps;
  for (std::size_t i = 1; i < all.size(); ++i)
    gaps.push_back((all[i].at - all[i - 1].at).to_seconds() / 12e-6);
  const double expected = 1 / 12e-6;
  EXPECT_GT(testing::normal_p((static_cast<double>(all.size()) - expected) / std::sqrt(expected)),
            kSignificance);
  EXPECT_GT(testing::kolmogorov_smirnov_p(gaps, [](double x) { return 1 - std::exp(-x); }), kSignificance);
  EXPECT_LT(std::abs(testing::autocorrelation(gaps, 1)), 4 / std::sqrt(expected));
}

TEST(Source, ScaledDownItSendsThatPartOfThePacketsOfTheSameSize) {
  for (const Kind& kind :
       {Kind(Poisson{kGigabit}), Kind(Flows{kGigabit, BitRate::gigabits_per_second(10), web()}),
        Kind(Incast{8, Bytes(30'000), Duration::milliseconds(2)})}) {
    const auto whole = arrivals(config_of(kind), seconds(2)),
               part = arrivals(config_of(kind), seconds(2), 10);
    const double noise = std::holds_alternative<Poisson>(kind) ? 0.04 : 0.02;
    EXPECT_NEAR(bytes_of(part) / bytes_of(whole), 0.1, 0.1 * noise) << kind.index();
    for (const Arrival& arrival : part) ASSERT_EQ(arrival.size, 1'500U);
  }
}

TEST(Source, OnOffMeetsItsMeanAndHasBothStates) {
  for (const OnOff::Law law : {OnOff::Law::kExponential, OnOff::Law::kPareto}) {
    const OnOff kind{kGigabit, Duration::milliseconds(1), Duration::milliseconds(3), law, 2.5};
    const SourceConfig config = config_of(kind);
    const auto all = arrivals(config, seconds(40));
    // 10,000 cycles of 1 ms on; the deviation of the sum is about 1 % of it.
    EXPECT_NEAR(bytes_of(all) * 8 / 40, mean_rate(config), 0.05 * mean_rate(config));
    std::size_t even = 0, pauses = 0;
    for (std::size_t i = 1; i < all.size(); ++i) {
      const Duration gap = all[i].at - all[i - 1].at;
      ASSERT_GE(gap, Duration::nanoseconds(11'999));
      gap <= Duration::microseconds(12) ? ++even : ++pauses;
    }
    EXPECT_GT(pauses, 5'000U);
    EXPECT_GT(even, 10 * pauses);
  }
}

TEST(Source, ParetoTimesHaveTheirMedian) {
  // On for ever, so that the off times are seen as gaps: at shape 1.5 the median is 2^(2/3) / 3 of the mean.
  const OnOff kind{BitRate::gigabits_per_second(100), Duration::microseconds(10), Duration::milliseconds(1),
                   OnOff::Law::kPareto, 1.5};
  const auto all = arrivals(config_of(kind), seconds(5));
  const double median = std::pow(2.0, 2.0 / 3) / 3 * 1e-3;
  std::uint64_t below = 0, pauses = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const double gap = (all[i].at - all[i - 1].at).to_seconds();
    if (gap < 0.2e-3) continue;
    ++pauses;
    if (gap < median) ++below;
  }
  ASSERT_GT(pauses, 1'000U);
  EXPECT_NEAR(static_cast<double>(below) / static_cast<double>(pauses), 0.5, 0.06);
}

TEST(Source, FlowsMeetTheirMeanRate) {
  const Flows kind{BitRate::gigabits_per_second(4), BitRate::gigabits_per_second(10), web()};
  const auto all = arrivals(config_of(kind), seconds(30));
  // Some 9,000 flows whose sizes deviate by 2.4 times their mean: 2.8 % (with Poisson's) of the sum.
  EXPECT_NEAR(bytes_of(all) * 8 / 30, 4e9, 4e9 * 0.1);
  for (std::size_t i = 1; i < all.size(); ++i) ASSERT_GE(all[i].at, all[i - 1].at);
}

// One flow of 4,000 B at a time: back to back at the peak rate, the last packet shorter.
TEST(Source, AFlowIsSentAtItsPeakRate) {
  const Flows kind{BitRate::bits_per_second(32'000), kGigabit, parse_size_law("4000 100")};
  const auto all = arrivals(config_of(kind), seconds(30));
  ASSERT_GE(all.size(), 30U);
  ASSERT_EQ(all.size() % 3, 0U);
  for (std::size_t i = 0; i < all.size(); i += 3) {
    EXPECT_EQ(all[i + 1].at - all[i].at, Duration::microseconds(12));
    EXPECT_EQ(all[i + 2].at - all[i + 1].at, Duration::microseconds(12));
    EXPECT_EQ(all[i + 2].size, 1'000U);
  }
}

TEST(Source, IncastBringsEverySendersBurstAtOnce) {
  SourceConfig config = config_of(Incast{3, Bytes(4'000), Duration::milliseconds(10)});
  config.start = seconds(0.005);
  const auto all = arrivals(config, seconds(0.02));
  ASSERT_EQ(all.size(), 18U);
  for (std::size_t i = 0; i < 18; ++i) {
    EXPECT_EQ(all[i].at, seconds(i < 9 ? 0.005 : 0.015));
    EXPECT_EQ(all[i].size, i % 3 == 2 ? 1'000U : 1'500U);
  }
  EXPECT_DOUBLE_EQ(mean_rate(config), 3 * 4'000 * 8 / 0.01);
}

TEST(Source, BulkHasNoArrivalsOfItsOwn) {
  EXPECT_EQ(Source(config_of(Bulk{4}), kOwner, 1).peek().at, Instant::never());
  EXPECT_EQ(mean_rate(config_of(Bulk{4})), 0);
}

TEST(Source, TheSameSeedGivesTheSameArrivalsAndNoOtherOne) {
  SourceConfig config = config_of(Flows{kGigabit, BitRate::gigabits_per_second(10), web()});
  config.profile = {{{Duration::milliseconds(10), 3}}, Duration::milliseconds(50), 0.5};
  const auto once = arrivals(config, seconds(0.2));
  EXPECT_EQ(once, arrivals(config, seconds(0.2)));
  EXPECT_NE(once, arrivals(config, seconds(0.2), 1, 2));
  const auto poisson = arrivals(config_of(Poisson{kGigabit}), seconds(0.01));
  EXPECT_EQ(poisson, arrivals(config_of(Poisson{kGigabit}), seconds(0.01)));
  EXPECT_NE(poisson, arrivals(config_of(Poisson{kGigabit}), seconds(0.01), 1, 2));
}

TEST(Source, ADayIsFollowed) {
  SourceConfig config = config_of(Poisson{kGigabit});
  config.profile = {{}, Duration::seconds(4), 0.5};
  const auto all = arrivals(config, seconds(4));
  const auto half = [&](double from) {
    double bytes = 0;
    for (const Arrival& a : all) bytes += a.at >= seconds(from) && a.at < seconds(from + 2) ? a.size : 0;
    return bytes * 8 / 2e9;
  };
  EXPECT_NEAR(half(0), 1 + 0.5 * 2 / 3.14159265, 0.01);  // the mean of half a sine is 2 / pi
  EXPECT_NEAR(half(2), 1 - 0.5 * 2 / 3.14159265, 0.01);
}

TEST(Expectation, IsTheSourceWithoutTheChanceOfSinglePackets) {
  SourceConfig config = config_of(OnOff{kGigabit, Duration::milliseconds(2), Duration::milliseconds(2)});
  const auto all = arrivals(config, seconds(0.1));
  auto expected = Expectation::of(config, kOwner, 1);
  ASSERT_TRUE(expected);
  double sent = 0;
  std::size_t next = 0;
  for (int ms = 1; ms <= 100; ++ms) {
    const Instant to = seconds(ms * 1e-3);
    for (; next < all.size() && all[next].at < to; ++next) sent += all[next].size;
    sent -= expected->bytes_until(to);
    ASSERT_LE(std::abs(sent), 1'500.5) << ms;  // never more than a packet apart: it is on when the source is
  }
  EXPECT_FALSE(Expectation::of(config_of(Incast{}), kOwner, 1));
}

}  // namespace
}  // namespace longhaul::traffic
