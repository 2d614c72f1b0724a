// SPDX-License-Identifier: GPL-2.0-only
//
// ns-3's clock in our types. ns-3 must count in picoseconds (wide::use_picoseconds()). One thread.
#pragma once

#include <ns3/nstime.h>
#include <ns3/simulator.h>

#include <cstdint>
#include <functional>
#include <utility>

#include "emulator/core/units.h"

namespace longhaul::scenario {

// Since the start of the simulation.
inline Duration simulated() {
  return Duration::picoseconds(ns3::Simulator::Now().GetTimeStep());
}

inline ns3::Time ns3_time(Duration duration) {
  return ns3::TimeStep(static_cast<std::uint64_t>(duration.ps()));
}

// Calls `action` at every multiple of `interval` until it says that it is enough.
inline void every(Duration interval, std::function<bool()> action) {
  ns3::Simulator::Schedule(ns3_time(interval), [interval, action = std::move(action)]() mutable {
    if (action()) every(interval, std::move(action));
  });
}

}  // namespace longhaul::scenario
