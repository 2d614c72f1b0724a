// SPDX-License-Identifier: GPL-2.0-only
//
// What the sites' switches write down about a frame when it comes in, and read again wherever it arrives: the
// role of the header that TRILL (RFC 6325) and shortest path bridging (IEEE 802.1aq) put on a frame between
// edge switches. It travels beside the bytes, never in them: links are charged for the host's frame alone.
#pragma once

#include <cstdint>

#include "emulator/core/frame.h"

namespace longhaul::dataplane {

// Two whole words: fields of their own would be read wider than they were written, which stalls.
class Label {
 public:
  static constexpr std::uint16_t kEveryone = 0xFFFF;  // egress: along the tree of the ingress site
  static constexpr std::uint16_t kMacControl =
      0xFFFE;  // egress: PAUSE and its kin, over links that carry them

  Label() = default;
  // `ingress`: the site where a host sent it; `egress`: the site where its destination is; `vlan`: the ID of
  // the VLAN that it belongs to, 0 for none; `pcp`, `dscp`, `ecn`, `flow`: as in FrameHeader, when anyone
  // asks for them.
  Label(std::uint16_t ingress, std::uint16_t egress, std::uint16_t vlan, std::uint8_t pcp, std::uint8_t dscp,
        core::Ecn ecn, std::uint32_t flow)
      : place_(ingress | std::uint64_t{egress} << 16 | std::uint64_t{vlan} << 32 | std::uint64_t{pcp} << 48 |
               static_cast<std::uint64_t>(ecn) << kEcn | std::uint64_t{dscp} << kDscp),
        flow_(flow) {}

  std::uint16_t ingress() const { return static_cast<std::uint16_t>(place_); }
  std::uint16_t egress() const { return static_cast<std::uint16_t>(place_ >> 16); }
  std::uint16_t vlan() const { return static_cast<std::uint16_t>(place_ >> 32); }
  std::uint8_t pcp() const { return place_ >> 48 & 7U; }
  core::Ecn ecn() const { return static_cast<core::Ecn>(place_ >> kEcn & 3U); }
  std::uint8_t dscp() const { return place_ >> kDscp & 63U; }
  std::uint32_t flow() const { return static_cast<std::uint32_t>(flow_); }
  // The traffic class that a hook gave it for the next link; 0xFF: none.
  std::uint8_t forced_class() const { return (place_ >> kClass & 8U) != 0 ? place_ >> kClass & 7U : 0xFF; }
  void force_class(std::uint8_t traffic_class) {
    clear_class();
    place_ |= std::uint64_t{8U | (traffic_class & 7U)} << kClass;
  }
  void clear_class() { place_ &= ~(std::uint64_t{15} << kClass); }
  void set_ecn(core::Ecn ecn) {
    place_ = (place_ & ~(std::uint64_t{3} << kEcn)) | static_cast<std::uint64_t>(ecn) << kEcn;
  }

  // Its number in the capture of the link that it is on; 0: none.
  std::uint32_t capture() const { return static_cast<std::uint32_t>(flow_ >> 32); }
  void set_capture(std::uint32_t number) { flow_ = flow() | std::uint64_t{number} << 32; }

 private:
  static constexpr unsigned kEcn = 51, kClass = 53, kDscp = 57;
  std::uint64_t place_ = 0, flow_ = 0;
};
static_assert(sizeof(Label) == 16);

}  // namespace longhaul::dataplane
