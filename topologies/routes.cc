// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/routes.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <stdexcept>
#include <utility>

namespace longhaul::topology {
namespace {

using Hops = std::vector<Hop>;

std::size_t start_of(const Topology& topology, const Hop& hop) {
  return topology.links[hop.link].between[hop.direction];
}

// For one destination: the hops of each site with which a way of least cost goes on.
void add_next_hops(const Topology& topology, const std::vector<Hops>& hops,
                   const std::vector<std::uint64_t>& cost, std::size_t destination, Routes& routes) {
  for (std::size_t site = 0; site < hops.size(); ++site) {
    if (site == destination) continue;
    Hops& found = routes.next_hops[site][destination];
    for (const Hop& hop : hops[site]) {
      if (cost[end_of(topology, hop)] + topology.links[hop.link].cost == cost[site]) found.push_back(hop);
    }
  }
}

void add_tree(const Topology& topology, const std::vector<std::uint64_t>& cost, std::size_t root,
              Routes& routes) {
  std::vector<bool> entered(cost.size());
  entered[root] = true;
  for (std::size_t l = 0; l < topology.links.size(); ++l) {
    for (const Direction direction : {kForward, kReverse}) {
      const Hop hop{l, direction};
      const std::size_t from = start_of(topology, hop), to = end_of(topology, hop);
      if (entered[to] || cost[from] + topology.links[l].cost != cost[to]) continue;
      entered[to] = true;
      routes.trees[root][from].push_back(hop);
    }
  }
}

}  // namespace

std::vector<Hops> hops_from(const Topology& topology) {
  std::vector<Hops> hops(topology.sites.size());
  for (std::size_t l = 0; l < topology.links.size(); ++l) {
    for (const Direction direction : {kForward, kReverse}) {
      const Hop hop{l, direction};
      hops[start_of(topology, hop)].push_back(hop);
    }
  }
  return hops;
}

std::size_t end_of(const Topology& topology, const Hop& hop) {
  return topology.links[hop.link].between[1 - hop.direction];
}

std::vector<std::uint64_t> costs_to(const Topology& topology, const std::vector<Hops>& hops,
                                    std::size_t site) {
  using Reached = std::pair<std::uint64_t, std::size_t>;  // cost, site
  std::vector<std::uint64_t> costs(hops.size(), kNoWay);
  std::priority_queue<Reached, std::vector<Reached>, std::greater<>> next;
  costs[site] = 0;
  next.emplace(0, site);
  while (!next.empty()) {
    const auto [cost, at] = next.top();
    next.pop();
    if (cost != costs[at]) continue;  // it was reached for less since
    for (const Hop& hop : hops[at]) {
      const std::size_t far = end_of(topology, hop);
      const std::uint64_t over_here = cost + topology.links[hop.link].cost;
      if (over_here >= costs[far]) continue;
      costs[far] = over_here;
      next.emplace(over_here, far);
    }
  }
  return costs;
}

Routes routes_of(const Topology& topology) {
  const std::size_t sites = topology.sites.size();
  const std::vector<Hops> hops = hops_from(topology);
  Routes routes;
  routes.next_hops.assign(sites, std::vector<Hops>(sites));
  routes.trees.assign(sites, std::vector<Hops>(sites));
  for (std::size_t site = 0; site < sites; ++site) {
    const std::vector<std::uint64_t> cost = costs_to(topology, hops, site);
    if (std::find(cost.begin(), cost.end(), kNoWay) != cost.end()) {
      throw std::invalid_argument("routes of topology " + topology.name +
                                  ": its links do not join all sites");
    }
    add_next_hops(topology, hops, cost, site, routes);
    add_tree(topology, cost, site, routes);
  }
  return routes;
}

}  // namespace longhaul::topology
