// SPDX-License-Identifier: GPL-2.0-only
//
// Against ns-3's own point-to-point device and channel: each frame leaves at the same picosecond or is
// dropped by both.
//
// Made comparable thus. Ours counts a packet with 14 B of Ethernet header, theirs with 2 B of PPP, in the
// queue and on the line: a frame of n bytes is a packet of n - 14 for ours and of n - 2 for theirs. Framing
// is kL2, as theirs adds neither preamble nor gap. Rates make a byte a whole number of picoseconds, since
// their division is not ours. Both let a frame leave the buffer when its first bit is sent.
//
// A tie, a frame that comes at the very picosecond at which another starts to be sent, would be decided in
// ns-3 by the order in which the two events were made, in ours always in favour of the newcomer. Ties are
// kept out: frame i comes at i picoseconds past a multiple of a byte's time, so all starts and ends that
// follow from other frames' arrivals have another remainder.
#include <gtest/gtest.h>
#include <ns3/data-rate.h>
#include <ns3/drop-tail-queue.h>
#include <ns3/point-to-point-channel.h>
#include <ns3/point-to-point-net-device.h>
#include <ns3/queue-size.h>

#include <iostream>
#include <random>

#include "tests/wide/simulation.h"
#include "topologies/wide/link_device.h"

namespace longhaul::wide {
namespace {

using testing::Flow;
using testing::Outcome;
using testing::Simulation;
using testing::test_seed;
using Kind = Outcome::Kind;

constexpr std::uint32_t kPppHeader = 2;
constexpr std::uint32_t kMtu = 9'000;

struct Case {
  BitRate rate;
  Bytes buffer;
  Duration delay;
  std::size_t frames;
  double load;
};

std::vector<core::Frame> frames_of(const Case& c, std::mt19937_64& random) {
  const std::int64_t byte_time = serialisation_time(Bytes(1), c.rate).ps();
  EXPECT_EQ(static_cast<std::uint64_t>(byte_time) * c.rate.bps(), 8'000'000'000'000U);
  EXPECT_LE(static_cast<std::int64_t>(c.frames), byte_time);
  std::vector<core::Frame> frames;
  std::uint64_t byte_times = 0;
  const auto longest_gap = static_cast<std::uint64_t>(2 * 4'500 / c.load);
  for (std::size_t i = 0; i < c.frames; ++i) {
    byte_times += random() % longest_gap;
    const std::int64_t at = static_cast<std::int64_t>(byte_times) * byte_time + static_cast<std::int64_t>(i);
    const auto size = static_cast<std::uint32_t>(60 + random() % (kMtu + kEthernetHeader - 59));
    frames.push_back({i, Instant::at(Duration::picoseconds(at)), size});
  }
  return frames;
}

std::vector<Outcome> through_ours(const Case& c, const std::vector<core::Frame>& frames) {
  const Simulation simulation;
  topology::Link link;
  link.directions.fill({c.rate, core::Framing::kL2, c.buffer, c.delay, 0.0});
  const auto devices =
      connect(link, 0, kMtu, 1, {ns3::CreateObject<ns3::Node>(), ns3::CreateObject<ns3::Node>()});
  Flow flow(frames, devices[0], devices[1]);
  flow.watch_drops(devices[0], "MacTxDrop", Kind::kQueueFull);
  flow.schedule(kEthernetHeader);
  ns3::Simulator::Run();
  EXPECT_TRUE(flow.once_each());
  return flow.outcomes();
}

std::vector<Outcome> through_theirs(const Case& c, const std::vector<core::Frame>& frames) {
  const Simulation simulation;
  const auto channel = ns3::CreateObject<ns3::PointToPointChannel>();
  channel->SetAttribute("Delay", ns3::TimeValue(ns3::TimeStep(c.delay.ps())));
  std::array<ns3::Ptr<ns3::PointToPointNetDevice>, 2> devices;
  for (auto& device : devices) {
    device = ns3::CreateObject<ns3::PointToPointNetDevice>();
    device->SetAddress(ns3::Mac48Address::Allocate());
    device->SetDataRate(ns3::DataRate(c.rate.bps()));
    const auto queue = ns3::CreateObject<ns3::DropTailQueue<ns3::Packet>>();
    queue->SetMaxSize({ns3::QueueSizeUnit::BYTES, static_cast<std::uint32_t>(c.buffer.count())});
    device->SetQueue(queue);
    ns3::CreateObject<ns3::Node>()->AddDevice(device);
    device->Attach(channel);
  }
  Flow flow(frames, devices[0], devices[1]);
  flow.watch_drops(devices[0], "MacTxDrop", Kind::kQueueFull);
  flow.schedule(kPppHeader);
  ns3::Simulator::Run();
  EXPECT_TRUE(flow.once_each());
  return flow.outcomes();
}

// Returns how many both dropped.
std::size_t compare(const Case& c) {
  std::mt19937_64 random(test_seed());
  const std::vector<core::Frame> frames = frames_of(c, random);
  const std::vector<Outcome> ours = through_ours(c, frames);
  const std::vector<Outcome> theirs = through_theirs(c, frames);
  std::size_t dropped = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_NE(ours[i].kind, Kind::kUnknown);
    EXPECT_EQ(ours[i], theirs[i]) << "frame " << i;
    if (::testing::Test::HasFailure()) return 0;
    dropped += ours[i].kind == Kind::kQueueFull;
  }
  std::cout << frames.size() << " frames, " << dropped << " dropped by both\n";
  return dropped;
}

TEST(AgainstPointToPoint, UncongestedFramesArriveAtTheSamePicosecond) {
  EXPECT_EQ(
      compare({BitRate::gigabits_per_second(1), Bytes(10'000'000), Duration::milliseconds(13), 8'000, 0.5}),
      0U);
}

TEST(AgainstPointToPoint, CongestedFramesAreDroppedOneByOneAlike) {
  EXPECT_GT(compare({BitRate::bits_per_second(100'000'000), Bytes(100'000), Duration::milliseconds(5), 50'000,
                     1.3}),
            5'000U);
}

TEST(AgainstPointToPoint, BufferOfOneFrameDropsAlike) {
  EXPECT_GT(compare({BitRate::gigabits_per_second(1), Bytes(kMtu + kEthernetHeader), Duration::picoseconds(0),
                     8'000, 0.9}),
            500U);
}

}  // namespace
}  // namespace longhaul::wide
