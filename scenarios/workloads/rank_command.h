// SPDX-License-Identifier: GPL-2.0-only
//
// How a rank is started and how long it may wait: the command line of longhaul-rank, and the time-out of one
// collective. Pure; it starts nothing. Rates in bytes per second, goodput = TCP payload.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "emulator/core/units.h"
#include "scenarios/model.h"

namespace longhaul::scenario {

// Where one rank runs and how it finds the others.
struct RankLaunch {
  std::string program;  // path of longhaul-rank
  std::size_t rank = 0;
  std::size_t ranks = 0;
  std::string interface;  // the host's interface to the testbed, with an IPv4 address
  std::string store;      // an existing directory that all ranks see: Gloo's rendezvous
  std::string run_id;     // not used before in that directory
  Duration timeout;       // of the rendezvous and of each collective; rounded up to a millisecond
};

// The argument vector of longhaul-rank, its program path first.
std::vector<std::string> rank_arguments(const Collective& workload, const RankLaunch& launch);

// How long one all-reduce of `size` bytes per rank may take before it counts as stuck.
//
// 5 s + 10 x (2(n-1)/n x size / goodput + 2(n-1) x RTT) + 50 x RTT. The bracket is the slower of what is
// predicted for a ring, every one of its 2(n-1) steps a WAN round trip; ten times that leaves room for a link
// far below its rate. 50 RTT cover slow start from 10 segments and repeated fast recovery. 5 s cover what
// does not shrink with the RTT: TCP's retransmission time-out (200 ms, doubling: 0.2 + 0.4 + 0.8 + 1.6 s =
// four in a row) and ranks that start or check their sums later than others on a busy machine. Worked: 13.26
// ms, 16 MiB, 117.7 MB/s, 4 ranks: 5 + 10 x (0.2138 + 0.0796) + 0.663 = 8.60 s. std::invalid_argument when
// goodput is not positive or ranks < 2.
Duration collective_timeout(Duration rtt, Bytes size, double goodput_bytes_per_s, std::size_t ranks);

}  // namespace longhaul::scenario
