// SPDX-License-Identifier: GPL-2.0-only
//
// Frames for table tests of hooks, header by header: Ethernet, tags, IPv4 or IPv6, TCP or RoCEv2. Checksums
// and ICRC are zero: nobody looks at them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace longhaul::hooks {

using FrameBytes = std::vector<std::byte>;

class FrameWriter {
 public:
  FrameWriter& put(std::uint64_t value, std::size_t bytes) {
    for (; bytes > 0; --bytes) data_.push_back(static_cast<std::byte>(value >> 8 * (bytes - 1)));
    return *this;
  }
  FrameWriter& zeros(std::size_t count) {
    data_.resize(data_.size() + count);
    return *this;
  }
  FrameWriter& bytes(const FrameBytes& more) {
    data_.insert(data_.end(), more.begin(), more.end());
    return *this;
  }
  const FrameBytes& data() const { return data_; }

 private:
  FrameBytes data_;
};

inline constexpr std::uint32_t kTag = 0x8100'0000, kServiceTag = 0x88A8'0000;

// What is around a payload of IP.
struct Around {
  std::vector<std::uint32_t> tags = {};  // outer first: protocol and control, kTag | 30
  int version = 4;
  unsigned dscp = 0, ecn = 0;
  std::uint32_t source = 0x0A47'0001;             // of IPv4
  std::uint64_t source6 = 0xFD00'0000'0000'0071;  // first half of an IPv6 source
};

inline FrameWriter ethernet(const std::vector<std::uint32_t>& tags, unsigned type) {
  FrameWriter frame;
  frame.put(0x024C'4800'0002, 6).put(0x024C'4800'0001, 6);
  for (const std::uint32_t tag : tags) frame.put(tag, 4);
  return frame.put(type, 2);
}

inline FrameBytes ip_frame(const Around& around, unsigned protocol, const FrameBytes& payload) {
  const unsigned service = around.dscp << 2 | around.ecn;
  FrameWriter frame = ethernet(around.tags, around.version == 4 ? 0x0800 : 0x86DD);
  if (around.version == 4) {
    frame.put(0x45, 1).put(service, 1).put(20 + payload.size(), 2).put(0x4000, 4).put(64, 1).put(protocol, 1);
    frame.put(0, 2).put(around.source, 4).put(0x0A48'0001, 4);
  } else {
    frame.put(0x6000'0000 | service << 20, 4).put(payload.size(), 2).put(protocol, 1).put(64, 1);
    frame.put(around.source6, 8).put(1, 8).put(0xFD01, 2).zeros(14);
  }
  return frame.bytes(payload).data();
}

struct Segment {
  std::uint32_t sequence = 0;
  std::size_t payload = 100;
  std::uint16_t port = 5001;  // of the destination
  unsigned flags = 0x10;      // ACK
};
inline constexpr unsigned kSyn = 0x02;

inline FrameBytes tcp_frame(const Segment& segment, const Around& around = {}) {
  FrameWriter tcp;
  tcp.put(40000, 2).put(segment.port, 2).put(segment.sequence, 4).put(0, 4);
  tcp.put(0x50, 1).put(segment.flags, 1).zeros(6 + segment.payload);
  return ip_frame(around, 6, tcp.data());
}

struct Packet {
  unsigned opcode = 0x04;  // RC SEND only
  std::uint32_t qp = 17, psn = 0;
  std::size_t payload = 64;
  unsigned syndrome = 0;  // of an acknowledgement: first byte of what follows the header
};
inline constexpr unsigned kWriteMiddle = 0x07, kReadRequest = 0x0C, kReadFirst = 0x0D, kReadMiddle = 0x0E,
                          kReadLast = 0x0F, kReadOnly = 0x10, kAcknowledge = 0x11, kAtomicAcknowledge = 0x12,
                          kCnp = 0x81;
inline constexpr unsigned kAck = 0x1F, kRnr = 0x20, kNak = 0x60;  // syndromes

inline FrameBytes roce_frame(const Packet& packet, const Around& around = {}) {
  FrameWriter udp;
  udp.put(49152, 2).put(4791, 2).put(8 + 12 + packet.payload + 4, 2).put(0, 2);
  udp.put(packet.opcode, 1).put(0x40FFFF, 3).put(packet.qp, 4).put(packet.psn, 4);
  udp.put(packet.syndrome, 1).zeros(packet.payload + 3);
  return ip_frame(around, 17, udp.data());
}

inline FrameBytes cut(FrameBytes frame, std::size_t length) {
  frame.resize(length);
  return frame;
}

}  // namespace longhaul::hooks
