// SPDX-License-Identifier: GPL-2.0-only
//
// Files made up for these tests in the form that topologies/exchange/hpcc.cc describes.
#include "tests/topologies/exchange/converted.h"
#include "topologies/exchange/network.h"

namespace longhaul::topology {
namespace {

Import hpcc(std::string_view text) {
  return test::converted(text, "net/two-racks.txt", ImportFormat::kHpcc);
}
std::string error(std::string_view text) {
  return test::conversion_error(text, "t.txt", ImportFormat::kHpcc);
}

// Two racks of two hosts each behind a long link, and a storage box with a cable to both.
constexpr std::string_view kTwoRacks =
    "7 2 7\n"
    "4 5\n"
    "0 4 100Gbps 0.001ms 0\n"
    "1 4 100Gbps 1us 0\n"
    "2 5 50Gbps 1000ns 0\n"
    "3 5 100Gbps 1us 0.001\n"
    "4 5 400Gbps 5ms 0.000001\n"
    "6 4 25Gbps 1us 0\n"
    "6 5 25Gbps 1us 0\n"
    "\n"
    "First line: total node #, switch node #, link #\n"
    "Second line: switch node IDs\n";

TEST(HpccImport, HostsHangOnTheirSwitchesAndSwitchesAreSites) {
  const Topology t = hpcc(kTwoRacks).topology;
  EXPECT_EQ(t.name, "two-racks");
  ASSERT_EQ(t.sites.size(), 4u);
  EXPECT_EQ(t.sites[0].name, "h3");
  EXPECT_EQ(t.sites[1].name, "s4");
  EXPECT_EQ(t.sites[2].name, "s5");
  EXPECT_EQ(t.sites[3].name, "h6");
  ASSERT_EQ(t.hosts.size(), 5u);
  EXPECT_EQ(t.hosts[0].site, 1u);
  EXPECT_EQ(t.hosts[2].name, "h2");
  EXPECT_EQ(t.hosts[2].site, 2u);
  EXPECT_EQ(t.hosts[2].rate, BitRate::gigabits_per_second(50));
  EXPECT_EQ(t.hosts[4].rate, BitRate::gigabits_per_second(50)) << "two cables of 25";
}

TEST(HpccImport, LinksKeepRateDelayAndErrorRate) {
  const Topology t = hpcc(kTwoRacks).topology;
  ASSERT_EQ(t.links.size(), 4u);
  const Link& wan = t.links[1];
  EXPECT_EQ(wan.name, "s4-s5");
  for (const core::LinkConfig& direction : wan.directions) {
    EXPECT_EQ(direction.rate, BitRate::gigabits_per_second(400));
    EXPECT_EQ(direction.delay, Duration::milliseconds(5));
    EXPECT_EQ(std::get<core::loss::Bernoulli>(direction.loss.model).probability, 1e-6);
    EXPECT_EQ(direction.buffer, Bytes(500'000'000)) << "1 bdp: 400 Gbit/s x 10 ms";
  }
  EXPECT_EQ(wan.cost, 1u);
  EXPECT_EQ(t.links[0].directions[kForward].buffer, Bytes(1 << 20)) << "1 bdp would be 25 kB";
}

TEST(HpccImport, NothingPassesThroughAnEndSystem) {
  const Topology t = hpcc(kTwoRacks).topology;
  EXPECT_EQ(t.links[2].cost, kEndSystemCost);
  const std::vector<Hop> way = path(t, 1, 2);
  ASSERT_EQ(way.size(), 1u);
  EXPECT_EQ(t.links[way[0].link].name, "s4-s5");
  EXPECT_EQ(equal_paths(t, 1, 2), 1u);
}

TEST(HpccImport, TheReportAccountsForAll) {
  const Import made = hpcc(kTwoRacks);
  EXPECT_EQ(made.report.found("nodes"), 7u);
  EXPECT_EQ(made.report.counted("nodes", "a site: a switch"), 2u);
  EXPECT_EQ(made.report.counted("nodes", "a host at the site of its switch"), 3u);
  EXPECT_EQ(made.report.counted("links", "a link"), 4u);
  EXPECT_EQ(
      made.report.counted("links", "the cable of a host: its rate is the host's, its delay is left out"), 3u);
  EXPECT_EQ(made.report.notes(),
            (std::vector<std::string>{
                "left out: 2 lines after the last link",
                "left out: the delays of hosts' cables, 1 us at most, each way",
                "chosen: cost 1000 for 3 links to end systems, so that none is a way to another",
                "chosen: buffers of 1 bdp, and of 1 MiB for 6 directions of links where that is more"}));
  EXPECT_TRUE(made.yaml.starts_with("# Converted from two-racks.txt (hpcc)")) << made.yaml;
}

TEST(HpccImport, ARingWithoutSwitchesIsARingOfSites) {
  const Topology t = hpcc("3 0 3\n\n0 1 10Gbps 1ms 0\n1 2 10Gbps 1ms 0\n2 0 10Gbps 1ms 0\n").topology;
  EXPECT_EQ(t.sites.size(), 3u);
  EXPECT_EQ(t.hosts.size(), 3u);
  EXPECT_EQ(t.links.size(), 3u);
}

TEST(HpccImport, SeveralLinksMayJoinTheSameNodes) {
  const Topology t =
      hpcc("4 2 4\n2 3\n0 2 10Gbps 1us 0\n1 3 10Gbps 1us 0\n2 3 5Gbps 1ms 0\n2 3 5Gbps 2ms 0").topology;
  ASSERT_EQ(t.links.size(), 2u);
  EXPECT_EQ(t.links[0].name, "s2-s3");
  EXPECT_EQ(t.links[1].name, "s2-s3-2");
}

// SimAI: two servers of two GPUs, an NV switch in each, two rails and a spine.
constexpr std::string_view kServers =
    "9 2 2 3 10 H100\n"
    "4 5 6 7 8 \n"
    "0 4 2880Gbps 0.000025ms 0\n"
    "0 6 200Gbps 0.0005ms 0\n"
    "1 4 2880Gbps 0.000025ms 0\n"
    "1 7 200Gbps 0.0005ms 0\n"
    "2 5 2880Gbps 0.000025ms 0\n"
    "2 6 200Gbps 0.0005ms 0\n"
    "3 5 2880Gbps 0.000025ms 0\n"
    "3 7 200Gbps 0.0005ms 0\n"
    "6 8 400Gbps 0.0005ms 0\n"
    "7 8 400Gbps 0.0005ms 0\n";

TEST(HpccImport, NvLinkIsLeftOutAndCounted) {
  const Import made = hpcc(kServers);
  EXPECT_EQ(made.topology.sites.size(), 3u);
  EXPECT_EQ(made.topology.hosts.size(), 4u);
  EXPECT_EQ(made.topology.links.size(), 2u);
  EXPECT_EQ(made.report.counted("nodes", "left out: an NV switch, which does not forward Ethernet"), 2u);
  EXPECT_EQ(made.report.counted("links", "left out: NVLink; what passes over it goes over the network here"),
            4u);
  EXPECT_EQ(made.hosts[3], "h3");
  EXPECT_EQ(made.hosts[4], "");
  EXPECT_EQ(made.hosts[8], "");
}

TEST(HpccImport, WhatCannotBeMappedIsRefusedWithItsLine) {
  EXPECT_EQ(error("7 2\n"),
            "t.txt:1: header: 2 words on the first line, allowed: 3 (NODES SWITCHES LINKS), or 6 with GPUs "
            "per server, NV "
            "switches and the type of GPU");
  EXPECT_EQ(error(""), "t.txt:1: nodes: missing: the file ends here");
  EXPECT_EQ(error("0 0 0"), "t.txt:1: nodes: 0, allowed: 1 to 100000");
  EXPECT_EQ(error("2 3 1\n"), "t.txt:1: switches: 3 is too large, allowed: 0 to 2");
  EXPECT_EQ(error("2 1 1\n2\n"), "t.txt:2: switch: node 2 is not there, allowed: 0 to 1");
  EXPECT_EQ(error("3 2 1\n1 1\n"), "t.txt:2: switch: node 1 is a switch already, allowed: each once");
  EXPECT_EQ(error("2 1 1\n1\n0 0 1Gbps 1us 0"), "t.txt:3: link: node 0 to itself, allowed: two nodes");
  EXPECT_EQ(error("2 1 2\n1\n0 1 1Gbps 1us 0\n"), "t.txt:3: link: missing: the file ends here");
  EXPECT_EQ(error("2 1 1\n1\n0 1 1Gbps 11s 0"), "t.txt:3: delay: 11 s is too long, allowed: up to 10 s");
  EXPECT_EQ(error("2 1 1\n1\n0 1 2Tbps 1us 0"),
            "t.txt:3: rate: 2 Tbit/s is out of range, allowed: 1 kbit/s to 1.6 Tbit/s");
  EXPECT_EQ(error("2 1 1\n1\n0 1 fast 1us 0"),
            "t.txt:3: rate: 'fast' does not begin with a number, write for example 1 Gbit/s");
  EXPECT_EQ(error("2 1 1\n1\n0 1 1Gbps 1us 2"),
            "t.txt:3: error rate: '2' is more than 1, allowed: 0 to 1, or 0 % to 100 %");
}

TEST(HpccImport, AFileLargerThanATopologyIsRefused) {
  std::string text = "1025 1025 1024\n";
  for (int i = 0; i < 1'025; ++i) text += std::to_string(i) + " ";
  for (int i = 1; i < 1'025; ++i) text += "\n0 " + std::to_string(i) + " 1Gbps 1ms 0";
  EXPECT_EQ(error(text), "t.txt, converted: sites: 1025 are too many, allowed: up to 1024");
}

TEST(HpccImport, WhatNothingJoinsIsRefused) {
  EXPECT_NE(error("3 2 1\n1 2\n0 1 1Gbps 1us 0").find("no links lead here from"), std::string::npos);
}

}  // namespace
}  // namespace longhaul::topology
