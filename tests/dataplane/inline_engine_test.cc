// SPDX-License-Identifier: GPL-2.0-only
//
// The real loop with links that ns-3 drives in a thread beside it, over DPDK's pcap driver: the same files go
// in and out as with links of the loop's own.
#include <gtest/gtest.h>
#include <ns3/simulator.h>

#include <atomic>
#include <optional>
#include <span>
#include <thread>

#include "emulator/core/link.h"
#include "nic/priority.h"
#include "tests/dataplane/pcap_chain.h"
#include "topologies/wide/inline_network.h"

namespace longhaul::dataplane {
namespace {

// What the core makes of them by itself. What it does to a frame depends on the number of those before it
// alone.
std::vector<Packet> carried(const core::LinkConfig& config, core::StreamOwner owner,
                            std::vector<Packet> packets) {
  struct Sink {
    std::vector<Packet>& packets;
    std::vector<Packet> arrived = {};
    void deliver(const core::Frame& frame, Instant) { arrived.push_back(packets[frame.cookie]); }
    void drop(const core::Frame&, core::DropCause) {}
    std::optional<std::uint64_t> duplicate(const core::Frame& frame) {
      packets.push_back(Packet(packets[frame.cookie]));
      return packets.size() - 1;
    }
    void corrupt(const core::Frame& frame, std::uint64_t bit) {
      packets[frame.cookie][bit / 8] ^= static_cast<std::uint8_t>(0x80 >> (bit % 8));
    }
  };
  core::Link link(config, Bytes(1'518), owner, EngineConfig{}.seed);
  Sink sink{packets};
  const std::size_t count = packets.size();
  for (std::size_t i = 0; i < count; ++i) {
    const core::Frame frame{i, Instant(), static_cast<std::uint32_t>(packets[i].size())};
    link.push(std::span(&frame, 1), sink);
  }
  link.advance(Instant::at(Duration::seconds(10)), sink);
  return sink.arrived;
}

// ns-3 and its thread, from start() to finish().
class Beside {
 public:
  Beside(const EngineConfig& config, InlineExchange& exchange) : config_(config), exchange_(exchange) {}
  ~Beside() { finish(); }

  void start(const dataplane::Engine& engine) {
    thread_ = std::thread([this, &engine] {
      nic::prepare_polling_thread();
      const auto simulator = wide::PacedSimulator::install();
      {
        wide::InlineNetwork network(config_, exchange_);
        simulator->run(
            stop_, [&engine] { return engine.now(); }, [&network](Instant now) { return network.poll(now); },
            network.may_lag());
        network.finish();
        counters = network.counters();
        lag = simulator->lag();
      }
      ns3::Simulator::Destroy();
    });
  }
  // After Engine::stop().
  void finish() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

  wide::InlineNetwork::Counters counters;
  results::LatenessHistogram lag;

 private:
  EngineConfig config_;
  InlineExchange& exchange_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class InlineEngine : public PcapChain {
 protected:
  // A chain of three sites whose links ns-3 drives; the far host's address is known, so that its frames go on
  // in ns-3.
  EngineConfig inline_chain(const core::LinkConfig& link, const std::vector<Packet>& packets) {
    EngineConfig config = chain(directory_, 3, link, packets);
    config.ports[1].mac = 0x020000000009;
    for (DirectionConfig& direction : config.directions) direction.is_inline = true;
    config.inline_exchange = &exchange_;
    return config;
  }

  // Until the second link has delivered or dropped all that the first delivered, at most 20 s.
  static void run(dataplane::Engine& engine, Beside& beside, std::uint64_t frames) {
    beside.start(engine);
    run_until_settled(engine, frames);
    beside.finish();
  }

  static void run_until_settled(dataplane::Engine& engine, std::uint64_t frames) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    engine.start();
    Sample sample;
    bool settled = false;
    while (!settled && std::chrono::steady_clock::now() < deadline) {
      while (engine.next_sample(sample)) {
        for (const DirectionSample& direction : sample.directions)
          ASSERT_TRUE(direction.counters.conserved());
        const core::LinkCounters &first = sample.directions[0].counters,
                                 &second = sample.directions[2].counters;
        settled = first.in.frames == frames && first.held.frames == 0 && second.held.frames == 0 &&
                  second.in.frames == first.out.frames;
      }
    }
    ASSERT_TRUE(settled);
    engine.stop();
  }

  InlineExchange exchange_{Duration::milliseconds(2)};
};

TEST_F(InlineEngine, CarriesFramesOverTwoHopsUnchangedAndInOrder) {
  const std::vector<Packet> packets = numbered_packets(5'000);
  const EngineConfig config = inline_chain(kLink, packets);
  {
    dataplane::Engine engine(config);
    Beside beside(config, exchange_);
    run(engine, beside, packets.size());
    const Sample state = engine.final_state();
    for (const std::size_t d : {0U, 2U}) {
      EXPECT_EQ(state.directions[d].counters.in.frames, packets.size());
      EXPECT_EQ(state.directions[d].counters.out.frames, packets.size());
      EXPECT_EQ(state.directions[d].entered_late, 0U);
      EXPECT_EQ(state.directions[d].state.delay, kLink.delay);
      EXPECT_EQ(state.directions[d].store_full + state.directions[d].handover_full, 0U);
    }
    EXPECT_LE(state.directions[2].counters.queue_peak_bytes, 1'518U) << "entered at their due times";
    EXPECT_EQ(state.directions[0].held_frames + state.directions[0].copied_frames, packets.size());
    EXPECT_GT(state.directions[0].held_frames, 0U) << "large ones lie where they came in";
    EXPECT_EQ(engine.lateness(2).count(), packets.size());
    EXPECT_EQ(engine.lateness(2).early(), 0U);
    EXPECT_EQ(engine.lateness(0).count(), 0U);
    EXPECT_EQ(beside.counters.entered, packets.size());
    EXPECT_EQ(beside.counters.delivered, packets.size());
    EXPECT_GT(beside.lag.count(), 0U);
  }
  EXPECT_EQ(read_pcap(directory_ / "out1.pcap"), packets);
}

TEST_F(InlineEngine, FloodsOverInlineLinksSiteBySite) {
  const std::vector<Packet> packets = numbered_packets(2'000);
  EngineConfig config = inline_chain(kLink, packets);
  config.ports[1].mac.reset();
  {
    dataplane::Engine engine(config);
    Beside beside(config, exchange_);
    run(engine, beside, packets.size());
    EXPECT_EQ(beside.counters.entered, 2 * packets.size());
    EXPECT_EQ(engine.final_state().directions[2].counters.out.frames, packets.size());
    EXPECT_EQ(engine.lateness(2).early(), 0U);
  }
  EXPECT_EQ(read_pcap(directory_ / "out1.pcap"), packets);
}

// The same victims, copies and damage as over links of the loop's own.
TEST_F(InlineEngine, TreatsFramesAsTheLoopsOwnLinksDo) {
  const std::vector<Packet> packets = numbered_packets(1'500);
  core::LinkConfig rough = kLink;
  rough.loss = 0.1;
  rough.line.duplicate = {0.1, Duration()};
  rough.line.corrupt = {0.1, 6, core::Region::kPayload, true};
  const EngineConfig config = inline_chain(rough, packets);
  {
    dataplane::Engine engine(config);
    Beside beside(config, exchange_);
    run(engine, beside, packets.size());
    const Sample state = engine.final_state();
    EXPECT_TRUE(state.directions[0].counters.conserved());
    EXPECT_TRUE(state.directions[2].counters.conserved());
    EXPECT_GT(beside.counters.gone, 100U);
    EXPECT_GT(beside.counters.copies, 100U);
  }
  EXPECT_EQ(read_pcap(directory_ / "out1.pcap"),
            carried(rough, config.directions[2].owner, carried(rough, config.directions[0].owner, packets)));
}

// ns-3 does nothing, so what is entered never comes back: the data plane says so, and loses nothing silently.
TEST_F(InlineEngine, CountsWhatASimulatorThatStandsStillDoesNotTake) {
  constexpr std::size_t kMore = 1'000;
  const std::vector<Packet> packets = numbered_packets(InlineExchange::kSlots + kMore);
  dataplane::Engine engine(inline_chain(kLink, packets));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  engine.start();
  Sample sample;
  std::uint64_t came = 0;
  while (came < packets.size() && std::chrono::steady_clock::now() < deadline) {
    if (engine.next_sample(sample)) came = sample.ports[0].rx_frames;
  }
  engine.stop();
  const DirectionSample state = engine.final_state().directions[0];
  EXPECT_EQ(state.handover_full, kMore);
  EXPECT_EQ(state.held_frames + state.copied_frames, packets.size());
  EXPECT_EQ(exchange_.entries.lost(), kMore);
}

}  // namespace
}  // namespace longhaul::dataplane
