// SPDX-License-Identifier: GPL-2.0-only
//
// Loads, hops and indices worked out by hand; the arithmetic stands beside them.
#include "scenarios/placement.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "emulator/core/link.h"
#include "topologies/load.h"

namespace longhaul::scenario {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

topology::Topology load(const std::string& text) {
  return topology::load_text("name: t\n" + text, "t.yaml");
}

// Four sites in a row, with links of 10, 2 and 1 Gbit/s. Both directions of a link count at both of its ends,
// so a has 20 to do, b 24, c 6 and d 2 Gbit/s.
topology::Topology row(const std::string& keys_of_b = "", const std::string& keys_of_host_at_d = "") {
  return load(
      fmt::format("sites: {{ a: {{}}, b: {{ {} }}, c: {{}}, d: {{}} }}\n"
                  "hosts: {{ h: {{ site: a }}, i: {{ site: d{} }} }}\n"
                  "links:\n"
                  "  ab: {{ between: [a, b], delay: 1 ms, rate: 10 Gbit/s }}\n"
                  "  bc: {{ between: [b, c], delay: 1 ms, rate: 2 Gbit/s }}\n"
                  "  cd: {{ between: [c, d], delay: 1 ms, rate: 1 Gbit/s }}\n",
                  keys_of_b, keys_of_host_at_d));
}

TEST(Placement, TheBusiestSiteFirstToTheLcoreWithTheLeastToDo) {
  EXPECT_THAT(place_sites(row(), 1), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(place_sites(row(), 2), ElementsAre(1, 0, 1, 0));  // b 24 | a 20; c: 24 | 26; d: 26 | 26
  EXPECT_THAT(place_sites(row(), 4), ElementsAre(1, 0, 2, 3));
  EXPECT_THAT(place_sites(row(), 9), ElementsAre(1, 0, 2, 3)) << "the others have nothing to do";
}

TEST(Placement, WhatAHostSendsCounts) {
  // d now has 22: b 24 | d 22; a: 24 | 42; c: 30 | 42.
  EXPECT_THAT(place_sites(row("", ", rate: 20 Gbit/s"), 2), ElementsAre(1, 0, 0, 1));
}

TEST(Placement, EqualSitesGoRoundInTheOrderOfTheFile) {
  const auto ring = load(
      "sites: { a: {}, b: {}, c: {} }\nhosts: { h: { site: a }, i: { site: b } }\n"
      "links:\n  ab: { between: [a, b], delay: 1 ms, rate: 1 Gbit/s }\n"
      "  bc: { between: [b, c], delay: 1 ms, rate: 1 Gbit/s }\n"
      "  ca: { between: [c, a], delay: 1 ms, rate: 1 Gbit/s }\n");
  EXPECT_THAT(place_sites(ring, 3), ElementsAre(0, 1, 2));
  EXPECT_THAT(place_sites(ring, 2), ElementsAre(0, 1, 0));
}

TEST(Placement, ASiteGoesWhereTheFileSays) {
  EXPECT_THAT(place_sites(row("lcore: 1"), 2), ElementsAre(0, 1, 0, 1));  // 0 | b 24; a: 20; c: 26 | 24; d
  EXPECT_THAT(place_sites(row("lcore: 2"), 3), ElementsAre(0, 2, 1, 1));  // a 20 | 0 | b 24; c: 6; d: 8
}

std::string error_of(const auto& call) {
  try {
    call();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Placement, ASharedInterfaceIsOpenedWithItsFilter) {
  const auto shared = load(
      "sites: { a: {} }\nhosts:\n"
      "  h: { site: a, kind: external, device: \"xdp,iface=eth1\", steer: [tcp 5201-5210, arp 10.71.0.0/24] "
      "}\n"
      "  g: { site: a, kind: external, device: \"xdp,iface=eth2\", steer: everything }\n");
  const dataplane::EngineConfig config = engine_config(shared, 1, {0});
  EXPECT_EQ(config.ports[0].device, "xdp,iface=eth1,steer=tcp 5201-5210+arp 10.71.0.0/24");
  EXPECT_EQ(config.ports[1].device, "xdp,iface=eth2");
}

TEST(Placement, SaysThatThereIsNoSuchLcore) {
  EXPECT_EQ(error_of([] { place_sites(row("lcore: 1"), 1); }),
            "site b is for lcore 1, but there is only 1; give more with --lcores");
  EXPECT_EQ(error_of([] { place_sites(row("lcore: 7"), 2); }),
            "site b is for lcore 7, but there are only 2; give more with --lcores");
  EXPECT_EQ(error_of([] {
              engine_config(row("lcore: 7"), 1, {0, 0});
            }),
            "site b is for lcore 7, but there are only 2; give more with --lcores");
}

// Direction 2 l runs from the first site of link l to the second, 2 l + 1 back.
TEST(EngineConfig, ARingHasOneWayToEachSite) {
  const auto config = engine_config(load("mtu: 4200\nsites: { a: {}, b: {}, c: {} }\n"
                                         "hosts: { h: { site: a }, i: { site: c } }\n"
                                         "links:\n  ab: { between: [a, b], delay: 1 ms, rate: 1 Gbit/s }\n"
                                         "  bc: { between: [b, c], delay: 2 ms, rate: 1 Gbit/s }\n"
                                         "  ca: { between: [c, a], delay: 3 ms, rate: 1 Gbit/s,\n"
                                         "        reverse: { delay: 4 ms } }\n"),
                                    42, {3, 5});
  EXPECT_EQ(config.mtu, 4'200u);
  EXPECT_EQ(config.largest_frame, Bytes(4'218));
  EXPECT_EQ(config.seed, 42u);
  EXPECT_THAT(config.lcores, ElementsAre(3, 5));
  ASSERT_EQ(config.sites.size(), 3u);
  const dataplane::SiteConfig &a = config.sites[0], &b = config.sites[1], &c = config.sites[2];
  EXPECT_EQ((std::vector{a.lcore, b.lcore, c.lcore}), (std::vector<std::size_t>{0, 1, 0}));
  EXPECT_THAT(a.next_hops, ElementsAre(IsEmpty(), ElementsAre(0), ElementsAre(5)));
  EXPECT_THAT(b.next_hops, ElementsAre(ElementsAre(1), IsEmpty(), ElementsAre(2)));
  EXPECT_THAT(c.next_hops, ElementsAre(ElementsAre(4), ElementsAre(3), IsEmpty()));
  EXPECT_THAT(a.trees, ElementsAre(ElementsAre(0, 5), IsEmpty(), IsEmpty()));
  EXPECT_THAT(b.trees, ElementsAre(IsEmpty(), ElementsAre(1, 2), IsEmpty()));
  EXPECT_THAT(c.trees, ElementsAre(IsEmpty(), IsEmpty(), ElementsAre(3, 4)));

  ASSERT_EQ(config.directions.size(), 6u);
  const dataplane::DirectionConfig& back = config.directions[5];
  EXPECT_EQ((std::vector{back.from_site, back.to_site}), (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ((std::vector{back.owner.link, back.owner.direction}), (std::vector<std::uint32_t>{2, 1}));
  EXPECT_EQ(back.link.delay, Duration::milliseconds(4));
  EXPECT_EQ(config.directions[4].link.delay, Duration::milliseconds(3));
  EXPECT_FALSE(back.carries_pause);
}

TEST(EngineConfig, ParallelLinksShareFlowsAndOneOfThemCarriesWhatGoesToEveryone) {
  const auto config =
      engine_config(load("sites: { a: {}, b: {} }\nhosts: { h: { site: a }, i: { site: b } }\n"
                         "links:\n  one: { between: [a, b], delay: 1 ms, rate: 1 Gbit/s }\n"
                         "  two: { between: [b, a], delay: 9 ms, rate: 1 Gbit/s }\n"
                         "  dear: { between: [a, b], delay: 1 ms, rate: 1 Gbit/s, cost: 2 }\n"),
                    1, {0});
  EXPECT_THAT(config.sites[0].next_hops, ElementsAre(IsEmpty(), ElementsAre(0, 3)));
  EXPECT_THAT(config.sites[1].next_hops, ElementsAre(ElementsAre(1, 2), IsEmpty()));
  EXPECT_THAT(config.sites[0].trees, ElementsAre(ElementsAre(0), IsEmpty()));
  EXPECT_THAT(config.sites[1].trees, ElementsAre(IsEmpty(), ElementsAre(1)));
}

TEST(EngineConfig, PortsAreAsTheirHosts) {
  const auto config =
      engine_config(load("sites: { a: {}, b: {} }\nhosts:\n  inside: { site: b, vlan: 10 }\n"
                         "  box: { site: a, kind: external, device: net_null0, mac: \"02:4e:00:00:00:07\" }\n"
                         "links: { wan: { between: [a, b], delay: 1 ms, rate: 1 Gbit/s } }\n"),
                    1, {0});
  ASSERT_EQ(config.ports.size(), 2u);
  EXPECT_EQ(config.ports[0].host, "inside");
  EXPECT_EQ(config.ports[0].device, "") << "named when there is one";
  EXPECT_EQ(config.ports[0].site, 1u);
  EXPECT_EQ(config.ports[0].vlan, 10);
  EXPECT_FALSE(config.ports[0].mac);
  EXPECT_EQ(config.ports[1].device, "net_null0");
  EXPECT_EQ(config.ports[1].vlan, 0);
  EXPECT_EQ(config.ports[1].mac, 0x024e'0000'0007u);
}

// A link of much memory between two ports: 10 Gbit/s x 10 ms.
topology::Topology long_link() {
  return load(
      "sites: { a: {}, b: {} }\n"
      "hosts:\n  x: { site: a, kind: external, device: net_null0 }\n"
      "  y: { site: b, kind: external, device: net_null1 }\n"
      "links: { wan: { between: [a, b], delay: 10 ms, rate: 10 Gbit/s, buffer: 1 MB, reserve: { delay: 20 ms "
      "} } }\n");
}

std::string mebibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

TEST(MemoryText, IsWhatTheEngineReserves) {
  const topology::Topology topology = long_link();
  const auto config = engine_config(topology, 1, {0});
  const std::string text = memory_text(topology, config);
  // The reserve counts: 10 Gbit/s x 20 ms = 25 MB on the line, and the buffer.
  const core::LinkCapacity kept = core::capacity_of(config.directions[0].link, config.largest_frame);
  EXPECT_GE(kept.bytes, 26'000'000u * 1'514 / 1'538 - 3'000);
  const std::string held = fmt::format(" = {} in up to {} frames\n", mebibytes(kept.bytes), kept.frames);
  EXPECT_THAT(text, AllOf(StartsWith("wan a -> b: 10 Gbit/s x 20 ms + 1000000 B of buffer" + held),
                          HasSubstr("\nwan b -> a: ")));
  const dataplane::Engine::Memory memory = dataplane::Engine::memory_needed(config);
  EXPECT_EQ(memory.all(), memory.in_flight + memory.links + memory.packet_buffers + memory.rings);
  EXPECT_THAT(text, HasSubstr(fmt::format("\nin all {}: {} for copies of frames ", mebibytes(memory.all()),
                                          mebibytes(memory.in_flight))));
  EXPECT_THAT(
      text, EndsWith(fmt::format(", {} for what links know of frames, {} of packet buffers\n",
                                 mebibytes(memory.links), mebibytes(memory.packet_buffers + memory.rings))));
  EXPECT_GE(memory.in_flight, 2 * kept.bytes) << "both directions";
}

// A site with so many hosts, and one more.
topology::Topology crowded(std::size_t hosts, std::size_t links) {
  std::string yaml = "name: crowded\nsites: { a: {}, b: {} }\nhosts:\n";
  for (std::size_t h = 0; h < hosts; ++h) yaml += fmt::format("  h{}: {{ site: a }}\n", h);
  yaml += "links:\n";
  for (std::size_t l = 0; l < links; ++l)
    yaml += fmt::format("  l{}: {{ between: [a, b], delay: 1 ms, rate: 1 Gbit/s }}\n", l);
  return topology::load_text(yaml, "crowded");
}

TEST(CannotEmulate, MoreHostsThanThereAreAddresses) {
  EXPECT_EQ(cannot_emulate(crowded(254, 1)), "");
  const std::string why = cannot_emulate(crowded(255, 1));
  EXPECT_EQ(why,
            "topology crowded has 255 hosts, allowed to emulate: up to 254, as 10.71.0.0/24 has no more "
            "addresses; take fewer, or run it with --mode simulate");
  EXPECT_EQ(placement_text(crowded(255, 1), {0}, 1), "#\n# Data plane\n# none: " + why + "\n");
}

TEST(PlacementText, ListsTheFirstOfManyDirections) {
  const std::string text = placement_text(crowded(2, 100), {0}, std::uint64_t{1} << 36);
  EXPECT_THAT(text, HasSubstr("\n# l31 b -> a: 1 Gbit/s x 1 ms"));
  EXPECT_THAT(text, HasSubstr("\n# and 136 directions more\n# in all "));
  EXPECT_EQ(text.find("l32 "), std::string::npos);
  EXPECT_THAT(text, EndsWith("\n# and 136 directions more\n"));
}

TEST(FitIntoMemory, GivesUpHoldingFirstAndThenRefuses) {
  const topology::Topology topology = long_link();
  const auto config = engine_config(topology, 1, {0});
  auto bare = config;
  bare.hold_memory = Bytes();
  const std::uint64_t all = dataplane::Engine::memory_needed(config).all(),
                      least = dataplane::Engine::memory_needed(bare).all();
  ASSERT_LT(least, all);

  auto fitted = config;
  fit_into_memory(topology, all, fitted);
  EXPECT_EQ(fitted.hold_memory, config.hold_memory) << "there is enough";
  fit_into_memory(topology, all - 1, fitted);
  EXPECT_EQ(fitted.hold_memory, Bytes());
  fitted = config;
  fit_into_memory(topology, least, fitted);
  EXPECT_EQ(fitted.hold_memory, Bytes());

  const std::string error = error_of([&] { fit_into_memory(topology, least - 1, fitted); });
  EXPECT_THAT(error, StartsWith(fmt::format("the data plane needs {} of memory and {} are available: ",
                                            mebibytes(least), mebibytes(least - 1))));
  EXPECT_THAT(error, HasSubstr("wan a -> b: 10 Gbit/s x 20 ms + "));
  EXPECT_THAT(error, HasSubstr(fmt::format("in all {}: ", mebibytes(least))));
  EXPECT_EQ(error.find('\n'), std::string::npos) << error;
}

}  // namespace
}  // namespace longhaul::scenario
