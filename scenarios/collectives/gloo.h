// SPDX-License-Identifier: GPL-2.0-only
//
// The schedules that Gloo really runs (gloo/allreduce.cc, gloo/allreduce_halving_doubling.h), with the words
// that its ranks wait for, so that what is simulated can be held against what the library does. The schedules
// of scenarios/predict.h are these. Pure functions, any thread.
#pragma once

#include <cstdint>

#include "scenarios/collectives/algorithms.h"

namespace longhaul::scenario::collectives {

// What Gloo's TCP transport puts before each message, and all of a word (gloo/transport/tcp/pair.h, Op).
inline constexpr std::uint64_t kGlooPreamble = 48;

// 2n segments in each of two phases, two of them in flight: a rank enters iteration i when its receive and
// its send of iteration i-2 are over, says then to the rank from which it receives that it is ready, and
// sends when it has heard that of the one to which it sends. Shape::segments is not looked at.
Schedule gloo_ring(const Shape& shape);

// A power of two of ranks. Each message is answered by a word once it has come, and a rank goes on to the
// next step when it has its peer's message and its peer's word.
Schedule gloo_halving_doubling(const Shape& shape);

}  // namespace longhaul::scenario::collectives
