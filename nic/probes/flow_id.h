// SPDX-License-Identifier: GPL-2.0-only
//
// Whose frames they are: addresses, protocol and ports, and of RoCEv2 (UDP port 4791) the destination queue
// pair. One direction only: the answers are another flow. Ports are 0 for fragments. Plain values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "nic/probes/probe_records.h"

namespace longhaul::nic {

// An IPv4 or IPv6 address in network order, IPv4 in the first four bytes.
struct IpAddress {
  std::uint8_t version = 4;
  std::array<std::uint8_t, 16> bytes = {};
  auto operator<=>(const IpAddress&) const = default;
  std::string text() const;
};

IpAddress ip_address_of(std::uint8_t version, const std::uint8_t (&bytes)[16]);

struct FlowId {
  IpAddress source, destination;
  std::uint8_t protocol = 0;  // IPPROTO_TCP or IPPROTO_UDP
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint32_t queue_pair = 0;
  auto operator<=>(const FlowId&) const = default;
  // As "tcp 10.50.0.1:40000 > 10.50.0.2:5001", and for RoCEv2 "roce 10.50.0.1 > 10.50.0.2 qp 17".
  std::string text() const;
};

FlowId flow_id_of(const probe_flow_key& key);

}  // namespace longhaul::nic
