// SPDX-License-Identifier: GPL-2.0-only
//
// Frames for tests of the programs at hosts, built from the inside out: ethernet(0x0800, ipv4(6, tcp(40))).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace longhaul::nic {

using Frame = std::vector<std::uint8_t>;

inline Frame operator+(Frame left, const Frame& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline std::uint8_t high(std::size_t number) {
  return static_cast<std::uint8_t>(number >> 8 & 0xff);
}
inline std::uint8_t low(std::size_t number) {
  return static_cast<std::uint8_t>(number & 0xff);
}

inline Frame bytes(std::size_t count) {
  Frame made(count);
  for (std::size_t i = 0; i < count; ++i) made[i] = low(i + 1);
  return made;
}

inline Frame ethernet(std::uint16_t type, const Frame& inside) {
  return Frame{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, high(type), low(type)} + inside;
}
inline Frame vlan(std::uint16_t type, const Frame& inside) {
  return Frame{0, 7, high(type), low(type)} + inside;
}
inline Frame ipv4(std::uint8_t protocol, const Frame& inside, std::uint16_t fragment = 0,
                  std::uint8_t ttl = 64) {
  const std::size_t total = 20 + inside.size();
  return Frame{0x45,
               0,
               high(total),
               low(total),
               0x12,
               0x34,
               high(fragment),
               low(fragment),
               ttl,
               protocol,
               0,
               0,
               10,
               0,
               0,
               1,
               10,
               0,
               0,
               2} +
         inside;
}
inline Frame ipv6(std::uint8_t next, const Frame& inside) {
  Frame head{0x60, 0, 0, 0, high(inside.size()), low(inside.size()), next, 64};
  Frame from(16), to(16);
  from[0] = to[0] = 0xfd;
  from[15] = 1;
  to[15] = 2;
  return head + from + to + inside;
}
inline Frame tcp(std::size_t payload, std::uint8_t sequence = 9) {
  return Frame{0x9c, 0x40, 0x13, 0x89, 0, 0, 0, sequence, 0, 0, 0, 1, 0x80, 0x10, 1, 0, 0, 0, 0, 0} +
         Frame(12, 1) + bytes(payload);
}
inline Frame udp(std::uint16_t port, const Frame& payload) {
  const std::size_t length = 8 + payload.size();
  return Frame{0x9c, 0x41, high(port), low(port), high(length), low(length), 0, 0} + payload;
}
inline Frame bth(std::uint8_t resv = 0) {
  return {0x04, 0, 0xff, 0xff, resv, 0, 1, 0x11, 0, 0, 0, 42};
}

inline Frame cut(Frame frame, std::size_t size) {
  frame.resize(size);
  return frame;
}

}  // namespace longhaul::nic
