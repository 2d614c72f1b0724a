// SPDX-License-Identifier: GPL-2.0-only
//
// Which of several equal ways a flow takes at a site, the same in every driver. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace longhaul::dataplane {

// An index below `ways`, at least 1: the high bits of a product, so that neither the number of ways nor the
// choice at the site before, nor that among the waves of a link (the low bits), has a say in it.
constexpr std::size_t choose_way(std::size_t ways, std::uint32_t flow, std::size_t site) {
  if (ways == 1) return 0;
  const std::uint64_t mixed = (flow ^ site * 0x9E37'79B9U) * 0xBF58'476D'1CE4'E5B9U;
  return (mixed >> 32) * ways >> 32;
}

}  // namespace longhaul::dataplane
