// SPDX-License-Identifier: GPL-2.0-only
//
// The fate that a program gives to the frames of one link direction at one place, in any driver: the DPDK
// loop, ns-3, a capture. What the answer does to a frame is core::HookStage's. The same frames at the same
// times get the same answers from the same seed, as long as nobody changes the program's variables.
//
// Single owner, which hands over the frames in order of time. judge() neither allocates nor throws.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "emulator/core/hook_stage.h"
#include "emulator/core/random.h"
#include "emulator/hooks/hook_program.h"

namespace longhaul::hooks {

struct MetFrame {
  std::span<const std::byte> bytes;  // from its Ethernet header on: all, or as far as they are known
  std::uint32_t size = 0;            // L2 bytes without FCS
  std::uint32_t flow = 0;            // as in lh_hook_ctx
  std::uint32_t traffic_class = 0;
  std::uint16_t vlan = 0;  // that it belongs to, when it has no tag: the access port's; 0: none
  Instant at;
  std::uint64_t queue_bytes = 0;
};

class HookJudge {
 public:
  // `program` has one for `place` and outlives this.
  HookJudge(const HookProgram& program, lh_place place, core::StreamOwner owner, std::uint64_t seed);

  core::HookAnswer judge(const MetFrame& frame);

  // From the next frame on; counts and draws go on. `program` as above, until the next swap.
  void swap(const HookProgram& program) { program_ = &program; }

  // What the program counted with lh_count.
  const std::array<std::uint64_t, LH_COUNTERS>& counted() const { return counted_; }

 private:
  const HookProgram* program_;
  lh_place place_;
  core::StreamOwner owner_;
  core::WordStream random_;
  std::uint64_t met_ = 0;
  std::array<std::uint64_t, LH_COUNTERS> counted_{};
};

}  // namespace longhaul::hooks
