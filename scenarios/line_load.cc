// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/line_load.h"

#include <algorithm>
#include <limits>

#include "scenarios/predict.h"

namespace longhaul::scenario {

using topology::Direction;
using topology::kForward;
using topology::kReverse;

const topology::Host& rank_host(const Scenario& scenario, std::size_t rank) {
  return scenario.topology.hosts[scenario.workload.ranks[rank]];
}

std::vector<topology::Hop> rank_way(const Scenario& scenario, std::size_t from, std::size_t to) {
  return path(scenario.topology, rank_host(scenario, from).site, rank_host(scenario, to).site);
}

Duration rank_delay(const Scenario& scenario, std::size_t from, std::size_t to) {
  return propagation_delay(scenario.topology, rank_host(scenario, from).site, rank_host(scenario, to).site);
}

double line_goodput(const topology::Topology& topology, std::size_t link, Direction direction) {
  const core::LinkConfig& line = topology.links[link].directions[direction];
  BitRate rate = BitRate::bits_per_second(line.rate.bps() / line.waves.members);  // a flow stays on one wave
  if (line.far_end.rate != BitRate()) rate = std::min(rate, line.far_end.rate);
  return goodput(rate, line.framing, topology.mtu, line.overhead);
}

double host_goodput(const Scenario& scenario, std::size_t rank) {
  const BitRate rate = rank_host(scenario, rank).rate;
  if (rate == BitRate()) return std::numeric_limits<double>::infinity();
  return goodput(rate, core::Framing::kWire, scenario.topology.mtu);
}

LineLoad::LineLoad(const Scenario& scenario)
    : scenario_(scenario), links_(scenario.topology.links.size()), ranks_(scenario.workload.ranks.size()) {}

double LineLoad::OnLine::most() const {
  const std::uint64_t on_one = (flows + ways - 1) / ways;
  return flows == 0 ? 0 : amount * static_cast<double>(on_one) / static_cast<double>(flows);
}

void LineLoad::send(std::size_t from, std::size_t to, double amount) {
  ranks_[from] += amount;
  const std::uint64_t ways =
      equal_paths(scenario_.topology, rank_host(scenario_, from).site, rank_host(scenario_, to).site);
  for (const topology::Hop& hop : rank_way(scenario_, from, to)) {
    OnLine& line = links_[hop.link][hop.direction];
    line.amount += amount;
    ++line.flows;
    line.ways = line.flows == 1 ? ways : std::min(line.ways, ways);
  }
}

double LineLoad::longest_transfer() const {
  double longest = 0;
  for (std::size_t l = 0; l < links_.size(); ++l) {
    for (const Direction d : {kForward, kReverse})
      longest = std::max(longest, links_[l][d].most() / line_goodput(scenario_.topology, l, d));
  }
  for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
    longest = std::max(longest, ranks_[rank] / host_goodput(scenario_, rank));
  return longest;
}

}  // namespace longhaul::scenario
