// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook_context.h"

#include <algorithm>
#include <cstring>

namespace longhaul::hooks {
namespace {

constexpr std::size_t kTypeAt = 12;
constexpr std::uint16_t kIpv4 = 0x0800, kIpv6 = 0x86DD, kTag = 0x8100, kServiceTag = 0x88A8;
constexpr std::size_t kIpv4Header = 20, kIpv6Header = 40, kTcpHeader = 20, kUdpHeader = 8, kBth = 12;
constexpr std::uint8_t kTcp = 6, kUdp = 17;
constexpr std::uint16_t kRocePort = 4791;

// The first bytes of a frame, up to where its headers may reach. Offsets are small: 16 bits hold them.
class Head {
 public:
  explicit Head(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::size_t end() const { return bytes_.size(); }
  bool holds(std::size_t at, std::size_t size) const { return at + size <= bytes_.size(); }
  // What follows the IP datagram is padding.
  void end_at(std::size_t end) { bytes_ = bytes_.first(std::min(end, bytes_.size())); }

  // The caller knows that they are held.
  std::uint8_t byte(std::size_t at) const { return std::to_integer<std::uint8_t>(bytes_[at]); }
  std::uint16_t word(std::size_t at) const {
    return static_cast<std::uint16_t>(byte(at) << 8 | byte(at + 1));
  }

 private:
  std::span<const std::byte> bytes_;
};

constexpr std::uint16_t offset(std::size_t at) {
  return static_cast<std::uint16_t>(at);
}

void set_traffic_class(lh_hook_ctx& context, std::uint8_t value) {
  context.dscp = value >> 2;
  context.ecn = value & 3;
}

void read_tcp(lh_hook_ctx& context, const Head& head, std::size_t at) {
  if (!head.holds(at, kTcpHeader)) return;
  const std::size_t header = std::size_t{4} * (head.byte(at + 12) >> 4);
  if (header < kTcpHeader) return;
  context.l4_offset = offset(at);
  if (head.holds(at, header)) context.payload_offset = offset(at + header);
}

void read_udp(lh_hook_ctx& context, const Head& head, std::size_t at) {
  if (!head.holds(at, kUdpHeader) || head.word(at + 4) < kUdpHeader) return;
  context.l4_offset = offset(at);
  at += kUdpHeader;
  if (head.word(context.l4_offset + 2u) != kRocePort) {
    context.payload_offset = offset(at);
  } else if (head.holds(at, kBth)) {
    context.bth_offset = offset(at);
    context.payload_offset = offset(at + kBth);
  }
}

void read_transport(lh_hook_ctx& context, const Head& head, std::size_t at) {
  switch (context.ip_protocol) {
    case kTcp:
      return read_tcp(context, head, at);
    case kUdp:
      return read_udp(context, head, at);
    default:
      if (head.holds(at, 1)) context.l4_offset = offset(at);
  }
}

void read_ipv4(lh_hook_ctx& context, Head head, std::size_t at) {
  if (!head.holds(at, kIpv4Header)) return;
  const std::uint8_t first = head.byte(at);
  const std::size_t header = std::size_t{4} * (first & 15), length = head.word(at + 2);
  if (first >> 4 != 4 || header < kIpv4Header || length < header || !head.holds(at, header)) return;
  context.ip_version = 4;
  context.ip_offset = offset(at);
  context.ip_protocol = head.byte(at + 9);
  set_traffic_class(context, head.byte(at + 1));
  constexpr std::uint16_t kFragmentOffset = 0x1FFF;
  if ((head.word(at + 6) & kFragmentOffset) != 0) return;
  head.end_at(at + length);
  read_transport(context, head, at + header);
}

// Walks over extension headers to the transport header. Each is at least 8 bytes: the head bounds the walk.
void read_extensions(lh_hook_ctx& context, const Head& head, std::size_t at) {
  constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kAuthentication = 51, kNone = 59,
                         kDestination = 60, kMobility = 135, kHostIdentity = 139, kShim6 = 140;
  constexpr std::uint16_t kFragmentOffset = 0xFFF8;
  constexpr std::size_t kUnit = 8;
  for (;;) {
    const std::uint8_t extension = context.ip_protocol;
    std::size_t size = kUnit;
    switch (extension) {
      case kNone:
        return;
      case kHopByHop:
      case kRouting:
      case kDestination:
      case kMobility:
      case kHostIdentity:
      case kShim6:
      case kFragment:
      case kAuthentication:
        break;
      default:
        return read_transport(context, head, at);
    }
    if (!head.holds(at, kUnit)) return;
    if (extension == kAuthentication) {
      size = std::size_t{4} * (std::size_t{2} + head.byte(at + 1));
    } else if (extension != kFragment) {
      size = kUnit * (std::size_t{1} + head.byte(at + 1));
    }
    if (!head.holds(at, size)) return;
    context.ip_protocol = head.byte(at);
    if (extension == kFragment && (head.word(at + 2) & kFragmentOffset) != 0) return;
    at += size;
  }
}

void read_ipv6(lh_hook_ctx& context, Head head, std::size_t at) {
  if (!head.holds(at, kIpv6Header) || head.byte(at) >> 4 != 6) return;
  context.ip_version = 6;
  context.ip_offset = offset(at);
  context.ip_protocol = head.byte(at + 6);
  set_traffic_class(context, static_cast<std::uint8_t>(head.word(at) >> 4));
  const std::size_t payload = head.word(at + 4);
  if (payload != 0) head.end_at(at + kIpv6Header + payload);  // 0: a jumbogram says it elsewhere
  read_extensions(context, head, at + kIpv6Header);
}

void read_headers(lh_hook_ctx& context, const Head& head) {
  constexpr std::size_t kTypeBytes = 2, kTagBytes = 4;
  constexpr int kMostTags = 2;
  constexpr std::uint16_t kVlanId = 0x0FFF;
  std::size_t at = kTypeAt;
  bool outer = true;  // the 802.1Q tag
  for (int tags = 0; head.holds(at, kTypeBytes); ++tags, at += kTagBytes) {
    const std::uint16_t type = head.word(at);
    if (tags == kMostTags || (type != kTag && type != kServiceTag)) {
      context.ether_type = type;
      break;
    }
    if (type == kTag && outer && head.holds(at, kTagBytes)) {
      context.vlan = head.word(at + kTypeBytes) & kVlanId;
      outer = false;
    }
  }
  at += kTypeBytes;
  if (context.ether_type == kIpv4) return read_ipv4(context, head, at);
  if (context.ether_type == kIpv6) return read_ipv6(context, head, at);
}

}  // namespace

void describe_frame(lh_hook_ctx& context, std::span<const std::byte> frame, std::uint32_t flow) {
  const std::span<const std::byte> seen = frame.first(std::min<std::size_t>(frame.size(), LH_HEAD_BYTES));
  context.frame_bytes = static_cast<std::uint32_t>(frame.size());
  context.flow = flow;
  // Everything from the decoded offsets to the end of the answer.
  constexpr std::size_t kFrom = offsetof(lh_hook_ctx, ether_type), kTo = offsetof(lh_hook_ctx, head);
  std::memset(reinterpret_cast<std::byte*>(&context) + kFrom, 0, kTo - kFrom);
  context.head_bytes = static_cast<std::uint32_t>(seen.size());
  if (seen.size() == LH_HEAD_BYTES) [[likely]] {
    std::memcpy(context.head, seen.data(), LH_HEAD_BYTES);
  } else {
    if (!seen.empty()) std::memcpy(context.head, seen.data(), seen.size());
    std::memset(context.head + seen.size(), 0, LH_HEAD_BYTES - seen.size());
  }
  read_headers(context, Head(seen));
}

}  // namespace longhaul::hooks
