// SPDX-License-Identifier: GPL-2.0-only
//
// The hook drop_segment.
#include <gtest/gtest.h>

#include "tests/hooks/library/tested_hook.h"

namespace longhaul::hooks {
namespace {

struct Lost {  // lost_segments
  std::uint64_t segments, flows, dropped, came_again, not_followed;
};

TEST(DropSegment, DropsTheNthByTable) {
  struct Row {
    std::string_view name;
    std::uint64_t nth, retransmits;
    std::vector<Segment> segments;
    std::string_view fates;
  };
  constexpr std::uint32_t kNearEnd = 0xFFFF'FF00;
  const Segment syn{.sequence = 999, .payload = 0, .flags = kSyn};
  for (const Row& row : {
           Row{"the first", 1, 0, {{1000}, {1100}}, "0."},
           Row{"the second, after a SYN", 2, 0, {syn, {1000}, {1100}, {1200}}, "..0."},
           Row{"its retransmit passes", 2, 0, {{1000}, {1100}, {1200}, {1100}, {1300}}, ".0..."},
           Row{"two retransmits too", 2, 2, {{1000}, {1100}, {1100}, {1200}, {1100}, {1100}}, ".01.1."},
           Row{"ACKs without payload do not count", 2, 0, {{1000}, {1100, 0}, {1100, 0}, {1100}}, "...0"},
           Row{"what came before does not count", 3, 0, {{1000}, {1000}, {1100}, {1000}, {1200}}, "....0"},
           Row{"a retransmit in one piece with its neighbour",
               2,
               1,
               {{1000}, {1100}, {1000, 200}, {1000, 200}},
               ".01."},
           Row{"a retransmit of its first half", 2, 1, {{1000}, {1100}, {1100, 50}, {1150, 50}}, ".01."},
           Row{"numbers wrap around",
               4,
               1,
               {{kNearEnd}, {kNearEnd + 100}, {kNearEnd + 200}, {44}, {144}, {44}, {44}},
               "...0.1."},
           Row{"the segment across the end",
               3,
               1,
               {{kNearEnd}, {kNearEnd + 100}, {kNearEnd + 200}, {44}, {kNearEnd + 200}, {kNearEnd + 200}},
               "..0.1."},
           Row{"after a new SYN it begins again, but one is enough",
               1,
               5,
               {{1000}, syn, {1000}, {1100}},
               "0..."},
       }) {
    for (const int version : {4, 6}) {
      TestedHook hook("drop_segment", {{"nth", row.nth}, {"retransmits", row.retransmits}});
      std::string fates;
      for (const Segment& segment : row.segments)
        fates += hook.fate(tcp_frame(segment, {.version = version}));
      EXPECT_EQ(fates, row.fates) << row.name << ", IPv" << version;
    }
  }
}

TEST(DropSegment, FollowsFlowsToOnePort) {
  TestedHook hook("drop_segment", {{"nth", 1}, {"port", 7000}});
  EXPECT_EQ(hook.fate(tcp_frame({.port = 7001})), '.');
  EXPECT_EQ(hook.fate(tcp_frame({.port = 7000})), '0');
  EXPECT_EQ(hook.entry<Lost>("lost_segments").segments, 1u);
}

TEST(DropSegment, CountsFlowsAndDirectionsApart) {
  TestedHook hook("drop_segment", {{"nth", 2}, {"flows", 2}});
  std::string fates;
  for (std::uint32_t sequence = 0; sequence < 300; sequence += 100) {
    for (const std::uint32_t flow : {1u, 2u, 3u}) fates += hook.fate(tcp_frame({sequence}), {.flow = flow});
  }
  EXPECT_EQ(fates, "...00....") << "the first two flows that get so far";
  EXPECT_EQ(hook.fates({tcp_frame({0}), tcp_frame({100})}, {.flow = 1, .direction = 1}), ".0");
  EXPECT_EQ(hook.entry<Lost>("lost_segments", 0).flows, 2u);
  EXPECT_EQ(hook.entry<Lost>("lost_segments", 1).flows, 1u);
  EXPECT_EQ(hook.counted[LH_INGRESS][0], 11u);
}

TEST(DropSegment, SeesEachRetransmit) {
  TestedHook hook("drop_segment", {{"nth", 1}});
  EXPECT_EQ(hook.fates({tcp_frame({500}), tcp_frame({600}), tcp_frame({500})}), "0..");
  const Lost& lost = hook.entry<Lost>("lost_segments");
  EXPECT_EQ(lost.segments, 3u);
  EXPECT_EQ(lost.dropped, 1u);
  EXPECT_EQ(lost.came_again, 1u);
  EXPECT_EQ(hook.counted[LH_INGRESS][1], 1u);
}

// 4 GiB later the same numbers belong to another segment.
TEST(DropSegment, DoesNotTakeALaterRoundForARetransmit) {
  TestedHook hook("drop_segment", {{"nth", 1}, {"retransmits", 9}});
  EXPECT_EQ(hook.fate(tcp_frame({500})), '0');
  for (std::uint64_t sequence = 500 + 0x3000'0000; sequence < 0x1'0000'0000; sequence += 0x3000'0000) {
    EXPECT_EQ(hook.fate(tcp_frame({static_cast<std::uint32_t>(sequence)})), '.');
  }
  EXPECT_EQ(hook.fates({tcp_frame({400}), tcp_frame({500})}), "..");
  EXPECT_EQ(hook.entry<Lost>("lost_segments").came_again, 0u);
}

TEST(DropSegment, AFlowWithoutAPlaceIsNotFollowedUntilItsNextConnection) {
  constexpr std::uint32_t kFlows = 4096;
  TestedHook hook("drop_segment", {{"nth", 2}});
  const Meeting first{.flow = 5}, second{.flow = 5 + kFlows};
  EXPECT_EQ(hook.fate(tcp_frame({0}), first), '.');
  EXPECT_EQ(hook.fates({tcp_frame({0}), tcp_frame({100})}, second), "..");
  EXPECT_EQ(hook.entry<Lost>("lost_segments").not_followed, 2u);
  EXPECT_EQ(hook.fates({tcp_frame({.payload = 0, .flags = kSyn}), tcp_frame({0}), tcp_frame({100})}, second),
            "..0");
}

TEST(DropSegment, LeavesWhatIsCutOffOrMalformedAlone) {
  const FrameBytes frame = tcp_frame({.payload = 20}, {.tags = {kTag | 9}});
  for (std::size_t length = 0; length < frame.size(); ++length) {
    TestedHook hook("drop_segment", {{"nth", 1}});
    EXPECT_EQ(hook.fate(cut(frame, length)), '.') << "cut to " << length << " B, it claims more than it has";
  }
  TestedHook hook("drop_segment", {{"nth", 1}});
  FrameBytes padded = frame, short_header = frame, other = frame;
  short_header[18 + 20 + 12] = std::byte{0x40};  // a TCP header of 16 B
  other[18 + 9] = std::byte{17};                 // UDP
  padded.resize(padded.size() + 30);
  EXPECT_EQ(hook.fates({short_header, other, ethernet({}, 0x0806).zeros(46).data()}), "...");
  EXPECT_EQ(hook.fate(padded), '0') << "padding is no payload";
}

}  // namespace
}  // namespace longhaul::hooks
