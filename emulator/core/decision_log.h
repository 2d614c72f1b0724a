// SPDX-License-Identifier: GPL-2.0-only
//
// Which frame met what, and why: one record for each frame that a link did not simply carry. Written by the
// owner of the link, read by one other thread. What the line did can be replayed as a position pattern
// (loss::Positions).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "emulator/core/counters.h"
#include "emulator/core/handover_queue.h"
#include "emulator/core/units.h"

namespace longhaul::core {

enum class Fate : std::uint8_t { kDropped, kMarked, kDuplicated, kCorrupted };
inline constexpr std::size_t kFates = 4;

constexpr std::string_view name(Fate fate) {
  constexpr std::array<std::string_view, kFates> kNames{"dropped", "marked", "duplicated", "corrupted"};
  return kNames[static_cast<std::size_t>(fate)];
}

struct Decision {
  Instant at;  // when it was decided
  // Of the frame among those that its wave sent, from 0: what a position pattern counts. For what happened
  // before the line (on_line false) of the last frame that had been offered to the link then: of this one,
  // unless it was decided on only when its turn came.
  std::uint64_t position = 0;
  std::uint32_t size = 0;  // L2 bytes
  std::uint8_t wave = 0;   // on_line only
  Fate fate = Fate::kDropped;
  std::uint8_t cause = 0;  // a DropCause for kDropped, a MarkCause for kMarked, else 0
  bool on_line = false;
};
static_assert(sizeof(Decision) == 24);

using DecisionLog = HandoverQueue<Decision>;

}  // namespace longhaul::core
