// SPDX-License-Identifier: GPL-2.0-only
//
// Hooks in the running engine, over the pcap driver.
#include <gtest/gtest.h>

#include "tests/dataplane/pcap_chain.h"

namespace longhaul::dataplane {
namespace {

class HookedEngine : public PcapChain {};

struct Split {
  std::vector<Packet> passed;
  core::Tally dropped;
};

// What drop_every_nth does with its period as shipped.
Split split(const std::vector<Packet>& packets) {
  constexpr std::size_t kPeriod = 1'000;
  Split split;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (i % kPeriod == kPeriod - 1) {
      split.dropped.add(packets[i].size());
    } else {
      split.passed.push_back(packets[i]);
    }
  }
  return split;
}

TEST_F(HookedEngine, DropsExactlyEveryNth) {
  const std::vector<Packet> packets = numbered_packets(3'500);
  const Split first = split(packets), second = split(first.passed);
  EngineConfig config = chain(directory_, 3, kLink, packets);
  // Both links forward: one program, which counts for each direction apart.
  for (const std::size_t d : {0, 2})
    config.directions[d].hook = LONGHAUL_SHIPPED_HOOKS "/drop_every_nth.bpf.o";
  {
    Engine engine(config);
    run_until(engine, 2, second.passed.size());
    const Sample state = engine.final_state();
    EXPECT_EQ(state.directions[0].hook_dropped, first.dropped);
    EXPECT_EQ(state.directions[2].hook_dropped, second.dropped);
    EXPECT_EQ(state.directions[1].hook_dropped, core::Tally{});
    EXPECT_EQ(state.ports[0].rx_frames, state.directions[0].counters.in.frames + first.dropped.frames);
    EXPECT_EQ(state.ports[0].rx_bytes, state.directions[0].counters.in.bytes + first.dropped.bytes);
    EXPECT_EQ(state.directions[0].counters.out, state.directions[2].counters.in + second.dropped);
    for (const DirectionSample& direction : state.directions) EXPECT_TRUE(direction.counters.conserved());
  }
  EXPECT_EQ(read_pcap(directory_ / "out1.pcap"), second.passed);
}

}  // namespace
}  // namespace longhaul::dataplane
