// SPDX-License-Identifier: GPL-2.0-only
//
// What a run can be expected to measure: printed before it by `check`, beside the measured figures after it.
// Two predictions of an all-reduce: the closed form of the textbooks, and Gloo's own schedule with its
// handshakes. Both take every line at TCP's goodput, with no loss, no queueing, no slow start and no time
// spent in hosts, so a real run is a little slower. Of several ways of equal cost the first gives the delay,
// and flows take them in turn, which a hash of theirs need not do. Rates are bytes per second, sizes of a
// collective are per rank. The ring's cost model is that of Patarasuk and Yuan (2009), with the propagation
// of its longest dependency chain in place of a constant latency per step; halving-doubling is that of
// Thakur, Rabenseifner and Gropp (2005); the schedules are those of gloo/allreduce.cc and
// gloo/allreduce_halving_doubling.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "scenarios/model.h"

namespace longhaul::scenario {

// Payload bytes per second of a TCP flow with timestamps (RFC 7323) that fills a line of this rate with
// frames of the largest size: mtu - 52 B of payload in mtu + 38 B on the wire, or in mtu + 14 B for
// Framing::kL2, and `overhead` more (core::LinkConfig::overhead).
double goodput(BitRate rate, core::Framing framing, std::uint32_t mtu, Bytes overhead = {});

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
  // Ways of least cost from one to the other. All that is predicted here takes the first of them, path(),
  // where a run spreads flows over them.
  std::uint64_t equal_paths = 1;
};

// Each pair of sites that both have ranks.
std::vector<SitePair> rank_round_trips(const Scenario& scenario);

// The closed form of an all-reduce by ring or halving-doubling; 0 of others. Ranks in lock step, each message
// sent as soon as its data is there, nothing ever waits for a peer's word. Gloo does wait, so on a long link
// at small sizes this is far below what it takes: something to compare with, not a forecast. A floor for
// ranks grouped by site on one link; not where edges share a direction or rates differ, since transfer and
// propagation are added here and two segments in flight can overlap them (the schedule is up to a quarter
// below in random trees). 0 when all ranks are at one site and no host has a rate. Ring: T = 2(n-1)(S/n)/B +
// the longest propagation along 2(n-1) successive edges of the ring r -> r-1, where B is the least of the
// hosts' goodputs and of the directions', each shared by the edges that cross it. Halving-doubling: T = 2 sum
// over k of (longest path of step k + its largest load on a host or a direction / goodput).
Duration closed_form_all_reduce(const Scenario& scenario, Bytes size);

// The closed form of any collective; the above where that is one. Of the others the bytes that the schedule
// puts on the line that is worst off, at TCP's goodput, and the longest propagation along messages that wait
// for each other: n-1 steps around a ring, each other rank at once in all_to_all, down the chain or the tree.
// What is hierarchical has three such phases, one after the other. Iterations of a broadcast overlap, since
// its root waits for nobody: they take less than one alone.
Duration closed_form(const Scenario& scenario, Bytes size);

// What Gloo's own schedule takes, as above 0 of others, when a message leaves only after its receiver's
// "ready" has come back. Ring: 2n segments in each of two phases, as workloads/rank_group.cc sets it up; rank
// r enters iteration i when receive and send of iteration i-2 are over, and sends segment i to r-1 once that
// rank's "ready" for i is here and the segment before has left. An edge runs at the least of its host's
// goodput and, of each direction on its way, goodput / edges that cross it; within a site without host rates
// it costs nothing but order. Sends count as over once begun: true while a segment fits the socket's buffer.
// At small sizes four ranks in two sites take 6 RTT, the closed form 1.5. Halving-doubling: a notification
// goes back after each message, T = 2 sum over k of (longest round trip of step k + its largest load on a
// host or a direction / goodput). One operation from rest: iterations back to back may overlap by a little.
// Segments are taken as S / 2n even where Gloo rounds them up to whole elements, which shows below 8n bytes
// only.
Duration scheduled_all_reduce(const Scenario& scenario, Bytes size);

// nccl-tests' figures: algbw = size / time; busbw = algbw x 2(n-1)/n of an all-reduce, x (n-1)/n of
// reduce_scatter, all_gather and all_to_all, algbw of a broadcast. 0 when `time` is not positive.
double algbw(Bytes size, Duration time);
double busbw(Bytes size, Duration time, std::size_t ranks, CollectiveKind kind = CollectiveKind::kAllReduce);

}  // namespace longhaul::scenario
