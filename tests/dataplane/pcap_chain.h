// SPDX-License-Identifier: GPL-2.0-only
//
// For tests of the real engine over DPDK's pcap driver: a chain of sites with a file of frames at each end.
// Needs no interface and no privilege. EAL starts once per process, so one process runs one such test.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "emulator/dataplane/engine.h"
#include "nic/cpus.h"

namespace longhaul::dataplane {

using Packet = std::vector<std::uint8_t>;

class PcapChain : public ::testing::Test {
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
inline void write_pcap(const std::filesystem::path& path, const std::vector<Packet>& packets) {
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

inline std::vector<Packet> read_pcap(const std::filesystem::path& path) {
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

inline Packet packet_to(std::uint8_t destination, std::uint8_t source, std::size_t size,
                        std::uint32_t serial) {
  Packet packet(size, static_cast<std::uint8_t>(serial * 31));
  const std::array<std::uint8_t, 14> header{2, 0, 0, 0, 0, destination, 2, 0, 0, 0, 0, source, 0x88, 0xB5};
  std::copy(header.begin(), header.end(), packet.begin());
  for (int i = 0; i < 4; ++i)
    packet[14 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(serial >> (8 * i));
  return packet;
}

inline std::vector<Packet> numbered_packets(std::size_t count) {
  std::vector<Packet> packets;
  for (std::uint32_t i = 0; i < count; ++i) packets.push_back(packet_to(9, 1, 60 + (i * 37) % 1'440, i));
  return packets;
}

// Ways along a chain: link l, directions 2 l and 2 l + 1, joins sites l and l + 1.
inline std::vector<SiteConfig> sites_in_a_row(std::size_t count) {
  std::vector<SiteConfig> sites(count);
  for (std::uint32_t s = 0; s < count; ++s) {
    sites[s].next_hops.resize(count);
    sites[s].trees.resize(count);
    for (std::uint32_t other = 0; other < count; ++other) {
      if (other > s) sites[s].next_hops[other] = {2 * s};
      if (other < s) sites[s].next_hops[other] = {2 * s - 1};
      if (other <= s && s + 1 < count) sites[s].trees[other].push_back(2 * s);
      if (other >= s && s > 0) sites[s].trees[other].push_back(2 * s - 1);
    }
  }
  return sites;
}

// A chain of sites with one pcap port at each end; frames come in at the first site.
inline EngineConfig chain(const std::filesystem::path& directory, std::size_t sites,
                          const core::LinkConfig& link, const std::vector<Packet>& in) {
  EngineConfig config;
  config.largest_frame = Bytes(1'518);
  config.lcores = {nic::usable_cpus().back()};
  config.flood_limit = {1'000'000, 1'000'000};  // nobody answers, so every frame is flooded
  write_pcap(directory / "in0.pcap", in);
  write_pcap(directory / "in1.pcap", {});
  for (std::size_t p = 0; p < 2; ++p) {
    config.ports.push_back(
        {fmt::format("h{}", p),
         fmt::format("net_pcap{0},rx_pcap={1}/in{0}.pcap,tx_pcap={1}/out{0}.pcap", p, directory.string()),
         p == 0 ? 0 : sites - 1});
  }
  for (std::uint32_t l = 0; l + 1 < sites; ++l) {
    config.directions.push_back({link, {l, 0}, l, l + 1});
    config.directions.push_back({link, {l, 1}, l + 1, l});
  }
  config.sites = sites_in_a_row(sites);
  return config;
}

// Turns the engine until direction `watched` has delivered or dropped `frames`, at most 20 s.
inline void run_until(dataplane::Engine& engine, std::size_t watched, std::uint64_t frames) {
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

inline const core::LinkConfig kLink{BitRate::gigabits_per_second(10), core::Framing::kWire, Bytes(20'000'000),
                                    Duration::milliseconds(5), 0};

}  // namespace longhaul::dataplane
