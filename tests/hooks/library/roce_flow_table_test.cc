// SPDX-License-Identifier: GPL-2.0-only
//
// The hook roce_flow_table.
#include <gtest/gtest.h>

#include "tests/hooks/library/tested_hook.h"

namespace longhaul::hooks {
namespace {

struct Sequence {  // psn_sequence
  std::uint32_t next, is_open;
  std::uint64_t packets, gaps, missing, retransmits;
};
struct Flow {  // roce_flow
  std::uint32_t qp, flow, direction, last_opcode;
  std::uint64_t packets, bytes, first_ns, last_ns, acks, naks, rnr_naks, cnps;
  Sequence requests, responses;
};

class RoceFlowTable : public ::testing::Test {
 protected:
  // The entry of a flow; an empty one when it has none.
  Flow flow_of(std::uint32_t qp, std::uint32_t direction = 0) const {
    for (std::size_t i = 0; i < hook_.bytes_of("roce_flows") / sizeof(Flow); ++i) {
      const Flow& flow = hook_.entry<Flow>("roce_flows", i);
      if (flow.qp == qp && flow.direction == direction + 1) return flow;
    }
    return {};
  }
  void send(std::vector<Packet> packets, const Meeting& at = {}, const Around& around = {}) {
    for (const Packet& packet : packets) EXPECT_EQ(hook_.fate(roce_frame(packet, around), at), '.');
  }

  TestedHook hook_{"roce_flow_table"};
};

TEST_F(RoceFlowTable, ReadsSequenceNumbersByTable) {
  struct Row {
    std::string_view name;
    std::vector<std::uint32_t> numbers;
    std::uint64_t gaps, missing, retransmits;
  };
  std::uint32_t qp = 100;
  for (const Row& row : {
           Row{"in order", {7, 8, 9, 10}, 0, 0, 0},
           Row{"wrapping around", {0xFF'FFFE, 0xFF'FFFF, 0, 1}, 0, 0, 0},
           Row{"one missing", {7, 8, 10, 11}, 1, 1, 0},
           Row{"missing around the end", {0xFF'FFFD, 2}, 1, 4, 0},
           Row{"two gaps", {7, 10, 11, 20}, 2, 2 + 8, 0},
           Row{"sent again from a loss on", {7, 8, 10, 11, 9, 10, 11, 12}, 1, 1, 3},
           Row{"sent again around the end", {0xFF'FFFF, 0, 0xFF'FFFF, 0, 1}, 0, 0, 2},
           Row{"one that comes twice", {7, 7, 8}, 0, 0, 1},
           Row{"half the numbers ahead is ahead", {0, 0x80'0000}, 1, 0x7F'FFFF, 0},
           Row{"more is behind", {0, 0x80'0001}, 0, 0, 1},
       }) {
    for (const Around& around : {Around{}, Around{.tags = {kTag | 5}, .version = 6}}) {
      ++qp;
      for (const std::uint32_t psn : row.numbers)
        send({{.opcode = kWriteMiddle, .qp = qp, .psn = psn}}, {}, around);
      const Sequence requests = flow_of(qp).requests;
      EXPECT_EQ(requests.packets, row.numbers.size()) << row.name;
      EXPECT_EQ(requests.gaps, row.gaps) << row.name;
      EXPECT_EQ(requests.missing, row.missing) << row.name;
      EXPECT_EQ(requests.retransmits, row.retransmits) << row.name;
    }
  }
}

TEST_F(RoceFlowTable, ReadsTakeAsManyNumbersAsTheirResponse) {
  send({{.opcode = kReadRequest, .psn = 5}, {.opcode = 0x04, .psn = 12}, {.opcode = 0x04, .psn = 13}});
  EXPECT_EQ(flow_of(17).requests.gaps, 0u);
  send({{.opcode = 0x04, .psn = 15}});
  EXPECT_EQ(flow_of(17).requests.gaps, 1u);
  EXPECT_EQ(flow_of(17).last_opcode, 0x04u);
}

TEST_F(RoceFlowTable, ResponsesAreNumberedByTheOtherSide) {
  send({{.opcode = 0x04, .psn = 500},
        {.opcode = kReadFirst, .psn = 10},
        {.opcode = kReadMiddle, .psn = 11},
        {.opcode = kReadLast, .psn = 12},
        {.opcode = kReadOnly, .psn = 20},  // requests between the two were acknowledged
        {.opcode = kAtomicAcknowledge, .psn = 25},
        {.opcode = kReadFirst, .psn = 30},
        {.opcode = kReadLast, .psn = 32},
        {.opcode = 0x04, .psn = 501}});
  const Flow flow = flow_of(17);
  EXPECT_EQ(flow.requests.gaps, 0u);
  EXPECT_EQ(flow.responses.packets, 7u);
  EXPECT_EQ(flow.responses.gaps, 1u);
  EXPECT_EQ(flow.responses.missing, 1u);
}

TEST_F(RoceFlowTable, CountsWhatIsNotNumbered) {
  send({{.opcode = kAcknowledge, .payload = 4, .syndrome = kAck},
        {.opcode = kAcknowledge, .payload = 4, .syndrome = kNak},
        {.opcode = kAcknowledge, .payload = 4, .syndrome = kRnr},
        {.opcode = kCnp, .payload = 16}},
       {.now_ns = 77});
  send({{.opcode = kCnp, .payload = 16}}, {.now_ns = 99});
  const Flow flow = flow_of(17);
  EXPECT_EQ(flow.packets, 5u);
  EXPECT_EQ(flow.acks, 1u);
  EXPECT_EQ(flow.naks, 1u);
  EXPECT_EQ(flow.rnr_naks, 1u);
  EXPECT_EQ(flow.cnps, 2u);
  EXPECT_EQ(flow.requests.packets + flow.responses.packets, 0u);
  EXPECT_EQ(flow.first_ns, 77u);
  EXPECT_EQ(flow.last_ns, 99u);
}

TEST_F(RoceFlowTable, FlowsHavePlacesOfTheirOwn) {
  constexpr std::uint32_t kFlows = 64;
  for (std::uint32_t psn = 0; psn < 3; ++psn) {
    for (std::uint32_t qp = 2; qp < 2 + kFlows; ++qp) {
      for (const std::uint32_t direction : {0u, 1u})
        send({{.qp = qp, .psn = psn}}, {.flow = qp * 1'000'003, .direction = direction});
    }
  }
  std::uint64_t followed = 0;
  for (std::uint32_t qp = 2; qp < 2 + kFlows; ++qp) {
    for (const std::uint32_t direction : {0u, 1u}) {
      const Flow flow = flow_of(qp, direction);
      EXPECT_TRUE(flow.packets == 3 || flow.packets == 0) << qp;
      EXPECT_EQ(flow.requests.gaps + flow.requests.retransmits, 0u) << qp;
      followed += flow.packets;
    }
  }
  const std::uint64_t missed =
      hook_.entry<std::uint64_t>("not_followed", 0) + hook_.entry<std::uint64_t>("not_followed", 1);
  EXPECT_EQ(followed + missed, 2 * 3 * kFlows);
  EXPECT_GT(followed, 2 * 3 * kFlows * 9 / 10);
  EXPECT_EQ(hook_.counted[LH_INGRESS][3], missed);
}

TEST_F(RoceFlowTable, AnIdleFlowGivesUpItsPlace) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const Meeting first{.flow = 5, .now_ns = kSecond}, early{.flow = 5 + 4096, .now_ns = 2 * kSecond - 1},
      late{.flow = 5 + 4096, .now_ns = 2 * kSecond};
  send({{.psn = 1}}, first);
  send({{.psn = 50}}, early);
  EXPECT_EQ(flow_of(17).flow, 5u);
  EXPECT_EQ(hook_.entry<std::uint64_t>("not_followed"), 1u);
  send({{.psn = 51}}, late);
  EXPECT_EQ(flow_of(17).flow, 5u + 4096);
  EXPECT_EQ(flow_of(17).packets, 1u);
  EXPECT_EQ(flow_of(17).requests.gaps, 0u) << "nothing of the other flow is left";
}

TEST_F(RoceFlowTable, LeavesOutWhatIsCutOff) {
  const FrameBytes frame = roce_frame({.opcode = kAcknowledge, .payload = 4, .syndrome = kAck});
  constexpr std::size_t kBth = 14 + 20 + 8 + 12;
  for (std::size_t length = 0; length <= frame.size(); ++length) {
    const std::uint64_t before = flow_of(17).packets, acks = flow_of(17).acks;
    EXPECT_EQ(hook_.fate(cut(frame, length)), '.');
    EXPECT_EQ(flow_of(17).packets - before, length < kBth ? 0u : 1u) << length;
    EXPECT_EQ(flow_of(17).acks - acks, length <= kBth ? 0u : 1u) << length;
  }
}

}  // namespace
}  // namespace longhaul::hooks
