// SPDX-License-Identifier: GPL-2.0-only
//
// The shadow in ns-3: a ShadowNetwork that goes on with ns-3's time, one event for each of its ticks; no
// event and no ns3::Packet for a frame. It keeps to no clock: whoever runs ns3::Simulator does
// (topologies/wide/paced_simulator.h), and ns-3's time is taken to be the data plane's. Threading: as all of
// ns-3, one thread; the board may be used by others meanwhile.
#pragma once

#include "topologies/wide/shadow_network.h"

namespace longhaul::wide {

class Shadow {
 public:
  // Plans its first tick; after use_picoseconds(). `board` and this must be there as long as ns-3 runs.
  Shadow(const topology::Topology& topology, const std::vector<traffic::Background>& backgrounds,
         const ShadowOptions& options, dataplane::BackgroundBoard& board);
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

  std::uint32_t slow_down() const { return network_.slow_down(); }
  // After the run, or in an event.
  ShadowStatistics statistics() const { return network_.statistics(); }

 private:
  void plan();
  void tick();

  ShadowNetwork network_;
};

}  // namespace longhaul::wide
