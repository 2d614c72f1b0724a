// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/exchange/flows.h"

#include <gtest/gtest.h>

#include "topologies/config_error.h"

namespace longhaul::topology {
namespace {

const std::vector<std::string> kHosts{"h0", "h1", "", "h3"};

std::string error(std::string_view text) {
  try {
    import_flows(text, "flow.txt", kHosts);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "no error";
}

TEST(FlowImport, NodesBecomeTheirHosts) {
  const Flows made =
      import_flows("2\n0 1 3 100 200000000 2\n3 0 3 4791 1000 2.000000125\n\nsrc dst pg port size start\n",
                   "flow.txt", kHosts);
  ASSERT_EQ(made.flows.size(), 2u);
  EXPECT_EQ(made.flows[0], (Flow{"h0", "h1", 3, 100, Bytes(200'000'000), Duration::seconds(2)}));
  EXPECT_EQ(made.flows[1].start, Duration::seconds(2) + Duration::nanoseconds(125));
  EXPECT_EQ(made.report.counted("flows", "a flow of priority 3"), 2u);
  EXPECT_EQ(
      made.report.notes(),
      (std::vector<std::string>{"2e+08 B from 2 hosts; the first starts at 2 s, the last at 2.000000125 s",
                                "left out: 1 lines after the last flow"}));
  EXPECT_EQ(flows_csv(made.flows),
            "from,to,priority,port,bytes,start_s\nh0,h1,3,100,200000000,2\nh3,h0,3,4791,1000,2.000000125\n");
}

TEST(FlowImport, NoFlowsAreAFileToo) {
  EXPECT_TRUE(import_flows("0\n", "flow.txt", kHosts).flows.empty());
}

TEST(FlowImport, WhatDoesNotFitTheTopologyIsRefused) {
  EXPECT_EQ(error("1\n0 4 3 100 1 2"), "flow.txt:2: to: node 4 is not in the topology, allowed: 0 to 3");
  EXPECT_EQ(error("1\n2 1 3 100 1 2"), "flow.txt:2: from: node 2 is a switch, allowed: end systems");
  EXPECT_EQ(error("1\n1 1 3 100 1 2"), "flow.txt:2: to: h1 sends to itself, allowed: two hosts");
  EXPECT_EQ(error("1\n0 1 8 100 1 2"), "flow.txt:2: priority group: 8 is too large, allowed: 0 to 7");
  EXPECT_EQ(error("1\n0 1 3 65536 1 2"), "flow.txt:2: port: 65536 is too large, allowed: 0 to 65535");
  EXPECT_EQ(error("2\n0 1 3 100 1 2\n0 1 3 100 1 1"),
            "flow.txt:3: start: 1 s is before the flow above, allowed: ascending");
  EXPECT_EQ(error("2\n0 1 3 100 1 2"), "flow.txt:2: from: missing: the file ends here");
  EXPECT_EQ(error("1\n0 1 3 100 1 -2").find("flow.txt:2: start: "), 0u);
}

}  // namespace
}  // namespace longhaul::topology
