// SPDX-License-Identifier: GPL-2.0-only
//
// A hook tried on the frames of a capture: its answers as a link with an empty queue would get them, and what
// it costs. No testbed, no DPDK environment, no privilege: the program's variables are this process's own.
// Control thread.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "emulator/core/hook_stage.h"
#include "emulator/hooks/hook_abi.h"
#include "scenarios/capture_reader.h"

namespace longhaul::scenario {

struct HookTrialConfig {
  std::filesystem::path file;     // .bpf.o
  std::string called;             // in errors
  std::optional<lh_place> place;  // else ingress, or egress if the file has a program only there
  std::vector<std::pair<std::string, std::string>> parameters;
  std::uint64_t seed = 1;
};

// The program has no such parameter or place.
class WrongTrial : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct HookTrial {
  std::string program;  // its function
  lh_place place{};
  std::vector<core::HookAnswer> answers;  // of the frames, in their order
  std::array<std::uint64_t, LH_COUNTERS> counted{};
  // Per frame, median over passes over the first frames of the capture, by an instance of its own.
  double program_ns = 0;  // the program alone
  double whole_ns = 0;    // with the description of the frame
};

inline constexpr std::size_t kMeasuredFrames = 4'096;

// Throws WrongTrial, or std::runtime_error when the program cannot be loaded; in one line.
HookTrial try_hook(const HookTrialConfig& config, std::span<const CapturedFrame> frames);

}  // namespace longhaul::scenario
