// SPDX-License-Identifier: GPL-2.0-only
//
// One call of a hook: what the program sees, and behind it what only its helpers reach. The caller owns all
// of it and may use it again for the next frame; a HookCall belongs to one thread at a time. Null means that
// the caller has none: draws are then 0 and counts are lost.
#pragma once

#include <cstdint>

#include "emulator/core/random.h"
#include "emulator/hooks/hook_abi.h"

namespace longhaul::hooks {

struct HookCall {
  lh_hook_ctx context;                 // describe_frame() and the caller set all of it
  core::WordStream* random = nullptr;  // of this direction and place: draws follow the order of the frames
  std::uint64_t* counters = nullptr;   // LH_COUNTERS of them
};

// The call that runs in this thread, for its helpers. Not found by the address that the program hands over:
// that may be a copy of the context, which the verifier takes as well.
inline constinit thread_local HookCall* running_call = nullptr;

}  // namespace longhaul::hooks
