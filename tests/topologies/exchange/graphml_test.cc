// SPDX-License-Identifier: GPL-2.0-only
//
// Graphs made up for these tests in the form that topologies/exchange/graphml.cc describes.
#include <string>

#include "tests/topologies/exchange/converted.h"
#include "topologies/great_circle.h"

namespace longhaul::topology {
namespace {

std::string graph(const std::string& inside, const std::string& attributes = R"(edgedefault="undirected")") {
  return R"(<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key attr.name="Network" attr.type="string" for="graph" id="d1" />
  <key attr.name="label" attr.type="string" for="node" id="d2" />
  <key attr.name="Latitude" attr.type="double" for="node" id="d3" />
  <key attr.name="Longitude" attr.type="double" for="node" id="d4" />
  <key attr.name="LinkSpeedRaw" attr.type="double" for="edge" id="d5" />
  <graph )" +
         attributes + ">\n" + inside + "  </graph>\n</graphml>\n";
}

std::string node(const std::string& id, const std::string& label, const std::string& place = {}) {
  const std::size_t comma = place.find(',');
  std::string text = "<node id=\"" + id + "\"><data key=\"d2\">" + label + "</data>";
  if (!place.empty()) {
    text += "<data key=\"d3\">" + place.substr(0, comma) + "</data><data key=\"d4\">" +
            place.substr(comma + 1) + "</data>";
  }
  return text + "</node>\n";
}

std::string edge(const std::string& from, const std::string& to, const std::string& speed = {}) {
  return "<edge source=\"" + from + "\" target=\"" + to + "\">" +
         (speed.empty() ? "" : "<data key=\"d5\">" + speed + "</data>") + "</edge>\n";
}

const std::string kLisbon = node("0", "Lisbon", "38.7167,-9.1333"),
                  kMadrid = node("1", "Madrid", "40.4165,-3.70256"),
                  kParis = node("2", "Paris", "48.85341,2.3488"), kNowhere = node("3", "Somewhere?");

Import graphml(const std::string& text, const ImportOptions& options = {}) {
  return test::converted(text, "Iberia.graphml", ImportFormat::kGraphml, options);
}
std::string error(const std::string& text, const ImportOptions& options = {}) {
  return test::conversion_error(text, "g.graphml", ImportFormat::kGraphml, options);
}

TEST(GraphmlImport, NodesAreSitesAndCoordinatesGiveTheDelay) {
  const Topology t = graphml(graph("<data key=\"d1\">My Net</data>" + kLisbon + kMadrid + kParis +
                                   edge("0", "1", "10000000000.0") + edge("1", "2", "2500000000.0")))
                         .topology;
  EXPECT_EQ(t.name, "my-net");
  ASSERT_EQ(t.sites.size(), 3u);
  EXPECT_EQ(t.sites[0].name, "lisbon");
  EXPECT_EQ(t.sites[0].location, (Coordinates{38.7167, -9.1333}));
  ASSERT_EQ(t.hosts.size(), 3u);
  EXPECT_EQ(t.hosts[2].name, "paris");
  ASSERT_EQ(t.links.size(), 2u);
  EXPECT_EQ(t.links[0].name, "lisbon-madrid");
  EXPECT_EQ(t.links[1].directions[kForward].rate, BitRate::bits_per_second(2'500'000'000));
  const Route& route = t.links[0].routes[kForward];
  EXPECT_NEAR(route.great_circle_km, 502, 1) << "over the ground, from maps";
  EXPECT_NEAR(route.fibre_km, route.great_circle_km * 1.3, 1e-6);
  EXPECT_NEAR(t.links[0].directions[kForward].delay.to_seconds(), route.fibre_km * 4.9e-6, 1e-9);
}

TEST(GraphmlImport, TheNameIsTheFilesWhereTheGraphHasNone) {
  EXPECT_EQ(graphml(graph(kLisbon + kMadrid + edge("0", "1", "1e9"))).topology.name, "iberia");
  EXPECT_EQ(graphml(graph(kLisbon + kMadrid + edge("0", "1", "1e9")), {.name = "Two"}).topology.name, "two");
}

TEST(GraphmlImport, NodesWithoutCoordinatesAreLeftOutAndNamed) {
  const Import made =
      graphml(graph(kLisbon + kMadrid + kNowhere + edge("0", "1", "1e9") + edge("1", "3", "1e9")));
  EXPECT_EQ(made.topology.sites.size(), 2u);
  EXPECT_EQ(made.report.counted("nodes", "left out: no coordinates (--delay keeps it)"), 1u);
  EXPECT_EQ(made.report.counted(
                "edges", "left out: an end has no coordinates, so it has no length (--delay gives one)"),
            1u);
  EXPECT_EQ(made.report.notes().at(0), "left out: node 'Somewhere?'");
}

TEST(GraphmlImport, ADelayKeepsThem) {
  const Import made =
      graphml(graph(kLisbon + kMadrid + kNowhere + edge("0", "1", "1e9") + edge("1", "3", "1e9")),
              {.delay = Duration::milliseconds(3)});
  ASSERT_EQ(made.topology.links.size(), 2u);
  EXPECT_EQ(made.topology.sites[2].name, "somewhere");
  EXPECT_EQ(made.topology.links[1].directions[kReverse].delay, Duration::milliseconds(3));
  EXPECT_NE(made.topology.links[0].directions[kForward].delay, Duration::milliseconds(3))
      << "has coordinates";
}

TEST(GraphmlImport, TheLargestPartStays) {
  const Import made = graphml(graph(kParis + kLisbon + kMadrid + edge("0", "1", "1e9")));
  ASSERT_EQ(made.topology.sites.size(), 2u);
  EXPECT_EQ(made.topology.sites[0].name, "lisbon");
  EXPECT_EQ(made.report.counted("nodes", "left out: no links join it to the largest part of the graph"), 1u);
}

TEST(GraphmlImport, EdgesWithoutASpeedNeedARate) {
  const std::string text = graph(kLisbon + kMadrid + edge("0", "1") + edge("0", "1", "1e9") + edge("1", "1"));
  EXPECT_EQ(error(text),
            "g.graphml:11: LinkSpeedRaw: missing, allowed: a speed in bit/s, or `--rate 10 Gbit/s` for all "
            "without");
  const Import made = graphml(text, {.rate = BitRate::gigabits_per_second(40)});
  ASSERT_EQ(made.topology.links.size(), 2u);
  EXPECT_EQ(made.topology.links[0].directions[kForward].rate, BitRate::gigabits_per_second(40));
  EXPECT_EQ(made.topology.links[1].directions[kForward].rate, BitRate::gigabits_per_second(1));
  EXPECT_EQ(made.report.counted("edges", "left out: an edge from a node to itself"), 1u);
  EXPECT_EQ(made.report.notes().at(0), "chosen: 40 Gbit/s for 1 links without LinkSpeedRaw");
}

TEST(GraphmlImport, LabelsBecomeNamesThatAreAllowed) {
  const Topology t = graphml(graph(node("a", "S\u00e3o Paulo", "1,2") + node("b", "S\u00e3o Paulo", "1,3") +
                                   node("c", "?", "1,4") + node("d", std::string(60, 'w'), "1,5") +
                                   edge("a", "b", "1e9") + edge("b", "c", "1e9") + edge("c", "d", "1e9")))
                         .topology;
  EXPECT_EQ(t.sites[0].name, "s-o-paulo");
  EXPECT_EQ(t.sites[1].name, "s-o-paulo-2");
  EXPECT_EQ(t.sites[2].name, "x");
  EXPECT_EQ(t.sites[3].name, std::string(32, 'w'));
  EXPECT_EQ(t.hosts[3].name, std::string(15, 'w'));
}

TEST(GraphmlImport, WhatCannotBeMappedIsRefusedWithItsLine) {
  EXPECT_EQ(error("<graphml><graph>"), "g.graphml:1: xml: Start-end tags mismatch");
  EXPECT_EQ(error("<a/>"), "g.graphml:1: graphml: no <graph> in <graphml>, allowed: one");
  EXPECT_EQ(error(graph("", R"(edgedefault="directed")")),
            "g.graphml:8: graph.edgedefault: directed, allowed: undirected");
  EXPECT_EQ(error(graph(kLisbon + kLisbon)), "g.graphml:10: node: the id '0' is taken, allowed: each once");
  EXPECT_EQ(error(graph(kLisbon + edge("0", "9"))),
            "g.graphml:10: edge.target: there is no node '9', allowed: the id of a node");
  EXPECT_EQ(error(graph(node("0", "x", "91,0"))),
            "g.graphml:9: Latitude: 91 is out of range, allowed: -90 to 90 degrees");
  EXPECT_EQ(error(graph(node("0", "x", "here,0"))),
            "g.graphml:9: Latitude: 'here' is not a plain number, write for example 1.5");
  EXPECT_EQ(error(graph(kLisbon + kMadrid + edge("0", "1", "3e12"))),
            "g.graphml:11: LinkSpeedRaw: 3e+12 bit/s is out of range, allowed: 1 kbit/s to 1.6 Tbit/s");
}

}  // namespace
}  // namespace longhaul::topology
