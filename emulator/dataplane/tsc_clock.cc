// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/tsc_clock.h"

#include <rte_cycles.h>

namespace longhaul::dataplane {

TscClock::TscClock()
    : start_(rte_rdtsc()),
      picoseconds_per_tick_q32_(
          static_cast<std::uint64_t>(1e12 / static_cast<double>(rte_get_tsc_hz()) * 0x1p32)) {}

Instant TscClock::now() const {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(rte_rdtsc() - start_) * picoseconds_per_tick_q32_;
  return Instant::at(Duration::picoseconds(static_cast<std::int64_t>(product >> 32)));
}

}  // namespace longhaul::dataplane
