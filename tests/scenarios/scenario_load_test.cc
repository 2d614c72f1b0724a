// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/load.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/topologies/corpus.h"
#include "topologies/load.h"

namespace longhaul::scenario {
namespace {

const Library& shipped() {
  static const Library library{test::in_project("topologies/library"), test::in_project("scenarios/library")};
  return library;
}

Scenario load_with(std::string_view name, const std::vector<std::string>& sets) {
  std::vector<topology::Override> overrides;
  for (const std::string& set : sets) overrides.push_back(topology::parse_override(set));
  return load(name, shipped(), overrides);
}

std::string error_with(std::string_view name, const std::vector<std::string>& sets) {
  try {
    load_with(name, sets);
  } catch (const topology::ConfigError& e) {
    return e.what();
  }
  return "no error";
}

TEST(LoadScenario, FirstLight) {
  const Scenario s = load("first-light", shipped());
  EXPECT_EQ(s.name, "first-light");
  EXPECT_EQ(s.topology.name, "atlanta-mount-pleasant");
  EXPECT_EQ(s.seed, 1u);
  EXPECT_EQ(s.workload.algorithm, Algorithm::kRing);
  const std::vector<Bytes> sizes{Bytes(4'096),     Bytes(16'384),    Bytes(65'536),    Bytes(262'144),
                                 Bytes(1'048'576), Bytes(4'194'304), Bytes(16'777'216)};
  EXPECT_EQ(s.workload.sizes, sizes);
  EXPECT_EQ(s.workload.warmup, 5u);
  EXPECT_EQ(s.workload.iterations, 20u);
  EXPECT_EQ(s.workload.ranks, (std::vector<std::size_t>{0, 1, 2, 3}));
  EXPECT_EQ(s.workload.congestion_control, "cubic");
  EXPECT_EQ(s.trust, (Trust{Duration::milliseconds(1), Duration::milliseconds(5)}));
  EXPECT_EQ(load("metro-light", shipped()).trust, s.trust);
}

TEST(LoadScenario, DefaultsAreFilledIn) {
  const Scenario s = load_text(
      "name: s\ntopology: metro-pair\nworkload: { kind: allreduce, sizes: { from: 1 KiB, to: 5 KiB } }\n",
      "s.yaml", {}, shipped());
  EXPECT_EQ(s.seed, 1u);
  EXPECT_EQ(s.workload.ranks.size(), 4u);
  EXPECT_EQ(s.workload.sizes, (std::vector<Bytes>{Bytes(1'024), Bytes(2'048), Bytes(4'096)}));
  EXPECT_EQ(s.workload.iterations, Collective{}.iterations);
  EXPECT_EQ(s.trust, Trust{});
}

TEST(LoadScenario, OverridesReachScenarioAndTopology) {
  const Scenario s =
      load_with("first-light", {"seed=7", "workload.sizes=[1 MiB]", "workload.ranks=[mtp0, atl0]",
                                "topology.links.wan.rate=100 Mbit/s", "topology.mtu=9000"});
  EXPECT_EQ(s.seed, 7u);
  EXPECT_EQ(s.workload.sizes, std::vector<Bytes>{Bytes(1'048'576)});
  EXPECT_EQ(s.workload.ranks, (std::vector<std::size_t>{2, 0}));
  EXPECT_EQ(s.topology.links[0].directions[0].rate, BitRate::bits_per_second(100'000'000));
  EXPECT_EQ(s.topology.mtu, 9'000u);
}

TEST(LoadScenario, ProbesAreOnUnlessTheyAreSwitchedOff) {
  EXPECT_EQ(load("first-light", shipped()).probes, Probes{});
  EXPECT_TRUE(load_with("first-light", {"probes=on"}).probes.on);
  const Scenario off = load_with("first-light", {"probes=off"});
  EXPECT_FALSE(off.probes.on);
  EXPECT_EQ(load_text(effective_yaml(off), "effective", {}, {}), off);
  EXPECT_EQ(load_with("first-light", {"probes.stamp_every=8"}).probes, (Probes{true, 8, Probes{}.burst_gap}));
}

TEST(LoadScenario, AnOverrideMayReplaceTheTopology) {
  EXPECT_EQ(load_with("metro-light", {"topology=atlanta-mount-pleasant"}).topology.name,
            "atlanta-mount-pleasant");
  const std::string path = test::in_project("topologies/library/hub-and-spoke.yaml").string();
  EXPECT_EQ(load_with("metro-light", {"topology=" + path, "topology.links.dallas-abilene.delay=1 ms"})
                .topology.links[0]
                .directions[0]
                .delay,
            Duration::milliseconds(1));
  const std::string error = error_with("first-light", {"topology=metro-pair"});  // which has other hosts
  EXPECT_NE(error.find("workload.ranks[0]: 'atl0' is not a host"), std::string::npos) << error;
}

TEST(LoadScenario, OverrideErrorsNameTheOverrideAsTyped) {
  EXPECT_EQ(error_with("first-light", {"topology.links.wan.rate=fast"}),
            "--set topology.links.wan.rate: links.wan.rate: 'fast' does not begin with a number, write for "
            "example 1 Gbit/s");
  EXPECT_EQ(error_with("first-light", {"workload.iteration=3"}),
            "--set workload.iteration: workload.iteration: unknown key, did you mean 'iterations'?");
  EXPECT_EQ(error_with("first-light", {"topology=atlantis"}),
            "--set topology: topology: no topology is called 'atlantis', allowed: atlanta-mount-pleasant, "
            "cell-tower-edge, fairwater, fairwater-third-site, hub-and-spoke, metro-pair, micro-sites, "
            "region-and-abroad, shared-interface, three-site-ring, two-parallel-spans, two-pod-dcn, or "
            "a path to a .yaml file");
}

TEST(LoadScenario, TopologyPathsAreRelativeToTheScenario) {
  const auto file = test::in_project("tests/scenarios/good/by-path.yaml");
  const Scenario s = load(file.string(), shipped());
  EXPECT_EQ(s.topology.name, "hub-and-spoke");
  EXPECT_EQ(s.workload.ranks, (std::vector<std::size_t>{0, 2, 3}));
  EXPECT_EQ(s.workload.sizes.front(), Bytes(12'288));
  EXPECT_EQ(s.workload.sizes.back(), Bytes(12'288 * 64));
}

TEST(LoadScenario, EffectiveFormLoadsToAnEqualScenarioWithoutALibrary) {
  auto files = test::yaml_files(test::in_project("scenarios/library"));
  for (const auto& file : test::yaml_files(test::in_project("tests/scenarios/good"))) files.push_back(file);
  ASSERT_GE(files.size(), 4u);
  for (const auto& file : files) {
    const Scenario s = load(file.string(), shipped());
    const std::string effective = effective_yaml(s);
    EXPECT_EQ(load_text(effective, "effective", {}, {}), s) << effective;
    EXPECT_EQ(s.name, file.stem()) << "a library finds files by name";
  }
}

TEST(LoadScenario, OverridesReachATopologyInPlace) {
  const Scenario s = load_text(effective_yaml(load("first-light", shipped())), "effective", {}, {},
                               {topology::parse_override("topology.links.wan.loss=1e-4")});
  EXPECT_EQ(s.topology.links[0].directions[1].loss, 1e-4);
}

TEST(MalformedScenario, GivesExactlyTheExpectedLine) {
  const Library library{test::in_project("tests/topologies/good"), {}};
  const auto files = test::yaml_files(test::in_project("tests/scenarios/malformed"));
  ASSERT_GE(files.size(), 40u);
  for (const auto& file : files) {
    const std::string text = test::slurp(file);
    const std::string label = file.filename().string();
    ASSERT_FALSE(test::expectation(text).empty()) << label;
    try {
      load_text(text, label, {}, library);
      ADD_FAILURE() << label << " loaded";
    } catch (const topology::ConfigError& e) {
      EXPECT_EQ(e.what(), label + ":" + test::expectation(text));
    }
  }
}

TEST(MalformedScenario, DamagedFilesGiveAModelOrOneLine) {
  const char* given = std::getenv("LONGHAUL_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20'240'601;
  std::mt19937_64 random(seed);
  auto files = test::yaml_files(test::in_project("scenarios/library"));
  files.push_back(test::in_project("tests/scenarios/good/every-key.yaml"));
  int loaded = 0, refused = 0;
  for (int turn = 0; turn < 3'000; ++turn) {
    const std::string text = test::damaged(test::slurp(files[random() % files.size()]), random);
    SCOPED_TRACE("LONGHAUL_TEST_SEED=" + std::to_string(seed) + " turn " + std::to_string(turn) + ":\n" +
                 text);
    try {
      const Scenario scenario = load_text(text, "f", {}, shipped());
      ++loaded;
      ASSERT_EQ(load_text(effective_yaml(scenario), "effective", {}, {}), scenario);
    } catch (const topology::ConfigError& e) {
      ++refused;
      ASSERT_EQ(std::string_view(e.what()).find('\n'), std::string_view::npos);
    }
  }
  EXPECT_GT(loaded, 150);
  EXPECT_GT(refused, 150);
}

}  // namespace
}  // namespace longhaul::scenario
