// SPDX-License-Identifier: GPL-2.0-only
//
// The timeline of a link, from the words of operators to single changes.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/topologies/one_link.h"

namespace longhaul::topology {
namespace {

using test::error_with;
using test::forward_with;
using test::link_with;

core::Event at(Duration time, core::Change change, Duration period = {}, std::uint64_t times = 1) {
  core::Event event;
  event.at = time;
  event.period = period;
  event.times = times;
  event.change = std::move(change);
  return event;
}

core::Change dark(bool on) {
  core::Change change;
  change.dark = on;
  return change;
}

std::vector<core::Event> events_of(const std::string& entry) {
  return forward_with("timeline: [ " + entry + " ]").timeline.events;
}

constexpr Duration kSecond = Duration::seconds(1), kMillisecond = Duration::milliseconds(1);

TEST(Timeline, AProtectionSwitchIsDarknessAndANewRoute) {
  core::Change light = dark(false);
  light.delay = kMillisecond * 6;
  light.new_route = true;
  EXPECT_EQ(events_of("{ at: 1 s, protection_switch: { outage: 20 ms, delay: 6 ms } }"),
            (std::vector{at(kSecond, dark(true)), at(kMillisecond * 1'020, light)}));
  EXPECT_EQ(events_of("{ at: 1 s, protection_switch: { delay: 6 ms } }")[1].at, kMillisecond * 1'050);
}

TEST(Timeline, TrainsRepeatBothEnds) {
  EXPECT_EQ(events_of("{ at: 1 s, flap: { period: 100 ms, down: 20 ms, times: 5 } }"),
            (std::vector{at(kSecond, dark(true), kMillisecond * 100, 5),
                         at(kMillisecond * 1'020, dark(false), kMillisecond * 100, 5)}));
  EXPECT_EQ(events_of("{ at: 0 s, outage: 1 ms, every: 1 s }"),
            (std::vector{at(Duration(), dark(true), kSecond, 0), at(kMillisecond, dark(false), kSecond, 0)}));
}

TEST(Timeline, ABrownOutEndsInTheConfiguredState) {
  const auto events =
      link_with(
          {"loss: 1e-5", "timeline: [ { at: 1 s, brown_out: { rate: 1 Mbit/s, loss: 10 %, lasts: 2 s } } ]"})
          .directions[kForward]
          .timeline.events;
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].change.rate, BitRate::bits_per_second(1'000'000));
  EXPECT_EQ(events[0].change.loss, 0.1);
  EXPECT_EQ(events[1].at, kSecond * 3);
  EXPECT_EQ(events[1].change.rate, BitRate::gigabits_per_second(1));
  EXPECT_EQ(events[1].change.loss, 1e-5);
}

TEST(Timeline, ABrownOutsLossNeedsAPlainLossToGoBackTo) {
  EXPECT_EQ(error_with({"loss: { gilbert_elliott: { p: 1 %, r: 10 % } }",
                        "timeline: [ { at: 1 s, brown_out: { loss: 10 %, lasts: 2 s } } ]"}),
            "x.yaml:10: links.l.timeline[0].brown_out.loss: only goes with a link whose loss is a plain "
            "probability, to which it can go back");
}

TEST(Timeline, SingleChanges) {
  EXPECT_EQ(events_of("{ at: 1 s, burst: 20 frames }").at(0).change.burst, 20u);
  EXPECT_EQ(events_of("{ at: 1 s, rate: 0 bit/s }").at(0).change.rate, BitRate());
  EXPECT_EQ(events_of("{ at: 1 s, loss: 2 % }").at(0).change.loss, 0.02);
  EXPECT_EQ(events_of("{ at: 1 s, buffer: 2 bdp }").at(0).change.buffer, Bytes(2'500'000));
  EXPECT_FALSE(events_of("{ at: 1 s, delay: 1 ms }").at(0).change.new_route);
  EXPECT_TRUE(events_of("{ at: 1 s, delay: 1 ms, route: new }").at(0).change.new_route);
  EXPECT_EQ(events_of("{ at: 1 s, delay: 1 ms, after: first-frame }").at(0).origin,
            core::Origin::kFirstFrame);
  EXPECT_EQ(events_of("{ at: 1 s, blackhole: 1 s }").at(1).change.blackhole, false);
}

TEST(Timeline, MembersAndStorms) {
  const auto events = link_with({"waves: 2", "far_end: { pfc: { classes: 0 } }",
                                 "timeline: [ { at: 1 s, member: { index: 1, outage: 1 s } }, { at: 3 s, "
                                 "member: { index: 0, up: true } }, "
                                 "{ at: 4 s, pause_storm: { classes: 0, lasts: 1 ms } } ]"})
                          .directions[kReverse]
                          .timeline.events;
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[0].change.member, (core::Change::Member{1, false}));
  EXPECT_EQ(events[1].change.member, (core::Change::Member{1, true}));
  EXPECT_EQ(events[2].change.member, (core::Change::Member{0, true}));
  EXPECT_EQ(events[3].change.storm, 1);
  EXPECT_EQ(events[4].change.storm, 0);
}

TEST(Timeline, DirectionsApart) {
  const Link link =
      link_with({"timeline: [ { at: 1 s, loss: 1, direction: forward }, { at: 2 s, loss: 1 }, "
                 "{ at: 3 s, loss: 1, direction: reverse } ]"});
  const auto& forward = link.directions[kForward].timeline.events;
  const auto& reverse = link.directions[kReverse].timeline.events;
  ASSERT_EQ(forward.size(), 2u);
  ASSERT_EQ(reverse.size(), 2u);
  EXPECT_EQ(forward[0].at, kSecond);
  EXPECT_EQ(reverse[1].at, kSecond * 3);
  const Link own = link_with({"timeline: [ { at: 1 s, loss: 1 } ]", "forward: { timeline: [] }"});
  EXPECT_TRUE(own.directions[kForward].timeline.events.empty());
  EXPECT_EQ(own.directions[kReverse].timeline.events.size(), 1u);
}

TEST(Timeline, NoMoreThanAThousandChanges) {
  std::string entries;
  for (int i = 0; i < 500; ++i) entries += "{ at: " + std::to_string(i) + " s, outage: 1 ms },";
  EXPECT_EQ(events_of(entries).size(), 1'000u);
  EXPECT_EQ(
      error_with({"timeline: [ " + entries + "{ at: 0 s, loss: 0 } ]"}),
      "x.yaml:9: links.l.timeline[500]: more than 1000 changes in one direction, allowed: repeat with every "
      "and times");
}

}  // namespace
}  // namespace longhaul::topology
