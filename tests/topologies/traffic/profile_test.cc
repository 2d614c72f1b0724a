// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/traffic/profile.h"

#include <gtest/gtest.h>

#include "topologies/traffic/pace.h"

namespace longhaul::traffic {
namespace {

constexpr Instant seconds(double s) {
  return Instant::at(Duration::from_seconds(s));
}

Profile steps() {
  return {{{Duration::seconds(1), 2}, {Duration::seconds(3), 0.5}}, {}, 0};
}

Pace pace_of(const SourceConfig& config) {
  return {config, core::RandomStream(7, {}, core::Effect::kTraffic, 1)};
}

TEST(Profile, StepsHoldUntilTheNextOne) {
  EXPECT_EQ(level_at(steps(), seconds(0)).scale, 1);
  EXPECT_EQ(level_at(steps(), seconds(0)).until, seconds(1));
  EXPECT_EQ(level_at(steps(), seconds(1)).scale, 2);
  EXPECT_EQ(level_at(steps(), seconds(2.5)).until, seconds(3));
  EXPECT_EQ(level_at(steps(), seconds(9)).scale, 0.5);
  EXPECT_EQ(level_at(steps(), seconds(9)).until, Instant::never());
  EXPECT_EQ(peak_of(steps()), 2);
  EXPECT_EQ(peak_of({}), 1);
}

TEST(Profile, ADayIsASineInPiecesWithoutGaps) {
  const Profile day{{}, Duration::picoseconds(1'000'000'007), 0.8};  // a prime: no piece is even
  Instant at = Instant::at(day.period * 3);
  double mean = 0;
  int pieces = 0;
  while (at < Instant::at(day.period * 4)) {
    const Level level = level_at(day, at);
    ASSERT_GT(level.until, at);
    EXPECT_EQ(level_at(day, level.until - Duration::picoseconds(1)).scale, level.scale);
    mean += level.scale * static_cast<double>((level.until - at).ps());
    at = level.until;
    ++pieces;
  }
  EXPECT_EQ(at, Instant::at(day.period * 4));
  EXPECT_EQ(pieces, kSinePieces);
  EXPECT_NEAR(mean / static_cast<double>(day.period.ps()), 1, 1e-6);
  EXPECT_NEAR(level_at(day, Instant::at(day.period / 4)).scale, 1.8, 1e-3);
  EXPECT_NEAR(level_at(day, Instant::at(day.period * 3 / 4)).scale, 0.2, 1e-3);
  EXPECT_EQ(peak_of(day), 1.8);
}

// 1 s of work at a factor of 1, then 2, then 0.5: 1 + 4 work seconds pass until 3 s, the sixth by 5 s.
TEST(Pace, MeetsAChangeWithinAGap) {
  SourceConfig config;
  config.profile = steps();
  Pace pace = pace_of(config);
  EXPECT_EQ(pace.advance(0.5e12), seconds(0.5));
  EXPECT_EQ(pace.advance(1.5e12), seconds(1.5));
  EXPECT_EQ(pace.advance(4e12), seconds(5));
  Pace other = pace_of(config);
  EXPECT_EQ(other.work_until(seconds(0.5)), 0.5e12);
  EXPECT_EQ(other.work_until(seconds(5)), 5.5e12);
}

TEST(Pace, CarriesWhatIsBelowAPicosecond) {
  Pace pace = pace_of({});
  Instant at;
  for (int i = 0; i < 30'000; ++i) at = pace.advance(1'000.0 / 3);
  EXPECT_LE(std::abs((at - seconds(1e-5)).ps()), 1);
}

TEST(Pace, NothingIsAtOrAfterTheStop) {
  SourceConfig config;
  config.start = seconds(2);
  config.stop = seconds(3);
  Pace pace = pace_of(config);
  EXPECT_EQ(pace.advance(0.999e12), seconds(2.999));
  EXPECT_EQ(pace.advance(0.001e12), Instant::never());
  EXPECT_EQ(pace.advance(0), Instant::never());
  EXPECT_EQ(pace_of(config).work_until(seconds(10)), 1e12);
}

TEST(Pace, StandsStillAtZeroAndGoesOnAfterwards) {
  SourceConfig config;
  config.profile.steps = {{Duration::seconds(1), 0}, {Duration::seconds(4), 1}};
  EXPECT_EQ(pace_of(config).advance(1.5e12), seconds(4.5));
  config.profile.steps.pop_back();
  EXPECT_EQ(pace_of(config).advance(1.5e12), Instant::never());
}

}  // namespace
}  // namespace longhaul::traffic
