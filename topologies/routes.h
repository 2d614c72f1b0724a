// SPDX-License-Identifier: GPL-2.0-only
//
// Where a frame goes at each site, over a whole topology: to one destination over all ways of least cost, to
// everyone along one tree for each site at which it can come in. Costs are whole numbers, alike both ways, so
// that the least cost from a to b is that from b to a (Dijkstra 1959; equal-cost ways as in RFC 2992). Pure
// functions, any thread; made once before a run. Which of several hops a flow takes is for the data plane.
// 1,000 sites and 2,000 links take half a second and 120 MB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "topologies/model.h"

namespace longhaul::topology {

struct Routes {
  // [site][destination]: every hop with which a way of least cost goes on, in the order of links; empty for
  // the site itself. Each comes nearer to the destination, so that no choice among them ends in a loop.
  std::vector<std::vector<std::vector<Hop>>> next_hops;
  // [root][site]: the hops on which a frame that came in at `root` and goes to everyone is sent on from
  // `site`, in the order of links. Together they are a spanning tree of ways of least cost from the root:
  // each other site is entered exactly once, over the first of the links that are equally good.
  std::vector<std::vector<std::vector<Hop>>> trees;
};

// All of it; throws std::invalid_argument when the links do not join all sites.
Routes routes_of(const Topology& topology);

// Of a site that no way leads to.
inline constexpr std::uint64_t kNoWay = ~std::uint64_t{0};

// The links at each site as the hops that leave it, in the order of links.
std::vector<std::vector<Hop>> hops_from(const Topology& topology);

// The site at which a hop ends.
std::size_t end_of(const Topology& topology, const Hop& hop);

// The least cost between `site` and each site; `hops` is that of hops_from().
std::vector<std::uint64_t> costs_to(const Topology& topology, const std::vector<std::vector<Hop>>& hops,
                                    std::size_t site);

}  // namespace longhaul::topology
