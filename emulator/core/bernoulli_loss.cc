// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/bernoulli_loss.h"

#include <cmath>
#include <limits>

namespace longhaul::core {

BernoulliLoss::BernoulliLoss(double probability, RandomStream stream)
    : stream_(stream), log_survival_(std::log1p(-probability)) {
  choose_victim(0);
}

void BernoulliLoss::choose_victim(std::uint64_t first_candidate) {
  constexpr double kBeyondAnyRun = 0x1p62;  // frames; 400 Gbit/s of 64 B frames take 80 centuries
  // p = 0: ln(1-p) = 0 and the quotient is infinite; p = 1: ln(1-p) = -inf and the quotient is 0.
  const double survivors = std::floor(std::log(stream_.uniform(draws_++)) / log_survival_);
  victim_ = survivors < kBeyondAnyRun ? first_candidate + static_cast<std::uint64_t>(survivors)
                                      : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace longhaul::core
