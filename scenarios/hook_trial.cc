// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/hook_trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "emulator/core/random.h"
#include "emulator/dataplane/frame_header.h"
#include "emulator/hooks/hook_context.h"
#include "emulator/hooks/hook_judge.h"
#include "emulator/hooks/hook_program.h"

namespace longhaul::scenario {
namespace {

constexpr core::StreamOwner kOwner{};  // the first link, forward

hooks::HookProgram load(const HookTrialConfig& config) {
  hooks::HookProgram program(config.file, hooks::MapMemory::kPrivate, config.called);
  try {
    for (const auto& [variable, value] : config.parameters) program.set_parameter(variable, value);
  } catch (const std::runtime_error& error) {
    throw WrongTrial(error.what());
  }
  return program;
}

lh_place place_of(const HookTrialConfig& config, const hooks::HookProgram& program) {
  if (!config.place) return program.has(LH_INGRESS) ? LH_INGRESS : LH_EGRESS;
  if (program.has(*config.place)) return *config.place;
  const bool at_ingress = *config.place == LH_INGRESS;
  throw WrongTrial(fmt::format("hook {} has no program at {}, allowed: {}", config.called,
                               at_ingress ? "ingress" : "egress", at_ingress ? "egress" : "ingress"));
}

// The frames as the program meets them.
std::vector<hooks::MetFrame> meet(std::span<const CapturedFrame> frames) {
  std::vector<hooks::MetFrame> met;
  met.reserve(frames.size());
  for (const CapturedFrame& frame : frames) {
    met.push_back({.bytes = frame.head,
                   .size = frame.size,
                   .flow = dataplane::read_header(frame.head).flow,
                   .at = frame.at});
  }
  return met;
}

// ns that one of the calls takes which pass() makes, pass after pass.
template <typename Pass>
double median_ns(std::size_t calls, Pass&& pass) {
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t kPasses = 51, kWarmUp = 3;
  std::vector<double> took;
  for (std::size_t n = 0; n < kPasses + kWarmUp; ++n) {
    const Clock::time_point begin = Clock::now();
    pass();
    took.push_back(std::chrono::duration<double, std::nano>(Clock::now() - begin).count());
  }
  took.erase(took.begin(), took.begin() + kWarmUp);
  std::nth_element(took.begin(), took.begin() + kPasses / 2, took.end());
  return took[kPasses / 2] / static_cast<double>(calls);
}

// Times of a pass come after those of the pass before it, for programs that keep account of time.
class Rounds {
 public:
  explicit Rounds(std::span<const hooks::MetFrame> frames)
      : frames_(frames.first(std::min(frames.size(), kMeasuredFrames))),
        repeats_(std::max<std::size_t>(kCalls / frames_.size(), 1)),
        length_(frames_.back().at.since_zero() + Duration::microseconds(1)) {}

  std::size_t calls() const { return repeats_ * frames_.size(); }
  std::span<const hooks::MetFrame> frames() const { return frames_; }
  // Calls each(index of frame, when it comes in this round) for all frames, many times.
  template <typename Each>
  void run(Each&& each) {
    for (std::size_t repeat = 0; repeat < repeats_; ++repeat) {
      for (std::size_t i = 0; i < frames_.size(); ++i) each(i, begin_ + frames_[i].at.since_zero());
      if (begin_.since_zero() < Duration::seconds(kMostSeconds)) begin_ = begin_ + length_;
    }
  }

 private:
  static constexpr std::size_t kCalls = 20'000;
  static constexpr std::int64_t kMostSeconds = 1'000'000;
  std::span<const hooks::MetFrame> frames_;
  std::size_t repeats_;
  Duration length_;
  Instant begin_;
};

double program_ns(const hooks::HookProgram& program, lh_place place, std::uint64_t seed, Rounds rounds) {
  core::WordStream random(core::RandomStream(seed, kOwner, core::Effect::kHook, place));
  std::array<std::uint64_t, LH_COUNTERS> counters{};
  std::vector<hooks::HookCall> calls(rounds.frames().size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    hooks::describe_frame(calls[i].context, rounds.frames()[i].bytes, rounds.frames()[i].flow);
    calls[i].context.frame_bytes = rounds.frames()[i].size;
    calls[i].context.place = place;
    calls[i].random = &random;
    calls[i].counters = counters.data();
  }
  return median_ns(rounds.calls(), [&] {
    rounds.run([&](std::size_t i, Instant at) {
      calls[i].context.now_ns = static_cast<std::uint64_t>(at.since_zero().ns());
      program.run(place, calls[i]);
    });
  });
}

double whole_ns(const hooks::HookProgram& program, lh_place place, std::uint64_t seed, Rounds rounds) {
  hooks::HookJudge judge(program, place, kOwner, seed);
  return median_ns(rounds.calls(), [&] {
    rounds.run([&](std::size_t i, Instant at) {
      hooks::MetFrame frame = rounds.frames()[i];
      frame.at = at;
      judge.judge(frame);
    });
  });
}

}  // namespace

HookTrial try_hook(const HookTrialConfig& config, std::span<const CapturedFrame> frames) {
  const hooks::HookProgram program = load(config);
  HookTrial trial;
  trial.place = place_of(config, program);
  trial.program = program.name(trial.place);
  const std::vector<hooks::MetFrame> met = meet(frames);
  hooks::HookJudge judge(program, trial.place, kOwner, config.seed);
  for (const hooks::MetFrame& frame : met) trial.answers.push_back(judge.judge(frame));
  trial.counted = judge.counted();
  if (met.empty()) return trial;
  trial.program_ns = program_ns(load(config), trial.place, config.seed, Rounds(met));
  trial.whole_ns = whole_ns(load(config), trial.place, config.seed, Rounds(met));
  return trial;
}

}  // namespace longhaul::scenario
