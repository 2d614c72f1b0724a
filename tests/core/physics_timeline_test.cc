// SPDX-License-Identifier: GPL-2.0-only
//
// A link that changes: protection switch, drift, steps of rate and delay, bursts and black holes, waves. The
// expected times are worked by hand or by the one line of arithmetic that stands beside them.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/core/course.h"
#include "tests/core/statistics.h"

namespace longhaul::testing {
namespace {

using core::DropCause;

constexpr std::uint32_t kSize = 1'250;  // 10,000 bit: 1 us at 10 Gbit/s

core::LinkConfig ten_gigabit(Duration delay = {}) {
  core::LinkConfig config;
  config.rate = BitRate::gigabits_per_second(10);
  config.framing = core::Framing::kL2;
  config.buffer = Bytes(10'000'000);
  config.delay = delay;
  return config;
}

core::Event at(Duration when, const core::Change& change) {
  core::Event event;
  event.at = when;
  event.change = change;
  return event;
}

core::Change rate(std::uint64_t bps) {
  core::Change change;
  change.rate = BitRate::bits_per_second(bps);
  return change;
}

core::Change delay(Duration d, bool new_route = false) {
  core::Change change;
  change.delay = d;
  change.new_route = new_route;
  return change;
}

core::Change dark(bool is_dark) {
  core::Change change;
  change.dark = is_dark;
  return change;
}

TEST(ProtectionSwitch, LosesExactlyWhatWasSentInTheGapAndThenHasTheNewDelay) {
  const Duration begin = Duration::nanoseconds(20'000'300), end = Duration::nanoseconds(70'000'500);
  for (const std::int64_t new_delay_us : {9'000, 2'000}) {
    core::LinkConfig config = ten_gigabit(Duration::microseconds(5'000));
    core::Change restored = delay(Duration::microseconds(new_delay_us), true);
    restored.dark = false;
    config.timeline.events = {at(begin, dark(true)), at(end, restored)};
    Course course(config);
    constexpr std::int64_t kFrames = 50'000;  // one each 2 us, sent in its first half
    for (std::int64_t i = 0; i < kFrames; ++i) course.offer(at_us(2 * i), kSize);
    course.finish();
    const std::vector<Instant> due = course.due_times();
    std::uint64_t lost = 0;
    for (std::int64_t i = 0; i < kFrames; ++i) {
      const Instant first_bit = at_us(2 * i), last_bit = at_us(2 * i + 1);
      const bool any_in_the_dark = last_bit > Instant::at(begin) && first_bit < Instant::at(end);
      const auto way = Duration::microseconds(last_bit < Instant::at(end) ? 5'000 : new_delay_us);
      ASSERT_EQ(due[static_cast<std::size_t>(i)], any_in_the_dark ? Instant::never() : last_bit + way) << i;
      lost += any_in_the_dark ? 1 : 0;
    }
    // 50.0002 ms at one frame in 2 us; frame 10,000 is half sent when the light goes out, 35,000 when it
    // returns.
    EXPECT_EQ(lost, 25'001u);
    EXPECT_EQ(course.dropped(DropCause::kOutage), lost);
    EXPECT_EQ(course.drops.size(), lost);
    // A shorter way than the gap is long: nobody is overtaken. Within a route there is order in any case.
    EXPECT_TRUE(std::is_sorted(course.arrivals.begin(), course.arrivals.end(),
                               [](const auto& a, const auto& b) { return a.cookie < b.cookie; }));
  }
}

TEST(RouteChange, OnlyANewRouteMayOvertake) {
  for (const bool new_route : {true, false}) {
    core::LinkConfig config = ten_gigabit(Duration::microseconds(500));
    config.timeline.events = {
        at(Duration::nanoseconds(1'000'500), delay(Duration::microseconds(100), new_route))};
    Course course(config);
    for (std::int64_t i = 0; i < 1'000; ++i) course.offer(at_us(2 * i), kSize);
    course.finish();
    const std::vector<Instant> due = course.due_times();
    for (std::int64_t i = 0; i < 1'000; ++i) {
      const Instant sent = at_us(2 * i + 1);
      const Instant old_way = sent + Duration::microseconds(500),
                    new_way = sent + Duration::microseconds(100);
      // In one file behind the last of the old way, no faster than they can be sent.
      const Instant in_file = at_us(2 * 499 + 1 + 500 + (i - 499));
      const Instant expected = i < 500 ? old_way : new_route ? new_way : std::max(new_way, in_file);
      if (i == 500) continue;  // on the edge
      ASSERT_EQ(due[static_cast<std::size_t>(i)], expected) << i;
    }
    std::vector<std::uint64_t> old_route, fresh_route;
    for (const Course::Arrival& arrival : course.arrivals) {
      (arrival.cookie < 500 ? old_route : fresh_route).push_back(arrival.cookie);
    }
    EXPECT_TRUE(std::is_sorted(old_route.begin(), old_route.end()));
    EXPECT_TRUE(std::is_sorted(fresh_route.begin(), fresh_route.end()));
    EXPECT_EQ(course.counters().reordered > 0, new_route);
  }
}

TEST(Drift, GrowsWithTheDriversTime) {
  for (const std::int64_t per_second : {1'000, 7'000'000, -30'000}) {
    core::LinkConfig config = ten_gigabit(Duration::milliseconds(10));
    config.line.drift_ps_per_s = per_second;
    Course course(config);
    for (std::int64_t i = 0; i < 1'000; ++i)
      course.offer(Instant::at(Duration::milliseconds(100) * i), kSize);
    course.finish();
    const std::vector<Instant> due = course.due_times();
    for (std::int64_t i = 0; i < 1'000; ++i) {
      const Instant sent = Instant::at(Duration::milliseconds(100) * i) + Duration::microseconds(1);
      const double drift = static_cast<double>(per_second) * sent.since_zero().to_seconds();
      const Duration beyond = due[static_cast<std::size_t>(i)] - sent - config.delay;
      ASSERT_NEAR(static_cast<double>(beyond.ps()), drift, 1.001) << i;
    }
  }
}

// Arrival times in ps of frames offered at zero, without propagation.
std::vector<std::int64_t> sent_at(const std::vector<core::Event>& events, std::size_t frames,
                                  std::uint32_t size = kSize) {
  core::LinkConfig config = ten_gigabit();
  config.timeline.events = events;
  Course course(config);
  for (std::size_t i = 0; i < frames; ++i) course.offer(Instant{}, size);
  course.finish();
  std::vector<std::int64_t> times;
  for (const Course::Arrival& arrival : course.arrivals) times.push_back(arrival.due.ps());
  return times;
}

using Times = std::vector<std::int64_t>;

TEST(RateStep, ReTimesAHalfSentFrameToThePicosecond) {
  // A quarter sent at 10 Gbit/s; 7,500 bit left at 2.5 Gbit/s take 3 us. The next takes 4 us.
  const Duration quarter = Duration::picoseconds(250'000);
  EXPECT_EQ(sent_at({at(quarter, rate(2'500'000'000))}, 2), (Times{3'250'000, 7'250'000}));
  // And faster: 7,500 bit at 40 Gbit/s take 187.5 ns.
  EXPECT_EQ(sent_at({at(quarter, rate(40'000'000'000))}, 2), (Times{437'500, 687'500}));
  // Standing still for 5 us.
  EXPECT_EQ(sent_at({at(quarter, rate(0)), at(Duration::picoseconds(5'250'000), rate(10'000'000'000))}, 2),
            (Times{6'000'000, 7'000'000}));
  // Three steps within one frame: 2,500 bit, 1,000 ns x 2 bit/ns, 500 ns x 4 bit/ns, the other 3,500 at 1.
  EXPECT_EQ(
      sent_at({at(quarter, rate(2'000'000'000)), at(Duration::picoseconds(1'250'000), rate(4'000'000'000)),
               at(Duration::picoseconds(1'750'000), rate(1'000'000'000))},
              1),
      (Times{5'250'000}));
  // A change to the same rate changes nothing, nor does one when nothing is being sent.
  EXPECT_EQ(sent_at({at(quarter, rate(10'000'000'000))}, 2), (Times{1'000'000, 2'000'000}));
  EXPECT_EQ(sent_at({at(Duration::microseconds(3), rate(1))}, 2), (Times{1'000'000, 2'000'000}));
}

TEST(RateStep, RoundsAgainstTheFrameByNoMoreThanAPicosecondAStep) {
  // 10,000 bit; 1 ps at 10 Gbit/s is 1/100 bit. After 333,333 ps 6,666.67 bit are left, which at 3 Gbit/s
  // take 2,222,223.33 ps.
  const Times times = sent_at({at(Duration::picoseconds(333'333), rate(3'000'000'000))}, 1);
  ASSERT_EQ(times.size(), 1u);
  EXPECT_GE(times[0], 333'333 + 2'222'223);
  EXPECT_LE(times[0], 333'333 + 2'222'225);
  // A thousand steps there and back within a frame of 9,000 B: 72,000 bit, of which a step of 10 ns carries
  // 100 or 50 bit: 960 steps, 9.6 us, and at most a picosecond more for each.
  std::vector<core::Event> events;
  for (std::int64_t i = 1; i < 1'000; ++i) {
    events.push_back(at(Duration::nanoseconds(10) * i, rate(i % 2 != 0 ? 5'000'000'000 : 10'000'000'000)));
  }
  const Times many = sent_at(events, 1, 9'000);
  ASSERT_EQ(many.size(), 1u);
  EXPECT_GE(many[0], 9'600'000);
  EXPECT_LE(many[0], 9'600'000 + 1'000);
}

TEST(RateStep, LosesNothingThatIsHeld) {
  core::LinkConfig config = ten_gigabit(Duration::milliseconds(5));
  for (std::int64_t i = 0; i < 200; ++i) {
    config.timeline.events.push_back(
        at(Duration::microseconds(97) * i, rate(i % 2 != 0 ? 9'000'000'000 : 11'000'000'000)));
    config.timeline.events.push_back(
        at(Duration::microseconds(101) * i, delay(Duration::microseconds(5'000 + i % 7))));
  }
  Course course(config);
  for (std::int64_t i = 0; i < 10'000; ++i) course.offer(at_us(2 * i), kSize);
  course.finish();
  EXPECT_EQ(course.arrivals.size(), 10'000u);
  EXPECT_EQ(course.counters().held, core::Tally{});
}

TEST(Timeline, RepeatsFromTheFirstFrameOn) {
  core::Event burst = at(Duration::nanoseconds(99'500), {});
  burst.change.burst = 3;
  burst.period = Duration::milliseconds(1);
  burst.times = 5;
  burst.origin = core::Origin::kFirstFrame;
  core::LinkConfig config = ten_gigabit();
  config.timeline.events = {burst};
  Course course(config);
  for (std::int64_t i = 0; i < 5'000; ++i)
    course.offer(Instant::at(Duration::seconds(7)) + Duration::microseconds(2 * i), kSize);
  course.finish();
  std::vector<std::uint64_t> lost, expected;
  for (const Course::Drop& drop : course.drops) {
    EXPECT_EQ(drop.cause, DropCause::kBurst);
    lost.push_back(drop.cookie);
  }
  // At 99.5 us + k ms frame 49 + 500 k has been sent.
  for (std::uint64_t k = 0; k < 5; ++k) {
    for (std::uint64_t i = 0; i < 3; ++i) expected.push_back(50 + 500 * k + i);
  }
  EXPECT_EQ(lost, expected);
}

TEST(Timeline, ABlackHoleSwallowsAtTheEndOfSending) {
  core::Change on, off;
  on.blackhole = true;
  off.blackhole = false;
  core::LinkConfig config = ten_gigabit(Duration::milliseconds(1));
  config.timeline.events = {at(Duration::nanoseconds(100'500), on), at(Duration::nanoseconds(200'500), off)};
  Course course(config);
  for (std::int64_t i = 0; i < 200; ++i) course.offer(at_us(2 * i), kSize);
  course.finish();
  // Frames end at odd microseconds: those from 101 to 199 us are gone, on the line before is safe.
  EXPECT_EQ(course.dropped(DropCause::kBlackhole), 50u);
  EXPECT_EQ(course.drops.front().cookie, 50u);
  EXPECT_EQ(course.arrivals.size(), 150u);
}

TEST(Timeline, BrownOutHasItsShare) {
  core::Change bad, good;
  bad.loss = 0.25;
  good.loss = 0.0;
  core::LinkConfig config = ten_gigabit();
  config.timeline.events = {at(Duration::milliseconds(10), bad), at(Duration::milliseconds(50), good)};
  Course course(config, 71);
  for (std::int64_t i = 0; i < 40'000; ++i) course.offer(at_us(2 * i), kSize);
  course.finish();
  for (const Course::Drop& drop : course.drops) ASSERT_TRUE(drop.cookie >= 4'999 && drop.cookie <= 25'000);
  EXPECT_GT(share_p(course.dropped(DropCause::kLineLoss), 20'000, 0.25), kSignificance);
}

}  // namespace
}  // namespace longhaul::testing
