// SPDX-License-Identifier: GPL-2.0-only
//
// What a link reads from ns-3's packets and what it writes into them.
#include <gtest/gtest.h>
#include <ns3/ipv4-header.h>
#include <ns3/udp-header.h>

#include <array>
#include <bit>
#include <map>
#include <set>
#include <vector>

#include "tests/wide/simulation.h"
#include "topologies/wide/link_device.h"

namespace longhaul::wide {
namespace {

using testing::Simulation;

constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint32_t kPayload = 972;  // an L3 packet of 1,000 B

struct Udp {
  std::uint16_t source_port = 1;
  ns3::Ipv4Header::DscpType dscp = ns3::Ipv4Header::DscpDefault;
  ns3::Ipv4Header::EcnType ecn = ns3::Ipv4Header::ECN_NotECT;
};

ns3::Ptr<ns3::Packet> packet_of(const Udp& udp) {
  const auto packet = ns3::Create<ns3::Packet>(kPayload);
  ns3::UdpHeader transport;
  transport.SetSourcePort(udp.source_port);
  transport.SetDestinationPort(4791);
  packet->AddHeader(transport);
  ns3::Ipv4Header network;
  network.SetSource(ns3::Ipv4Address("10.71.0.1"));
  network.SetDestination(ns3::Ipv4Address("10.71.0.2"));
  network.SetProtocol(17);
  network.SetPayloadSize(static_cast<std::uint16_t>(packet->GetSize()));
  network.SetDscp(udp.dscp);
  network.SetEcn(udp.ecn);
  network.EnableChecksum();
  packet->AddHeader(network);
  return packet;
}

struct Arrival {
  std::int64_t at;
  std::uint64_t uid;
  ns3::Ipv4Header network;
  ns3::UdpHeader transport;
  bool whole;  // nothing behind the headers changed
};

// All packets sent at time zero, in order; what arrives, in order.
std::vector<Arrival> carry(const ns3::Ptr<LinkDevice>& from, const ns3::Ptr<LinkDevice>& to,
                           const std::vector<ns3::Ptr<ns3::Packet>>& packets) {
  std::vector<Arrival> arrivals;
  to->SetReceiveCallback(
      [&](ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet> packet, std::uint16_t, const ns3::Address&) {
        Arrival arrival{ns3::Simulator::Now().GetTimeStep(), packet->GetUid(), {}, {}, true};
        const auto rest = packet->Copy();
        arrival.network.EnableChecksum();
        rest->RemoveHeader(arrival.network);
        rest->RemoveHeader(arrival.transport);
        std::vector<std::uint8_t> payload(rest->GetSize());
        rest->CopyData(payload.data(), rest->GetSize());
        arrival.whole = payload == std::vector<std::uint8_t>(kPayload);
        arrivals.push_back(arrival);
        return true;
      });
  for (const auto& packet : packets) from->Send(packet, to->GetAddress(), kIpv4);
  ns3::Simulator::Run();
  return arrivals;
}

topology::Link link_of(const core::LinkConfig& config) {
  topology::Link link;
  link.directions = {config, config};
  return link;
}

core::LinkConfig plain() {
  core::LinkConfig config;
  config.rate = BitRate::gigabits_per_second(10);
  config.buffer = Bytes(10'000'000);
  config.delay = Duration::milliseconds(5);
  return config;
}

std::array<ns3::Ptr<LinkDevice>, 2> devices_of(const core::LinkConfig& config) {
  return connect(link_of(config), 0, 1'500, 1,
                 {ns3::CreateObject<ns3::Node>(), ns3::CreateObject<ns3::Node>()});
}

TEST(LinkDeviceHeaders, MarkIsWrittenIntoCapablePackets) {
  const Simulation simulation;
  core::LinkConfig config = plain();
  config.queues.classes[0].aqm = core::aqm::Red{.min = Bytes(10'000), .max = Bytes(10'000)};
  const auto devices = devices_of(config);
  std::vector<ns3::Ptr<ns3::Packet>> packets;
  for (int i = 0; i < 100; ++i) packets.push_back(packet_of({.ecn = ns3::Ipv4Header::ECN_ECT0}));
  const std::vector<Arrival> arrivals = carry(devices[0], devices[1], packets);
  ASSERT_EQ(arrivals.size(), packets.size());
  std::uint64_t marked = 0;
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    const ns3::Ipv4Header::EcnType ecn = arrivals[i].network.GetEcn();
    EXPECT_TRUE(ecn == ns3::Ipv4Header::ECN_CE || ecn == ns3::Ipv4Header::ECN_ECT0);
    marked += ecn == ns3::Ipv4Header::ECN_CE;
    EXPECT_TRUE(arrivals[i].network.IsChecksumOk()) << "packet " << i;
    EXPECT_TRUE(arrivals[i].whole) << "packet " << i;
    EXPECT_EQ(arrivals[i].transport.GetDestinationPort(), 4791);
    EXPECT_EQ(arrivals[i].uid, packets[i]->GetUid());
  }
  // The first is sent at once; of those that wait 9 fit below 10,000 B and the 10th finds 9,126 B.
  EXPECT_EQ(marked, 100U - 1 - 10);
  EXPECT_EQ(devices[0]->counters().marked[0].frames, marked);
  ns3::Ipv4Header sent;
  packets.back()->PeekHeader(sent);
  EXPECT_EQ(sent.GetEcn(), ns3::Ipv4Header::ECN_ECT0) << "the sender's own packet is not written to";
}

TEST(LinkDeviceHeaders, PacketsThatAreNotCapableAreRefusedInstead) {
  const Simulation simulation;
  core::LinkConfig config = plain();
  config.queues.classes[0].aqm = core::aqm::Red{.min = Bytes(10'000), .max = Bytes(10'000)};
  const auto devices = devices_of(config);
  int taken = 0;
  for (int i = 0; i < 100; ++i) taken += devices[0]->Send(packet_of({}), devices[1]->GetAddress(), kIpv4);
  EXPECT_EQ(taken, 11);
  EXPECT_EQ(devices[0]->counters().dropped[static_cast<std::size_t>(core::DropCause::kRed)].frames, 89U);
  EXPECT_EQ(devices[0]->packets_kept(), 11U);
  ns3::Simulator::Run();
}

TEST(LinkDeviceHeaders, ClassIsByDscp) {
  const Simulation simulation;
  core::LinkConfig config = plain();
  config.queues.classes.resize(2);
  config.queues.classes[1].strict = true;
  config.queues.key = core::ClassKey::kDscp;
  config.queues.class_of_dscp[46] = 1;
  const auto devices = devices_of(config);
  std::vector<ns3::Ptr<ns3::Packet>> packets;
  for (int i = 0; i < 20; ++i) packets.push_back(packet_of({}));
  for (int i = 0; i < 5; ++i) packets.push_back(packet_of({.dscp = ns3::Ipv4Header::DSCP_EF}));
  const std::vector<Arrival> arrivals = carry(devices[0], devices[1], packets);
  ASSERT_EQ(arrivals.size(), packets.size());
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    const bool expedited = i >= 1 && i <= 5;  // only the one that was being sent comes before them
    EXPECT_EQ(arrivals[i].network.GetDscp(),
              expedited ? ns3::Ipv4Header::DSCP_EF : ns3::Ipv4Header::DscpDefault)
        << i;
  }
  EXPECT_EQ(devices[0]->counters().classes[1].in.frames, 5U);
}

TEST(LinkDeviceHeaders, FlowsStayOnTheirWave) {
  const Simulation simulation;
  core::LinkConfig config = plain();
  constexpr std::int64_t kSkewPs = 1'000'000'000;
  config.waves = {2, {Duration(), Duration::picoseconds(kSkewPs)}};
  const auto devices = devices_of(config);
  std::vector<ns3::Ptr<ns3::Packet>> packets;
  for (int i = 0; i < 10; ++i) {
    for (std::uint16_t port = 1; port <= 32; ++port) packets.push_back(packet_of({.source_port = port}));
  }
  const std::vector<Arrival> arrivals = carry(devices[0], devices[1], packets);
  ASSERT_EQ(arrivals.size(), packets.size());
  std::map<std::uint16_t, std::set<bool>> waves;  // by port: whether it came over the longer one
  for (const Arrival& arrival : arrivals) {
    waves[arrival.transport.GetSourcePort()].insert(arrival.at > 5'000'000'000 + kSkewPs);
  }
  std::size_t longer = 0;
  for (const auto& [port, seen] : waves) {
    EXPECT_EQ(seen.size(), 1U) << "port " << port;
    longer += *seen.begin();
  }
  EXPECT_GT(longer, 4U);
  EXPECT_LT(longer, 28U);
}

TEST(LinkDeviceHeaders, CorruptedPacketsKeepTheirUidAndSize) {
  const Simulation simulation;
  core::LinkConfig config = plain();
  config.line.corrupt = {.probability = 1, .bits = 1, .region = core::Region::kPayload, .deliver = true};
  const auto devices = devices_of(config);
  std::vector<ns3::Ptr<ns3::Packet>> packets;
  for (int i = 0; i < 200; ++i) packets.push_back(packet_of({}));
  std::uint64_t changed_bits = 0;
  std::size_t arrived = 0;
  devices[1]->SetReceiveCallback([&](ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet> packet,
                                     std::uint16_t, const ns3::Address&) {
    const auto& sent = packets[arrived++];
    EXPECT_EQ(packet->GetUid(), sent->GetUid());
    std::vector<std::uint8_t> before(sent->GetSize()), after(packet->GetSize());
    EXPECT_EQ(before.size(), after.size());
    sent->CopyData(before.data(), sent->GetSize());
    packet->CopyData(after.data(), packet->GetSize());
    for (std::size_t i = 0; i < before.size(); ++i)
      changed_bits += static_cast<std::uint64_t>(std::popcount(static_cast<unsigned>(before[i] ^ after[i])));
    return true;
  });
  for (const auto& packet : packets) devices[0]->Send(packet, devices[1]->GetAddress(), kIpv4);
  ns3::Simulator::Run();
  EXPECT_EQ(arrived, packets.size());
  EXPECT_EQ(changed_bits, packets.size());
}

}  // namespace
}  // namespace longhaul::wide
