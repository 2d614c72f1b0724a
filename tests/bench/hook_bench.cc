// SPDX-License-Identifier: GPL-2.0-only
//
// What hooks cost per frame: describing it, the program itself, and both with the stage that carries out the
// answer, for every hook that is shipped.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "emulator/hooks/hook_context.h"
#include "emulator/hooks/hook_place.h"

namespace longhaul {
namespace {

using Packet = std::array<std::byte, 1'500>;
constexpr std::size_t kPackets = 256;  // a power of two
constexpr lh_place kPlaces[] = {LH_INGRESS, LH_EGRESS};

void put(Packet& packet, std::size_t at, std::initializer_list<unsigned> bytes) {
  for (const unsigned byte : bytes) packet[at++] = static_cast<std::byte>(byte);
}

// RoCEv2 writes of some queue pairs, with packet sequence numbers that count, or segments of as many TCP
// flows.
std::vector<Packet> packets(bool roce) {
  std::vector<Packet> all(kPackets, Packet{});
  for (unsigned i = 0; i < kPackets; ++i) {
    const unsigned flow = i % 8, number = i / 8;
    Packet& packet = all[i];
    put(packet, 0, {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00});
    put(packet, 14,
        {0x45, 2, 0x05, 0xCE, 0, 0, 0x40, 0, 64, roce ? 17U : 6U, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2});
    put(packet, 34, {0x80, flow, roce ? 0x12U : 0x14U, roce ? 0xB7U : 0x51U});
    if (roce) {
      put(packet, 38, {0x05, 0xBA, 0, 0, 0x07, 0x40, 0xFF, 0xFF, 0, 0, 0, flow, 0, 0, 0, number});
    } else {
      put(packet, 38, {0, 0, number, 0, 0, 0, 0, 0, 0x50, 0x10, 0xFF, 0xFF});
    }
  }
  return all;
}

struct DiscardingSink {
  hooks::HookJudge& judge_by;
  hooks::MetFrame frame;
  core::HookAnswer judge(std::uint64_t, std::uint32_t, Instant at) {
    frame.at = at;
    return judge_by.judge(frame);
  }
  void pass(std::uint64_t cookie, std::uint32_t, Instant) { benchmark::DoNotOptimize(cookie); }
  void drop(std::uint64_t cookie, std::uint32_t, std::uint8_t, Instant) { benchmark::DoNotOptimize(cookie); }
  std::optional<std::uint64_t> duplicate(std::uint64_t, std::uint32_t) { return std::nullopt; }
  bool mark(std::uint64_t) { return true; }
  bool set_ecn(std::uint64_t, core::Ecn) { return true; }
  void corrupt(std::uint64_t, std::uint64_t) {}
  void set_class(std::uint64_t, std::uint8_t) {}
  void capture(std::uint64_t, Instant) {}
};

void describe(benchmark::State& state, bool roce) {
  const std::vector<Packet> frames = packets(roce);
  lh_hook_ctx context;
  std::size_t next = 0;
  for (auto _ : state) {
    hooks::describe_frame(context, frames[next++ % kPackets], 7);
    benchmark::DoNotOptimize(context);
  }
}

// Only the program: its context stays as it is.
void program(benchmark::State& state, const hooks::HookProgram& hook, lh_place place, bool roce) {
  const std::vector<Packet> frames = packets(roce);
  std::vector<hooks::HookCall> calls(kPackets);
  core::WordStream random(core::RandomStream(1, {0, 0}, core::Effect::kHook, place));
  std::array<std::uint64_t, LH_COUNTERS> counters{};
  for (std::size_t i = 0; i < kPackets; ++i) {
    hooks::describe_frame(calls[i].context, frames[i], static_cast<std::uint32_t>(i % 8));
    calls[i].context.now_ns = i * 1'000;
    calls[i].random = &random;
    calls[i].counters = counters.data();
  }
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(hook.run(place, calls[next++ % kPackets]));
}

// All of it: the frame is described and judged, and the answer carried out.
void whole(benchmark::State& state, const hooks::HookProgram& hook, lh_place place, bool roce) {
  const std::vector<Packet> frames = packets(roce);
  hooks::HookJudge judge(hook, place, {0, 0}, 1);
  core::HookStage stage(1 << 12, Duration::microseconds(10));
  hooks::MetFrame frame;
  frame.size = 1'500;
  std::uint64_t next = 0;
  Instant now;
  for (auto _ : state) {
    const std::size_t i = next % kPackets;
    now = now + Duration::microseconds(1);
    frame.bytes = frames[i];
    frame.flow = static_cast<std::uint32_t>(i % 8);
    stage.meet(next++, 1'500, now, DiscardingSink{judge, frame});
  }
}

}  // namespace
}  // namespace longhaul

int main(int argc, char** argv) {
  using namespace longhaul;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(LONGHAUL_SHIPPED_HOOKS)) {
    if (entry.path().string().ends_with(".bpf.o")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::unique_ptr<hooks::HookProgram>> programs;
  for (const bool roce : {false, true}) {
    const char* const traffic = roce ? "RoCEv2" : "TCP";
    benchmark::RegisterBenchmark(fmt::format("describe/{}", traffic).c_str(),
                                 [roce](benchmark::State& state) { describe(state, roce); });
    for (const auto& file : files) {
      programs.push_back(std::make_unique<hooks::HookProgram>(file));
      const hooks::HookProgram& hook = *programs.back();
      const std::string name = file.stem().stem().string();
      for (const lh_place place : kPlaces) {
        if (!hook.has(place)) continue;
        const char* const where = place == LH_INGRESS ? "ingress" : "egress";
        benchmark::RegisterBenchmark(
            fmt::format("program/{}/{}/{}", name, where, traffic).c_str(),
            [&hook, place, roce](benchmark::State& state) { program(state, hook, place, roce); });
        benchmark::RegisterBenchmark(
            fmt::format("whole/{}/{}/{}", name, where, traffic).c_str(),
            [&hook, place, roce](benchmark::State& state) { whole(state, hook, place, roce); });
      }
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
