// SPDX-License-Identifier: GPL-2.0-only
//
// Independent bit errors over the sequence of all bits that a wave carries, down to 1e-18: the number of good
// bits until the next error is drawn (geometric). One comparison per frame, one draw per error. Single owner,
// no allocation.
#pragma once

#include <cmath>
#include <cstdint>

#include "emulator/core/gap_sampler.h"
#include "emulator/core/random.h"

namespace longhaul::core {

class BitErrorProcess {
 public:
  // `rate`: probability of an error per bit, 0..1.
  BitErrorProcess(double rate, RandomStream stream) : stream_(stream), log_survival_(std::log1p(-rate)) {
    good_bits_ = gap();
  }

  // Takes the next `bits` bits; hit(position) for each that is wrong, ascending from 0. True when any was.
  template <typename Hit>
  bool next_frame(std::uint64_t bits, Hit&& hit) {
    if (good_bits_ >= bits) {
      if (good_bits_ != kNever) good_bits_ -= bits;
      return false;
    }
    std::uint64_t position = good_bits_;
    while (position < bits) {
      hit(position);
      const std::uint64_t more = gap();
      position = more == kNever ? kNever : position + 1 + more;
    }
    good_bits_ = position == kNever ? kNever : position - bits;
    return true;
  }

 private:
  std::uint64_t gap() {
    return log_survival_ == 0 ? kNever : geometric_gap(stream_.uniform(draws_++), log_survival_);
  }

  RandomStream stream_;
  double log_survival_;
  std::uint64_t draws_ = 0;
  std::uint64_t good_bits_ = 0;  // until the next error
};

}  // namespace longhaul::core
