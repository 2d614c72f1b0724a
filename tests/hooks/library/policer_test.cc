// SPDX-License-Identifier: GPL-2.0-only
//
// The hook policer.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/hooks/library/tested_hook.h"

namespace longhaul::hooks {
namespace {

struct Policed {  // policed
  std::uint64_t conforming, conforming_bytes, exceeding, exceeding_bytes, marked;
};

// A frame of exactly so many bytes.
FrameBytes of_size(std::size_t bytes, unsigned ecn = 0) {
  return tcp_frame({.payload = bytes - 54}, {.ecn = ecn});
}

// A bucket of 3,000 B that fills with 1 byte per microsecond.
const Parameters kSlow{{"bits_per_second", 8'000'000}, {"burst_bytes", 3'000}};

TEST(Policer, IsATokenBucket) {
  struct Step {
    std::uint64_t at_us;
    std::size_t bytes;
    char fate;
  };
  TestedHook hook("policer", kSlow);
  for (const Step& step : {
           Step{10'000, 1'000, '.'}, Step{10'000, 1'000, '.'}, Step{10'000, 1'000, '.'},  // the burst
           Step{10'000, 60, '0'}, Step{10'059, 60, '0'}, Step{10'060, 60, '.'},           // to the byte
           Step{10'060, 60, '0'}, Step{10'560, 501, '0'}, Step{10'560, 500, '.'}, Step{1'000'000, 3'000, '.'},
           Step{1'000'000, 60, '0'},  // it never holds more than a burst
           Step{1'002'999, 3'000, '0'}, Step{1'003'000, 3'000, '.'},
           Step{2'000'000, 3'001, '0'},  // larger than the bucket
       }) {
    EXPECT_EQ(hook.fate(of_size(step.bytes), {.now_ns = 1'000 * step.at_us}), step.fate)
        << step.bytes << " B at " << step.at_us << " us";
  }
}

TEST(Policer, HoldsARateOverTime) {
  TestedHook hook("policer", {{"bits_per_second", 1'000'000'000}, {"burst_bytes", 15'000}});
  constexpr std::uint64_t kFrames = 100'000, kEvery = 6'000;  // 1,500 B each 6 us: twice the rate
  for (std::uint64_t i = 0; i < kFrames; ++i) hook.meet(of_size(1'500), {.now_ns = i * kEvery});
  const Policed& policed = hook.entry<Policed>("policed");
  EXPECT_NEAR(static_cast<double>(policed.conforming_bytes), 1e9 / 8 * kFrames * kEvery * 1e-9 + 15'000,
              2 * 1'500);
  EXPECT_EQ(policed.conforming + policed.exceeding, kFrames);
  EXPECT_EQ(hook.counted[LH_INGRESS][0], policed.conforming);
  EXPECT_EQ(hook.counted[LH_INGRESS][1], policed.exceeding);
}

TEST(Policer, EachFlowHasABucket) {
  TestedHook hook("policer", kSlow);
  for (const std::uint32_t flow : {1u, 2u, 0xFFFF'FFFFu}) {
    EXPECT_EQ(hook.fates({of_size(3'000), of_size(3'000)}, {.flow = flow, .now_ns = 1}), ".0") << flow;
  }
  EXPECT_EQ(hook.fate(of_size(3'000), {.flow = 1, .direction = 1, .now_ns = 1}), '.');
  EXPECT_EQ(hook.fate(of_size(3'000), {.flow = 1 + 16'384, .now_ns = 1}), '0') << "one that shares the place";
}

TEST(Policer, MarksWhatIsCapableInsteadOfDropping) {
  TestedHook hook("policer", {{"bits_per_second", 8'000'000}, {"burst_bytes", 1'000}, {"mark", 1}});
  EXPECT_EQ(hook.fates({of_size(1'000, 1), of_size(60, 1), of_size(60, 2), of_size(60, 3), of_size(60, 0)}),
            ".mmm0");
  EXPECT_EQ(hook.entry<Policed>("policed").marked, 3u);
  EXPECT_EQ(hook.entry<Policed>("policed").exceeding, 4u);
}

TEST(Policer, ExtremesDoNotOverflow) {
  TestedHook fast("policer", {{"bits_per_second", 400'000'000'000}, {"burst_bytes", 1 << 30}});
  constexpr std::uint64_t kYear = 365ULL * 24 * 3600;
  EXPECT_EQ(fast.fate(of_size(9'018), {.now_ns = kYear / 2 * 1'000'000'000}), '.');
  TestedHook slow("policer", {{"bits_per_second", 64'000}, {"burst_bytes", 9'018}});
  EXPECT_EQ(slow.fates({of_size(9'018), of_size(60)}), ".0");
  TestedHook closed("policer", {{"bits_per_second", 0}, {"burst_bytes", 0}});
  EXPECT_EQ(closed.fate(of_size(60), {.now_ns = 1}), '0');
}

TEST(Policer, PolicesIpOnly) {
  TestedHook hook("policer", {{"bits_per_second", 1}, {"burst_bytes", 0}});
  const FrameBytes frame = tcp_frame({}, {.tags = {kTag | 9}, .version = 6});
  for (std::size_t length = 0; length <= frame.size(); ++length) {
    EXPECT_EQ(hook.fate(cut(frame, length)), length < 18 + 40 ? '.' : '0') << length;
  }
  EXPECT_EQ(hook.fate(ethernet({}, 0x0806).zeros(46).data()), '.');
}

}  // namespace
}  // namespace longhaul::hooks
