// SPDX-License-Identifier: GPL-2.0-only
//
// What scripts/bench holds inline links against: ns-3's own real-time mode. Two interfaces at FdNetDevices,
// three nodes with ns-3's IPv4 stack, two point-to-point links of 10 Gbit/s and 2.5 ms. Hosts behind the
// interfaces: 10.72.1.2 and 10.72.2.2, gateways .1. Until SIGTERM.
//   stock_realtime INTERFACE INTERFACE
#include <fmt/format.h>
#include <ns3/boolean.h>
#include <ns3/fd-net-device.h>
#include <ns3/global-value.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-interface-address.h>
#include <ns3/ipv4-static-routing-helper.h>
#include <ns3/ipv4.h>
#include <ns3/node.h>
#include <ns3/point-to-point-helper.h>
#include <ns3/simulator.h>
#include <ns3/string.h>
#include <ns3/uinteger.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

// After ns-3, whose names these take as macros.
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

namespace {

int packet_socket(const std::string& interface) {
  const int fd = ::socket(AF_PACKET, SOCK_RAW, __builtin_bswap16(ETH_P_ALL));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = __builtin_bswap16(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  if (fd < 0 || address.sll_ifindex == 0 ||
      ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(fmt::format("cannot open {}: {}", interface, std::strerror(errno)));
  return fd;
}

void give_address(const ns3::Ptr<ns3::NetDevice>& device, const char* address, const char* mask) {
  const auto ipv4 = device->GetNode()->GetObject<ns3::Ipv4>();
  const std::uint32_t interface = ipv4->AddInterface(device);
  ipv4->AddAddress(interface, ns3::Ipv4InterfaceAddress(address, mask));
  ipv4->SetUp(interface);
}

void add_host_side(const ns3::Ptr<ns3::Node>& node, const std::string& interface, const char* mac,
                   const char* gateway) {
  const auto device = ns3::CreateObject<ns3::FdNetDevice>();
  device->SetAttribute("RxQueueSize", ns3::UintegerValue(20'000));
  device->SetAddress(ns3::Mac48Address(mac));
  node->AddDevice(device);
  device->SetFileDescriptor(packet_socket(interface));
  give_address(device, gateway, "255.255.255.0");
}

void add_route(const ns3::Ptr<ns3::Node>& node, const char* network, const char* next,
               std::uint32_t interface) {
  const auto ipv4 = node->GetObject<ns3::Ipv4>();
  ns3::Ipv4StaticRoutingHelper().GetStaticRouting(ipv4)->AddNetworkRouteTo(network, "255.255.255.0", next,
                                                                           interface);
}

void run(const std::string& first, const std::string& second) {
  ns3::GlobalValue::Bind("SimulatorImplementationType", ns3::StringValue("ns3::RealtimeSimulatorImpl"));
  ns3::GlobalValue::Bind("ChecksumEnabled", ns3::BooleanValue(true));
  std::array<ns3::Ptr<ns3::Node>, 3> nodes;
  ns3::InternetStackHelper stack;
  stack.SetIpv6StackInstall(false);
  for (auto& node : nodes) {
    node = ns3::CreateObject<ns3::Node>();
    stack.Install(node);
  }
  add_host_side(nodes[0], first, "02:00:00:00:72:01", "10.72.1.1");
  add_host_side(nodes[2], second, "02:00:00:00:72:02", "10.72.2.1");
  ns3::PointToPointHelper links;
  links.SetDeviceAttribute("DataRate", ns3::StringValue("10Gbps"));
  links.SetChannelAttribute("Delay", ns3::StringValue("2500us"));
  links.SetQueue("ns3::DropTailQueue<Packet>", "MaxSize", ns3::StringValue("20000p"));
  const auto one = links.Install(nodes[0], nodes[1]);
  const auto two = links.Install(nodes[1], nodes[2]);
  give_address(one.Get(0), "10.72.10.1", "255.255.255.252");
  give_address(one.Get(1), "10.72.10.2", "255.255.255.252");
  give_address(two.Get(0), "10.72.11.1", "255.255.255.252");
  give_address(two.Get(1), "10.72.11.2", "255.255.255.252");
  // Interfaces count from 1, the loopback is 0: host side first at the ends.
  add_route(nodes[0], "10.72.2.0", "10.72.10.2", 2);
  add_route(nodes[1], "10.72.1.0", "10.72.10.1", 1);
  add_route(nodes[1], "10.72.2.0", "10.72.11.2", 2);
  add_route(nodes[2], "10.72.1.0", "10.72.11.1", 2);
  ns3::Simulator::Stop(ns3::Seconds(120));
  ns3::Simulator::Run();
  ns3::Simulator::Destroy();
}

}  // namespace

int main(int count, char** values) {
  try {
    if (count != 3) throw std::runtime_error("stock_realtime INTERFACE INTERFACE");
    run(values[1], values[2]);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "stock_realtime: {}\n", error.what());
    return 1;
  }
}
