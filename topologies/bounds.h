// SPDX-License-Identifier: GPL-2.0-only
//
// What a topology file may say: the bounds that the loader checks and names in its messages.
#pragma once

#include <cstddef>
#include <cstdint>

#include "emulator/core/units.h"

namespace longhaul::topology::limits {

inline constexpr std::size_t kLongestName = 32;
inline constexpr std::size_t kLongestHostName = 15;  // it also names an interface: IFNAMSIZ - 1
inline constexpr std::size_t kMostSites = 64;
inline constexpr std::size_t kMostHosts = 250;
inline constexpr std::size_t kMostLinks = 256;
inline constexpr std::uint64_t kLeastMtu = 576;
inline constexpr std::uint64_t kMostMtu = 9'000;
inline constexpr BitRate kLeastRate = BitRate::bits_per_second(1'000);
inline constexpr BitRate kMostRate = BitRate::gigabits_per_second(1'600);
inline constexpr Duration kLongestDelay = Duration::seconds(10);
inline constexpr Bytes kLargestBuffer{std::uint64_t{1} << 42};  // 1 bdp at the largest rate and delay is 4 TB
inline constexpr double kLargestRouteFactor = 10;
inline constexpr Duration kLeastFibre = Duration::microseconds(1);  // per km; light in a vacuum takes 3.34 us
inline constexpr Duration kMostFibre = Duration::microseconds(100);

}  // namespace longhaul::topology::limits
