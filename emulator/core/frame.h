// SPDX-License-Identifier: GPL-2.0-only
//
// A frame as the link core sees it: a size, a time and a cookie. The bytes belong to the driver, which finds
// them by the cookie; the core never looks at them.
#pragma once

#include <concepts>
#include <cstdint>

#include "emulator/core/counters.h"
#include "emulator/core/units.h"

namespace longhaul::core {

struct Frame {
  std::uint64_t cookie = 0;  // the driver's own, handed back untouched
  Instant at;                // when its last bit reached this link: logical time, not when a loop ran
  std::uint32_t size = 0;    // L2 bytes without FCS, at least an Ethernet header (14)
};

// Where a link puts frames that leave it; from that call on the driver owns the frame again.
template <typename S>
concept FrameSink = requires(S sink, const Frame& frame, Instant due, DropCause cause) {
  sink.deliver(frame, due);  // reached the far end at `due`
  sink.drop(frame, cause);   // will not
};

}  // namespace longhaul::core
