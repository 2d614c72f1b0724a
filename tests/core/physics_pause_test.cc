// SPDX-License-Identifier: GPL-2.0-only
//
// Priority flow control over distance (IEEE 802.1Qbb): the headroom that a length of fibre needs, how long a
// pause holds, and pauses that are lost.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/core/course.h"
#include "tests/core/lossless_link.h"
#include "tests/core/statistics.h"

namespace longhaul::testing {
namespace {

using core::DropCause;

// Offers frames at the line rate for so long, and lets as long pass again.
void saturate(Course& course, const core::LinkConfig& config, Duration time) {
  const Duration spacing = frame_time(config);
  const std::int64_t frames = time.ps() / spacing.ps();
  for (std::int64_t i = 0; i < frames; ++i) course.offer(Instant::at(spacing * i), kSize);
  course.run_until(Instant::at(time * 2));
}

// The smallest headroom without a loss there.
std::uint64_t headroom_needed(core::LinkConfig config) {
  const Duration time =
      serialisation_time(Bytes(100'000), config.rate) + config.delay * 4 + frame_time(config) * 20;
  const std::uint64_t line = bytes_in(config.rate, config.delay).count();
  std::uint64_t too_small = 0, enough = 3 * line;
  config.buffer = Bytes(20'000'000);
  while (enough - too_small > 500) {
    const std::uint64_t middle = (too_small + enough) / 2;
    config.far_end.pfc.thresholds[0].headroom = Bytes(middle);
    Course course(config);
    saturate(course, config, time);
    EXPECT_EQ(course.dropped(DropCause::kHeadroomFull), course.drops.size());
    (course.drops.empty() ? enough : too_small) = middle;
  }
  EXPECT_LT(enough, 3 * line) << "never enough";
  return enough;
}

struct Fibre {
  std::uint64_t gigabits;
  std::int64_t km;
  double per_km;  // 2 R x 4.9 us, in bytes
};

TEST(Headroom, KneeIsTwiceTheDelayTimesTheRatePerKilometre) {
  for (const Fibre& f : {Fibre{10, 20, 12'250}, Fibre{100, 4, 122'500}, Fibre{400, 1, 490'000}}) {
    const core::LinkConfig near = lossless(f.gigabits, f.km), far = lossless(f.gigabits, 2 * f.km);
    const auto short_one = static_cast<double>(headroom_needed(near));
    const auto long_one = static_cast<double>(headroom_needed(far));
    const auto km = static_cast<double>(f.km);
    EXPECT_NEAR((long_one - short_one) / km / f.per_km, 1, 0.02) << f.gigabits << "G, slope";
    // And in all 2 d R, the pause frame, the frame that has just begun and the one that tipped the balance.
    EXPECT_NEAR(short_one, km * f.per_km + 64 + 1.5 * kSize, 2.0 * kSize) << f.gigabits << "G";
    EXPECT_NEAR(short_one / (km * f.per_km), 1, 0.02) << f.gigabits << "G";
  }
}

TEST(Headroom, ASlowerFarEndNeedsLessByWhatItDrains) {
  core::LinkConfig config = lossless(100, 5);
  const auto stopped = static_cast<double>(headroom_needed(config));
  config.far_end.rate = BitRate::gigabits_per_second(50);
  const auto half = static_cast<double>(headroom_needed(config));
  EXPECT_NEAR(half / stopped, 0.5, 0.02);
}

TEST(Headroom, ALosslessLinkWithRoomForBothNeitherDropsNorIdles) {
  // Half the rate at the far end: XON must come while there is 2 d of draining left, and not later.
  for (const double share : {1.05, 0.5}) {
    core::LinkConfig config = lossless(100, 10);
    config.buffer = Bytes(100'000'000);
    config.far_end.rate = BitRate::gigabits_per_second(50);
    const std::uint64_t round_trip = bytes_in(config.far_end.rate, fibre(20)).count();
    const auto xon = static_cast<std::uint64_t>(static_cast<double>(round_trip) * share);
    config.far_end.pfc.thresholds[0] = {Bytes(xon + 100'000), Bytes(xon), Bytes(2 * round_trip + 10'000)};
    Course course(config);
    const Duration spacing = frame_time(config);
    for (std::int64_t i = 0; i < 90'000; ++i) {  // twice what the far end passes on, for 7.2 ms
      course.offer(Instant::at(spacing * i), kSize);
    }
    course.run_until(Instant::at(Duration::milliseconds(8)));
    EXPECT_TRUE(course.drops.empty());
    EXPECT_GT(course.counters().pause.xon_sent, 10u);
    EXPECT_GT(course.counters().classes[0].paused, Duration::milliseconds(2));
    double bits = 0;
    for (const Course::Arrival& arrival : course.arrivals) {
      bits += arrival.due >= Instant::at(Duration::milliseconds(1)) ? kSize * 8 : 0;
    }
    const double use = bits / 7e-3 / 50e9;
    if (share > 1) {
      EXPECT_NEAR(use, 1, 0.001);
    } else {
      EXPECT_LT(use, 0.9) << "XON too late lets the far end run dry";
    }
  }
}

// Bytes that came to the far end after its first pause was in force and what was on the line had arrived.
std::uint64_t came_while_paused(core::LinkConfig config, Duration refresh) {
  config.far_end.pfc.refresh = refresh;
  Course course(config);
  const Duration spacing = frame_time(config);
  for (std::int64_t i = 0; i < 30'000; ++i) course.offer(Instant::at(spacing * i), kSize);  // 2.4 ms at 100G
  course.run_until(Instant::at(Duration::microseconds(2'400)));
  const std::uint64_t round_trip = bytes_in(config.rate, config.delay * 2).count() + 64 + 3 * kSize;
  const std::uint64_t peak = course.counters().pause.far_peak_bytes;
  EXPECT_GT(peak, 100'000u);
  EXPECT_TRUE(course.drops.empty());
  return peak < 100'000 + round_trip ? 0 : peak - 100'000 - round_trip;
}

TEST(PauseTime, RefreshMustComeBeforeTheQuantaRunOut) {
  // 65,535 x 512 bit at 100 Gbit/s = 335.5392 us; it is as far as 34 km of fibre, there and back.
  const core::LinkConfig config = lossless(100, 10);
  EXPECT_EQ(came_while_paused(config, Duration::nanoseconds(335'500)), 0u);
  EXPECT_EQ(came_while_paused(config, {}), 0u) << "at half of its time by itself";
  // 460 ns too late, five or six times in 2 ms: 5.75 kB each.
  const std::uint64_t leaked = came_while_paused(config, Duration::nanoseconds(336'000));
  EXPECT_NEAR(static_cast<double>(leaked), 6 * 5'760.0, 2 * 5'760.0 + 4'000);
  // Ten times as late leaks ten times as much.
  EXPECT_GT(came_while_paused(config, Duration::nanoseconds(340'140)), 6 * leaked);
}

TEST(PauseTime, QuantaAreOfTheLinkItPauses) {
  core::LinkConfig config = lossless(400, 3);
  EXPECT_EQ(came_while_paused(config, Duration::nanoseconds(83'880)), 0u) << "83.88 us at 400 Gbit/s";
  EXPECT_GT(came_while_paused(config, Duration::nanoseconds(84'500)), 0u);
  config = lossless(100, 10);
  config.far_end.pfc.quanta = 1'000;  // 5.12 us
  EXPECT_EQ(came_while_paused(config, Duration::nanoseconds(5'110)), 0u);
  EXPECT_GT(came_while_paused(config, Duration::nanoseconds(5'400)), 0u);
}

TEST(PauseTime, TheSenderStopsForExactlyTheQuanta) {
  core::LinkConfig config = lossless(100, 10);
  config.far_end.pfc.refresh = Duration::milliseconds(100);  // never
  config.far_end.pfc.quanta = 10'000;                        // 51.2 us
  Course course(config);
  for (std::int64_t i = 0; i < 5'000; ++i) course.offer(Instant::at(frame_time(config) * i), kSize);
  course.run_until(Instant::at(Duration::milliseconds(1)));
  // XOFF goes out when the 101st frame (the one that leaves is not counted) has arrived.
  EXPECT_EQ(course.counters().pause.xoff_sent, 1u);
  EXPECT_EQ(course.counters().classes[0].paused, Duration::nanoseconds(51'200));
}

TEST(PauseFaults, ALostPauseOverflowsTheHeadroom) {
  core::LinkConfig config = lossless(100, 10);
  config.far_end.pfc.thresholds[0].headroom = Bytes(1'300'000);
  config.far_end.pfc.lost = 1;
  Course course(config);
  saturate(course, config, Duration::milliseconds(1));
  EXPECT_GT(course.dropped(DropCause::kHeadroomFull), 1'000u);
  EXPECT_GT(course.counters().pause.xoff_sent, 0u);
  EXPECT_EQ(course.counters().pause.lost,
            course.counters().pause.xoff_sent + course.counters().pause.xon_sent);
  EXPECT_EQ(course.counters().classes[0].paused, Duration{});
}

TEST(PauseFaults, LossOfPausesHasItsProbability) {
  core::LinkConfig config = lossless(100, 1);
  config.far_end.pfc.lost = 0.3;
  config.far_end.pfc.refresh = Duration::microseconds(1);
  Course course(config);
  saturate(course, config, Duration::milliseconds(4));
  const core::PauseCounters& pause = course.counters().pause;
  EXPECT_GT(pause.xoff_sent, 7'000u);
  EXPECT_GT(share_p(pause.lost, pause.xoff_sent + pause.xon_sent, 0.3), kSignificance);
}

}  // namespace
}  // namespace longhaul::testing
