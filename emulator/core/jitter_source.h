// SPDX-License-Identifier: GPL-2.0-only
//
// The jitter of frame after frame, by inversion of a quantile table with linear interpolation: one 32-bit
// word per frame, integers only unless frames are correlated. Correlation is a Gaussian copula: a first-order
// autoregressive normal sequence, mapped to the shape by probabilities, so that the shape does not change
// with the correlation. Single owner, no allocation after construction.
#pragma once

#include <cstdint>
#include <vector>

#include "emulator/core/line_config.h"
#include "emulator/core/random.h"

namespace longhaul::core {

class JitterSource {
 public:
  JitterSource(const Jitter& jitter, RandomStream stream);

  bool none() const { return scale_ps_ == 0; }

  // Of the next frame.
  Duration next() {
    const std::uint32_t word = correlation_ == 0 ? words_.next() : correlated_word();
    if (quantiles_.empty()) {  // uniform
      const std::int64_t centred = std::int64_t{word} - (std::int64_t{1} << 31);
      return Duration::picoseconds((scale_ps_ * centred) >> 31);
    }
    return at(word);
  }

  // Bounds of what next() gives.
  Duration least() const { return quantiles_.empty() ? Duration::picoseconds(-scale_ps_) : at(0); }
  Duration most() const {
    return quantiles_.empty() ? Duration::picoseconds(scale_ps_) : at(~std::uint32_t{0});
  }

 private:
  // The quantile at probability word / 2^32.
  Duration at(std::uint32_t word) const {
    const std::uint64_t scaled = std::uint64_t{word} * (quantiles_.size() - 1);
    const std::int64_t low = quantiles_[scaled >> 32], high = quantiles_[(scaled >> 32) + 1];
    const std::int64_t fraction = static_cast<std::uint32_t>(scaled);
    const std::int64_t value = low + (((high - low) * fraction) >> 32);
    return Duration::picoseconds((scale_ps_ * value) >> kFractionBits);
  }
  std::uint32_t correlated_word();

  static constexpr unsigned kFractionBits = 16;
  std::int64_t scale_ps_;
  double correlation_, innovation_;
  double normal_ = 0;  // the last value of the correlated sequence
  bool first_ = true;
  std::vector<std::int32_t> quantiles_;  // in units of scale / 2^16; empty: uniform
  WordStream words_;
};

}  // namespace longhaul::core
