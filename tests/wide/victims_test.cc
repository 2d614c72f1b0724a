// SPDX-License-Identifier: GPL-2.0-only
//
// One link core, three drivers: the same frames and the same seed through the engine over DPDK's pcap ports,
// through ns-3 and through a plain loop. No hooks. What the line does depends on a frame's number alone, so
// each frame meets the same fate in all three, and all three write the same log of decisions; but for its
// times, which in the engine are those at which it took the frames.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <tuple>
#include <vector>

#include "emulator/core/link.h"
#include "tests/dataplane/pcap_chain.h"
#include "tests/wide/simulation.h"
#include "topologies/wide/link_device.h"

namespace longhaul::wide {
namespace {

using dataplane::Packet;
using Arrivals = std::vector<std::uint32_t>;  // numbers of the frames, copies included

constexpr std::size_t kFrames = 4'000;
constexpr std::uint64_t kSeed = 42;
constexpr core::StreamOwner kOwner{0, 0};
constexpr std::uint32_t kMtu = 1'500;

// Everything by which a line loses or copies frames. The buffer holds them all, since only what happens on
// the line is independent of when frames come.
core::LinkConfig lossy_link() {
  core::LinkConfig link = dataplane::kLink;
  link.loss = core::loss::GilbertElliott{.to_bad = 0.02, .to_good = 0.2, .loss_bad = 0.8, .loss_good = 0.001};
  link.line.bit_errors.rate = 5e-6;
  link.line.corrupt = {.probability = 0.03, .region = core::Region::kPayload};
  link.line.duplicate.probability = 0.02;
  return link;
}

struct Result {
  Arrivals arrived;
  std::vector<core::Decision> decisions;
  core::LinkCounters counters;
};

using Decided = std::tuple<std::uint64_t, std::uint32_t, core::Fate, std::uint8_t, bool, std::uint8_t>;

std::vector<Decided> without_times(const std::vector<core::Decision>& decisions) {
  std::vector<Decided> all;
  for (const core::Decision& d : decisions)
    all.emplace_back(d.position, d.size, d.fate, d.cause, d.on_line, d.wave);
  return all;
}

std::vector<core::Decision> taken_from(core::DecisionLog& log) {
  std::vector<core::Decision> decisions;
  for (core::Decision decision; log.read(decision);) decisions.push_back(decision);
  EXPECT_EQ(log.lost(), 0U);
  return decisions;
}

// The number that pcap_chain.h writes into each frame.
std::uint32_t number_of(const Packet& packet) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number |= std::uint32_t{packet.at(14 + i)} << (8 * i);
  return number;
}

Instant arrival_of(std::size_t frame) {
  return Instant::at(Duration::microseconds(2) * static_cast<std::int64_t>(frame));
}

Result through_engine(const std::filesystem::path& directory, const std::vector<Packet>& packets) {
  dataplane::EngineConfig config = dataplane::chain(directory, 2, lossy_link(), packets);
  config.seed = kSeed;
  config.log_decisions = true;
  Result result;
  {
    dataplane::Engine engine(config);
    dataplane::run_until(engine, 0, packets.size());
    result.counters = engine.final_state().directions[0].counters;
    for (core::Decision decision; engine.next_decision(0, decision);) result.decisions.push_back(decision);
    EXPECT_EQ(engine.decisions_lost(), 0U);
  }
  for (const Packet& packet : dataplane::read_pcap(directory / "out1.pcap"))
    result.arrived.push_back(number_of(packet));
  return result;
}

Result through_ns3(const std::vector<Packet>& packets) {
  const testing::Simulation simulation;
  topology::Link link;
  link.directions.fill(lossy_link());
  const auto ends = connect(link, kOwner.link, kMtu, kSeed,
                            {ns3::CreateObject<ns3::Node>(), ns3::CreateObject<ns3::Node>()});
  core::DecisionLog log(kFrames);
  ends[0]->log_decisions(&log);
  Result result;
  ends[1]->SetReceiveCallback(
      ns3::Callback<bool, ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet>, std::uint16_t,
                    const ns3::Address&>([&result](ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet> came,
                                                   std::uint16_t, const ns3::Address&) {
        Packet packet(kEthernetHeader + came->GetSize());
        came->CopyData(packet.data() + kEthernetHeader, came->GetSize());
        result.arrived.push_back(number_of(packet));
        return true;
      }));
  for (std::size_t i = 0; i < packets.size(); ++i) {
    ns3::Simulator::Schedule(ns3::TimeStep(arrival_of(i).ps()), [&ends, &packet = packets[i]] {
      ends[0]->Send(ns3::Create<ns3::Packet>(packet.data() + kEthernetHeader,
                                             static_cast<std::uint32_t>(packet.size() - kEthernetHeader)),
                    ends[1]->GetAddress(), 0x88B5);
    });
  }
  ns3::Simulator::Run();
  result.counters = ends[0]->counters();
  result.decisions = taken_from(log);
  return result;
}

struct LoopSink {
  Arrivals& arrived;
  void deliver(const core::Frame& frame, Instant) {
    arrived.push_back(static_cast<std::uint32_t>(frame.cookie));
  }
  void drop(const core::Frame&, core::DropCause) {}
  std::optional<std::uint64_t> duplicate(const core::Frame& frame) { return frame.cookie; }
  void corrupt(const core::Frame&, std::uint64_t) {}
};

Result through_plain_loop(const std::vector<Packet>& packets) {
  Result result;
  core::DecisionLog log(kFrames);
  core::Link link(lossy_link(), Bytes(std::uint64_t{kMtu} + kEthernetHeader), kOwner, kSeed);
  link.log_decisions(&log);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const core::Frame frame{i, arrival_of(i), static_cast<std::uint32_t>(packets[i].size())};
    link.push(std::span(&frame, 1), LoopSink{result.arrived});
  }
  while (link.next_event() != Instant::never()) link.advance(link.next_event(), LoopSink{result.arrived});
  result.counters = link.counters();
  result.decisions = taken_from(log);
  return result;
}

class Victims : public dataplane::PcapChain {};

TEST_F(Victims, AreTheSameInTheEngineInNs3AndInAPlainLoop) {
  const std::vector<Packet> packets = dataplane::numbered_packets(kFrames);
  const Result loop = through_plain_loop(packets), ns3 = through_ns3(packets);
  const Result engine = through_engine(directory_, packets);

  EXPECT_EQ(ns3.arrived, loop.arrived);
  EXPECT_EQ(engine.arrived, loop.arrived);
  const std::vector<Decided> decided = without_times(loop.decisions);
  EXPECT_EQ(without_times(ns3.decisions), decided);
  EXPECT_EQ(without_times(engine.decisions), decided);
  for (std::size_t i = 0; i < loop.decisions.size(); ++i)
    ASSERT_EQ(ns3.decisions.at(i).at, loop.decisions[i].at) << "decision " << i;
  EXPECT_EQ(ns3.counters, loop.counters);
  EXPECT_EQ(engine.counters.dropped, loop.counters.dropped);
  EXPECT_EQ(engine.counters.duplicated, loop.counters.duplicated);
  EXPECT_EQ(engine.counters.out, loop.counters.out);

  // What did not arrive is what the log says was dropped, and each kind of fate was met.
  std::set<std::uint32_t> missing;
  for (std::uint32_t i = 0; i < kFrames; ++i) missing.insert(i);
  for (const std::uint32_t number : loop.arrived) missing.erase(number);
  std::set<std::uint32_t> dropped;
  std::array<std::size_t, core::kDropCauses> by_cause{};
  std::size_t duplicated = 0;
  for (const core::Decision& decision : loop.decisions) {
    EXPECT_TRUE(decision.on_line);
    duplicated += decision.fate == core::Fate::kDuplicated;
    if (decision.fate != core::Fate::kDropped) continue;
    dropped.insert(static_cast<std::uint32_t>(decision.position));
    ++by_cause[decision.cause];
  }
  EXPECT_EQ(missing, dropped);
  for (const auto cause : {core::DropCause::kLineLoss, core::DropCause::kBitError, core::DropCause::kBadFcs})
    EXPECT_GT(by_cause[static_cast<std::size_t>(cause)], 50U) << core::name(cause);
  EXPECT_GT(duplicated, 30U);
}

}  // namespace
}  // namespace longhaul::wide
