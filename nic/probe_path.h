// SPDX-License-Identifier: GPL-2.0-only
//
// The round-trip time between two lab hosts, measured by the system's own ping (iputils) inside the sender's
// namespace. One unmeasured echo goes first, so that ARP and the switches' learning are not in the figures.
// Times in milliseconds as ping prints them. Blocks until ping is done or overdue; no thread of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "emulator/core/units.h"

namespace longhaul::nic {

struct PathRtt {
  std::uint32_t sent = 0, received = 0;
  double min_ms = 0, avg_ms = 0, max_ms = 0;  // 0 when nothing was received
};

struct ProbePlan {
  std::uint32_t count = 20;
  Duration interval = Duration::milliseconds(20);
  Duration expected_rtt;  // sets how long an answer is waited for: twice this and a second
};

// Pings `to_address` from inside the namespace; throws one line when ping cannot run. Lost echoes are no
// error.
PathRtt probe_path(int from_namespace, const std::string& to_address, const ProbePlan& plan);

// Reads what `ping -q` printed; throws when that is not a summary.
PathRtt parse_ping(std::string_view output);

}  // namespace longhaul::nic
