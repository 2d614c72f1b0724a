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
  std::uint8_t traffic_class;
  Ecn ecn;
  bool marked;
  std::uint8_t spare;
};
static_assert(sizeof(Travelling) == 24);

}  // namespace longhaul::core
