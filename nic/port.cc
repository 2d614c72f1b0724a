// SPDX-License-Identifier: GPL-2.0-only
#include "nic/port.h"

#include <fmt/format.h>

#include "nic/ethdev_port.h"
#include "nic/xdp_port.h"

namespace longhaul::nic {

std::string device_for_interface(const std::string& interface, std::uint32_t, unsigned) {
  return fmt::format("xdp,iface={}", interface);
}

std::string device_for_interface(const std::string& interface, std::uint32_t mtu, unsigned index,
                                 InterfaceDriver driver) {
  switch (driver) {
    case InterfaceDriver::kAfPacket:
      return af_packet_device(interface, mtu, index);
    case InterfaceDriver::kAfXdp:
      return af_xdp_device(interface, mtu, index);
    case InterfaceDriver::kXdp:
      break;
  }
  return device_for_interface(interface, mtu, index);
}

bool is_dpdk_device(const std::string& device) {
  return !is_xdp_device(device);
}

std::uint64_t port_memory(const PortSpec& spec) {
  return is_xdp_device(spec.device) ? xdp_pool_memory(spec) : ethdev_memory(spec);
}

std::uint64_t port_memory_beside_eal(const PortSpec& spec) {
  return is_xdp_device(spec.device) ? xdp_ring_memory() : 0;
}

std::unique_ptr<Port> open_port(const PortSpec& spec) {
  return is_xdp_device(spec.device) ? open_xdp_port(spec) : open_ethdev_port(spec);
}

}  // namespace longhaul::nic
