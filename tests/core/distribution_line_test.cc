// SPDX-License-Identifier: GPL-2.0-only
//
// Bit errors, corruption, duplication and reordering against their laws: fixed seeds, p-values above 1e-4.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <set>

#include "tests/core/course.h"
#include "tests/core/statistics.h"

namespace longhaul::testing {
namespace {

using core::DropCause;

core::LinkConfig line_of(Duration delay) {
  core::LinkConfig config = bare_line();
  config.delay = delay;
  return config;
}

// Offers so many frames of one size, `spacing` apart, and waits for the last.
void send(Course& course, std::uint64_t frames, Duration spacing, std::uint32_t size) {
  for (std::uint64_t i = 0; i < frames; ++i) {
    course.offer(Instant::at(spacing * static_cast<std::int64_t>(i)), size);
  }
  course.finish();
}

std::map<std::uint64_t, std::vector<std::uint64_t>> flips_by_frame(const Course& course) {
  std::map<std::uint64_t, std::vector<std::uint64_t>> by_frame;
  for (const Course::Flip& flip : course.flips) by_frame[flip.cookie].push_back(flip.bit);
  return by_frame;
}

// p-value of bits being drawn evenly from [low, high).
double evenly_p(const std::vector<Course::Flip>& flips, std::uint64_t low, std::uint64_t high) {
  constexpr std::uint64_t kBins = 40;
  std::array<double, kBins> observed{}, expected{};
  for (const Course::Flip& flip : flips) ++observed.at((flip.bit - low) * kBins / (high - low));
  for (std::uint64_t bit = low; bit < high; ++bit) {
    expected[(bit - low) * kBins / (high - low)] +=
        static_cast<double>(flips.size()) / static_cast<double>(high - low);
  }
  return chi_square_p(observed, expected);
}

TEST(BitErrorLaw, FrameLossGrowsWithTheFrame) {
  constexpr double kRate = 1e-5;
  for (const std::uint32_t size : {64u, 1'500u}) {
    core::LinkConfig config = line_of({});
    config.line.bit_errors.rate = kRate;
    Course course(config, 21);
    const std::uint64_t frames = size == 64 ? 400'000 : 100'000;
    send(course, frames, Duration::nanoseconds(40), size);
    const double bits = (size + 4.0) * 8;
    const double lost = -std::expm1(bits * std::log1p(-kRate));
    EXPECT_GT(share_p(course.dropped(DropCause::kBitError), frames, lost), kSignificance) << size;
    EXPECT_LT(share_p(course.dropped(DropCause::kBitError), frames, lost * 0.9), kSignificance) << size;
    EXPECT_EQ(course.dropped(DropCause::kBitError) + course.arrivals.size(), frames);
    EXPECT_TRUE(course.flips.empty());
  }
}

TEST(BitErrorLaw, MixedSizesMeetOneProcessOfBits) {
  // A 60 B frame and an 8,960 B frame in turn: each is hit by its own length, whatever went before.
  core::LinkConfig config = line_of({});
  config.line.bit_errors.rate = 1e-6;
  Course course(config, 22);
  constexpr std::uint64_t kPairs = 100'000;
  for (std::uint64_t i = 0; i < kPairs; ++i) {
    const Instant at = Instant::at(Duration::nanoseconds(400) * static_cast<std::int64_t>(i));
    course.offer(at, 60);
    course.offer(at, 8'960);
  }
  course.finish();
  std::array<std::uint64_t, 2> lost{};
  for (const Course::Drop& drop : course.drops) ++lost[drop.cookie % 2];
  EXPECT_GT(share_p(lost[0], kPairs, -std::expm1(64 * 8 * std::log1p(-1e-6))), kSignificance);
  EXPECT_GT(share_p(lost[1], kPairs, -std::expm1(8'964 * 8 * std::log1p(-1e-6))), kSignificance);
}

TEST(BitErrorLaw, DeliveredErrorsAreBinomialAndEven) {
  constexpr double kRate = 1e-4;
  constexpr std::uint64_t kFrames = 20'000;
  core::LinkConfig config = line_of({});
  config.line.bit_errors = {kRate, true};
  Course course(config, 23);
  send(course, kFrames, Duration::nanoseconds(40), 1'500);
  EXPECT_EQ(course.arrivals.size(), kFrames);
  for (const Course::Flip& flip : course.flips) ASSERT_LT(flip.bit, 12'000u);
  EXPECT_GT(evenly_p(course.flips, 0, 12'000), kSignificance);

  const auto by_frame = flips_by_frame(course);
  std::vector<std::uint64_t> per_frame(kFrames, 0);
  for (const auto& [cookie, bits] : by_frame) {
    per_frame[cookie] = bits.size();
    EXPECT_EQ(std::set(bits.begin(), bits.end()).size(), bits.size()) << "a bit is in error or it is not";
  }
  auto tail = [](std::uint64_t k) {
    double term = std::exp(12'000 * std::log1p(-kRate)), below = 0;
    for (std::uint64_t i = 0; i < k; ++i) {
      below += term;
      term *= static_cast<double>(12'000 - i) / static_cast<double>(i + 1) * kRate / (1 - kRate);
    }
    return 1 - below;
  };
  EXPECT_GT(discrete_fit_p(per_frame, tail), kSignificance);
  EXPECT_GE(course.counters().corrupted.frames, by_frame.size());
}

TEST(CorruptLaw, ShareBitsAndRegion) {
  const std::array<std::pair<std::uint64_t, std::uint64_t>, 3> ranges{{{0, 4'000}, {0, 112}, {112, 4'000}}};
  for (const core::Region region : {core::Region::kAnywhere, core::Region::kHeader, core::Region::kPayload}) {
    const auto [low, high] = ranges.at(static_cast<std::size_t>(region));
    core::LinkConfig config = line_of({});
    config.line.corrupt = {.probability = 0.1, .bits = 3, .region = region, .deliver = true};
    Course course(config, 24);
    send(course, 60'000, Duration::nanoseconds(20), 500);
    const auto by_frame = flips_by_frame(course);
    EXPECT_GT(share_p(by_frame.size(), 60'000, 0.1), kSignificance);
    for (const auto& [cookie, bits] : by_frame) ASSERT_EQ(bits.size(), 3u) << cookie;
    for (const Course::Flip& flip : course.flips) ASSERT_TRUE(flip.bit >= low && flip.bit < high);
    EXPECT_GT(evenly_p(course.flips, low, high), kSignificance) << static_cast<int>(region);
    EXPECT_EQ(course.arrivals.size(), 60'000u);
    EXPECT_EQ(course.counters().corrupted.frames, by_frame.size());
  }
}

TEST(CorruptLaw, IsDroppedByItsFcsUnlessDelivered) {
  core::LinkConfig config = line_of({});
  config.line.corrupt = {.probability = 0.03};
  Course course(config, 25);
  send(course, 200'000, Duration::nanoseconds(5), 100);
  EXPECT_GT(share_p(course.dropped(DropCause::kBadFcs), 200'000, 0.03), kSignificance);
  EXPECT_EQ(course.dropped(DropCause::kBadFcs) + course.arrivals.size(), 200'000u);
}

TEST(DuplicateLaw, ShareAndExtraDelay) {
  core::LinkConfig config = line_of(Duration::microseconds(10));
  config.loss = 0.2;
  config.line.duplicate = {0.05, Duration::nanoseconds(30)};
  Course course(config, 26);
  send(course, 200'000, Duration::nanoseconds(50), 60);  // a copy arrives before the next original
  const std::vector<Instant> due = course.due_times();
  std::uint64_t originals = 0, copies = 0;
  std::set<std::uint64_t> copied;
  for (const Course::Arrival& arrival : course.arrivals) {
    if (arrival.cookie < kFirstCopy) {
      ++originals;
      continue;
    }
    ++copies;
    const std::uint64_t original = course.originals.at(arrival.cookie - kFirstCopy);
    EXPECT_TRUE(copied.insert(original).second) << "a copy is not copied again";
    ASSERT_NE(due[original], Instant::never()) << "a lost frame has no copy";
    ASSERT_EQ(arrival.due - due[original], Duration::nanoseconds(30));
  }
  EXPECT_GT(share_p(originals, 200'000, 0.8), kSignificance);
  EXPECT_GT(share_p(copies, originals, 0.05), kSignificance);
  EXPECT_EQ(course.counters().duplicated.frames, copies);
}

TEST(ReorderLaw, ShareDistanceAndEarlyArrival) {
  constexpr double kProbability = 0.2;
  constexpr std::uint64_t kGap = 5, kFrames = 200'000;
  const Duration delay = Duration::microseconds(1);
  const Duration spacing = Duration::nanoseconds(20);
  core::LinkConfig config = line_of(delay);
  config.line.reorder = {.probability = kProbability, .gap = kGap, .hold = {}};
  Course course(config, 27);
  send(course, kFrames, spacing, 60);
  const Duration sending = serialisation_time(Bytes(84), config.rate);
  const std::vector<Instant> due = course.due_times();
  std::vector<std::uint64_t> distances;
  std::uint64_t before = kFrames;
  for (std::uint64_t i = 0; i < kFrames; ++i) {
    const Instant sent = Instant::at(spacing * static_cast<std::int64_t>(i)) + sending;
    if (due[i] == sent + delay) continue;
    ASSERT_EQ(due[i], sent) << "out of its place a frame has no propagation delay";
    if (before == kFrames) {
      EXPECT_GE(i, kGap - 1) << "the first gap - 1 frames are in their place";
    } else {
      ASSERT_GE(i - before, kGap);
      distances.push_back(i - before - kGap);
    }
    before = i;
  }
  EXPECT_GT(discrete_fit_p(distances, [](std::uint64_t k) { return std::pow(1 - kProbability, k); }),
            kSignificance);
  // Each takes gap - 1 frames in their place and 1 / p tries on average: one in nine.
  EXPECT_NEAR(static_cast<double>(distances.size()) / kFrames, 1.0 / (kGap - 1 + 1 / kProbability), 0.002);
  // A microsecond of line is 50 frames: whatever is taken out overtakes, but for the very first frames.
  EXPECT_NEAR(static_cast<double>(course.counters().reordered), static_cast<double>(distances.size()), 2);
}

TEST(ReorderLaw, HeldFramesArriveLater) {
  const Duration delay = Duration::microseconds(1), hold = Duration::nanoseconds(210);
  core::LinkConfig config = line_of(delay);
  config.line.reorder = {.probability = 0.01, .gap = 1, .hold = hold};
  Course course(config, 28);
  send(course, 100'000, Duration::nanoseconds(20), 60);
  const std::vector<Instant> due = course.due_times();
  std::uint64_t held = 0;
  for (std::uint64_t i = 0; i < due.size(); ++i) {
    const Duration late = due[i] - (Instant::at(Duration::nanoseconds(20) * static_cast<std::int64_t>(i)) +
                                    serialisation_time(Bytes(84), config.rate) + delay);
    if (late == Duration{}) continue;
    ASSERT_EQ(late, hold) << i;
    ++held;
  }
  EXPECT_GT(share_p(held, 100'000, 0.01), kSignificance);
}

}  // namespace
}  // namespace longhaul::testing
