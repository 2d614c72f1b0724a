// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/collective_schedule.h"

#include <algorithm>
#include <map>
#include <vector>

#include "scenarios/collectives/algorithms.h"
#include "scenarios/collectives/gloo.h"

namespace longhaul::scenario {
namespace {

constexpr std::uint64_t kElementBytes = 4;  // float32

std::uint32_t pieces_of(Bytes size) {
  constexpr std::uint64_t kPiece = 128 * 1024, kMost = 256;
  return static_cast<std::uint32_t>(std::clamp(size.count() / kPiece, std::uint64_t{1}, kMost));
}

std::vector<std::vector<std::uint32_t>> ranks_by_site(const Scenario& scenario) {
  std::map<std::size_t, std::vector<std::uint32_t>> by_site;
  const std::vector<std::size_t>& hosts = scenario.workload.ranks;
  for (std::uint32_t r = 0; r < hosts.size(); ++r)
    by_site[scenario.topology.hosts[hosts[r]].site].push_back(r);
  std::vector<std::vector<std::uint32_t>> sites;
  for (auto& [site, ranks] : by_site) sites.push_back(std::move(ranks));
  return sites;
}

}  // namespace

collectives::Schedule schedule_of(const Scenario& scenario, Bytes size) {
  const Collective& workload = scenario.workload;
  collectives::Shape shape{static_cast<std::uint32_t>(workload.ranks.size()), size.count(), 1, kElementBytes};
  if (workload.kind == CollectiveKind::kReduceScatter) return collectives::reduce_scatter(shape);
  if (workload.kind == CollectiveKind::kAllGather) return collectives::all_gather(shape);
  switch (workload.algorithm) {
    case Algorithm::kRing:
      return collectives::gloo_ring(shape);
    case Algorithm::kHalvingDoubling:
      return collectives::gloo_halving_doubling(shape);
    case Algorithm::kHierarchical:
      return collectives::hierarchical_all_reduce(shape, ranks_by_site(scenario));
    case Algorithm::kChain:
      shape.segments = pieces_of(size);
      return collectives::chain_broadcast(shape);
    case Algorithm::kTree:
      shape.segments = pieces_of(size);
      return collectives::tree_broadcast(shape);
    case Algorithm::kPairwise:
      return collectives::all_to_all(shape);
  }
  return {};
}

}  // namespace longhaul::scenario
