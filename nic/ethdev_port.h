// SPDX-License-Identifier: GPL-2.0-only
//
// A port over any DPDK device: PCI network cards, AF_PACKET, DPDK's AF_XDP, TAP, memif, ring, pcap, null. One
// transmit queue. A network card gets several receive queues, since many cannot deliver their line rate
// through one, and spreads over them by address and port (RSS); the port's lcore polls them in turn. No
// offloads: a link carries bytes as they are, and checksums are the hosts' own.
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

// How many receive queues to take of a device that has `most` of them and `can_spread` frames over them: as
// many as `spec` asks for, else several of a network card that can spread and one of anything else. Throws
// std::runtime_error when `spec` asks for more than `most`.
std::uint16_t receive_queues(const PortSpec& spec, std::uint16_t most, bool can_spread);

// What the port's packet pool and driver take of EAL's memory, with as many receive queues as it may get.
std::uint64_t ethdev_memory(const PortSpec& spec);

}  // namespace longhaul::nic
