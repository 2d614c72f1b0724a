// SPDX-License-Identifier: GPL-2.0-only
//
// Frames for tests, written header by header; nothing checks that they make sense.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <vector>

namespace longhaul::hooks {

// A frame that is written header by header.
class Wire {
 public:
  Wire& bytes(std::initializer_list<unsigned> values) {
    for (const unsigned value : values) data_.push_back(static_cast<std::byte>(value));
    return *this;
  }
  Wire& word(unsigned value) { return bytes({value >> 8 & 0xFF, value & 0xFF}); }
  Wire& fill(std::size_t count, unsigned value = 0xEE) {
    data_.insert(data_.end(), count, static_cast<std::byte>(value));
    return *this;
  }
  Wire& macs() { return fill(12, 0x02); }
  Wire& tag(unsigned protocol, unsigned control) { return word(protocol).word(control); }
  Wire& type(unsigned ether_type) { return word(ether_type); }
  Wire& ipv4(unsigned protocol, std::size_t payload, std::size_t options = 0, unsigned fragment = 0,
             unsigned tos = 0) {
    const auto header = static_cast<unsigned>(20 + options);
    bytes({0x40 | header / 4, tos}).word(header + static_cast<unsigned>(payload)).word(0x1234).word(fragment);
    return bytes({64, protocol}).word(0).fill(8, 10).fill(options, 1);
  }
  Wire& ipv6(unsigned next, std::size_t payload, unsigned traffic_class = 0) {
    bytes({0x60 | traffic_class >> 4, (traffic_class & 15) << 4}).word(0);
    return word(static_cast<unsigned>(payload)).bytes({next, 64}).fill(32, 0xFD);
  }
  Wire& tcp(std::size_t options = 0) {
    word(5001).word(80).fill(8, 7).bytes({static_cast<unsigned>(20 + options) / 4 << 4, 0x10});
    return fill(6, 0).fill(options, 1);
  }
  Wire& udp(unsigned port, std::size_t payload) {
    return word(49152).word(port).word(static_cast<unsigned>(8 + payload)).word(0);
  }
  Wire& bth() { return bytes({4, 0x40, 0xFF, 0xFF, 0, 0, 1, 2, 0x80, 0, 0, 9}); }

  const std::vector<std::byte>& data() const { return data_; }

 private:
  std::vector<std::byte> data_;
};

}  // namespace longhaul::hooks
