// SPDX-License-Identifier: GPL-2.0-only
//
// ns-3's IPv4 stack above our device: the round trip of a UDP echo, to the picosecond.
#include <gtest/gtest.h>
#include <ns3/inet-socket-address.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-address-helper.h>
#include <ns3/ipv4-global-routing-helper.h>
#include <ns3/ipv4-interface-container.h>
#include <ns3/net-device-container.h>
#include <ns3/socket.h>
#include <ns3/udp-socket-factory.h>

#include "tests/wide/simulation.h"
#include "topologies/wide/link_device.h"

namespace longhaul::wide {
namespace {

using testing::Simulation;

constexpr std::uint16_t kPort = 7;  // RFC 862
constexpr std::uint32_t kUdpIpv4Ethernet = 8 + 20 + kEthernetHeader;

ns3::Ptr<ns3::Socket> udp_socket(ns3::Ptr<ns3::Node> node, std::uint16_t port) {
  const auto socket = ns3::Socket::CreateSocket(node, ns3::UdpSocketFactory::GetTypeId());
  EXPECT_EQ(socket->Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), port)), 0);
  return socket;
}

// The time from sending `payload` bytes to their return, in picoseconds; -1 when they do not return.
std::int64_t echo_round_trip(ns3::Ptr<ns3::Node> client, ns3::Ptr<ns3::Node> server,
                             ns3::Ipv4Address server_address, std::uint32_t payload, Duration start) {
  const auto echoing = udp_socket(server, kPort);
  echoing->SetRecvCallback([](ns3::Ptr<ns3::Socket> socket) {
    ns3::Address from;
    const auto packet = socket->RecvFrom(from);
    socket->SendTo(packet, 0, from);
  });
  std::int64_t round_trip = -1;
  const auto asking = udp_socket(client, 0);
  asking->SetRecvCallback([&](ns3::Ptr<ns3::Socket> socket) {
    EXPECT_EQ(socket->Recv()->GetSize(), payload);
    round_trip = ns3::Simulator::Now().GetTimeStep() - start.ps();
  });
  ns3::Simulator::ScheduleWithContext(client->GetId(), ns3::TimeStep(start.ps()), [&] {
    EXPECT_EQ(
        asking->SendTo(ns3::Create<ns3::Packet>(payload), 0, ns3::InetSocketAddress(server_address, kPort)),
        static_cast<int>(payload));
  });
  ns3::Simulator::Run();
  return round_trip;
}

topology::Link link_of(std::uint64_t gigabits, Duration forward, Duration reverse) {
  topology::Link link;
  for (core::LinkConfig& direction : link.directions) {
    direction.rate = BitRate::gigabits_per_second(gigabits);
    direction.buffer = Bytes(1'000'000);
  }
  link.directions[topology::kForward].delay = forward;
  link.directions[topology::kReverse].delay = reverse;
  return link;
}

std::vector<ns3::Ptr<ns3::Node>> nodes_with_ipv4(std::size_t count) {
  std::vector<ns3::Ptr<ns3::Node>> nodes;
  ns3::InternetStackHelper stack;
  stack.SetIpv6StackInstall(false);
  for (std::size_t i = 0; i < count; ++i) {
    nodes.push_back(ns3::CreateObject<ns3::Node>());
    stack.Install(nodes.back());
  }
  return nodes;
}

ns3::Ipv4InterfaceContainer number(const char* network, const std::array<ns3::Ptr<LinkDevice>, 2>& devices) {
  ns3::Ipv4AddressHelper addresses;
  addresses.SetBase(network, "255.255.255.0");
  ns3::NetDeviceContainer container;
  for (const auto& device : devices) container.Add(device);
  return addresses.Assign(container);
}

TEST(Echo, RoundTripIsTwiceSerialisationPlusDelay) {
  const Simulation simulation;
  const auto nodes = nodes_with_ipv4(2);
  const Duration delay = Duration::picoseconds(6'630'000'123);
  const auto devices = connect(link_of(10, delay, delay), 0, 1'500, 1, {nodes[0], nodes[1]});
  const auto addresses = number("10.1.1.0", devices);
  const std::int64_t measured =
      echo_round_trip(nodes[0], nodes[1], addresses.GetAddress(1), 1'024, Duration::picoseconds(17));
  // 1,024 + 42 + 24 B at 10 Gbit/s = 872,000 ps.
  EXPECT_EQ(measured, 2 * (872'000 + 6'630'000'123));
  EXPECT_EQ(devices[0]->counters().out, (core::Tally{1, 1'024 + kUdpIpv4Ethernet}));
  EXPECT_EQ(devices[1]->counters().out, (core::Tally{1, 1'024 + kUdpIpv4Ethernet}));
}

TEST(Echo, CrossesTwoUnequalLinksByGlobalRouting) {
  const Simulation simulation;
  const auto nodes = nodes_with_ipv4(3);
  const auto near_link = connect(link_of(10, Duration::milliseconds(1), Duration::milliseconds(2)), 0, 1'500,
                                 1, {nodes[0], nodes[1]});
  const auto far_link = connect(link_of(400, Duration::milliseconds(10), Duration::milliseconds(11)), 1,
                                1'500, 1, {nodes[1], nodes[2]});
  number("10.1.1.0", near_link);
  const auto far_addresses = number("10.1.2.0", far_link);
  ns3::Ipv4GlobalRoutingHelper::PopulateRoutingTables();
  const std::int64_t measured =
      echo_round_trip(nodes[0], nodes[2], far_addresses.GetAddress(1), 1'000, Duration::seconds(1));
  const Bytes frame = core::framed_size(Bytes(1'000 + kUdpIpv4Ethernet), core::Framing::kWire);
  const Duration sending = serialisation_time(frame, BitRate::gigabits_per_second(10)) +
                           serialisation_time(frame, BitRate::gigabits_per_second(400));
  EXPECT_EQ(measured, (sending * 2 + Duration::milliseconds(1 + 2 + 10 + 11)).ps());
}

}  // namespace
}  // namespace longhaul::wide
