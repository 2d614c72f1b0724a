// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/model.h"

#include <algorithm>
#include <stdexcept>

namespace longhaul::topology {

std::vector<Hop> path(const Topology& topology, std::size_t from_site, std::size_t to_site) {
  const std::size_t sites = topology.sites.size();
  if (from_site >= sites || to_site >= sites) throw std::out_of_range("path between sites: no such site");
  std::vector<std::optional<Hop>> arrived_by(sites);  // the last hop of the way from from_site
  std::vector<std::size_t> reached{from_site};
  for (std::size_t next = 0; next < reached.size() && reached[next] != to_site; ++next) {
    for (std::size_t l = 0; l < topology.links.size(); ++l) {
      const auto& ends = topology.links[l].between;
      for (const Direction direction : {kForward, kReverse}) {
        const std::size_t far = ends[1 - direction];
        if (ends[direction] != reached[next] || far == from_site || arrived_by[far]) continue;
        arrived_by[far] = Hop{l, direction};
        reached.push_back(far);
      }
    }
  }
  std::vector<Hop> hops;
  for (std::size_t at = to_site; at != from_site;) {
    if (!arrived_by[at]) throw std::out_of_range("path between sites: they are not connected");
    hops.push_back(*arrived_by[at]);
    at = topology.links[hops.back().link].between[hops.back().direction];
  }
  std::reverse(hops.begin(), hops.end());
  return hops;
}

Duration propagation_delay(const Topology& topology, std::size_t from_site, std::size_t to_site) {
  Duration sum;
  for (const Hop& hop : path(topology, from_site, to_site)) {
    sum += topology.links[hop.link].directions[hop.direction].delay;
  }
  return sum;
}

Duration round_trip(const Link& link) {
  return link.directions[kForward].delay + link.directions[kReverse].delay;
}

}  // namespace longhaul::topology
