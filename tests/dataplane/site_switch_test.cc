// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/site_switch.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
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

SiteSwitch with_ports(FloodLimit limit = {}) {
  SiteSwitch bridge(limit);
  for (int i = 0; i < 6; ++i) bridge.add_port(0);
  return bridge;
}

Instant at_s(std::int64_t s) {
  return Instant::at(Duration::seconds(s));
}

TEST(SiteSwitch, FloodsTheUnknownThenForwardsWhatItLearned) {
  SiteSwitch bridge = with_ports();
  EXPECT_EQ(bridge.from_host(frame(2, 1), 0, at_s(0)).action, Action::kFlood);
  const SiteSwitch::Decision back = bridge.from_host(frame(1, 2), 3, at_s(0));
  EXPECT_EQ(back.action, Action::kPort);
  EXPECT_EQ(back.where, 0);
  const SiteSwitch::Decision there = bridge.from_host(frame(2, 1), 0, at_s(0));
  EXPECT_EQ(there.action, Action::kPort);
  EXPECT_EQ(there.where, 3);
}

TEST(SiteSwitch, NeverSendsAFrameBackWhereItCameFrom) {
  SiteSwitch bridge = with_ports();
  bridge.from_host(frame(kBroadcast, 1), 0, at_s(0));
  EXPECT_EQ(bridge.from_host(frame(1, 2), 0, at_s(0)).action, Action::kFilter);
}

TEST(SiteSwitch, FollowsAHostThatMoves) {
  SiteSwitch bridge = with_ports();
  bridge.from_host(frame(kBroadcast, 1), 0, at_s(0));
  bridge.from_host(frame(kBroadcast, 1), 5, at_s(1));
  EXPECT_EQ(bridge.from_host(frame(1, 2), 0, at_s(1)).where, 5);
}

TEST(SiteSwitch, ForgetsAfterTheAgeingTime) {
  SiteSwitch bridge = with_ports();
  bridge.from_host(frame(kBroadcast, 1), 0, at_s(0));
  EXPECT_EQ(bridge.from_host(frame(1, 2), 1, at_s(299)).action, Action::kPort);
  EXPECT_EQ(bridge.from_host(frame(1, 2), 1, at_s(300)).action, Action::kFlood);
}

TEST(SiteSwitch, FiltersReservedGroupsRuntsAndBadSources) {
  SiteSwitch bridge = with_ports();
  EXPECT_EQ(bridge.from_host(frame(0x0180C2000001, 1), 0, at_s(0)).action, Action::kFilter) << "pause frame";
  EXPECT_EQ(bridge.from_host(frame(0x0180C200000E, 1), 0, at_s(0)).action, Action::kFilter) << "LLDP";
  EXPECT_EQ(bridge.from_host(frame(0x0180C2000010, 1), 0, at_s(0)).action, Action::kFlood) << "just outside";
  EXPECT_EQ(bridge.from_host(frame(2, 1, 13), 0, at_s(0)).action, Action::kFilter);
  EXPECT_EQ(bridge.from_host({}, 0, at_s(0)).action, Action::kFilter);
  EXPECT_EQ(bridge.from_host(frame(2, kBroadcast), 0, at_s(0)).action, Action::kFilter);
  EXPECT_EQ(bridge.counters().filtered, 5u);
}

TEST(SiteSwitch, BoundsFlooding) {
  SiteSwitch bridge = with_ports({.per_second = 100, .burst = 10});
  auto floods = [&](Instant now, int tries) {
    int count = 0;
    for (int i = 0; i < tries; ++i)
      count += bridge.from_host(frame(kBroadcast, 1), 0, now).action == Action::kFlood;
    return count;
  };
  EXPECT_EQ(floods(at_s(0), 50), 10);
  EXPECT_EQ(floods(Instant::at(Duration::milliseconds(50)), 50), 5);
  EXPECT_EQ(floods(at_s(100), 50), 10) << "credit does not pile up beyond the burst";
  EXPECT_EQ(bridge.counters().flooded, 25u);
  EXPECT_EQ(bridge.counters().storm_limited, 125u);
}

TEST(SiteSwitch, SurvivesMoreAddressesThanItCanLearn) {
  SiteSwitch bridge = with_ports({.per_second = 1'000'000, .burst = 1'000'000});
  for (MacAddress address = 2; address < 2 + 2 * 3 * SiteSwitch::kAddresses; address += 2) {
    bridge.from_host(frame(kBroadcast, address), 1, at_s(0));
  }
  EXPECT_EQ(bridge.from_host(frame(2, 0xA), 0, at_s(0)).action, Action::kPort) << "the first ones stay";
  EXPECT_EQ(bridge.from_host(frame(2 * 3 * SiteSwitch::kAddresses, 0xA), 0, at_s(0)).action, Action::kFlood);
  const SwitchCounters& counters = bridge.counters();
  EXPECT_EQ(counters.forwarded + counters.flooded + counters.filtered + counters.storm_limited,
            3 * SiteSwitch::kAddresses + 2);
}

std::vector<std::byte> tagged(MacAddress destination, MacAddress source, std::uint16_t vlan) {
  std::vector<std::byte> bytes = frame(destination, source, 64);
  bytes[12] = std::byte{0x81};
  bytes[14] = static_cast<std::byte>(vlan >> 8);
  bytes[15] = static_cast<std::byte>(vlan & 0xFF);
  return bytes;
}

TEST(SiteSwitch, LearnsAtWhichSiteAnAddressIs) {
  SiteSwitch bridge = with_ports();
  const SiteSwitch::Decision arrived = bridge.from_site(frame(kBroadcast, 2), 0, 7, true, at_s(0));
  EXPECT_EQ(arrived.action, Action::kFlood);
  const SiteSwitch::Decision back = bridge.from_host(frame(2, 1), 3, at_s(0));
  EXPECT_EQ(back.action, Action::kSite);
  EXPECT_EQ(back.where, 7);
  EXPECT_EQ(bridge.from_site(frame(1, 2), 0, 7, false, at_s(0)).where, 3);
  EXPECT_EQ(bridge.from_site(frame(9, 2), 0, 7, false, at_s(0)).action, Action::kFlood) << "forgotten here";
  EXPECT_EQ(bridge.from_site(frame(2, 5), 0, 4, false, at_s(0)).action, Action::kFilter)
      << "at another site: it does not go on from here, or it could go in circles";
}

TEST(SiteSwitch, KeepsVlansApart) {
  SiteSwitch bridge;
  const auto trunk = bridge.add_port(0), red = bridge.add_port(10), blue = bridge.add_port(20);
  EXPECT_EQ(bridge.from_host(frame(kBroadcast, 1), red, at_s(0)).vlan, 10);
  EXPECT_EQ(bridge.from_host(frame(1, 2), red, at_s(0)).action, Action::kFilter) << "behind the same port";
  EXPECT_EQ(bridge.from_host(frame(1, 3), blue, at_s(0)).action, Action::kFlood) << "not known in its VLAN";
  EXPECT_EQ(bridge.from_host(frame(1, 4), trunk, at_s(0)).action, Action::kFlood) << "without a tag in none";
  const SiteSwitch::Decision in = bridge.from_host(tagged(1, 4, 10), trunk, at_s(0));
  EXPECT_EQ(in.action, Action::kPort);
  EXPECT_EQ(in.where, red);
  EXPECT_EQ(bridge.from_host(tagged(1, 3, 10), blue, at_s(0)).action, Action::kFilter) << "not its VLAN";
  EXPECT_EQ(bridge.from_host(tagged(kBroadcast, 1, 0), red, at_s(0)).vlan, 10) << "a priority tag";
  EXPECT_TRUE(bridge.is_member(trunk, 10) && bridge.is_member(red, 10) && !bridge.is_member(blue, 10));
  EXPECT_TRUE(bridge.is_tagged(trunk, 10) && !bridge.is_tagged(red, 10) && !bridge.is_tagged(trunk, 0));
}

// Hosts that move about: what a switch remembers of its answers must never show. The same frames, each asked
// about twice, against a table that remembers nothing but who was where last.
TEST(SiteSwitch, AnswersAsATableWouldWhateverItWasAskedBefore) {
  SiteSwitch bridge = with_ports({.per_second = 1'000'000'000, .burst = 1'000'000'000});
  struct Place {
    bool is_site;
    std::uint16_t number;
  };
  std::map<MacAddress, Place> table;
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const MacAddress source = 2 + 2 * (random() % 8), destination = 2 + 2 * (random() % 8);
    const bool moves = random() % 50 == 0 || !table.contains(source);
    const Place from =
        moves ? Place{random() % 2 == 0, static_cast<std::uint16_t>(random() % 6)} : table[source];
    const Instant now = Instant::at(Duration::milliseconds(i));
    table[source] = from;
    const auto to = table.find(destination);
    for (int twice = 0; twice < 2; ++twice) {
      const SiteSwitch::Decision got =
          from.is_site ? bridge.from_site(frame(destination, source), 0, from.number, false, now)
                       : bridge.from_host(frame(destination, source), from.number, now);
      if (to == table.end()) {
        ASSERT_EQ(got.action, Action::kFlood) << i;
      } else if (from.is_site ? to->second.is_site
                              : !to->second.is_site && to->second.number == from.number) {
        ASSERT_EQ(got.action, Action::kFilter) << i;
      } else {
        ASSERT_EQ(got.action, to->second.is_site ? Action::kSite : Action::kPort) << i;
        ASSERT_EQ(got.where, to->second.number) << i;
      }
    }
  }
}

TEST(SiteSwitch, TellsApartFramesThatOnlyTheirTagTellsApart) {
  SiteSwitch bridge;
  const auto trunk = bridge.add_port(0), red = bridge.add_port(10), blue = bridge.add_port(20);
  bridge.from_host(frame(kBroadcast, 1), red, at_s(0));
  bridge.from_host(frame(kBroadcast, 1), blue, at_s(0));
  for (int twice = 0; twice < 2; ++twice) {
    EXPECT_EQ(bridge.from_host(tagged(1, 4, 10), trunk, at_s(0)).where, red);
    EXPECT_EQ(bridge.from_host(tagged(1, 4, 20), trunk, at_s(0)).where, blue);
  }
}

TEST(SiteSwitch, NeitherLearnsOverNorForgetsStaticAddresses) {
  SiteSwitch bridge = with_ports();
  bridge.add_static(8, 0, 2);
  bridge.add_static_at_site(9, 0, 5);
  bridge.from_host(frame(kBroadcast, 8), 4, at_s(0));
  EXPECT_EQ(bridge.from_host(frame(8, 1), 0, at_s(5'000)).where, 2);
  const SiteSwitch::Decision away = bridge.from_host(frame(9, 1), 0, at_s(5'000));
  EXPECT_EQ(away.action, Action::kSite);
  EXPECT_EQ(away.where, 5);
}

}  // namespace
}  // namespace longhaul::dataplane
