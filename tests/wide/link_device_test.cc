// SPDX-License-Identifier: GPL-2.0-only
//
// One link core, two drivers: the same frames and the same seed through ns-3 and through a plain loop.
#include "topologies/wide/link_device.h"

#include <gtest/gtest.h>

#include <random>
#include <span>

#include "tests/wide/simulation.h"

namespace longhaul::wide {
namespace {

using testing::Flow;
using testing::Outcome;
using testing::Simulation;
using testing::test_seed;
using Kind = Outcome::Kind;

constexpr std::uint32_t kMtu = 9'000;
constexpr std::uint32_t kLargestFrame = kMtu + kEthernetHeader;

std::uint64_t pick(std::mt19937_64& random, std::uint64_t low, std::uint64_t high) {
  return low + random() % (high - low + 1);
}

core::LinkConfig random_config(std::mt19937_64& random) {
  core::LinkConfig config;
  config.rate = BitRate::bits_per_second(pick(random, 100'000'000, 400'000'000'000));
  config.framing = pick(random, 0, 1) != 0 ? core::Framing::kWire : core::Framing::kL2;
  config.buffer = Bytes(pick(random, kLargestFrame, 200'000));
  config.delay = Duration::picoseconds(static_cast<std::int64_t>(pick(random, 0, 50'000'000)));
  config.loss = static_cast<double>(pick(random, 0, 3)) * 0.1;
  if (pick(random, 0, 2) == 0) config.loss = core::loss::GilbertElliott{.to_bad = 0.02, .to_good = 0.3};
  if (pick(random, 0, 1) == 0) {
    config.line.jitter = {.scale = Duration::microseconds(5)};
    config.line.order = pick(random, 0, 1) == 0 ? core::Order::kKept : core::Order::kFree;
  }
  if (pick(random, 0, 2) == 0) {
    config.far_end.rate = BitRate::bits_per_second(config.rate.bps() / 2);
    config.far_end.buffer = Bytes(100'000);
  }
  if (pick(random, 0, 1) == 0) {
    core::Event slower;
    slower.at = Duration::microseconds(static_cast<std::int64_t>(pick(random, 0, 500)));
    slower.change.rate = BitRate::bits_per_second(config.rate.bps() / 3);
    slower.change.delay = Duration::microseconds(20);
    config.timeline.events.push_back(slower);
  }
  return config;
}

// Bursts at one instant and gaps, at 0.7 to 1.4 of the link's rate: idle and overfull spells both come.
std::vector<core::Frame> random_frames(std::mt19937_64& random, BitRate rate, std::size_t count) {
  std::vector<core::Frame> frames;
  Instant at;
  const std::int64_t mean_gap = serialisation_time(Bytes(pick(random, 3'000, 6'000)), rate).ps();
  for (std::uint64_t i = 0; i < count; ++i) {
    if (pick(random, 0, 3) != 0)
      at = at + Duration::picoseconds(
                    static_cast<std::int64_t>(pick(random, 0, static_cast<std::uint64_t>(mean_gap) * 8 / 3)));
    const std::uint64_t size =
        pick(random, 0, 9) == 0 ? pick(random, 14, 60) : pick(random, 60, kLargestFrame);
    frames.push_back({i, at, static_cast<std::uint32_t>(size)});
  }
  return frames;
}

struct LoopSink {
  std::vector<Outcome>& outcomes;
  void deliver(const core::Frame& frame, Instant due) {
    outcomes[frame.cookie] = {Kind::kDelivered, due.ps()};
  }
  std::optional<std::uint64_t> duplicate(const core::Frame&) { return std::nullopt; }
  void corrupt(const core::Frame&, std::uint64_t) {}
  void drop(const core::Frame& frame, core::DropCause cause) {
    outcomes[frame.cookie] = {cause == core::DropCause::kQueueFull ? Kind::kQueueFull : Kind::kLineLoss};
  }
};

struct LoopResult {
  std::vector<Outcome> outcomes;
  core::LinkCounters counters;
};

LoopResult plain_loop(const core::LinkConfig& config, core::StreamOwner owner, std::uint64_t seed,
                      const std::vector<core::Frame>& frames) {
  LoopResult result{std::vector<Outcome>(frames.size()), {}};
  core::Link link(config, Bytes(kLargestFrame), owner, seed);
  link.push(std::span(frames), LoopSink{result.outcomes});
  while (link.next_event() != Instant::never()) link.advance(link.next_event(), LoopSink{result.outcomes});
  result.counters = link.counters();
  return result;
}

struct Conservation {
  std::array<ns3::Ptr<LinkDevice>, 2> devices;
  bool held_always = true;
  std::uint64_t checks = 0;
  std::uint64_t most_held = 0;

  static void check(void* self) { static_cast<Conservation*>(self)->look(); }
  void look() {
    for (const auto& device : devices) {
      const core::LinkCounters& counters = device->counters();
      held_always &= counters.conserved() && counters.held.frames == device->packets_kept();
      most_held = std::max(most_held, counters.held.frames);
      ++checks;
    }
  }
};

struct Tallies {
  std::uint64_t frames = 0, delivered = 0, queue_full = 0, line_loss = 0;
};

void both_drivers_agree(std::mt19937_64& random, std::uint32_t index, std::size_t frames_each_way,
                        Tallies& tallies) {
  const Simulation simulation;
  topology::Link link;
  std::array<std::vector<core::Frame>, 2> frames;
  for (std::size_t d : {0U, 1U}) {
    link.directions[d] = random_config(random);
    frames[d] = random_frames(random, link.directions[d].rate, frames_each_way);
  }
  const std::uint64_t seed = random();
  const auto devices =
      connect(link, index, kMtu, seed, {ns3::CreateObject<ns3::Node>(), ns3::CreateObject<ns3::Node>()});
  Conservation conservation{devices};
  std::array<Flow, 2> flows{Flow(frames[0], devices[0], devices[1]), Flow(frames[1], devices[1], devices[0])};
  for (std::size_t d : {0U, 1U}) {
    flows[d].watch_drops(devices[d], "MacTxDrop", Kind::kQueueFull);
    flows[d].watch_drops(devices[d], "PhyTxDrop", Kind::kLineLoss);
    flows[d].before_each(&Conservation::check, &conservation);
    flows[d].schedule(kEthernetHeader);
  }
  ns3::Simulator::Run();
  conservation.look();

  EXPECT_TRUE(conservation.held_always);
  EXPECT_EQ(conservation.checks, 2 * (2 * frames_each_way + 1));
  EXPECT_GT(conservation.most_held, 1U);
  for (std::uint32_t d : {0U, 1U}) {
    const LoopResult loop = plain_loop(link.directions[d], {.link = index, .direction = d}, seed, frames[d]);
    const core::LinkCounters& counters = devices[d]->counters();
    EXPECT_TRUE(flows[d].once_each());
    EXPECT_TRUE(flows[d].refusals_told());
    EXPECT_EQ(counters, loop.counters);
    EXPECT_EQ(counters.in.frames, frames_each_way);
    EXPECT_EQ(counters.out.bytes, flows[d].bytes_delivered());
    EXPECT_EQ(counters.held, core::Tally{});
    for (std::size_t i = 0; i < frames_each_way; ++i) {
      ASSERT_EQ(flows[d].outcomes()[i], loop.outcomes[i])
          << "link " << index << " direction " << d << " frame " << i;
      tallies.delivered += loop.outcomes[i].kind == Kind::kDelivered;
      tallies.queue_full += loop.outcomes[i].kind == Kind::kQueueFull;
      tallies.line_loss += loop.outcomes[i].kind == Kind::kLineLoss;
      ++tallies.frames;
    }
  }
}

TEST(LinkDevice, GivesEachFrameTheFateAndDueTimeOfAPlainLoop) {
  std::mt19937_64 random(test_seed());
  Tallies tallies;
  for (std::uint32_t index = 0; index < 25; ++index) {
    both_drivers_agree(random, index, 2'000, tallies);
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(tallies.frames, 100'000U);
  EXPECT_EQ(tallies.delivered + tallies.queue_full + tallies.line_loss, tallies.frames);
  EXPECT_GT(tallies.delivered, 50'000U);
  EXPECT_GT(tallies.queue_full, 1'000U);
  EXPECT_GT(tallies.line_loss, 1'000U);
  std::cout << tallies.delivered << " delivered, " << tallies.queue_full << " queue full, "
            << tallies.line_loss << " line loss\n";
}

topology::Link plain_link() {
  topology::Link link;
  for (core::LinkConfig& direction : link.directions) {
    direction.rate = BitRate::gigabits_per_second(10);
    direction.buffer = Bytes(100'000);
    direction.delay = Duration::milliseconds(5);
  }
  return link;
}

std::array<ns3::Ptr<ns3::Node>, 2> two_nodes() {
  return {ns3::CreateObject<ns3::Node>(), ns3::CreateObject<ns3::Node>()};
}

TEST(LinkDevice, RefusesPacketsAboveTheMtuUncounted) {
  const Simulation simulation;
  const auto devices = connect(plain_link(), 0, 1'500, 1, two_nodes());
  EXPECT_FALSE(devices[0]->Send(ns3::Create<ns3::Packet>(1'501U), devices[1]->GetAddress(), 0x0800));
  EXPECT_EQ(devices[0]->counters(), core::LinkCounters{});
  EXPECT_TRUE(devices[0]->Send(ns3::Create<ns3::Packet>(1'500U), devices[1]->GetAddress(), 0x0800));
  EXPECT_EQ(devices[0]->counters().held, (core::Tally{1, 1'514}));
  EXPECT_FALSE(devices[0]->SetMtu(1'501));
  EXPECT_TRUE(devices[0]->SetMtu(1'000));
  EXPECT_FALSE(devices[0]->Send(ns3::Create<ns3::Packet>(1'001U), devices[1]->GetAddress(), 0x0800));
}

TEST(LinkDevice, ReceiverRunsInItsOwnContextAndMaySendAtOnce) {
  const Simulation simulation;
  const auto nodes = two_nodes();
  const auto devices = connect(plain_link(), 0, 1'500, 1, nodes);
  std::vector<std::int64_t> times;
  for (std::size_t d : {0U, 1U}) {
    devices[d]->SetReceiveCallback([&, d](ns3::Ptr<ns3::NetDevice> device, ns3::Ptr<const ns3::Packet> packet,
                                          std::uint16_t protocol, const ns3::Address& from) {
      EXPECT_EQ(ns3::Simulator::GetContext(), nodes[d]->GetId());
      EXPECT_EQ(from, devices[1 - d]->GetAddress());
      times.push_back(ns3::Simulator::Now().GetTimeStep());
      if (times.size() < 4) device->Send(packet->Copy(), from, protocol);
      return true;
    });
  }
  devices[0]->Send(ns3::Create<ns3::Packet>(1'486U), devices[1]->GetAddress(), 0x0800);
  ns3::Simulator::Run();
  // 1,500 B + 24 B of FCS, preamble and gap at 10 Gbit/s = 1,219,200 ps; then 5 ms.
  constexpr std::int64_t kHop = 1'219'200 + 5'000'000'000;
  EXPECT_EQ(times, (std::vector<std::int64_t>{kHop, 2 * kHop, 3 * kHop, 4 * kHop}));
}

TEST(LinkDevice, FrameDueAtTheMomentOfASendStillArrivesInTheReceiversContext) {
  const Simulation simulation;
  const auto nodes = two_nodes();
  const auto devices = connect(plain_link(), 0, 1'500, 1, nodes);
  constexpr std::int64_t kHop = 1'219'200 + 5'000'000'000;
  const auto send = [&] {
    devices[0]->Send(ns3::Create<ns3::Packet>(1'486U), devices[1]->GetAddress(), 0x0800);
  };
  std::vector<std::int64_t> times;
  devices[1]->SetReceiveCallback(
      [&](ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet>, std::uint16_t, const ns3::Address&) {
        EXPECT_EQ(ns3::Simulator::GetContext(), nodes[1]->GetId());
        times.push_back(ns3::Simulator::Now().GetTimeStep());
        return true;
      });
  // Made before the first frame is sent, so it runs before that frame's own event of the same picosecond.
  ns3::Simulator::ScheduleWithContext(nodes[0]->GetId(), ns3::TimeStep(kHop), send);
  ns3::Simulator::ScheduleWithContext(nodes[0]->GetId(), ns3::TimeStep(0), send);
  ns3::Simulator::Run();
  EXPECT_EQ(times, (std::vector<std::int64_t>{kHop, 2 * kHop}));
  EXPECT_EQ(devices[0]->packets_kept(), 0U);
}

TEST(LinkDevice, CountersFollowTheQueueWhileNothingArrives) {
  const Simulation simulation;
  const auto devices = connect(plain_link(), 0, 1'500, 1, two_nodes());
  for (int i = 0; i < 2; ++i)
    devices[0]->Send(ns3::Create<ns3::Packet>(1'486U), devices[1]->GetAddress(), 0x0800);
  std::vector<std::uint64_t> waiting;
  for (const std::int64_t at : {1'219'199, 1'219'201})  // the second frame starts when the first is sent
    ns3::Simulator::Schedule(ns3::TimeStep(at),
                             [&] { waiting.push_back(devices[0]->counters().queue_bytes); });
  ns3::Simulator::Run();
  EXPECT_EQ(waiting, (std::vector<std::uint64_t>{1'500, 0}));
}

TEST(LinkDevice, TellsPromiscuousListenersWhoAFrameIsFor) {
  const Simulation simulation;
  const auto devices = connect(plain_link(), 0, 1'500, 1, two_nodes());
  std::vector<ns3::NetDevice::PacketType> types;
  std::size_t taken = 0;
  devices[1]->SetPromiscReceiveCallback([&](ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet>,
                                            std::uint16_t, const ns3::Address&, const ns3::Address&,
                                            ns3::NetDevice::PacketType type) {
    types.push_back(type);
    return true;
  });
  devices[1]->SetReceiveCallback(
      [&](ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet>, std::uint16_t, const ns3::Address&) {
        ++taken;
        return true;
      });
  for (const ns3::Address& to : {devices[1]->GetAddress(), devices[1]->GetBroadcast(),
                                 devices[1]->GetMulticast(ns3::Ipv4Address("224.0.0.5")),
                                 ns3::Address(ns3::Mac48Address("02:00:00:00:00:99"))})
    devices[0]->Send(ns3::Create<ns3::Packet>(100U), to, 0x0800);
  ns3::Simulator::Run();
  EXPECT_EQ(types, (std::vector{ns3::NetDevice::PACKET_HOST, ns3::NetDevice::PACKET_BROADCAST,
                                ns3::NetDevice::PACKET_MULTICAST, ns3::NetDevice::PACKET_OTHERHOST}));
  EXPECT_EQ(taken, 3U);
}

}  // namespace
}  // namespace longhaul::wide
