// SPDX-License-Identifier: GPL-2.0-only
//
// The hook drop_psn.
#include <gtest/gtest.h>

#include "tests/hooks/library/tested_hook.h"

namespace longhaul::hooks {
namespace {

struct Victim {  // psn_victim
  std::uint32_t qp, psn;
  std::uint64_t packets, came, dropped;
};

std::vector<FrameBytes> numbered(std::initializer_list<std::uint32_t> numbers, std::uint32_t qp = 17,
                                 const Around& around = {}) {
  std::vector<FrameBytes> frames;
  for (const std::uint32_t psn : numbers) frames.push_back(roce_frame({.qp = qp, .psn = psn}, around));
  return frames;
}

TEST(DropPsn, DropsTheNthByTable) {
  struct Row {
    std::string_view name;
    std::uint64_t nth, psn, retransmits;
    std::vector<std::uint32_t> numbers;
    std::string_view fates;
  };
  for (const Row& row : {
           Row{"the first", 1, 0, 0, {40, 41, 42}, "0.."},
           Row{"the third", 3, 0, 0, {40, 41, 42, 43}, "..0."},
           Row{"and its retransmit passes", 3, 0, 0, {40, 41, 42, 43, 42, 43, 42}, "..0...."},
           Row{"two retransmits", 3, 0, 2, {40, 41, 42, 43, 42, 42, 43, 42, 42}, "..0.11..."},
           Row{"a number, before it came and after", 0, 50, 1, {49, 50, 51, 50, 50}, ".0.1."},
           Row{"24 bits wrap around", 4, 0, 1, {0xFF'FFFE, 0xFF'FFFF, 0, 1, 2, 1, 1}, "...0.1."},
           Row{"the last number", 0, 0xFF'FFFF, 0, {0xFF'FFFE, 0xFF'FFFF, 0}, ".0."},
           Row{"the number 0", 2, 0, 0, {0xFF'FFFF, 0, 1}, ".0."},
           Row{"numbers out of order", 3, 0, 0, {40, 42, 41, 43}, ".0.."},
       }) {
    for (const int version : {4, 6}) {
      TestedHook hook("drop_psn", {{"nth", row.nth}, {"psn", row.psn}, {"retransmits", row.retransmits}});
      std::string fates;
      for (const std::uint32_t psn : row.numbers) {
        fates += hook.fate(roce_frame({.opcode = kWriteMiddle, .psn = psn}, {.version = version}));
      }
      EXPECT_EQ(fates, row.fates) << row.name << ", IPv" << version;
    }
  }
}

TEST(DropPsn, KeepsToOneQueuePair) {
  TestedHook first("drop_psn", {{"nth", 2}});
  EXPECT_EQ(first.fates(numbered({5, 6}, 0x01'0203)), ".0");
  EXPECT_EQ(first.fates(numbered({5, 6, 7}, 0x01'0204)), "...") << "it follows the first that came";
  TestedHook named("drop_psn", {{"nth", 2}, {"qp", 0x01'0204}});
  EXPECT_EQ(named.fates(numbered({5, 6, 7}, 0x01'0203)), "...");
  EXPECT_EQ(named.fates(numbered({5, 6, 7}, 0x01'0204)), ".0.");
  const Victim& victim = named.entry<Victim>("psn_victims");
  EXPECT_EQ(victim.qp, 0x01'0204u);
  EXPECT_EQ(victim.psn, 6u);
  EXPECT_EQ(victim.packets, 3u);
  EXPECT_EQ(victim.dropped, 1u);
}

TEST(DropPsn, CountsRequestsAndResponsesApart) {
  const std::vector<FrameBytes> frames{roce_frame({.opcode = 0x04, .psn = 10}),
                                       roce_frame({.opcode = kReadFirst, .psn = 11}),
                                       roce_frame({.opcode = kAcknowledge, .psn = 11}),
                                       roce_frame({.opcode = kCnp, .psn = 11}),
                                       roce_frame({.opcode = kReadRequest, .psn = 11}),
                                       roce_frame({.opcode = kReadMiddle, .psn = 12}),
                                       roce_frame({.opcode = kAtomicAcknowledge, .psn = 13})};
  TestedHook requests("drop_psn", {{"nth", 2}});
  EXPECT_EQ(requests.fates(frames), "....0..");
  TestedHook responses("drop_psn", {{"nth", 3}, {"responses", 1}});
  EXPECT_EQ(responses.fates(frames), "......0");
}

TEST(DropPsn, KeepsDirectionsApart) {
  TestedHook hook("drop_psn", {{"nth", 1}});
  for (const Meeting& at : {Meeting{}, Meeting{.direction = 1}, Meeting{.link = 255, .direction = 1}}) {
    EXPECT_EQ(hook.fates(numbered({7, 7, 8}), at), "0..");
    EXPECT_EQ(hook.entry<Victim>("psn_victims", 2 * at.link + at.direction).came, 2u);
  }
  EXPECT_EQ(hook.counted[LH_INGRESS][0], 9u);
  EXPECT_EQ(hook.counted[LH_INGRESS][1], 3u);
}

TEST(DropPsn, FindsTheHeaderBehindTags) {
  TestedHook hook("drop_psn", {{"nth", 0}, {"psn", 3}});
  const Around tagged{.tags = {kTag | 30}}, twice{.tags = {kServiceTag | 7, kTag | 30}, .version = 6};
  EXPECT_EQ(hook.fate(roce_frame({.psn = 3}, tagged)), '0');
  EXPECT_EQ(hook.fate(roce_frame({.psn = 3}, twice), {.direction = 1}), '0');
}

TEST(DropPsn, LeavesWhatIsCutOffAlone) {
  const FrameBytes frame = roce_frame({.psn = 3});
  for (std::size_t length = 0; length <= frame.size(); ++length) {
    TestedHook hook("drop_psn", {{"nth", 0}, {"psn", 3}});
    EXPECT_EQ(hook.fate(cut(frame, length)), length < 14 + 20 + 8 + 12 ? '.' : '0') << length;
  }
}

TEST(DropPsn, LeavesOtherTrafficAlone) {
  TestedHook hook("drop_psn", {{"nth", 1}});
  EXPECT_EQ(
      hook.fates({tcp_frame({}), ip_frame({}, 17, FrameBytes(40)), ethernet({}, 0x0806).zeros(46).data()}),
      "...");
}

}  // namespace
}  // namespace longhaul::hooks
