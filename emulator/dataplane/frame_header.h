// SPDX-License-Identifier: GPL-2.0-only
//
// What a link core wants to know of a frame's bytes, and what it writes into them: flow, priority, DSCP and
// ECN; the congestion mark; PAUSE. Pure functions over an Ethernet frame without FCS, for every driver of the
// core; no DPDK, no state. Whatever the bytes are, nothing outside of them is read: what is cut off or
// malformed counts as absent.
//
// IEEE 802.1Q and 802.1ad (up to two tags), RFC 791, RFC 8200, RFC 2474 (DSCP), RFC 3168 (ECN), RFC 1624
// (checksum), IEEE 802.3 annexes 31B (PAUSE) and 31D (PFC).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "emulator/core/frame.h"
#include "emulator/core/queue_config.h"

namespace longhaul::dataplane {

// So many bytes from the beginning of a frame decide its header fields: two tags, an IPv6 header with some
// extensions and the ports, or a full IPv4 header and the ports.
inline constexpr std::size_t kHeaderBytes = 128;

struct FrameHeader {
  // A hash of the addresses, the protocol and the ports; of the addresses and the protocol for fragments and
  // where ports are not found; of the MAC addresses where there is no IP. Not the same in both directions.
  std::uint32_t flow = 0;
  std::uint8_t pcp = 0;   // of the outer tag; 0 without one
  std::uint8_t dscp = 0;  // 0 without IP
  core::Ecn ecn = core::Ecn::kNotCapable;
  bool operator==(const FrameHeader&) const = default;
};

FrameHeader read_header(std::span<const std::byte> frame);

// The VLAN ID of the outer 802.1Q tag; 0 without one and for a tag that gives only a priority.
std::uint16_t vlan_of(std::span<const std::byte> frame);

// Sets congestion experienced in the IP header of a frame that is ECN-capable; leaves any other as it is and
// says so.
bool mark_congestion(std::span<std::byte> frame);

// Sets the ECN field of the IP header, if there is one.
bool set_ecn(std::span<std::byte> frame, core::Ecn ecn);

// Whether this frame speaks to its neighbour's MAC only and is never forwarded (EtherType 0x8808).
bool is_mac_control(std::span<const std::byte> frame);

// How long the neighbour is not to send, in quanta of 512 bit times: by priority for PFC, for all of them
// alike for PAUSE. 0 lets it send again.
struct Pause {
  std::uint8_t priorities = 0;  // bit p: it is about priority p
  std::array<std::uint16_t, 8> quanta{};
  bool operator==(const Pause&) const = default;
};

// Of a MAC control frame; nothing for other frames, other opcodes and those that are cut off.
std::optional<Pause> read_pause(std::span<const std::byte> frame);

// The same by traffic class of a link. A class that several priorities share waits for the longest of them.
// Where classes are not made by priority, priority p speaks for class p.
Pause by_class(const Pause& by_priority, const core::QueueConfig& queues);

}  // namespace longhaul::dataplane
