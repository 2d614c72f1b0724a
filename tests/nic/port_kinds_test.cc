// SPDX-License-Identifier: GPL-2.0-only
//
// Every kind of DPDK device that a host may name, opened as the testbed opens it. EAL starts once per process
// and knows its devices from the start, so each case is a process of its own; those with network interfaces
// need root.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <rte_ethdev.h>
#include <sys/wait.h>

#include <iostream>
#include <thread>

#include "nic/eal.h"
#include "nic/ethdev_port.h"
#include "tests/nic/netns_fixture.h"
#include "tests/nic/raw_peer.h"

namespace longhaul::nic {
namespace {

class PortKinds : public NetnsTest {
 protected:
  void start(const std::vector<std::string>& devices, std::uint32_t mtu = 1'500,
             std::uint16_t rx_queues = 0) {
    EalConfig config;
    config.devices = devices;
    for (const std::string& device : devices) config.memory_bytes += port_memory({device, mtu, 0, rx_queues});
    eal_.emplace(config);
    for (const std::string& device : devices) ports_.push_back(open_port({device, mtu, 0, rx_queues}));
  }
  Port& port(std::size_t index = 0) { return *ports_[index]; }

  // What the peer sent until a frame of it is there. The peer's kernel may send its own beside it (TAP's
  // comes up before anything can tell IPv6 to be silent); those are counted.
  std::vector<Bytes> receive_from_peer() {
    const auto deadline = Clock::now() + kDeadline;
    std::vector<Bytes> frames;
    while (frames.empty() && Clock::now() < deadline) {
      frames = receive_frames(port(), 1, deadline);
      kernel_frames_ += std::erase_if(frames, [](const Bytes& frame) { return !has_test_ether_type(frame); });
    }
    return frames;
  }

  // Sends frames of all sizes up to the MTU to the peer and gets others from it.
  void exchange(RawPeer& peer, std::uint32_t mtu) {
    for (const std::size_t size : kFrameSizes) {
      if (size > mtu + 14) continue;
      for (std::uint32_t i = 0; i < 50; ++i) {
        rte_mbuf* mbuf = mbuf_of(port(), numbered_frame(i, size));
        ASSERT_EQ(transmit_all(port(), std::span(&mbuf, 1), Clock::now() + kDeadline), 1u);
        ASSERT_EQ(peer.receive(Clock::now() + kDeadline), numbered_frame(i, size));
        ASSERT_TRUE(peer.send(numbered_frame(i, size)));
        ASSERT_EQ(receive_from_peer(), std::vector<Bytes>{numbered_frame(i, size)});
      }
    }
    const PortStatistics statistics = port().statistics();
    EXPECT_EQ(statistics.tx_frames, mtu == 1'500 ? 100u : 200u);
    EXPECT_EQ(statistics.rx_frames, statistics.tx_frames + kernel_frames_);
    EXPECT_EQ(all_losses(statistics), 0u);
  }

  void TearDown() override {
    ports_.clear();
    eal_.reset();
    NetnsTest::TearDown();
  }

  std::optional<Eal> eal_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::uint64_t kernel_frames_ = 0;
};

TEST_F(PortKinds, NullPortsSendToOneAnother) {
  start({"net_null0,size=64", "net_null1,size=1500"});
  std::array<rte_mbuf*, 64> burst;
  const std::array<std::size_t, 2> sizes{64, 1'500};
  std::array<Bytes, 2> headers;
  for (std::size_t p = 0; p < 2; ++p) {
    ASSERT_EQ(port(p).receive(burst), 64u);
    for (rte_mbuf* mbuf : burst) ASSERT_EQ(mbuf->pkt_len, sizes[p]);
    const Bytes frame = bytes_of(burst[63]);
    headers[p] = Bytes(frame.begin(), frame.begin() + 14);
    EXPECT_EQ(frame[0] & 3, 2) << "locally administered, for one station";
    EXPECT_EQ(port(1 - p).transmit(burst), 64u);
  }
  EXPECT_TRUE(std::equal(headers[0].begin(), headers[0].begin() + 6, headers[1].begin() + 6));
  EXPECT_TRUE(std::equal(headers[1].begin(), headers[1].begin() + 6, headers[0].begin() + 6));
  for (std::size_t p = 0; p < 2; ++p) {
    EXPECT_EQ(port(p).statistics().rx_frames, 64u);
    EXPECT_EQ(port(p).statistics().tx_frames, 64u);
    EXPECT_EQ(all_losses(port(p).statistics()), 0u);
  }
}

TEST_F(PortKinds, NullPortsReceiveFromAllTheirQueues) {
  constexpr std::uint16_t kQueues = 4, kRounds = 3;
  start({"net_null0"}, 1'500, kQueues);
  std::array<rte_mbuf*, 64> burst;
  rte_mempool* pool = nullptr;
  for (unsigned i = 0; i < kQueues * kRounds; ++i) {
    ASSERT_EQ(port().receive(burst), 64u);
    EXPECT_EQ(bytes_of(burst[63])[12], kTestEtherType >> 8);
    pool = burst[0]->pool;
    ASSERT_EQ(port().transmit(burst), 64u);
  }
  EXPECT_GE(pool->size, kQueues * 4'096u + 4'096u) << "the rings can all be full at once";
  EXPECT_TRUE(rte_mempool_full(pool)) << "every buffer is back";
  rte_eth_stats stats{};
  ASSERT_EQ(rte_eth_stats_get(0, &stats), 0);
  for (unsigned queue = 0; queue < kQueues; ++queue)
    EXPECT_EQ(stats.q_ipackets[queue], kRounds * 64u) << queue;
  EXPECT_EQ(port().statistics().rx_frames, kQueues * kRounds * 64u);
  EXPECT_EQ(port().statistics().tx_frames, kQueues * kRounds * 64u);
  EXPECT_EQ(all_losses(port().statistics()), 0u);
  rte_eth_dev_info info{};
  rte_eth_rss_conf spread{};
  ASSERT_EQ(rte_eth_dev_info_get(0, &info), 0);
  ASSERT_EQ(rte_eth_dev_rss_hash_conf_get(0, &spread), 0);
  EXPECT_EQ(spread.rss_hf,
            (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP) & info.flow_type_rss_offloads);
  EXPECT_NE(spread.rss_hf & RTE_ETH_RSS_NONFRAG_IPV4_TCP, 0u);
}

TEST_F(PortKinds, NetworkCardsGetSeveralQueues) {
  const PortSpec card{"0000:3b:00.0"}, null{"net_null0"};
  const std::array<std::array<std::uint16_t, 2>, 4> offers{{{1, 1}, {2, 2}, {4, 4}, {64, 4}}};
  for (const auto& [most, taken] : offers) {
    EXPECT_EQ(receive_queues(card, most, true), taken);
    EXPECT_EQ(receive_queues(card, most, false), 1) << "nothing would fill the others";
    EXPECT_EQ(receive_queues(null, most, true), 1);
  }
  EXPECT_EQ(receive_queues({"0000:3b:00.0", 1'500, 0, 8}, 8, true), 8);
  EXPECT_GE(port_memory(card), port_memory(null) + 3u * 4'096 * 1'500);
  EXPECT_EQ(port_memory({"net_null0", 1'500, 0, 4}), port_memory(card));
}

TEST_F(PortKinds, MoreQueuesThanThereAreAreRefused) {
  EalConfig config;
  config.devices = {"net_null0"};
  eal_.emplace(config);
  rte_eth_dev_info info{};
  ASSERT_EQ(rte_eth_dev_info_get(0, &info), 0);
  const auto over = static_cast<std::uint16_t>(info.max_rx_queues + 1);
  EXPECT_THAT(
      [&] {
        open_port({"net_null0", 1'500, 0, over});
      },
      testing::ThrowsMessage<std::runtime_error>(
          fmt::format("port net_null0: takes up to {} receive queues, not {}", info.max_rx_queues, over)));
}

TEST_F(PortKinds, RingPortsHearThemselves) {
  start({"net_ring0"});
  std::vector<rte_mbuf*> mbufs;
  for (std::uint32_t i = 0; i < 100; ++i) mbufs.push_back(mbuf_of(port(), numbered_frame(i, 60 + i)));
  ASSERT_EQ(port().transmit(mbufs), 100u);
  const std::vector<Bytes> back = receive_frames(port(), 100, Clock::now() + kDeadline);
  ASSERT_EQ(back.size(), 100u);
  for (std::uint32_t i = 0; i < 100; ++i) EXPECT_EQ(back[i], numbered_frame(i, 60 + i));
  EXPECT_EQ(port().statistics().tx_frames, 100u);
  EXPECT_EQ(port().statistics().rx_frames, 100u);
}

void append_word(Bytes& to, std::uint32_t word) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&word);
  to.insert(to.end(), bytes, bytes + 4);
}

void write_pcap(const fs::path& path, const std::vector<Bytes>& frames) {
  Bytes file;
  for (const std::uint32_t word : {0xA1B2C3D4u, 0x00040002u, 0u, 0u, 65'535u, 1u}) append_word(file, word);
  for (std::uint32_t i = 0; i < frames.size(); ++i) {
    const auto size = static_cast<std::uint32_t>(frames[i].size());
    for (const std::uint32_t word : {i, 0u, size, size}) append_word(file, word);
    file.insert(file.end(), frames[i].begin(), frames[i].end());
  }
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
}

TEST_F(PortKinds, PcapPortsReplayAFileAndWriteOne) {
  std::vector<Bytes> frames;
  for (std::uint32_t i = 0; i < 100; ++i)
    frames.push_back(numbered_frame(i, kFrameSizes[i % kFrameSizes.size()]));
  const fs::path in = parent_.path() / "in.pcap", out = parent_.path() / "out.pcap";
  write_pcap(in, frames);
  start({fmt::format("net_pcap0,rx_pcap={},tx_pcap={}", in.string(), out.string())}, 9'000);
  const std::vector<Bytes> replayed = receive_frames(port(), 100, Clock::now() + kDeadline);
  EXPECT_EQ(replayed, frames);
  std::vector<rte_mbuf*> mbufs;
  for (const Bytes& frame : frames) mbufs.push_back(mbuf_of(port(), frame));
  EXPECT_EQ(transmit_all(port(), mbufs, Clock::now() + kDeadline), 100u);
  EXPECT_EQ(port().statistics().rx_frames, 100u);
  EXPECT_EQ(port().statistics().tx_frames, 100u);
  ports_.clear();  // the file is written out

  std::ifstream written(out, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(written)), {});
  std::size_t at = 24;
  for (const Bytes& frame : frames) {
    ASSERT_LE(at + 16 + frame.size(), text.size());
    EXPECT_EQ(Bytes(text.begin() + static_cast<std::ptrdiff_t>(at + 16),
                    text.begin() + static_cast<std::ptrdiff_t>(at + 16 + frame.size())),
              frame);
    at += 16 + frame.size();
  }
  EXPECT_EQ(at, text.size());
}

// A file is a queue, and a file at its end an empty one.
TEST_F(PortKinds, PcapPortsReplayTheirFilesInTurn) {
  const std::array<std::uint32_t, 3> lengths{5, 2, 9};
  std::array<std::vector<Bytes>, 3> files;
  std::string device = "net_pcap0";
  for (std::uint32_t f = 0; f < files.size(); ++f) {
    for (std::uint32_t i = 0; i < lengths[f]; ++i) files[f].push_back(numbered_frame(100 * f + i, 60));
    const fs::path path = parent_.path() / fmt::format("in{}.pcap", f);
    write_pcap(path, files[f]);
    device += ",rx_pcap=" + path.string();
  }
  start({device + ",tx_pcap=" + (parent_.path() / "out.pcap").string()}, 1'500, 3);
  std::vector<Bytes> expected;
  for (std::uint32_t i = 0; i < 9; ++i) {
    for (const std::vector<Bytes>& frames : files)
      if (i < frames.size()) expected.push_back(frames[i]);
  }
  rte_mbuf* mbuf = nullptr;
  for (const Bytes& frame : expected) {
    ASSERT_EQ(port().receive(std::span(&mbuf, 1)), 1u) << "a queue has frames";
    EXPECT_EQ(bytes_of(mbuf), frame);
    rte_pktmbuf_free(mbuf);
  }
  EXPECT_EQ(port().receive(std::span(&mbuf, 1)), 0u);
  EXPECT_EQ(port().statistics().rx_frames, expected.size());
  EXPECT_EQ(all_losses(port().statistics()), 0u);
}

class PortKindsOnInterfaces : public PortKinds {
 protected:
  void exchange_over_af_packet(std::uint32_t mtu) {
    LabState state("ports", directory_);
    std::vector<LabHostSpec> specs = two_hosts();
    for (LabHostSpec& spec : specs) spec.mtu = mtu;
    const LabHosts lab(state, specs);
    start({device_for_interface(lab.hosts()[0].emulator_interface, mtu, 0, InterfaceDriver::kAfPacket)}, mtu);
    RawPeer peer(lab.namespace_fd(0));
    exchange(peer, mtu);
    ports_.clear();
  }
};

TEST_F(PortKindsOnInterfaces, Tap) {
  const std::string name = lab_name("x");
  run({"ip", "netns", "add", name});
  start({"net_tap0,iface=" + name});
  EXPECT_THAT(
      [] {
        open_port({"net_tap0", 1'501});
      },
      testing::ThrowsMessage<std::runtime_error>(testing::HasSubstr("an MTU up to 1500, not 1501")));
  run({"ip", "link", "set", name, "netns", name});
  const UniqueFd inside = open_namespace(name);
  run({"ip", "link", "set", name, "up"}, inside.get());
  RawPeer peer(inside.get(), name);
  exchange(peer, 1'500);
  ports_.clear();
  run({"ip", "netns", "del", name});
}
TEST_F(PortKindsOnInterfaces, AfPacket) {
  exchange_over_af_packet(1'500);
}
TEST_F(PortKindsOnInterfaces, AfPacketWithJumboFrames) {
  exchange_over_af_packet(9'000);
}

TEST_F(PortKindsOnInterfaces, AfXdpOfDpdk) {
  LabState state("ports", directory_);
  const LabHosts lab(state, two_hosts());
  start({device_for_interface(lab.hosts()[0].emulator_interface, 1'500, 0, InterfaceDriver::kAfXdp)});
  RawPeer peer(lab.namespace_fd(0));
  exchange(peer, 1'500);
  ports_.clear();
}

// The other process: sends back what it gets until `ended` says that nobody is there any more.
int echo_over_memif(const std::string& device, const UniqueFd& ended) {
  EalConfig config;
  config.devices = {device};
  config.memory_bytes = port_memory({device, 9'000});
  const Eal eal(config);
  const auto port = open_port({device, 9'000});
  std::array<rte_mbuf*, 64> burst;
  for (char none; ::read(ended.get(), &none, 1) != 0;) {
    const std::uint16_t n = port->receive(burst);
    if (n == 0) std::this_thread::yield();  // the other process may be on the same CPU
    if (transmit_all(*port, std::span(burst).first(n), Clock::now() + kDeadline) != n) return 1;
  }
  return 0;
}

TEST_F(PortKinds, MemifPortsReachAnotherProcess) {
  const std::string socket = (parent_.path() / "memif").string();
  constexpr std::uint32_t kFrames = 200;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const UniqueFd ended(ends[0]);
  UniqueFd here(ends[1]);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    here.reset();
    try {
      ::_exit(echo_over_memif(fmt::format("net_memif0,role=server,id=0,socket={},socket-abstract=no", socket),
                              ended));
    } catch (const std::exception& error) {
      std::cerr << "the other process: " << error.what() << std::endl;
      ::_exit(1);
    }
  }
  start({fmt::format("net_memif0,role=client,id=0,socket={},socket-abstract=no", socket)}, 9'000);
  const auto deadline = Clock::now() + kDeadline;
  for (std::uint32_t i = 0; i < kFrames; ++i) {
    const Bytes frame = numbered_frame(i, kFrameSizes[i % kFrameSizes.size()]);
    rte_mbuf* mbuf = mbuf_of(port(), frame);
    while (port().transmit(std::span(&mbuf, 1)) != 1) {
      ASSERT_LT(Clock::now(), deadline) << eal_->log();
      std::this_thread::yield();
    }
    ASSERT_EQ(receive_frames(port(), 1, deadline), std::vector<Bytes>{frame});
  }
  EXPECT_EQ(port().statistics().tx_frames, kFrames);
  EXPECT_EQ(port().statistics().rx_frames, kFrames);
  ports_.clear();
  here.reset();
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace longhaul::nic

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (testing::GTEST_FLAG(filter).starts_with("PortKindsOnInterfaces") && ::geteuid() != 0) {
    std::cout << "skipped: needs root" << std::endl;
    return 77;
  }
  return RUN_ALL_TESTS();
}
