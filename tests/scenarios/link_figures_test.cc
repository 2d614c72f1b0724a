// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/link_figures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace longhaul::scenario {
namespace {

namespace loss = core::loss;

// Counts losses and runs of them in `frames` frames of a model that is told as a step function.
template <typename Lose>
LossFigures counted(Lose lose, int frames) {
  double lost = 0, runs = 0;
  bool before = false;
  for (int i = 0; i < frames; ++i) {
    const bool now = lose();
    lost += now ? 1 : 0;
    runs += now && !before ? 1 : 0;
    before = now;
  }
  return {lost / frames, runs == 0 ? 0 : lost / runs};
}

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}
  bool operator()(double probability) { return uniform_(random_) < probability; }

 private:
  std::mt19937_64 random_;
  std::uniform_real_distribution<double> uniform_;
};

constexpr int kFrames = 2'000'000;

TEST(LossFigures, Bernoulli) {
  EXPECT_EQ(loss_figures(0.0).mean_burst, 0);
  EXPECT_EQ(loss_figures(0.2).mean, 0.2);
  EXPECT_DOUBLE_EQ(loss_figures(0.2).mean_burst, 1.25);
  EXPECT_TRUE(std::isinf(loss_figures(1.0).mean_burst));
}

TEST(LossFigures, GilbertLosesInBurstsOfOneOverR) {
  const LossFigures figures = loss_figures(loss::GilbertElliott{0.01, 0.1, 1, 0});
  EXPECT_DOUBLE_EQ(figures.mean, 0.01 / 0.11);
  EXPECT_DOUBLE_EQ(figures.mean_burst, 10);
}

TEST(LossFigures, GilbertElliottAgreesWithACount) {
  const loss::GilbertElliott m{0.02, 0.15, 0.7, 0.01};
  Chance chance(1);
  bool bad = false;
  const LossFigures measured = counted(
      [&] {
        const bool lost = chance(bad ? m.loss_bad : m.loss_good);
        if (chance(bad ? m.to_good : m.to_bad)) bad = !bad;
        return lost;
      },
      kFrames);
  EXPECT_NEAR(loss_figures(m).mean / measured.mean, 1, 0.02);
  EXPECT_NEAR(loss_figures(m).mean_burst / measured.mean_burst, 1, 0.02);
}

TEST(LossFigures, GilbertElliottThatStaysWhereItIs) {
  EXPECT_EQ(loss_figures(loss::GilbertElliott{0, 0, 1, 0.25}).mean, 0.25);  // never bad: it begins good
  EXPECT_EQ(loss_figures(loss::GilbertElliott{0.1, 0, 0.5, 0}).mean, 0.5);  // bad for ever
  EXPECT_TRUE(std::isinf(loss_figures(loss::GilbertElliott{0.1, 0, 1, 0}).mean_burst));
}

TEST(LossFigures, FourStatesAgreeWithACount) {
  const loss::FourState m{0.01, 0.2, 0.1, 0.4, 0.005};
  Chance chance(2);
  int state = 1;
  const LossFigures measured = counted(
      [&] {
        const auto next = [&](double first, int one, double second, int two) {
          const int draw = chance(first) ? 0 : chance(second / (1 - first)) ? 1 : 2;
          state = draw == 0 ? one : draw == 1 ? two : state;
        };
        if (state == 1) {
          next(m.p13, 3, m.p14, 4);
        } else if (state == 2) {
          next(m.p23, 3, 0, 2);
        } else if (state == 3) {
          next(m.p31, 1, m.p32, 2);
        } else {
          state = 1;
        }
        return state >= 3;
      },
      kFrames);
  EXPECT_NEAR(loss_figures(m).mean / measured.mean, 1, 0.03);
  EXPECT_NEAR(loss_figures(m).mean_burst / measured.mean_burst, 1, 0.03);
}

TEST(LossFigures, FourStatesWithoutAWayBack) {
  const auto figures = [](double p13, double p31, double p32, double p23, double p14) {
    return loss_figures(loss::FourState{p13, p31, p32, p23, p14});
  };
  EXPECT_EQ(figures(0, 0, 0, 0, 0).mean, 0);
  EXPECT_DOUBLE_EQ(figures(0, 1, 0, 1, 0.25).mean, 0.2);  // isolated losses alone
  EXPECT_DOUBLE_EQ(figures(0, 1, 0, 1, 0.25).mean_burst, 1);
  EXPECT_EQ(figures(0.1, 0, 0, 0, 0).mean, 1);      // ends in loss
  EXPECT_EQ(figures(0.1, 0.1, 0.1, 0, 0).mean, 0);  // ends in reception within a burst
  EXPECT_DOUBLE_EQ(figures(0.1, 0, 0.5, 0.25, 0).mean, 1.0 / 3);
  EXPECT_DOUBLE_EQ(figures(0.1, 0.5, 0, 0, 0).mean_burst, 2);  // state 2 is never reached
}

TEST(LossFigures, PatternsAreCounted) {
  EXPECT_EQ(loss_figures(loss::EveryNth{4, 2}).mean, 0.25);
  EXPECT_EQ(loss_figures(loss::EveryNth{4, 2}).mean_burst, 1);
  EXPECT_TRUE(std::isinf(loss_figures(loss::EveryNth{1, 0}).mean_burst));
  const LossFigures once = loss_figures(loss::Positions{{3, 4, 5, 9}, 0});
  EXPECT_EQ(once.mean, 0);
  EXPECT_EQ(once.mean_burst, 2);
  const LossFigures around = loss_figures(loss::Positions{{0, 5, 9}, 10});  // 9 and the next 0 are one run
  EXPECT_DOUBLE_EQ(around.mean, 0.3);
  EXPECT_DOUBLE_EQ(around.mean_burst, 1.5);
  EXPECT_TRUE(std::isinf(loss_figures(loss::Positions{{0, 1}, 2}).mean_burst));
  EXPECT_EQ(loss_figures(loss::Positions{{}, 10}).mean_burst, 0);
}

TEST(BitErrors, OfAFullSizeFrame) {
  EXPECT_NEAR(bit_error_probability(1e-15, Bytes(4'092)) / (8 * 4'096 * 1e-15), 1, 1e-9);
  EXPECT_NEAR(bit_error_probability(1e-3, Bytes(60)), 1 - std::pow(1 - 1e-3, 512), 1e-12);
  EXPECT_EQ(bit_error_probability(0, Bytes(60)), 0);
  EXPECT_EQ(bit_error_probability(1, Bytes(60)), 1);
}

TEST(JitterRanges, OfTheShapes) {
  core::Jitter jitter;
  jitter.scale = Duration::microseconds(100);
  EXPECT_EQ(jitter_range(jitter).least, -jitter.scale);
  jitter.shape = core::JitterShape::kNormal;
  EXPECT_NEAR(jitter_range(jitter).most.to_seconds(), 400e-6, 1e-8);
  EXPECT_NEAR(jitter_range(jitter).least.to_seconds(), -400e-6, 1e-8);
  jitter.shape = core::JitterShape::kTable;
  jitter.table = {-8'192, 0, 16'384};
  EXPECT_EQ(jitter_range(jitter).least, Duration::microseconds(-100));
  EXPECT_NEAR(jitter_range(jitter).most.to_seconds(), 200e-6, 1e-8);
}

core::LinkConfig hundred_gigabit() {
  core::LinkConfig link;
  link.rate = BitRate::gigabits_per_second(100);
  link.buffer = Bytes(10'000'000);
  link.delay = Duration::microseconds(490);
  return link;
}

TEST(Depths, CountWhatTheFramingCounts) {
  core::LinkConfig link = hundred_gigabit();
  const Depth wire = depth_figures(link, Bytes(15'140), Bytes(1'514), Duration::milliseconds(1));
  EXPECT_EQ(wire.queueing, serialisation_time(Bytes(15'380), link.rate));
  EXPECT_DOUBLE_EQ(wire.of_bdp, 15'380.0 / 12'500'000);
  link.framing = core::Framing::kL2;
  EXPECT_EQ(depth_figures(link, Bytes(15'140), Bytes(1'514), Duration()).of_bdp, 0);
}

TEST(Depths, AClassHoldsTheLeastOfItsLimits) {
  core::LinkConfig link = hundred_gigabit();
  core::ClassConfig config;
  EXPECT_EQ(class_room(link, config, Bytes(1'000)), link.buffer);
  config.limit_bytes = Bytes(5'000'000);
  EXPECT_EQ(class_room(link, config, Bytes(1'000)), Bytes(5'000'000));
  config.limit_time = Duration::microseconds(100);
  EXPECT_EQ(class_room(link, config, Bytes(1'000)), Bytes(1'250'000));
  config.limit_frames = 7;
  EXPECT_EQ(class_room(link, config, Bytes(1'000)), Bytes(7'000));
}

TEST(Pauses, HeadroomFollowsTheLongestDelay) {
  core::LinkConfig link = hundred_gigabit();
  link.far_end.pfc.pause_delay = link.delay;
  const Bytes frame(1'500);
  EXPECT_EQ(pause_figures(link, frame).needed, Bytes(12'250'000 + 1 + 2 * 1'524));
  EXPECT_EQ(pause_figures(link, frame).refresh, pause_figures(link, frame).pause_time / 2);
  core::Event event;
  event.change.delay = Duration::microseconds(590);
  link.timeline.events.push_back(event);
  EXPECT_EQ(pause_figures(link, frame).needed, Bytes(13'500'000 + 1 + 2 * 1'524));
}

TEST(Happenings, RepetitionsAreWrittenOutInOrder) {
  core::Timeline timeline;
  const auto add = [&](Duration at, Duration period, std::uint64_t times, core::Origin origin) {
    core::Event event;
    event.at = at, event.period = period, event.times = times, event.origin = origin;
    timeline.events.push_back(event);
  };
  const Duration second = Duration::seconds(1);
  add(second, second * 2, 0, core::Origin::kStart);
  add(Duration(), {}, 1, core::Origin::kFirstFrame);
  add(second * 2, second * 2, 2, core::Origin::kStart);
  std::vector<std::int64_t> seconds;
  for (const Happening& happening : first_happenings(timeline, 6)) {
    seconds.push_back(happening.at.ps() / second.ps());
  }
  EXPECT_EQ(seconds, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 7}));
  timeline.events[0].times = 1;
  EXPECT_EQ(first_happenings(timeline, 6).back().origin, core::Origin::kFirstFrame);
  timeline.events[0].times = 0;
  timeline.events[0].period = Duration::seconds(30 * 86'400);  // far apart: stops where time ends
  EXPECT_EQ(first_happenings(timeline, 10).size(), 5u);
}

}  // namespace
}  // namespace longhaul::scenario
