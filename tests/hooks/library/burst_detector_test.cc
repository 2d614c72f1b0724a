// SPDX-License-Identifier: GPL-2.0-only
//
// The hook burst_detector.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/hooks/library/tested_hook.h"

namespace longhaul::hooks {
namespace {

struct Bursts {  // bursts
  std::uint64_t begin_ns, last_ns, frames, bytes;
  std::uint64_t ended, most_bytes, most_ns;
  std::uint64_t by_bytes[32], by_ns[32], by_gap[32];
};

std::uint64_t sum(const std::uint64_t (&bins)[32]) {
  return std::accumulate(std::begin(bins), std::end(bins), std::uint64_t{0});
}

TEST(BurstDetector, EndsABurstWithAGap) {
  TestedHook hook("burst_detector", {{"gap_ns", 1'000}});
  // Three frames of 1,000 B in 1,998 ns; a frame alone; and one that goes on.
  for (const std::uint64_t at : {5'000u, 5'999u, 6'998u, 8'000u, 9'000u})
    hook.meet(frame_of(1'000), {.now_ns = at});
  const Bursts& bursts = hook.entry<Bursts>("bursts");
  EXPECT_EQ(bursts.ended, 2u);
  EXPECT_EQ(bursts.most_bytes, 3'000u);
  EXPECT_EQ(bursts.most_ns, 1'998u);
  EXPECT_EQ(bursts.by_bytes[11], 1u) << "2,048 to 4,095";
  EXPECT_EQ(bursts.by_bytes[9], 1u) << "512 to 1,023";
  EXPECT_EQ(bursts.by_ns[10], 1u) << "1,024 to 2,047";
  EXPECT_EQ(bursts.by_ns[0], 1u) << "no time at all";
  EXPECT_EQ(bursts.by_gap[9], 2u) << "1,002 and 1,000";
  EXPECT_EQ(bursts.frames, 1u);
  EXPECT_EQ(bursts.begin_ns, 9'000u);
  EXPECT_EQ(hook.counted[LH_INGRESS][0], 2u);
}

// Each power of two, and what is one below, falls into its bin.
TEST(BurstDetector, BinsByPowersOfTwo) {
  for (unsigned bin = 1; bin < 40; ++bin) {
    for (const std::uint64_t gap : {std::uint64_t{1} << bin, (std::uint64_t{2} << bin) - 1}) {
      TestedHook hook("burst_detector", {{"gap_ns", 1}});
      hook.meet(frame_of(60), {.now_ns = 7});
      hook.meet(frame_of(60), {.now_ns = 7 + gap});
      const Bursts& bursts = hook.entry<Bursts>("bursts");
      EXPECT_EQ(bursts.by_gap[std::min(bin, 31u)], 1u) << gap;
      EXPECT_EQ(sum(bursts.by_gap), 1u) << gap;
    }
  }
}

TEST(BurstDetector, EachPlaceAndDirectionHasItsOwn) {
  TestedHook hook("burst_detector", {{"gap_ns", 10}});
  ASSERT_TRUE(hook.has(LH_EGRESS));
  std::uint64_t frames = 0;
  for (const std::uint32_t link : {0u, 255u}) {
    for (const std::uint32_t direction : {0u, 1u}) {
      for (const lh_place place : {LH_INGRESS, LH_EGRESS}) {
        ++frames;
        for (std::uint64_t i = 0; i < frames; ++i) {
          hook.meet(frame_of(64), {.link = link, .direction = direction, .now_ns = 100 + i, .place = place});
        }
        const Bursts& bursts = hook.entry<Bursts>("bursts", 4 * link + 2 * direction + place);
        EXPECT_EQ(bursts.frames, frames);
        EXPECT_EQ(bursts.bytes, 64 * frames);
        EXPECT_EQ(bursts.ended, 0u);
      }
    }
  }
}

TEST(BurstDetector, CapturesTheRestOfALargeBurst) {
  TestedHook hook("burst_detector", {{"gap_ns", 1'000}, {"capture_above", 2'000}});
  std::vector<std::uint32_t> verdicts;
  for (const std::uint64_t at : {0u, 1u, 2u, 3u, 2'000u})
    verdicts.push_back(hook.meet(frame_of(1'000), {.now_ns = at}).verdict);
  EXPECT_EQ(verdicts, (std::vector<std::uint32_t>{LH_PASS, LH_PASS, LH_CAPTURE, LH_CAPTURE, LH_PASS}));
  EXPECT_EQ(hook.counted[LH_INGRESS][1], 2u);
}

TEST(BurstDetector, CountsWhateverTheBytes) {
  TestedHook hook("burst_detector");
  for (const std::size_t size : {0u, 1u, 13u, 9'018u}) EXPECT_EQ(hook.fate(frame_of(size)), '.');
  EXPECT_EQ(hook.entry<Bursts>("bursts").bytes, 1u + 13u + 9'018u);
}

}  // namespace
}  // namespace longhaul::hooks
