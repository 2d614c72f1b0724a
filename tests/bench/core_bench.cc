// SPDX-License-Identifier: GPL-2.0-only
//
// What the parts of a frame's way cost, without DPDK: the link core with many frames on the line, a random
// draw, a serialisation time, a histogram entry, the copy into and out of the frame store.
#include <benchmark/benchmark.h>

#include <array>
#include <cstring>
#include <deque>
#include <random>
#include <vector>

#include "emulator/core/link.h"
#include "emulator/dataplane/frame_store.h"
#include "results/histogram.h"
#include "tests/bench/chains.h"
#include "tests/bench/instruction_counter.h"

namespace longhaul {
namespace {

using bench::fixed_chain, bench::kRate, bench::whole_chain;

constexpr std::int64_t kFrames = 4'000'000;  // of one measurement: some milliseconds to a second

// Reports instructions per turn of the loop, when they can be counted.
class PerTurn {
 public:
  explicit PerTurn(benchmark::State& state) : state_(state) {}
  ~PerTurn() {
    if (const auto count = counter_.read()) {
      state_.counters["instructions"] =
          benchmark::Counter(static_cast<double>(*count) / static_cast<double>(state_.iterations()));
    }
  }

 private:
  benchmark::State& state_;
  bench::InstructionCounter counter_;
};

struct CountingSink {
  std::uint64_t delivered = 0, dropped = 0;
  void deliver(const core::Frame&, Instant due) {
    benchmark::DoNotOptimize(due);
    ++delivered;
  }
  void drop(const core::Frame&, core::DropCause) { ++dropped; }
  std::optional<std::uint64_t> duplicate(const core::Frame&) { return std::nullopt; }
  void corrupt(const core::Frame&, std::uint64_t) {}
};

core::LinkConfig line_loss() {
  core::LinkConfig config = fixed_chain();
  config.loss = 1e-5;
  return config;
}

// A line of just that length that `held` frames, sent back to back, are on it at once: each turn one frame
// goes in and one comes out.
void link_frame(benchmark::State& state, core::LinkConfig config) {
  const auto size = static_cast<std::uint32_t>(state.range(0));
  const std::int64_t held = state.range(1);
  const Duration spacing = serialisation_time(framed_size(Bytes(size), config.framing), kRate);
  config.delay = spacing * held;
  core::Link link(config, Bytes(9'018), {0, 0}, 1);
  CountingSink sink;
  Instant now;
  std::uint64_t cookie = 0;
  std::array<core::Frame, 4'096> frames;  // with headers of many flows and all classes
  for (std::uint32_t i = 0; i < frames.size(); ++i) {
    frames[i] = {
        0, now, size, i * 2'654'435'761U, static_cast<std::uint8_t>((i / 8) % 8), 0, core::Ecn::kCapable0};
  }
  auto push_one = [&] {
    core::Frame& frame = frames[cookie % frames.size()];
    frame.cookie = cookie++;
    frame.at = now;
    link.push(std::span(&frame, 1), sink);
    now = now + spacing;
  };
  // Once around the rings, so that no page of them is new to the measurement.
  const std::uint64_t around = 2 * core::capacity_of(config, Bytes(9'018)).frames;
  for (std::uint64_t i = 0; i < around; ++i) push_one();
  {
    const PerTurn instructions(state);
    for (auto _ : state) push_one();
  }
  const core::LinkCounters counters = link.counters();
  const bool full = counters.held.frames + counters.held.frames / 8 >= static_cast<std::uint64_t>(held);
  if (!counters.conserved() || !full) state.SkipWithError("the link does not hold what it should");
}

// The largest frames stop at 1e5: a million of them on a line would be 180 ms of 400 Gbit/s.
void held_sizes(benchmark::internal::Benchmark* benchmark) {
  for (const std::int64_t size : {64, 1'500, 9'014}) {
    for (const std::int64_t held : {1'000, 100'000, 1'000'000, 10'000'000}) {
      if (size == 64 || (size == 1'500 && held <= 1'000'000) || held <= 100'000)
        benchmark->Args({size, held});
    }
  }
  benchmark->ArgNames({"size", "held"})->Iterations(kFrames);
}
BENCHMARK_CAPTURE(link_frame, fixed, fixed_chain())->Apply(held_sizes);
BENCHMARK_CAPTURE(link_frame, line_loss, line_loss())->Args({64, 1'000})->Iterations(kFrames);
BENCHMARK_CAPTURE(link_frame, whole_chain, whole_chain())->Apply(held_sizes);

// Copy in, copy out, release, with `held` MiB in between.
void frame_store(benchmark::State& state) {
  const auto size = static_cast<std::uint32_t>(state.range(0));
  const std::uint64_t bytes = static_cast<std::uint64_t>(state.range(1)) << 20;
  dataplane::FrameStore store(bytes / size + 2, bytes + 2 * size, size);
  std::vector<std::byte> frame(size, std::byte{0x5A});
  std::deque<std::uint64_t> held;
  auto put = [&] {
    const std::uint64_t cookie = store.reserve(size).value();
    std::memcpy(store.bytes(cookie).data(), frame.data(), size);
    held.push_back(cookie);
  };
  while (held.size() < bytes / size) put();
  {
    const PerTurn instructions(state);
    for (auto _ : state) {
      put();
      std::memcpy(frame.data(), store.bytes(held.front()).data(), size);
      benchmark::ClobberMemory();
      store.release(held.front());
      held.pop_front();
    }
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(frame_store)->ArgNames({"size", "MiB"})->ArgsProduct({{64, 1'500, 9'014}, {1, 256}});

void philox_draw(benchmark::State& state) {
  const core::RandomStream stream(1, {0, 0}, core::Effect::kLoss);
  std::uint64_t index = 0;
  const PerTurn instructions(state);
  for (auto _ : state) benchmark::DoNotOptimize(stream.bits(index++));
}
BENCHMARK(philox_draw);

void serialisation(benchmark::State& state) {
  std::uint64_t size = 64;
  BitRate rate = kRate;
  const PerTurn instructions(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(size);
    benchmark::DoNotOptimize(rate);
    benchmark::DoNotOptimize(serialisation_time(Bytes(size), rate));
  }
}
BENCHMARK(serialisation);

void histogram_record(benchmark::State& state) {
  std::mt19937_64 random(1);
  std::array<Duration, 4'096> lateness;
  for (Duration& d : lateness)
    d = Duration::picoseconds(static_cast<std::int64_t>(random() >> (20 + random() % 30)));
  results::LatenessHistogram histogram;
  benchmark::DoNotOptimize(&histogram);  // so that what it counts is not optimised away
  std::size_t i = 0;
  const PerTurn instructions(state);
  for (auto _ : state) {
    histogram.record(lateness[i++ % lateness.size()]);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(histogram_record);

}  // namespace
}  // namespace longhaul

BENCHMARK_MAIN();
