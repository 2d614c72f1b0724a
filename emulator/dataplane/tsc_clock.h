// SPDX-License-Identifier: GPL-2.0-only
//
// The processor's time stamp counter as picoseconds since construction. Needs an invariant TSC (`longhaul
// doctor` looks). Reading takes about 10 ns; any thread may read.
#pragma once

#include <cstdint>

#include "emulator/core/units.h"

namespace longhaul::dataplane {

class TscClock {
 public:
  TscClock();  // after EAL has started: it measures the frequency
  Instant now() const;

 private:
  std::uint64_t start_;
  std::uint64_t picoseconds_per_tick_q32_;  // 32 fractional bits: 4e-10 of error at 2.5 GHz
};

}  // namespace longhaul::dataplane
