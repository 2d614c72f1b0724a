// SPDX-License-Identifier: GPL-2.0-only
//
// TCP of one lab host: congestion control, window limits and the two habits that spoil repeated measurements,
// written to /proc/sys/net/ipv4 of its network namespace. Windows must be sized by the caller: about twice
// (BDP + buffer). A kernel lets a namespace choose only what tcp_allowed_congestion_control of the root
// namespace names. For the moment of choosing, that list is widened (listed in LabState first, one process at
// a time) and put back at once.
#pragma once

#include <cstdint>
#include <string>

#include "nic/lab_state.h"

namespace longhaul::nic {

struct TcpSettings {
  std::string congestion_control = {};  // empty: as the machine has it
  std::uint64_t rmem_max = 0;           // bytes, the third number of tcp_rmem; 0: as the machine has it
  std::uint64_t wmem_max = 0;           // bytes, the third number of tcp_wmem; 0: as the machine has it
  bool ecn = false;  // true: connections ask for explicit congestion notification (RFC 3168)
  bool slow_start_after_idle = false;  // false: keep the window over a pause between two collectives
  bool no_metrics_save = true;         // true: a connection learns nothing from the ones before it
};

// Applies the settings inside the namespace; throws one line, which for an unknown congestion control lists
// the known.
void apply_tcp_settings(LabState& state, int namespace_fd, const TcpSettings& settings);

}  // namespace longhaul::nic
