// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/traffic/background.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "emulator/core/link.h"
#include "topologies/routes.h"

namespace longhaul::traffic {
namespace {

// FNV-1a, the same on every machine.
std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

std::vector<topology::Hop> way_of(const topology::Topology& topology, std::string_view name, std::size_t from,
                                  std::size_t to) {
  const auto hops = topology::hops_from(topology);
  const std::vector<std::uint64_t> cost = topology::costs_to(topology, hops, to);
  if (cost[from] == topology::kNoWay) throw std::invalid_argument("no way between two sites");
  std::vector<topology::Hop> way;
  for (std::size_t site = from; site != to; site = topology::end_of(topology, way.back())) {
    std::vector<topology::Hop> equal;
    for (const topology::Hop& hop : hops[site]) {
      if (cost[topology::end_of(topology, hop)] + topology.links[hop.link].cost == cost[site])
        equal.push_back(hop);
    }
    way.push_back(equal[hash_of(name) % equal.size()]);
  }
  return way;
}

std::vector<topology::Hop> hops_of(const topology::Topology& topology, const std::vector<Background>& all) {
  std::vector<topology::Hop> hops;
  for (const Background& one : all) {
    for (const topology::Hop& hop : way_of(topology, one.name, one.from, one.to)) hops.push_back(hop);
  }
  std::sort(hops.begin(), hops.end(), [](const topology::Hop& a, const topology::Hop& b) {
    return std::pair(a.link, a.direction) < std::pair(b.link, b.direction);
  });
  hops.erase(std::unique(hops.begin(), hops.end()), hops.end());
  return hops;
}

Duration most_wait(const core::LinkConfig& link) {
  BitRate least = link.rate;
  const auto take = [&](const core::Change& change) {
    if (change.rate && *change.rate > BitRate()) least = std::min(least, *change.rate);
  };
  for (const core::Event& event : link.timeline.events) take(event.change);
  for (const core::Trace::Row& row : link.timeline.trace.rows) take(row.change);
  return std::min(Duration::seconds(10), serialisation_time(core::most_of(link).buffer, least));
}

double full_rate(const core::LinkConfig& link, std::uint32_t packet) {
  const auto counted = static_cast<double>(core::counted_size(Bytes(packet), link).count());
  return static_cast<double>(link.rate.bps()) * packet / counted;
}

double full_rate(const topology::Topology& topology, const std::vector<topology::Hop>& way,
                 std::uint32_t packet) {
  double least = std::numeric_limits<double>::infinity();
  for (const topology::Hop& hop : way) {
    least = std::min(least, full_rate(topology.links[hop.link].directions[hop.direction], packet));
  }
  return least;
}

}  // namespace longhaul::traffic
