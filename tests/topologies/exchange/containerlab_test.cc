// SPDX-License-Identifier: GPL-2.0-only
//
// Labs made up for these tests in the form that topologies/exchange/containerlab.cc describes.
#include "tests/topologies/exchange/converted.h"

namespace longhaul::topology {
namespace {

Import lab(std::string_view text, const ImportOptions& options = {.rate = BitRate::gigabits_per_second(1)}) {
  return test::converted(text, "lab.clab.yml", ImportFormat::kContainerlab, options);
}
std::string error(std::string_view text,
                  const ImportOptions& options = {.rate = BitRate::gigabits_per_second(1)}) {
  return test::conversion_error(text, "lab.clab.yml", ImportFormat::kContainerlab, options);
}

constexpr std::string_view kLab = R"(name: Two_Sites
mgmt:
  network: custom
topology:
  defaults:
    kind: linux
  groups:
    spine:
      kind: nokia_srlinux
  nodes:
    leaf1:
      kind: arista_ceos
      image: ceos:4.32.0F
    Spine_1:
      group: spine
      startup-config: spine.cfg
    client1:
      image: alpine
    client2: {}
    router:
      kind: linux
  links:
    - endpoints: ["leaf1:eth1", "Spine_1:e1-1"]
      mtu: 9000
    - endpoints: ["client1:eth1", "leaf1:eth2"]
    - type: veth
      endpoints:
        - { node: client2, interface: eth1 }
        - { node: Spine_1, interface: e1-2 }
    - endpoints: ["router:eth1", "leaf1:eth3"]
    - endpoints: ["router:eth2", "Spine_1:e1-3"]
    - type: dummy
      endpoint: { node: client1, interface: d0 }
)";

TEST(ContainerlabImport, KindsTellSwitchesFromHosts) {
  const Topology t = lab(kLab).topology;
  EXPECT_EQ(t.name, "two-sites");
  ASSERT_EQ(t.sites.size(), 3u);
  EXPECT_EQ(t.sites[0].name, "leaf1");
  EXPECT_EQ(t.sites[1].name, "spine-1");
  EXPECT_EQ(t.sites[2].name, "router") << "an end system with two cables";
  ASSERT_EQ(t.hosts.size(), 3u);
  EXPECT_EQ(t.hosts[0].name, "client1");
  EXPECT_EQ(t.hosts[0].site, 0u);
  EXPECT_EQ(t.hosts[1].site, 1u);
  EXPECT_EQ(t.hosts[0].rate, BitRate::gigabits_per_second(1));
  EXPECT_EQ(t.links.size(), 3u);
}

TEST(ContainerlabImport, TheDelayIsOfLinksBetweenSwitches) {
  const Topology t =
      lab(kLab, {.rate = BitRate::gigabits_per_second(1), .delay = Duration::milliseconds(7)}).topology;
  EXPECT_EQ(t.links[0].name, "leaf1-spine-1");
  EXPECT_EQ(t.links[0].directions[kForward].delay, Duration::milliseconds(7));
  EXPECT_EQ(t.links[1].directions[kForward].delay, Duration());
}

TEST(ContainerlabImport, TheReportAccountsForAll) {
  const Import made = lab(kLab);
  EXPECT_EQ(made.report.found("nodes"), 5u);
  EXPECT_EQ(made.report.counted("links", "a link"), 3u);
  EXPECT_EQ(made.report.counted("links", "left out: a dummy, which leads nowhere"), 1u);
  EXPECT_EQ(made.report.notes(),
            (std::vector<std::string>{
                "left out: 1 link's mtu", "left out: 2 node's image", "left out: 1 node's startup-config",
                "chosen: 1 Gbit/s for all links, a delay of 0 s for 1 between switches and 0 s for 4 others",
                "chosen: cost 1000 for 2 links to end systems, so that none is a way to another",
                "chosen: buffers of 1 bdp, and of 1 MiB for 6 directions of links where that is more"}));
}

TEST(ContainerlabImport, WhatCannotBeMappedIsRefusedWithItsLine) {
  EXPECT_EQ(error("name: x\n"),
            "lab.clab.yml:1: yaml: no `topology` in it, allowed: a topology definition file of containerlab");
  EXPECT_EQ(error("topology:\n  nodes:\n    a:\n      image: x\n"),
            "lab.clab.yml:3: topology.nodes.a: no kind, here, in its group or in defaults, allowed: a kind "
            "such as linux or "
            "nokia_srlinux");
  EXPECT_EQ(error("topology:\n  nodes:\n    a:\n      kind: k8s-kind\n")
                .find("lab.clab.yml:4: topology.nodes.a.kind: 'k8s-kind' is not something that a host or a "
                      "switch stands for"),
            0u);
  const std::string nodes = "topology:\n  nodes:\n    a: { kind: srl }\n    b: { kind: linux }\n  links:\n";
  EXPECT_EQ(error(nodes + "    - endpoints: [\"a:e1\", \"c:e1\"]\n"),
            "lab.clab.yml:6: topology.links[0].endpoints[1]: 'c' is not a node, allowed: a, b");
  EXPECT_EQ(error(nodes + "    - endpoints: [\"a:e1\", \"host:e1\"]\n"),
            "lab.clab.yml:6: topology.links[0].endpoints[1]: 'host' leads out of the topology, allowed: "
            "links between its "
            "nodes");
  EXPECT_EQ(error(nodes + "    - endpoints: [\"a:e1\"]\n"),
            "lab.clab.yml:6: topology.links[0].endpoints: 1 entries, allowed: two ends");
  EXPECT_EQ(error(nodes + "    - type: vxlan\n      endpoints: []\n"),
            "lab.clab.yml:6: topology.links[0].type: 'vxlan' leads out of the topology, allowed: veth");
  EXPECT_EQ(error(nodes + "    - endpoints: [\"a:e1\", \"b:e1\"]\n", {}),
            "lab.clab.yml:6: topology.links[0].endpoints: links have no rate in this format, allowed: "
            "`--rate 1 Gbit/s` for "
            "all of them");
}

TEST(ContainerlabImport, FormatsAreToldByNameAndBeginning) {
  EXPECT_EQ(guess_format("x.clab.yml", ""), ImportFormat::kContainerlab);
  EXPECT_EQ(guess_format("Abilene.graphml", ""), ImportFormat::kGraphml);
  EXPECT_EQ(guess_format("x", "<?xml"), ImportFormat::kGraphml);
  EXPECT_EQ(guess_format("fat.txt", " 320 64 256"), ImportFormat::kHpcc);
  EXPECT_EQ(guess_format("x", "Hello"), std::nullopt);
  EXPECT_EQ(parse_format("hpcc"), ImportFormat::kHpcc);
  EXPECT_THROW(parse_format("gml"), ConfigError);
}

}  // namespace
}  // namespace longhaul::topology
