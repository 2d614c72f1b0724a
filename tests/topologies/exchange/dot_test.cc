// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/exchange/dot.h"

#include <gtest/gtest.h>

#include "tests/topologies/corpus.h"
#include "topologies/load.h"

namespace longhaul::topology {
namespace {

TEST(DotExport, SitesAreBoxesAndLinksSayRateAndDelay) {
  const Topology t = load_text(
      "name: two\nsites: { a: {}, b: {}, c: {} }\n"
      "hosts: { h0: { site: a, rate: 1 Gbit/s }, h1: { site: b } }\n"
      "links:\n"
      "  wan: { between: [a, b], distance: 1353 km, rate: 10 Gbit/s }\n"
      "  odd: { between: [b, c], delay: 2 ms, rate: 1 Gbit/s, cost: 7, reverse: { delay: 750 us, loss: 1e-6 "
      "} }\n",
      "t");
  EXPECT_EQ(to_dot(t),
            "graph \"two\" {\n"
            "  node [shape=box];\n"
            "  \"a\" [label=\"a\\nh0, 1 Gbit/s\"];\n"
            "  \"b\" [label=\"b\\nh1\"];\n"
            "  \"c\" [label=\"c\"];\n"
            "  \"a\" -- \"b\" [label=\"wan\\n10 Gbit/s, 6.63 ms\"];\n"
            "  \"b\" -- \"c\" [label=\"odd\\nforward 1 Gbit/s, 2 ms\\nreverse 1 Gbit/s, 750 us\\nloss "
            "1e-06\\ncost 7\"];\n"
            "}\n");
}

TEST(DotExport, ManyHostsAreANumber) {
  const Topology t = load_text(
      "name: one\nsites: { a: {} }\nhosts: { b: { site: a }, c: { site: a }, d: { site: a }, e: { site: a }, "
      "f: { site: a } }\n",
      "t");
  EXPECT_NE(to_dot(t).find("\"a\" [label=\"a\\n5 hosts\"]"), std::string::npos);
}

TEST(DotExport, EverySiteAndLinkOfTheLibraryIsThereOnce) {
  for (const auto& file : test::yaml_files(test::in_project("topologies/library"))) {
    const Topology t = load(file);
    const std::string dot = to_dot(t);
    EXPECT_EQ(to_dot(load(file)), dot);
    std::size_t lines = 0, edges = 0;
    for (std::size_t at = 0; (at = dot.find('\n', at)) != std::string::npos; ++at) ++lines;
    for (std::size_t at = 0; (at = dot.find(" -- ", at)) != std::string::npos; ++at) ++edges;
    EXPECT_EQ(lines, t.sites.size() + t.links.size() + 3) << file;
    EXPECT_EQ(edges, t.links.size()) << file;
  }
}

}  // namespace
}  // namespace longhaul::topology
