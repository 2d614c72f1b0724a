// SPDX-License-Identifier: GPL-2.0-only
//
// Independent loss with probability p per frame, exact down to 1e-18: instead of a coin per frame it draws
// the number of survivors until the next victim (geometric, by inversion). One comparison per frame, one draw
// per victim. Draw k belongs to victim k, so the victims depend on the seed and on how many frames came, on
// nothing else. Single owner, no allocation.
#pragma once

#include <cstdint>

#include "emulator/core/random.h"

namespace longhaul::core {

class BernoulliLoss {
 public:
  // `probability` within 0..1.
  BernoulliLoss(double probability, RandomStream stream);

  // The fate of the next frame: true when it is lost.
  bool loses_next() {
    if (frame_++ != victim_) return false;
    choose_victim(frame_);
    return true;
  }

 private:
  void choose_victim(std::uint64_t first_candidate);

  RandomStream stream_;
  double log_survival_ = 0;   // ln(1 - p)
  std::uint64_t frame_ = 0;   // index of the next frame
  std::uint64_t victim_ = 0;  // index of the next frame to be lost
  std::uint64_t draws_ = 0;
};

}  // namespace longhaul::core
