// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/gap_sampler.h"

#include <cmath>

namespace longhaul::core {

std::uint64_t geometric_gap(double uniform, double log_survival) {
  constexpr double kBeyondAnyRun = 0x1p62;  // frames; 400 Gbit/s of 64 B frames take 80 centuries
  // p = 0: ln(1-p) = 0 and the quotient is infinite or not a number; p = 1: it is -inf and the quotient is 0.
  const double survivors = std::floor(std::log(uniform) / log_survival);
  return survivors < kBeyondAnyRun ? static_cast<std::uint64_t>(survivors) : kNever;
}

GapSampler::GapSampler(double probability, RandomStream stream) : stream_(stream) {
  set_probability(probability);
}

void GapSampler::set_probability(double probability) {
  log_survival_ = std::log1p(-probability);
  choose_victim();
}

void GapSampler::choose_victim() {
  const std::uint64_t gap = geometric_gap(stream_.uniform(draws_++), log_survival_);
  victim_ = gap == kNever ? kNever : frame_ + gap;
}

}  // namespace longhaul::core
