// SPDX-License-Identifier: GPL-2.0-only
//
// What the TCP of a network namespace counts itself, for comparison with what probes count.
#pragma once

#include <cstdint>
#include <string_view>

namespace longhaul::nic {

// Segments that TCP sent again since the namespace was made (RetransSegs, RFC 4022); throws one line when the
// kernel does not tell.
std::uint64_t tcp_retransmitted_segments(int network_namespace);

// The same by the text of /proc/net/snmp.
std::uint64_t tcp_retransmitted_segments(std::string_view snmp);

}  // namespace longhaul::nic
