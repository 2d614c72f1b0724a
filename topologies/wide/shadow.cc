// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/wide/shadow.h"

#include <ns3/nstime.h>
#include <ns3/simulator.h>

namespace longhaul::wide {

Shadow::Shadow(const topology::Topology& topology, const std::vector<traffic::Background>& backgrounds,
               const ShadowOptions& options, dataplane::BackgroundBoard& board)
    : network_(topology, backgrounds, options, board) {
  plan();
}

void Shadow::plan() {
  const Instant end = network_.time() + network_.tick_length();
  ns3::Simulator::Schedule(ns3::PicoSeconds(static_cast<std::uint64_t>(end.ps())) - ns3::Simulator::Now(),
                           &Shadow::tick, this);
}

void Shadow::tick() {
  network_.tick();
  plan();
}

}  // namespace longhaul::wide
