// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/exchange/generate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "topologies/config_error.h"
#include "topologies/load.h"
#include "topologies/routes.h"

namespace longhaul::topology {
namespace {

Topology made(std::string_view kind, const std::vector<std::string>& settings = {}) {
  const Generated generated = generate(kind, settings);
  EXPECT_EQ(load_text(generated.yaml, "again"), generated.topology);
  EXPECT_EQ(generate(kind, settings).yaml, generated.yaml) << "the same twice";
  return generated.topology;
}

std::string error(std::string_view kind, const std::vector<std::string>& settings = {}) {
  try {
    generate(kind, settings);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "no error";
}

std::size_t degree(const Topology& t, std::size_t site) {
  return static_cast<std::size_t>(std::count_if(t.links.begin(), t.links.end(), [&](const Link& link) {
    return link.between[0] == site || link.between[1] == site;
  }));
}

std::size_t hosts_at(const Topology& t, std::size_t site) {
  return static_cast<std::size_t>(
      std::count_if(t.hosts.begin(), t.hosts.end(), [&](const Host& host) { return host.site == site; }));
}

TEST(Generate, AFatTreeHasKPortsAtEverySwitchAndAllWaysBetweenPods) {
  for (const std::size_t k : {2u, 4u, 6u}) {
    const Topology t = made("fat-tree", {"k=" + std::to_string(k)});
    EXPECT_EQ(t.sites.size(), 5 * k * k / 4);
    EXPECT_EQ(t.hosts.size(), k * k * k / 4);
    EXPECT_EQ(t.links.size(), k * k * k / 2);
    for (std::size_t site = 0; site < t.sites.size(); ++site) {
      EXPECT_EQ(degree(t, site) + hosts_at(t, site), k) << t.sites[site].name;
    }
    EXPECT_EQ(equal_paths(t, t.hosts.front().site, t.hosts.back().site), k * k / 4);
    EXPECT_EQ(propagation_delay(t, t.hosts.front().site, t.hosts.back().site), Duration::microseconds(4));
  }
}

TEST(Generate, ARailPodPutsOneRankOfAllServersOnOneSwitch) {
  const Topology t = made("rail-pod", {"servers=3", "rails=4", "spines=2", "rate=100 Gbit/s"});
  EXPECT_EQ(t.sites.size(), 6u);
  EXPECT_EQ(t.hosts.size(), 12u);
  EXPECT_EQ(t.links.size(), 8u);
  for (const Host& host : t.hosts) {
    EXPECT_EQ(t.sites[host.site].name, "rail-" + host.name.substr(host.name.find('g') + 1)) << host.name;
    EXPECT_EQ(host.rate, BitRate::gigabits_per_second(100));
  }
}

TEST(Generate, PlanesShareOnlyTheServers) {
  const Topology t = made("multi-plane", {"planes=3", "leaves=2", "spines=2", "servers=2"});
  EXPECT_EQ(t.sites.size(), 4u + 3 * 4);
  EXPECT_EQ(t.hosts.size(), 4u);
  EXPECT_EQ(t.links.size(), 4u * 3 + 3 * 4);
  EXPECT_EQ(t.hosts[0].rate, BitRate::gigabits_per_second(600));
  for (const Host& host : t.hosts) EXPECT_EQ(degree(t, host.site), 3u);
  EXPECT_EQ(equal_paths(t, t.hosts[0].site, t.hosts[1].site), 3u) << "a leaf in each plane";
  EXPECT_EQ(equal_paths(t, t.hosts[0].site, t.hosts[3].site), 6u) << "two spines in each plane";
  for (std::size_t spine = 0; spine < t.sites.size(); ++spine) {
    if (t.sites[spine].name.starts_with("spine-0")) {
      EXPECT_EQ(degree(t, spine), 2u);
    }
  }
}

TEST(Generate, EveryNodeOfATorusHasItsNeighbours) {
  const Topology t = made("torus", {"x=3", "y=4", "z=2"});
  EXPECT_EQ(t.sites.size(), 24u);
  for (std::size_t site = 0; site < 24; ++site) EXPECT_EQ(degree(t, site), 5u) << t.sites[site].name;
  EXPECT_EQ(propagation_delay(t, 0, 1), Duration::nanoseconds(500));
  EXPECT_EQ(propagation_delay(t, 0, 2), Duration::nanoseconds(500)) << "round the other way";
  EXPECT_EQ(t.hosts[0].rate, BitRate::gigabits_per_second(1'600)) << "5 x 400, at most what a host may have";
  EXPECT_EQ(made("torus", {"x=1", "y=1"}).links.size(), 0u);
}

TEST(Generate, AMeshJoinsAllSites) {
  const Topology t = made("mesh", {"sites=23", "hosts=1", "distance=1353 km"});
  EXPECT_EQ(t.links.size(), 253u);
  EXPECT_EQ(propagation_delay(t, 0, 22), Duration::nanoseconds(6'629'700));
}

TEST(Generate, AHubHasItsMicroSitesBetweenNearAndFar) {
  const Topology t = made("hub");
  EXPECT_EQ(t.sites.size(), 51u);
  EXPECT_EQ(t.links.size(), 50u);
  EXPECT_EQ(t.hosts.size(), 52u);
  EXPECT_DOUBLE_EQ(t.links.front().routes[kForward].fibre_km, 10);
  EXPECT_DOUBLE_EQ(t.links.back().routes[kForward].fibre_km, 100);
  EXPECT_EQ(made("hub", {"sites=1"}).links.size(), 1u);
}

// What grows faster than the topology shows as the time limit of the test.
TEST(Generate, ThousandsOfHostsStandAndEverySiteIsReached) {
  const Topology tree = made("fat-tree", {"k=8"});
  EXPECT_EQ(tree.sites.size(), 80u);
  EXPECT_EQ(tree.hosts.size(), 128u);
  EXPECT_EQ(tree.links.size(), 256u);
  EXPECT_EQ(equal_paths(tree, tree.hosts.front().site, tree.hosts.back().site), 16u) << "a core switch each";
  EXPECT_EQ(made("fat-tree", {"k=16"}).hosts.size(), 1'024u);

  const Topology grid = made("torus", {"x=32", "y=32"});
  const Routes routes = routes_of(grid);
  ASSERT_EQ(routes.next_hops.size(), 1'024u);
  for (std::size_t site = 1; site < grid.sites.size(); ++site)
    EXPECT_FALSE(routes.next_hops[0][site].empty());
  EXPECT_EQ(routes_of(made("hub", {"sites=1000"})).trees[0][0].size(), 1'000u) << "all hang on the hub";
}

TEST(Generate, ParametersAreCheckedAndTheRangeIsNamed) {
  EXPECT_EQ(error("fat-tree", {"k=26"}),
            "generate fat-tree: k: '26' is out of range, allowed: 2 to 24, even");
  EXPECT_EQ(error("fat-tree", {"k=3"}), "generate fat-tree: k: '3' is out of range, allowed: 2 to 24, even");
  EXPECT_EQ(error("mesh", {"sites=129"}), "generate mesh: sites: '129' is out of range, allowed: 2 to 128");
  EXPECT_EQ(error("mesh", {"rate=2 Tbit/s"}),
            "generate mesh: rate: '2 Tbit/s' is out of range, allowed: 1 kbit/s to 1.6 Tbit/s");
  EXPECT_EQ(error("mesh", {"distance=0 km"}),
            "generate mesh: distance: '0 km' is out of range, allowed: 1 m to 100000 km");
  EXPECT_EQ(
      error("mesh", {"distance=far"}).find("generate mesh: distance: 'far' does not begin with a number"),
      0u);
  EXPECT_EQ(error("torus", {"delay=11 s"}),
            "generate torus: delay: '11 s' is out of range, allowed: 0 s to 10 s");
  EXPECT_EQ(error("torus", {"w=2"}),
            "generate torus: 'w': not a parameter of it, allowed: x, y, z, rate, delay");
  EXPECT_EQ(error("torus", {"x"}), "generate torus: 'x' has no `=`, allowed: PARAMETER=VALUE");
  EXPECT_EQ(error("torus", {"x=2", "x=3"}), "generate torus: x: set twice, allowed: once");
  EXPECT_EQ(error("fattree"), "generate: 'fattree' is not a kind, did you mean 'fat-tree'?");
  EXPECT_EQ(error("torus", {"x=32", "y=33"}),
            "generate torus: sites: 1056 are too many, allowed: up to 1024");
  EXPECT_EQ(error("rail-pod", {"servers=513"}),
            "generate rail-pod: hosts: 4104 are too many, allowed: up to 4096");
}

TEST(Generate, TheTextNamesEveryKindAndWhatItIsMadeOf) {
  const std::string text = generators_text();
  for (const char* kind : {"fat-tree: ", "rail-pod: ", "multi-plane: ", "torus: ", "mesh: ", "hub: "}) {
    EXPECT_NE(text.find(kind), std::string::npos) << kind;
  }
}

}  // namespace
}  // namespace longhaul::topology
