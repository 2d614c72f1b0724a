// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/loss_process.h"

#include <algorithm>
#include <cmath>

namespace longhaul::core {
namespace {

double log_of_not(double probability) {
  return std::log1p(-std::min(probability, 1.0));
}

}  // namespace

LossProcess::LossProcess(const LossModel& model, RandomStream stream) : stream_(stream) {
  std::visit([this](const auto& m) { make(m); }, model.model);
}

void LossProcess::set_probability(double probability) {
  make(loss::Bernoulli{probability});
}

void LossProcess::make(const loss::Bernoulli& model) {
  kind_ = Kind::kChain;
  states_ = {};
  states_[0].log_survival = log_of_not(model.probability);
  enter(0, frame_, 0);
}

void LossProcess::make(const loss::GilbertElliott& model) {
  states_[0] = {log_of_not(model.loss_good), log_of_not(model.to_bad), 1, {1, 1}};
  states_[1] = {log_of_not(model.loss_bad), log_of_not(model.to_good), 1, {0, 0}};
  enter(0, 0, 1);
}

void LossProcess::make(const loss::FourState& model) {
  constexpr double kLost = 1;
  const auto share = [](double first, double second) {
    return first + second > 0 ? first / (first + second) : 1;
  };
  states_[0] = {0, log_of_not(model.p13 + model.p14), share(model.p13, model.p14), {2, 3}};
  states_[1] = {0, log_of_not(model.p23), 1, {2, 2}};
  states_[2] = {log_of_not(kLost), log_of_not(model.p31 + model.p32), share(model.p31, model.p32), {0, 1}};
  states_[3] = {log_of_not(kLost), log_of_not(1), 1, {0, 0}};
  enter(0, 0, 0);  // the chain may leave its first state before the first frame
}

void LossProcess::make(const loss::EveryNth& model) {
  kind_ = Kind::kEveryNth;
  n_ = model.n;
  decision_ = model.first;
}

void LossProcess::make(const loss::Positions& model) {
  kind_ = Kind::kPositions;
  positions_ = model.frames;
  period_ = model.period;
  decision_ = positions_.empty() ? kNever : positions_[0];
}

std::uint64_t LossProcess::ahead(std::uint64_t from, double log_of_not) {
  if (log_of_not == 0) return kNever;  // without a draw
  const std::uint64_t gap = geometric_gap(stream_.uniform(draws_++), log_of_not);
  return gap == kNever ? kNever : from + gap;
}

// `first_frame` is the first that meets the state; it stays for at least `least_stay` frames.
void LossProcess::enter(std::uint8_t state, std::uint64_t first_frame, std::uint64_t least_stay) {
  state_ = state;
  change_ = ahead(first_frame + least_stay, states_[state].log_stay);
  choose_victim(first_frame);
}

void LossProcess::choose_victim(std::uint64_t first_candidate) {
  victim_ = ahead(first_candidate, states_[state_].log_survival);
  decision_ = std::min(victim_, change_);
}

bool LossProcess::decide() {
  const std::uint64_t frame = frame_ - 1;
  switch (kind_) {
    case Kind::kEveryNth:
      decision_ += n_;
      return true;
    case Kind::kPositions:
      if (++next_position_ == positions_.size() && period_ != 0) {
        next_position_ = 0;
        period_start_ += period_;
      }
      decision_ = next_position_ < positions_.size() ? period_start_ + positions_[next_position_] : kNever;
      return true;
    case Kind::kChain:
      break;
  }
  if (frame == change_) {
    const State& left = states_[state_];
    const bool first = left.to_first >= 1 || stream_.uniform(draws_++) <= left.to_first;
    enter(left.next[first ? 0 : 1], frame, 1);
  }
  if (frame != victim_) return false;
  choose_victim(frame + 1);
  return true;
}

}  // namespace longhaul::core
