// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/path_floor.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "topologies/load.h"

namespace longhaul::scenario {
namespace {

constexpr Duration us(std::int64_t count) {
  return Duration::microseconds(count);
}

core::LinkConfig link(Duration delay) {
  core::LinkConfig config;
  config.delay = delay;
  return config;
}

TEST(PathFloor, OfAPlainLinkItIsItsDelay) {
  EXPECT_EQ(least_delay(link(us(6'630))), us(6'630));
}

TEST(PathFloor, TheTimelineMayShortenIt) {
  core::LinkConfig config = link(us(6'630));
  core::Event event;
  event.change.delay = us(5'000);
  config.timeline.events = {event, {}};
  EXPECT_EQ(least_delay(config), us(5'000));
  config.timeline.trace.rows.push_back({us(1), {}});
  config.timeline.trace.rows.back().change.delay = us(4'000);
  EXPECT_EQ(least_delay(config), us(4'000));
  event.change.delay = us(9'000);
  config.timeline.events = {event};
  EXPECT_EQ(least_delay(config), us(4'000));
}

TEST(PathFloor, ChanceMayShortenItButNotBelowZero) {
  core::LinkConfig config = link(us(100));
  config.line.jitter.scale = us(30);  // uniform: +-30 us
  EXPECT_EQ(least_delay(config), us(70));
  config.waves.skew = {us(8), us(5)};
  EXPECT_EQ(least_delay(config), us(75));
  config.line.drift_ps_per_s = 7;
  EXPECT_EQ(least_delay(config), us(75));
  config.line.drift_ps_per_s = -7;
  EXPECT_EQ(least_delay(config), Duration());
  config.delay = us(5'000);
  EXPECT_EQ(least_delay(config), us(3'975));
}

TEST(PathFloor, ReorderingAsNetemsLeavesNoDelay) {
  core::LinkConfig config = link(us(100));
  config.line.reorder.probability = 0.01;
  EXPECT_EQ(least_delay(config), Duration());
  config.line.reorder.hold = us(1);
  EXPECT_EQ(least_delay(config), us(100));
}

// a - b - d costs as much as a - c - d, and is the first of them; a - d costs more.
TEST(PathFloor, IsThatOfTheFastestWayOfLeastCost) {
  const topology::Topology topology = topology::load_text(
      "name: t\nsites: { a: {}, b: {}, c: {}, d: {} }\nhosts: { h: { site: a }, i: { site: d } }\n"
      "links:\n"
      "  ab: { between: [a, b], delay: 3 ms, rate: 1 Gbit/s }\n"
      "  bd: { between: [b, d], delay: 4 ms, rate: 1 Gbit/s }\n"
      "  ac: { between: [a, c], delay: 2 ms, rate: 1 Gbit/s }\n"
      "  cd: { between: [c, d], delay: 1 ms, rate: 1 Gbit/s, reverse: { delay: 6 ms } }\n"
      "  ad: { between: [a, d], delay: 1 us, rate: 1 Gbit/s, buffer: 64 KiB, cost: 3 }\n",
      "t.yaml");
  EXPECT_EQ(least_delay(topology, 0, 3), us(3'000));  // over c
  EXPECT_EQ(least_delay(topology, 3, 0), us(7'000));  // over b: back over c takes 8 ms
  EXPECT_EQ(least_delay(topology, 0, 1), us(3'000));
  EXPECT_EQ(least_delay(topology, 2, 2), Duration());
}

}  // namespace
}  // namespace longhaul::scenario
