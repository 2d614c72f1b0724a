// SPDX-License-Identifier: GPL-2.0-only
//
// Frames through our own AF_XDP port, between the port and a host in a network namespace; needs root.
#include <atomic>

#include "tests/nic/xdp_port_fixture.h"

namespace longhaul::nic {
namespace {

class XdpPortFrames : public XdpPortTest, public testing::WithParamInterface<std::size_t> {
 protected:
  std::size_t size() const { return GetParam(); }
  PortSpec spec(std::size_t host = 0) const {
    return {device(host), static_cast<std::uint32_t>(size() <= 1'514 ? 1'500 : size() - 14)};
  }
};

TEST_P(XdpPortFrames, ComeInUnchangedAndInOrder) {
  make_hosts(9'000);
  const auto port = open_port(spec());
  RawPeer host = peer();
  constexpr std::uint32_t kFrames = 1'000;
  std::uint32_t arrived = 0;
  for (std::uint32_t i = 0; i < kFrames; i += 50) {
    for (std::uint32_t j = i; j < i + 50; ++j) ASSERT_TRUE(host.send(numbered_frame(j, size())));
    for (const Bytes& frame : receive_frames(*port, 50, Clock::now() + kDeadline))
      ASSERT_EQ(frame, numbered_frame(arrived++, size()));
    ASSERT_EQ(arrived, i + 50);
  }
  const PortStatistics statistics = port->statistics();
  EXPECT_EQ(statistics.rx_frames, kFrames);
  EXPECT_EQ(statistics.rx_bytes, kFrames * size());
  EXPECT_EQ(all_losses(statistics), 0u);
  EXPECT_FALSE(statistics.gone);
}

TEST_P(XdpPortFrames, GoOutUnchangedAndInOrder) {
  make_hosts(9'000);
  const auto port = open_port(spec());
  RawPeer host = peer();
  constexpr std::uint32_t kFrames = 1'000, kBurst = 40;
  for (std::uint32_t i = 0; i < kFrames; i += kBurst) {
    std::vector<rte_mbuf*> mbufs;
    for (std::uint32_t j = i; j < i + kBurst; ++j) mbufs.push_back(mbuf_of(*port, numbered_frame(j, size())));
    ASSERT_EQ(port->transmit(mbufs), kBurst);
    for (std::uint32_t j = i; j < i + kBurst; ++j)
      ASSERT_EQ(host.receive(Clock::now() + kDeadline), numbered_frame(j, size()));
  }
  const PortStatistics statistics = port->statistics();
  EXPECT_EQ(statistics.tx_frames, kFrames);
  EXPECT_EQ(statistics.tx_bytes, kFrames * size());
  EXPECT_EQ(all_losses(statistics), 0u);
}

TEST_P(XdpPortFrames, GoOnThroughAnotherPort) {
  make_hosts(9'000);
  const auto first = open_port(spec(0)), second = open_port(spec(1));
  RawPeer from = peer(0), to = peer(1);
  for (std::uint32_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(from.send(numbered_frame(i, size())));
    std::array<rte_mbuf*, 1> mbuf{};
    const auto deadline = Clock::now() + kDeadline;
    while (first->receive(mbuf) == 0) ASSERT_LT(Clock::now(), deadline);
    ASSERT_EQ(second->transmit(mbuf), 1u);
    ASSERT_EQ(to.receive(Clock::now() + kDeadline), numbered_frame(i, size()));
  }
}

TEST_P(XdpPortFrames, BeyondTheReceiveRingAreCountedOneByOne) {
  make_hosts(9'000);
  const auto port = open_port(spec());
  RawPeer host = peer();
  const InterfaceCounters before = lab_->read_counters(0).host;
  constexpr std::uint64_t kFrames = 12'000;
  for (std::uint32_t i = 0; i < kFrames; ++i) host.send(numbered_frame(i, size()));
  std::uint64_t arrived = 0, lost = 0, dropped_by_veth = 0;
  const auto deadline = Clock::now() + kDeadline;
  while (arrived + lost + dropped_by_veth < kFrames && Clock::now() < deadline) {
    arrived += receive_frames(*port, 64, Clock::now() + 1ms).size();
    lost = all_losses(port->statistics());
    dropped_by_veth = lab_->read_counters(0).host.tx_dropped - before.tx_dropped;
  }
  EXPECT_EQ(arrived + lost + dropped_by_veth, kFrames);
  EXPECT_GT(lost, 3'000u) << "more was sent than a ring of 8,192 descriptors holds";
  EXPECT_GE(arrived, 8'192u / 3);
  EXPECT_EQ(port->statistics().rx_frames, arrived);
  EXPECT_EQ(loss(port->statistics(), "rx_ring_full") + loss(port->statistics(), "rx_dropped"), lost);
}

TEST_P(XdpPortFrames, InABurstThatIsLargerThanTheTransmitRingAllGoOut) {
  make_hosts(9'000);
  constexpr std::uint32_t kFrames = 9'000;
  PortSpec large = spec();
  large.held = kFrames;
  const auto port = open_port(large);
  RawPeer host = peer();
  std::atomic<bool> read_all{false};
  std::thread reader([&] {
    for (std::uint32_t i = 0; i < kFrames; ++i) {
      const auto frame = host.receive(Clock::now() + kDeadline);
      if (frame != numbered_frame(i, size())) {
        ADD_FAILURE() << "frame " << i << (frame ? " is another" : " did not come");
        break;
      }
    }
    read_all = true;
  });
  std::vector<rte_mbuf*> mbufs;
  for (std::uint32_t i = 0; i < kFrames; ++i) mbufs.push_back(mbuf_of(*port, numbered_frame(i, size())));
  EXPECT_EQ(transmit_all(*port, mbufs, Clock::now() + kDeadline), kFrames);
  std::array<rte_mbuf*, 1> none{};
  while (!read_all) EXPECT_EQ(port->receive(none), 0u);  // as an lcore does: it has what is left over sent
  reader.join();
  EXPECT_EQ(all_losses(port->statistics()), 0u);
}

INSTANTIATE_TEST_SUITE_P(OfEverySize, XdpPortFrames, testing::ValuesIn(kFrameSizes));

TEST_F(XdpPortTest, GathersAFrameFromItsSegments) {
  make_hosts(9'000);
  const auto port = open_port({device(), 9'000});
  RawPeer host = peer();
  const Bytes whole = numbered_frame(7, 9'014);
  rte_mbuf* mbuf = mbuf_of(*port, Bytes(whole.begin(), whole.begin() + 3'000));
  for (const auto& [begin, end] : {std::pair{3'000, 5'001}, {5'001, 9'014}})
    ASSERT_EQ(rte_pktmbuf_chain(mbuf, mbuf_of(*port, Bytes(whole.begin() + begin, whole.begin() + end))), 0);
  ASSERT_EQ(port->transmit(std::span(&mbuf, 1)), 1u);
  EXPECT_EQ(host.receive(Clock::now() + kDeadline), whole);
}

TEST_F(XdpPortTest, CountsFramesForWhichThePoolHasNoBuffer) {
  make_hosts(1'500);
  const auto port = open_port({device(), 1'500});
  RawPeer host = peer();
  constexpr std::size_t kFrames = 10'000;
  std::vector<rte_mbuf*> kept;
  std::array<rte_mbuf*, 64> burst;
  std::uint64_t lost = 0;
  const auto deadline = Clock::now() + kDeadline;
  for (std::uint32_t i = 0; i < kFrames; ++i) {
    ASSERT_TRUE(host.send(numbered_frame(i, 60)));
    while (kept.size() + lost < i + 1 && Clock::now() < deadline) {
      const std::uint16_t n = port->receive(burst);
      kept.insert(kept.end(), burst.begin(), burst.begin() + n);
      lost = loss(port->statistics(), "rx_no_buffer");
    }
  }
  EXPECT_GT(lost, 0u);
  EXPECT_EQ(kept.size() + lost, kFrames);
  EXPECT_EQ(all_losses(port->statistics()), lost);
  EXPECT_EQ(port->allocate(), nullptr);
  for (rte_mbuf* mbuf : kept) rte_pktmbuf_free(mbuf);
  ASSERT_TRUE(host.send(numbered_frame(1, 60)));
  EXPECT_EQ(receive_frames(*port, 1, Clock::now() + kDeadline).size(), 1u) << "once there are buffers again";
}

TEST_F(XdpPortTest, CountsWhatIsTooLongOrTooShort) {
  make_hosts(9'000);
  const auto port = open_port({device(), 1'500});
  RawPeer host = peer();
  ASSERT_TRUE(host.send(numbered_frame(0, 1'519)));  // fits a chunk, not the MTU
  ASSERT_TRUE(host.send(numbered_frame(1, 4'214)));  // fits no chunk
  ASSERT_TRUE(host.send(numbered_frame(2, 1'518)));  // with a VLAN tag
  EXPECT_EQ(receive_frames(*port, 1, Clock::now() + kDeadline), std::vector<Bytes>{numbered_frame(2, 1'518)});
  EXPECT_EQ(loss(port->statistics(), "rx_oversized"), 1u);
  EXPECT_EQ(loss(port->statistics(), "rx_dropped"), 1u);

  rte_mbuf* shorter = mbuf_of(*port, Bytes(13));
  rte_mbuf* longer = mbuf_of(*port, numbered_frame(3, 1'518));
  rte_mbuf* tail = mbuf_of(*port, Bytes(1));
  ASSERT_EQ(rte_pktmbuf_chain(longer, tail), 0);
  rte_mbuf* good = mbuf_of(*port, numbered_frame(4, 60));
  std::array<rte_mbuf*, 3> burst{shorter, longer, good};
  EXPECT_EQ(port->transmit(burst), 3u);
  EXPECT_EQ(host.receive(Clock::now() + kDeadline), numbered_frame(4, 60));
  EXPECT_EQ(loss(port->statistics(), "tx_runt"), 1u);
  EXPECT_EQ(loss(port->statistics(), "tx_oversized"), 1u);
  EXPECT_EQ(port->statistics().tx_frames, 1u);
}

}  // namespace
}  // namespace longhaul::nic

int main(int argc, char** argv) {
  return longhaul::nic::run_with_eal(argc, argv);
}
