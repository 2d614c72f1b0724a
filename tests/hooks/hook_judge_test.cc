// SPDX-License-Identifier: GPL-2.0-only
//
// What a program is told of a frame by its driver, and how its answers are read. Needs no privilege: the
// programs' variables are private.
#include "emulator/hooks/hook_judge.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/hooks/hook_files.h"

namespace longhaul::hooks {
namespace {

constexpr core::StreamOwner kOwner{3, 1};
constexpr std::uint64_t kSeed = 42;

class Judge : public ::testing::Test {
 protected:
  core::HookAnswer judge(const MetFrame& frame = MetFrame()) { return judge_.judge(frame); }
  core::HookAnswer answer(std::uint64_t verdict) {
    shared(program_, "verdict") = verdict;
    return judge();
  }
  const lh_hook_ctx& seen() const { return shared<lh_hook_ctx>(program_, "seen"); }

  HookProgram program_{kForTests / "answers.bpf.o", MapMemory::kPrivate};
  HookJudge judge_{program_, LH_INGRESS, kOwner, kSeed};
};

TEST_F(Judge, TellsWhatTheDriverKnows) {
  const std::vector<std::byte> frame = frame_of(200);
  judge({.bytes = frame,
         .size = 1'514,
         .flow = 0xF10,
         .traffic_class = 5,
         .vlan = 12,
         .at = Instant() + Duration::picoseconds(7'999),
         .queue_bytes = 1ULL << 40});
  EXPECT_EQ(seen().now_ns, 7u);
  EXPECT_EQ(seen().queue_bytes, 1ULL << 40);
  EXPECT_EQ(seen().frame_bytes, 1'514u) << "not the bytes that are known";
  EXPECT_EQ(seen().head_bytes, 128u);
  EXPECT_EQ(seen().flow, 0xF10u);
  EXPECT_EQ(seen().link, 3u);
  EXPECT_EQ(seen().direction, 1u);
  EXPECT_EQ(seen().place, static_cast<std::uint32_t>(LH_INGRESS));
  EXPECT_EQ(seen().traffic_class, 5u);
  EXPECT_EQ(seen().vlan, 12u);
}

TEST_F(Judge, ATagGoesBeforeTheVlanOfThePort) {
  std::vector<std::byte> frame = frame_of(60);
  frame[12] = std::byte{0x81}, frame[13] = std::byte{0x00}, frame[14] = std::byte{0x00},
  frame[15] = std::byte{99};
  judge({.bytes = frame, .size = 60, .vlan = 12, .at = Instant()});
  EXPECT_EQ(seen().vlan, 99u);
}

TEST_F(Judge, NumbersFramesDrawsAndCountsAlsoThroughASwap) {
  core::WordStream words(core::RandomStream(kSeed, kOwner, core::Effect::kHook, LH_INGRESS));
  const auto expect_next = [&](const HookProgram& program, std::uint64_t number) {
    judge();
    const std::uint64_t low = words.next();
    EXPECT_EQ(shared(program, "drawn"), std::uint64_t{words.next()} << 32 | low);
    EXPECT_EQ(shared<lh_hook_ctx>(program, "seen").number, number);
  };
  for (std::uint64_t number = 0; number < 5; ++number) expect_next(program_, number);
  const HookProgram other(kForTests / "answers.bpf.o", MapMemory::kPrivate);
  judge_.swap(other);
  for (std::uint64_t number = 5; number < 9; ++number) expect_next(other, number);
  EXPECT_EQ(seen().number, 4u) << "the old one is left alone";
  std::array<std::uint64_t, LH_COUNTERS> counted{};
  counted[7] = 9;
  EXPECT_EQ(judge_.counted(), counted);
}

TEST_F(Judge, OfADropOnlyTheCauseCounts) {
  shared<std::uint32_t>(program_, "drop_cause") = 9;
  const core::HookAnswer dropped = answer(0xFFFF'FFFF);
  EXPECT_TRUE(dropped.drop);
  EXPECT_EQ(dropped.cause, 9);
  EXPECT_FALSE(dropped.mark || dropped.duplicate || dropped.capture || dropped.ecn || dropped.corrupt_bit ||
               dropped.traffic_class);
  EXPECT_EQ(dropped.delay, Duration());
  shared<std::uint32_t>(program_, "drop_cause") = 0xFFFF'FFFF;
  EXPECT_EQ(answer(LH_DROP).cause, LH_CAUSES - 1);
}

TEST_F(Judge, FieldsCountWithTheirAnswersOnly) {
  shared(program_, "delay_ns") = 1'500;
  shared<std::uint32_t>(program_, "set_class") = 300;
  shared<std::uint32_t>(program_, "corrupt_bit") = 77;
  shared<std::uint32_t>(program_, "set_ecn") = 6;
  const core::HookAnswer pass = answer(LH_PASS);
  EXPECT_FALSE(pass.drop || pass.mark || pass.duplicate || pass.capture || pass.ecn || pass.corrupt_bit ||
               pass.traffic_class);
  EXPECT_EQ(pass.delay, Duration());
  EXPECT_EQ(answer(LH_DELAY).delay, Duration::nanoseconds(1'500));
  EXPECT_EQ(answer(LH_CLASS).traffic_class, 255) << "no link has it";
  EXPECT_EQ(answer(LH_CORRUPT).corrupt_bit, 77u);
  EXPECT_EQ(answer(LH_ECN).ecn, core::Ecn{2}) << "two bits";
  EXPECT_TRUE(answer(LH_MARK).mark);
  EXPECT_TRUE(answer(LH_DUPLICATE).duplicate);
  EXPECT_TRUE(answer(LH_CAPTURE).capture);
}

TEST_F(Judge, NoDelayIsTooLongToTell) {
  shared(program_, "delay_ns") = ~std::uint64_t{0};
  EXPECT_GE(answer(LH_DELAY).delay, Duration::seconds(3'600));
}

TEST(PrivateMaps, BeginAsCompiledAndAreOfOneProgram) {
  HookProgram first(kForTests / "echo.bpf.o", MapMemory::kPrivate);
  const HookProgram second(kForTests / "echo.bpf.o", MapMemory::kPrivate);
  first.set_parameter("version", "9");
  HookCall call = call_of(frame_of(60));
  first.run(LH_INGRESS, call);
  EXPECT_EQ(shared(first, "version_seen"), 9u);
  EXPECT_EQ(shared(first, "sum"), 160u) << "100 as compiled, and the frame";
  EXPECT_EQ(shared(first, "sizes", 2), 1'000u);
  EXPECT_EQ(shared(second, "sum"), 100u);
  second.run(LH_INGRESS, call);
  EXPECT_EQ(shared(second, "version_seen"), 7u);
}

}  // namespace
}  // namespace longhaul::hooks
