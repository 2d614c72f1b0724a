// SPDX-License-Identifier: GPL-2.0-only
//
// Ways over graphs: known ones by hand, random ones against Floyd and Warshall's all-pairs costs.
#include "topologies/routes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <stdexcept>

#include "tests/topologies/corpus.h"
#include "topologies/load.h"

namespace longhaul::topology {
namespace {

struct Edge {
  std::size_t from, to;
  std::uint32_t cost = 1;
};

Topology graph(std::size_t sites, const std::vector<Edge>& edges) {
  Topology topology;
  topology.name = "graph";
  topology.sites.resize(sites);
  for (const Edge& edge : edges) {
    Link& link = topology.links.emplace_back();
    link.between = {edge.from, edge.to};
    link.cost = edge.cost;
  }
  return topology;
}

using Hops = std::vector<Hop>;

TEST(Routes, AThreeSiteRingGoesTheDirectWay) {
  const Topology ring = graph(3, {{0, 1}, {1, 2}, {2, 0}});
  const Routes routes = routes_of(ring);
  EXPECT_EQ(routes.next_hops[0][1], (Hops{{0, kForward}}));
  EXPECT_EQ(routes.next_hops[0][2], (Hops{{2, kReverse}}));
  EXPECT_TRUE(routes.next_hops[1][1].empty());
  EXPECT_EQ(routes.trees[1][1], (Hops{{0, kReverse}, {1, kForward}}));
  EXPECT_TRUE(routes.trees[1][0].empty());
  EXPECT_TRUE(routes.trees[1][2].empty());
  EXPECT_EQ(path(ring, 0, 2), (Hops{{2, kReverse}}));
  EXPECT_FALSE(several_paths(ring, 0, 2));
}

TEST(Routes, ADearLinkIsGoneRoundAndATieIsShared) {
  const Topology dear = graph(3, {{0, 1, 3}, {1, 2}, {2, 0}});
  EXPECT_EQ(routes_of(dear).next_hops[0][1], (Hops{{2, kReverse}}));
  EXPECT_EQ(path(dear, 0, 1), (Hops{{2, kReverse}, {1, kReverse}}));
  EXPECT_EQ(routes_of(dear).trees[0][2], (Hops{{1, kReverse}}));
  const Topology even = graph(3, {{0, 1, 2}, {1, 2}, {2, 0}});
  EXPECT_EQ(routes_of(even).next_hops[0][1], (Hops{{0, kForward}, {2, kReverse}}));
  EXPECT_EQ(path(even, 0, 1), (Hops{{0, kForward}}));
  EXPECT_EQ(equal_paths(even, 0, 1), 2u);
  EXPECT_TRUE(several_paths(even, 1, 0));
  EXPECT_FALSE(several_paths(even, 1, 2));
}

TEST(Routes, ParallelLinksShareFlowsAndOneOfThemFloods) {
  const Topology pair = graph(2, {{0, 1}, {1, 0}, {0, 1, 2}});
  const Routes routes = routes_of(pair);
  EXPECT_EQ(routes.next_hops[0][1], (Hops{{0, kForward}, {1, kReverse}}));
  EXPECT_EQ(routes.next_hops[1][0], (Hops{{0, kReverse}, {1, kForward}}));
  EXPECT_EQ(routes.trees[0][0], (Hops{{0, kForward}}));
  EXPECT_EQ(routes.trees[1][1], (Hops{{0, kReverse}}));
  EXPECT_EQ(path(pair, 1, 0), (Hops{{0, kReverse}}));
  EXPECT_EQ(equal_paths(pair, 0, 1), 2u);
}

TEST(Routes, OneSiteHasNoneAndSitesApartAreRefused) {
  const Routes routes = routes_of(graph(1, {}));
  EXPECT_TRUE(routes.next_hops.at(0).at(0).empty());
  EXPECT_TRUE(routes.trees.at(0).at(0).empty());
  EXPECT_THROW(routes_of(graph(3, {{0, 1}})), std::invalid_argument);
  EXPECT_THROW(path(graph(3, {{0, 1}}), 0, 2), std::out_of_range);
  EXPECT_THROW(path(graph(1, {}), 0, 1), std::out_of_range);
  EXPECT_TRUE(path(graph(1, {}), 0, 0).empty());
  EXPECT_EQ(equal_paths(graph(1, {}), 0, 0), 1u);
}

TEST(Routes, WaysWithoutNumberAreCountedToTheLargest) {
  std::vector<Edge> edges;  // 65 pairs of parallel links in a row: 2^65 ways
  for (std::size_t i = 0; i < 65; ++i) edges.insert(edges.end(), {{i, i + 1}, {i, i + 1}});
  EXPECT_EQ(equal_paths(graph(66, edges), 0, 63), std::uint64_t{1} << 63);
  EXPECT_EQ(equal_paths(graph(66, edges), 0, 65), ~std::uint64_t{0});
}

TEST(Routes, TheShippedGraphs) {
  const Topology ring = load(test::in_project("topologies/library/three-site-ring.yaml"));
  EXPECT_EQ(path(ring, 0, 2).size(), 1u);
  EXPECT_EQ(equal_paths(ring, 0, 2), 1u);
  const Topology spans = load(test::in_project("topologies/library/two-parallel-spans.yaml"));
  EXPECT_EQ(routes_of(spans).next_hops[0][1].size(), 2u);
  EXPECT_NE(spans.links[0].directions[kForward].delay, spans.links[1].directions[kForward].delay);
}

std::uint64_t seed() {
  const char* given = std::getenv("LONGHAUL_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20'260'117;
}

// A random tree, so that all sites are joined, and more links between any two.
Topology random_graph(std::size_t sites, std::size_t more_links, std::mt19937_64& random) {
  std::vector<Edge> edges;
  const auto cost = [&] { return static_cast<std::uint32_t>(1 + random() % 4); };
  for (std::size_t s = 1; s < sites; ++s) edges.push_back({random() % s, s, cost()});
  for (std::size_t i = 0; sites > 1 && i < more_links; ++i) {
    const std::size_t from = random() % sites;
    edges.push_back({from, (from + 1 + random() % (sites - 1)) % sites, cost()});
  }
  std::shuffle(edges.begin(), edges.end(), random);
  return graph(sites, edges);
}

std::vector<std::vector<std::uint64_t>> all_costs(const Topology& topology) {
  const std::size_t n = topology.sites.size();
  constexpr std::uint64_t kFar = 1'000'000;
  std::vector<std::vector<std::uint64_t>> cost(n, std::vector<std::uint64_t>(n, kFar));
  for (std::size_t s = 0; s < n; ++s) cost[s][s] = 0;
  for (const Link& link : topology.links) {
    const auto [a, b] = link.between;
    cost[a][b] = cost[b][a] = std::min<std::uint64_t>(cost[a][b], link.cost);
  }
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) cost[i][j] = std::min(cost[i][j], cost[i][k] + cost[k][j]);
    }
  }
  return cost;
}

// The next hops of a pair are all links that lower the cost that is left by their own, in their order.
void expect_next_hops(const Topology& topology, const Routes& routes,
                      const std::vector<std::vector<std::uint64_t>>& cost, std::size_t from, std::size_t to) {
  Hops expected;
  for (std::size_t l = 0; l < topology.links.size(); ++l) {
    for (const Direction d : {kForward, kReverse}) {
      const Link& link = topology.links[l];
      if (from == link.between[d] && from != to &&
          link.cost + cost[link.between[1 - d]][to] == cost[from][to]) {
        expected.push_back({l, d});
      }
    }
  }
  ASSERT_EQ(routes.next_hops[from][to], expected) << from << " to " << to;
  const Hops way = path(topology, from, to);
  std::uint64_t spent = 0;
  std::size_t at = from;
  bool choice = false;
  for (const Hop& hop : way) {
    ASSERT_EQ(hop, routes.next_hops[at][to].at(0)) << from << " to " << to;
    choice = choice || routes.next_hops[at][to].size() > 1;
    spent += topology.links[hop.link].cost;
    at = end_of(topology, hop);
  }
  ASSERT_EQ(at, to);
  ASSERT_EQ(spent, cost[from][to]);
  ASSERT_EQ(several_paths(topology, from, to), choice) << from << " to " << to;
}

// Going down the tree from its root enters each other site once, at the least cost, by the first such link.
void expect_tree(const Topology& topology, const Routes& routes,
                 const std::vector<std::vector<std::uint64_t>>& cost, std::size_t root) {
  std::vector<std::uint64_t> at_cost(topology.sites.size());
  std::vector<std::size_t> entered(topology.sites.size()), reached{root};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const Hops& hops = routes.trees[root][reached[i]];
    ASSERT_TRUE(std::is_sorted(hops.begin(), hops.end(), [](auto& a, auto& b) { return a.link < b.link; }));
    for (const Hop& hop : hops) {
      ASSERT_EQ(topology.links[hop.link].between[hop.direction], reached[i]);
      const std::size_t far = end_of(topology, hop);
      ASSERT_EQ(++entered[far], 1u) << "from " << root << " to " << far;
      at_cost[far] = at_cost[reached[i]] + topology.links[hop.link].cost;
      ASSERT_EQ(at_cost[far], cost[root][far]);
      reached.push_back(far);
      for (std::size_t l = 0; l < hop.link; ++l) {  // none before it would have done
        const auto [a, b] = topology.links[l].between;
        const std::size_t near = far == a ? b : a;
        ASSERT_FALSE((far == a || far == b) && cost[root][near] + topology.links[l].cost == cost[root][far]);
      }
    }
  }
  ASSERT_EQ(reached.size(), topology.sites.size()) << "from " << root;
  ASSERT_EQ(entered[root], 0u);
}

TEST(Routes, RandomGraphsAgainstAllPairsCosts) {
  std::mt19937_64 random(seed());
  SCOPED_TRACE("LONGHAUL_TEST_SEED=" + std::to_string(seed()));
  for (int turn = 0; turn < 150; ++turn) {
    const Topology topology = random_graph(1 + random() % 12, random() % 20, random);
    const Routes routes = routes_of(topology);
    const auto cost = all_costs(topology);
    for (std::size_t a = 0; a < topology.sites.size(); ++a) {
      expect_tree(topology, routes, cost, a);
      for (std::size_t b = 0; b < topology.sites.size(); ++b) {
        expect_next_hops(topology, routes, cost, a, b);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(Routes, AThousandSites) {
  std::mt19937_64 random(seed());
  const Topology topology = random_graph(1'000, 1'000, random);
  const Routes routes = routes_of(topology);
  std::size_t hops = 0;
  for (const Hops& at_site : routes.trees[500]) hops += at_site.size();
  EXPECT_EQ(hops, 999u);
  EXPECT_EQ(routes.next_hops[0][999].at(0), path(topology, 0, 999).at(0));
}

}  // namespace
}  // namespace longhaul::topology
