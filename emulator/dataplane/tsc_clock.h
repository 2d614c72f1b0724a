// SPDX-License-Identifier: GPL-2.0-only
//
// The processor's time stamp counter as picoseconds since it was started, and what a wall clock showed then.
// Needs an invariant TSC (`longhaul doctor` looks); a step of the wall clock does not touch it. Reading takes
// about 10 ns; any thread may read.
#pragma once

#include <cstdint>

#include "emulator/core/units.h"

namespace longhaul::dataplane {

class TscClock {
 public:
  TscClock();  // after EAL has started: it measures the frequency
  // Time zero is now. While no other thread reads.
  void restart();
  Instant now() const;
  std::int64_t epoch_ns() const { return epoch_ns_; }  // CLOCK_REALTIME at time zero

 private:
  std::uint64_t start_ = 0;
  std::int64_t epoch_ns_ = 0;
  std::uint64_t picoseconds_per_tick_q32_;  // 32 fractional bits: 4e-10 of error at 2.5 GHz
};

}  // namespace longhaul::dataplane
