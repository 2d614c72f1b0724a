// SPDX-License-Identifier: GPL-2.0-only
//
// A link of parallel waves: each with a share of the rate, a flow on one of them, and one lost and restored.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

#include "tests/core/course.h"

namespace longhaul::testing {
namespace {

using core::DropCause;

constexpr std::uint32_t kSize = 1'250;  // 4 us on a wave of 2.5 Gbit/s

core::LinkConfig four_waves() {
  core::LinkConfig config;
  config.rate = BitRate::gigabits_per_second(10);
  config.framing = core::Framing::kL2;
  config.buffer = Bytes(10'000'000);
  config.delay = Duration::milliseconds(1);
  config.waves.members = 4;
  return config;
}

core::Event member(Duration when, std::uint32_t index, bool up) {
  core::Event event;
  event.at = when;
  event.change.member = core::Change::Member{index, up};
  return event;
}

TEST(Waves, EachHasItsShareItsSkewAndItsFlows) {
  core::LinkConfig config = four_waves();
  config.waves.skew = {Duration{}, Duration::nanoseconds(700), Duration::nanoseconds(100),
                       Duration::microseconds(3)};
  for (const std::int64_t drift : {0, 1}) {  // a picosecond a second: nothing yet, but not a plain line
    config.line.drift_ps_per_s = drift;
    Course course(config);
    constexpr std::uint32_t kFlows = 64;  // eight frames each
    for (std::uint32_t i = 0; i < 8 * kFlows; ++i) course.offer(Instant{}, kSize, {.flow = i % kFlows});
    course.finish();
    const std::vector<Instant> due = course.due_times();
    std::array<std::int64_t, 4> carried{};
    for (std::uint32_t i = 0; i < 8 * kFlows; ++i) {
      const std::size_t wave = i % kFlows % 4;
      const Duration sending = Duration::microseconds(4) * ++carried[wave];
      ASSERT_EQ(due[i], Instant::at(config.delay + config.waves.skew[wave] + sending)) << i;
    }
  }
}

TEST(Waves, OneFlowGetsOneWave) {
  Course course(four_waves());
  for (int i = 0; i < 1'000; ++i) course.offer(Instant{}, kSize, {.flow = 6});
  course.finish();
  EXPECT_EQ(course.arrivals.back().due,
            Instant::at(Duration::milliseconds(1) + Duration::microseconds(4'000)));
}

TEST(Waves, TogetherAreNeverFasterThanTheLink) {
  // 10 Gbit/s over 3 is not a whole number: each gets the floor.
  core::LinkConfig config = four_waves();
  config.waves.members = 3;
  Course course(config);
  for (std::uint32_t i = 0; i < 3'000; ++i) course.offer(Instant{}, kSize, {.flow = i});
  course.finish();
  const Duration each = serialisation_time(Bytes(kSize), BitRate::bits_per_second(3'333'333'333));
  EXPECT_EQ(course.arrivals.back().due, Instant::at(config.delay + each * 1'000));
}

TEST(Waves, ALostMemberTakesWhatItHoldsAndItsFlowsMove) {
  const Duration down = Duration::nanoseconds(398'500), up = Duration::nanoseconds(800'500);
  core::LinkConfig config = four_waves();
  config.timeline.events = {member(down, 1, false), member(up, 1, true)};
  Course course(config);
  // Sixteen flows in turn, one frame each 1.25 us: 80 % load of each wave.
  constexpr std::uint32_t kFrames = 1'280;
  std::vector<Instant> came;
  for (std::uint32_t i = 0; i < kFrames; ++i) {
    came.push_back(Instant::at(Duration::nanoseconds(1'250) * i));
    course.offer(came.back(), kSize, {.flow = i % 16});
  }
  course.finish();

  // A model of four serialisers: flow modulo the number up, among those up in ascending order.
  std::array<Instant, 4> free_at{};
  const std::vector<Instant> due = course.due_times();
  std::uint64_t lost = 0;
  for (std::uint32_t i = 0; i < kFrames; ++i) {
    const bool short_of_one = came[i] >= Instant::at(down) && came[i] < Instant::at(up);
    constexpr std::array<std::size_t, 3> kOthers{0, 2, 3};
    const std::size_t wave = short_of_one ? kOthers[i % 16 % 3] : i % 16 % 4;
    const Instant sent = std::max(free_at[wave], came[i]) + Duration::microseconds(4);
    if (wave == 1 && came[i] < Instant::at(down) && sent > Instant::at(down)) {
      ASSERT_EQ(due[i], Instant::never()) << i;
      ++lost;
      continue;
    }
    free_at[wave] = sent;
    ASSERT_EQ(due[i], sent + config.delay) << i;
  }
  EXPECT_GT(lost, 0u);
  EXPECT_EQ(course.dropped(DropCause::kOutage), lost);
  EXPECT_EQ(course.drops.size(), lost);
}

TEST(Waves, WhatWaitsForALostMemberIsLost) {
  core::LinkConfig config = four_waves();
  config.timeline.events = {member(Duration::microseconds(42), 2, false)};
  Course course(config);
  for (std::uint32_t i = 0; i < 400; ++i) course.offer(Instant{}, kSize, {.flow = i % 4});
  course.finish();
  // Ten of wave 2's hundred were sent by 40 us; the eleventh was being sent.
  EXPECT_EQ(course.dropped(DropCause::kOutage), 90u);
  for (const Course::Drop& drop : course.drops) {
    EXPECT_EQ(drop.cookie % 4, 2u);
    EXPECT_GE(drop.cookie, 42u);
  }
  EXPECT_EQ(course.queue_bytes(), 0u);
}

TEST(Waves, AFlowKeepsItsOrderButForTheChange) {
  core::LinkConfig config = four_waves();
  config.waves.skew = {Duration{}, Duration::microseconds(50), Duration::microseconds(20),
                       Duration::microseconds(5)};
  const Duration down = Duration::milliseconds(1), up = Duration::milliseconds(2);
  config.timeline.events = {member(down, 3, false), member(up, 3, true)};
  Course course(config);
  for (std::uint32_t i = 0; i < 4'000; ++i) {
    course.offer(Instant::at(Duration::nanoseconds(1'000) * i), kSize, {.flow = i * 2'654'435'761u >> 26});
  }
  course.finish();
  auto epoch = [&](std::uint64_t cookie) {
    const Instant came = Instant::at(Duration::nanoseconds(1'000) * static_cast<std::int64_t>(cookie));
    return came < Instant::at(down) ? 0u : came < Instant::at(up) ? 1u : 2u;
  };
  std::map<std::pair<std::uint32_t, unsigned>, std::uint64_t> latest;  // of a flow between changes
  for (const Course::Arrival& arrival : course.arrivals) {
    std::uint64_t& before = latest[{arrival.flow, epoch(arrival.cookie)}];
    ASSERT_GE(arrival.cookie, before);
    before = arrival.cookie;
  }
  EXPECT_EQ(course.counters().reordered, 0u) << "on one wave nobody overtakes";
  EXPECT_GT(latest.size(), 150u);
}

TEST(Waves, EachHasLossesOfItsOwn) {
  // Every fifth frame of each wave, counted by each for itself.
  core::LinkConfig config = four_waves();
  config.loss = core::loss::EveryNth{5, 0};
  Course course(config);
  for (std::uint32_t i = 0; i < 400; ++i) course.offer(Instant{}, kSize, {.flow = i % 4});
  course.finish();
  std::vector<std::uint64_t> lost;
  for (const Course::Drop& drop : course.drops) lost.push_back(drop.cookie);
  std::sort(lost.begin(), lost.end());
  ASSERT_EQ(lost.size(), 80u);
  for (std::size_t k = 0; k < lost.size(); ++k) EXPECT_EQ(lost[k], k / 4 * 20 + k % 4);
}

}  // namespace
}  // namespace longhaul::testing
