// SPDX-License-Identifier: GPL-2.0-only
//
// Where other emulators fall: small frames on a shaped link, a buffer below the rate-delay product, collapse
// past saturation, losses at the end of a burst, the same losses in both directions, storage that leaks with
// each loss, parameters sampled once a second, one time stamp for a whole burst, jitter squeezed by load.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

#include "tests/core/course.h"
#include "tests/core/statistics.h"

namespace longhaul::testing {
namespace {

using core::DropCause;

core::LinkConfig shaped(std::uint64_t gigabits, Duration delay, std::uint64_t buffer) {
  core::LinkConfig config;
  config.rate = BitRate::gigabits_per_second(gigabits);
  config.delay = delay;
  config.buffer = Bytes(buffer);
  return config;
}

TEST(Traps, SmallFramesLeaveAtTheRateTheyCount) {
  for (const core::Framing framing : {core::Framing::kWire, core::Framing::kL2}) {
    for (const std::uint32_t size : {60u, 64u, 128u, 1'000u}) {
      core::LinkConfig config = shaped(1, {}, 3'000'000);
      config.framing = framing;
      Course course(config);
      for (int i = 0; i < 2'000; ++i) course.offer(Instant{}, size);
      course.finish();
      const std::uint64_t counted = framing == core::Framing::kWire ? size + 24 : size;
      EXPECT_EQ(course.arrivals.back().due.ps(), static_cast<std::int64_t>(2'000 * counted * 8'000)) << size;
    }
  }
}

TEST(Traps, ABufferBelowTheRateDelayProductNeitherLosesNorSlows) {
  // 1 Gbit/s, 20 ms, 5 ms of buffer under 110 %: the line is full all the time, and what stands in the buffer
  // is a buffer, not a line.
  core::LinkConfig config = shaped(1, Duration::milliseconds(20), 625'000);
  config.framing = core::Framing::kL2;
  Course course(config);
  constexpr std::int64_t kFrames = 55'000;
  for (std::int64_t i = 0; i < kFrames; ++i) course.offer(at_us(8 * i * 10 / 11), 1'000);
  course.finish();
  EXPECT_GT(course.counters().queue_peak_bytes, 624'000u);
  Instant before = Instant::at(config.delay);
  for (const Course::Arrival& arrival : course.arrivals) {
    ASSERT_EQ(arrival.due - before, Duration::microseconds(8));
    before = arrival.due;
  }
  EXPECT_NEAR(static_cast<double>(course.arrivals.size()), 50'000 + 625, 2);
}

TEST(Traps, ALongLineHoldsMoreThanAThousandFrames) {
  // 20 ms of 64 B frames at 10 Gbit/s with a buffer of a few.
  Course course(shaped(10, Duration::milliseconds(20), 10'000));
  const Duration spacing = Duration::picoseconds(70'400);
  for (std::int64_t i = 0; i < 300'000; ++i) course.offer(Instant::at(spacing * i), 64);
  EXPECT_GT(course.counters().held.frames, 280'000u);
  course.finish();
  EXPECT_EQ(course.arrivals.size(), 300'000u);
}

TEST(Traps, OutputDoesNotCollapsePastSaturation) {
  for (const std::int64_t overload : {1, 2, 5, 20}) {
    core::LinkConfig config = shaped(10, Duration::milliseconds(1), 100'000);
    Course course(config);
    const Duration at_rate = serialisation_time(Bytes(88), config.rate);
    for (std::int64_t i = 0; i < 20'000 * overload; ++i)
      course.offer(Instant::at(at_rate * i / overload), 64);
    course.run_until(Instant::at(at_rate * 20'000 + config.delay));
    EXPECT_EQ(course.arrivals.size(), 20'000u) << overload;
    course.finish();
    EXPECT_TRUE(course.counters().conserved());
  }
}

TEST(Traps, WavesDoNotMultiplyTheRate) {
  for (const std::uint32_t members : {1u, 2u, 7u, 16u}) {
    core::LinkConfig config = shaped(10, {}, 10'000'000);
    config.waves.members = members;
    Course course(config);
    for (std::uint32_t i = 0; i < 11'200; ++i) course.offer(Instant{}, 601, {.flow = i});
    course.finish();
    const double seconds = (course.arrivals.back().due - Instant{}).to_seconds();
    EXPECT_NEAR(11'200 * 625 * 8 / seconds / 1e10, 1, 1e-6) << members;
  }
}

TEST(Traps, LossHasNoFavouritePlaceInABurst) {
  core::LinkConfig config = bare_line();
  const std::array<core::LossModel, 2> models{
      core::LossModel(0.05), core::LossModel(core::loss::GilbertElliott{0.05, 0.5, 0.6, 0.001})};
  for (const core::LossModel& model : models) {
    config.loss = model;
    const std::vector<bool> lost = lost_frames(config, 256'000, 81);  // in bursts of 64
    std::array<double, 64> at_place{};
    for (std::size_t i = 0; i < lost.size(); ++i) at_place.at(i % 64) += lost[i] ? 1 : 0;
    EXPECT_GT(uniform_counts_p(at_place), kSignificance);
  }
}

// p-value of two series of losses being independent, by the four ways a pair can end.
double independence_p(const std::vector<bool>& a, const std::vector<bool>& b) {
  std::array<double, 4> observed{}, expected{};
  double lost_a = 0, lost_b = 0;
  const auto n = static_cast<double>(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ++observed.at((a[i] ? 2u : 0u) + (b[i] ? 1u : 0u));
    lost_a += a[i] ? 1 : 0;
    lost_b += b[i] ? 1 : 0;
  }
  double statistic = 0;
  for (std::size_t cell = 0; cell < 4; ++cell) {
    expected.at(cell) = (cell / 2 != 0 ? lost_a : n - lost_a) * (cell % 2 != 0 ? lost_b : n - lost_b) / n;
    const double off = observed.at(cell) - expected.at(cell);
    statistic += off * off / expected.at(cell);
  }
  return chi_square_tail(statistic, 1);
}

TEST(Traps, DirectionsLinksAndSeedsLoseDifferentFrames) {
  constexpr std::uint64_t kFrames = 60'000;
  core::LinkConfig config = bare_line();
  for (int kind = 0; kind < 3; ++kind) {
    config.loss = kind == 0 ? core::LossModel(0.2) : core::LossModel();
    config.line.corrupt.probability = kind == 1 ? 0.2 : 0;
    config.line.bit_errors.rate = kind == 2 ? 4e-4 : 0;
    const std::vector<bool> one = lost_frames(config, kFrames, 82, {3, 0});
    EXPECT_EQ(one, lost_frames(config, kFrames, 82, {3, 0})) << "the same stream is the same";
    EXPECT_GT(independence_p(one, lost_frames(config, kFrames, 82, {3, 1})), kSignificance) << kind;
    EXPECT_GT(independence_p(one, lost_frames(config, kFrames, 82, {4, 0})), kSignificance) << kind;
    EXPECT_GT(independence_p(one, lost_frames(config, kFrames, 83, {3, 0})), kSignificance) << kind;
  }
}

TEST(Traps, EffectsDoNotShareDraws) {
  // What one effect takes says nothing of what another takes.
  constexpr std::uint64_t kFrames = 60'000;
  core::LinkConfig lossy = bare_line(), corrupting = bare_line(), erring = bare_line();
  lossy.loss = 0.2;
  corrupting.line.corrupt.probability = 0.2;
  erring.line.bit_errors.rate = 4e-4;
  const std::vector<bool> a = lost_frames(lossy, kFrames, 84), b = lost_frames(corrupting, kFrames, 84),
                          c = lost_frames(erring, kFrames, 84);
  EXPECT_GT(independence_p(a, b), kSignificance);
  EXPECT_GT(independence_p(a, c), kSignificance);
  EXPECT_GT(independence_p(b, c), kSignificance);
}

TEST(Traps, NothingLeaksHoweverFramesEnd) {
  core::LinkConfig config = shaped(10, Duration::microseconds(200), 200'000);
  config.loss = 0.2;
  config.line.jitter = {
      .scale = Duration::microseconds(5), .shape = core::JitterShape::kNormal, .correlation = 0, .table = {}};
  config.line.corrupt.probability = 0.1;
  config.line.bit_errors.rate = 1e-5;
  config.line.duplicate = {0.1, Duration::microseconds(3)};
  config.line.reorder = {.probability = 0.05, .gap = 3, .hold = {}};
  config.queues.classes[0].aqm = core::aqm::Red{.min = Bytes(50'000), .max = Bytes(150'000)};
  config.queues.classes[0].time_cap = Duration::microseconds(140);
  config.far_end.rate = BitRate::gigabits_per_second(6);
  config.far_end.buffer = Bytes(50'000);
  Course course(config, 85);
  // Six rounds of 110 % for 10 ms each and then silence: each must find the link as empty as the first did.
  std::uint64_t peak = 0;
  for (std::int64_t round = 0; round < 6; ++round) {
    for (std::int64_t i = 0; i < 14'000; ++i) {
      course.offer(Instant::at(Duration::milliseconds(20) * round + Duration::nanoseconds(730) * i), 976);
      peak = std::max(peak, course.counters().held.bytes);
    }
    course.finish();
    EXPECT_EQ(course.counters().held, core::Tally{});
    EXPECT_EQ(course.queue_bytes(), 0u);
    EXPECT_TRUE(course.counters().conserved());
    EXPECT_EQ(course.next_event(), Instant::never());
  }
  EXPECT_GT(peak, 200'000u);
  for (const DropCause cause : {DropCause::kLineLoss, DropCause::kBadFcs, DropCause::kBitError,
                                DropCause::kRed, DropCause::kFarQueueFull}) {
    EXPECT_GT(course.dropped(cause), 0u) << core::name(cause);
  }
  // And a full buffer still fits.
  config = shaped(1, Duration::microseconds(200), 200'000);
  config.loss = 1;
  Course all_lost(config);
  for (std::int64_t round = 0; round < 50; ++round) {
    const std::size_t before = all_lost.drops.size();
    for (int i = 0; i < 201; ++i) all_lost.offer(Instant::at(Duration::milliseconds(5) * round), 1'000);
    all_lost.finish();
    ASSERT_EQ(all_lost.drops.size() - before, 201u);
  }
  EXPECT_EQ(all_lost.dropped(DropCause::kQueueFull), 0u);
  EXPECT_EQ(all_lost.dropped(DropCause::kLineLoss), 50u * 201);
}

TEST(Traps, EachFrameHasItsOwnJitter) {
  core::LinkConfig config = bare_line();
  config.delay = Duration::milliseconds(1);
  config.line.order = core::Order::kFree;
  config.line.jitter.scale = Duration::microseconds(100);
  Course course(config, 86);
  for (std::int64_t i = 0; i < 5'000; ++i) course.offer(at_us(i), 60);  // 5 ms in all
  course.finish();
  std::set<std::int64_t> distinct;
  std::vector<double> series;
  const std::vector<Instant> due = course.due_times();
  for (std::int64_t i = 0; i < 5'000; ++i) {
    const std::int64_t way = (due[static_cast<std::size_t>(i)] - at_us(i)).ps();
    distinct.insert(way);
    series.push_back(static_cast<double>(way));
  }
  EXPECT_GT(distinct.size(), 4'990u) << "of 2e8 picoseconds";
  EXPECT_NEAR(autocorrelation(series, 1), 0, 4 / std::sqrt(5'000));
}

TEST(Traps, LoadDoesNotSqueezeJitter) {
  // 95 % load in bursts, so that most frames have waited.
  core::LinkConfig config = shaped(1, Duration::milliseconds(2), 10'000'000);
  config.framing = core::Framing::kL2;
  config.line.order = core::Order::kFree;
  config.line.jitter = {.scale = Duration::microseconds(50),
                        .shape = core::JitterShape::kNormal,
                        .correlation = 0,
                        .table = {}};
  core::LinkConfig steady = config;
  steady.line.jitter = {};
  Course with(config, 87), without(steady, 87);
  for (std::int64_t burst = 0; burst < 400; ++burst) {
    for (int i = 0; i < 50; ++i) {
      with.offer(at_us(421 * burst), 1'000);
      without.offer(at_us(421 * burst), 1'000);
    }
  }
  with.finish();
  without.finish();
  const std::vector<Instant> jittered = with.due_times(), plain = without.due_times();
  std::vector<double> units;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    units.push_back((jittered[i] - plain[i]).to_seconds() / 50e-6);
  }
  EXPECT_GT(kolmogorov_smirnov_p(units, normal_cdf), kSignificance);
}

TEST(Traps, FramesOfABurstKeepTheirOwnTimes) {
  core::Link link(shaped(10, Duration::microseconds(5), 100'000), kLargestFrame, {0, 0}, 1);
  struct Sink {
    std::vector<Instant> due;
    void deliver(const core::Frame&, Instant at) { due.push_back(at); }
    void drop(const core::Frame&, core::DropCause) {}
    std::optional<std::uint64_t> duplicate(const core::Frame&) { return std::nullopt; }
    void corrupt(const core::Frame&, std::uint64_t) {}
  } sink;
  std::vector<core::Frame> burst(256);
  for (std::size_t i = 0; i < burst.size(); ++i) {
    burst[i].cookie = i;
    burst[i].at = Instant::at(Duration::nanoseconds(300) * static_cast<std::int64_t>(i * i % 7 + 7 * i));
    burst[i].size = 64;
  }
  link.push(burst, sink);
  while (link.next_event() != Instant::never()) link.advance(link.next_event(), sink);
  ASSERT_EQ(sink.due.size(), burst.size());
  for (std::size_t i = 0; i < burst.size(); ++i) {
    ASSERT_EQ(sink.due[i], burst[i].at + Duration::picoseconds(70'400) + Duration::microseconds(5)) << i;
  }
}

}  // namespace
}  // namespace longhaul::testing
