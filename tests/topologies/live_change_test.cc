// SPDX-License-Identifier: GPL-2.0-only
//
// Words of `longhaul set` and `longhaul event` to changes, and what is refused of them.
#include "topologies/live_change.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "topologies/config_error.h"
#include "topologies/load.h"

namespace longhaul::topology {
namespace {

using Words = std::vector<std::string>;

constexpr Duration kMillisecond = Duration::milliseconds(1), kSecond = Duration::seconds(1);

// wan: 5 ms there, 6 ms back, 1 Gbit/s; its timeline goes up to 8 ms there. wide: reserves on the link.
const Topology& topology() {
  static const Topology loaded = load_text(
      "name: x\nsites: { a: {}, b: {} }\nhosts: { h: { site: b } }\nlinks:\n"
      "  metro: { between: [a, b], delay: 6.63 ms, rate: 1 Gbit/s }\n"
      "  wan:\n    between: [a, b]\n    rate: 1 Gbit/s\n    delay: 5 ms\n    reverse: { delay: 6 ms }\n"
      "    timeline: [ { at: 1 s, delay: 8 ms, direction: forward }, { at: 2 s, delay: 5 ms } ]\n"
      "  wide:\n    between: [a, b]\n    rate: 1 Gbit/s\n    delay: 5 ms\n    waves: 2\n"
      "    reserve: { delay: 50 ms, rate: 10 Gbit/s, buffer: 10 bdp }\n",
      "x.yaml");
  return loaded;
}

std::string refused_set(std::string_view link, const Words& words) {
  try {
    read_live_set(topology(), link, words);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "no error";
}

std::string refused_event(std::string_view link, const Words& words) {
  try {
    read_live_event(topology(), link, words);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "no error";
}

TEST(LiveSet, IsOneChangeOfEachDirection) {
  const auto changes = read_live_set(
      topology(), "wide",
      {"rate=2 Gbit/s", "delay=20ms", "loss=0.01 %", "buffer=2 bdp", "up=false", "blackhole=true"});
  core::Change change;
  change.rate = BitRate::gigabits_per_second(2);
  change.delay = kMillisecond * 20;
  change.loss = 1e-4;
  change.buffer = Bytes(2'500'000);
  change.dark = true;
  change.blackhole = true;
  EXPECT_EQ(changes, (std::vector<LiveChange>{{2, kForward, {}, change}, {2, kReverse, {}, change}}));
  EXPECT_EQ(read_live_set(topology(), "metro:reverse", {"up=true"}).at(0).direction, kReverse);
  EXPECT_EQ(read_live_set(topology(), "metro:reverse", {"up=true"}).at(0).change.dark, false);
  EXPECT_EQ(read_live_set(topology(), "metro:forward", {"rate=0 bit/s"}).at(0).change.rate, BitRate());
  EXPECT_EQ(read_live_set(topology(), "metro:forward", {"rate=0 bit/s"}).size(), 1u);
  EXPECT_EQ(read_live_set(topology(), "wan", {"buffer=1 bdp"}).at(1).change.buffer, Bytes(1'375'000));
}

TEST(LiveSet, GoesUpToWhatWasReserved) {
  EXPECT_EQ(read_live_set(topology(), "metro", {"delay=6.63 ms"}).size(), 2u);
  EXPECT_EQ(refused_set("metro", {"delay=20 ms"}),
            "links.metro.delay: 20 ms is more than the 6.63 ms reserved, allowed: up to that; start with "
            "`--set links.metro.reserve.delay='20 ms'`");
  EXPECT_EQ(
      refused_set("metro:reverse", {"rate=1.5 Gbit/s"}),
      "links.metro.reverse.rate: 1.5 Gbit/s is more than the 1 Gbit/s reserved, allowed: up to that; start "
      "with `--set links.metro.reverse.reserve.rate='1.5 Gbit/s'`");
  EXPECT_EQ(
      refused_set("wide", {"buffer=11 bdp"}),
      "links.wide.buffer: 13750000 B is more than the 12500000 B reserved, allowed: up to that; start with "
      "`--set links.wide.reserve.buffer='13750000 B'`");
  EXPECT_EQ(read_live_set(topology(), "wide", {"buffer=10 bdp", "delay=50 ms", "rate=10 Gbit/s"}).size(), 2u);
}

TEST(LiveSet, TheTimelineOfADirectionReservesToo) {
  EXPECT_EQ(read_live_set(topology(), "wan:forward", {"delay=8 ms"}).size(), 1u);
  EXPECT_EQ(
      refused_set("wan", {"delay=8 ms"}),
      "links.wan.delay: 8 ms is more than the 6 ms reserved in reverse, allowed: up to that; start with "
      "`--set links.wan.reserve.delay='8 ms'`");
  const Topology apart = load_text(
      "name: x\nsites: { a: {}, b: {} }\nhosts: { h: { site: b } }\nlinks: { l: { between: [a, b], rate: 1 "
      "Gbit/s, delay: 5 ms, reverse: { delay: 30 ms } } }\n",
      "x.yaml");
  try {
    read_live_set(apart, "l", {"delay=20 ms"});
    FAIL();
  } catch (const ConfigError& e) {  // a reserve of the link would be too little for the direction back
    EXPECT_STREQ(e.what(),
                 "links.l.delay: 20 ms is more than the 5 ms reserved in forward, allowed: up to that; start "
                 "with `--set links.l.forward.reserve.delay='20 ms'`");
  }
}

// What the message says is done to the file, and then it is allowed.
TEST(LiveSet, TheMendInTheMessageMends) {
  const std::string file =
      "name: x\nsites: { a: {}, b: {} }\nhosts: { h: { site: b } }\nlinks: { l: { between: [a, b], rate: 1 "
      "Gbit/s, delay: 5 ms, reserve: { rate: 2 Gbit/s }, reverse: { delay: 7 ms, reserve: { buffer: 1 GiB } "
      "} "
      "} }\n";
  for (const char* word : {"delay=6 ms", "delay=20 ms", "rate=3 Gbit/s", "buffer=2 GiB", "buffer=4 bdp"}) {
    std::vector<Override> mends;
    for (int turn = 0;; ++turn) {
      ASSERT_LT(turn, 3) << word;
      const Topology mended = load_text(file, "x.yaml", mends);
      try {
        EXPECT_EQ(read_live_set(mended, "l", {word}).size(), 2u);
        break;
      } catch (const ConfigError& e) {
        const std::string_view message = e.what();
        const auto begin = message.find("--set ") + 6, quote = message.find('\'', begin);
        ASSERT_NE(quote, std::string_view::npos) << message;
        mends.push_back(
            parse_override(std::string(message.substr(begin, quote - begin)) +
                           std::string(message.substr(quote + 1, message.rfind('\'') - quote - 1))));
      }
    }
    EXPECT_FALSE(mends.empty()) << word;
    EXPECT_EQ(load_text(file, "x.yaml", mends).links[0].directions[kForward].reserve.rate,
              BitRate::gigabits_per_second(std::string_view(word).starts_with("rate") ? 3 : 2));
  }
}

TEST(LiveSet, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(refused_set("metra", {"up=true"}), "links: 'metra' is not a link, did you mean 'metro'?");
  EXPECT_EQ(refused_set("", {"up=true"}), "links: '' is not a link, allowed: metro, wan, wide");
  EXPECT_EQ(refused_set("wan:reverso", {"up=true"}),
            "links.wan: 'reverso' is not a direction, did you mean 'reverse'?");
  EXPECT_EQ(refused_set("wan", {}),
            "links.wan: nothing changes, allowed: key=value, for example delay='6 ms'");
  EXPECT_EQ(refused_set("wan", {"delay"}),
            "links.wan: 'delay' is not a change, allowed: key=value, for example delay='6 ms'");
  EXPECT_EQ(refused_set("wan", {"=6 ms"}),
            "links.wan: '=6 ms' is not a change, allowed: key=value, for example delay='6 ms'");
  EXPECT_EQ(refused_set("wan:forward", {"dealy=6 ms"}),
            "links.wan.forward.dealy: unknown key, did you mean 'delay'?");
  EXPECT_EQ(refused_set("wan", {"dark=true"}),
            "links.wan.dark: unknown key, allowed: rate, delay, loss, buffer, up, blackhole");
  EXPECT_EQ(refused_set("wan", {"up=true", "up=false"}), "links.wan.up: is given twice, allowed: once");
  EXPECT_EQ(refused_set("wan", {"up=yes"}), "links.wan.up: 'yes' is not known, allowed: false, true");
  EXPECT_EQ(refused_set("wan", {"delay=6"}), "links.wan.delay: '6' has no unit, allowed: s, ms, us, ns, ps");
  EXPECT_EQ(refused_set("wan", {"delay={"}),
            "links.wan: 'delay={' is not valid YAML, allowed: a value, [list] or {key: value}");
  EXPECT_EQ(refused_set("wan", {"delay=[1 ms]"}),
            "links.wan.delay: is a list, allowed: a time such as 6.63 ms");
  EXPECT_EQ(refused_set("wan", {"rate=10 Tbit/s"}),
            "links.wan.rate: 10 Tbit/s is out of range, allowed: 1 kbit/s to 1.6 Tbit/s");
  EXPECT_EQ(refused_set("wan", {"buffer=100 B"}),
            "links.wan.buffer: 100 B is less than the largest frame, allowed: 1518 B or more");
  EXPECT_EQ(refused_set("wan", {"loss=\x01"}), "yaml: control character 0x01, allowed: text");
  EXPECT_EQ(refused_set("wa\nn", {"up=true"}), "links: 'wa?n' is not a link, did you mean 'wan'?");
}

core::Change dark(bool on) {
  core::Change change;
  change.dark = on;
  return change;
}

TEST(LiveEvent, IsAnEntryOfATimelineFromNowOn) {
  EXPECT_EQ(read_live_event(topology(), "wan:forward", {"outage=50 ms"}),
            (std::vector<LiveChange>{{1, kForward, {}, dark(true)},
                                     {1, kForward, kMillisecond * 50, dark(false)}}));
  core::Change light = dark(false);
  light.delay = kMillisecond * 6;
  light.new_route = true;
  EXPECT_EQ(read_live_event(topology(), "wide", {"protection_switch={outage: 20 ms, delay: 6 ms}"}),
            (std::vector<LiveChange>{{2, kForward, {}, dark(true)},
                                     {2, kReverse, {}, dark(true)},
                                     {2, kForward, kMillisecond * 20, light},
                                     {2, kReverse, kMillisecond * 20, light}}));
  EXPECT_TRUE(read_live_event(topology(), "wide", {"delay=6 ms", "route=new"}).at(0).change.new_route);
  EXPECT_EQ(read_live_event(topology(), "wide", {"member={index: 1, up: false}"}).at(0).change.member,
            (core::Change::Member{1, false}));
  EXPECT_EQ(read_live_event(topology(), "wide", {"change={delay: 7 ms, dark: true}"}).at(1).change.delay,
            kMillisecond * 7);
}

TEST(LiveEvent, RefusesANewRouteWhereNothingMayOvertake) {
  EXPECT_EQ(refused_event("metro", {"delay=2 ms", "route=new"}),
            "links.metro.delay: takes a new route, on which frames may overtake, and this link keeps no room "
            "for that; "
            "start with `--set links.metro.reserve.delay='6.63 ms'`");
}

TEST(LiveEvent, WritesRepetitionsOutInTheOrderOfTime) {
  const auto bursts = read_live_event(topology(), "metro:forward", {"burst=10", "every=1 s", "times=5"});
  ASSERT_EQ(bursts.size(), 5u);
  for (std::size_t i = 0; i < bursts.size(); ++i) {
    EXPECT_EQ(bursts[i].after, kSecond * static_cast<std::int64_t>(i));
    EXPECT_EQ(bursts[i].change.burst, 10u);
  }
  EXPECT_EQ(read_live_event(topology(), "metro", {"burst=3 frames"}).at(1).change.burst, 3u);
  const auto flaps = read_live_event(topology(), "metro", {"flap={period: 100 ms, down: 20 ms, times: 16}"});
  ASSERT_EQ(flaps.size(), kMostLiveChanges);
  for (std::size_t i = 0; i < flaps.size(); ++i) {
    EXPECT_EQ(flaps[i].change, dark(i % 4 < 2)) << i;
    EXPECT_EQ(flaps[i].direction, i % 2 == 0 ? kForward : kReverse);
    const auto period = static_cast<std::int64_t>(i / 4);
    EXPECT_EQ(flaps[i].after, kMillisecond * (100 * period + (i % 4 < 2 ? 0 : 20)));
  }
}

TEST(LiveEvent, RefusesWhatHasNoEndOrIsTooMuch) {
  EXPECT_EQ(refused_event("wan", {"outage=1 ms", "every=1 s"}),
            "links.wan.outage: repeats for ever, allowed: `times`, with at most 64 changes in all");
  EXPECT_EQ(refused_event("wan", {"flap={period: 1 s, down: 1 ms, times: forever}"}),
            "links.wan.flap: repeats for ever, allowed: `times`, with at most 64 changes in all");
  EXPECT_EQ(refused_event("wan", {"outage=1 ms", "every=1 s", "times=17"}),
            "links.wan.outage: makes 68 changes in both directions together, allowed: at most 64");
  EXPECT_EQ(refused_event("wan:reverse", {"burst=1", "every=1 s", "times=1000000000000"}),
            "links.wan.reverse.burst: makes 1000000000000 changes, allowed: at most 64");
  EXPECT_EQ(refused_event("wan:reverse", {"burst=1", "every=2592000 s", "times=2"}), "no error");
  EXPECT_EQ(refused_event("wan:reverse", {"burst=1", "every=2592000 s", "times=64"}),
            "links.wan.reverse.burst: goes on for too long, allowed: up to 2592000 s");
}

TEST(LiveEvent, RefusesWhatOnlyAFileCanSayAndWhatIsWrong) {
  EXPECT_EQ(refused_event("wan", {"outage=1 ms", "at=1 s"}),
            "links.wan.at: only goes with a timeline, what is asked for begins at once");
  EXPECT_EQ(refused_event("wan", {"direction=forward", "outage=1 ms"}),
            "links.wan.direction: only goes with a timeline, allowed: LINK:forward or LINK:reverse");
  EXPECT_EQ(refused_event("wan", {"outtage=1 ms"}), "links.wan.outtage: unknown key, did you mean 'outage'?");
  EXPECT_EQ(
      refused_event("wan", {"every=1 s"}),
      "links.wan: says nothing that happens, allowed: one of protection_switch, outage, flap, brown_out, "
      "blackhole, burst, rate, delay, loss, buffer, member, pause_storm, change");
  EXPECT_EQ(refused_event("wan", {"outage=1 ms", "burst=3"}),
            "links.wan.burst: given beside outage, allowed: one of the two");
  EXPECT_EQ(refused_event("wan", {"protection_switch={outage: 50 ms}"}),
            "links.wan.protection_switch.delay: missing, allowed: a time such as 6.63 ms");
  EXPECT_EQ(refused_event("wide", {"member={index: 2, up: true}"}),
            "links.wide.member.index: 2 is out of range, allowed: a whole number from 0 to 1");
  EXPECT_EQ(refused_event("wan", {"burst=-1"}).substr(0, 16), "links.wan.burst:");
}

TEST(LiveEvent, GoesUpToWhatWasReserved) {
  EXPECT_EQ(
      refused_event("metro", {"protection_switch={outage: 50 ms, delay: 8 ms}"}),
      "links.metro.protection_switch.delay: 8 ms is more than the 6.63 ms reserved, allowed: up to that; "
      "start with `--set links.metro.reserve.delay='8 ms'`");
  EXPECT_EQ(refused_event("metro", {"delay=8 ms", "every=1 s", "times=2"}),
            "links.metro.delay: 8 ms is more than the 6.63 ms reserved, allowed: up to that; start with "
            "`--set links.metro.reserve.delay='8 ms'`");
  EXPECT_EQ(
      refused_event("metro:forward", {"brown_out={rate: 2 Gbit/s, lasts: 1 s}"}),
      "links.metro.forward.brown_out.rate: 2 Gbit/s is more than the 1 Gbit/s reserved, allowed: up to that; "
      "start with `--set links.metro.forward.reserve.rate='2 Gbit/s'`");
}

}  // namespace
}  // namespace longhaul::topology
