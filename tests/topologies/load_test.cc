// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load.h"

#include <gtest/gtest.h>

#include "tests/topologies/corpus.h"
#include "topologies/great_circle.h"

namespace longhaul::topology {
namespace {

TEST(LoadTopology, AtlantaMountPleasantHasTheKnownFigures) {
  const Topology t = load(test::in_project("topologies/library/atlanta-mount-pleasant.yaml"));
  const Route& route = t.links.at(0).routes[kForward];
  EXPECT_NEAR(route.great_circle_km, 1041, 1);
  EXPECT_NEAR(route.fibre_km, 1353, 1.5);
  EXPECT_NEAR(t.links[0].directions[kForward].delay.to_seconds() * 1e3, 6.63, 0.005);
  EXPECT_NEAR(round_trip(t.links[0]).to_seconds() * 1e3, 13.26, 0.01);
  EXPECT_EQ(t.links[0].directions[kForward].buffer,
            bytes_in(BitRate::gigabits_per_second(1), round_trip(t.links[0])));
  EXPECT_EQ(t.links[0].directions[kForward], t.links[0].directions[kReverse]);
  ASSERT_EQ(t.hosts.size(), 4u);
  EXPECT_EQ(t.hosts[2].name, "mtp0");
  EXPECT_EQ(t.hosts[2].site, 1u);
  for (const Host& host : t.hosts) EXPECT_EQ(host.rate, BitRate::gigabits_per_second(1)) << host.name;
  EXPECT_EQ(t.mtu, 9000u);
}

TEST(LoadTopology, GreatCircleOfKnownPairs) {
  EXPECT_NEAR(great_circle_km({0, 0}, {0, 180}), 20'015.1, 0.1);  // half of the circumference
  EXPECT_NEAR(great_circle_km({90, 0}, {0, 77}), 10'007.6, 0.1);
  EXPECT_EQ(great_circle_km({33.7, -84.4}, {33.7, -84.4}), 0);
  EXPECT_NEAR(great_circle_km({41.8781, -87.6298}, {39.0438, -77.4874}), 913, 4);  // Chicago - Ashburn
  EXPECT_NEAR(great_circle_km({0, 179.5}, {0, -179.5}), 111.2, 0.1);               // across the date line
}

TEST(LoadTopology, DefaultsAreFilledIn) {
  const Topology t = load_text(
      "name: x\nsites: { a: {}, b: {} }\nhosts: { h: { site: b } }\n"
      "links: { l: { between: [a, b], distance: 1000 km, rate: 1 Gbit/s } }\n",
      "x.yaml");
  EXPECT_EQ(t.mtu, 1500u);
  EXPECT_EQ(t.description, "");
  EXPECT_EQ(t.hosts[0].kind, HostKind::kNetns);
  EXPECT_EQ(t.hosts[0].rate, BitRate());
  for (const Direction d : {kForward, kReverse}) {
    const core::LinkConfig& line = t.links[0].directions[d];
    EXPECT_EQ(line.delay, Duration::microseconds(4'900));
    EXPECT_EQ(line.framing, core::Framing::kWire);
    EXPECT_EQ(line.buffer, Bytes(1'225'000));  // 1 Gbit/s x 9.8 ms / 8
    EXPECT_EQ(line.loss, 0);
  }
}

TEST(LoadTopology, DirectionsDiffer) {
  const Topology t = load(test::in_project("tests/topologies/good/asymmetric.yaml"));
  const core::LinkConfig& forward = t.links[0].directions[kForward];
  const core::LinkConfig& reverse = t.links[0].directions[kReverse];
  EXPECT_EQ(forward.delay, Duration::milliseconds(5));
  EXPECT_EQ(reverse.delay, Duration::milliseconds(7));
  EXPECT_EQ(forward.loss, 1e-5);
  EXPECT_EQ(reverse.loss, 0);
  EXPECT_EQ(forward.buffer, Bytes(1'500'000));  // each its own rate x the round trip of 12 ms
  EXPECT_EQ(reverse.buffer, Bytes(750'000));
  EXPECT_EQ(propagation_delay(t, 0, 1), Duration::milliseconds(5));
  EXPECT_EQ(propagation_delay(t, 1, 0), Duration::milliseconds(7));
  EXPECT_EQ(round_trip(t.links[0]), Duration::milliseconds(12));
}

TEST(LoadTopology, HostsMayHaveARate) {
  const auto with_rate = [](std::string_view rate) {
    return load_text("name: x\nsites: { a: {} }\nhosts: { h0: { site: a, rate: " + std::string(rate) +
                         " }, h1: { site: a } }\n",
                     "x.yaml");
  };
  const Topology t = with_rate("2.5 Gbit/s");
  EXPECT_EQ(t.hosts[0].rate, BitRate::bits_per_second(2'500'000'000));
  EXPECT_EQ(t.hosts[1].rate, BitRate());
  const std::string effective = effective_yaml(t);
  EXPECT_NE(effective.find("  h0: { site: a, kind: netns, rate: 2.5 Gbit/s, port: auto }\n  h1: { site: a, "
                           "kind: netns, port: auto }\n"),
            std::string::npos)
      << effective;
  EXPECT_EQ(load_text(effective, "effective"), t);
  EXPECT_EQ(with_rate("1 kbit/s").hosts[0].rate, BitRate::bits_per_second(1'000));  // the bounds themselves
  EXPECT_EQ(with_rate("1.6 Tbit/s").hosts[0].rate, BitRate::gigabits_per_second(1'600));
}

TEST(LoadTopology, ADirectionMayReplaceTheWayItsDelayIsGiven) {
  const Topology t = load_text(
      "name: x\nsites: { a: { location: [0, 0] }, b: { location: [0, 1] } }\nhosts: { h: { site: b } }\n"
      "links:\n  l:\n    between: [a, b]\n    distance: great-circle\n    route_factor: 2\n    fibre: 5 "
      "us/km\n"
      "    rate: 1 Gbit/s\n    forward: { distance: 100 km }\n    reverse: { route_factor: 1 }\n",
      "x.yaml");
  EXPECT_EQ(t.links[0].directions[kForward].delay, Duration::microseconds(500));
  EXPECT_EQ(t.links[0].routes[kForward].route_factor, 0);
  EXPECT_EQ(t.links[0].routes[kReverse].route_factor, 1);
  EXPECT_NEAR(t.links[0].directions[kReverse].delay.to_seconds() * 1e6, 111.195 * 5, 0.01);
}

TEST(LoadTopology, PathsFollowTheLinks) {
  const Topology t = load(test::in_project("topologies/library/hub-and-spoke.yaml"));
  EXPECT_TRUE(path(t, 1, 1).empty());
  const auto hops = path(t, 1, 2);  // abilene - dallas - chicago
  ASSERT_EQ(hops.size(), 2u);
  EXPECT_EQ(hops[0].link, 0u);
  EXPECT_EQ(hops[0].direction, kReverse);
  EXPECT_EQ(hops[1].link, 1u);
  EXPECT_EQ(hops[1].direction, kForward);
  EXPECT_EQ(propagation_delay(t, 1, 2),
            t.links[0].directions[kReverse].delay + t.links[1].directions[kForward].delay);
  EXPECT_EQ(t.links[1].directions[kReverse].delay, Duration::microseconds(10'290));
  EXPECT_THROW(path(t, 0, 3), std::out_of_range);
}

TEST(LoadTopology, EffectiveFormLoadsToAnEqualTopology) {
  auto files = test::yaml_files(test::in_project("topologies/library"));
  for (const auto& file : test::yaml_files(test::in_project("tests/topologies/good"))) files.push_back(file);
  ASSERT_GE(files.size(), 6u);
  for (const auto& file : files) {
    const Topology t = load(file);
    const std::string effective = effective_yaml(t);
    EXPECT_EQ(load_text(effective, "effective"), t) << effective;
    EXPECT_EQ(effective_yaml(load_text(effective, "effective")), effective);
    EXPECT_EQ(t.name, file.stem()) << "a library finds files by name";
  }
}

TEST(LoadTopology, EffectiveFormWritesOutWhatTheLinkIsMadeOf) {
  const std::string effective = effective_yaml(load(test::in_project("topologies/library/metro-pair.yaml")));
  EXPECT_EQ(effective.substr(effective.find("links:")),
            "links:\n  metro:\n    between: [east, west]\n    cost: 1\n    distance: 40 km\n    fibre: 4.9 "
            "us/km  # delay 196 "
            "us\n"
            "    rate: 1 Gbit/s\n    framing: wire\n    buffer: 512 KiB  # 4.194 ms at this rate\n"
            "    loss: 0\n");
}

TEST(LoadTopology, AFileThatCannotBeReadIsNamed) {
  const auto missing = test::in_project("topologies/library/no-such.yaml");
  try {
    load(missing);
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_EQ(e.what(), "cannot read " + missing.string() + ": No such file or directory");
  }
  EXPECT_THROW(load(test::in_project("topologies/library")), ConfigError);
  EXPECT_THROW(load("/dev/zero"), ConfigError);
}

}  // namespace
}  // namespace longhaul::topology
