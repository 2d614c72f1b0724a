// SPDX-License-Identifier: GPL-2.0-only
//
// The real engine over DPDK's pcap driver: a file in, a file out, no interface and no privilege needed.
#include "emulator/dataplane/engine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <vector>

#include "emulator/core/bernoulli_loss.h"
#include "nic/cpus.h"

namespace longhaul::dataplane {
namespace {

using Packet = std::vector<std::uint8_t>;

class Engine : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "longhaul-engine-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path directory_;
};

template <typename T>
void put(std::ofstream& file, T value) {
  file.write(reinterpret_cast<const char*>(&value), sizeof value);
}

// Classic pcap, microseconds, Ethernet.
void write_pcap(const std::filesystem::path& path, const std::vector<Packet>& packets) {
  std::ofstream file(path, std::ios::binary);
  put<std::uint32_t>(file, 0xA1B2C3D4);
  put<std::uint32_t>(file, 0x00040002);
  put<std::uint64_t>(file, 0);
  put<std::uint32_t>(file, 65'535);
  put<std::uint32_t>(file, 1);
  for (const Packet& packet : packets) {
    put<std::uint64_t>(file, 0);
    put(file, static_cast<std::uint32_t>(packet.size()));
    put(file, static_cast<std::uint32_t>(packet.size()));
    file.write(reinterpret_cast<const char*>(packet.data()), static_cast<std::streamsize>(packet.size()));
  }
}

std::vector<Packet> read_pcap(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(24);
  std::vector<Packet> packets;
  std::array<std::uint32_t, 4> head;
  while (file.read(reinterpret_cast<char*>(head.data()), sizeof head)) {
    Packet packet(head[2]);
    file.read(reinterpret_cast<char*>(packet.data()), head[2]);
    packets.push_back(std::move(packet));
  }
  return packets;
}

Packet packet_to(std::uint8_t destination, std::uint8_t source, std::size_t size, std::uint32_t serial) {
  Packet packet(size, static_cast<std::uint8_t>(serial * 31));
  const std::array<std::uint8_t, 14> header{2, 0, 0, 0, 0, destination, 2, 0, 0, 0, 0, source, 0x88, 0xB5};
  std::copy(header.begin(), header.end(), packet.begin());
  for (int i = 0; i < 4; ++i) packet[14 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(serial >> (8 * i));
  return packet;
}

std::vector<Packet> numbered_packets(std::size_t count) {
  std::vector<Packet> packets;
  for (std::uint32_t i = 0; i < count; ++i) packets.push_back(packet_to(9, 1, 60 + (i * 37) % 1'440, i));
  return packets;
}

// A chain of sites with one pcap port at each end; frames come in at the first site.
EngineConfig chain(const std::filesystem::path& directory, std::size_t sites, const core::LinkConfig& link,
                   const std::vector<Packet>& in) {
  EngineConfig config;
  config.sites = sites;
  config.largest_frame = Bytes(1'518);
  config.cpu = nic::usable_cpus().back();
  config.flood_limit = {1'000'000, 1'000'000};  // nobody answers, so every frame is flooded
  write_pcap(directory / "in0.pcap", in);
  write_pcap(directory / "in1.pcap", {});
  for (std::size_t p = 0; p < 2; ++p) {
    config.ports.push_back({fmt::format("h{}", p),
                            fmt::format("net_pcap{0},rx_pcap={1}/in{0}.pcap,tx_pcap={1}/out{0}.pcap", p,
                                        directory.string()),
                            p == 0 ? 0 : sites - 1});
  }
  for (std::uint32_t l = 0; l + 1 < sites; ++l) {
    config.directions.push_back({link, {l, 0}, l, l + 1});
    config.directions.push_back({link, {l, 1}, l + 1, l});
  }
  return config;
}

// Turns the engine until direction `watched` has delivered or dropped `frames`, at most 20 s.
void run_until(dataplane::Engine& engine, std::size_t watched, std::uint64_t frames) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  engine.start();
  Sample sample;
  bool reached = false;
  while (!reached && std::chrono::steady_clock::now() < deadline) {
    while (engine.next_sample(sample)) {
      for (const DirectionSample& direction : sample.directions) ASSERT_TRUE(direction.counters.conserved());
      const core::LinkCounters& counters = sample.directions[watched].counters;
      reached = counters.out.frames + counters.dropped_in_all().frames >= frames;
    }
  }
  ASSERT_TRUE(reached);
  engine.stop();
}

const core::LinkConfig kLink{BitRate::gigabits_per_second(10), core::Framing::kWire, Bytes(20'000'000),
                             Duration::milliseconds(5), 0};

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
    // The second link is as fast as the first and gets frames at their due times, whenever the loop ran: only what
    // arrives while a larger frame is being sent ever waits there.
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
  core::BernoulliLoss loss(0.1, core::RandomStream(1, {0, 0}, core::Effect::kLoss));
  for (const Packet& packet : packets) {
    if (!loss.loses_next()) survivors.push_back(packet);
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
