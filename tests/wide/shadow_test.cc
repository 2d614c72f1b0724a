// SPDX-License-Identifier: GPL-2.0-only
//
// What a model of background publishes, against what is known of the queue that it is in.
#include <cmath>

#include "tests/wide/shadow_model.h"

namespace longhaul::wide {
namespace {

using testing::background;
using testing::kLink;
using testing::md1_wait;
using testing::Model;
using testing::rate_at;
using testing::row;

constexpr const char* kNarrow = "delay: 5 ms, rate: 4 Gbit/s, buffer: 5 ms";

constexpr Duration ms(std::int64_t n) {
  return Duration::milliseconds(n);
}

struct Case {
  double load;
  std::uint32_t k;
};
class OfPoisson : public ::testing::TestWithParam<Case> {};

TEST_P(OfPoisson, TheRestIsLeftAndTheWaitIsThatOfMD1WhateverTheSlowDown) {
  const auto [load, k] = GetParam();
  Model model(row(), {background(traffic::Poisson{rate_at(load)})}, k);
  model.run(ms(1'000) * (k == 1 ? 1 : 5));
  const ShadowDirection seen = model.seen();
  EXPECT_NEAR(seen.mean.left.share_left, 1 - load, 0.02 * (1 - load) + 0.002);
  EXPECT_NEAR(seen.mean.carried, load, 0.02 * load);
  EXPECT_NEAR(seen.mean.left.wait.to_seconds() / md1_wait(load), 1, load > 0.8 ? 0.15 : 0.05);
  EXPECT_EQ(seen.mean.left.loss, 0);
  EXPECT_EQ(seen.mean.left.mark, 0);
}
INSTANTIATE_TEST_SUITE_P(Shadow, OfPoisson,
                         ::testing::Values(Case{0.3, 1}, Case{0.6, 1}, Case{0.9, 1}, Case{0.3, 10},
                                           Case{0.6, 10}, Case{0.9, 10}, Case{0.6, 40}));

class SlowedDown : public ::testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Shadow, SlowedDown, ::testing::Values(1, 10));

// A tail-drop queue at 1.05: the buffer is full, and 0.05 of 1.05 finds no room.
TEST_P(SlowedDown, AnOverloadFillsTheBufferAndLosesTheRest) {
  Model model(row(), {background(traffic::Poisson{rate_at(1.05)})}, GetParam());
  model.run(ms(1'500));
  const std::vector<ShadowRow> rows = model.seen().rows;
  ASSERT_EQ(rows.size(), 15U);
  double loss = 0, wait = 0;
  for (std::size_t i = 5; i < rows.size(); ++i) {
    loss += rows[i].left.loss / 10;
    wait += rows[i].left.wait.to_seconds() / 10;
    EXPECT_NEAR(rows[i].left.share_left, 0.01, 0.005);
  }
  EXPECT_NEAR(loss, 0.05 / 1.05, 0.006);
  EXPECT_NEAR(wait, 5e-3, 0.15e-3);
}

// 20 senders of 625 kB: 12.5 MB into a buffer of 6.25 MB, twice its time. It is full at once and empty 5 ms
// later, in each 50 ms.
TEST_P(SlowedDown, AnIncastFillsTheBuffer) {
  Model model(row(), {background(traffic::Incast{20, Bytes(625'000), ms(50)})}, GetParam());
  model.run(ms(1'000));
  const ShadowDirection seen = model.seen();
  EXPECT_NEAR(seen.mean.left.wait.to_seconds(), 5e-3 / 2 * 5 / 50, 0.02e-3);
  EXPECT_NEAR(seen.longest_wait.to_seconds(), 4.5e-3, 0.1e-3);  // mean of the first interval of a millisecond
  const auto in = static_cast<double>(seen.counters.in.frames);
  EXPECT_NEAR(static_cast<double>(seen.counters.dropped_in_all().frames) / in, 0.5, 0.02);
  EXPECT_NEAR(seen.mean.carried, 0.1, 0.005);
  EXPECT_GT(seen.mean.left.loss, 0);
  EXPECT_LT(seen.mean.left.loss, 0.01);  // it is full for a moment only
}

TEST_P(SlowedDown, AStepIsSeenInTheIntervalInWhichItIs) {
  traffic::Background one = background(traffic::Poisson{rate_at(0.2)});
  one.source.profile.steps = {{ms(300), 4}};
  Model model(row(), {one}, GetParam());
  model.run(ms(300));
  EXPECT_NEAR(model.seen().mean.left.share_left, 0.8, 0.01);
  model.run(ms(1));
  EXPECT_NEAR(model.board.read(0)->background.share_left, 0.2, 0.001);
  model.run(ms(299));
  for (std::size_t i = 3; i < 6; ++i) EXPECT_NEAR(model.seen().rows.at(i).left.share_left, 0.2, 0.02);
}

TEST_P(SlowedDown, ADayIsFollowed) {
  traffic::Background one = background(traffic::Poisson{rate_at(0.4)});
  one.source.profile = {{}, ms(800), 1};
  Model model(row(), {one}, GetParam());
  model.run(ms(800));
  const std::vector<ShadowRow> rows = model.seen().rows;
  ASSERT_EQ(rows.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) {
    const double from = std::cos(static_cast<double>(i) * std::acos(-1) / 4);
    const double to = std::cos(static_cast<double>(i + 1) * std::acos(-1) / 4);
    EXPECT_NEAR(1 - rows[i].left.share_left, 0.4 * (1 + (from - to) * 4 / std::acos(-1)), 0.002) << i;
  }
}

TEST(Shadow, TheSameSeedGivesTheSameAndAnotherOneDoesNot) {
  const std::vector<traffic::Background> both{
      background(traffic::Poisson{rate_at(0.3)}, "p", 2),
      background(traffic::OnOff{rate_at(0.5), ms(3), ms(4), traffic::OnOff::Law::kPareto}, "o", 2)};
  const auto published = [&](std::uint64_t seed) {
    ShadowOptions options;
    options.seed = seed;
    const topology::Topology topology = row();
    dataplane::BackgroundBoard board(4);
    ShadowNetwork network(topology, both, options, board);
    std::vector<core::Background> all;
    for (int i = 0; i < 500; ++i) {
      network.tick();
      all.push_back(board.read(2)->background);
    }
    return all;
  };
  EXPECT_EQ(published(5), published(5));
  EXPECT_NE(published(5), published(6));
}

// The second link is the narrower one; what it carries left the first one 5 ms before.
TEST(Shadow, FramesGoOnToTheNextLinkAndNoneIsForgotten) {
  const topology::Topology topology = row(kLink, kNarrow);
  Model model(topology, {background(traffic::Constant{rate_at(0.6)}, "far", 2)}, 1);
  model.run(ms(5));
  EXPECT_EQ(model.seen(1).counters.in.frames, 0U);
  model.run(ms(195));
  const ShadowDirection first = model.seen(0), second = model.seen(1);
  EXPECT_EQ(first.hop, (topology::Hop{0, topology::kForward}));
  EXPECT_EQ(second.hop, (topology::Hop{1, topology::kForward}));
  EXPECT_EQ(first.counters.dropped_in_all().frames, 0U);
  const double each_ms = 0.6 * 10e9 / (1'524 * 8) / 1'000;
  EXPECT_NEAR(static_cast<double>(first.counters.out.frames - second.counters.in.frames), 5 * each_ms,
              0.1 * each_ms);
  EXPECT_NEAR(second.rows.back().left.loss, 0.2 / 0.6, 0.01);  // 6 into 4
  EXPECT_NEAR(second.rows.back().left.wait.to_seconds(), 5e-3, 0.1e-3);
  EXPECT_NEAR(first.rows.back().left.share_left, 0.4, 0.01);
  EXPECT_EQ(model.board.generation(1), 0U);  // nothing goes back
}

// Two open loops of 0.6 and 0.6 share a tail-drop queue in halves; the even one finds room a little more
// often.
TEST_P(SlowedDown, TheRealLoadTakesItsPartOfAFullQueue) {
  Model model(row(), {background(traffic::Poisson{rate_at(0.6)})}, GetParam());
  model.run(ms(600), 0, rate_at(0.6));
  const ShadowRow last = model.seen().rows.back();
  EXPECT_NEAR(last.real, 0.6, 0.01);
  EXPECT_NEAR(last.left.share_left, 0.5, 0.01);
  EXPECT_EQ(last.left.loss, 0);  // alone the background has room: what is lost, the real queue loses
  EXPECT_NEAR(last.left.wait.to_seconds() / md1_wait(0.6), 1, 0.3);
}

TEST(Shadow, BulkTakesWhatIsLeftButForAFairShare) {
  Model model(row(), {background(traffic::Bulk{3}), background(traffic::Poisson{rate_at(0.2)}, "p")}, 1);
  model.run(ms(300));
  EXPECT_NEAR(model.seen().rows.back().carried, 1, 0.02);
  EXPECT_NEAR(model.seen().rows.back().left.share_left, 0.8 / 4, 0.01);  // one real flow beside three
  EXPECT_NEAR(model.seen().rows.back().left.wait.to_seconds() / md1_wait(0.2), 1, 0.2);  // bulk backs off
  model.run(ms(300), 0, rate_at(0.1));
  EXPECT_NEAR(model.seen().rows.back().carried, 0.9, 0.02);  // what real frames do not take
  EXPECT_NEAR(model.seen().rows.back().left.share_left, 0.2, 0.01);
}

TEST(Shadow, BulkThatIsHeldBackElsewhereLeavesMore) {
  Model model(row(kLink, kNarrow), {background(traffic::Bulk{9}, "far", 2)}, 1, 3);
  model.run(ms(300));
  // Of bc it gets 9 of 12 parts of 4 Gbit/s when real flows are there, which are not: all of it.
  EXPECT_NEAR(model.seen(0).rows.back().left.share_left, 0.7, 0.02);
  EXPECT_NEAR(model.seen(0).rows.back().carried, 0.4, 0.02);
  EXPECT_NEAR(model.seen(1).rows.back().left.share_left, 0.25, 0.02);
}

TEST(Shadow, QueueManagementMarksAsTheQueueAloneWould) {
  const topology::Topology topology =
      row(kLink + std::string(", ecn: { min: 1 MB, max: 1 MB, probability: 1 }"));
  Model model(topology, {background(traffic::Poisson{rate_at(1.05)})}, 10);
  model.run(ms(400));
  EXPECT_NEAR(model.seen().rows.back().left.mark, 1 - 0.05 / 1.05, 0.02);  // all that find room
  Model idle(topology, {background(traffic::Poisson{rate_at(0.6)})}, 10);
  idle.run(ms(400));
  EXPECT_EQ(idle.seen().mean.left.mark, 0);
}

TEST(Shadow, TheSlowDownIsChosenForHalfACore) {
  std::string links, sites;
  for (int i = 0; i < 40; ++i) {
    sites += "s" + std::to_string(i) + ": {}, ";
    links += "  l" + std::to_string(i) + ": { between: [s" + std::to_string(i) + ", s" +
             std::to_string(i + 1) + "], delay: 1 ms, rate: 10 Gbit/s }\n";
  }
  const topology::Topology topology = topology::load_text(
      "name: x\nsites: { " + sites + "s40: {} }\nhosts: { h: { site: s0 } }\nlinks:\n" + links, "x.yaml");
  traffic::Background one = background(traffic::Poisson{rate_at(0.6)}, "b", 40);
  // 40 links of 10 Gbit/s are 33 million frames a second: 5 s of a core in each second at k = 1.
  EXPECT_EQ(slow_down_for(topology, {one}), 10U);
  one.to = 1;
  EXPECT_EQ(slow_down_for(topology, {one}), 1U);
  one.source.profile.steps = {{ms(0), 100}};
  EXPECT_GT(slow_down_for(topology, {one}), 10U);
}

TEST(Shadow, TicksAreNoLongerThanTheShortestWayOn) {
  EXPECT_EQ(Model(row(), {background(traffic::Poisson{rate_at(0.1)}, "p", 2)}, 1).network.tick_length(),
            Duration::microseconds(200));
  EXPECT_EQ(
      Model(row("delay: 30 us, rate: 10 Gbit/s"), {background(traffic::Poisson{rate_at(0.1)}, "p", 2)}, 1)
          .network.tick_length(),
      ms(1) / 34);
  EXPECT_EQ(
      Model(row("delay: 1 us, rate: 10 Gbit/s"), {background(traffic::Poisson{rate_at(0.1)}, "p", 2)}, 1)
          .network.tick_length(),
      Duration::microseconds(10));
}

}  // namespace
}  // namespace longhaul::wide
