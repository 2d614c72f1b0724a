// SPDX-License-Identifier: GPL-2.0-only
//
// The textbook collectives as schedules, for any number of ranks and any size. A rank's memory is one vector
// of `size` bytes that each rank begins with and the result replaces; where that is not so it is said.
// Nothing waits for anything but its data. Pure functions, any thread.
//
// Ring: Patarasuk and Yuan (2009). Recursive halving-doubling with any number of ranks, and the binomial
// tree: Thakur, Rabenseifner and Gropp (2005). Costs are in bytes sent by all ranks together, S being the
// size.
#pragma once

#include <cstdint>
#include <vector>

#include "scenarios/collectives/schedule.h"

namespace longhaul::scenario::collectives {

struct Shape {
  std::uint32_t ranks = 1;
  std::uint64_t size = 0;      // S: bytes per rank, a multiple of `element`
  std::uint32_t segments = 1;  // that each message is cut into, to keep a long way full
  std::uint64_t element = 4;   // bytes that are not cut apart
};

// The part of the vector that is rank r's in reduce_scatter, all_gather and all_to_all.
Range block_of(const Shape& shape, std::uint32_t rank);

// Each rank ends with the sum of all in its block; the rest of its vector is undefined. (n-1) S.
Schedule reduce_scatter(const Shape& shape);
// Each rank begins with its block and ends with all of them. (n-1) S.
Schedule all_gather(const Shape& shape);
// Reduce-scatter and all-gather around the ring r -> r-1. 2(n-1) S.
Schedule ring_all_reduce(const Shape& shape);
// For p = the largest power of two in n: 2(p-1) S, and 2(n-p) S for the ranks that are left over.
Schedule halving_doubling_all_reduce(const Shape& shape);
// `sites`: ranks by site, each in one of them. Reduce-scatter within sites, ring all-reduce of each part
// between sites, all-gather within sites. A site with more ranks than the smallest one has helps to add only.
Schedule hierarchical_all_reduce(const Shape& shape, const std::vector<std::vector<std::uint32_t>>& sites);

// Rank 0's vector goes to all. (n-1) S. In a chain from rank to rank, or along a binomial tree.
Schedule chain_broadcast(const Shape& shape);
Schedule tree_broadcast(const Shape& shape);

// Memory of 2S: what a rank has for rank i is block i of the first half; what came from rank i is in the
// second half, one after the other in the order of ranks, each as large as the receiver's own block. What a
// rank has for itself is not moved. Pairwise exchange: in round k to the rank k further on. (n-1) S in all.
Schedule all_to_all(const Shape& shape);

}  // namespace longhaul::scenario::collectives
