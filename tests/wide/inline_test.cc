// SPDX-License-Identifier: GPL-2.0-only
//
// Frames through links that ns-3 drives beside the same frames through the link core by itself: the same
// fates and due times, to the picosecond. The test is the data plane, in virtual time; no thread but its own.
#include <gtest/gtest.h>

#include "tests/wide/inline_rim.h"
#include "tests/wide/simulation.h"

namespace longhaul::wide {
namespace {

using namespace longhaul::wide::testing;

void expect_as_plain(const core::LinkConfig& first, const core::LinkConfig& second, Duration hold,
                     Duration step) {
  const Simulation simulation;
  const auto simulator = PacedSimulator::install();
  dataplane::InlineExchange exchange(hold);
  const auto config = chain(first, second, exchange);
  InlineNetwork network(config, exchange);
  const auto offered = traffic(4'000, testing::test_seed());
  Plain plain(config, offered);
  Rim rim(exchange);
  carry(network, *simulator, rim, offered, step);

  std::sort(rim.fates.begin(), rim.fates.end());
  const std::vector<Fate> expected = plain.fates();
  ASSERT_GT(expected.size(), 2'000U);
  ASSERT_EQ(rim.fates.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(rim.fates[i], expected[i]) << i;
  EXPECT_EQ(rim.ended.size(), offered.size()) << "each frame's bytes are given back once";
  for (const std::uint32_t d : {0U, 2U}) {
    core::LinkCounters mine = counters_of(rim, d), its = plain.counters(d);
    its.queue_peak_bytes = 0;
    EXPECT_TRUE(mine.conserved());
    EXPECT_TRUE(mine == its) << "direction " << d;
    EXPECT_EQ(rim.states.at(d).entered_late, 0U);
  }
}

TEST(Inline, RoughLinksMarkDamageAndCopy) {
  dataplane::InlineExchange exchange{Duration()};
  const auto config = chain(rough(Duration::milliseconds(3)), rough(Duration::milliseconds(5)), exchange);
  const auto offered = traffic(4'000, test_seed());
  Plain plain(config, offered);
  std::size_t marked = 0, damaged = 0;
  for (const Fate& fate : plain.fates()) {
    marked += fate.marked;
    damaged += fate.bits.size() > InlineReturn::kBits;
  }
  EXPECT_GT(marked, 20U);
  EXPECT_GT(damaged, 100U);
  EXPECT_GT(plain.counters(2).duplicated.frames, 50U);
}

TEST(Inline, OneLinkAfterAnotherDecidesAsTheCoreDoes) {
  expect_as_plain(rough(Duration::milliseconds(3)), rough(Duration::milliseconds(5)), Duration(),
                  Duration::microseconds(10));
}

TEST(Inline, HoldChangesNothingButWhenFramesComeBack) {
  expect_as_plain(rough(Duration::milliseconds(3)), rough(Duration::milliseconds(5)),
                  Duration::milliseconds(2), Duration::microseconds(10));
}

TEST(Inline, StallsOfTheDataPlaneChangeNothing) {
  expect_as_plain(rough(Duration::milliseconds(3)), rough(Duration::milliseconds(5)),
                  Duration::milliseconds(2), Duration::milliseconds(7));
}

TEST(Inline, LinksWithoutDelayWorkToo) {
  expect_as_plain(line_of(Duration()), line_of(Duration()), Duration::milliseconds(2),
                  Duration::microseconds(3));
}

TEST(Inline, ChangesOfDelayKeepTheHoldOut) {
  core::LinkConfig first = rough(Duration::milliseconds(3));
  first.line.jitter = {};
  core::Event shorter, longer;
  shorter.at = Duration::milliseconds(10);
  shorter.change.delay = Duration::milliseconds(1);
  longer.at = Duration::milliseconds(20);
  longer.change.delay = Duration::milliseconds(4);
  first.timeline.events = {shorter, longer};
  EXPECT_EQ(dataplane::hold_of(first, Duration::milliseconds(2)), Duration::milliseconds(1));
  expect_as_plain(first, rough(Duration::milliseconds(5)), Duration::milliseconds(2),
                  Duration::microseconds(10));
}

}  // namespace
}  // namespace longhaul::wide
