// SPDX-License-Identifier: GPL-2.0-only
//
// What stands in a buffer, and who is served from it: incast, time limits, two tiers, dynamic thresholds and
// the schedulers, against closed forms.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "tests/core/course.h"

namespace longhaul::testing {
namespace {

using core::DropCause;

constexpr std::uint32_t kSize = 1'000;

core::LinkConfig buffered(std::uint64_t gigabits, std::uint64_t buffer) {
  core::LinkConfig config;
  config.rate = BitRate::gigabits_per_second(gigabits);
  config.framing = core::Framing::kL2;
  config.buffer = Bytes(buffer);
  return config;
}

// So many equal classes, by PCP.
core::LinkConfig with_classes(core::LinkConfig config, std::size_t count, const core::ClassConfig& each) {
  config.queues.classes.assign(count, each);
  config.queues.key = core::ClassKey::kPcp;
  for (std::size_t pcp = 0; pcp < 8; ++pcp) {
    config.queues.class_of_pcp[pcp] = static_cast<std::uint8_t>(std::min(pcp, count - 1));
  }
  return config;
}

TEST(Incast, PeakIsAllBurstsButOne) {
  // N senders on ports as fast as the link, each with a burst of 64 kB at the same moment.
  constexpr std::uint64_t kBurst = 64;  // frames
  for (const std::uint64_t senders : {2u, 8u, 32u}) {
    Course course(buffered(10, 10'000'000));
    const Duration frame_time = Duration::nanoseconds(800);
    for (std::uint64_t i = 0; i < kBurst; ++i) {
      for (std::uint64_t s = 0; s < senders; ++s) {
        course.offer(Instant::at(frame_time * static_cast<std::int64_t>(i)), kSize);
      }
    }
    const double expected = static_cast<double>((senders - 1) * kBurst * kSize);
    EXPECT_NEAR(static_cast<double>(course.counters().queue_peak_bytes), expected, kSize) << senders;
    course.finish();
    EXPECT_TRUE(course.drops.empty());
  }
}

TEST(TimeLimit, OfFiveMillisecondsIsThatShareOfTheRateDelayProduct) {
  core::LinkConfig config = buffered(1, 100'000'000);
  config.queues.classes[0].limit_time = Duration::milliseconds(5);
  Course course(config);
  for (std::int64_t i = 0; i < 10'000; ++i) course.offer(at_us(4 * i), kSize);  // twice the rate
  const double pipe = static_cast<double>(bytes_in(config.rate, Duration::microseconds(13'200)).count());
  EXPECT_NEAR(static_cast<double>(course.counters().queue_peak_bytes) / pipe, 0.38, 0.002);
  EXPECT_LE(course.counters().queue_peak_bytes, 625'000u);
  course.finish();
  EXPECT_EQ(course.dropped(DropCause::kQueueFull), course.drops.size());
  const std::vector<Instant> due = course.due_times();
  for (std::size_t i = 0; i < due.size(); ++i) {
    if (due[i] == Instant::never()) continue;
    const Duration waited = due[i] - at_us(4 * static_cast<std::int64_t>(i)) - Duration::microseconds(8);
    ASSERT_LE(waited, Duration::microseconds(5'008)) << "the full limit and the frame being sent";
  }
}

TEST(TimeCap, NothingThatWaitedLongerIsSentAndTheLineStaysBusy) {
  core::LinkConfig config = buffered(1, 100'000'000);
  config.queues.classes[0].time_cap = Duration::milliseconds(5);
  Course course(config);
  constexpr std::int64_t kFrames = 50'000;
  for (std::int64_t i = 0; i < kFrames; ++i) course.offer(at_us(4 * i), kSize);
  course.finish();
  EXPECT_EQ(course.dropped(DropCause::kTimeCap), course.drops.size());
  Duration longest;
  Instant before;
  for (const Course::Arrival& arrival : course.arrivals) {
    const Duration waited =
        arrival.due - Duration::microseconds(8) - at_us(4 * static_cast<std::int64_t>(arrival.cookie));
    longest = std::max(longest, waited);
    if (before != Instant{}) {
      ASSERT_EQ(arrival.due - before, Duration::microseconds(8));
    }
    before = arrival.due;
  }
  EXPECT_LE(longest, Duration::milliseconds(5));
  EXPECT_GT(longest, Duration::microseconds(4'980));
  // 200 ms of offers and 5 ms of emptying at most: half arrives.
  EXPECT_NEAR(static_cast<double>(course.arrivals.size()) / kFrames, 0.5, 0.015);
}

TEST(TwoTier, SustainsTheOuterBandwidthOnceItSpilled) {
  core::LinkConfig config = buffered(10, 200'000'000);
  config.queues.tiers = {
      .on_chip = Bytes(1'000'000), .bandwidth = BitRate::gigabits_per_second(4), .staging = {}};
  Course course(config);
  constexpr std::int64_t kFrames = 150'000;  // 100 ms at 12 Gbit/s
  for (std::int64_t i = 0; i < kFrames; ++i) {
    course.offer(Instant::at(Duration::nanoseconds(2'000) * i / 3), kSize);
  }
  // The excess of 2 Gbit/s fills three quarters of 1 MB in 3 ms; from then on what is sent was read back.
  auto arrived_between = [&](std::int64_t from_ms, std::int64_t to_ms) {
    double bits = 0;
    for (const Course::Arrival& arrival : course.arrivals) {
      const bool within = arrival.due >= Instant::at(Duration::milliseconds(from_ms)) &&
                          arrival.due < Instant::at(Duration::milliseconds(to_ms));
      bits += within ? kSize * 8.0 : 0;
    }
    return bits / static_cast<double>(to_ms - from_ms) * 1e-6;  // Gbit/s
  };
  EXPECT_NEAR(arrived_between(0, 2), 10, 0.01);
  EXPECT_NEAR(arrived_between(20, 100), 4, 0.04);
  EXPECT_GT(course.dropped(DropCause::kOnChipFull), 0u);
  // Twelve come in, four can be written: eight in twelve are lost.
  EXPECT_NEAR(static_cast<double>(course.dropped(DropCause::kOnChipFull)) / (kFrames * 0.97), 8.0 / 12, 0.02);
  course.finish();
  EXPECT_EQ(course.counters().held, core::Tally{});
}

TEST(TwoTier, IsNotNoticedByTrafficThatFitsOnTheChip) {
  core::LinkConfig config = buffered(10, 200'000'000);
  config.queues.tiers = {
      .on_chip = Bytes(1'000'000), .bandwidth = BitRate::gigabits_per_second(1), .staging = {}};
  core::LinkConfig plain = buffered(10, 200'000'000);
  Course two(config), one(plain);
  for (std::int64_t burst = 0; burst < 20; ++burst) {
    for (int i = 0; i < 700; ++i) {  // 700 of 750 kB at a time, 80 % load
      two.offer(at_us(700 * burst), kSize);
      one.offer(at_us(700 * burst), kSize);
    }
  }
  two.finish();
  one.finish();
  EXPECT_EQ(two.due_times(), one.due_times());
}

TEST(DynamicThreshold, EachSaturatedClassHoldsAlphaOfWhatIsFree) {
  constexpr double kBuffer = 4'000'000;
  for (const double alpha : {0.5, 1.0, 8.0}) {
    for (const std::size_t classes : {1u, 2u, 4u, 8u}) {
      core::ClassConfig each;
      each.alpha = alpha;
      Course course(with_classes(buffered(10, 4'000'000), classes, each));
      for (std::int64_t i = 0; i < 12'000; ++i) {
        for (std::size_t c = 0; c < classes; ++c) {  // each class alone at 2.5 times the rate
          course.offer(Instant::at(Duration::nanoseconds(320) * i), kSize,
                       {.pcp = static_cast<std::uint8_t>(c)});
        }
      }
      const auto n = static_cast<double>(classes);
      const double expected = alpha * kBuffer / (1 + n * alpha);
      for (std::size_t c = 0; c < classes; ++c) {
        EXPECT_NEAR(static_cast<double>(course.counters().classes[c].queue_bytes), expected,
                    (1 + alpha) * kSize * 2)
            << "alpha " << alpha << ", " << classes << " classes";
      }
      EXPECT_EQ(course.dropped(DropCause::kPoolThreshold), course.drops.size());
    }
  }
}

TEST(DynamicThreshold, ReservedPartsAreNotShared) {
  core::ClassConfig each;
  each.alpha = 1;
  each.reserved = Bytes(500'000);
  Course course(with_classes(buffered(10, 4'000'000), 4, each));
  for (std::int64_t i = 0; i < 12'000; ++i) {
    for (std::uint8_t c = 0; c < 3; ++c) {
      course.offer(Instant::at(Duration::nanoseconds(320) * i), kSize, {.pcp = c});
    }
  }
  // 2 MB are shared; three classes with alpha 1 hold a quarter each, and the last quarter stays free.
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(static_cast<double>(course.counters().classes[c].queue_bytes), 1'000'000, 4 * kSize);
  }
  // The fourth class finds its reserved part untouched.
  const Instant now = Instant::at(Duration::nanoseconds(320) * 12'000);
  for (int i = 0; i < 500; ++i) course.offer(now, kSize, {.pcp = 3});
  EXPECT_EQ(course.counters().classes[3].dropped.frames, 0u);
}

TEST(DeficitRoundRobin, SharesByWeightToWithinAQuantum) {
  const std::array<std::uint32_t, 3> weights{1, 2, 5}, sizes{1'500, 9'000, 300};
  core::LinkConfig config = with_classes(buffered(10, 100'000'000), 3, {});
  for (std::size_t c = 0; c < 3; ++c) config.queues.classes[c].weight = weights[c];
  Course course(config);
  for (std::size_t c = 0; c < 3; ++c) {  // 10 MB for each weight
    for (std::uint32_t i = 0; i < weights[c] * 10'000'000 / sizes[c]; ++i) {
      course.offer(Instant{}, sizes[c],
                   {.flow = static_cast<std::uint32_t>(c), .pcp = static_cast<std::uint8_t>(c)});
    }
  }
  course.finish();
  // At any moment while all are backlogged, what each got over its weight differs by less than a quantum (of
  // at most a largest frame) and the frame that did not fit (Shreedhar and Varghese, lemma 2).
  std::array<double, 3> got{};
  std::size_t checked = 0;
  for (const Course::Arrival& arrival : course.arrivals) {
    got[arrival.flow] += arrival.size;
    const std::array<double, 3> shares{got[0] / 1, got[1] / 2, got[2] / 5};
    const auto [least, most] = std::minmax_element(shares.begin(), shares.end());
    if (*most > 9'900'000) break;
    ASSERT_LE(*most - *least, 2.0 * static_cast<double>(kLargestFrame.count())) << checked;
    ++checked;
  }
  EXPECT_GT(checked, 100'000u);
}

TEST(DeficitRoundRobin, WhatAnIdleClassLeavesGoesToTheOthers) {
  Course course(with_classes(buffered(10, 100'000'000), 3, {}));
  for (int i = 0; i < 5'000; ++i) {
    course.offer(Instant{}, kSize, {.flow = 0, .pcp = 0});
    course.offer(Instant{}, kSize, {.flow = 1, .pcp = 1});
  }
  course.finish();
  EXPECT_EQ(course.arrivals.back().due, Instant::at(Duration::nanoseconds(800) * 10'000)) << "no gap";
  std::int64_t balance = 0;
  for (const Course::Arrival& arrival : course.arrivals) {
    balance += arrival.flow == 0 ? 1 : -1;
    ASSERT_LE(std::abs(balance), 20);
  }
}

TEST(StrictPriority, NeverWaitsForMoreThanOneFrame) {
  core::LinkConfig config = with_classes(buffered(10, 100'000'000), 3, {});
  config.queues.classes[1].strict = config.queues.classes[2].strict = true;
  Course course(config);
  constexpr std::uint32_t kJumbo = 9'000;
  const Duration jumbo_time = Duration::nanoseconds(7'200), own_time = Duration::nanoseconds(51'200) / 1'000;
  std::mt19937_64 random(5);
  std::vector<Instant> came;
  std::uint64_t urgent = 0;
  Instant now;
  for (int i = 0; i < 4'000; ++i) {
    now = now + Duration::nanoseconds(static_cast<std::int64_t>(random() % 7'000));
    const std::uint8_t pcp = i % 40 == 7 ? 2 : i % 3 == 0 ? 1 : 0;  // saturated by the lower two
    urgent += pcp == 2 ? 1 : 0;
    came.push_back(now);
    course.offer(now, pcp == 2 ? 64 : kJumbo, {.flow = pcp, .pcp = pcp});
  }
  course.finish();
  std::uint64_t seen = 0, waited_for_one = 0;
  for (const Course::Arrival& arrival : course.arrivals) {
    if (arrival.flow != 2) continue;
    const Duration waited = arrival.due - came[arrival.cookie] - own_time;
    ASSERT_LE(waited, jumbo_time);
    waited_for_one += waited > Duration{} ? 1 : 0;
    ++seen;
  }
  EXPECT_EQ(seen, urgent);
  EXPECT_GT(waited_for_one, urgent / 2) << "the line was busy indeed";
}

TEST(StrictPriority, TheHighestNumberGoesFirst) {
  core::LinkConfig config = with_classes(buffered(10, 1'000'000), 4, {});
  config.queues.classes[1].strict = config.queues.classes[3].strict = true;
  Course course(config);
  constexpr std::array<std::uint8_t, 7> kOffers{0, 0, 2, 1, 3, 1, 3};
  for (const std::uint8_t pcp : kOffers) course.offer(Instant{}, kSize, {.flow = pcp, .pcp = pcp});
  course.finish();
  std::vector<std::uint32_t> order;
  for (const Course::Arrival& arrival : course.arrivals) order.push_back(arrival.flow);
  order.resize(5);
  EXPECT_EQ(order, (std::vector<std::uint32_t>{0, 3, 3, 1, 1})) << "the first found the line idle";
}

}  // namespace
}  // namespace longhaul::testing
