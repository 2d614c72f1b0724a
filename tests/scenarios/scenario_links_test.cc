// SPDX-License-Identifier: GPL-2.0-only
//
// A scenario's `links:` over those of its topology.
#include <gtest/gtest.h>

#include "scenarios/load.h"
#include "tests/topologies/corpus.h"
#include "topologies/load.h"

namespace longhaul::scenario {
namespace {

const Library& library() {
  static const Library good{test::in_project("tests/topologies/good"), {}};
  return good;
}

Scenario with(const std::string& topology_and_links, const std::vector<std::string>& sets = {}) {
  std::vector<topology::Override> overrides;
  for (const std::string& set : sets) overrides.push_back(topology::parse_override(set));
  return load_text("name: s\n" + topology_and_links + "workload: { kind: allreduce, sizes: [4 KiB] }\n",
                   "s.yaml", test::in_project("tests/scenarios/good"), library(), overrides);
}

const core::LinkConfig& wan(const Scenario& scenario, topology::Direction direction) {
  return scenario.topology.links.at(0).directions[direction];
}

std::string error_with(const std::string& topology_and_links, const std::vector<std::string>& sets = {}) {
  try {
    with(topology_and_links, sets);
  } catch (const topology::ConfigError& e) {
    return e.what();
  }
  return "no error";
}

// asymmetric.yaml: delay 5 ms, rate 1 Gbit/s; forward: loss 1e-5; reverse: delay 7 ms, rate 500 Mbit/s.
TEST(ScenarioLinks, AreMergedKeyByKey) {
  const Scenario s = load(test::in_project("tests/scenarios/good/links-over-topology.yaml").string(), {});
  EXPECT_EQ(wan(s, topology::kForward).rate, BitRate::bits_per_second(100'000'000));
  EXPECT_EQ(wan(s, topology::kForward).loss, 1e-5) << "the topology's forward stays beside the scenario's";
  EXPECT_EQ(wan(s, topology::kForward).delay, Duration::milliseconds(5));
  EXPECT_EQ(wan(s, topology::kReverse).loss, core::LossModel(core::loss::Positions{{0, 7}, 0}));
  EXPECT_EQ(wan(s, topology::kReverse).delay, Duration::milliseconds(3)) << "netem's words are laid over";
  EXPECT_EQ(wan(s, topology::kReverse).rate, BitRate::bits_per_second(500'000'000));
  EXPECT_EQ(wan(s, topology::kReverse).line.jitter.scale, Duration::microseconds(10));
}

TEST(ScenarioLinks, MayReplaceTheWayADelayIsGiven) {
  const Scenario s = with("topology: asymmetric\nlinks: { wan: { distance: 100 km } }\n");
  EXPECT_EQ(wan(s, topology::kForward).delay, Duration::microseconds(490));
  EXPECT_EQ(wan(s, topology::kReverse).delay, Duration::milliseconds(7));
}

TEST(ScenarioLinks, ReachATopologyInPlace) {
  const std::string in_place =
      "topology:\n  name: t\n  sites: { a: {}, b: {} }\n  hosts: { h0: { site: a }, h1: { site: b } }\n"
      "  links: { wan: { between: [a, b], delay: 5 ms, rate: 1 Gbit/s } }\n";
  const Scenario s =
      with(in_place + "links: { wan: { loss: 1 %, jitter: 1 ms } }\n", {"topology.links.wan.loss=2 %"});
  EXPECT_EQ(wan(s, topology::kForward).loss, 0.02) << "the command line has the last word";
  EXPECT_EQ(wan(s, topology::kForward).line.jitter.scale, Duration::milliseconds(1));
}

TEST(ScenarioLinks, GiveWayToTheCommandLine) {
  const std::string links = "topology: asymmetric\nlinks: { wan: { loss: 1 %, forward: { loss: 2 % } } }\n";
  EXPECT_EQ(wan(with(links, {"links.wan.loss=3 %"}), topology::kReverse).loss, 0.03);
  EXPECT_EQ(wan(with(links, {"topology.links.wan.loss=3 %"}), topology::kReverse).loss, 0.03);
  EXPECT_EQ(wan(with("topology: asymmetric\n", {"links.wan.forward.loss=3 %"}), topology::kForward).loss,
            0.03);
  EXPECT_EQ(wan(with(links, {"links.wan.netem=loss 4%"}), topology::kReverse).loss, 0.04);
}

TEST(ScenarioLinks, ErrorsNameTheScenarioOrTheOverride) {
  EXPECT_EQ(error_with("topology: asymmetric\nlinks:\n  wan:\n    delay: 1 ms\n    distance: 5 km\n"),
            "s.yaml:5: links.wan.delay: given beside distance, allowed: one of the two");
  EXPECT_EQ(error_with("topology: asymmetric\n", {"links.wan.los=3 %"}),
            "--set links.wan.los: links.wan.los: unknown key, did you mean 'loss'?");
  EXPECT_EQ(error_with("topology: asymmetric\n", {"links.man.loss=3 %"}),
            "--set links.man.loss: links.man: is not a link of the topology, did you mean 'wan'?");
}

}  // namespace
}  // namespace longhaul::scenario
