// SPDX-License-Identifier: GPL-2.0-only
//
// Sizes of flows, by a distribution function as the public files have it (WebSearch, FbHdp, AliStorage2019
// and GoogleRPC2008, as distributed with HPCC's simulator): lines of `bytes percent`, both ascending, the
// last one 100; between two lines the size grows evenly. Pure; parsing throws topology::LineError.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "emulator/core/units.h"

namespace longhaul::traffic {

struct SizeLaw {
  struct Point {
    std::uint64_t bytes = 0;
    double percent = 0;
    bool operator==(const Point&) const = default;
  };
  std::vector<Point> points;  // at least one; none: not given

  // The size that a share `u`, 0..1, of flows do not exceed; at least 1.
  std::uint64_t quantile(double u) const;
  // Of such flows when each is sent in packets of `packet` bytes: L2 bytes, kLeastPacket at least each.
  double mean_sent(std::uint32_t packet) const;

  bool operator==(const SizeLaw&) const = default;
};

// An Ethernet frame without its FCS is never shorter.
inline constexpr std::uint32_t kLeastPacket = 60;
inline constexpr std::size_t kMostPoints = 10'000;
inline constexpr std::uint64_t kLargestFlow = 1'000'000'000'000;  // 1 TB

SizeLaw parse_size_law(std::string_view text);

// What a flow of `bytes` takes in packets of `packet` bytes: the last one may be shorter.
constexpr std::uint64_t sent_for(std::uint64_t bytes, std::uint32_t packet) {
  const std::uint64_t rest = bytes % packet;
  return bytes - rest + (rest == 0 ? 0 : rest < kLeastPacket ? kLeastPacket : rest);
}

}  // namespace longhaul::traffic
