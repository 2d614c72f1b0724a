// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/tsc_clock.h"

#include <rte_cycles.h>
#include <time.h>

namespace longhaul::dataplane {

TscClock::TscClock()
    : picoseconds_per_tick_q32_(
          static_cast<std::uint64_t>(1e12 / static_cast<double>(rte_get_tsc_hz()) * 0x1p32)) {
  restart();
}

void TscClock::restart() {
  timespec wall{};
  clock_gettime(CLOCK_REALTIME, &wall);
  start_ = rte_rdtsc();
  epoch_ns_ = std::int64_t{wall.tv_sec} * 1'000'000'000 + wall.tv_nsec;
}

Instant TscClock::now() const {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(rte_rdtsc() - start_) * picoseconds_per_tick_q32_;
  return Instant::at(Duration::picoseconds(static_cast<std::int64_t>(product >> 32)));
}

}  // namespace longhaul::dataplane
