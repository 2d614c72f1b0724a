// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/live_recorder.h"

#include <gtest/gtest.h>

#include <vector>

namespace longhaul::scenario {
namespace {

std::vector<dataplane::DirectionConfig> one_direction() {
  dataplane::DirectionConfig config;
  config.link.rate = BitRate::gigabits_per_second(1);
  config.link.loss = core::LossModel(0.5);
  return {config};
}

// After so long, with 1,000 frames of 1,000 B each 100 ms.
dataplane::Sample sample_at(Duration time) {
  dataplane::Sample sample;
  sample.at = Instant::at(time);
  const auto steps = static_cast<std::uint64_t>(time.ps() / Duration::milliseconds(100).ps());
  dataplane::DirectionSample direction;
  direction.state.rate = BitRate::gigabits_per_second(1);
  direction.counters.in = {1'000 * steps, 1'000'000 * steps};
  direction.counters.out = {900 * steps, 900'000 * steps};
  direction.counters.dropped[static_cast<std::size_t>(core::DropCause::kQueueFull)] = {60 * steps, 0};
  direction.counters.dropped[static_cast<std::size_t>(core::DropCause::kLineLoss)] = {40 * steps, 0};
  direction.counters.marked[0] = {10 * steps, 0};
  sample.directions = {direction};
  sample.ports = {{.rx_frames = 0, .rx_bytes = 1'000'000 * steps}};
  dataplane::LoopStatistics& loop = sample.lcores.emplace_back();
  loop.turns = 50'000 * steps;
  loop.cpu_time = Duration::milliseconds(25) * static_cast<std::int64_t>(steps);
  return sample;
}

LiveView view_of(const LiveRecorder& recorder, const dataplane::Sample& sample) {
  LiveView view;
  view.directions.resize(1);
  view.directions[0].now = sample.directions[0];
  view.ports.resize(1);
  view.lcores.resize(1);
  recorder.fill(view);
  return view;
}

TEST(LiveRecorder, RatesAreThoseOfTheLastSecond) {
  LiveRecorder recorder(one_direction());
  dataplane::Sample sample = sample_at(Duration());
  recorder.add(sample);
  EXPECT_EQ(view_of(recorder, sample).directions[0].in_bps, 0);
  for (int ms = 10; ms <= 5'000; ms += 10) recorder.add(sample = sample_at(Duration::milliseconds(ms)));
  LiveView view = view_of(recorder, sample);
  // 10,000 frames a second of 1,024 B with FCS, preamble and gap.
  EXPECT_DOUBLE_EQ(view.directions[0].in_bps, 81'920'000);
  EXPECT_DOUBLE_EQ(view.directions[0].out_bps, 73'728'000);
  EXPECT_DOUBLE_EQ(view.directions[0].load(), 0.08192);
  EXPECT_DOUBLE_EQ(view.directions[0].drops_per_s, 1'000);
  EXPECT_EQ(view.directions[0].drop_cause, "queue_full");
  EXPECT_DOUBLE_EQ(view.directions[0].marks_per_s, 100);
  EXPECT_DOUBLE_EQ(view.ports[0].rx_bps, 80'000'000);
  EXPECT_DOUBLE_EQ(view.lcores[0].turns_per_s, 500'000);
  EXPECT_DOUBLE_EQ(view.lcores[0].busy, 0.25);
  // Nothing more comes: a little over a second later all is quiet.
  for (int ms = 5'010; ms <= 6'200; ms += 10) {
    dataplane::Sample still = sample;
    still.at = Instant::at(Duration::milliseconds(ms));
    recorder.add(still);
  }
  view = view_of(recorder, sample);
  EXPECT_EQ(view.directions[0].in_bps, 0);
  EXPECT_EQ(view.directions[0].drop_cause, "");
}

TEST(LiveRecorder, LossIsWhatWasSetOnceItCounts) {
  LiveRecorder recorder(one_direction());
  dataplane::Sample sample = sample_at(Duration());
  const auto loss_at = [&](int ms) {
    recorder.add(sample = sample_at(Duration::milliseconds(ms)));
    return view_of(recorder, sample).directions[0].loss;
  };
  EXPECT_EQ(loss_at(0), 0.5);
  const std::vector<dataplane::PlannedChange> changes{{0, Duration::milliseconds(100), {.loss = 0.25}},
                                                      {0, Duration(), {.loss = 0.125}},
                                                      {0, Duration(), {.burst = 3}}};
  recorder.add(changes, Instant::at(Duration::milliseconds(50)));
  EXPECT_EQ(loss_at(49), 0.5);
  EXPECT_EQ(loss_at(50), 0.125);
  EXPECT_EQ(loss_at(149), 0.125);
  EXPECT_EQ(loss_at(1'000), 0.25);
}

TEST(LiveRecorder, LossIsNotKnownWhereItIsMoreThanANumber) {
  auto directions = one_direction();
  core::Event event;
  event.change.loss = 0.75;
  directions[0].link.timeline.events.push_back(event);
  LiveRecorder with_timeline(directions);
  dataplane::Sample sample = sample_at(Duration());
  EXPECT_EQ(view_of(with_timeline, sample).directions[0].loss, std::nullopt);
  directions = one_direction();
  directions[0].link.loss = core::loss::GilbertElliott{};
  LiveRecorder with_model(directions);
  EXPECT_EQ(view_of(with_model, sample).directions[0].loss, std::nullopt);
}

}  // namespace
}  // namespace longhaul::scenario
