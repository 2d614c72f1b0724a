// SPDX-License-Identifier: GPL-2.0-only
//
// Frames for the steering program, put together header by header from the inside out. Lengths are right and
// checksums zero, which nobody looks at.
#pragma once

#include <arpa/inet.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace longhaul::nic {

using Bytes = std::vector<std::uint8_t>;

constexpr unsigned kIpv4Type = 0x0800, kArpType = 0x0806, kTagType = 0x8100, kIpv6Type = 0x86DD,
                   kServiceTagType = 0x88A8;
constexpr unsigned kTcp = 6, kUdp = 17;

inline Bytes word(unsigned value) {
  return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline Bytes address(const std::string& text) {
  const int family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
  Bytes bytes(family == AF_INET ? 4 : 16);
  if (::inet_pton(family, text.c_str(), bytes.data()) != 1) throw std::runtime_error("no address: " + text);
  return bytes;
}

inline Bytes ethernet(unsigned type, const Bytes& payload) {
  return Bytes{2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8} + word(type) + payload;
}

// A tag as the payload of what is around it, for the type kTagType or kServiceTagType.
inline Bytes tag(unsigned control, unsigned type, const Bytes& payload) {
  return word(control) + word(type) + payload;
}

inline Bytes udp(unsigned source, unsigned destination, const Bytes& payload = Bytes(4)) {
  return word(source) + word(destination) + word(static_cast<unsigned>(8 + payload.size())) + word(0) +
         payload;
}

inline Bytes tcp(unsigned source, unsigned destination, const Bytes& payload = {}) {
  return word(source) + word(destination) + Bytes{0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 1, 0, 0, 0, 0, 0} +
         payload;
}

struct Ipv4 {
  std::string source = "10.71.0.1", destination = "10.72.0.2";
  unsigned protocol = kUdp;
  unsigned fragment = 0;    // flags and offset
  std::size_t options = 0;  // bytes, a multiple of 4
};

inline Bytes ipv4(const Ipv4& head, const Bytes& payload) {
  const auto header = static_cast<unsigned>(20 + head.options);
  return Bytes{static_cast<std::uint8_t>(0x40 | header / 4), 0} +
         word(header + static_cast<unsigned>(payload.size())) + word(7) + word(head.fragment) +
         Bytes{64, static_cast<std::uint8_t>(head.protocol), 0, 0} + address(head.source) +
         address(head.destination) + Bytes(head.options, 1) + payload;
}

struct Ipv6 {
  std::string source = "2001:db8:71::1", destination = "2001:db8:72::2";
  unsigned next = kUdp;
};

inline Bytes ipv6(const Ipv6& head, const Bytes& payload) {
  return Bytes{0x60, 0, 0, 0} + word(static_cast<unsigned>(payload.size())) +
         Bytes{static_cast<std::uint8_t>(head.next), 64} + address(head.source) + address(head.destination) +
         payload;
}

// An extension header of 8 * (length + 1) bytes, and what follows it.
inline Bytes extension(unsigned next, unsigned length, const Bytes& payload) {
  Bytes header(8 * (std::size_t{length} + 1));
  header[0] = static_cast<std::uint8_t>(next);
  header[1] = static_cast<std::uint8_t>(length);
  return header + payload;
}

inline Bytes fragment_header(unsigned next, unsigned offset_and_more, const Bytes& payload) {
  return Bytes{static_cast<std::uint8_t>(next), 0} + word(offset_and_more) + Bytes{0, 0, 0, 7} + payload;
}

inline Bytes authentication_header(unsigned next, const Bytes& payload) {
  Bytes header(24);
  header[0] = static_cast<std::uint8_t>(next);
  header[1] = 4;  // in words of four bytes, less two
  return header + payload;
}

inline Bytes arp(const std::string& sender, const std::string& target) {
  return Bytes{0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 8} + address(sender) + Bytes(6) + address(target);
}

}  // namespace longhaul::nic
