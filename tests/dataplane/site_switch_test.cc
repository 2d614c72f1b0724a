// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/site_switch.h"

#include <gtest/gtest.h>

#include <vector>

namespace longhaul::dataplane {
namespace {

using Action = SiteSwitch::Action;

constexpr MacAddress kBroadcast = 0xFFFFFFFFFFFF;

std::vector<std::byte> frame(MacAddress destination, MacAddress source, std::size_t size = 60) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < 6 && i < size; ++i)
    bytes[i] = static_cast<std::byte>(destination >> (40 - 8 * i));
  for (std::size_t i = 0; i < 6 && i + 6 < size; ++i)
    bytes[6 + i] = static_cast<std::byte>(source >> (40 - 8 * i));
  return bytes;
}

Instant at_s(std::int64_t s) {
  return Instant::at(Duration::seconds(s));
}

TEST(SiteSwitch, FloodsTheUnknownThenForwardsWhatItLearned) {
  SiteSwitch bridge;
  EXPECT_EQ(bridge.decide(frame(2, 1), 0, at_s(0)).action, Action::kFlood);
  const SiteSwitch::Decision back = bridge.decide(frame(1, 2), 3, at_s(0));
  EXPECT_EQ(back.action, Action::kForward);
  EXPECT_EQ(back.port, 0);
  const SiteSwitch::Decision there = bridge.decide(frame(2, 1), 0, at_s(0));
  EXPECT_EQ(there.action, Action::kForward);
  EXPECT_EQ(there.port, 3);
}

TEST(SiteSwitch, NeverSendsAFrameBackWhereItCameFrom) {
  SiteSwitch bridge;
  bridge.decide(frame(kBroadcast, 1), 0, at_s(0));
  EXPECT_EQ(bridge.decide(frame(1, 2), 0, at_s(0)).action, Action::kFilter);
}

TEST(SiteSwitch, FollowsAHostThatMoves) {
  SiteSwitch bridge;
  bridge.decide(frame(kBroadcast, 1), 0, at_s(0));
  bridge.decide(frame(kBroadcast, 1), 5, at_s(1));
  EXPECT_EQ(bridge.decide(frame(1, 2), 0, at_s(1)).port, 5);
}

TEST(SiteSwitch, ForgetsAfterTheAgeingTime) {
  SiteSwitch bridge;
  bridge.decide(frame(kBroadcast, 1), 0, at_s(0));
  EXPECT_EQ(bridge.decide(frame(1, 2), 1, at_s(299)).action, Action::kForward);
  EXPECT_EQ(bridge.decide(frame(1, 2), 1, at_s(300)).action, Action::kFlood);
}

TEST(SiteSwitch, FiltersReservedGroupsRuntsAndBadSources) {
  SiteSwitch bridge;
  EXPECT_EQ(bridge.decide(frame(0x0180C2000001, 1), 0, at_s(0)).action, Action::kFilter) << "pause frame";
  EXPECT_EQ(bridge.decide(frame(0x0180C200000E, 1), 0, at_s(0)).action, Action::kFilter) << "LLDP";
  EXPECT_EQ(bridge.decide(frame(0x0180C2000010, 1), 0, at_s(0)).action, Action::kFlood) << "just outside";
  EXPECT_EQ(bridge.decide(frame(2, 1, 13), 0, at_s(0)).action, Action::kFilter);
  EXPECT_EQ(bridge.decide({}, 0, at_s(0)).action, Action::kFilter);
  EXPECT_EQ(bridge.decide(frame(2, kBroadcast), 0, at_s(0)).action, Action::kFilter);
  EXPECT_EQ(bridge.counters().filtered, 5u);
}

TEST(SiteSwitch, BoundsFlooding) {
  SiteSwitch bridge({.per_second = 100, .burst = 10});
  auto floods = [&](Instant now, int tries) {
    int count = 0;
    for (int i = 0; i < tries; ++i)
      count += bridge.decide(frame(kBroadcast, 1), 0, now).action == Action::kFlood;
    return count;
  };
  EXPECT_EQ(floods(at_s(0), 50), 10);
  EXPECT_EQ(floods(Instant::at(Duration::milliseconds(50)), 50), 5);
  EXPECT_EQ(floods(at_s(100), 50), 10) << "credit does not pile up beyond the burst";
  EXPECT_EQ(bridge.counters().flooded, 25u);
  EXPECT_EQ(bridge.counters().storm_limited, 125u);
}

TEST(SiteSwitch, SurvivesMoreAddressesThanItCanLearn) {
  SiteSwitch bridge({.per_second = 1'000'000, .burst = 1'000'000});
  for (MacAddress address = 2; address < 2 + 2 * 3 * SiteSwitch::kAddresses; address += 2) {
    bridge.decide(frame(kBroadcast, address), 1, at_s(0));
  }
  EXPECT_EQ(bridge.decide(frame(2, 0xA), 0, at_s(0)).action, Action::kForward) << "the first ones stay";
  EXPECT_EQ(bridge.decide(frame(2 * 3 * SiteSwitch::kAddresses, 0xA), 0, at_s(0)).action, Action::kFlood);
  const SwitchCounters& counters = bridge.counters();
  EXPECT_EQ(counters.forwarded + counters.flooded + counters.filtered + counters.storm_limited,
            3 * SiteSwitch::kAddresses + 2);
}

}  // namespace
}  // namespace longhaul::dataplane
