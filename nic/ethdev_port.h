// SPDX-License-Identifier: GPL-2.0-only
//
// A port over any DPDK device: PCI network cards, AF_PACKET, DPDK's AF_XDP, TAP, memif, ring, pcap, null. One
// queue each way, so without RSS, and no offloads: a link carries bytes as they are, and checksums are the
// hosts' own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "nic/port.h"

namespace longhaul::nic {

// Opens a device that EAL has. Throws std::runtime_error with the reason.
std::unique_ptr<Port> open_ethdev_port(const PortSpec& spec);

// DPDK's two drivers for an interface of this machine. The AF_XDP one takes MTUs up to 1,750; throws
// std::invalid_argument beyond.
std::string af_packet_device(const std::string& interface, std::uint32_t mtu, unsigned index);
std::string af_xdp_device(const std::string& interface, std::uint32_t mtu, unsigned index);

// What the port's packet pool and driver take of EAL's memory.
std::uint64_t ethdev_memory(const PortSpec& spec);

}  // namespace longhaul::nic
