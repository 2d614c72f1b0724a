// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/active_queue.h"

#include <algorithm>
#include <cmath>

namespace longhaul::core {
namespace {

Judgement signal(bool mark) {
  return mark ? Judgement::kMark : Judgement::kDrop;
}

}  // namespace

RedState::RedState(const aqm::Red& config, BitRate rate, RandomStream stream)
    : config_(config), words_(stream), weight_(std::ldexp(1.0, -static_cast<int>(config.average_shift))) {
  set_rate(rate);
}

void RedState::set_rate(BitRate rate) {
  constexpr double kTypicalFrameBits = 1'500 * 8;
  frames_per_second_ = static_cast<double>(rate.bps()) / kTypicalFrameBits;
}

Judgement RedState::judge(std::uint64_t depth, bool capable, Instant now) {
  double judged = static_cast<double>(depth);
  if (config_.average_shift != 0) {
    if (depth == 0) {
      const double frames = (now - empty_since_).to_seconds() * frames_per_second_;
      average_ *= std::pow(1 - weight_, frames);
      empty_since_ = now;
    } else {
      average_ += weight_ * (judged - average_);
    }
    judged = average_;
  }
  const auto low = static_cast<double>(config_.min.count()), high = static_cast<double>(config_.max.count());
  if (judged > high) return signal(config_.ecn && capable);
  if (judged <= low) return Judgement::kPass;
  const double probability = config_.max_probability * (judged - low) / (high - low);
  return words_.uniform() <= probability ? signal(config_.ecn && capable) : Judgement::kPass;
}

Instant CodelState::control_law(Instant from) const {
  const double gap = static_cast<double>(config_.interval.ps()) / std::sqrt(static_cast<double>(count_));
  return from + Duration::picoseconds(static_cast<std::int64_t>(gap));
}

// Whether frames have waited longer than the target for a whole interval.
bool CodelState::above_target(Duration waited, std::uint64_t bytes_behind, Instant now) {
  if (waited < config_.target || bytes_behind <= largest_frame_) {
    timing_ = false;
    return false;
  }
  if (!timing_) {
    timing_ = true;
    first_above_ = now + config_.interval;
    return false;
  }
  return now >= first_above_;
}

Judgement CodelState::judge(Duration waited, std::uint64_t bytes_behind, bool capable, Instant now) {
  const bool above = above_target(waited, bytes_behind, now);
  const bool mark = config_.ecn && capable;
  if (dropping_) {
    if (!above) {
      dropping_ = law_is_due_ = false;
      return Judgement::kPass;
    }
    if (law_is_due_) next_ = control_law(next_);
    law_is_due_ = false;
    if (now < next_) return Judgement::kPass;
    ++count_;
    if (mark) {
      next_ = control_law(next_);
    } else {
      law_is_due_ = true;
    }
    return signal(mark);
  }
  if (!above) return Judgement::kPass;
  // Soon after the last time of dropping it goes on with the rate that was found then.
  const std::uint32_t more = count_ - last_count_;
  const bool recent = now - next_ < config_.interval * 16;
  dropping_ = true;
  count_ = more > 1 && recent ? more : 1;
  next_ = control_law(now);
  last_count_ = count_;
  return signal(mark);
}

Judgement PieState::judge(std::uint64_t depth, bool capable) {
  constexpr double kMarkUpTo = 0.1, kSmall = 0.2;
  if (burst_left_ > Duration()) return Judgement::kPass;
  if ((delay_before_ < config_.target / 2 && probability_ < kSmall) ||
      depth <= 2 * std::uint64_t{largest_frame_}) {
    return Judgement::kPass;
  }
  if (words_.uniform() > probability_) return Judgement::kPass;
  return signal(config_.ecn && capable && probability_ <= kMarkUpTo);
}

void PieState::update(std::uint64_t depth, BitRate rate) {
  // While the rate is zero the queue's delay is not known: as long as it was.
  const Duration delay = rate.bps() == 0 ? delay_before_ : serialisation_time(Bytes(depth), rate);
  const double error = (delay - config_.target).to_seconds(), growth = (delay - delay_before_).to_seconds();
  double step = config_.alpha * error + config_.beta * growth;
  // RFC 8033, 4.2: smaller steps at smaller probabilities.
  constexpr struct {
    double below, divisor;
  } kScale[] = {{1e-6, 2'048}, {1e-5, 512}, {1e-4, 128}, {1e-3, 32}, {1e-2, 8}, {1e-1, 2}};
  for (const auto& scale : kScale) {
    if (probability_ < scale.below) {
      step /= scale.divisor;
      break;
    }
  }
  constexpr double kLargestStep = 0.02, kLargeProbability = 0.1, kIdleDecay = 0.98;
  if (probability_ >= kLargeProbability) step = std::min(step, kLargestStep);
  if (delay > Duration::milliseconds(250)) step = kLargestStep;
  probability_ = std::clamp(probability_ + step, 0.0, 1.0);
  if (delay == Duration() && delay_before_ == Duration()) probability_ *= kIdleDecay;
  constexpr double kGone = 1e-12;  // so that an idle queue comes to rest
  if (probability_ < kGone) probability_ = 0;
  const bool calm = delay < config_.target / 2 && delay_before_ < config_.target / 2;
  burst_left_ =
      probability_ == 0 && calm ? config_.burst : std::max(Duration(), burst_left_ - config_.update);
  delay_before_ = delay;
}

}  // namespace longhaul::core
