// SPDX-License-Identifier: GPL-2.0-only
//
// Which of a sequence of frames an independent event of probability p hits, exact down to 1e-18: instead of a
// coin per frame it draws the number of frames until the next hit (geometric, by inversion). One comparison
// per frame, one draw per hit. The hits depend on the seed and on how many frames came, on nothing else.
// Single owner, no allocation.
#pragma once

#include <cstdint>
#include <limits>

#include "emulator/core/random.h"

namespace longhaul::core {

// Frames before the first hit, when each is hit with 1 - exp(log_survival): geometric, at least 0, from a
// uniform number in (0, 1]. kNever stands for more than any run has.
std::uint64_t geometric_gap(double uniform, double log_survival);
inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

class GapSampler {
 public:
  // `probability` within 0..1.
  GapSampler(double probability, RandomStream stream);

  // Whether the next frame is hit.
  bool hits_next() {
    if (frame_++ != victim_) return false;
    choose_victim();
    return true;
  }

  // From the next frame on.
  void set_probability(double probability);

 private:
  void choose_victim();

  RandomStream stream_;
  double log_survival_ = 0;   // ln(1 - p)
  std::uint64_t frame_ = 0;   // index of the next frame
  std::uint64_t victim_ = 0;  // index of the next frame to be hit
  std::uint64_t draws_ = 0;
};

}  // namespace longhaul::core
