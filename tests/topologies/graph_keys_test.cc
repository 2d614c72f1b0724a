// SPDX-License-Identifier: GPL-2.0-only
//
// Costs, reserves, lcores, ports, shared interfaces, addresses and VLANs: what the file says is what the
// model holds.
#include <gtest/gtest.h>

#include "tests/topologies/corpus.h"
#include "tests/topologies/one_link.h"

namespace longhaul::topology {
namespace {

using test::error_with;
using test::link_with;

const Topology& all_keys() {
  static const Topology loaded = load(test::in_project("tests/topologies/good/graph-and-ports.yaml"));
  return loaded;
}

TEST(GraphKeys, SitesAndHosts) {
  const Topology& t = all_keys();
  EXPECT_EQ(t.sites[0].lcore, 0u);
  EXPECT_EQ(t.sites[1].lcore, 63u);
  EXPECT_EQ(t.sites[2].lcore, std::nullopt);
  const PortKind ports[] = {PortKind::kXdp, PortKind::kAfPacket, PortKind::kAfXdp, PortKind::kAuto};
  const std::uint16_t vlans[] = {10, 4094, 0, 0, 1, 0, 0, 0, 0};
  for (std::size_t h = 0; h < t.hosts.size(); ++h) {
    EXPECT_EQ(t.hosts[h].port, h < 4 ? ports[h] : PortKind::kAuto) << h;
    EXPECT_EQ(t.hosts[h].vlan, vlans[h]) << h;
  }
  EXPECT_EQ(t.hosts[0].mac, std::nullopt);
  EXPECT_EQ(t.hosts[4].mac, 0xb8ce'f601'0203u);
  EXPECT_EQ(t.hosts[5].mac, 1u);
}

TEST(GraphKeys, WhatIsTakenOfSharedInterfaces) {
  const auto& hosts = all_keys().hosts;
  EXPECT_EQ(hosts[4].steer, std::vector<std::string>{});
  EXPECT_EQ(hosts[6].steer, (std::vector<std::string>{"tcp 5201-5210", "arp 10.71.0.0/24", "roce"}));
  EXPECT_EQ(hosts[7].steer, std::vector<std::string>{"vlan 100"});
  EXPECT_EQ(hosts[8].steer, std::vector<std::string>{}) << "everything";
}

TEST(GraphKeys, CostsOfLinks) {
  EXPECT_EQ(all_keys().links[0].cost, 65'535u);
  EXPECT_EQ(all_keys().links[3].cost, 1u);
  EXPECT_EQ(path(all_keys(), 0, 1), (std::vector<Hop>{{1, kReverse}}));
}

TEST(GraphKeys, ReservesOfADirectionCompleteThoseOfTheLink) {
  const auto& links = all_keys().links;
  const BitRate one_gigabit = BitRate::gigabits_per_second(1);
  for (const core::LinkConfig& direction : links[0].directions) {
    EXPECT_EQ(direction.reserve,
              (core::Reserve{BitRate::gigabits_per_second(2), Duration::milliseconds(20), Bytes(2'500'000)}));
  }
  EXPECT_EQ(links[1].directions[kForward].reserve, core::Reserve{});
  EXPECT_EQ(links[2].directions[kForward].reserve,
            (core::Reserve{one_gigabit, Duration::milliseconds(9), {}}));
  EXPECT_EQ(links[2].directions[kReverse].reserve,
            (core::Reserve{one_gigabit, Duration::milliseconds(8), Bytes(std::uint64_t{1} << 30)}));
}

TEST(GraphKeys, TheCommandLineReserves) {
  const auto with = [](const std::string& key, const std::vector<std::string>& lines) {
    return link_with(lines, {{"links.l.reserve." + key, "20 ms", "links.l.reserve." + key}});
  };
  EXPECT_EQ(with("delay", {}).directions[kReverse].reserve.delay, Duration::milliseconds(20));
  const core::Reserve both = with("delay", {"reserve: { rate: 2 Gbit/s }"}).directions[kForward].reserve;
  EXPECT_EQ(both.delay, Duration::milliseconds(20));
  EXPECT_EQ(both.rate, BitRate::gigabits_per_second(2));
  EXPECT_EQ(with("buffer", {}).directions[kForward].reserve.buffer, Bytes(2'500'000));
}

TEST(GraphKeys, TheEffectiveFormSaysThem) {
  const std::string effective = effective_yaml(all_keys());
  for (const std::string_view line :
       {"  a: { lcore: 0 }\n", "  b: { location: [1, 2], lcore: 63 }\n", "  c: {}\n",
        "  h0: { site: a, kind: netns, port: xdp, vlan: 10 }\n",
        "  x0: { site: a, kind: external, device: \"0000:3b:00.0\", mac: \"b8:ce:f6:01:02:03\", vlan: 1 }\n",
        "  x2: { site: c, kind: external, device: \"xdp,iface=eth1\", steer: [\"tcp 5201-5210\", "
        "\"arp 10.71.0.0/24\", \"roce\"] }\n",
        "  x4: { site: c, kind: external, device: \"xdp,iface=eth3\" }\n",
        "  ab:\n    between: [a, b]\n    cost: 65535\n"
        "    reserve: { rate: 2 Gbit/s, delay: 20 ms, buffer: 2500000 B }\n",
        "      reserve: { rate: 1 Gbit/s, delay: 8 ms, buffer: 1 GiB }\n",
        "  ca:\n    between: [c, a]\n    cost: 1\n    reserve: { delay: 2 ms }\n    forward:\n"}) {
    EXPECT_NE(effective.find(line), std::string::npos) << line << "is not in\n" << effective;
  }
  EXPECT_EQ(effective.find("reserve: {  }"), std::string::npos);
}

TEST(GraphKeys, CyclesAndParallelLinksMayBeButNothingApart) {
  const std::string sites = "name: x\nsites:\n  a: {}\n  b: {}\n  c: {}\nhosts: { h: { site: a } }\nlinks:\n";
  const auto link = [](const std::string& name, const std::string& between) {
    return "  " + name + ": { between: " + between + ", delay: 1 ms, rate: 1 Gbit/s }\n";
  };
  EXPECT_EQ(
      load_text(sites + link("l", "[a, b]") + link("m", "[b, c]") + link("n", "[c, a]"), "f").links.size(),
      3u);
  try {
    load_text(sites + link("l", "[a, b]") + link("m", "[a, b]") + link("n", "[b, a]"), "f");
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_STREQ(e.what(),
                 "f:5: sites.c: no links lead here from 'a', allowed: sites that links join, all of them");
  }
}

}  // namespace
}  // namespace longhaul::topology
