// SPDX-License-Identifier: GPL-2.0-only
//
// The hook ecn_remark.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/hooks/library/tested_hook.h"

namespace longhaul::hooks {
namespace {

struct Marks {  // ecn_marks
  std::uint64_t came[4], marked, not_capable, rewritten[4];
};

std::vector<FrameBytes> each_codepoint(const Around& around = {}) {
  std::vector<FrameBytes> frames;
  for (const unsigned ecn : {0u, 1u, 2u, 3u}) {
    Around with = around;
    with.ecn = ecn;
    frames.push_back(tcp_frame({}, with));
  }
  return frames;
}

TEST(EcnRemark, MarksByDepth) {
  struct Row {
    std::uint64_t queue;
    std::string_view fates;
  };
  for (const Row& row :
       {Row{0, "...."}, Row{99'999, "...."}, Row{400'000, ".mm."}, Row{1ULL << 40, ".mm."}}) {
    for (const Around& around : {Around{}, Around{.version = 6}, Around{.tags = {kTag | 5}, .dscp = 63}}) {
      TestedHook hook("ecn_remark");
      EXPECT_EQ(hook.fates(each_codepoint(around), {.queue_bytes = row.queue}), row.fates) << row.queue;
    }
  }
}

TEST(EcnRemark, BothAlikeAreAStep) {
  TestedHook hook("ecn_remark", {{"min_bytes", 65'000}, {"max_bytes", 65'000}, {"drop_others", 1}});
  EXPECT_EQ(hook.fates(each_codepoint(), {.queue_bytes = 64'999}), "....");
  EXPECT_EQ(hook.fates(each_codepoint(), {.queue_bytes = 65'000}), "0mm.");
  const Marks& marks = hook.entry<Marks>("ecn_marks");
  EXPECT_EQ(marks.came[3], 2u);
  EXPECT_EQ(marks.marked, 2u);
  EXPECT_EQ(marks.not_capable, 1u);
  EXPECT_EQ(hook.counted[LH_INGRESS], (std::array<std::uint64_t, LH_COUNTERS>{2, 1}));
}

TEST(EcnRemark, TheRampGrowsEvenly) {
  constexpr int kFrames = 20'000;
  for (const double part : {0.0, 0.25, 0.5, 0.9}) {
    TestedHook hook("ecn_remark",
                    {{"min_bytes", 100'000}, {"max_bytes", 200'000}, {"max_probability", 400'000}});
    const auto queue = static_cast<std::uint64_t>(100'000 + part * 100'000);
    const FrameBytes frame = each_codepoint()[1];
    int marked = 0;
    for (int i = 0; i < kFrames; ++i) marked += hook.fate(frame, {.queue_bytes = queue}) == 'm' ? 1 : 0;
    const double expected = 0.4 * part;
    EXPECT_NEAR(marked, expected * kFrames, 5 * std::sqrt(expected * (1 - expected) * kFrames)) << part;
  }
}

TEST(EcnRemark, RewritesAfterTheLine) {
  struct Row {
    std::string_view name;
    Parameters parameters;
    std::array<std::uint32_t, 4> to;
  };
  const Meeting out{.queue_bytes = 1ULL << 40, .place = LH_EGRESS};
  for (const Row& row : {
           Row{"nothing by default", {}, {0, 1, 2, 3}},
           Row{"marks are lost", {{"ce_to", 2}}, {0, 1, 2, 2}},
           Row{"bleached", {{"ect_1_to", 0}, {"ect_0_to", 0}, {"ce_to", 0}}, {0, 0, 0, 0}},
           Row{"ECT(1) becomes ECT(0)", {{"ect_1_to", 2}}, {0, 2, 2, 3}},
           Row{"everything is marked", {{"not_ect_to", 3}, {"ect_1_to", 3}, {"ect_0_to", 3}}, {3, 3, 3, 3}},
           Row{"no codepoint", {{"ce_to", 4}, {"not_ect_to", 255}}, {0, 1, 2, 3}},
       }) {
    TestedHook hook("ecn_remark", row.parameters);
    std::uint64_t rewritten = 0;
    for (unsigned ecn = 0; ecn < 4; ++ecn) {
      const Answer answer = hook.meet(each_codepoint({.tags = {kTag | 5}, .version = 6})[ecn], out);
      const bool changes = row.to[ecn] != ecn;
      EXPECT_EQ(answer, (Answer{changes ? LH_ECN : LH_PASS, 0, changes ? row.to[ecn] : 0}))
          << row.name << ": " << ecn;
      EXPECT_EQ(hook.entry<Marks>("ecn_marks").rewritten[ecn], changes ? 1u : 0u) << row.name << ": " << ecn;
      rewritten += changes ? 1 : 0;
    }
    EXPECT_EQ(hook.counted[LH_EGRESS][0], rewritten);
  }
}

TEST(EcnRemark, LeavesWhatIsNoIpAlone) {
  TestedHook hook("ecn_remark", {{"min_bytes", 0}, {"max_bytes", 0}, {"drop_others", 1}, {"ect_1_to", 0}});
  const FrameBytes frame = each_codepoint()[1];
  for (std::size_t length = 0; length <= frame.size(); ++length) {
    EXPECT_EQ(hook.fate(cut(frame, length)), length < 34 ? '.' : 'm') << length;
    EXPECT_EQ(hook.meet(cut(frame, length), {.place = LH_EGRESS}).verdict, length < 34 ? LH_PASS : LH_ECN)
        << length;
  }
  EXPECT_EQ(hook.fate(ethernet({}, 0x0806).zeros(46).data()), '.');
}

}  // namespace
}  // namespace longhaul::hooks
