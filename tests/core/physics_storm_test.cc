// SPDX-License-Identifier: GPL-2.0-only
//
// Pauses out of the ordinary: storms of them, the watchdog against storms, a neighbour that pauses the far
// end, and classes that no pause protects.
#include <gtest/gtest.h>

#include "tests/core/course.h"
#include "tests/core/lossless_link.h"

namespace longhaul::testing {
namespace {

using core::DropCause;

core::LinkConfig stormy(core::Watchdog watchdog) {
  core::LinkConfig config = lossless(10, 10);
  config.far_end.rate = BitRate::gigabits_per_second(10);
  config.far_end.pfc.refresh = Duration::microseconds(1'500);
  config.far_end.pfc.watchdog = watchdog;
  core::Event begin, end;
  begin.at = Duration::milliseconds(1);
  begin.change.storm = 1;
  end.at = Duration::milliseconds(11);
  end.change.storm = 0;
  config.timeline.events = {begin, end};
  return config;
}

std::uint64_t arrived_between(const Course& course, Duration from, Duration to) {
  std::uint64_t frames = 0;
  for (const Course::Arrival& arrival : course.arrivals) {
    frames += arrival.due >= Instant::at(from) && arrival.due < Instant::at(to) ? 1 : 0;
  }
  return frames;
}

void offer_for(Course& course, Duration time) {  // half the rate
  for (std::int64_t i = 0; i * 1'600 < time.ns(); ++i)
    course.offer(Instant::at(Duration::nanoseconds(1'600) * i), kSize);
}

TEST(PauseStorm, StopsTheSenderHoweverEmptyTheFarEndIs) {
  const core::LinkConfig config = stormy({});
  Course course(config);
  offer_for(course, Duration::milliseconds(20));
  // In force a pause delay later, seen a propagation delay after that; over the same way it ends.
  const Duration seen = config.far_end.pfc.pause_delay + config.delay + Duration::microseconds(3);
  EXPECT_EQ(arrived_between(course, Duration::milliseconds(1) + seen, Duration::milliseconds(11)), 0u);
  EXPECT_GT(arrived_between(course, Duration::milliseconds(11) + seen, Duration::milliseconds(12)), 1'000u);
  course.finish();
  EXPECT_EQ(course.arrivals.size(), course.offered()) << "nothing is lost, it only waited";
  EXPECT_EQ(course.counters().classes[0].paused, Duration::milliseconds(10));
}

TEST(PauseStorm, TheWatchdogDropsWhatWaits) {
  Course course(stormy({Duration::milliseconds(2), Duration::milliseconds(2), core::WatchdogAction::kDrop}));
  offer_for(course, Duration::milliseconds(20));
  course.finish();
  EXPECT_EQ(course.counters().pause.storms, 1u);
  EXPECT_EQ(course.dropped(DropCause::kWatchdog), course.drops.size());
  // XOFF takes effect at 1.049 ms and, for the last time, at 10.049 ms; 2 ms later all is as before. What
  // came in between is dropped, 625 frames each millisecond.
  EXPECT_NEAR(static_cast<double>(course.drops.size()), 11 * 625, 2);
  EXPECT_EQ(course.drops.size() + course.arrivals.size(), course.offered());
  EXPECT_GT(arrived_between(course, Duration::milliseconds(13), Duration::milliseconds(20)), 4'000u);
}

TEST(PauseStorm, OrTheWatchdogForwards) {
  Course course(
      stormy({Duration::milliseconds(2), Duration::milliseconds(2), core::WatchdogAction::kForward}));
  offer_for(course, Duration::milliseconds(20));
  EXPECT_EQ(arrived_between(course, Duration::microseconds(1'200), Duration::milliseconds(3)), 0u);
  EXPECT_NEAR(
      static_cast<double>(arrived_between(course, Duration::milliseconds(6), Duration::milliseconds(11))),
      5 * 625, 10);
  course.finish();
  EXPECT_TRUE(course.drops.empty());
  EXPECT_EQ(course.counters().pause.storms, 1u);
}

TEST(PauseStorm, TheWatchdogSleepsThroughShorterPauses) {
  Course course(stormy({Duration::milliseconds(15), Duration::milliseconds(1), core::WatchdogAction::kDrop}));
  offer_for(course, Duration::milliseconds(20));
  course.finish();
  EXPECT_EQ(course.counters().pause.storms, 0u);
  EXPECT_TRUE(course.drops.empty());
}

TEST(FarEnd, OtherClassesAreDroppedThereAndNotPaused) {
  core::LinkConfig config = lossless(10, 1);
  config.queues.classes.assign(2, {});
  config.queues.key = core::ClassKey::kPcp;
  config.queues.class_of_pcp[1] = 1;
  config.far_end.rate = BitRate::gigabits_per_second(5);
  config.far_end.buffer = Bytes(100'000);
  config.far_end.pfc.classes = 2;  // only class 1 is lossless
  Course course(config);
  for (std::int64_t i = 0; i < 10'000; ++i)
    course.offer(Instant::at(Duration::nanoseconds(800) * i), kSize, {.pcp = 0});
  course.finish();
  EXPECT_EQ(course.dropped(DropCause::kFarQueueFull), course.drops.size());
  EXPECT_NEAR(static_cast<double>(course.drops.size()), 5'000 - 100, 10);
  EXPECT_EQ(course.counters().pause.xoff_sent, 0u);
}

TEST(FarEnd, ItsNeighboursPauseIsHonouredAndPassedOnWhenItFillsUp) {
  // 20,000 quanta of 512 bit at 10 Gbit/s are 1.024 ms; the far end's 100 kB hold 80 us of the line.
  core::LinkConfig config = lossless(10, 1);
  config.far_end.rate = BitRate::gigabits_per_second(10);
  Course course(config);
  const Instant paused = Instant::at(Duration::nanoseconds(1'000'500));
  for (std::int64_t i = 0; i < 5'000; ++i) {
    const Instant now = Instant::at(Duration::nanoseconds(800) * i);
    if (i == 1'251) course.pause_far_end(20'000, paused);
    course.offer(now, kSize);
  }
  course.finish();
  EXPECT_EQ(course.arrivals.size(), 5'000u);
  const Duration quanta = Duration::microseconds(1'024);
  // The frame that was leaving leaves; the next one begins when the pause has run out.
  EXPECT_EQ(arrived_between(course, paused.since_zero() + Duration::nanoseconds(800),
                            (paused + quanta).since_zero()),
            0u);
  EXPECT_EQ(arrived_between(course, (paused + quanta).since_zero(),
                            (paused + quanta).since_zero() + Duration::nanoseconds(801)),
            1u);
  EXPECT_EQ(course.counters().pause.xon_sent, 1u);
  // The sender stands still from when the far end is full until half of that has left again.
  EXPECT_NEAR(course.counters().classes[0].paused.to_seconds(), 1.024e-3 - 80e-6 + 40e-6, 12e-6);
}

}  // namespace
}  // namespace longhaul::testing
