// SPDX-License-Identifier: GPL-2.0-only
//
// The sections queues, ecn, waves and far_end of a link, from text to the configuration of the core.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/topologies/one_link.h"
#include "topologies/load.h"
#include "topologies/pause.h"

namespace longhaul::topology {
namespace {

namespace aqm = core::aqm;
using test::forward_with;
using test::link_with;

TEST(Sections, APlainLinkHasNone) {
  const Link link = link_with({});
  const core::LinkConfig& config = link.directions[kForward];
  EXPECT_EQ(config.queues, core::QueueConfig{});
  EXPECT_EQ(config.waves, core::Waves{});
  EXPECT_EQ(config.far_end, core::FarEnd{});
  EXPECT_EQ(config.timeline, core::Timeline{});
  EXPECT_FALSE(link.carries_pause);
}

TEST(Queues, AmountsAreSizesTimesOrBdp) {
  const auto queues =
      forward_with(
          "queues: { classes: [ { limit: [1 bdp, 2 ms, 7 frames], reserved: 1 ms, time_cap: 3 ms },"
          " { limit: 10 kB, alpha: 0.25 } ] }")
          .queues;
  ASSERT_EQ(queues.classes.size(), 2u);
  EXPECT_EQ(queues.classes[0].limit_bytes, Bytes(1'250'000));
  EXPECT_EQ(queues.classes[0].limit_time, Duration::milliseconds(2));
  EXPECT_EQ(queues.classes[0].limit_frames, 7u);
  EXPECT_EQ(queues.classes[0].reserved, Bytes(125'000));
  EXPECT_EQ(queues.classes[0].time_cap, Duration::milliseconds(3));
  EXPECT_EQ(queues.classes[1].limit_bytes, Bytes(10'000));
  EXPECT_EQ(queues.classes[1].alpha, 0.25);
}

TEST(Queues, AMappingOfClassesLeavesDefaultsBetween) {
  const auto queues =
      forward_with("queues: { classes: { 2: { scheduler: strict }, 0: { weight: 9 } } }").queues;
  ASSERT_EQ(queues.classes.size(), 3u);
  EXPECT_EQ(queues.classes[0].weight, 9u);
  EXPECT_EQ(queues.classes[1], core::ClassConfig{});
  EXPECT_TRUE(queues.classes[2].strict);
}

TEST(Queues, SetReachesIntoAMappingOfClasses) {
  const auto classes = link_with({"queues: { classes: { 0: { weight: 2 } } }"},
                                 {parse_override("links.l.queues.classes.1.codel.target=1 ms"),
                                  parse_override("links.l.forward.waves=2")})
                           .directions[kForward]
                           .queues.classes;
  ASSERT_EQ(classes.size(), 2u);
  EXPECT_EQ(classes[0].weight, 2u);
  EXPECT_EQ(std::get<aqm::Codel>(classes[1].aqm).target, Duration::milliseconds(1));
}

TEST(Queues, ClassesOfPriorities) {
  const auto identity = forward_with("queues: { classes: { 7: {} }, by: pcp }").queues;
  EXPECT_EQ(identity.key, core::ClassKey::kPcp);
  for (std::uint8_t pcp = 0; pcp < 8; ++pcp) EXPECT_EQ(identity.class_of_pcp[pcp], pcp);
  const auto none = forward_with("queues: { classes: { 7: {} }, by: pcp, map: {} }").queues;
  for (const std::uint8_t c : none.class_of_pcp) EXPECT_EQ(c, 0);
  const auto dscp =
      forward_with("queues: { classes: [{}, {}], by: dscp, map: { 1: [0, 24-31], 0: 46 } }").queues;
  for (std::size_t i = 0; i < 64; ++i) {
    EXPECT_EQ(dscp.class_of_dscp[i], i == 0 || (i >= 24 && i <= 31) ? 1 : 0) << i;
  }
}

TEST(Queues, ActiveQueueManagement) {
  const auto classes =
      forward_with(
          "queues: { classes: [ { red: { min: 100 us, max: 0.1 bdp, probability: 20 %, average: 9, "
          "ecn: false, at: dequeue } }, { codel: }, { pie: { burst: 0 s, alpha: 1 } } ] }")
          .queues.classes;
  EXPECT_EQ(std::get<aqm::Red>(classes[0].aqm),
            (aqm::Red{Bytes(12'500), Bytes(125'000), 0.2, 9, false, true}));
  EXPECT_EQ(std::get<aqm::Codel>(classes[1].aqm), aqm::Codel{});
  const auto& pie = std::get<aqm::Pie>(classes[2].aqm);
  EXPECT_EQ(pie.burst, Duration());
  EXPECT_EQ(pie.alpha, 1);
  EXPECT_EQ(pie.beta, aqm::Pie{}.beta);
}

TEST(Queues, TheShortFormOfEcnIsTheRedOfTheOnlyClass) {
  const Link link =
      link_with({"ecn: { min: 10 kB, max: 20 kB, probability: 0.1 }",
                 "reverse: { queues: { classes: [ { limit: 50 kB } ] }, ecn: { min: 1 ms, max: 2 ms } }"});
  EXPECT_EQ(std::get<aqm::Red>(link.directions[kForward].queues.classes.at(0).aqm),
            (aqm::Red{Bytes(10'000), Bytes(20'000), 0.1, 0, true, false}));
  const core::ClassConfig& reverse = link.directions[kReverse].queues.classes.at(0);
  EXPECT_EQ(std::get<aqm::Red>(reverse.aqm).max, Bytes(250'000));
  EXPECT_EQ(reverse.limit_bytes, Bytes(50'000));
}

TEST(Queues, TwoTiers) {
  const auto tiers = forward_with("queues: { tiers: { on_chip: 1 ms, bandwidth: 2 Gbit/s } }").queues.tiers;
  EXPECT_EQ(tiers, (core::TwoTier{Bytes(125'000), BitRate::gigabits_per_second(2), Bytes()}));
  EXPECT_EQ(forward_with("queues: { tiers: { on_chip: 1 ms, bandwidth: 2 Gbit/s, staging: 2 kB } }")
                .queues.tiers.staging,
            Bytes(2'000));
}

TEST(Waves, MembersAndSkew) {
  EXPECT_EQ(forward_with("waves: 4").waves, (core::Waves{4, {}}));
  EXPECT_EQ(forward_with("waves: { members: 2, skew: [0 s, 20 ns] }").waves,
            (core::Waves{2, {Duration(), Duration::nanoseconds(20)}}));
}

TEST(FarEnd, DefaultsComeFromTheLink) {
  const core::FarEnd far = forward_with("far_end: {}").far_end;
  EXPECT_EQ(far.rate, BitRate::gigabits_per_second(1));
  EXPECT_EQ(far.buffer, Bytes(1'250'000));
  EXPECT_EQ(far.pfc, core::Pfc{});
}

// 1,518 B and 60 B are 1,542 B and 84 B on the wire: 12.336 us and 0.672 us at 1 Gbit/s.
TEST(FarEnd, ThePauseTakesTheWayBackBehindAFrame) {
  const Link link = link_with(
      {"far_end: { pfc: { classes: 0, response: 1 us } }", "reverse: { delay: 7 ms, rate: 500 Mbit/s }"});
  EXPECT_EQ(link.directions[kForward].far_end.pfc.pause_delay,
            Duration::milliseconds(7) + (Duration::nanoseconds(12'336) + Duration::nanoseconds(672)) * 2 +
                Duration::microseconds(1));
  EXPECT_EQ(link.directions[kReverse].far_end.pfc.pause_delay,
            Duration::milliseconds(5) + Duration::nanoseconds(12'336 + 672) + Duration::microseconds(1));
}

TEST(FarEnd, AutomaticThresholdsAreWhatTheDistanceNeeds) {
  const core::LinkConfig config = forward_with("far_end: { pfc: { classes: [0] } }");
  const core::PfcThresholds& thresholds = config.far_end.pfc.thresholds[0];
  // 2 x 5 ms and what the pause frame waits behind and takes are 1,250,000 + 1,542 + 84 B, rounded up, and
  // two frames.
  EXPECT_EQ(thresholds.headroom, Bytes(1'251'627 + 2 * 1'542));
  EXPECT_EQ(thresholds.xoff, thresholds.headroom);
  EXPECT_EQ(thresholds.xon, thresholds.xoff - Bytes(2 * 1'518));
  EXPECT_EQ(thresholds.headroom, headroom_needed(config, config.far_end.pfc.pause_delay, Bytes(1'518)));
  EXPECT_EQ(config.far_end.pfc.classes, 1);
}

TEST(FarEnd, SkewJitterAndWavesNeedHeadroomToo) {
  const auto headroom = [](const std::string& more) {
    return link_with({"far_end: { pfc: { classes: 0 } }", more})
        .directions[kForward]
        .far_end.pfc.thresholds[0]
        .headroom;
  };
  const Bytes plain = headroom("waves: 1");
  EXPECT_EQ(headroom("jitter: 1 ms") - plain, Bytes(125'000));
  EXPECT_EQ(headroom("waves: { members: 3, skew: [0 s, 2 ms, 1 ms] }") - plain, Bytes(250'000 + 2 * 1'542));
}

TEST(FarEnd, AClassHasThresholdsOfItsOwnOrTheSections) {
  const core::Pfc pfc =
      link_with(
          {"queues: { classes: { 7: } }",
           "far_end: { pfc: { classes: { 3: { xoff: 2 MB, headroom: 1 bdp }, 4: }, xoff: 1 MB, xon: 500 kB, "
           "headroom: 300 kB, quanta: 100, refresh: 1 us, lost: 1 %, "
           "watchdog: { detection: 1 s, action: forward } } }"})
          .directions[kForward]
          .far_end.pfc;
  EXPECT_EQ(pfc.classes, 0b11000);
  EXPECT_EQ(pfc.thresholds[3], (core::PfcThresholds{Bytes(2'000'000), Bytes(500'000), Bytes(1'250'000)}));
  EXPECT_EQ(pfc.thresholds[4], (core::PfcThresholds{Bytes(1'000'000), Bytes(500'000), Bytes(300'000)}));
  EXPECT_EQ(pfc.quanta, 100);
  EXPECT_EQ(pfc.refresh, Duration::microseconds(1));
  EXPECT_EQ(pfc.lost, 0.01);
  EXPECT_EQ(pfc.watchdog,
            (core::Watchdog{Duration::seconds(1), Duration::seconds(1), core::WatchdogAction::kForward}));
}

TEST(FarEnd, CarriedPausesLeaveNoFarEnd) {
  const Link link = link_with({"forward: { far_end: { pfc: { mode: carried } } }"});
  EXPECT_TRUE(link.carries_pause);
  for (const core::LinkConfig& config : link.directions) EXPECT_EQ(config.far_end, core::FarEnd{});
}

TEST(Pause, WorkedExampleOfTheHeader) {
  core::LinkConfig config;
  config.rate = BitRate::gigabits_per_second(400);
  config.delay = Duration::microseconds(490);
  const Bytes frame(4'218);
  EXPECT_EQ(headroom_needed(config, pause_travel(config, frame), frame).count(),
            49'000'000u + 3 * 4'242 + 84 + 1);
  // 335.5 us at 100 Gbit/s, 83.9 us at 400 Gbit/s.
  EXPECT_EQ(pause_time(65'535, BitRate::gigabits_per_second(100)), Duration::picoseconds(335'539'200));
  EXPECT_EQ(pause_time(65'535, BitRate::gigabits_per_second(400)), Duration::picoseconds(83'884'800));
  core::Pfc pfc;
  EXPECT_EQ(refresh_period(pfc, BitRate::gigabits_per_second(100)), Duration::picoseconds(167'769'600));
  pfc.refresh = Duration::microseconds(1);
  EXPECT_EQ(refresh_period(pfc, BitRate::gigabits_per_second(100)), pfc.refresh);
}

}  // namespace
}  // namespace longhaul::topology
