// SPDX-License-Identifier: GPL-2.0-only
//
// Every ready-made hook with frames of any bytes: each answers within the contract, and says nothing that it
// does not say of good frames.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "tests/hooks/library/tested_hook.h"

namespace longhaul::hooks {
namespace {

struct Shipped {
  std::string name;
  std::uint32_t may_answer;  // of lh_verdict
  std::uint32_t causes;      // so many
};

std::vector<Shipped> all_shipped() {
  return {{"burst_detector", LH_PASS, 0}, {"drop_every_nth", LH_DROP, 1}, {"drop_psn", LH_DROP, 2},
          {"drop_segment", LH_DROP, 2},   {"ecn_remark", LH_MARK, 0},     {"geo_fence", LH_DROP, 2},
          {"lose_acks", LH_DROP, 4},      {"pass", LH_PASS, 0},           {"policer", LH_DROP, 1},
          {"roce_flow_table", LH_PASS, 0}};
}

TEST(ReadyMadeHooks, KnowsAllOfThem) {
  std::vector<std::string> there;
  for (const auto& entry : std::filesystem::directory_iterator(kShipped)) {
    const std::string file = entry.path().filename().string();
    if (file.ends_with(".bpf.o")) there.push_back(file.substr(0, file.size() - 6));
  }
  std::sort(there.begin(), there.end());
  std::vector<std::string> known;
  for (const Shipped& hook : all_shipped()) known.push_back(hook.name);
  EXPECT_EQ(there, known);
}

TEST(ReadyMadeHooks, AnswerWithinTheContractWhateverTheBytes) {
  constexpr unsigned kSeed = 20'261'121;
  std::vector<FrameBytes> frames{FrameBytes(9'018)};
  for (const Around& around : {Around{.ecn = 1}, Around{.tags = {kTag | 30}, .version = 6, .ecn = 2}}) {
    for (const unsigned opcode : {0x04u, kAcknowledge, kCnp, kReadLast})
      frames.push_back(roce_frame({.opcode = opcode}, around));
    frames.push_back(tcp_frame({}, around));
    frames.push_back(ip_frame(around, 44, FrameBytes(80)));
  }
  for (const Shipped& shipped : all_shipped()) {
    TestedHook hook(shipped.name);
    std::mt19937 random(kSeed);
    for (std::uint64_t turn = 0; turn < 20'000; ++turn) {
      FrameBytes frame = frames[random() % frames.size()];
      for (auto changes = random() % 6; changes > 0; --changes) {
        frame[random() % std::min<std::size_t>(frame.size(), LH_HEAD_BYTES)] =
            static_cast<std::byte>(random());
      }
      if (random() % 4 == 0) frame.resize(random() % (frame.size() + 1));
      const lh_place place = hook.has(LH_EGRESS) && random() % 2 == 0 ? LH_EGRESS : LH_INGRESS;
      const Meeting at{static_cast<std::uint32_t>(random()),
                       static_cast<std::uint32_t>(random() % 256),
                       static_cast<std::uint32_t>(random() % 2),
                       turn * 1'000,
                       random() % 500'000,
                       place,
                       0};
      const Answer answer = hook.meet(frame, at);
      ASSERT_EQ(answer.verdict & ~shipped.may_answer, 0u)
          << shipped.name << ", seed " << kSeed << ", turn " << turn;
      ASSERT_LT(answer.cause, std::max(shipped.causes, 1u))
          << shipped.name << ", seed " << kSeed << ", turn " << turn;
    }
  }
}

}  // namespace
}  // namespace longhaul::hooks
