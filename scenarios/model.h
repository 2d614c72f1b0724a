// SPDX-License-Identifier: GPL-2.0-only
//
// A scenario, validated: a topology, a workload on its hosts, and what the run must keep to be believed.
// Immutable once made by scenario::load() (scenarios/load.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "emulator/core/units.h"
#include "topologies/model.h"

namespace longhaul::scenario {

enum class Algorithm : std::uint8_t { kRing, kHalvingDoubling };

// All-reduce of float32 with sum, one rank per host.
struct AllReduce {
  Algorithm algorithm = Algorithm::kRing;
  std::vector<Bytes> sizes;        // per rank, ascending, each a multiple of 4 B x ranks
  std::uint32_t warmup = 5;        // iterations per size, sums checked in each
  std::uint32_t iterations = 20;   // timed iterations per size
  std::vector<std::size_t> ranks;  // ranks[r] = host index of rank r; all netns hosts, no host twice, >= 2
  std::string congestion_control = "cubic";  // a TCP congestion control that the kernel offers
  bool ecn = false;  // TCP asks for explicit congestion notification, so that links can mark instead of drop

  bool operator==(const AllReduce&) const = default;
};

// Bounds on the emulator's own error. Lateness = when a frame was sent less when the link model had it due.
struct Trust {
  Duration lateness_p99 = Duration::microseconds(200);    // above: DEGRADED
  Duration lateness_invalid = Duration::milliseconds(2);  // P99 above this: INVALID

  bool operator==(const Trust&) const = default;
};

// Probes in the kernel at the hosts (nic/probes), which watch a run from outside of the emulator.
struct Probes {
  bool on = true;
  std::uint32_t stamp_every = 64;  // every n-th frame on average, for the one-way delay; 0: none
  Duration burst_gap = Duration::microseconds(100);  // a frame this long after the one before begins a burst

  bool operator==(const Probes&) const = default;
};

struct Scenario {
  std::string name;
  std::string description;
  std::uint64_t seed = 1;
  topology::Topology topology;
  AllReduce workload;
  Trust trust;
  Probes probes;

  bool operator==(const Scenario&) const = default;
};

}  // namespace longhaul::scenario
