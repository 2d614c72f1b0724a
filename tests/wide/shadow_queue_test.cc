// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/wide/shadow_queue.h"

#include <gtest/gtest.h>

#include <array>

#include "topologies/load.h"
#include "topologies/wide/shadow_config.h"

namespace longhaul::wide {
namespace {

Instant seconds(double s) {
  return Instant::at(Duration::from_seconds(s));
}

TEST(WorkQueue, ServesAndTakesTheMeanOverTime) {
  WorkQueue queue;
  EXPECT_EQ(queue.work_at(seconds(1)), 0);
  queue.add(2);
  EXPECT_DOUBLE_EQ(queue.work_at(seconds(1.5)), 1.5);
  queue.add(1);  // 2.5 at 1.5 s, gone at 4 s
  EXPECT_DOUBLE_EQ(queue.take_mean(seconds(4)), ((2 + 1.5) / 2 * 0.5 + 2.5 * 2.5 / 2) / 4);
  EXPECT_EQ(queue.take_mean(seconds(5)), 0);
}

TEST(WorkQueue, AnInflowSlowsItDownOrFillsIt) {
  WorkQueue queue;
  queue.add(1);
  queue.set_inflow(0.5, 3);
  EXPECT_DOUBLE_EQ(queue.work_at(seconds(1)), 0.5);
  queue.set_inflow(2, 3);
  EXPECT_DOUBLE_EQ(queue.work_at(seconds(2)), 1.5);
  EXPECT_DOUBLE_EQ(queue.work_at(seconds(9)), 3);  // no more than the room
  queue.set_inflow(0, 3);
  EXPECT_DOUBLE_EQ(queue.work_at(seconds(11)), 1);
}

TEST(FluidQueue, WhatWaitsIsServedInProportion) {
  FluidQueue queue(2);
  std::array<double, 2> work{3, 1};
  queue.run(work, 2, 10);
  EXPECT_EQ(work, (std::array<double, 2>{1.5, 0.5}));
  work = {0, 0};
  queue.run(work, 1, 10);
  EXPECT_EQ(work, (std::array<double, 2>{0.75, 0.25}));
  work = {0, 0};
  queue.run(work, 5, 10);
  EXPECT_EQ(work, (std::array<double, 2>{0.75, 0.25}));
}

TEST(FluidQueue, WhatFindsNoRoomIsLost) {
  FluidQueue queue(1);
  std::array<double, 1> work{10};
  queue.run(work, 1, 4);
  work = {0};
  queue.run(work, 100, 4);
  EXPECT_EQ(work[0], 4);
}

TEST(SlowedDown, KeepsTimesAndLeavesOutWhatAModelHasNoUseFor) {
  const topology::Topology topology = topology::load_text(
      "name: x\nsites: { a: {}, b: {} }\nhosts: { h: { site: b } }\nlinks:\n  l:\n    between: [a, b]\n"
      "    delay: 5 ms\n    rate: 10 Gbit/s\n    buffer: 5 ms\n    jitter: 1 us\n    overhead: 32 B\n"
      "    ecn: { min: 100 kB, max: 400 kB, probability: 0.5 }\n"
      "    timeline:\n      - { at: 1 s, rate: 1 Gbit/s }\n      - { at: 2 s, delay: 7 ms }\n",
      "x.yaml");
  const core::LinkConfig& link = topology.links[0].directions[0];
  const core::LinkConfig slow = slowed_down(link, 10, Bytes(1'518));
  EXPECT_EQ(slow.rate, BitRate::gigabits_per_second(1));
  EXPECT_EQ(slow.buffer, Bytes(link.buffer.count() / 10));
  EXPECT_EQ(slow.delay, Duration());
  EXPECT_EQ(slow.overhead, Bytes(32));
  EXPECT_EQ(slow.line, core::LineConfig{});
  const auto& red = std::get<core::aqm::Red>(slow.queues.classes.at(0).aqm);
  EXPECT_EQ(red.min, Bytes(10'000));
  EXPECT_EQ(red.max, Bytes(40'000));
  ASSERT_EQ(slow.timeline.events.size(), 2U);
  EXPECT_EQ(slow.timeline.events[0].change.rate, BitRate::bits_per_second(100'000'000));
  EXPECT_EQ(slow.timeline.events[1].change, core::Change{});
  EXPECT_EQ(slowed_down(link, 1'000'000, Bytes(1'518)).buffer, Bytes(1'518));
}

}  // namespace
}  // namespace longhaul::wide
