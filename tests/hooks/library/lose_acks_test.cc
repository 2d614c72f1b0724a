// SPDX-License-Identifier: GPL-2.0-only
//
// The hook lose_acks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/hooks/library/tested_hook.h"

namespace longhaul::hooks {
namespace {

constexpr std::uint64_t kAlways = 1'000'000;

struct Acks {  // acks
  std::uint64_t came[4], lost[4];
};

FrameBytes acknowledge(unsigned syndrome, const Around& around = {}) {
  return roce_frame({.opcode = kAcknowledge, .payload = 4, .syndrome = syndrome}, around);
}

// One of each: ACK, NAK, RNR NAK, CNP; what has a reserved syndrome; other packets, other frames.
std::vector<FrameBytes> one_of_each(const Around& around) {
  return {acknowledge(kAck, around),
          acknowledge(kNak, around),
          acknowledge(kRnr, around),
          roce_frame({.opcode = kCnp, .payload = 16}, around),
          acknowledge(0x40, around),
          roce_frame({.opcode = kAtomicAcknowledge}, around),
          roce_frame({.opcode = kReadLast}, around),
          roce_frame({.opcode = 0x04}, around),
          tcp_frame({.payload = 0}, around)};
}

TEST(LoseAcks, LosesEachKindByChoice) {
  struct Row {
    Parameters parameters;
    std::string_view fates;
  };
  for (const Row& row : {
           Row{{{"ack_loss", 0}}, "........."},
           Row{{{"ack_loss", kAlways}}, "0........"},
           Row{{{"ack_loss", 0}, {"nak_loss", kAlways}}, ".1......."},
           Row{{{"ack_loss", 0}, {"rnr_loss", kAlways}}, "..2......"},
           Row{{{"ack_loss", 0}, {"cnp_loss", kAlways}}, "...3....."},
           Row{{{"ack_loss", kAlways}, {"nak_loss", kAlways}, {"rnr_loss", kAlways}, {"cnp_loss", kAlways}},
               "0123....."},
       }) {
    for (const Around& around : {Around{}, Around{.version = 6}, Around{.tags = {kTag | 5}},
                                 Around{.tags = {kServiceTag | 5, kTag | 6}, .version = 6}}) {
      TestedHook hook("lose_acks", row.parameters);
      EXPECT_EQ(hook.fates(one_of_each(around)), row.fates)
          << "IPv" << around.version << ", " << around.tags.size() << " tags";
    }
  }
}

TEST(LoseAcks, LosesAtTheRateThatItIsGivenAndTheSameWithTheSameSeed) {
  constexpr int kFrames = 20'000;
  TestedHook hook("lose_acks", {{"ack_loss", 100'000}}, 5), again("lose_acks", {{"ack_loss", 100'000}}, 5),
      other("lose_acks", {{"ack_loss", 100'000}}, 6);
  std::string fates, same, different;
  const FrameBytes frame = acknowledge(kAck);
  for (int i = 0; i < kFrames; ++i) {
    fates += hook.fate(frame);
    same += again.fate(frame);
    different += other.fate(frame);
  }
  const auto lost = static_cast<double>(std::count(fates.begin(), fates.end(), '0'));
  EXPECT_NEAR(lost, 0.1 * kFrames, 5 * std::sqrt(0.09 * kFrames));
  EXPECT_EQ(fates, same);
  EXPECT_NE(fates, different);
  EXPECT_EQ(hook.entry<Acks>("acks").came[0], static_cast<std::uint64_t>(kFrames));
  EXPECT_EQ(hook.entry<Acks>("acks").lost[0], static_cast<std::uint64_t>(lost));
  EXPECT_EQ(hook.counted[LH_INGRESS][0], static_cast<std::uint64_t>(kFrames));
}

TEST(LoseAcks, LeavesWhatIsCutOffAlone) {
  const std::vector<FrameBytes> frames{acknowledge(kAck), roce_frame({.opcode = kCnp, .payload = 16})};
  constexpr std::size_t kBth = 14 + 20 + 8 + 12;
  for (std::size_t length = 0; length <= frames[0].size(); ++length) {
    TestedHook hook("lose_acks", {{"ack_loss", kAlways}, {"cnp_loss", kAlways}});
    EXPECT_EQ(hook.fate(cut(frames[0], length)), length <= kBth ? '.' : '0')
        << "its syndrome is in byte " << kBth;
    EXPECT_EQ(hook.fate(cut(frames[1], length)), length < kBth ? '.' : '3') << length;
  }
}

}  // namespace
}  // namespace longhaul::hooks
