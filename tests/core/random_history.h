// SPDX-License-Identifier: GPL-2.0-only
//
// Random links and random traffic for them, for the property tests: which kinds of feature a link may have is
// a set, so that a failure can be narrowed down. Times are scaled to the link's rate, so that queues fill and
// drain, pauses bite and the timeline moves whatever the rate is. By the end of the traffic the timeline has
// put everything right, so a link always drains.
#pragma once

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
  kLossPatterns,
  kSides,   // reorder and duplicate
  kDamage,  // bit errors and corruption
  kOverhead,
  kDrift,
  kFreeOrder,
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
inline constexpr std::uint32_t kFeatures = 31;

class Features {
 public:
  constexpr Features() = default;
  static constexpr Features all() { return Features((1u << kFeatures) - 1); }
  // All that the reference model can follow.
  static constexpr Features modelled() {
    return Features((1u << static_cast<unsigned>(Feature::kRandomReorder)) - 1);
  }
  // Each of these with probability one half, one third ...
  Features some(std::mt19937_64& random, std::uint64_t one_in) const;
  constexpr bool has(Feature feature) const { return ((bits_ >> static_cast<unsigned>(feature)) & 1) != 0; }
  constexpr Features with(Feature feature) const {
    return Features(bits_ | (1u << static_cast<unsigned>(feature)));
  }
  constexpr Features without(Feature feature) const {
    return Features(bits_ & ~(1u << static_cast<unsigned>(feature)));
  }
  std::string names() const;

 private:
  explicit constexpr Features(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t bits_ = 0;
};

inline constexpr Bytes kLargestFrame{9'018};

struct History {
  Features features;
  core::LinkConfig config;
  std::uint64_t seed = 0;
  std::vector<core::Frame> frames;
};

History random_history(std::mt19937_64& random, std::size_t frames, Features features);

}  // namespace longhaul::testing
