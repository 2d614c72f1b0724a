// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/traffic/background.h"

#include <gtest/gtest.h>

#include "topologies/load.h"

namespace longhaul::traffic {
namespace {

using topology::Hop;
using topology::kForward;
using topology::kReverse;

// From a to d over b or over c, equally good, and a link of its own that costs more.
topology::Topology diamond() {
  return topology::load_text(
      "name: x\nsites: { a: {}, b: {}, c: {}, d: {} }\nhosts: { h: { site: b } }\nlinks:\n"
      "  ab: { between: [a, b], delay: 1 ms, rate: 10 Gbit/s }\n"
      "  ac: { between: [a, c], delay: 1 ms, rate: 10 Gbit/s }\n"
      "  db: { between: [d, b], delay: 1 ms, rate: 1 Gbit/s }\n"
      "  cd: { between: [c, d], delay: 1 ms, rate: 1 Gbit/s }\n"
      "  ad: { between: [a, d], delay: 1 ms, rate: 1 Gbit/s, cost: 3 }\n",
      "x.yaml");
}

Background from_to(const std::string& name, std::size_t from, std::size_t to) {
  return {name, from, to, {}, kOwnClass};
}

TEST(BackgroundWay, IsOneOfLeastCostByName) {
  const topology::Topology topology = diamond();
  const std::vector<Hop> over_b{{0, kForward}, {2, kReverse}}, over_c{{1, kForward}, {3, kForward}};
  std::size_t b = 0;
  for (int i = 0; i < 200; ++i) {
    const auto way = way_of(topology, "tenant" + std::to_string(i), 0, 3);
    ASSERT_TRUE(way == over_b || way == over_c);
    b += way == over_b ? 1 : 0;
  }
  EXPECT_GT(b, 60U);
  EXPECT_LT(b, 140U);
  EXPECT_EQ(way_of(topology, "x", 3, 2), (std::vector<Hop>{{3, kReverse}}));
}

TEST(BackgroundWay, HopsAreListedOnceInOrder) {
  const topology::Topology topology = diamond();
  EXPECT_EQ(
      hops_of(topology, {from_to("x", 3, 2), from_to("y", 1, 0), from_to("z", 0, 1), from_to("u", 0, 1)}),
      (std::vector<Hop>{{0, kForward}, {0, kReverse}, {3, kReverse}}));
  EXPECT_TRUE(hops_of(topology, {}).empty());
}

TEST(BackgroundWay, FullRateCountsWhatTheLinkCounts) {
  const topology::Topology topology = diamond();
  EXPECT_DOUBLE_EQ(full_rate(topology.links[0].directions[0], 1'500), 10e9 * 1'500 / 1'524);
  EXPECT_DOUBLE_EQ(full_rate(topology, {{0, kForward}, {2, kReverse}}, 60), 1e9 * 60 / 84);
}

TEST(BackgroundWay, TheLongestWaitIsAFullBufferAtTheLowestRate) {
  core::LinkConfig link = diamond().links[0].directions[0];
  link.buffer = Bytes(1'250'000);
  EXPECT_EQ(most_wait(link), Duration::milliseconds(1));
  core::Event slower;
  slower.change.rate = BitRate::gigabits_per_second(1);
  link.timeline.events.push_back(slower);
  EXPECT_EQ(most_wait(link), Duration::milliseconds(10));
  slower.change.buffer = Bytes(2'500'000);
  link.timeline.trace.rows.push_back({Duration::seconds(1), slower.change});
  EXPECT_EQ(most_wait(link), Duration::milliseconds(20));
  link.rate = BitRate::bits_per_second(1'000);
  EXPECT_EQ(most_wait(link), Duration::seconds(10));
}

}  // namespace
}  // namespace longhaul::traffic
