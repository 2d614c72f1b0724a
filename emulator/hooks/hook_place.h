// SPDX-License-Identifier: GPL-2.0-only
//
// A hook of one direction at one place, for every driver of the link core: who judges the frames, and the
// stage that gives the answers their meaning. One thread at a time, the one that owns the direction.
#pragma once

#include "emulator/core/hook_stage.h"
#include "emulator/core/link_config.h"
#include "emulator/core/units.h"
#include "emulator/hooks/hook_judge.h"

namespace longhaul::hooks {

struct HookPlace {
  HookPlace(const HookJudge& by, const core::LinkConfig& link, Duration longest_delay, Bytes largest_frame)
      : stage(core::held_by_hook(link, longest_delay, largest_frame).frames, longest_delay), judge(by) {}

  core::HookStage stage;
  HookJudge judge;
};

}  // namespace longhaul::hooks
