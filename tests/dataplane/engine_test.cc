// SPDX-License-Identifier: GPL-2.0-only
//
// The real engine over DPDK's pcap driver: a file in, a file out, no interface and no privilege needed.
#include "emulator/dataplane/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <stdexcept>
#include <vector>

#include "emulator/core/gap_sampler.h"
#include "emulator/core/random.h"
#include "emulator/dataplane/background_board.h"
#include "tests/dataplane/pcap_chain.h"

namespace longhaul::dataplane {
namespace {

class Engine : public PcapChain {};

TEST_F(Engine, CarriesFramesUnchangedAndInOrder) {
  const std::vector<Packet> packets = numbered_packets(5'000);
  {
    dataplane::Engine engine(chain(directory_, 2, kLink, packets));
    run_until(engine, 0, packets.size());
    const Sample state = engine.final_state();
    EXPECT_EQ(state.directions[0].counters.in.frames, packets.size());
    EXPECT_EQ(state.directions[0].counters.out.frames, packets.size());
    EXPECT_EQ(state.directions[1].counters.in.frames, 0u);
    EXPECT_EQ(state.ports[0].rx_frames, packets.size());
    EXPECT_EQ(state.ports[1].tx_frames, packets.size());
    EXPECT_EQ(engine.lateness(0).count(), packets.size());
    EXPECT_EQ(engine.lateness(0).early(), 0u);
    EXPECT_EQ(engine.switch_counters(0).flooded, packets.size());
    for (const PortCounters& port : state.ports) {
      EXPECT_EQ(port.losses.tx_refused + port.losses.no_buffer + port.losses.oversized, 0u);
    }
  }
  EXPECT_EQ(read_pcap(directory_ / "out1.pcap"), packets);
}

TEST_F(Engine, TakesTwoHopsThroughThreeSites) {
  const std::vector<Packet> packets = numbered_packets(500);
  {
    dataplane::Engine engine(chain(directory_, 3, kLink, packets));
    run_until(engine, 2, packets.size());
    const Sample state = engine.final_state();
    EXPECT_EQ(state.directions[0].counters.out, state.directions[2].counters.in);
    EXPECT_EQ(state.directions[2].counters.out.frames, packets.size());
    // The second link is as fast as the first and gets frames at their due times, whenever the loop ran: only
    // what arrives while a larger frame is being sent ever waits there.
    EXPECT_LE(state.directions[2].counters.queue_peak_bytes, 1'518u);
    EXPECT_EQ(engine.lateness(0).count(), 0u) << "a frame in transit is not sent to a host";
    EXPECT_EQ(engine.lateness(2).count(), packets.size());
  }
  EXPECT_EQ(read_pcap(directory_ / "out1.pcap"), packets);
}

TEST_F(Engine, CountsLineLossAsTheCoreDoes) {
  const std::vector<Packet> packets = numbered_packets(1'500);
  core::LinkConfig lossy = kLink;
  lossy.loss = 0.1;
  std::vector<Packet> survivors;
  core::GapSampler loss(0.1, core::RandomStream(1, {0, 0}, core::Effect::kLoss));
  for (const Packet& packet : packets) {
    if (!loss.hits_next()) survivors.push_back(packet);
  }
  {
    dataplane::Engine engine(chain(directory_, 2, lossy, packets));
    run_until(engine, 0, packets.size());
    const core::LinkCounters counters = engine.final_state().directions[0].counters;
    EXPECT_EQ(counters.dropped[static_cast<std::size_t>(core::DropCause::kLineLoss)].frames,
              packets.size() - survivors.size());
    EXPECT_TRUE(counters.conserved());
  }
  EXPECT_EQ(read_pcap(directory_ / "out1.pcap"), survivors) << "the same victims as in any other driver";
}

TEST_F(Engine, FramesMeetWhatTheBoardSaysOfTheBackground) {
  const std::vector<Packet> packets = numbered_packets(1'500);
  constexpr double kLoss = 0.3;
  const core::RandomStream draws(1, {0, 0}, core::Effect::kBackground);
  std::vector<Packet> survivors;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    bytes += packets[i].size();
    if (draws.uniform(i) > kLoss) survivors.push_back(packets[i]);
  }
  core::LinkConfig shared = kLink;
  shared.most_background_wait = Duration::milliseconds(2);
  EngineConfig config = chain(directory_, 2, shared, packets);
  BackgroundBoard board(config.directions.size());
  config.background = &board;
  board.publish(0, {0.5, Duration::milliseconds(1), kLoss, 0}, Instant());
  {
    dataplane::Engine engine(config);
    run_until(engine, 0, packets.size());
    const DirectionSample state = engine.final_state().directions[0];
    EXPECT_EQ(state.counters.dropped[static_cast<std::size_t>(core::DropCause::kBackground)].frames,
              packets.size() - survivors.size());
    EXPECT_TRUE(state.counters.conserved());
    EXPECT_EQ(state.state.background, (core::Background{0.5, Duration::milliseconds(1), kLoss, 0}));
    EXPECT_EQ(engine.final_state().directions[1].state.background, core::Background{});
    EXPECT_EQ(engine.lateness(0).early(), 0u);
    EXPECT_GT(engine.background_age().count(), 0u);
    EXPECT_EQ(board.load(0).frames, packets.size());
    EXPECT_EQ(board.load(0).offered[0], bytes);
  }
  EXPECT_EQ(read_pcap(directory_ / "out1.pcap"), survivors);
}

TEST_F(Engine, LogsWhatTheLinkDecided) {
  const std::vector<Packet> packets = numbered_packets(1'500);
  core::LinkConfig lossy = kLink;
  lossy.loss = 0.1;
  EngineConfig config = chain(directory_, 2, lossy, packets);
  config.log_decisions = true;
  dataplane::Engine engine(config);
  run_until(engine, 0, packets.size());
  const core::Tally lost = engine.final_state().directions[0].counters.dropped_in_all();
  core::Tally logged;
  core::Decision decision;
  std::uint64_t next = 0;
  while (engine.next_decision(0, decision)) {
    EXPECT_EQ(decision.fate, core::Fate::kDropped);
    EXPECT_EQ(decision.cause, static_cast<std::uint8_t>(core::DropCause::kLineLoss));
    EXPECT_TRUE(decision.on_line);
    ASSERT_GE(decision.position, next);
    ASSERT_LT(decision.position, packets.size());
    EXPECT_EQ(decision.size, packets[decision.position].size());
    next = decision.position + 1;
    logged.add(decision.size);
  }
  EXPECT_GT(lost.frames, 100u);
  EXPECT_EQ(logged, lost);
  EXPECT_FALSE(engine.next_decision(1, decision)) << "nothing came there";
  EXPECT_EQ(engine.decisions_lost(), 0u);
}

// An IPv4 header with ECN-capable transport in an Ethernet frame.
Packet capable(std::uint32_t serial) {
  Packet packet = packet_to(9, 1, 1'000, serial);
  const std::array<std::uint8_t, 22> header{0x08, 0x00, 0x45, 0x02, 0x03, 0xDA, 0, 0,  0x40, 0, 64,
                                            17,   0,    0,    10,   71,   0,    1, 10, 71,   0, 2};
  std::copy(header.begin(), header.end(), packet.begin() + 12);
  packet[18] = static_cast<std::uint8_t>(serial >> 8);
  packet[19] = static_cast<std::uint8_t>(serial);
  std::uint32_t sum = 0;
  for (std::size_t i = 14; i < 34; i += 2) sum += std::uint32_t{packet[i]} << 8 | packet[i + 1];
  sum = ~((sum & 0xFFFF) + (sum >> 16));
  packet[24] = static_cast<std::uint8_t>(sum >> 8);
  packet[25] = static_cast<std::uint8_t>(sum);
  return packet;
}

TEST_F(Engine, WritesCongestionMarksIntoTheFrames) {
  std::vector<Packet> packets;
  for (std::uint32_t i = 0; i < 1'000; ++i) packets.push_back(capable(i));
  core::LinkConfig marking = kLink;
  marking.queues.classes[0].aqm = core::aqm::Red{.min = Bytes(5'000), .max = Bytes(5'000)};
  core::LinkCounters counters;
  {
    dataplane::Engine engine(chain(directory_, 2, marking, packets));
    run_until(engine, 0, packets.size());
    counters = engine.final_state().directions[0].counters;
  }
  const std::vector<Packet> arrived = read_pcap(directory_ / "out1.pcap");
  ASSERT_EQ(arrived.size(), packets.size()) << "marked instead of dropped";
  std::uint64_t marked = 0;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    Packet expected = packets[i];
    if (arrived[i][15] == 3) {
      ++marked;
      expected[15] = 3;
      --expected[25];  // the checksum of a word that grew by 1
      if (expected[25] == 0xFF) --expected[24];
    }
    ASSERT_EQ(arrived[i], expected) << "frame " << i;
  }
  EXPECT_GT(marked, 0u);
  EXPECT_EQ(counters.marked[static_cast<std::size_t>(core::MarkCause::kRed)].frames, marked);
}

TEST_F(Engine, DeliversCopiesAndDamage) {
  const std::vector<Packet> packets = numbered_packets(3'000);
  core::LinkConfig noisy = kLink;
  noisy.line.duplicate.probability = 0.2;
  noisy.line.corrupt = {.probability = 0.1, .bits = 1, .region = core::Region::kPayload, .deliver = true};
  core::LinkCounters counters;
  {
    dataplane::Engine engine(chain(directory_, 2, noisy, packets));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    engine.start();
    Sample sample;
    while ((counters.in.frames < packets.size() || counters.held.frames > 0) &&
           std::chrono::steady_clock::now() < deadline) {
      if (engine.next_sample(sample)) counters = sample.directions[0].counters;
    }
    engine.stop();
  }
  const std::vector<Packet> arrived = read_pcap(directory_ / "out1.pcap");
  EXPECT_EQ(arrived.size(), packets.size() + counters.duplicated.frames);
  EXPECT_GT(counters.duplicated.frames, 400u);
  EXPECT_GT(counters.corrupted.frames, 200u);
  const std::set<Packet> originals(packets.begin(), packets.end());
  std::set<Packet> distinct, damaged;
  for (const Packet& packet : arrived) {
    distinct.insert(packet);
    if (originals.count(packet) == 0) damaged.insert(packet);
  }
  EXPECT_EQ(distinct.size(), packets.size()) << "a copy is as its original";
  EXPECT_EQ(damaged.size(), counters.corrupted.frames);
}

Packet priority_pause(std::uint8_t priorities, std::uint16_t quanta) {
  Packet packet(60);
  const std::array<std::uint8_t, 18> header{1, 0x80, 0xC2, 0,    0,    1, 2, 0, 0,
                                            0, 0,    9,    0x88, 0x08, 1, 1, 0, priorities};
  std::copy(header.begin(), header.end(), packet.begin());
  for (std::size_t p = 0; p < 8; ++p) {
    packet[18 + 2 * p] = static_cast<std::uint8_t>(quanta >> 8);
    packet[19 + 2 * p] = static_cast<std::uint8_t>(quanta);
  }
  return packet;
}

TEST_F(Engine, PausesTheFarEndWhenItsHostAsks) {
  const std::vector<Packet> packets = numbered_packets(500);
  core::LinkConfig link = kLink;
  link.rate = link.far_end.rate = BitRate::gigabits_per_second(1);
  link.far_end.buffer = Bytes(20'000'000);
  const EngineConfig config = chain(directory_, 2, link, packets);
  write_pcap(directory_ / "in1.pcap", {priority_pause(1, 65'535)});
  {
    dataplane::Engine engine(config);
    // 65,535 quanta of 512 bit at 1 Gbit/s; without the pause frames arrive after 5 ms.
    constexpr Duration kPause = Duration::nanoseconds(65'535 * 512);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    engine.start();
    Sample sample;
    std::uint64_t out = 0;
    while (out < packets.size() && std::chrono::steady_clock::now() < deadline) {
      if (!engine.next_sample(sample)) continue;
      ASSERT_TRUE(sample.directions[0].counters.conserved());
      out = sample.directions[0].counters.out.frames;
      EXPECT_TRUE(out == 0 || sample.at >= Instant::at(kPause)) << sample.at.ps();
    }
    engine.stop();
    EXPECT_EQ(out, packets.size());
    const Sample state = engine.final_state();
    EXPECT_EQ(state.ports[1].pause_frames, 1u);
    EXPECT_EQ(state.ports[0].pause_frames, 0u);
    EXPECT_EQ(state.directions[1].counters.in.frames, 0u) << "it ends at the switch";
  }
  EXPECT_TRUE(read_pcap(directory_ / "out0.pcap").empty());
}

TEST_F(Engine, CarriesPausesOverLinksThatSay) {
  const std::vector<Packet> packets = numbered_packets(200);
  EngineConfig config = chain(directory_, 3, kLink, packets);
  for (DirectionConfig& direction : config.directions) direction.carries_pause = true;
  const Packet pause = priority_pause(0xFF, 7);
  write_pcap(directory_ / "in1.pcap", {pause});
  {
    dataplane::Engine engine(config);
    run_until(engine, 2, packets.size());
    const Sample state = engine.final_state();
    EXPECT_EQ(state.ports[1].pause_frames, 1u);
    for (const std::size_t d : {3u, 1u}) EXPECT_EQ(state.directions[d].counters.in.frames, 1u);
    EXPECT_EQ(engine.switch_counters(2).filtered, 0u) << "a switch never meets it";
  }
  EXPECT_EQ(read_pcap(directory_ / "out0.pcap"), std::vector<Packet>{pause});
  EXPECT_EQ(read_pcap(directory_ / "out1.pcap"), packets) << "not back to who sent it";
}

TEST_F(Engine, SaysWhichHookItCannotLoad) {
  EngineConfig config = chain(directory_, 2, kLink, {});
  config.directions[1].hooks = {{.file = "/nonexistent/hook.bpf.o"}};
  try {
    dataplane::Engine engine(config);
    FAIL() << "it started without its hook";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "cannot load hook /nonexistent/hook.bpf.o: cannot read it");
  }
}

TEST_F(Engine, SaysWhichDeviceItCannotFind) {
  EngineConfig config = chain(directory_, 2, kLink, {});
  config.ports[1].device = "net_pcap1,rx_pcap=/nonexistent/in.pcap";
  try {
    dataplane::Engine engine(config);
    FAIL() << "it started without its second port";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("/nonexistent/in.pcap"), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

TEST_F(Engine, RefusesFramesThatAreTooLarge) {
  std::vector<Packet> packets = numbered_packets(3);
  packets.insert(packets.begin() + 1, packet_to(9, 1, 1'900, 99));
  {
    dataplane::Engine engine(chain(directory_, 2, kLink, packets));
    run_until(engine, 0, 3);
    EXPECT_EQ(engine.final_state().ports[0].losses.oversized, 1u);
  }
  EXPECT_EQ(read_pcap(directory_ / "out1.pcap").size(), 3u);
}

}  // namespace
}  // namespace longhaul::dataplane
