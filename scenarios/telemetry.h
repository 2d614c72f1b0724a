// SPDX-License-Identifier: GPL-2.0-only
//
// The testbed's counters among DPDK's telemetry commands: /longhaul/links, /longhaul/link,NAME,
// /longhaul/ports, /longhaul/lcores. DPDK answers them in a thread of its own on a Unix socket in its runtime
// directory (dpdk-telemetry.py speaks to it); it sees the view that was published last. Free of DPDK's
// headers.
#pragma once

#include <filesystem>

#include "scenarios/live_view.h"

namespace longhaul::scenario {

class Telemetry {
 public:
  // Makes the commands known to DPDK, which never forgets them; what they answer ends with this object. One
  // at a time, after DPDK was started.
  Telemetry();
  ~Telemetry();
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  // What the commands answer from now on.
  void publish(const LiveView& view);

  // Of the running DPDK; empty when it has none.
  static std::filesystem::path socket();
};

}  // namespace longhaul::scenario
