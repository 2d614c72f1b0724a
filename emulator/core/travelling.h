// SPDX-License-Identifier: GPL-2.0-only
//
// A frame between its last bit sent and its last bit received, in 24 bytes: millions of them are on a long
// fast line, and their number is what the memory and cache cost of a link is made of.
#pragma once

#include <cstdint>

#include "emulator/core/frame.h"

namespace longhaul::core {

struct Travelling {
  std::uint64_t cookie;
  Instant due;
  std::uint32_t size;
  std::uint32_t class_and_flags;  // one word: bytes of their own would be read wider than they were written

  static constexpr unsigned kEcnShift = 8, kMarkedShift = 10;
  static constexpr std::uint32_t pack(std::uint8_t traffic_class, Ecn ecn, bool marked) {
    return traffic_class | (static_cast<std::uint32_t>(ecn) << kEcnShift) |
           (static_cast<std::uint32_t>(marked) << kMarkedShift);
  }
  std::uint8_t traffic_class() const { return static_cast<std::uint8_t>(class_and_flags); }
  Ecn ecn() const { return static_cast<Ecn>((class_and_flags >> kEcnShift) & 3U); }
  bool marked() const { return ((class_and_flags >> kMarkedShift) & 1U) != 0; }
};
static_assert(sizeof(Travelling) == 24);

}  // namespace longhaul::core
