// SPDX-License-Identifier: GPL-2.0-only
//
// Our own AF_XDP port, `xdp,iface=NAME`: any interface of this machine's network namespace that has one
// receive queue, veth above all. Copy mode, one copy each way, whole frames up to the MTU and a VLAN tag in
// one buffer. Leaves nothing on the interface, however the process ends.
//
// With `,steer=TERM+TERM` the interface is shared: the port gets what the filter names (nic/xdp_steering.h),
// the kernel's stack the rest, and keeps sending as well. PortStatistics::steering counts both; what goes to
// the kernel is no loss. The interface stays promiscuous, which a stack takes no notice of.
//
// What it counts as lost (PortStatistics::losses):
//   rx_ring_full            the kernel found no room in the receive ring: we did not look for too long
//   rx_dropped              the kernel found no chunk to receive into (likewise), or had another reason
//   rx_invalid_descriptors, tx_invalid_descriptors  the kernel refused one of ours; a fault of this program
//   rx_no_buffer            the port's packet pool was empty
//   rx_runt, tx_runt        shorter than an Ethernet header
//   rx_oversized, tx_oversized  longer than the port was opened for
//   tx_no_carrier           the kernel let go of it: the interface's other end is down
//   tx_interface_down       given up, or held back, because the interface was down
//   tx_interface_gone       given up because the interface does not exist any more
// What veth itself drops ahead of this port is in the counters of the interface (nic/interface.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "nic/port.h"

namespace longhaul::nic {

bool is_xdp_device(const std::string& device);

// Throws std::runtime_error with the reason.
std::unique_ptr<Port> open_xdp_port(const PortSpec& spec);

// What the port's packet pool takes of EAL's memory, and what its rings' frames take beside it.
std::uint64_t xdp_pool_memory(const PortSpec& spec);
std::uint64_t xdp_ring_memory();

}  // namespace longhaul::nic
