// SPDX-License-Identifier: GPL-2.0-only
//
// What the closed forms say a run will measure: printed before it by `check`, beside the measured figures
// after it. They take every link at TCP's goodput, ranks in lock step, no loss, no queueing and no time spent
// in hosts or inside a site, so a real run is a little slower. Rates are bytes per second, sizes of a
// collective are per rank. The ring's cost model is that of Patarasuk and Yuan (2009), with the propagation
// of its longest dependency chain in place of a constant latency per step; halving-doubling is that of
// Thakur, Rabenseifner and Gropp (2005).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "scenarios/model.h"

namespace longhaul::scenario {

// Payload bytes per second of a TCP flow with timestamps (RFC 7323) that fills a line of this rate with
// frames of the largest size: mtu - 52 B of payload in mtu + 38 B on the wire, or in mtu + 14 B for
// Framing::kL2.
double goodput(BitRate rate, core::Framing framing, std::uint32_t mtu);

struct DirectionPrediction {
  std::size_t link = 0;
  topology::Direction direction = topology::kForward;
  double goodput = 0;
  Bytes bdp;                  // rate x round trip of the link, in bytes as the framing counts them
  Bytes in_flight;            // rate x one-way delay, likewise
  Duration full_queue_delay;  // what a frame waits behind a full buffer of largest frames
  std::uint64_t frames =
      0;         // largest frames that the link holds at most: waiting, being sent and on the line
  Bytes memory;  // their L2 bytes
};

// One entry for each direction of each link, in the topology's order, forward first.
std::vector<DirectionPrediction> predict_links(const topology::Topology& topology);

struct SitePair {
  std::size_t from = 0, to = 0;  // site indices, from < to
  Duration round_trip;           // propagation both ways
};

// Each pair of sites that both have ranks.
std::vector<SitePair> rank_round_trips(const Scenario& scenario);

// How long one all-reduce of `size` bytes takes; 0 when all ranks are at one site.
// Ring: T = 2(n-1)(S/n)/B + the longest propagation along 2(n-1) successive edges of the ring r -> r-1, where
// B is the goodput of the direction that is worst off, shared by the edges that cross it. Halving-doubling: T
// = 2 sum over k of (longest path of step k + its largest load on a direction / goodput).
Duration predicted_all_reduce(const Scenario& scenario, Bytes size);

// nccl-tests' figures: algbw = size / time, busbw = algbw x 2(n-1)/n; 0 when `time` is not positive.
double algbw(Bytes size, Duration time);
double busbw(Bytes size, Duration time, std::size_t ranks);

}  // namespace longhaul::scenario
