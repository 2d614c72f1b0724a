// SPDX-License-Identifier: GPL-2.0-only
//
// A whole topology in ns-3: a node with an IPv4 stack for each host, a node for each site, a LinkDevice at
// each end of each link. A site forwards frames as the data plane's does: over the ways of least cost, a flow
// on one of them by its hash; its switch takes no time. Hosts that stand at the emulator's own ports get a
// cable: it sends at the host's rate (wire bytes), or at kUnlimited, and brings frames at kUnlimited, both
// without delay.
//
// What the host's stack sends at once waits at its cable, as in an unbounded queue. Hosts need no ARP: a
// frame finds its host by its IPv4 address. Not here: VLANs, hooks, external hosts' own traffic, IPv6. Make
// one at a time, after use_picoseconds(); ns3::Simulator::Destroy() ends it. One thread.
#pragma once

#include <ns3/ipv4-address.h>
#include <ns3/node.h>
#include <ns3/ptr.h>

#include <array>
#include <cstdint>
#include <vector>

#include "topologies/model.h"
#include "topologies/routes.h"
#include "topologies/wide/link_device.h"

namespace longhaul::wide {

// Of a host's cable where the host has no rate.
inline constexpr BitRate kUnlimited = BitRate::gigabits_per_second(100);

// Host i of a topology has 10.71.x.y with 256 x + y = i + 1; all are in 10.71.0.0/16.
ns3::Ipv4Address host_address(std::size_t host);

class Network {
 public:
  // `host_queue`: L2 bytes that may wait at a cable. Throws std::runtime_error when there are more hosts than
  // addresses.
  Network(const topology::Topology& topology, std::uint64_t seed, Bytes host_queue);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  ns3::Ptr<ns3::Node> host(std::size_t index) const { return hosts_.at(index); }
  // The device that sends in this direction of a link.
  LinkDevice& device(std::size_t link, topology::Direction direction) const {
    return *links_.at(link)[direction];
  }
  // The host's end of its cable.
  LinkDevice& cable(std::size_t host) const { return *cables_.at(host)[topology::kForward]; }
  // Frames that no site could forward: not IPv4, or to an address that no host has.
  std::uint64_t lost() const { return lost_; }

 private:
  void add_host(const topology::Host& host, std::uint64_t seed, Bytes queue);
  void listen(ns3::Ptr<LinkDevice> device, std::size_t site);
  void forward(std::size_t site, ns3::Ptr<const ns3::Packet> packet, std::uint16_t protocol,
               const ns3::Mac48Address& source, const ns3::Mac48Address& destination);
  ns3::Ptr<LinkDevice> next(std::size_t site, std::size_t host, const GhostFrame& frame) const;

  topology::Topology topology_;
  topology::Routes routes_;
  std::vector<ns3::Ptr<ns3::Node>> sites_;
  std::vector<ns3::Ptr<ns3::Node>> hosts_;
  std::vector<std::array<ns3::Ptr<LinkDevice>, 2>> links_;
  std::vector<std::array<ns3::Ptr<LinkDevice>, 2>> cables_;  // by host, the host's end first
  std::uint64_t lost_ = 0;
};

}  // namespace longhaul::wide
