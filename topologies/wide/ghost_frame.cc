// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/wide/ghost_frame.h"

#include <ns3/header.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <span>

#include "emulator/dataplane/frame_header.h"

namespace longhaul::wide {
namespace {

constexpr std::size_t kAddress = 6, kProtocolAt = 2 * kAddress;

// To ns-3 they are a header that it need not understand.
class RawBytes : public ns3::Header {
 public:
  static ns3::TypeId GetTypeId() {
    static const ns3::TypeId kId =
        ns3::TypeId("longhaul::wide::RawBytes").SetParent<ns3::Header>().SetGroupName("longhaul");
    return kId;
  }
  explicit RawBytes(std::span<const std::byte> bytes) : bytes_(bytes) {}
  ns3::TypeId GetInstanceTypeId() const override { return GetTypeId(); }
  std::uint32_t GetSerializedSize() const override { return static_cast<std::uint32_t>(bytes_.size()); }
  void Serialize(ns3::Buffer::Iterator start) const override {
    start.Write(reinterpret_cast<const std::uint8_t*>(bytes_.data()), GetSerializedSize());
  }
  std::uint32_t Deserialize(ns3::Buffer::Iterator) override { return GetSerializedSize(); }
  void Print(std::ostream& out) const override { out << bytes_.size() << " bytes"; }

 private:
  std::span<const std::byte> bytes_;
};

// As many as there are, `most` at most.
std::vector<std::byte> first_bytes(const ns3::Packet& packet, std::size_t most) {
  std::vector<std::byte> bytes(std::min<std::size_t>(most, packet.GetSize()));
  packet.CopyData(reinterpret_cast<std::uint8_t*>(bytes.data()), static_cast<std::uint32_t>(bytes.size()));
  return bytes;
}

// Puts these in place of as many at the packet's beginning, in a copy of it: whoever sent it may look at it.
void replace_first(ns3::Ptr<ns3::Packet>& packet, std::span<const std::byte> bytes) {
  packet = packet->Copy();
  packet->RemoveAtStart(static_cast<std::uint32_t>(bytes.size()));
  packet->AddHeader(RawBytes(bytes));
}

std::vector<std::byte> ethernet_header(const GhostFrame& frame) {
  std::vector<std::byte> bytes(kEthernetHeader);
  frame.destination.CopyTo(reinterpret_cast<std::uint8_t*>(bytes.data()));
  frame.source.CopyTo(reinterpret_cast<std::uint8_t*>(bytes.data()) + kAddress);
  bytes[kProtocolAt] = static_cast<std::byte>(frame.protocol >> 8);
  bytes[kProtocolAt + 1] = static_cast<std::byte>(frame.protocol & 0xFF);
  return bytes;
}

}  // namespace

ns3::Ptr<const ns3::Packet> GhostFrame::with_header() const {
  const std::vector<std::byte> bytes = ethernet_header(*this);
  const ns3::Ptr<ns3::Packet> whole = packet->Copy();
  whole->AddHeader(RawBytes(bytes));
  return whole;
}

std::vector<std::byte> GhostFrame::header_bytes() const {
  std::vector<std::byte> bytes = ethernet_header(*this);
  const std::vector<std::byte> rest = first_bytes(*packet, dataplane::kHeaderBytes - kEthernetHeader);
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

bool GhostFrame::mark_congestion() {
  if (traveller != nullptr) {
    traveller->marked = true;
    traveller->label.set_ecn(core::Ecn::kExperienced);
    return true;
  }
  std::vector<std::byte> bytes = header_bytes();
  if (!dataplane::mark_congestion(bytes)) return false;
  replace_first(packet, std::span(bytes).subspan(kEthernetHeader));
  return true;
}

bool GhostFrame::set_ecn(core::Ecn ecn) {
  std::vector<std::byte> bytes = header_bytes();
  if (!dataplane::set_ecn(bytes, ecn)) return false;
  replace_first(packet, std::span(bytes).subspan(kEthernetHeader));
  return true;
}

void GhostFrame::invert(std::uint64_t bit) {
  if (traveller != nullptr) return traveller->inverted.push_back(static_cast<std::uint32_t>(bit));
  const std::uint64_t at = bit / 8;
  const auto mask = static_cast<std::uint8_t>(0x80 >> (bit % 8));
  if (at < kProtocolAt) {
    ns3::Mac48Address& address = at < kAddress ? destination : source;
    std::array<std::uint8_t, kAddress> bytes{};
    address.CopyTo(bytes.data());
    bytes[at % kAddress] ^= mask;
    address.CopyFrom(bytes.data());
  } else if (at < kEthernetHeader) {
    protocol ^= static_cast<std::uint16_t>(at == kProtocolAt ? mask << 8 : mask);
  } else {
    std::vector<std::byte> bytes = first_bytes(*packet, at - kEthernetHeader + 1);
    bytes.at(at - kEthernetHeader) ^= std::byte{mask};
    replace_first(packet, bytes);
  }
}

}  // namespace longhaul::wide
