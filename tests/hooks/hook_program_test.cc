// SPDX-License-Identifier: GPL-2.0-only
//
// Programs as functions of frames, by table; what the process shares with them; helpers. Needs the right to
// make BPF maps, no interface and no DPDK environment.
#include "emulator/hooks/hook_program.h"

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "tests/hooks/hook_files.h"

namespace longhaul::hooks {
namespace {

TEST(HookProgram, PassLetsEverythingPass) {
  const HookProgram pass(kShipped / "pass.bpf.o");
  EXPECT_EQ(pass.name(LH_INGRESS), "pass");
  EXPECT_TRUE(pass.has(LH_INGRESS));
  EXPECT_FALSE(pass.has(LH_EGRESS));
  EXPECT_EQ(pass.name(LH_EGRESS), "");
  for (const std::size_t size : {0, 14, 60, 1'514, 9'018}) {
    HookCall call = call_of(frame_of(size));
    EXPECT_EQ(pass.run(LH_INGRESS, call), LH_PASS);
  }
}

TEST(HookProgram, DropEveryNthByTable) {
  struct Row {
    std::uint64_t period;
    std::string_view fates;  // x: dropped
  };
  for (const Row& row :
       {Row{0, "........"}, Row{1, "xxxx"}, Row{2, ".x.x.x"}, Row{3, "..x..x.."}, Row{5, "....x....x"}}) {
    const HookProgram program(kShipped / "drop_every_nth.bpf.o");
    shared(program, "period") = row.period;
    std::string fates;
    for (std::size_t i = 0; i < row.fates.size(); ++i) {
      HookCall call = call_of(frame_of(i * 300));  // the first ones are truncated: 0 B, then 300 B
      fates += (program.run(LH_INGRESS, call) & LH_DROP) != 0 ? 'x' : '.';
    }
    EXPECT_EQ(fates, row.fates) << "period " << row.period;
  }
}

TEST(HookProgram, DropEveryNthCountsDirectionsApart) {
  const HookProgram program(kShipped / "drop_every_nth.bpf.o");
  shared(program, "period") = 10;
  std::array<std::uint64_t, 4> dropped{};
  const std::array<std::array<std::uint32_t, 2>, 4> owners{{{0, 0}, {0, 1}, {7, 0}, {255, 1}}};
  for (std::size_t frame = 0; frame < 1'000; ++frame) {
    for (std::size_t o = 0; o < owners.size(); ++o) {
      if (frame % (o + 1) != 0) continue;  // at different speeds
      HookCall call = call_of(frame_of(60), owners[o][0], owners[o][1]);
      dropped[o] += (program.run(LH_INGRESS, call) & LH_DROP) != 0 ? 1 : 0;
    }
  }
  EXPECT_EQ(dropped, (std::array<std::uint64_t, 4>{100, 50, 33, 25}));
  for (std::size_t o = 0; o < owners.size(); ++o) {
    const std::size_t slot = 2 * owners[o][0] + owners[o][1];
    EXPECT_EQ(shared(program, "tallies", 2 * slot + 1), dropped[o]);
  }
}

TEST(HookProgram, SeesTheContextAndSharesEverySection) {
  const HookProgram program(kForTests / "echo.bpf.o");
  HookCall call = call_of(frame_of(200), 3, 1);
  call.context.now_ns = 123'456'789'012;
  call.context.queue_bytes = 1ULL << 40;
  EXPECT_EQ(program.run(LH_INGRESS, call), LH_PASS);
  const lh_hook_ctx& shown = shared<lh_hook_ctx>(program, "shown");
  EXPECT_EQ(shown.now_ns, 123'456'789'012u);
  EXPECT_EQ(shown.queue_bytes, 1ULL << 40);
  EXPECT_EQ(shown.frame_bytes, 200u);
  EXPECT_EQ(shown.head_bytes, 128u);
  EXPECT_EQ(shown.link, 3u);
  EXPECT_EQ(shown.direction, 1u);
  EXPECT_EQ(shown.head[0], 1);
  EXPECT_EQ(shown.head[127], 128);
  EXPECT_EQ(shared(program, "version_seen"), 7u);
  EXPECT_EQ(shared(program, "sum"), 300u);
  EXPECT_EQ(shared(program, "sizes", 0), 1u);
  EXPECT_EQ(shared(program, "sizes", 2), 1'000u);
  EXPECT_THROW(program.variable("version"), std::runtime_error) << "a constant";
  EXPECT_THROW(program.variable("nothing"), std::runtime_error);
  EXPECT_THROW(program.variable(""), std::runtime_error);
}

TEST(HookProgram, AnswersInKnownBitsOnly) {
  const HookProgram program(kForTests / "echo.bpf.o");
  struct Row {
    std::uint64_t answer, divisor;
    std::uint32_t verdict;
  };
  for (const Row& row :
       {Row{0, 1, LH_PASS}, Row{1, 1, LH_DROP}, Row{LH_MARK | LH_DELAY, 1, LH_MARK | LH_DELAY},
        Row{0x100, 1, LH_PASS}, Row{0xFFFF'FFFF, 1, 0xFF}, Row{0x7'0000'0001, 1, LH_DROP},
        Row{0x7'0000'0000, 1, LH_PASS}, Row{1, 0, LH_PASS}}) {
    shared(program, "answer") = row.answer;
    shared(program, "divisor") = row.divisor;
    HookCall call = call_of(frame_of(60));
    EXPECT_EQ(program.run(LH_INGRESS, call), row.verdict) << row.answer << " / " << row.divisor;
  }
}

TEST(HookProgram, BothPlacesOfAFileShareItsVariables) {
  const HookProgram program(kForTests / "echo.bpf.o");
  ASSERT_TRUE(program.has(LH_INGRESS));
  ASSERT_TRUE(program.has(LH_EGRESS));
  EXPECT_EQ(program.name(LH_INGRESS), "echo");
  EXPECT_EQ(program.name(LH_EGRESS), "echo_out");
  shared(program, "answer") = LH_DELAY;
  HookCall call = call_of(frame_of(60));
  EXPECT_EQ(program.run(LH_INGRESS, call), static_cast<std::uint32_t>(LH_DELAY));
  EXPECT_EQ(call.context.delay_ns, 160u);
  EXPECT_EQ(shared(program, "egress_frames"), 0u);
  call.context.place = LH_EGRESS;
  call.context.number = 77;
  EXPECT_EQ(program.run(LH_EGRESS, call), static_cast<std::uint32_t>(LH_DELAY | LH_CAPTURE));
  EXPECT_EQ(call.context.drop_cause, 77u);
  EXPECT_EQ(shared(program, "egress_frames"), 1u);
}

class Helpers : public ::testing::Test {
 protected:
  static core::WordStream stream(std::uint64_t seed) {
    return core::WordStream(core::RandomStream(seed, {3, 1}, core::Effect::kLoss));
  }
  HookProgram program_{kForTests / "helpers.bpf.o"};
};

TEST_F(Helpers, DrawTheCallersWordsInOrder) {
  core::WordStream random = stream(9), expected = stream(9);
  const auto next = [&] {
    const std::uint64_t low = expected.next();
    return std::uint64_t{expected.next()} << 32 | low;
  };
  for (int frame = 0; frame < 100; ++frame) {
    HookCall call = call_of(frame_of(60));
    call.random = &random;
    EXPECT_EQ(program_.run(LH_INGRESS, call), LH_PASS);
    EXPECT_EQ(shared(program_, "drawn", 0), next());
    EXPECT_EQ(shared(program_, "drawn", 1), next());
  }
}

TEST_F(Helpers, TellTheTimeAndCountWithinBounds) {
  std::array<std::uint64_t, LH_COUNTERS> counters{}, expected{};
  core::WordStream random = stream(1);
  for (std::uint64_t index : {std::uint64_t{0}, std::uint64_t{15}, std::uint64_t{16}, ~std::uint64_t{0}}) {
    HookCall call = call_of(frame_of(60));
    call.context.now_ns = 1'000'000'000'000 + index;
    call.context.queue_bytes = index;
    call.random = &random;
    call.counters = counters.data();
    EXPECT_EQ(program_.run(LH_INGRESS, call), LH_PASS);
    EXPECT_EQ(shared(program_, "time_seen"), 1'000'000'000'000 + index);
    ++expected[3];
    ++expected[4];
    ++expected[index % LH_COUNTERS];
    EXPECT_EQ(counters, expected);
  }
}

TEST_F(Helpers, DoWithoutAStreamAndCounters) {
  HookCall call = call_of(frame_of(60));
  EXPECT_EQ(program_.run(LH_INGRESS, call), LH_DROP) << "both draws are 0";
}

// What bpftool does: looks through the kernel's maps, and changes one.
TEST(HookProgram, KernelMapsAndTheProgramAreTheSameMemory) {
  HookProgram loaded(kShipped / "drop_every_nth.bpf.o");
  const HookProgram program(std::move(loaded));
  const std::uint64_t nonce = 0x10'0000'0000 + static_cast<std::uint64_t>(getpid());
  shared(program, "period") = nonce;
  int found = -1;
  for (std::uint32_t id = 0; found < 0 && bpf_map_get_next_id(id, &id) == 0;) {
    const int fd = bpf_map_get_fd_by_id(id);
    bpf_map_info info{};
    std::uint32_t size = sizeof info, key = 0;
    std::uint64_t value = 0;
    if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
        std::string_view(info.name) == "drop_eve.data" && bpf_map_lookup_elem(fd, &key, &value) == 0 &&
        value == nonce) {
      found = fd;
    } else if (fd >= 0) {
      close(fd);
    }
  }
  ASSERT_GE(found, 0) << "no kernel map drop_eve.data with the value that was written here";
  const std::uint32_t key = 0;
  const std::uint64_t two = 2;
  ASSERT_EQ(bpf_map_update_elem(found, &key, &two, 0), 0);
  close(found);
  EXPECT_EQ(shared(program, "period"), 2u);
  HookCall call = call_of(frame_of(60));
  EXPECT_EQ(program.run(LH_INGRESS, call), LH_PASS);
  EXPECT_EQ(program.run(LH_INGRESS, call), LH_DROP);
}

TEST(HookProgram, TwoOfOneFileShareNothing) {
  const HookProgram a(kShipped / "drop_every_nth.bpf.o"), b(kShipped / "drop_every_nth.bpf.o");
  shared(a, "period") = 1;
  HookCall call = call_of(frame_of(60));
  EXPECT_EQ(a.run(LH_INGRESS, call), LH_DROP);
  EXPECT_EQ(b.run(LH_INGRESS, call), LH_PASS);
}

}  // namespace
}  // namespace longhaul::hooks
