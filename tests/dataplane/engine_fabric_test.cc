// SPDX-License-Identifier: GPL-2.0-only
//
// The real engine over more than one way: rings, equal-cost ways, several lcores (also on one CPU), VLANs,
// changes while it runs, frames held where they lie, captures.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "emulator/core/agenda.h"
#include "emulator/dataplane/capture.h"
#include "tests/dataplane/pcap_chain.h"

namespace longhaul::dataplane {
namespace {

class Fabric : public PcapChain {
 protected:
  // A ring of three sites with a port each; link l joins sites l and (l + 1) % 3.
  EngineConfig ring(const core::LinkConfig& link, const std::array<std::vector<Packet>, 3>& in) {
    EngineConfig config;
    config.largest_frame = Bytes(1'518);
    config.lcores = {nic::usable_cpus().back()};
    config.flood_limit = {1'000'000, 1'000'000};
    for (std::uint32_t s = 0; s < 3; ++s) {
      write_pcap(directory_ / fmt::format("in{}.pcap", s), in[s]);
      config.ports.push_back({fmt::format("h{}", s), device(s), s});
      config.directions.push_back({link, {s, 0}, s, (s + 1) % 3});
      config.directions.push_back({link, {s, 1}, (s + 1) % 3, s});
      SiteConfig site;
      site.next_hops.resize(3);
      site.trees.resize(3);
      const std::uint32_t before = 2 * ((s + 2) % 3) + 1, after = 2 * s;
      site.next_hops[(s + 1) % 3] = {after};
      site.next_hops[(s + 2) % 3] = {before};
      site.trees[s] = {after, before};
      config.sites.push_back(site);
    }
    return config;
  }

  std::string device(std::size_t port) const {
    return fmt::format("net_pcap{0},rx_pcap={1}/in{0}.pcap,tx_pcap={1}/out{0}.pcap", port,
                       directory_.string());
  }

  // Runs until the ports have sent so many frames, at most 30 s.
  static Sample run_until_sent(dataplane::Engine& engine, std::uint64_t frames) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    engine.start();
    Sample sample;
    std::uint64_t sent = 0;
    while (sent < frames && std::chrono::steady_clock::now() < deadline) {
      if (!engine.next_sample(sample)) continue;
      sent = 0;
      for (const PortCounters& port : sample.ports) sent += port.tx_frames;
    }
    engine.stop();
    const Sample end = engine.final_state();
    for (const DirectionSample& direction : end.directions) {
      EXPECT_TRUE(direction.counters.conserved());
      EXPECT_EQ(direction.store_full + direction.handover_full, 0u);
    }
    for (const PortCounters& port : end.ports) {
      EXPECT_EQ(port.losses.tx_refused + port.losses.no_buffer + port.losses.oversized, 0u);
    }
    return end;
  }
};

// Host h's frames to the two others in turn, numbered.
std::vector<Packet> to_both_others(std::uint8_t host, std::size_t count) {
  std::vector<Packet> packets;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto other = static_cast<std::uint8_t>((host + 1 + i % 2) % 3);
    packets.push_back(packet_to(static_cast<std::uint8_t>(other + 1), static_cast<std::uint8_t>(host + 1),
                                60 + (i * 37) % 1'440, i));
  }
  return packets;
}

void expect_each_stream_in_order(const std::vector<Packet>& arrived, std::size_t expected) {
  EXPECT_EQ(arrived.size(), expected);
  std::map<std::uint8_t, std::uint32_t> next;
  for (const Packet& packet : arrived) {
    std::uint32_t serial = 0;
    for (int i = 3; i >= 0; --i) serial = serial << 8 | packet[14 + static_cast<std::size_t>(i)];
    const std::uint8_t source = packet[11];
    EXPECT_TRUE(next.count(source) == 0 || serial > next[source]) << "from " << int{source};
    next[source] = serial;
  }
}

void run_ring(EngineConfig config, std::size_t per_host) {
  for (std::size_t s = 0; s < 3; ++s) config.ports[s].mac = 0x020000000001 + s;
  dataplane::Engine engine(config);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  engine.start();
  Sample sample;
  std::uint64_t sent = 0;
  while (sent < 3 * per_host && std::chrono::steady_clock::now() < deadline) {
    if (!engine.next_sample(sample)) continue;
    sent = 0;
    for (const PortCounters& port : sample.ports) sent += port.tx_frames;
  }
  engine.stop();
  const Sample end = engine.final_state();
  std::uint64_t late = 0;
  for (std::size_t d = 0; d < 6; ++d) {
    EXPECT_EQ(end.directions[d].counters.out.frames, per_host / 2) << "direct ways only, direction " << d;
    EXPECT_EQ(engine.lateness(d).count(), per_host / 2);
    EXPECT_EQ(engine.lateness(d).early(), 0u);
    late += end.directions[d].entered_late + end.directions[d].handover_full;
  }
  EXPECT_EQ(late, 0u);
  for (std::size_t s = 0; s < 3; ++s) {
    EXPECT_EQ(engine.switch_counters(s).flooded, 0u) << "all addresses are known";
  }
}

TEST_F(Fabric, TakesTheShortWayAroundARing) {
  const std::array in{to_both_others(0, 2'000), to_both_others(1, 2'000), to_both_others(2, 2'000)};
  run_ring(ring(kLink, in), 2'000);
  for (int s = 0; s < 3; ++s) {
    expect_each_stream_in_order(read_pcap(directory_ / fmt::format("out{}.pcap", s)), 2'000);
  }
}

TEST_F(Fabric, RunsOnThreeLcoresOfOneCpu) {
  const std::array in{to_both_others(0, 2'000), to_both_others(1, 2'000), to_both_others(2, 2'000)};
  EngineConfig config = ring(kLink, in);
  config.lcores.assign(3, config.lcores[0]);
  for (std::size_t s = 0; s < 3; ++s) config.sites[s].lcore = s;
  run_ring(config, 2'000);
  for (int s = 0; s < 3; ++s) {
    expect_each_stream_in_order(read_pcap(directory_ / fmt::format("out{}.pcap", s)), 2'000);
  }
}

TEST_F(Fabric, FloodsToEveryoneOnceInARing) {
  std::vector<Packet> packets;
  for (std::uint32_t i = 0; i < 300; ++i) packets.push_back(packet_to(77, 1, 200, i));
  dataplane::Engine engine(ring(kLink, {packets, {}, {}}));
  const Sample end = run_until_sent(engine, 600);
  EXPECT_EQ(end.ports[1].tx_frames, 300u);
  EXPECT_EQ(end.ports[2].tx_frames, 300u);
  EXPECT_EQ(end.ports[0].tx_frames, 0u) << "not back to who sent it";
  EXPECT_EQ(end.directions[2].counters.in.frames + end.directions[3].counters.in.frames, 0u)
      << "the third side of the ring is not in the tree";
}

// UDP over IPv4 from port `flow`.
Packet flow_packet(std::uint16_t flow, std::uint32_t serial, std::size_t size) {
  Packet packet = packet_to(2, 1, size, serial);
  const std::array<std::uint8_t, 26> header{0x08,
                                            0x00,
                                            0x45,
                                            0,
                                            0,
                                            100,
                                            0,
                                            0,
                                            0x40,
                                            0,
                                            64,
                                            17,
                                            0,
                                            0,
                                            10,
                                            71,
                                            0,
                                            1,
                                            10,
                                            71,
                                            0,
                                            2,
                                            static_cast<std::uint8_t>(flow >> 8),
                                            static_cast<std::uint8_t>(flow),
                                            0x12,
                                            0xB7};
  std::copy(header.begin(), header.end(), packet.begin() + 12);
  return packet;
}

TEST_F(Fabric, SpreadsFlowsOverEqualWaysAndKeepsEachOnOne) {
  std::vector<Packet> packets;
  for (std::uint32_t i = 0; i < 6'400; ++i)
    packets.push_back(flow_packet(static_cast<std::uint16_t>(i % 64), i, 400));
  EngineConfig config = chain(directory_, 2, kLink, packets);
  core::LinkConfig longer = kLink;
  longer.delay = kLink.delay + Duration::milliseconds(1);
  config.directions.push_back({longer, {1, 0}, 0, 1});
  config.directions.push_back({longer, {1, 1}, 1, 0});
  config.ports[1].mac = 0x020000000002;
  config.sites[0].next_hops[1] = {0, 2};
  config.sites[1].next_hops[0] = {1, 3};
  {
    dataplane::Engine engine(config);
    const Sample end = run_until_sent(engine, packets.size());
    const std::uint64_t first = end.directions[0].counters.in.frames,
                        second = end.directions[2].counters.in.frames;
    EXPECT_EQ(first + second, packets.size());
    EXPECT_EQ(first % 100, 0u) << "whole flows";
    EXPECT_GT(first, 1'500u);
    EXPECT_GT(second, 1'500u);
  }
  std::map<std::uint8_t, std::size_t> seen;
  for (const Packet& packet : read_pcap(directory_ / "out1.pcap")) {
    const std::uint8_t flow = packet[35];
    EXPECT_EQ(packet, packets[flow + 64 * seen[flow]]) << "each flow stays in order";
    ++seen[flow];
  }
  EXPECT_EQ(seen.size(), 64u);
}

// Frames of two links meet on a third: there they are in order of time whatever the loop did.
TEST_F(Fabric, LinksThatFeedOneAreMergedByDueTime) {
  std::vector<Packet> a, b;
  for (std::uint32_t i = 0; i < 3'000; ++i) {
    a.push_back(packet_to(9, 1, 300, i));
    b.push_back(packet_to(9, 2, 500, i));
  }
  // Sites 0 and 1 each have a link to 2, which has one to 3.
  EngineConfig config;
  config.largest_frame = Bytes(1'518);
  config.lcores = {nic::usable_cpus().back()};
  write_pcap(directory_ / "in0.pcap", a);
  write_pcap(directory_ / "in1.pcap", b);
  write_pcap(directory_ / "in2.pcap", {});
  for (std::size_t p = 0; p < 3; ++p)
    config.ports.push_back({fmt::format("h{}", p), device(p), p == 2 ? 3 : p});
  config.ports[2].mac = 0x020000000009;
  core::LinkConfig other = kLink;
  other.delay += Duration::microseconds(777);
  core::LinkConfig last = kLink;
  last.rate = BitRate::gigabits_per_second(25);
  config.directions = {{kLink, {0, 0}, 0, 2}, {kLink, {0, 1}, 2, 0}, {other, {1, 0}, 1, 2},
                       {other, {1, 1}, 2, 1}, {last, {2, 0}, 2, 3},  {last, {2, 1}, 3, 2}};
  for (std::size_t s = 0; s < 4; ++s)
    config.sites.push_back(
        {0, std::vector<std::vector<std::uint32_t>>(4), std::vector<std::vector<std::uint32_t>>(4)});
  config.sites[0].next_hops[3] = {0};
  config.sites[1].next_hops[3] = {2};
  config.sites[2].next_hops[3] = {4};
  {
    dataplane::Engine engine(config);
    const Sample end = run_until_sent(engine, 6'000);
    EXPECT_EQ(end.directions[4].counters.out.frames, 6'000u);
    EXPECT_EQ(end.directions[4].entered_late, 0u);
  }
  EXPECT_EQ(read_pcap(directory_ / "out2.pcap").size(), 6'000u);
}

TEST_F(Fabric, TagsFramesForTrunksAndStripsThemForAccessPorts) {
  const std::vector<Packet> packets{packet_to(0xFF, 1, 100, 1), packet_to(0xFF, 1, 100, 2)};
  EngineConfig config = ring(kLink, {packets, {}, {}});
  config.ports[0].vlan = 10;
  config.ports[1].vlan = 10;
  {
    dataplane::Engine engine(config);
    run_until_sent(engine, 4);
  }
  EXPECT_EQ(read_pcap(directory_ / "out1.pcap"), packets);
  std::vector<Packet> tagged = packets;
  for (Packet& packet : tagged) {
    const std::array<std::uint8_t, 4> tag{0x81, 0x00, 0x00, 10};
    packet.insert(packet.begin() + 12, tag.begin(), tag.end());
  }
  EXPECT_EQ(read_pcap(directory_ / "out2.pcap"), tagged) << "a trunk";
}

TEST_F(Fabric, LosesNoFrameToTenThousandChanges) {
  const std::vector<Packet> packets = numbered_packets(20'000);
  core::LinkConfig link = kLink;
  link.rate = BitRate::gigabits_per_second(1);
  link.reserve = {BitRate::gigabits_per_second(2), Duration::milliseconds(8), Bytes(40'000'000)};
  link.buffer = Bytes(30'000'000);
  dataplane::Engine engine(chain(directory_, 2, link, packets));
  engine.start();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  Sample sample;
  std::uint64_t changes = 0, out = 0;
  while ((changes < 10'000 || out < packets.size()) && std::chrono::steady_clock::now() < deadline) {
    if (changes < 10'000) {
      core::Change change;
      change.rate = BitRate::bits_per_second((500 + changes % 1'500) * 1'000'000);
      change.delay = Duration::microseconds(1'000 + static_cast<std::int64_t>(changes % 7'000));
      change.buffer = Bytes(30'000'000 + changes * 100);
      changes += engine.change(std::vector<PlannedChange>{{0, {}, change}, {1, {}, change}}).has_value();
    }
    while (engine.next_sample(sample)) {
      EXPECT_TRUE(sample.directions[0].counters.conserved());
      out = sample.directions[0].counters.out.frames;
    }
  }
  while (sample.directions[0].changes < changes && std::chrono::steady_clock::now() < deadline) {
    engine.next_sample(sample);
  }
  engine.stop();
  const Sample end = engine.final_state();
  EXPECT_EQ(end.directions[0].changes, 10'000u);
  EXPECT_EQ(end.directions[1].changes, 10'000u);
  EXPECT_EQ(end.directions[0].counters.in.frames, packets.size());
  EXPECT_EQ(end.directions[0].counters.out.frames, packets.size());
  EXPECT_EQ(end.directions[0].store_full, 0u);
  core::Change beyond;
  beyond.delay = Duration::milliseconds(9);
  EXPECT_THROW(engine.change(std::vector<PlannedChange>{{0, {}, beyond}}), std::invalid_argument);
}

TEST_F(Fabric, RefusesMoreChangesOfADirectionThanItCanHold) {
  dataplane::Engine engine(chain(directory_, 2, kLink, numbered_packets(10)));
  core::Change stop;
  stop.rate = BitRate();
  const PlannedChange forward{0, Duration::seconds(3'600), stop}, reverse{1, Duration::seconds(3'600), stop};
  for (std::size_t i = 0; i < core::Agenda::kMostPlanned; ++i) {
    ASSERT_TRUE(engine.change(std::span(&forward, 1))) << i;
  }
  EXPECT_FALSE(engine.change(std::span(&forward, 1)));
  EXPECT_FALSE(engine.change(std::vector<PlannedChange>{reverse, forward})) << "all or nothing";
  EXPECT_TRUE(engine.change(std::span(&reverse, 1)));
}

TEST_F(Fabric, HoldsLargeFramesWhereTheyLieAndCopiesSmallOnes) {
  const std::vector<Packet> packets = numbered_packets(4'000);
  const auto large = static_cast<std::uint64_t>(
      std::count_if(packets.begin(), packets.end(), [](const Packet& p) { return p.size() >= 512; }));
  EngineConfig config = chain(directory_, 3, kLink, packets);
  config.ports[1].mac = 0x020000000009;
  {
    dataplane::Engine engine(config);
    run_until(engine, 2, packets.size());
    const Sample end = engine.final_state();
    for (const std::size_t d : {0u, 2u}) {
      EXPECT_EQ(end.directions[d].held_frames, large);
      EXPECT_EQ(end.directions[d].copied_frames, packets.size() - large);
    }
  }
  EXPECT_EQ(read_pcap(directory_ / "out1.pcap"), packets);
}

TEST_F(Fabric, CapturesWhatEntersAndWhatLeaves) {
  const std::vector<Packet> packets = numbered_packets(2'000);
  core::LinkConfig lossy = kLink;
  lossy.loss = 0.1;
  EngineConfig config = chain(directory_, 2, lossy, packets);
  dataplane::Engine engine(config);
  Capture capture({.filter = "ether src 02:00:00:00:00:01", .snap = 64, .slots = 16'384});
  engine.start_capture(0, capture);
  run_until(engine, 0, packets.size());
  engine.stop_capture(0);
  CaptureRecord record;
  std::map<std::uint32_t, Instant> entered;
  std::uint64_t released = 0, dropped = 0;
  while (capture.next(record)) {
    if (record.point == CapturePoint::kIngress) {
      entered[record.number] = record.at;
      continue;
    }
    ASSERT_EQ(entered.count(record.number), 1u);
    (record.point == CapturePoint::kRelease ? released : dropped) += 1;
    if (record.point == CapturePoint::kRelease) {
      EXPECT_GE(record.at - entered[record.number], lossy.delay);
    }
  }
  const core::LinkCounters counters = engine.final_state().directions[0].counters;
  EXPECT_EQ(entered.size(), packets.size());
  EXPECT_EQ(released, counters.out.frames);
  EXPECT_EQ(dropped, counters.dropped_in_all().frames);
}

}  // namespace
}  // namespace longhaul::dataplane
