// SPDX-License-Identifier: GPL-2.0-only
//
// An ns-3 packet with its Ethernet addresses beside it, seen as the frame that it would be: its first bytes
// read, its bits changed. The Ethernet header is never written anywhere. A packet that is changed stays the
// same to those who know it by its uid or its packet tags; copies that share its bytes keep theirs.
#pragma once

#include <ns3/mac48-address.h>
#include <ns3/packet.h>
#include <ns3/ptr.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "emulator/core/frame.h"
#include "topologies/wide/traveller.h"

namespace longhaul::wide {

inline constexpr std::uint32_t kEthernetHeader = 14;

struct GhostFrame {
  ns3::Ptr<ns3::Packet> packet;
  ns3::Mac48Address source;
  ns3::Mac48Address destination;
  std::uint16_t protocol = 0;
  std::uint8_t forced_class = 0xFF;                // as in core::Frame
  std::shared_ptr<Traveller> traveller = nullptr;  // has the header fields in place of the packet's bytes

  // L2 bytes.
  std::uint32_t size() const { return packet->GetSize() + kEthernetHeader; }
  // A packet of all of the frame.
  ns3::Ptr<const ns3::Packet> with_header() const;
  // As many bytes of the frame as decide its header fields (emulator/dataplane/frame_header.h).
  std::vector<std::byte> header_bytes() const;
  // Sets congestion experienced in the IP header, when there is one that is ECN-capable; says whether.
  bool mark_congestion();
  // Sets the ECN field of the IP header, when there is one; says whether.
  bool set_ecn(core::Ecn ecn);
  // Inverts bit `bit` of the frame; 0 is the most significant one of the first byte.
  void invert(std::uint64_t bit);
};

}  // namespace longhaul::wide
