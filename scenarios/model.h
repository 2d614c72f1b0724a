// SPDX-License-Identifier: GPL-2.0-only
//
// A scenario, validated: a topology, a workload on its hosts, and what the run must keep to be believed.
// Immutable once made by scenario::load() (scenarios/load.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/core/units.h"
#include "topologies/model.h"
#include "topologies/traffic/background.h"

namespace longhaul::scenario {

enum class CollectiveKind : std::uint8_t { kAllReduce, kReduceScatter, kAllGather, kBroadcast, kAllToAll };
enum class Algorithm : std::uint8_t { kRing, kHalvingDoubling, kHierarchical, kChain, kTree, kPairwise };

// As scenario files have them.
constexpr std::string_view name(CollectiveKind kind) {
  constexpr std::array<std::string_view, 5> kNames{"allreduce", "reduce_scatter", "all_gather", "broadcast",
                                                   "all_to_all"};
  return kNames[static_cast<std::size_t>(kind)];
}
constexpr std::string_view name(Algorithm algorithm) {
  constexpr std::array<std::string_view, 6> kNames{"ring", "halving-doubling", "hierarchical", "chain",
                                                   "tree", "pairwise"};
  return kNames[static_cast<std::size_t>(algorithm)];
}

// A collective of float32, with sum where it adds; one rank per host. Emulated it is an all-reduce by ring or
// halving-doubling, which Gloo does; any of them when simulated.
struct Collective {
  CollectiveKind kind = CollectiveKind::kAllReduce;
  Algorithm algorithm = Algorithm::kRing;  // one that the kind has
  std::vector<Bytes> sizes;        // of each rank's whole vector, ascending, each a multiple of 4 B x ranks
  std::uint32_t warmup = 5;        // iterations per size, sums checked in each
  std::uint32_t iterations = 20;   // timed iterations per size
  std::vector<std::size_t> ranks;  // ranks[r] = host index of rank r; all netns hosts, no host twice, >= 2
  std::string congestion_control = "cubic";  // a TCP congestion control that the kernel offers
  bool ecn = false;  // TCP asks for explicit congestion notification, so that links can mark instead of drop

  // Whether it follows the schedule of Gloo, which emulated ranks run.
  bool is_gloos() const {
    return kind == CollectiveKind::kAllReduce &&
           (algorithm == Algorithm::kRing || algorithm == Algorithm::kHalvingDoubling);
  }
  bool operator==(const Collective&) const = default;
};

// One-way traffic from one host to another, in simulate mode.
struct Flow {
  std::size_t from = 0, to = 0;                 // hosts, not the same
  std::optional<traffic::SourceConfig> source;  // frames of its own, over UDP; without it TCP:
  Bytes bytes;                                  // of payload
  Duration start;
  std::uint16_t port = 5'001;  // that it connects to
  std::uint8_t dscp = 0;
  bool operator==(const Flow&) const = default;
};

// A workload of flows, in place of a collective; without any the workload is one.
struct Flows {
  std::optional<Duration> duration;  // that it lasts at most
  std::vector<Flow> list;
  bool operator==(const Flows&) const = default;
};

// Bounds on the emulator's own error. Lateness = when a frame was sent less when the link model had it due.
struct Trust {
  Duration lateness_p99 = Duration::microseconds(200);    // above: DEGRADED
  Duration lateness_invalid = Duration::milliseconds(2);  // P99 above this: INVALID
  // How old was what the model of the background had said, when frames met it?
  Duration shadow_age_p99 = Duration::milliseconds(5);       // above: DEGRADED
  Duration shadow_age_invalid = Duration::milliseconds(50);  // P99 above this: INVALID

  bool operator==(const Trust&) const = default;
};

// Probes in the kernel at the hosts (nic/probes), which watch a run from outside of the emulator.
struct Probes {
  bool on = true;
  std::uint32_t stamp_every = 64;  // every n-th frame on average, for the one-way delay; 0: none
  Duration burst_gap = Duration::microseconds(100);  // a frame this long after the one before begins a burst

  bool operator==(const Probes&) const = default;
};

// How the part that ns-3 models and the data plane run together.
struct Coupling {
  Duration interval = Duration::milliseconds(1);  // in which they tell each other
  std::uint32_t slow_down = 0;   // the model's links and loads are this part of the real ones; 0: it chooses
  std::uint32_t real_flows = 1;  // that elastic background shares each link with
  std::vector<std::size_t> inline_links = {};  // that real frames cross in ns-3, ascending
  Duration hold = Duration::milliseconds(2);   // of their delay, that the data plane executes
  bool pcap = false;                           // what leaves them, into files of the run

  bool operator==(const Coupling&) const = default;
};

struct Scenario {
  std::string name;
  std::string description;
  std::uint64_t seed = 1;
  topology::Topology topology;
  Collective workload;  // with flows: the hosts that have a part in them, no sizes, and TCP's settings
  Flows flows;
  Trust trust;
  Probes probes;
  std::vector<traffic::Background> background;
  Coupling coupling;

  bool operator==(const Scenario&) const = default;
};

}  // namespace longhaul::scenario
