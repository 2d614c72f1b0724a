// SPDX-License-Identifier: GPL-2.0-only
//
// Random links and random traffic for them, for the property tests: which kinds of feature a link may have is
// a set, so that a failure can be narrowed down. Times are scaled to the link's rate, so that queues fill and
// drain, pauses bite and the timeline moves whatever the rate is. By the end of the traffic the timeline has
// put everything right, so a link always drains.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "emulator/core/frame.h"
#include "emulator/core/link_config.h"

namespace longhaul::testing {

enum class Feature : std::uint32_t {
  kClasses,
  kLimits,
  kPool,
  kTiers,
  kRedThreshold,
  kCodel,
  kTimeCap,
  kWaves,
  kRateSteps,
  kDelaySteps,
  kOutages,
  kMembers,
  kBufferSteps,
  kFarEnd,
  kPfc,
  kStorm,
  kWatchdog,
  kNeighbour,  // which pauses the far end
  kCoarse,     // sizes and times in large steps, so that many things meet at one instant
  kLossPatterns,
  kSides,   // reorder and duplicate
  kDamage,  // bit errors and corruption
  kOverhead,
  kDrift,
  kFreeOrder,
  kBackground,
  // What chance decides, with probabilities other than 0 and 1.
  kRandomLoss,
  kRandomDamage,
  kRandomCopies,
  kRandomQueue,  // RED on arrival, PIE
  // What the model cannot follow even when told the outcome.
  kRandomReorder,
  kRandomDequeue,  // RED at dequeue
  kJitter,
  kLostPauses,
};
inline constexpr std::uint32_t kFeatures = 34;

class Features {
 public:
  constexpr Features() = default;
  static constexpr Features all() { return Features((std::uint64_t{1} << kFeatures) - 1); }
  // All that the reference model can follow.
  static constexpr Features modelled() { return Features(bit(Feature::kRandomReorder) - 1); }
  // Each of these with probability one half, one third ...
  Features some(std::mt19937_64& random, std::uint64_t one_in) const;
  constexpr bool has(Feature feature) const { return (bits_ & bit(feature)) != 0; }
  constexpr Features with(Feature feature) const { return Features(bits_ | bit(feature)); }
  constexpr Features without(Feature feature) const { return Features(bits_ & ~bit(feature)); }
  std::string names() const;

 private:
  static constexpr std::uint64_t bit(Feature feature) {
    return std::uint64_t{1} << static_cast<unsigned>(feature);
  }
  explicit constexpr Features(std::uint64_t bits) : bits_(bits) {}
  std::uint64_t bits_ = 0;
};

inline constexpr Bytes kLargestFrame{9'000};

// PAUSE from the neighbour behind the far end.
struct NeighbourPause {
  Instant at;
  std::uint8_t classes = 0;
  std::array<std::uint16_t, core::kMostClasses> quanta{};
};

struct History {
  Features features;
  core::LinkConfig config;
  std::uint64_t seed = 0;
  std::vector<core::Frame> frames;
  // In order of time, each before the frames of the same time, none after the last frame.
  std::vector<NeighbourPause> pauses = {};
};

History random_history(std::mt19937_64& random, std::size_t frames, Features features);

}  // namespace longhaul::testing
