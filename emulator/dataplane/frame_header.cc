// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/frame_header.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace longhaul::dataplane {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kTypeAt = 12;  // of the first EtherType
constexpr std::uint16_t kIpv4 = 0x0800, kIpv6 = 0x86DD, kTag = 0x8100, kServiceTag = 0x88A8,
                        kMacControl = 0x8808;
constexpr std::size_t kIpv4Header = 20, kIpv6Header = 40;  // without options and extensions

std::uint8_t byte_at(Bytes bytes, std::size_t at) {
  return std::to_integer<std::uint8_t>(bytes[at]);
}

// An integer in network order; 0 where it is not whole.
template <typename T>
T big_endian(Bytes bytes, std::size_t at) {
  T value = 0;
  if (at > bytes.size() || sizeof value > bytes.size() - at) return value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  if constexpr (std::endian::native == std::endian::little) {
    if constexpr (sizeof value == 2) value = __builtin_bswap16(value);
    if constexpr (sizeof value == 4) value = __builtin_bswap32(value);
    if constexpr (sizeof value == 8) value = __builtin_bswap64(value);
  }
  return value;
}

std::uint16_t word(Bytes bytes, std::size_t at) {
  return big_endian<std::uint16_t>(bytes, at);
}

// The EtherType behind up to two tags, and where what it names begins.
struct Network {
  std::uint16_t type = 0;
  std::size_t at = 0;
};

Network network_of(Bytes frame) {
  constexpr std::size_t kTagBytes = 4, kMostTags = 2;
  std::size_t at = kTypeAt;
  for (std::size_t tags = 0; tags < kMostTags; ++tags, at += kTagBytes) {
    const std::uint16_t type = word(frame, at);
    if (type != kTag && type != kServiceTag) break;
  }
  return {word(frame, at), at + 2};
}

// The IP header, whole in its fixed part; empty when there is none.
struct Ip {
  int version = 0;
  std::size_t at = 0;
};

Ip ip_of(Bytes frame) {
  const Network network = network_of(frame);
  const std::size_t room = frame.size() > network.at ? frame.size() - network.at : 0;
  if (network.type == kIpv4 && room >= kIpv4Header) {
    const std::uint8_t first = byte_at(frame, network.at);
    if (first >> 4 == 4 && (first & 15) >= 5) return {4, network.at};
  }
  if (network.type == kIpv6 && room >= kIpv6Header && byte_at(frame, network.at) >> 4 == 6) {
    return {6, network.at};
  }
  return {};
}

// 64 bits in, 64 bits out, every input bit felt by every output bit: the finaliser of SplitMix64 (Steele,
// Lea and Flood 2014).
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
  x = (x ^ x >> 27) * 0x94D049BB133111EB;
  return x ^ x >> 31;
}

constexpr std::uint64_t absorb(std::uint64_t hash, std::uint64_t value) {
  return mix(hash + 0x9E3779B97F4A7C15 + value);
}

bool has_ports(std::uint8_t protocol) {
  constexpr std::uint8_t kTcp = 6, kUdp = 17, kDccp = 33, kSctp = 132, kUdpLite = 136;
  return protocol == kTcp || protocol == kUdp || protocol == kDccp || protocol == kSctp ||
         protocol == kUdpLite;
}

// Protocol and, when they are there, both ports: what distinguishes flows between two addresses.
std::uint64_t transport_key(Bytes frame, std::size_t at, std::uint8_t protocol) {
  const std::uint64_t ports = has_ports(protocol) ? std::uint64_t{big_endian<std::uint32_t>(frame, at)} : 0;
  return ports << 8 | protocol;
}

std::uint64_t ipv4_flow(Bytes frame, std::size_t at) {
  constexpr std::uint16_t kMoreOrOffset = 0x3FFF;
  const std::uint8_t protocol = byte_at(frame, at + 9);
  const bool fragment = (word(frame, at + 6) & kMoreOrOffset) != 0;
  const std::size_t header = std::size_t{4} * (byte_at(frame, at) & 15);
  const std::uint64_t addresses = absorb(0, big_endian<std::uint64_t>(frame, at + 12));
  return absorb(addresses, fragment ? protocol : transport_key(frame, at + header, protocol));
}

// Looks behind a few short extension headers; of a longer chain the addresses must do.
std::uint64_t ipv6_transport(Bytes frame, std::size_t at) {
  constexpr int kMostExtensions = 2;
  constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kDestination = 60;
  std::uint8_t next = byte_at(frame, at + 6);
  at += kIpv6Header;
  for (int i = 0; i < kMostExtensions && (next == kHopByHop || next == kRouting || next == kDestination);
       ++i) {
    if (at + 2 > frame.size()) return next;
    next = byte_at(frame, at);
    at += 8 * (std::size_t{1} + byte_at(frame, at + 1));
  }
  return transport_key(frame, at, next);  // a fragment header (44) has no ports
}

std::uint64_t ipv6_flow(Bytes frame, std::size_t at) {
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < 4; ++i) hash = absorb(hash, big_endian<std::uint64_t>(frame, at + 8 + 8 * i));
  return absorb(hash, ipv6_transport(frame, at));
}

std::uint64_t mac_flow(Bytes frame) {
  return absorb(absorb(0, big_endian<std::uint64_t>(frame, 0)), big_endian<std::uint32_t>(frame, 8));
}

// RFC 3168's traffic class byte of either IP version.
std::uint8_t traffic_class(Bytes frame, Ip ip) {
  if (ip.version == 4) return byte_at(frame, ip.at + 1);
  return static_cast<std::uint8_t>(word(frame, ip.at) >> 4);
}

}  // namespace

FrameHeader read_header(std::span<const std::byte> frame) {
  FrameHeader header;
  const std::uint16_t outer = word(frame, kTypeAt);
  if (outer == kTag || outer == kServiceTag) {
    header.pcp = static_cast<std::uint8_t>(word(frame, kTypeAt + 2) >> 13);
  }
  const Ip ip = ip_of(frame);
  std::uint64_t hash = 0;
  if (ip.version == 0) {
    hash = mac_flow(frame);
  } else {
    hash = ip.version == 4 ? ipv4_flow(frame, ip.at) : ipv6_flow(frame, ip.at);
    const std::uint8_t tos = traffic_class(frame, ip);
    header.dscp = tos >> 2;
    header.ecn = static_cast<core::Ecn>(tos & 3);
  }
  header.flow = static_cast<std::uint32_t>(hash >> 32);
  return header;
}

std::uint16_t vlan_of(std::span<const std::byte> frame) {
  constexpr std::uint16_t kVlanId = 0x0FFF;
  return word(frame, kTypeAt) == kTag ? word(frame, kTypeAt + 2) & kVlanId : 0;
}

bool mark_congestion(std::span<std::byte> frame) {
  const Ip ip = ip_of(frame);
  if (ip.version == 0 || (traffic_class(frame, ip) & 3) == 0) return false;
  return set_ecn(frame, core::Ecn::kExperienced);
}

bool set_ecn(std::span<std::byte> frame, core::Ecn ecn) {
  const Ip ip = ip_of(frame);
  if (ip.version == 0) return false;
  std::byte& field =
      frame[ip.at + 1];  // the lower half of the traffic class of IPv6 is the upper one of this
  const int shift = ip.version == 6 ? 4 : 0;
  const std::byte changed = (field & ~(std::byte{3} << shift)) | std::byte(ecn) << shift;
  if (ip.version == 6) {
    field = changed;
    return true;
  }
  // RFC 1624, equation 3: HC' = ~(~HC + ~m + m'), m the 16-bit word that changes from m to m'.
  const std::uint32_t before = word(frame, ip.at);
  field = changed;
  const std::uint32_t after = word(frame, ip.at);
  const std::uint32_t checksum = word(frame, ip.at + 10);
  std::uint32_t sum = (~checksum & 0xFFFF) + (~before & 0xFFFF) + after;
  sum = (sum & 0xFFFF) + (sum >> 16);
  sum = ~((sum & 0xFFFF) + (sum >> 16));
  frame[ip.at + 10] = static_cast<std::byte>(sum >> 8 & 0xFF);
  frame[ip.at + 11] = static_cast<std::byte>(sum & 0xFF);
  return true;
}

bool is_mac_control(std::span<const std::byte> frame) {
  return word(frame, kTypeAt) == kMacControl;
}

std::optional<Pause> read_pause(std::span<const std::byte> frame) {
  constexpr std::uint16_t kPause = 0x0001, kPfc = 0x0101;
  constexpr std::size_t kOpcodeAt = 14, kFieldsAt = 16, kTimesAt = 18, kPfcEnd = 34;
  if (!is_mac_control(frame)) return std::nullopt;
  const std::uint16_t opcode = word(frame, kOpcodeAt);
  Pause pause;
  if (opcode == kPause && frame.size() >= kTimesAt) {
    pause.priorities = 0xFF;
    pause.quanta.fill(word(frame, kFieldsAt));
    return pause;
  }
  if (opcode == kPfc && frame.size() >= kPfcEnd) {
    pause.priorities = static_cast<std::uint8_t>(word(frame, kFieldsAt) & 0xFF);
    for (std::size_t p = 0; p < 8; ++p) pause.quanta[p] = word(frame, kTimesAt + 2 * p);
    return pause;
  }
  return std::nullopt;
}

Pause by_class(const Pause& by_priority, const core::QueueConfig& queues) {
  Pause pause;
  for (std::size_t p = 0; p < 8; ++p) {
    if ((by_priority.priorities >> p & 1) == 0) continue;
    const std::size_t traffic_class = queues.classes.size() == 1           ? 0
                                      : queues.key == core::ClassKey::kPcp ? queues.class_of_pcp[p]
                                                                           : p;
    if (traffic_class >= queues.classes.size()) continue;
    pause.priorities = static_cast<std::uint8_t>(pause.priorities | 1U << traffic_class);
    pause.quanta[traffic_class] = std::max(pause.quanta[traffic_class], by_priority.quanta[p]);
  }
  return pause;
}

}  // namespace longhaul::dataplane
