// SPDX-License-Identifier: GPL-2.0-only
//
// What the data plane and ns-3 tell each other of inline links: holds, counters, live changes, background,
// full queues, refusals.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "tests/wide/inline_rim.h"
#include "tests/wide/simulation.h"

namespace longhaul::wide {
namespace {

using namespace longhaul::wide::testing;

struct Setup {
  core::LinkConfig first = line_of(Duration::milliseconds(3)), second = line_of(Duration::milliseconds(5));
  Duration sample_interval = dataplane::EngineConfig().sample_interval;
  bool wants_heads = false;
};

// Two links in a row, directions 0 and 2 on the way there, in a simulation of their own.
class TwoHops {
 public:
  explicit TwoHops(const Setup& setup = {})
      : simulator(PacedSimulator::install()),
        exchange(Duration::milliseconds(2), setup.wants_heads),
        network(config_of(setup, exchange), exchange),
        rim(exchange) {}
  void carry(const std::vector<Offered>& offered, Duration step) {
    testing::carry(network, *simulator, rim, offered, step);
  }

 private:
  static dataplane::EngineConfig config_of(const Setup& setup, dataplane::InlineExchange& exchange) {
    dataplane::EngineConfig config = chain(setup.first, setup.second, exchange);
    config.sample_interval = setup.sample_interval;
    return config;
  }
  const Simulation simulation_;  // before all of ns-3

 public:
  const ns3::Ptr<PacedSimulator> simulator;
  dataplane::InlineExchange exchange;
  InlineNetwork network;
  Rim rim;
};

TEST(InlineExchange, FramesComeBackByTheHoldBeforeTheyAreDue) {
  TwoHops hops;
  hops.carry(traffic(500, testing::test_seed()), Duration::microseconds(50));
  EXPECT_GE(hops.rim.fates.size(), 490U);
  EXPECT_GE(hops.rim.least_notice, Duration::microseconds(1'950));
}

TEST(InlineExchange, HoldLeavesRoomForWhatMayComeEarlier) {
  const Duration most = Duration::milliseconds(2);
  core::LinkConfig link = line_of(Duration::milliseconds(3));
  EXPECT_EQ(dataplane::hold_of(link, most), most);
  link.line.jitter.scale = Duration::microseconds(2'500);
  EXPECT_EQ(dataplane::hold_of(link, most), Duration::microseconds(500));
  link = line_of(Duration::milliseconds(3));
  link.line.reorder = {0.1, 1, Duration()};
  EXPECT_EQ(dataplane::hold_of(link, most), Duration());
  EXPECT_EQ(dataplane::hold_of(line_of(Duration::microseconds(7)), most), Duration::microseconds(7));
}

TEST(InlineExchange, HeldFramesCountAsHeldAndAreConserved) {
  TwoHops hops({.sample_interval = Duration::microseconds(500)});
  const auto offered = traffic(1'000, testing::test_seed());
  std::size_t next = 0;
  std::uint64_t looks = 0;
  for (Instant now; now < Instant::at(Duration::milliseconds(30)); now = now + Duration::microseconds(100)) {
    for (; next < offered.size() && offered[next].frame.at <= now; ++next) hops.rim.enter(offered[next]);
    hops.rim.entered_until(now);
    hops.simulator->advance_to(hops.network.poll(now));
    hops.rim.take(now);
    for (const auto& [direction, said] : hops.rim.states) {
      ASSERT_TRUE(said.counters.conserved());
      looks += said.counters.held.frames > 0;
    }
    // What left the first link for the second has entered it, or its hold is not over.
    const auto& first = hops.rim.states.at(0).counters;
    const auto& second = hops.rim.states.at(2).counters;
    ASSERT_LE(first.out.frames - hops.rim.states.at(0).returned.frames, second.in.frames);
  }
  EXPECT_GT(looks, 50U);
}

TEST(InlineExchange, LiveChangesTakeEffectAtTheirInstant) {
  TwoHops hops;
  const Instant at = Instant::at(Duration::milliseconds(4));
  hops.exchange.changes.write([&](dataplane::ChangeOrder& order) {
    order = {2, at, {.delay = Duration::milliseconds(9)}};
  });
  Offered one;
  one.direction = 2;
  one.egress = 2;
  one.frame.size = 1'000;
  std::vector<Offered> two{one, one};
  two[0].frame.at = at - Duration::microseconds(100);
  two[1].frame.at = at + Duration::microseconds(100);
  two[1].frame.cookie = 1;
  hops.carry(two, Duration::microseconds(20));
  const Duration sending = serialisation_time(Bytes(1'024), BitRate::gigabits_per_second(1));
  ASSERT_EQ(hops.rim.fates.size(), 2U);
  EXPECT_EQ(hops.rim.fates[0].due, (two[0].frame.at + sending + Duration::milliseconds(5)).ps());
  EXPECT_EQ(hops.rim.fates[1].due, (two[1].frame.at + sending + Duration::milliseconds(9)).ps());
  EXPECT_EQ(hops.rim.states.at(2).changes, 1U);
  EXPECT_EQ(hops.rim.states.at(2).state.delay, Duration::milliseconds(9));
}

TEST(InlineExchange, RealFramesWaitBehindPacketsOfNs3) {
  TwoHops hops;
  // 1,000 B and 24 B of framing every 20 us: each takes the line for 8.192 us.
  traffic::SourceConfig source;
  source.kind = traffic::Constant{BitRate::bits_per_second(400'000'000)};
  source.packet = 1'000;
  hops.network.add_traffic(source, {9, 0}, {0, 2}, 0xFF);
  std::vector<Offered> offered;
  for (std::uint64_t i = 0; i < 100; ++i) {
    Offered one;
    one.egress = 2;
    one.frame.cookie = i;
    one.frame.size = 1'000;
    one.frame.at = Instant::at(Duration::microseconds(static_cast<std::int64_t>(1'000 + 1'021 * i)));
    offered.push_back(one);
  }
  hops.carry(offered, Duration::microseconds(10));
  const Duration sending = serialisation_time(Bytes(1'024), BitRate::gigabits_per_second(1));
  const Duration alone = sending * 2 + Duration::milliseconds(8);
  ASSERT_EQ(hops.rim.fates.size(), 100U);
  std::size_t waited = 0;
  for (const Fate& fate : hops.rim.fates) {
    const Duration took = Instant::at(Duration::picoseconds(fate.due)) - offered[fate.cookie].frame.at;
    EXPECT_GE(took, alone);
    EXPECT_LE(took, alone + sending);
    waited += took > alone;
  }
  EXPECT_NEAR(static_cast<double>(waited), 100 * 8.192 / 20, 5) << "as much of the time as the line is taken";
  EXPECT_GT(hops.network.counters().background, 9'000U);
  EXPECT_EQ(hops.rim.states.at(0).counters.in.frames, 100 + hops.network.counters().background);
  EXPECT_EQ(hops.rim.states.at(2).returned.frames, 100U);
  EXPECT_TRUE(hops.rim.states.at(2).counters.conserved());
}

TEST(InlineExchange, PcapHasTheFirstBytesAndTheDueTimes) {
  const std::filesystem::path file = ::testing::TempDir() + "longhaul-inline.pcap";
  TwoHops hops({.wants_heads = true});
  hops.network.write_pcap(2, file);
  hops.exchange.entries.write([](dataplane::InlineEntry& entry) {
    entry.direction = 2;
    entry.size = 1'000;
    entry.label = Label(1, 2, 0, 0, 0, core::Ecn::kNotCapable, 0);
    for (std::size_t i = 0; i < entry.head.size(); ++i) entry.head[i] = static_cast<std::byte>(i);
  });
  Offered last;
  last.direction = 2;
  last.egress = 2;
  last.frame.cookie = 1;
  last.frame.size = 100;
  last.frame.at = Instant::at(Duration::milliseconds(1));
  hops.carry({last}, Duration::microseconds(100));
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  std::filesystem::remove(file);
  constexpr std::size_t kFile = 24, kRecord = 16, kHead = dataplane::InlineEntry::kHead;
  ASSERT_EQ(bytes.size(), kFile + 2 * (kRecord + kHead));
  std::array<std::uint32_t, 4> record{};
  std::memcpy(record.data(), bytes.data() + kFile, kRecord);
  ASSERT_EQ(hops.rim.fates.size(), 2U);
  EXPECT_EQ(record, (std::array<std::uint32_t, 4>{
                        0, static_cast<std::uint32_t>(hops.rim.fates[0].due / 1'000), kHead, 1'000}));
  for (std::size_t i = 0; i < kHead; ++i) EXPECT_EQ(bytes[kFile + kRecord + i], static_cast<char>(i)) << i;
}

TEST(InlineExchange, APcapThatCannotBeWrittenGoesAndIsNamed) {
  const std::filesystem::path file = ::testing::TempDir() + "longhaul-inline-full.pcap";
  std::filesystem::create_symlink("/dev/full", file);
  TwoHops hops({.wants_heads = true});
  hops.network.write_pcap(2, file);
  hops.carry(traffic(50, testing::test_seed()), Duration::microseconds(50));
  EXPECT_EQ(hops.network.unwritten(), std::vector<std::string>{"cannot write " + file.string()});
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(file)));
  EXPECT_EQ(hops.rim.fates.size(), 50U);
}

TEST(InlineExchange, FramesToEveryoneComeBackAtEachSite) {
  TwoHops hops;
  std::vector<Offered> offered(2);
  for (std::size_t i = 0; i < 2; ++i) {
    offered[i].egress = i == 0 ? Label::kEveryone : Label::kMacControl;
    offered[i].frame.cookie = i;
    offered[i].frame.size = 100;
    offered[i].frame.at = Instant::at(Duration::microseconds(1));
  }
  hops.carry(offered, Duration::microseconds(10));
  ASSERT_EQ(hops.rim.fates.size(), 2U);
  EXPECT_EQ(hops.rim.fates[0].exit, 0U);
  EXPECT_EQ(hops.rim.fates[1].exit, 0U);
}

TEST(InlineExchange, ReturnsThatFindNoRoomWaitInOrder) {
  core::LinkConfig wide = line_of(Duration::milliseconds(3));
  wide.rate = BitRate::gigabits_per_second(100);
  TwoHops hops({.first = wide, .second = wide});
  // More than the queue holds, and nobody takes any.
  constexpr std::uint64_t kFrames = dataplane::InlineExchange::kSlots + 5'000;
  for (std::uint64_t i = 0; i < kFrames; ++i) {
    Offered one;
    one.egress = 1;
    one.frame.cookie = i;
    one.frame.size = 100;
    one.frame.at = Instant::at(Duration::nanoseconds(static_cast<std::int64_t>(100 * i)));
    ASSERT_TRUE(hops.rim.enter(one));
    hops.rim.entered_until(one.frame.at);
    if (i % 1'000 == 999) hops.simulator->advance_to(hops.network.poll(one.frame.at));
  }
  const Instant end = Instant::at(Duration::milliseconds(50));
  hops.rim.entered_until(end);
  hops.simulator->advance_to(hops.network.poll(end));
  while (hops.rim.fates.size() < kFrames) {
    const std::size_t before = hops.rim.fates.size();
    hops.rim.take(end);
    hops.network.poll(end);
    ASSERT_GT(hops.rim.fates.size(), before);
  }
  for (std::uint64_t i = 0; i < kFrames; ++i) ASSERT_EQ(hops.rim.fates[i].cookie, i);
}

TEST(InlineExchange, FullEntryQueueIsToldToTheDataPlane) {
  const Simulation simulation;
  dataplane::InlineExchange exchange(Duration::milliseconds(2));
  Rim rim(exchange);
  Offered one;
  for (std::size_t i = 0; i < dataplane::InlineExchange::kSlots; ++i) ASSERT_TRUE(rim.enter(one));
  EXPECT_FALSE(rim.enter(one));
  EXPECT_EQ(exchange.entries.lost(), 1U);
}

TEST(InlineExchange, SaysWhichLinksItCannotDrive) {
  dataplane::InlineExchange exchange(Duration::milliseconds(2));
  const auto good = chain(line_of(Duration::milliseconds(3)), line_of(Duration::milliseconds(5)), exchange);
  EXPECT_NO_THROW(dataplane::check_inline(good));
  const auto said = [&](auto&& spoil) -> std::string {
    dataplane::EngineConfig config = good;
    spoil(config);
    try {
      dataplane::check_inline(config);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "nothing";
  };
  EXPECT_EQ(
      said([](auto& c) { c.directions[1].is_inline = false; }),
      "cannot drive link 0 in ns-3: one of its directions is not to be; name the link, which means both");
  EXPECT_EQ(said([](auto& c) { c.directions[3].hooks.resize(1); }),
            "cannot drive link 1 in ns-3: it has hooks; they need the bytes, put them on another link");
  EXPECT_EQ(said([](auto& c) { c.directions[0].link.far_end.rate = BitRate::gigabits_per_second(1); }),
            "cannot drive link 0 in ns-3: it has a far end with a rate of its own; leave far_end out");
  EXPECT_EQ(said([](auto& c) { c.sites[2].lcore = 1; }),
            "cannot drive link 1 in ns-3: the sites of inline links are on several lcores; use one lcore");
  EXPECT_EQ(said([](auto& c) { c.inline_exchange = nullptr; }),
            "cannot drive link 0 in ns-3: no simulator was given to the data plane");
}

TEST(InlineExchange, FollowsTheWaysThatAFrameMayTake) {
  dataplane::InlineExchange exchange(Duration::milliseconds(2));
  const auto config = chain(line_of(Duration::milliseconds(3)), line_of(Duration::milliseconds(5)), exchange);
  EXPECT_EQ(dataplane::inline_ways(config, 0), (std::vector<std::uint32_t>{0, 2}));
  EXPECT_EQ(dataplane::inline_ways(config, 1), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(dataplane::inline_ways(config, 3), (std::vector<std::uint32_t>{3, 1}));
}

}  // namespace
}  // namespace longhaul::wide
