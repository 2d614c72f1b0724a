// SPDX-License-Identifier: GPL-2.0-only
//
// What the sites' switches write down about a frame when it comes in, and read again wherever it arrives: the
// role of the header that TRILL (RFC 6325) and shortest path bridging (IEEE 802.1aq) put on a frame between
// edge switches. It travels beside the bytes, never in them: links are charged for the host's frame alone.
#pragma once

#include <cstdint>

#include "emulator/core/frame.h"

namespace longhaul::dataplane {

struct Label {
  static constexpr std::uint16_t kEveryone = 0xFFFF;  // egress: along the tree of the ingress site
  static constexpr std::uint16_t kMacControl =
      0xFFFE;  // egress: PAUSE and its kin, over links that carry them

  std::uint16_t ingress = 0;  // the site where a host sent it
  std::uint16_t egress = 0;   // the site where its destination is
  std::uint16_t vlan = 0;     // VLAN ID that it belongs to; 0: none
  std::uint8_t priority_and_ecn = 0;
  std::uint8_t dscp = 0;
  std::uint32_t flow = 0;     // FrameHeader::flow, when any link or any choice of ways asks for it
  std::uint32_t capture = 0;  // its number in the capture of the link that it is on; 0: none

  std::uint8_t pcp() const { return priority_and_ecn & 7U; }
  core::Ecn ecn() const { return static_cast<core::Ecn>(priority_and_ecn >> 3); }
  void set_priority(std::uint8_t pcp, core::Ecn ecn) {
    priority_and_ecn = static_cast<std::uint8_t>(pcp | static_cast<unsigned>(ecn) << 3);
  }
};
static_assert(sizeof(Label) == 16);

}  // namespace longhaul::dataplane
