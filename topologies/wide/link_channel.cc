// SPDX-License-Identifier: GPL-2.0-only
//
// What joins two LinkDevices.
#include <fmt/core.h>

#include <stdexcept>

#include "topologies/wide/link_device.h"

namespace longhaul::wide {
namespace {

NS_OBJECT_ENSURE_REGISTERED(LinkChannel);

}  // namespace

ns3::TypeId LinkChannel::GetTypeId() {
  static const ns3::TypeId kId =
      ns3::TypeId("longhaul::wide::LinkChannel").SetParent<ns3::Channel>().SetGroupName("longhaul");
  return kId;
}

ns3::Ptr<ns3::NetDevice> LinkChannel::GetDevice(std::size_t end) const {
  return ends_.at(end);
}

void LinkChannel::DoDispose() {
  ends_ = {};
  ns3::Channel::DoDispose();
}

void LinkDevice::join(const std::array<ns3::Ptr<LinkDevice>, 2>& ends) {
  const auto channel = ns3::CreateObject<LinkChannel>(ends);
  for (std::size_t end : {0U, 1U}) {
    if (ends[end]->node_ == nullptr)
      throw std::runtime_error(fmt::format("cannot join two ns-3 link devices: end {} has no node", end));
    ends[end]->channel_ = channel;
    ends[end]->peer_ = ends[1 - end];
  }
}

std::array<ns3::Ptr<LinkDevice>, 2> connect(const topology::Link& link, std::uint32_t index,
                                            std::uint32_t mtu, std::uint64_t seed,
                                            const std::array<ns3::Ptr<ns3::Node>, 2>& nodes) {
  std::array<ns3::Ptr<LinkDevice>, 2> devices;
  for (const std::uint32_t direction :
       {std::uint32_t{topology::kForward}, std::uint32_t{topology::kReverse}}) {
    devices[direction] = ns3::CreateObject<LinkDevice>(
        link.directions[direction], core::StreamOwner{.link = index, .direction = direction}, seed, mtu);
    nodes[direction]->AddDevice(devices[direction]);
  }
  LinkDevice::join(devices);
  return devices;
}

}  // namespace longhaul::wide
