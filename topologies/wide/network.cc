// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/wide/network.h"

#include <fmt/core.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-interface-address.h>
#include <ns3/ipv4-static-routing-helper.h>
#include <ns3/ipv4.h>

#include <functional>
#include <optional>
#include <stdexcept>

#include "emulator/dataplane/choose_way.h"
#include "emulator/dataplane/frame_header.h"

namespace longhaul::wide {
namespace {

constexpr std::uint32_t kSubnet = 10U << 24 | 71U << 16;
constexpr std::uint32_t kMask = 0xFFFF'0000U;
constexpr std::uint16_t kIpv4 = 0x0800;

std::optional<std::size_t> host_of(const ns3::Packet& packet, std::size_t hosts) {
  std::array<std::uint8_t, 20> header{};  // RFC 791
  if (packet.CopyData(header.data(), header.size()) != header.size()) return std::nullopt;
  const std::uint32_t address = std::uint32_t{header[16]} << 24 | std::uint32_t{header[17]} << 16 |
                                std::uint32_t{header[18]} << 8 | header[19];
  const std::size_t host = (address & ~kMask) - std::size_t{1};
  if ((address & kMask) != kSubnet || host >= hosts) return std::nullopt;
  return host;
}

// The host's end first.
topology::Link cable_of(const topology::Host& host, Bytes queue) {
  topology::Link cable;
  for (core::LinkConfig& direction : cable.directions) {
    direction.rate = kUnlimited;
    direction.buffer = queue;
  }
  if (host.rate != BitRate()) cable.directions[topology::kForward].rate = host.rate;
  return cable;
}

ns3::InternetStackHelper ipv4_stack() {
  ns3::InternetStackHelper stack;
  stack.SetIpv6StackInstall(false);
  stack.SetRoutingHelper(ns3::Ipv4StaticRoutingHelper());
  return stack;
}

}  // namespace

ns3::Ipv4Address host_address(std::size_t host) {
  return ns3::Ipv4Address(kSubnet + static_cast<std::uint32_t>(host) + 1);
}

Network::Network(const topology::Topology& topology, std::uint64_t seed, Bytes host_queue)
    : topology_(topology), routes_(topology::routes_of(topology)) {
  if (topology.hosts.size() >= ~kMask - 1) {
    throw std::runtime_error(fmt::format("topology {} has {} hosts, allowed in ns-3: {}", topology.name,
                                         topology.hosts.size(), ~kMask - 2));
  }
  for (std::size_t s = 0; s < topology.sites.size(); ++s) sites_.push_back(ns3::CreateObject<ns3::Node>());
  for (std::uint32_t l = 0; l < topology.links.size(); ++l) {
    const topology::Link& link = topology.links[l];
    links_.push_back(
        connect(link, l, topology.mtu, seed, {sites_[link.between[0]], sites_[link.between[1]]}));
    for (const std::size_t end : {0U, 1U}) listen(links_.back()[end], link.between[end]);
  }
  for (const topology::Host& host : topology.hosts) add_host(host, seed, host_queue);
}

void Network::add_host(const topology::Host& host, std::uint64_t seed, Bytes queue) {
  const std::size_t index = hosts_.size();
  const auto node = ns3::CreateObject<ns3::Node>();
  hosts_.push_back(node);
  ipv4_stack().Install(node);
  const auto cable =
      connect(cable_of(host, queue), static_cast<std::uint32_t>(topology_.links.size() + index),
              topology_.mtu, seed, {node, sites_[host.site]});
  cables_.push_back(cable);
  listen(cable[topology::kReverse], host.site);
  const auto ipv4 = node->GetObject<ns3::Ipv4>();
  const std::uint32_t interface = ipv4->AddInterface(cable[topology::kForward]);
  ipv4->AddAddress(interface, ns3::Ipv4InterfaceAddress(host_address(index), ns3::Ipv4Mask(kMask)));
  ipv4->SetUp(interface);
}

void Network::listen(ns3::Ptr<LinkDevice> device, std::size_t site) {
  const std::function<bool(ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet>, std::uint16_t,
                           const ns3::Address&, const ns3::Address&, ns3::NetDevice::PacketType)>
      came = [this, site](ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet> packet,
                          std::uint16_t protocol, const ns3::Address& source, const ns3::Address& destination,
                          ns3::NetDevice::PacketType) {
        forward(site, packet, protocol, ns3::Mac48Address::ConvertFrom(source),
                ns3::Mac48Address::ConvertFrom(destination));
        return true;
      };
  device->SetReceiveCallback({});
  device->SetPromiscReceiveCallback(ns3::NetDevice::PromiscReceiveCallback(came));
}

void Network::forward(std::size_t site, ns3::Ptr<const ns3::Packet> packet, std::uint16_t protocol,
                      const ns3::Mac48Address& source, const ns3::Mac48Address& destination) {
  const std::optional<std::size_t> host = protocol == kIpv4 ? host_of(*packet, hosts_.size()) : std::nullopt;
  if (!host) {
    ++lost_;
    return;
  }
  // The device made this copy for us alone.
  const GhostFrame frame{ns3::ConstCast<ns3::Packet>(packet), source, destination, protocol};
  next(site, *host, frame)->SendFrom(frame.packet, source, destination, protocol);
}

ns3::Ptr<LinkDevice> Network::next(std::size_t site, std::size_t host, const GhostFrame& frame) const {
  const std::size_t to = topology_.hosts[host].site;
  if (to == site) return cables_[host][topology::kReverse];
  const std::vector<topology::Hop>& ways = routes_.next_hops[site][to];
  const std::size_t way =
      ways.size() == 1
          ? 0
          : dataplane::choose_way(ways.size(), dataplane::read_header(frame.header_bytes()).flow, site);
  return links_[ways[way].link][ways[way].direction];
}

}  // namespace longhaul::wide
