// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/path_floor.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "scenarios/link_figures.h"
#include "topologies/routes.h"

namespace longhaul::scenario {

Duration least_delay(const core::LinkConfig& link) {
  // netem's reordering takes a frame out of its place without any propagation.
  if (link.line.reorder.probability > 0 && link.line.reorder.hold == Duration()) return {};
  Duration least = link.delay;
  const auto note = [&](const core::Change& change) {
    if (change.delay) least = std::min(least, *change.delay);
  };
  for (const core::Event& event : link.timeline.events) note(event.change);
  for (const core::Trace::Row& row : link.timeline.trace.rows) note(row.change);
  if (link.line.jitter.scale != Duration()) least += jitter_range(link.line.jitter).least;
  if (link.line.drift_ps_per_s < 0) least -= core::LineConfig::kMostDrift;
  if (!link.waves.skew.empty()) least += *std::min_element(link.waves.skew.begin(), link.waves.skew.end());
  return std::max(least, Duration());
}

Duration least_delay(const topology::Topology& topology, std::size_t from_site, std::size_t to_site) {
  const std::vector<std::vector<topology::Hop>> hops = topology::hops_from(topology);
  const std::vector<std::uint64_t> costs = topology::costs_to(topology, hops, to_site);
  std::vector<std::size_t> nearest_first(costs.size());
  std::iota(nearest_first.begin(), nearest_first.end(), std::size_t{0});
  std::sort(nearest_first.begin(), nearest_first.end(),
            [&](std::size_t a, std::size_t b) { return costs[a] < costs[b]; });
  std::vector<Duration> least(costs.size());
  for (const std::size_t site : nearest_first) {
    bool first = true;
    for (const topology::Hop& hop : hops[site]) {
      const topology::Link& link = topology.links[hop.link];
      const std::size_t next = topology::end_of(topology, hop);
      if (costs[site] == topology::kNoWay || costs[next] + link.cost != costs[site]) continue;
      const Duration by_this = least_delay(link.directions[hop.direction]) + least[next];
      least[site] = first ? by_this : std::min(least[site], by_this);
      first = false;
    }
  }
  return least[from_site];
}

}  // namespace longhaul::scenario
