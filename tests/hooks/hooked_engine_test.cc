// SPDX-License-Identifier: GPL-2.0-only
//
// Hooks in the running engine, over the pcap driver.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "emulator/dataplane/frame_header.h"
#include "emulator/hooks/hook_judge.h"
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
    config.directions[d].hooks = {{.file = LONGHAUL_SHIPPED_HOOKS "/drop_every_nth.bpf.o"}};
  {
    Engine engine(config);
    run_until(engine, 2, second.passed.size());
    const Sample state = engine.final_state();
    EXPECT_EQ(state.directions[0].hook_dropped(), first.dropped);
    EXPECT_EQ(state.directions[2].hook_dropped(), second.dropped);
    EXPECT_EQ(state.directions[1].hook_dropped(), core::Tally{});
    EXPECT_EQ(state.ports[0].rx_frames, state.directions[0].counters.in.frames + first.dropped.frames);
    EXPECT_EQ(state.ports[0].rx_bytes, state.directions[0].counters.in.bytes + first.dropped.bytes);
    EXPECT_EQ(state.directions[0].counters.out, state.directions[2].counters.in + second.dropped);
    for (const DirectionSample& direction : state.directions) EXPECT_TRUE(direction.counters.conserved());
  }
  EXPECT_EQ(read_pcap(directory_ / "out1.pcap"), second.passed);
}

// An IPv4 datagram, ECN-capable, that tells obey.bpf.c what to do.
Packet order(std::uint32_t serial, std::size_t size, std::array<std::uint8_t, 4> words) {
  Packet packet = packet_to(9, 1, size, serial);
  constexpr std::array<std::uint8_t, 22> kIp{0x08, 0x00, 0x45, 0x02, 0, 40, 0,  0, 0, 0, 64,
                                             17,   0,    0,    10,   1, 0,  10, 1, 0, 2, 0};
  std::copy(kIp.begin(), kIp.end(), packet.begin() + 12);
  std::copy(words.begin(), words.end(), packet.begin() + 42);
  for (std::size_t i = 0; i < 4; ++i) packet[46 + i] = static_cast<std::uint8_t>(serial >> (8 * i));
  return packet;
}

// What the answer does to a frame, and what is counted of it.
std::vector<Packet> obeyed(const std::vector<Packet>& in, std::size_t word, core::HookCounters& counters) {
  std::vector<Packet> out;
  for (Packet packet : in) {
    const std::uint8_t verdict = packet[word], number = packet[word + 1];
    counters.met.add(packet.size());
    if ((verdict & LH_DROP) != 0) {
      counters.dropped[std::min<std::size_t>(number, LH_CAUSES - 1)].add(packet.size());
      continue;
    }
    const std::span<std::byte> bytes = std::as_writable_bytes(std::span(packet));
    if ((verdict & LH_ECN) != 0) {
      set_ecn(bytes, static_cast<core::Ecn>(number & 3U));
      ++counters.ecn_set;
    } else if ((verdict & LH_MARK) != 0) {
      counters.marked += mark_congestion(bytes);
    }
    if ((verdict & LH_CORRUPT) != 0) {
      bytes[packet.size() - 1 - number / 8] ^= std::byte(1U << (number % 8));
      ++counters.corrupted;
    }
    if ((verdict & LH_CLASS) != 0) ++counters.classified;
    if ((verdict & LH_CAPTURE) != 0) ++counters.captured;
    const std::uint64_t copies = (verdict & LH_DUPLICATE) != 0 ? 2 : 1;
    if ((verdict & LH_DELAY) != 0 && number != 0) counters.delayed += copies;
    for (std::uint64_t copy = 0; copy < copies; ++copy) {
      counters.passed.add(packet.size());
      if (copy > 0) counters.duplicated.add(packet.size());
      out.push_back(packet);
    }
  }
  return out;
}

TEST_F(HookedEngine, DoesWhatAnswersAsk) {
  std::mt19937 random(5);
  std::vector<Packet> packets;
  for (std::uint32_t serial = 0; serial < 3'000; ++serial) {
    const auto verdict = [&] {
      const auto all = static_cast<std::uint32_t>(random());
      // Most frames are not to be dropped.
      return static_cast<std::uint8_t>((all >> 8) % 4 == 0 ? all : all & ~std::uint32_t{LH_DROP});
    };
    const auto number = [&] { return static_cast<std::uint8_t>(random() % 64); };
    packets.push_back(order(serial, 64 + random() % 1'400, {verdict(), number(), verdict(), number()}));
  }
  core::HookCounters before, after;
  std::vector<Packet> expected = obeyed(obeyed(packets, 42, before), 44, after);
  EngineConfig config = chain(directory_, 2, kLink, packets);
  config.directions[0].hooks = {
      {.file = LONGHAUL_TEST_HOOKS "/obey.bpf.o", .longest_delay = Duration::milliseconds(1)}};
  {
    Engine engine(config);
    engine.start();
    Sample sample;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::uint64_t sent = 0;
    while (sent < expected.size() && std::chrono::steady_clock::now() < deadline) {
      while (engine.next_sample(sample)) {
        sent = sample.ports[1].tx_frames;
        for (const auto& hook : sample.directions[0].hooks) ASSERT_TRUE(hook && hook->counters.conserved());
      }
    }
    engine.stop();
    const DirectionSample state = engine.final_state().directions[0];
    ASSERT_TRUE(state.hooks[LH_INGRESS] && state.hooks[LH_EGRESS]);
    EXPECT_EQ(state.hooks[LH_INGRESS]->counters, before);
    EXPECT_EQ(state.hooks[LH_EGRESS]->counters, after);
    EXPECT_EQ(state.hooks[LH_INGRESS]->counted[LH_INGRESS], before.met.frames);
    EXPECT_EQ(state.hooks[LH_EGRESS]->counted[LH_EGRESS], after.met.frames);
    EXPECT_EQ(state.counters.in, before.passed);
    EXPECT_EQ(state.counters.out, after.met);
    EXPECT_TRUE(state.counters.conserved());
    EXPECT_EQ(state.hook_dropped(), before.dropped_in_all() + after.dropped_in_all());
    EXPECT_EQ(state.store_full, 0U);
  }
  std::vector<Packet> out = read_pcap(directory_ / "out1.pcap");
  std::sort(expected.begin(), expected.end());
  std::sort(out.begin(), out.end());
  EXPECT_EQ(out, expected);
}

TEST_F(HookedEngine, GivesTheVerdictsOfVirtualTime) {
  const std::vector<Packet> packets = numbered_packets(2'000);
  EngineConfig config = chain(directory_, 2, kLink, packets);
  config.seed = 99;
  config.directions[0].hooks = {{.file = LONGHAUL_TEST_HOOKS "/coin.bpf.o",
                                 .at_egress = false,
                                 .longest_delay = Duration::milliseconds(1)}};
  const hooks::HookProgram program(config.directions[0].hooks[0].file);
  hooks::HookJudge judge(program, LH_INGRESS, config.directions[0].owner, config.seed);
  core::HookCounters expected;
  std::vector<Packet> passed;
  for (const Packet& packet : packets) {
    hooks::MetFrame frame;
    frame.bytes = std::as_bytes(std::span(packet));
    frame.size = static_cast<std::uint32_t>(packet.size());
    const core::HookAnswer answer = judge.judge(frame);
    if (answer.drop) expected.dropped[answer.cause].add(packet.size());
    for (int copies = answer.drop ? 0 : answer.duplicate ? 2 : 1; copies > 0; --copies)
      passed.push_back(packet);
  }
  {
    Engine engine(config);
    run_until(engine, 0, passed.size());
    const Sample state = engine.final_state();
    EXPECT_EQ(state.directions[0].hooks[LH_INGRESS]->counters.dropped, expected.dropped);
  }
  std::vector<Packet> out = read_pcap(directory_ / "out1.pcap");
  std::sort(out.begin(), out.end());
  std::sort(passed.begin(), passed.end());
  EXPECT_EQ(out, passed);
}

TEST_F(HookedEngine, PutsFramesIntoTheClassThatItSays) {
  std::vector<Packet> packets;
  for (std::uint32_t serial = 0; serial < 300; ++serial) {
    packets.push_back(order(serial, 100, {LH_CLASS, static_cast<std::uint8_t>(serial % 3), LH_PASS, 0}));
  }
  core::LinkConfig link = kLink;
  link.queues.classes.resize(2, link.queues.classes.at(0));
  EngineConfig config = chain(directory_, 2, link, packets);
  config.directions[0].hooks = {{.file = LONGHAUL_TEST_HOOKS "/obey.bpf.o", .at_egress = false}};
  Engine engine(config);
  run_until(engine, 0, packets.size());
  const DirectionSample state = engine.final_state().directions[0];
  EXPECT_FALSE(state.hooks[LH_EGRESS]);
  // Class 2 does not exist: those stay in theirs, which is 0.
  EXPECT_EQ(state.counters.classes[0].in.frames, 200U);
  EXPECT_EQ(state.counters.classes[1].in.frames, 100U);
}

TEST_F(HookedEngine, SwapsProgramsWhileFramesFlow) {
  EngineConfig config = chain(directory_, 2, kLink, numbered_packets(64));
  config.ports[0].device += ",infinite_rx=1";
  config.flood_limit = {1'000'000'000, 1'000'000'000};
  config.directions[0].hooks = {{.file = LONGHAUL_SHIPPED_HOOKS "/pass.bpf.o"}};
  Engine engine(config);
  engine.start();
  Sample sample;
  const auto counters = [&] { return sample.directions[0].hooks[LH_INGRESS]->counters; };
  const auto wait_for = [&](const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    bool is_so = false;
    while (!is_so && std::chrono::steady_clock::now() < deadline) {
      while (!is_so && engine.next_sample(sample)) {
        EXPECT_TRUE(counters().conserved());
        is_so = condition();
      }
    }
    EXPECT_TRUE(is_so);
  };
  wait_for([&] { return counters().met.frames > 1'000; });
  EXPECT_EQ(counters().dropped_in_all().frames, 0U);

  const std::array<std::size_t, 2> both{0, 1};
  const HookConfig half{.file = LONGHAUL_SHIPPED_HOOKS "/drop_every_nth.bpf.o",
                        .parameters = {{"period", "2"}}};
  EXPECT_EQ(engine.swap_hook(both, half), (std::vector<HookedPlace>{{0, LH_INGRESS}}));
  wait_for([&] { return counters().dropped_in_all().frames > 1'000; });

  // What does not load leaves the one that is there.
  EXPECT_THROW(engine.swap_hook(both, {.file = LONGHAUL_TEST_HOOKS "/loop.bpf.o"}), std::runtime_error);
  EXPECT_THROW(engine.swap_hook(both, {.file = half.file, .parameters = {{"perid", "2"}}}),
               std::runtime_error);
  const std::array<std::size_t, 1> reverse{1};
  EXPECT_THROW(engine.swap_hook(reverse, half), std::runtime_error);
  const std::uint64_t dropped = counters().dropped_in_all().frames;
  wait_for([&] { return counters().dropped_in_all().frames > dropped + 1'000; });

  engine.swap_hook(both, {.file = LONGHAUL_SHIPPED_HOOKS "/pass.bpf.o"});
  const Instant swapped = engine.now();
  wait_for([&] { return sample.at > swapped; });
  const std::uint64_t last = counters().dropped_in_all().frames;
  const std::uint64_t met = counters().met.frames;
  wait_for([&] { return counters().met.frames > met + 1'000; });
  EXPECT_EQ(counters().dropped_in_all().frames, last);
  engine.stop();
  EXPECT_TRUE(engine.final_state().directions[0].counters.conserved());
}

}  // namespace
}  // namespace longhaul::dataplane
