// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/workloads/rank_run.h"

#include <fmt/format.h>
#include <time.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

#include "scenarios/workloads/verification.h"

namespace longhaul::scenario {
namespace {

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class ProgressReporter {
 public:
  explicit ProgressReporter(const ReportSink& report) : report_(report) {}

  void at(std::int64_t now_ns, const RankProgress& progress) {
    constexpr std::int64_t kIntervalNs = 200'000'000;
    if (now_ns - last_ns_ < kIntervalNs) return;
    last_ns_ = now_ns;
    report_(progress);
  }

 private:
  const ReportSink& report_;
  std::int64_t last_ns_ = monotonic_ns();
};

// One size on one rank: its buffers and the iterations over them.
class SizeRun {
 public:
  SizeRun(const RankOptions& options, std::uint64_t size_bytes, RankGroup& group, ProgressReporter& progress)
      : options_(options),
        group_(group),
        progress_(progress),
        input_(size_bytes / sizeof(float)),
        output_(input_.size()),
        expected_(input_.size()),
        operation_(group.prepare(options.algorithm, input_, output_)) {
    result_.size_bytes = size_bytes;
    result_.start_ns.reserve(options.iterations);
    result_.end_ns.reserve(options.iterations);
  }

  RankSize run() {
    group_.barrier();  // nobody sends to a buffer that its owner has not registered yet
    for (std::uint32_t i = 0; i < options_.warmup; ++i) {
      set_round();
      collective(Phase::kWarmup, i, options_.warmup);
      check();
      progress_.at(monotonic_ns(), {result_.size_bytes, Phase::kWarmup, i + 1, options_.warmup});
    }
    set_round();
    group_.barrier();
    for (std::uint32_t i = 0; i < options_.iterations; ++i) {
      result_.start_ns.push_back(monotonic_ns());
      collective(Phase::kTimed, i, options_.iterations);
      result_.end_ns.push_back(monotonic_ns());
      progress_.at(result_.end_ns.back(), {result_.size_bytes, Phase::kTimed, i + 1, options_.iterations});
    }
    check();
    set_round();
    collective(Phase::kCheck, 0, 1);
    check();
    return result_;
  }

 private:
  // New input on every rank, so that nothing left over from the round before can pass for right.
  void set_round() {
    fill_input(input_, options_.rank, options_.ranks, ++round_);
    fill_expected(expected_, options_.ranks, round_);
    poison(output_);
  }

  void collective(Phase phase, std::uint32_t iteration, std::uint32_t of) {
    try {
      operation_->run();
    } catch (const std::exception& error) {
      throw std::runtime_error(fmt::format("all-reduce of {} B, {} iteration {} of {}: {}",
                                           result_.size_bytes, name_of(phase), iteration + 1, of,
                                           tidy(error.what())));
    }
  }

  void check() {
    result_.wrong += count_wrong(output_, expected_);
    result_.checked += expected_.size();
  }

  const RankOptions& options_;
  RankGroup& group_;
  ProgressReporter& progress_;
  std::vector<float> input_, output_, expected_;
  std::unique_ptr<AllReduceOperation> operation_;
  std::uint32_t round_ = 0;
  RankSize result_;
};

}  // namespace

void run_rank(const RankOptions& options, RankGroup& group, const ReportSink& report) {
  ProgressReporter progress(report);
  report(RankReady{});
  for (const std::uint64_t size_bytes : options.sizes) {
    report(SizeRun(options, size_bytes, group, progress).run());
  }
  group.barrier();  // who leaves first must not cut what others still wait for
  report(RankDone{});
}

}  // namespace longhaul::scenario
