// SPDX-License-Identifier: GPL-2.0-only
//
// Active queue management against its documents: the RED curve at held depths, the moving average written
// out, CoDel's control law (RFC 8289) and PIE's equilibrium (RFC 8033).
#include <gtest/gtest.h>

#include <cmath>

#include "tests/core/course.h"
#include "tests/core/statistics.h"

namespace longhaul::testing {
namespace {

using core::DropCause;
using core::Ecn;

constexpr std::uint32_t kSize = 1'000;
constexpr Duration kService = Duration::microseconds(8);  // of 1,000 B at 1 Gbit/s

core::LinkConfig managed_by(core::Aqm aqm) {
  core::LinkConfig config;
  config.rate = BitRate::gigabits_per_second(1);
  config.framing = core::Framing::kL2;
  config.buffer = Bytes(100'000'000);
  config.queues.classes = {core::ClassConfig{}};
  config.queues.classes[0].aqm = aqm;
  return config;
}

// Share of marks when every frame that is judged finds `depth` bytes waiting besides itself.
double mark_share_at(const core::aqm::Red& red, std::uint64_t depth, std::uint64_t frames) {
  Course course(managed_by(red), 41);
  const std::uint64_t first = depth / kSize + 2;
  for (std::uint64_t i = 0; i < first; ++i) course.offer(Instant{}, kSize, {.ecn = Ecn::kCapable0});
  // One leaves at each multiple of 8 us, one comes 4 us later and finds first - 2 frames.
  for (std::uint64_t i = 1; i <= frames; ++i) {
    course.offer(Instant::at(kService * static_cast<std::int64_t>(i) + Duration::microseconds(4)), kSize,
                 {.ecn = Ecn::kCapable0});
  }
  EXPECT_EQ(course.queue_bytes(), depth + kSize);
  course.finish();
  EXPECT_TRUE(course.drops.empty());
  std::uint64_t marked = 0;
  for (const Course::Arrival& arrival : course.arrivals) {
    // At enqueue the first burst sees other depths; at dequeue the last ones do, as nobody comes behind them.
    const bool judged_at_depth =
        red.at_dequeue ? arrival.cookie >= 1 && arrival.cookie <= frames : arrival.cookie >= first;
    if (judged_at_depth && arrival.marked) ++marked;
  }
  return static_cast<double>(marked) / static_cast<double>(frames);
}

TEST(RedLaw, MarkCurveAtTenDepths) {
  for (const bool at_dequeue : {false, true}) {
    const core::aqm::Red red{.min = Bytes(100'000),
                             .max = Bytes(200'000),
                             .max_probability = 0.8,
                             .average_shift = 0,
                             .ecn = true,
                             .at_dequeue = at_dequeue};
    for (const std::uint64_t depth : {50'000u, 100'000u, 110'000u, 120'000u, 135'000u, 150'000u, 165'000u,
                                      180'000u, 195'000u, 201'000u}) {
      const double within = 0.8 * (static_cast<double>(depth) - 100'000) / 100'000;
      const double expected = depth <= 100'000 ? 0 : depth > 200'000 ? 1 : within;
      const double share = mark_share_at(red, depth, 40'000);
      if (expected == 0 || expected == 1) {
        EXPECT_EQ(share, expected) << depth;
      } else {
        EXPECT_NEAR(share, expected, 0.01) << depth << (at_dequeue ? " at dequeue" : "");
      }
    }
  }
}

TEST(RedLaw, FramesThatAreNotCapableAreDropped) {
  const core::aqm::Red red{.min = Bytes(100'000), .max = Bytes(200'000), .max_probability = 0.5};
  for (const bool ecn : {true, false}) {
    core::aqm::Red variant = red;
    variant.ecn = ecn;
    Course course(managed_by(variant), 42);
    const Headers headers{.ecn = ecn ? Ecn::kNotCapable : Ecn::kCapable1};
    // Refill at one instant to 150,000 B: every refusal is answered by the next offer at the same depth.
    std::uint64_t tries = 0, refused = 0;
    for (std::int64_t i = 0; tries < 20'000; ++i) {
      const Instant now = Instant::at(kService * i + Duration::microseconds(4));
      course.run_until(now);
      while (course.queue_bytes() < 151'000) {
        const bool at_depth = course.queue_bytes() == 150'000;
        const std::uint64_t before = course.drops.size();
        course.offer(now, kSize, headers);
        tries += at_depth ? 1 : 0;
        refused += at_depth ? course.drops.size() - before : 0;
      }
    }
    EXPECT_GT(share_p(refused, tries, 0.25), kSignificance);
    EXPECT_EQ(course.dropped(DropCause::kRed), course.drops.size());
    EXPECT_EQ(course.counters().marked[0].frames, 0u);
  }
}

TEST(RedLaw, TheAverageIsTheOneWrittenOut) {
  // With min = max a frame is marked exactly when the average is beyond it.
  constexpr unsigned kShift = 5;
  constexpr double kThreshold = 80'000;
  const core::aqm::Red red{
      .min = Bytes(80'000), .max = Bytes(80'000), .max_probability = 1, .average_shift = kShift};
  Course course(managed_by(red), 43);
  double average = 0;
  std::uint64_t clear_cases = 0, marks = 0;
  std::vector<int> expected;  // 1 marked, 0 not, -1 too near to say
  course.offer(Instant{}, kSize, {.ecn = Ecn::kCapable0});
  expected.push_back(-1);
  // Bursts that let the depth swing about the threshold, never to zero.
  std::int64_t now_us = 1;
  for (int i = 0; i < 20'000; ++i) {
    const bool rising = (i / 400) % 2 == 0;
    now_us += rising || course.queue_bytes() < 5'000 ? 7 : 9;
    course.run_until(at_us(now_us));
    const auto depth = static_cast<double>(course.queue_bytes());
    average += (depth - average) / (1u << kShift);
    expected.push_back(std::abs(average - kThreshold) < 64 || i < 50 ? -1 : average > kThreshold ? 1 : 0);
    course.offer(at_us(now_us), kSize, {.ecn = Ecn::kCapable0});
    if (i == 0) {  // and a burst at the outset, so that the swing is about the threshold
      for (int k = 0; k < 55; ++k) {
        average += (static_cast<double>(course.queue_bytes()) - average) / (1u << kShift);
        course.offer(at_us(now_us), kSize, {.ecn = Ecn::kCapable0});
        expected.push_back(-1);
      }
    }
  }
  course.finish();
  for (const Course::Arrival& arrival : course.arrivals) {
    if (expected[arrival.cookie] < 0) continue;
    ++clear_cases;
    marks += arrival.marked ? 1 : 0;
    ASSERT_EQ(arrival.marked, expected[arrival.cookie] == 1) << arrival.cookie;
  }
  EXPECT_GT(clear_cases, 18'000u);
  EXPECT_GT(marks, 4'000u);
  EXPECT_GT(clear_cases - marks, 4'000u);
}

TEST(RedLaw, TheAverageDecaysWhileTheQueueIsEmpty) {
  // From twice the threshold it takes ln(2) x 2^6 = 44 frames of 1,500 B to fall to it.
  constexpr unsigned kShift = 6;
  for (const std::int64_t idle_frames : {36, 53}) {
    const core::aqm::Red red{
        .min = Bytes(50'000), .max = Bytes(50'000), .max_probability = 1, .average_shift = kShift};
    Course course(managed_by(red), 44);
    Instant now;
    for (int i = 0; i < 102; ++i) course.offer(now, kSize, {.ecn = Ecn::kCapable0});
    for (int i = 1; i < 1'000; ++i) {  // long enough at a depth of 100,000 B
      now = Instant::at(kService * i + Duration::microseconds(4));
      course.offer(now, kSize, {.ecn = Ecn::kCapable0});
    }
    // Empty, and unjudged while it empties.
    course.finish();
    const Duration emptying = kService * 102;
    const Instant back = now + emptying + Duration::microseconds(12) * idle_frames;  // 1,500 B at 1 Gbit/s
    course.offer(back, kSize, {.ecn = Ecn::kCapable0});  // sent at once, so not judged
    const std::uint64_t probe = course.offer(back, kSize, {.ecn = Ecn::kCapable0});
    course.finish();
    EXPECT_EQ(course.arrivals.back().cookie, probe);
    EXPECT_EQ(course.arrivals.back().marked, idle_frames < 44) << idle_frames;
  }
}

TEST(CodelLaw, MarksComeAtIntervalOverRootCount) {
  const core::aqm::Codel codel{.target = Duration::microseconds(500), .interval = Duration::milliseconds(10)};
  Course course(managed_by(codel), 45);
  // 10 % too much for 200 ms; the frames say that they can be marked, and nobody listens.
  for (std::int64_t i = 0; i < 27'500; ++i) {
    course.offer(Instant::at(kService * i * 10 / 11), kSize, {.ecn = Ecn::kCapable0});
  }
  course.finish();
  std::vector<Instant> marks;
  Instant first_above = Instant::never();
  for (const Course::Arrival& arrival : course.arrivals) {
    const Instant left = arrival.due - kService;
    const Instant came = Instant::at(kService * static_cast<std::int64_t>(arrival.cookie) * 10 / 11);
    if (left - came >= codel.target) first_above = std::min(first_above, left);
    if (arrival.marked) marks.push_back(left);
  }
  ASSERT_GT(marks.size(), 60u);
  EXPECT_EQ(course.dropped(DropCause::kCodel), 0u);
  EXPECT_GE(marks[0], first_above + codel.interval) << "above the target for one interval first";
  EXPECT_LE(marks[0], first_above + codel.interval + kService);
  double planned = 0;  // RFC 8289, 5.5: each from the one before, without rounding to frames
  for (std::size_t k = 1; k < 60; ++k) {
    planned += codel.interval.to_seconds() / std::sqrt(static_cast<double>(k));
    const double late = (marks[k] - marks[0]).to_seconds() - planned;
    // Both ends wait for the next frame to leave.
    ASSERT_LE(std::abs(late), kService.to_seconds() * 1.01) << k;
  }
}

TEST(CodelLaw, DropsWhatCannotBeMarkedAtTheSamePace) {
  const core::aqm::Codel codel{.target = Duration::microseconds(500), .interval = Duration::milliseconds(10)};
  Course course(managed_by(codel), 46);
  for (std::int64_t i = 0; i < 13'750; ++i) course.offer(Instant::at(kService * i * 10 / 11), kSize);
  // The wait reaches the target at 5.5 ms, dropping begins at 15.5 ms; from there to 100 ms there is room for
  // 10 ms x (1 + 1/sqrt(2) + ... + 1/sqrt(24)) = 83.9 ms.
  EXPECT_NEAR(static_cast<double>(course.dropped(DropCause::kCodel)), 25, 2);
  course.finish();
  EXPECT_EQ(course.counters().marked[1].frames, 0u);
}

TEST(CodelLaw, LeavesAQueueBelowTheTargetAlone) {
  const core::aqm::Codel codel{.target = Duration::microseconds(500), .interval = Duration::milliseconds(10)};
  Course course(managed_by(codel), 47);
  // Bursts of 40 frames each 400 us: waits up to 312 us, 80 % load.
  for (std::int64_t i = 0; i < 500; ++i) {
    for (int k = 0; k < 40; ++k) course.offer(at_us(400 * i), kSize, {.ecn = Ecn::kCapable0});
  }
  course.finish();
  EXPECT_EQ(course.counters().marked[1].frames, 0u);
  EXPECT_TRUE(course.drops.empty());
}

struct Equilibrium {
  double drop_share;
  double delay_s;
};

// The second half of 10 s at `overload` times the rate.
Equilibrium pie_under(double overload, const core::aqm::Pie& pie) {
  core::LinkConfig config = managed_by(pie);
  config.rate = BitRate::bits_per_second(100'000'000);
  const Duration spacing = Duration::from_seconds(80e-6 / overload);
  Course course(config, 48);
  const auto frames = static_cast<std::int64_t>(10 / spacing.to_seconds());
  for (std::int64_t i = 0; i < frames; ++i) course.offer(Instant::at(spacing * i), kSize);
  course.finish();
  Equilibrium result{};
  std::uint64_t arrived = 0;
  for (const Course::Arrival& arrival : course.arrivals) {
    const auto cookie = static_cast<std::int64_t>(arrival.cookie);
    if (cookie < frames / 2) continue;
    ++arrived;
    result.delay_s += (arrival.due - Instant::at(spacing * cookie)).to_seconds() - 80e-6;
  }
  result.delay_s /= static_cast<double>(arrived);
  result.drop_share = 1 - static_cast<double>(arrived) / static_cast<double>(frames - frames / 2);
  EXPECT_EQ(course.dropped(DropCause::kPie), course.drops.size());
  return result;
}

TEST(PieLaw, HoldsTheTargetUnderUnresponsiveOverload) {
  for (const double overload : {1.1, 1.4}) {
    const core::aqm::Pie pie{};
    const Equilibrium result = pie_under(overload, pie);
    EXPECT_NEAR(result.drop_share, 1 - 1 / overload, 0.01) << overload;
    EXPECT_NEAR(result.delay_s, pie.target.to_seconds(), 0.2 * pie.target.to_seconds()) << overload;
  }
}

TEST(PieLaw, DropsNothingBelowTheRateNorInTheFirstBurst) {
  EXPECT_EQ(pie_under(0.9, {}).drop_share, 0);
  // 100 ms of twice the rate, all within the allowance of 150 ms.
  Course course(managed_by(core::aqm::Pie{}), 49);
  for (std::int64_t i = 0; i < 25'000; ++i) course.offer(at_us(4 * i), kSize);
  EXPECT_TRUE(course.drops.empty());
}

TEST(PieLaw, MarksUpToTenPercentAndDropsBeyond) {
  core::LinkConfig config = managed_by(core::aqm::Pie{});
  config.rate = BitRate::bits_per_second(100'000'000);
  Course course(config, 50);
  for (std::int64_t i = 0; i < 100'000; ++i) {  // marks relieve nothing, so 40 % too much ends in drops
    course.offer(Instant::at(Duration::nanoseconds(57'143) * i), kSize, {.ecn = Ecn::kCapable0});
  }
  course.finish();
  EXPECT_GT(course.counters().marked[2].frames, 100u);
  ASSERT_GT(course.dropped(DropCause::kPie), 100u);
  const std::uint64_t first_drop = course.drops.front().cookie;
  for (const Course::Arrival& arrival : course.arrivals) {
    if (arrival.cookie < first_drop && arrival.marked) return;
  }
  ADD_FAILURE() << "it marks before it drops";
}

}  // namespace
}  // namespace longhaul::testing
