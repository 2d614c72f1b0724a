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
inline constexpr std::size_t kMostSites = 1'024;
inline constexpr std::size_t kMostHosts = 4'096;
inline constexpr std::size_t kMostLinks = 8'192;
inline constexpr unsigned kLastLcore = 63;
inline constexpr std::uint64_t kLastVlan = 4'094;  // 802.1Q: 0 and 4095 name no VLAN
inline constexpr std::uint64_t kMostCost = 65'535;
inline constexpr std::uint64_t kLeastMtu = 576;
inline constexpr std::uint64_t kMostMtu = 9'000;
inline constexpr BitRate kLeastRate = BitRate::bits_per_second(1'000);
inline constexpr BitRate kMostRate = BitRate::gigabits_per_second(1'600);
inline constexpr Duration kLongestDelay = Duration::seconds(10);
inline constexpr Bytes kLargestBuffer{std::uint64_t{1} << 42};  // 1 bdp at the largest rate and delay is 4 TB
inline constexpr double kLargestRouteFactor = 10;
inline constexpr Duration kLeastFibre = Duration::microseconds(1);  // per km; light in a vacuum takes 3.34 us
inline constexpr Duration kMostFibre = Duration::microseconds(100);

// Queues, far end, waves and timeline.
inline constexpr std::uint32_t kMostWeight = 64;
inline constexpr std::uint64_t kMostFramesAtOnce = 1'000'000'000'000;  // of a limit or a burst
inline constexpr Duration kLongestWait = Duration::seconds(3'600);     // of times in queues and of pauses
inline constexpr double kLargestAlpha = 128;                           // of dynamic thresholds
inline constexpr unsigned kMostAverageShift = 16;
inline constexpr double kLargestGain = 1'000;  // of PIE, per second of delay
inline constexpr Duration kLongestResponse = Duration::seconds(1);
inline constexpr std::uint64_t kMostWaves = 16;
inline constexpr Duration kLongestSkew = Duration::seconds(1);
inline constexpr std::size_t kMostEvents = 1'000;                       // of one direction, expanded
inline constexpr Duration kLatestEvent = Duration::seconds(2'592'000);  // 30 days
inline constexpr Duration kShortestPeriod = Duration::microseconds(1);
inline constexpr std::uint64_t kMostRepetitions = 1'000'000'000'000;

// The line, and data files.
inline constexpr Bytes kLargestOverhead{1'024};
inline constexpr Duration kMostJitter = Duration::seconds(1);
inline constexpr std::size_t kLeastTable = 2;  // entries of a jitter table
inline constexpr std::size_t kMostTable = 65'536;
inline constexpr std::int64_t kMostDrift = 1'000'000'000;  // ps/s: 1 ms/s
inline constexpr std::uint64_t kMostFrames =
    1'000'000'000'000'000'000;  // positions, periods and gaps of losses
inline constexpr std::size_t kMostPositions = 1'000'000;
inline constexpr std::uint64_t kMostGap = 0xffff'ffff;
inline constexpr std::uint64_t kMostCorruptBits = 65'536;
inline constexpr std::size_t kMostTraceRows = 1'000'000;
inline constexpr Duration kLongestTrace = Duration::seconds(30 * 86'400);
inline constexpr std::size_t kLargestDataFile = std::size_t{1} << 26;

}  // namespace longhaul::topology::limits
