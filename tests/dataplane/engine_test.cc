// SPDX-License-Identifier: GPL-2.0-only
//
// The real engine over DPDK's pcap driver: a file in, a file out, no interface and no privilege needed.
#include "emulator/dataplane/engine.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "emulator/core/bernoulli_loss.h"
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

TEST_F(Engine, SaysWhichHookItCannotLoad) {
  EngineConfig config = chain(directory_, 2, kLink, {});
  config.directions[1].hook = "/nonexistent/hook.bpf.o";
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
