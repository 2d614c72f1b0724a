// SPDX-License-Identifier: GPL-2.0-only
//
// What traffic that is not here leaves of a link: the part of its rate, the time that frames wait behind it,
// and how many the queue that they would share drops or marks. As plain data; a model of that traffic
// (topologies/wide/shadow.h) renews it, and core::Link applies it from the instant on at which it is given.
//
// Why these add up to one queue: with load b of others and r of ours, frames of equal size S and Poisson
// arrivals wait (b + r) / (2 (1 - b - r)) S in one M/D/1 queue; that equals b / (2 (1 - b)) S, behind the
// others alone, and what ours wait at a server of rate 1 - b. So `wait` is that of the others alone, and
// the link's own queue at the rate that is left does the rest.
#pragma once

#include "emulator/core/units.h"

namespace longhaul::core {

struct Background {
  double share_left = 1;  // of the link's rate, whatever that is at the time; above 0, at most 1
  Duration wait = {};     // added to the propagation delay; cut at LinkConfig::most_background_wait
  double loss = 0;        // of a frame, before it waits
  double mark = 0;        // of a frame that is not so lost: marked when it is ECN-capable, dropped when not

  bool operator==(const Background&) const = default;
};

}  // namespace longhaul::core
