// SPDX-License-Identifier: GPL-2.0-only
//
// One hook, two drivers: the same frames and the same seed through ns-3 and through a plain loop.
#include <gtest/gtest.h>
#include <ns3/node.h>

#include <algorithm>
#include <map>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "emulator/hooks/hook_place.h"
#include "tests/wide/simulation.h"
#include "topologies/wide/link_device.h"

namespace longhaul::wide {
namespace {

using testing::Simulation;

constexpr std::uint32_t kMtu = 1'500;
constexpr std::size_t kFrames = 2'000;
constexpr std::uint64_t kSeed = 77;
const Duration kLongest = Duration::microseconds(20);

using Arrivals = std::vector<std::pair<std::int64_t, std::uint32_t>>;  // due in ps, L2 bytes

struct Outcome {
  Arrivals arrivals;
  core::HookCounters before, after;
  core::LinkCounters link;
};

core::LinkConfig link_config() {
  core::LinkConfig config;
  config.rate = BitRate::gigabits_per_second(1);
  config.buffer = Bytes(60'000);
  config.delay = Duration::microseconds(50);
  config.loss = 0.05;
  return config;
}

// At about the rate of the link, no two at one instant: what is drawn depends on the order alone.
std::vector<core::Frame> frames_of(std::mt19937_64& random) {
  std::vector<core::Frame> frames;
  Instant at;
  for (std::size_t i = 0; i < kFrames; ++i) {
    at = at + Duration::picoseconds(static_cast<std::int64_t>(1 + random() % 12'000'000));
    core::Frame frame;
    frame.at = at;
    frame.size = static_cast<std::uint32_t>(60 + random() % 1'400);
    frames.push_back(frame);
  }
  return frames;
}

// The hooks and the link of one direction, without any driver: cookies are sizes of frames.
struct PlainLoop {
  explicit PlainLoop(const hooks::HookProgram& program)
      : before(hooks::HookJudge(program, LH_INGRESS, {3, 0}, kSeed), link_config(), kLongest, kLargest),
        after(hooks::HookJudge(program, LH_EGRESS, {3, 0}, kSeed), link_config(), kLongest, kLargest),
        link(link_config(), kLargest, {3, 0}, kSeed) {}

  struct HookSink {
    PlainLoop& loop;
    lh_place place;
    core::HookAnswer judge(std::uint64_t, std::uint32_t size, Instant at) {
      hooks::MetFrame frame;
      frame.size = size;
      frame.at = at;
      return (place == LH_INGRESS ? loop.before : loop.after).judge.judge(frame);
    }
    void pass(std::uint64_t, std::uint32_t size, Instant at) {
      if (place == LH_EGRESS) {
        loop.arrivals.emplace_back(at.ps(), size);
        return;
      }
      core::Frame frame;
      frame.at = at;
      frame.size = size;
      loop.link.push(std::span(&frame, 1), LinkSink{loop});
    }
    void drop(std::uint64_t, std::uint32_t, std::uint8_t, Instant) {}
    std::optional<std::uint64_t> duplicate(std::uint64_t, std::uint32_t) { return 0; }
    bool mark(std::uint64_t) { return false; }
    bool set_ecn(std::uint64_t, core::Ecn) { return false; }
    void corrupt(std::uint64_t, std::uint64_t) {}
    void set_class(std::uint64_t, std::uint8_t) {}
    void capture(std::uint64_t, Instant) {}
  };
  struct LinkSink {
    PlainLoop& loop;
    void deliver(const core::Frame& frame, Instant due) {
      loop.after.stage.meet(0, frame.size, due, HookSink{loop, LH_EGRESS});
    }
    void drop(const core::Frame&, core::DropCause) {}
    std::optional<std::uint64_t> duplicate(const core::Frame&) { return std::nullopt; }
    void corrupt(const core::Frame&, std::uint64_t) {}
  };

  void advance(Instant now) {
    before.stage.advance(now, HookSink{*this, LH_INGRESS});
    link.advance(now, LinkSink{*this});
    after.stage.advance(now, HookSink{*this, LH_EGRESS});
  }
  Instant next() const {
    return std::min({before.stage.next_event(), link.next_event(), after.stage.next_event()});
  }
  Outcome run(const std::vector<core::Frame>& frames) {
    for (const core::Frame& frame : frames) {
      while (next() <= frame.at) advance(next());
      before.stage.meet(0, frame.size, frame.at, HookSink{*this, LH_INGRESS});
    }
    while (next() != Instant::never()) advance(next());
    return {std::move(arrivals), before.stage.counters(), after.stage.counters(), link.counters()};
  }

  static constexpr Bytes kLargest{kMtu + kEthernetHeader};
  hooks::HookPlace before, after;
  core::Link link;
  Arrivals arrivals;
};

Outcome simulated(const hooks::HookProgram& program, const std::vector<core::Frame>& frames) {
  const Simulation simulation;
  std::array<ns3::Ptr<LinkDevice>, 2> ends;
  for (std::uint32_t end : {0U, 1U}) {
    ends[end] = ns3::CreateObject<LinkDevice>(link_config(), core::StreamOwner{3, end}, kSeed, kMtu);
    ns3::CreateObject<ns3::Node>()->AddDevice(ends[end]);
  }
  LinkDevice::join(ends);
  for (const lh_place place : {LH_INGRESS, LH_EGRESS}) {
    ends[0]->meet_hook(
        place,
        [judge = hooks::HookJudge(program, place, {3, 0}, kSeed)](const hooks::MetFrame& frame) mutable {
          return judge.judge(frame);
        },
        kLongest);
  }
  Outcome outcome;
  ends[1]->SetReceiveCallback(ns3::Callback<bool, ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet>,
                                            std::uint16_t, const ns3::Address&>(
      [&outcome](ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet> packet, std::uint16_t,
                 const ns3::Address&) {
        outcome.arrivals.emplace_back(ns3::Simulator::Now().GetTimeStep(),
                                      packet->GetSize() + kEthernetHeader);
        return true;
      }));
  for (const core::Frame& frame : frames) {
    ns3::Simulator::Schedule(ns3::TimeStep(static_cast<std::uint64_t>(frame.at.ps())), [&ends, &frame] {
      ends[0]->Send(ns3::Create<ns3::Packet>(frame.size - kEthernetHeader), ends[1]->GetAddress(), 0x88B5);
    });
  }
  ns3::Simulator::Run();
  outcome.before = ends[0]->hook_counters(LH_INGRESS);
  outcome.after = ends[0]->hook_counters(LH_EGRESS);
  outcome.link = ends[0]->counters();
  EXPECT_EQ(ends[0]->packets_kept(), 0U);
  return outcome;
}

TEST(HooksInNs3, GiveTheSameFatesAsInAPlainLoop) {
  std::mt19937_64 random(testing::test_seed());
  const std::vector<core::Frame> frames = frames_of(random);
  const hooks::HookProgram program(LONGHAUL_TEST_HOOKS "/coin.bpf.o", hooks::MapMemory::kPrivate);
  const Outcome plain = PlainLoop(program).run(frames), ns3 = simulated(program, frames);
  EXPECT_EQ(ns3.arrivals, plain.arrivals);
  EXPECT_EQ(ns3.before, plain.before);
  EXPECT_EQ(ns3.after, plain.after);
  EXPECT_EQ(ns3.link.in, plain.link.in);
  EXPECT_EQ(ns3.link.dropped_in_all(), plain.link.dropped_in_all());
  EXPECT_TRUE(ns3.before.conserved() && ns3.after.conserved() && ns3.link.conserved());
  // And all of it happened.
  EXPECT_EQ(plain.before.met.frames, kFrames);
  for (const core::HookCounters* counters : {&plain.before, &plain.after}) {
    EXPECT_GT(counters->dropped_in_all().frames, kFrames / 8);
    EXPECT_GT(counters->delayed, kFrames / 8);
    EXPECT_GT(counters->duplicated.frames, kFrames / 8);
  }
}

}  // namespace
}  // namespace longhaul::wide
