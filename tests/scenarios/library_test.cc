// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/library.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/topologies/corpus.h"
#include "topologies/config_error.h"

namespace longhaul::scenario {
namespace {

const Library& shipped() {
  static const Library library{test::in_project("topologies/library"), test::in_project("scenarios/library")};
  return library;
}

std::string error_of(auto call) {
  try {
    call();
  } catch (const topology::ConfigError& e) {
    return e.what();
  }
  return "no error";
}

TEST(Library, ListsWhatShips) {
  const auto scenarios = list_scenarios(shipped());
  ASSERT_GE(scenarios.size(), 2u);
  const auto first =
      std::find_if(scenarios.begin(), scenarios.end(), [](const auto& e) { return e.name == "first-light"; });
  ASSERT_NE(first, scenarios.end());
  EXPECT_EQ(first->description, "Ring all-reduce of four hosts across Atlanta - Mount Pleasant");
  EXPECT_EQ(first->file, shipped().scenarios / "first-light.yaml");
  const auto topologies = list_topologies(shipped());
  ASSERT_GE(topologies.size(), 3u);
  for (const auto& list : {scenarios, topologies}) {
    EXPECT_TRUE(std::all_of(list.begin(), list.end(), [](const LibraryEntry& e) {
      return e.problem.empty() && !e.description.empty();
    }));
  }
}

TEST(Library, AMissingDirectoryIsEmptyAndABrokenFileIsShown) {
  EXPECT_TRUE(list_topologies({}).empty());
  const auto broken = list_topologies({test::in_project("tests/topologies/malformed"), {}});
  const auto tab =
      std::find_if(broken.begin(), broken.end(), [](const auto& e) { return e.name == "tab-indent"; });
  ASSERT_NE(tab, broken.end());
  EXPECT_NE(tab->problem.find("a tab in the indentation"), std::string::npos);
}

TEST(Library, FindsNamesAndPaths) {
  EXPECT_EQ(find_scenario(shipped(), "metro-light"), shipped().scenarios / "metro-light.yaml");
  const auto path = shipped().topologies / "metro-pair.yaml";
  EXPECT_EQ(find_topology({}, path.string()), path);
  EXPECT_EQ(find_topology({}, "./metro-pair.yaml", shipped().topologies),
            shipped().topologies / "./metro-pair.yaml");
  EXPECT_EQ(
      error_of([] { find_scenario(shipped(), "first-lite"); }),
      "no scenario is called 'first-lite', allowed: background-step, drop-segment, first-light, geo-fence, "
      "inline-two-hops, metro-light, parallel-spans, ring-all-reduce, switch-over, or a path to a .yaml "
      "file");
  EXPECT_EQ(error_of([] { find_scenario({}, "x"); }),
            "no scenario is called 'x', allowed: a path to a .yaml file");
  EXPECT_EQ(error_of([] { find_topology(shipped(), "./x.yaml"); }),
            "topology file './x.yaml' does not exist");
}

TEST(Library, TellsTopologiesFromScenarios) {
  EXPECT_EQ(kind_of(shipped().topologies / "metro-pair.yaml"), FileKind::kTopology);
  EXPECT_EQ(kind_of(shipped().scenarios / "first-light.yaml"), FileKind::kScenario);
  const auto neither = test::in_project("tests/topologies/malformed/top-level-text.yaml");
  EXPECT_EQ(error_of([&] { kind_of(neither); }),
            neither.string() +
                ":3: yaml: neither a topology nor a scenario, allowed: a file with sites or with workload");
}

}  // namespace
}  // namespace longhaul::scenario
