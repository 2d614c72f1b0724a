// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/model.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "topologies/routes.h"

namespace longhaul::topology {
namespace {

// The ways to one site.
struct Ways {
  Ways(const Topology& of, std::size_t from_site, std::size_t to_site) : topology(of) {
    const std::size_t sites = topology.sites.size();
    if (from_site >= sites || to_site >= sites) throw std::out_of_range("path between sites: no such site");
    hops = hops_from(topology);
    costs = costs_to(topology, hops, to_site);
    if (costs[from_site] == kNoWay) throw std::out_of_range("path between sites: they are not connected");
  }

  // Whether a way of least cost goes on with `hop`, which leaves `site`.
  bool leads(std::size_t site, const Hop& hop) const {
    const std::uint64_t beyond = costs[end_of(topology, hop)];
    return beyond != kNoWay && beyond + topology.links[hop.link].cost == costs[site];
  }

  const Topology& topology;
  std::vector<std::vector<Hop>> hops;
  std::vector<std::uint64_t> costs;
};

}  // namespace

std::vector<Hop> path(const Topology& topology, std::size_t from_site, std::size_t to_site) {
  const Ways ways(topology, from_site, to_site);
  std::vector<Hop> taken;
  for (std::size_t at = from_site; at != to_site; at = end_of(topology, taken.back())) {
    const auto& hops = ways.hops[at];
    taken.push_back(
        *std::find_if(hops.begin(), hops.end(), [&](const Hop& hop) { return ways.leads(at, hop); }));
  }
  return taken;
}

std::uint64_t equal_paths(const Topology& topology, std::size_t from_site, std::size_t to_site) {
  const Ways ways(topology, from_site, to_site);
  std::vector<std::size_t> nearest_first(topology.sites.size());
  std::iota(nearest_first.begin(), nearest_first.end(), std::size_t{0});
  std::sort(nearest_first.begin(), nearest_first.end(),
            [&](std::size_t a, std::size_t b) { return ways.costs[a] < ways.costs[b]; });
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  std::vector<std::uint64_t> counts(topology.sites.size());  // ways of least cost from each site
  counts[to_site] = 1;
  for (const std::size_t site : nearest_first) {
    for (const Hop& hop : ways.hops[site]) {
      if (!ways.leads(site, hop)) continue;
      const std::uint64_t beyond = counts[end_of(topology, hop)];
      counts[site] = beyond > kMost - counts[site] ? kMost : counts[site] + beyond;
    }
  }
  return counts[from_site];
}

bool several_paths(const Topology& topology, std::size_t from_site, std::size_t to_site) {
  return equal_paths(topology, from_site, to_site) > 1;
}

Duration propagation_delay(const Topology& topology, std::size_t from_site, std::size_t to_site) {
  Duration sum;
  for (const Hop& hop : path(topology, from_site, to_site)) {
    sum += topology.links[hop.link].directions[hop.direction].delay;
  }
  return sum;
}

Bytes most_under_way(const Topology& topology, std::size_t from_site, std::size_t to_site) {
  Bytes buffers;
  BitRate fastest;
  for (const Hop& hop : path(topology, from_site, to_site)) {
    const core::LinkConfig& link = topology.links[hop.link].directions[hop.direction];
    buffers = Bytes(buffers.count() + link.buffer.count());
    fastest = std::max(fastest, link.rate);
  }
  const Duration round_trip =
      propagation_delay(topology, from_site, to_site) + propagation_delay(topology, to_site, from_site);
  return Bytes(bytes_in(fastest, round_trip).count() + buffers.count());
}

Duration round_trip(const Link& link) {
  return link.directions[kForward].delay + link.directions[kReverse].delay;
}

}  // namespace longhaul::topology
