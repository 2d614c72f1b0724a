// SPDX-License-Identifier: GPL-2.0-only
//
// Two servers, first come first served. WorkQueue is Lindley's: what an arrival finds to be served before it,
// to the picosecond, and its mean over time. FluidQueue has several streams and goes in steps of a tick, as
// long as nobody asks for single packets. Pure; seconds; single owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "emulator/core/units.h"

namespace longhaul::wide {

// Several streams through one server, first come first served, in steps of a tick.
class FluidQueue {
 public:
  explicit FluidQueue(std::size_t streams) : held_(streams, 0) {}

  // `work` holds the seconds of service that each stream brings in this tick, and then those of it that were
  // served; `room` is the most that may wait.
  void run(std::span<double> work, double tick, double room);

 private:
  std::vector<double> held_;
};

class WorkQueue {
 public:
  // From the last instant on a part `inflow` of the server's time comes in evenly, until the next call; no
  // more than `room` may wait of it.
  void set_inflow(double inflow, double room) {
    drain_ = 1 - inflow;
    room_ = room;
  }
  // What arrives at `at` finds this much to be served first.
  double work_at(Instant at) {
    pass(at);
    return work_;
  }
  void add(double service) { work_ += service; }
  // The mean since the last call.
  double take_mean(Instant now);

 private:
  void pass(Instant at);

  double work_ = 0, drain_ = 1, room_ = 0;
  Instant at_, since_;
  double area_ = 0;  // s x s
};

}  // namespace longhaul::wide
